"""The Saplab emulator against the vendor's document, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from connector.sandbox import Sandbox

PERSON = {
    "name": "Пупкин Василий Петрович",
    "email": "regular@example.com",
    "phone": "1111111111",
    "password": "",
    "address": " г. Уфа, Бакалинская ул., 23",
    "point_id": "1",
    "manager_id": "0",
    "group_id": "1",
    "shipping_id": "1",
    "limit": "0",
    "comment": "Плохой клиент",
    "status": "on",
}
FIRM = {
    "name": "Сергей Сергеевич",
    "email": "wholesaler@example.com",
    "phone": "2222222222",
    "password": "",
    "address": "ул. Ленина, 48",
    "point_id": "1",
    "manager_id": "0",
    "group_id": "2",
    "shipping_id": "0",
    "limit": "10000",
    "comment": "Хороший клиент",
    "status": "on",
    "is_wholesaler": "on",
    "wholesalers[type]": "ООО",
    "wholesalers[org_name]": "Рога и Копыта",
    "wholesalers[inn]": "12345678901234",
    "wholesalers[kpp]": "987654321",
    "wholesalers[orgn]": "456789052",
    "wholesalers[address]": "ул. Ленина, 48",
    "wholesalers[bank]": "Сбербанк",
    "wholesalers[bik]": "00000000000",
    "wholesalers[account]": "00000000000",
    "wholesalers[bank_account]": "00000000000",
}
SUCCESS = {"status": "success"}
ERROR = {"status": "error"}


class Shop:
    """A person with the panel open: real requests, decoded answers, and the world behind them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.urls["saplab"]
        self.world = sandbox.worlds["saplab"]
        login = sandbox.credentials["saplab"]
        self.auth = (login["login"], login["password"])

    def get(self, path: str) -> Any:
        return self.raw("GET", path).json()

    def post(self, path: str, **form: str) -> Any:
        return self.raw("POST", path, form).json()

    def form(self, path: str, form: dict[str, str]) -> Any:
        return self.raw("POST", path, form).json()

    def raw(self, verb: str, path: str, form: dict[str, str] | None = None) -> requests.Response:
        return requests.request(verb, self.url + path, data=form, auth=self.auth, timeout=5)

    def client(self, **changes: str) -> str:
        """A new client; the id is found as one must find it: by phone."""
        form = {**PERSON, **changes}
        assert self.form("/panel/client/form", form)["status"] == "success"
        return str(self.get("/panel/client/filter/phone/" + quote(form["phone"], safe=""))["clients"][0]["id"])

    def position(self, client_id: str, **changes: Any) -> str:
        """The shop's visitors order on its site: no call of the panel does it."""
        table = self.world.state["positions"]
        key = len(table) + 1
        at = self.world.now().isoformat()
        new = {"date": at, "color": "FAFFB3", "status": "Принято", "manager": "Автоматически"}
        table[str(key)] = {
            "id": key,
            "client_id": int(client_id),
            "invoice": "NZ-005",
            "distributor_id": 3,
            "distributor_name": "форум1",
            "brand": "KILEN",
            "article": "12133",
            "name": "Пружина передняя",
            "delivery_min": 0,
            "delivery_max": 0,
            "initial_price": "3958.07",
            "price": "3959",
            "quantity": 1,
            "status_id": 6,
            "shipping_id": 0,
            "shipping_address": "",
            "doc_id": None,
            "comment": {"client_comment": ""},
            "deny_request": False,
            "is_archived": False,
            "is_denied": False,
            "is_payed": False,
            "date_added": at,
            "date_modified": at,
            "history": [new],
            **changes,
        }
        return str(key)

    def order(self, key: str) -> dict[str, Any]:
        [row] = self.get(f"/panel/order/filter/order_ids/{key}/unignore_archived/1")["orders"]
        return dict(row)


@pytest.fixture
def shop() -> Iterator[Shop]:
    # a clock with a fraction that ends in a zero: 2017-01-15 14:31:21.560470 UTC
    with Sandbox(("saplab",), "empty", clock=lambda: 1484490681.56047) as sandbox:
        yield Shop(sandbox)


# access --------------------------------------------------------------------------------------------------------


def test_without_the_right_password_nothing_is_answered(shop: Shop) -> None:
    for auth in (None, (shop.auth[0], "wrong"), ("nobody", shop.auth[1])):
        answer = requests.get(shop.url + "/panel/client", auth=auth, timeout=5)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_path_of_the_typos_does_not_exist(shop: Shop) -> None:
    assert shop.raw("GET", "/panel/order/documentds/1").status_code == 404
    assert shop.raw("POST", "/panel/order/group_form/1", {"name": "Web"}).status_code == 404


def employee(shop: Shop, phone: str, **rights: Any) -> str:
    managers = shop.world.state["managers"]
    key = len(managers) + 1
    managers[str(key)] = {**managers["1"], "id": key, "phone": phone, "rights": {**managers["1"]["rights"], **rights}}
    return str(key)


def test_an_employee_sees_only_what_his_rights_show(shop: Shop) -> None:
    mine = employee(shop, "79000000001", clients="own", orders="own")
    his = shop.client(manager_id=mine)
    other = shop.client(phone="3333333333", email="other@example.com")
    shop.position(his)
    shop.position(other)
    shop.auth = ("79000000001", shop.auth[1])
    assert [row["id"] for row in shop.get("/panel/client")["clients"]] == [his]
    assert [row["client_id"] for row in shop.get("/panel/order")["orders"]] == [his]
    assert shop.get(f"/panel/client/form/{other}") == ERROR
    assert shop.get(f"/panel/client/balance/{other}") == ERROR
    assert shop.get("/panel/order/deny/2") == ERROR


def test_an_employee_without_a_right_is_refused(shop: Shop) -> None:
    employee(shop, "79000000001", money=False)
    client = shop.client()
    shop.auth = ("79000000001", shop.auth[1])
    answer = shop.raw("POST", f"/panel/client/add_transaction/{client}", {"amount": "1", "description": "x"})
    assert (answer.status_code, answer.json()["status"]) == (403, "error")


# clients -------------------------------------------------------------------------------------------------------


def test_a_person_reads_as_the_document_shows(shop: Shop) -> None:
    answer = shop.form("/panel/client/form", PERSON)
    assert answer == {"status": "success", "text": "Клиент успешно добавлен."}
    assert shop.get("/panel/client") == {
        "clients": [
            {
                "id": "1",
                "phone": "1111111111",
                "name": "Пупкин Василий Петрович",
                "address": " г. Уфа, Бакалинская ул., 23",
                "email": "regular@example.com",
                "date_added": "2017-01-15 17:31:21.56047",
                "is_wholesaler": "0",
                "wholesaler_info": "",
                "date_modified": "2017-01-15 17:31:21.56047",
                "group": "Розница",
                "group_id": "1",
                "manager": None,
                "manager_id": "0",
                "point": "Москва: ул. Красноармейцев, 49",
                "point_id": "1",
                "status": "1",
                "comment": "Плохой клиент",
                "shipping_id": "1",
                "balance": "0",
                "debt": "0",
                "blocked_debt": "0",
                "limit": "0",
            }
        ],
        "filters": {"per_page": 20},
        "pages": 1,
    }


def test_legal_details_are_only_in_the_form(shop: Shop) -> None:
    shop.post("/panel/client/group_form", name="Мелкий опт", discount="5", comment="")
    key = shop.client(**FIRM)
    [row] = shop.get("/panel/client")["clients"]
    assert row["wholesaler_info"] == 'ООО "Рога и Копыта"'
    assert "wholesaler_data" not in row
    client = shop.get(f"/panel/client/form/{key}")["client"]
    assert client["discount"] == "5"
    assert client["limit"] == "10000"
    assert client["wholesaler_data"] == {
        "bik": "00000000000",
        "inn": "12345678901234",
        "kpp": "987654321",
        "bank": "Сбербанк",
        "orgn": "456789052",
        "type": "ООО",
        "account": "00000000000",
        "address": "ул. Ленина, 48",
        "org_name": "Рога и Копыта",
        "bank_account": "00000000000",
    }
    person = shop.client()
    assert "wholesaler_data" not in shop.get(f"/panel/client/form/{person}")["client"]


def test_the_answer_is_json_as_php_writes_it(shop: Shop) -> None:
    shop.client(comment="а/б")
    text = shop.raw("GET", "/panel/client").text
    assert r"\u0430\/\u0431" in text
    assert text.isascii()


def test_a_taken_phone_and_email_are_refused_without_a_status(shop: Shop) -> None:
    shop.client()
    assert shop.form("/panel/client/form", PERSON) == {
        "email": "Поле Email должно быть уникальным.",
        "phone": "Поле Телефон должно быть уникальным.",
    }
    other = shop.client(phone="3333333333", email="other@example.com")
    taken = {**PERSON, "phone": "+7 (111) 111-11-11", "email": "OTHER@example.com"}
    assert shop.form(f"/panel/client/form/{other}", taken) == {"phone": "Поле Телефон должно быть уникальным."}
    assert len(shop.get("/panel/client")["clients"]) == 2


def test_a_client_needs_a_phone_and_by_option_an_email(shop: Shop) -> None:
    assert list(shop.form("/panel/client/form", {**PERSON, "phone": "-"})) == ["phone"]
    assert shop.form("/panel/client/form", {**PERSON, "email": ""})["status"] == "success"
    shop.world.state["options"]["email_required"] = True
    assert list(shop.form("/panel/client/form", {**PERSON, "phone": "4444444444", "email": ""})) == ["email"]


def test_the_form_is_whole_what_is_not_sent_is_emptied(shop: Shop) -> None:
    key = shop.client(**FIRM)
    shop.world.advance(60)
    assert shop.post(f"/panel/client/form/{key}", phone="2222222222", name="Сергей") == {
        "status": "success",
        "text": "Данные клиента обновлены.",
    }
    client = shop.get(f"/panel/client/form/{key}")["client"]
    emptied = {"address": "", "email": "", "comment": "", "group": None, "group_id": "0", "limit": "0", "status": "0"}
    assert {name: client[name] for name in emptied} == emptied
    assert client["is_wholesaler"] == "0"
    assert "wholesaler_data" not in client
    assert client["date_modified"] == "2017-01-15 17:32:21.56047"
    assert client["date_added"] == "2017-01-15 17:31:21.56047"


def test_a_checkbox_is_on_when_it_is_there_whatever_it_says(shop: Shop) -> None:
    key = shop.client(status="0")
    assert shop.get(f"/panel/client/form/{key}")["client"]["status"] == "1"


def test_an_empty_password_stays_as_it_was(shop: Shop) -> None:
    key = shop.client(password="secret")
    shop.form(f"/panel/client/form/{key}", PERSON)
    assert shop.world.state["clients"][key]["password"] == "secret"


def test_a_legal_edit_changes_date_modified_unless_the_shop_is_silent_about_it(shop: Shop) -> None:
    key = shop.client(**FIRM)
    before = shop.get("/panel/client")["clients"][0]
    shop.world.advance(60)
    shop.world.state["options"]["silent_legal_edits"] = True
    shop.form(f"/panel/client/form/{key}", {**FIRM, "wholesalers[inn]": "7701234567"})
    assert shop.get("/panel/client")["clients"][0] == before
    shop.world.state["options"]["silent_legal_edits"] = False
    shop.form(f"/panel/client/form/{key}", {**FIRM, "wholesalers[inn]": "7701234568"})
    assert shop.get("/panel/client")["clients"][0]["date_modified"] != before["date_modified"]


def test_an_unknown_client_is_an_error_without_a_text(shop: Shop) -> None:
    assert shop.get("/panel/client/form/99") == ERROR
    assert shop.form("/panel/client/form/99", PERSON) == ERROR
    assert shop.get("/panel/client/balance/99") == ERROR
    assert shop.post("/panel/client/add_transaction/99", amount="1", description="x") == ERROR


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("client_id/1", ["1"]),
        ("client_id/1,2", ["2", "1"]),
        ("client_name/" + quote("рога"), ["2"]),
        ("client_name/" + quote("пупкин"), ["1"]),
        ("phone/" + quote("+7(111)111-11-11", safe=""), ["1"]),
        ("phone/1111111111", ["1"]),
        ("email/" + quote("wholesaler@example.com", safe=""), ["2"]),
        ("is_wholesaler/1", ["2"]),
        ("is_wholesaler/0", ["1"]),
        ("client_group/2", ["2"]),
        ("date_from/2017-01-15", ["2", "1"]),
        ("date_from/2017-01-16", []),
        ("date_to/2017-01-15", []),  # a date is its midnight
        ("date_to/2017-01-16", ["2", "1"]),
        ("manager_id/0", ["2", "1"]),
        ("client_name/" + quote("a/b", safe=""), []),
        ("unknown/7", ["2", "1"]),
        ("is_wholesaler/1/client_id/1", []),
    ],
)
def test_filters_stand_in_the_path(shop: Shop, filters: str, found: list[str]) -> None:
    shop.client()
    shop.client(**FIRM)
    assert [row["id"] for row in shop.get(f"/panel/client/filter/{filters}")["clients"]] == found


def test_an_encoded_slash_belongs_to_the_value(shop: Shop) -> None:
    shop.client(name="A/B client_id/2")
    shop.client(phone="3333333333", email="")
    path = "/panel/client/filter/client_name/" + quote("A/B client_id/2", safe="")
    assert [row["id"] for row in shop.get(path)["clients"]] == ["1"]


def test_pages_are_of_twenty_and_of_150_at_most(shop: Shop) -> None:
    for number in range(151):
        shop.client(phone=f"9{number:09d}", email="")
    first = shop.get("/panel/client")
    assert [row["id"] for row in first["clients"]] == [str(key) for key in range(151, 131, -1)]
    assert (first["pages"], first["filters"]) == (8, {"per_page": 20})
    last = shop.get("/panel/client/filter/page/2/per_page/500")
    assert [row["id"] for row in last["clients"]] == ["1"]
    assert (last["pages"], last["filters"]) == (2, {"page": 2, "per_page": 150})
    assert shop.get("/panel/client/filter/page/9")["clients"] == []
    part = shop.get("/panel/client/filter/client_group/1/page/2/per_page/100")
    assert len(part["clients"]) == 51
    assert part["filters"] == {"client_group": "1", "page": 2, "per_page": 100}


def test_no_filters_may_be_echoed_as_an_empty_php_array(shop: Shop) -> None:
    shop.world.state["options"]["bare_filters"] = True
    assert shop.get("/panel/client")["filters"] == []
    assert shop.get("/panel/client/filter/client_id/1")["filters"] == {"client_id": "1"}


# the personal account ------------------------------------------------------------------------------------------


def test_the_ledger_has_ten_rows_a_page_newest_first_and_makes_the_balance(shop: Shop) -> None:
    key = shop.client()
    for number in range(1, 13):
        shop.world.advance(1)
        path = f"/panel/client/add_transaction/{key}"
        assert shop.post(path, amount=str(number), description=f"Пополнение {number}") == SUCCESS
    shop.post(f"/panel/client/add_transaction/{key}", amount="-0.50", description="API списание")
    first = shop.get(f"/panel/client/balance/{key}")
    assert (first["pages"], first["page"], len(first["transactions"])) == (2, 1, 10)
    assert first["transactions"][0] == {
        "date": "2017-01-15 17:31:33.56047",
        "amount": "-0.5",
        "comment": "API списание",
    }
    second = shop.get(f"/panel/client/balance/{key}/filter/page/2")
    assert (second["page"], [row["amount"] for row in second["transactions"]]) == (2, ["3", "2", "1"])
    assert shop.get("/panel/client")["clients"][0]["balance"] == "77.5"


def test_a_transaction_is_a_post_with_an_amount_and_a_description(shop: Shop) -> None:
    key = shop.client()
    assert shop.raw("GET", f"/panel/client/add_transaction/{key}").status_code == 404
    for form in ({}, {"amount": "x", "description": "y"}, {"amount": "5"}, {"amount": "NaN", "description": "y"}):
        assert shop.form(f"/panel/client/add_transaction/{key}", form)["status"] == "error"
    assert shop.get(f"/panel/client/balance/{key}") == {"pages": 0, "transactions": [], "page": 1}


# orders --------------------------------------------------------------------------------------------------------


def test_a_position_reads_as_the_document_shows(shop: Shop) -> None:
    key = shop.position(shop.client(**FIRM))
    assert shop.get("/panel/order") == {
        "orders": [
            {
                "id": key,
                "client_id": "1",
                "client_name": "Сергей Сергеевич",
                "wholesaler_info": 'ООО "Рога и Копыта"',
                "is_wholesaler": "1",
                "date_added": "2017-01-15 17:31:21.56047",
                "date_modified": "2017-01-15 17:31:21.56047",
                "distributor_id": "3",
                "distributor_name": "форум1",
                "invoice": "NZ-005",
                "brand": "KILEN",
                "article": "12133",
                "comment": {"client_comment": ""},
                "name": "Пружина передняя",
                "status_name": "Принято",
                "deny_request": "0",
                "status_color": "FAFFB3",
                "shipping_id": "0",
                "shipping_address": "",
                "shipping_name": None,
                "deliverytime_max": "0",
                "deliverytime_min": "0",
                "initial_price": "3958.07",
                "price": "3959",
                "doc_id": None,
                "total": "3959",
                "quantity": "1",
                "is_archived": "0",
                "status_id": "6",
                "is_payed": "0",
                "history": [
                    {
                        "date": "2017-01-15 14:31:21.000000",  # UTC and whole seconds
                        "color": "FAFFB3",
                        "status": "Принято",
                        "manager": "Автоматически",
                    }
                ],
                "is_denied": "0",
            }
        ],
        "filters": {"per_page": 20},
        "pages": 1,
    }


def test_a_comment_without_any_part_is_an_empty_array(shop: Shop) -> None:
    key = shop.position(shop.client(), comment={}, shipping_id=2)
    row = shop.order(key)
    assert row["comment"] == []
    shop.post("/panel/order/remove_shipping_type", id="2")
    assert shop.order(key)["shipping_name"] is None


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("order_ids/1,3", ["3", "1"]),
        ("invoice/NZ-006", ["3"]),
        ("article/30.896.00", ["3"]),
        ("name/" + quote("фильтр"), ["3"]),
        ("brand/kilen", ["2", "1"]),
        ("order_status/4", ["3"]),
        ("is_payed/1", ["3"]),
        ("is_payed/0", ["2", "1"]),
        ("distributor_id/5", ["3"]),
        ("shipping_id/1", ["3"]),
        ("client_name/" + quote("пупкин"), ["3"]),
        ("client_group/2", ["2", "1"]),
        ("date_to/2017-01-15", []),
        ("date_from/2017-01-15/per_page/2/page/2", ["1"]),
        ("point_id/1/manager_id/0", ["3", "2", "1"]),
    ],
)
def test_orders_are_filtered_by_path_too(shop: Shop, filters: str, found: list[str]) -> None:
    firm, person = shop.client(**FIRM), shop.client()
    shop.position(firm)
    shop.position(firm)
    shop.position(
        person,
        invoice="NZ-006",
        article="30.896.00",
        name="Воздушный фильтр",
        brand="UFI",
        status_id=4,
        is_payed=True,
        distributor_id=5,
        shipping_id=1,
    )
    assert [row["id"] for row in shop.get(f"/panel/order/filter/{filters}")["orders"]] == found


def test_a_status_is_set_with_history_and_without_date_modified(shop: Shop) -> None:
    key = shop.position(shop.client())
    shop.world.advance(90)
    answer = shop.post(f"/panel/order/set_status/{key}", status_id="3")
    assert answer == {"status": "success", "text": "Статус установлен успешно."}
    row = shop.order(key)
    assert (row["status_id"], row["status_name"], row["status_color"]) == ("3", "Оприходовано офисом", "EDFF78")
    assert row["date_modified"] == row["date_added"]
    assert row["history"][-1] == {
        "date": "2017-01-15 14:32:51.000000",
        "color": "EDFF78",
        "status": "Оприходовано офисом",
        "manager": "Владелец Магазина",
    }
    too_few = {"status": "error", "text": "Недостаточно параметров."}
    assert shop.post(f"/panel/order/set_status/{key}") == too_few
    assert shop.post(f"/panel/order/set_status/{key}", status_id="77") == too_few
    assert shop.post("/panel/order/set_status/99", status_id="3") == ERROR


def test_pay_is_a_toggle_that_moves_money(shop: Shop) -> None:
    client = shop.client(**FIRM)
    key = shop.position(client)
    poor = shop.get(f"/panel/order/pay/{key}")
    assert poor == {
        "status": "error",
        "text": 'Недостаточно средств на балансе клиента ООО "Рога и Копыта" , необходимо пополнить баланс на 3959₽',
    }
    shop.post(f"/panel/client/add_transaction/{client}", amount="5000", description="Аванс")
    assert shop.get(f"/panel/order/pay/{key}") == {
        "status": "success",
        "text": 'Выбранные позиции клиента ООО "Рога и Копыта" оплачены.',
    }
    assert shop.order(key)["is_payed"] == "1"
    assert shop.get("/panel/client")["clients"][0]["balance"] == "1041"
    assert shop.get("/panel/client")["clients"][0]["debt"] == "0"
    assert shop.get(f"/panel/order/pay/{key}") == {
        "status": "success",
        "text": 'На счёт клиента ООО "Рога и Копыта" отправлено 3959₽ ',
    }
    assert shop.order(key)["is_payed"] == "0"
    rows = shop.get(f"/panel/client/balance/{client}")["transactions"]
    assert [(row["amount"], row["comment"]) for row in rows] == [
        ("3959", "Отмена оплаты позиции KILEN - 12133 (1 шт.)"),
        ("-3959", "Оплата позиции KILEN - 12133 (1 шт.)"),
        ("5000", "Аванс"),
    ]
    assert shop.get("/panel/order/pay/99") == {"status": "error", "text": "Нет подходящих заказов."}


def test_debt_of_suspended_orders_stands_apart(shop: Shop) -> None:
    client = shop.client()
    shop.position(client, price="10.50", quantity=3)
    shop.position(client, price="7", status_id=1)
    shop.position(client, price="100", is_denied=True)
    row = shop.get("/panel/client")["clients"][0]
    assert (row["debt"], row["blocked_debt"]) == ("31.5", "7")


def test_deny_archive_and_unarchive_change_state_by_get(shop: Shop) -> None:
    key = shop.position(shop.client())
    assert shop.get(f"/panel/order/deny/{key}") == {"status": "success", "text": "Позиция снята"}
    assert (shop.order(key)["is_denied"], shop.order(key)["status_name"]) == ("1", "Снято")
    assert shop.get(f"/panel/order/archive/{key}")["text"] == "1 заказов отправлено в архив."
    assert shop.get("/panel/order")["orders"] == []
    assert shop.order(key)["is_archived"] == "1"
    again = {"status": "error", "text": "Не удалось отправить заказы в архив."}
    assert shop.get(f"/panel/order/archive/{key}") == again
    text = "Заказ разархивирован и появился в основном списке заказов."
    assert shop.get(f"/panel/order/unarchive/{key}") == {"status": "success", "text": text}
    none = {"status": "error", "text": "Не найдено подходящих заказов."}
    assert shop.get(f"/panel/order/unarchive/{key}") == none
    assert shop.get("/panel/order/deny/99") == ERROR
    assert shop.order(key)["is_denied"] == "1"


def test_documents_are_made_anew_each_time(shop: Shop) -> None:
    one, two = shop.client(), shop.client(**FIRM)
    keys = [shop.position(one), shop.position(one), shop.position(two)]
    text = {"status": "success", "text": "Документы сгенерированы."}
    assert shop.get("/panel/order/documents/" + ",".join(keys)) == text
    assert [shop.order(key)["doc_id"] for key in keys] == ["1", "1", "2"]
    shop.get(f"/panel/order/documents/{keys[0]}")
    assert [shop.order(key)["doc_id"] for key in keys] == ["3", "1", "2"]
    assert shop.get(f"/panel/order/documents/{keys[0]},99") == ERROR


# dictionaries --------------------------------------------------------------------------------------------------


def test_statuses_by_name_with_flags_as_text(shop: Shop) -> None:
    rows = shop.get("/panel/order/status")["statuses"]
    assert [row["id"] for row in rows] == ["2", "4", "7", "3", "6", "1", "5"]
    assert rows[1] == {"id": "4", "name": "Выдано (Отправлено)", "color": "70FF83", "sms": "0", "email": "1"}
    assert shop.post("/panel/order/status", name="Новый статус", color="ABABAB", sms="1", email="0") == SUCCESS
    assert shop.post("/panel/order/status/8", name="Другой", color="AB", sms="0", email="1") == SUCCESS
    added = next(row for row in shop.get("/panel/order/status")["statuses"] if row["id"] == "8")
    assert added == {"id": "8", "name": "Другой", "color": "AB", "sms": "0", "email": "1"}
    assert shop.post("/panel/order/status/99", name="x") == ERROR
    used = {"status": "error", "text": "Статус используется в настройках магазина."}
    assert shop.post("/panel/order/remove_status", id="6") == used
    assert shop.post("/panel/order/remove_status", id="8") == SUCCESS
    assert shop.post("/panel/order/remove_status", id="8") == ERROR


def test_shipping_types(shop: Shop) -> None:
    assert shop.get("/panel/order/shipping_type")["shipping_types"] == [
        {"id": "1", "name": "Доставка по городу", "min_price": "1"},
        {"id": "2", "name": "Доставка до ТК ", "min_price": "2"},
    ]
    assert shop.post("/panel/order/shipping_type", name="Новый способ", min_price="1000") == SUCCESS
    assert shop.post("/panel/order/shipping_type/3", name="Измененный") == SUCCESS
    rows = shop.get("/panel/order/shipping_type")["shipping_types"]
    assert rows[2] == {"id": "3", "name": "Измененный", "min_price": "0"}
    assert shop.post("/panel/order/remove_shipping_type", id="3") == SUCCESS
    assert shop.post("/panel/order/remove_shipping_type", id="3") == ERROR
    assert shop.post("/panel/order/shipping_type/3", name="x") == ERROR


def test_a_group_name_is_shown_with_its_discount(shop: Shop) -> None:
    assert shop.post("/panel/client/group_form", name="Web", discount="1", comment="Интернет-клиенты") == {
        "status": "success",
        "text": "Группа клиентов успешно добавлена.",
    }
    groups = shop.get("/panel/client/group")["groups"]
    assert groups == [
        {"group_id": "1", "name": "Розница - 0%", "discount": "0", "comment": ""},
        {"group_id": "2", "name": "Web - 1%", "discount": "1", "comment": "Интернет-клиенты"},
    ]
    key = shop.client(group_id="2")
    assert shop.get("/panel/client")["clients"][0]["group"] == "Web"
    changed = shop.post("/panel/client/group_form/2", name="Web - 1%", discount="1")
    assert changed == {"status": "success", "text": "Группа обновлена."}
    assert shop.get("/panel/client/group")["groups"][1]["name"] == "Web - 1% - 1%"
    assert shop.post("/panel/client/group_form/99", name="x") == ERROR
    removed = {"status": "success", "text": "Группа успешно удалена."}
    assert shop.post("/panel/client/remove_group", id="2") == removed
    assert shop.post("/panel/client/remove_group", id="2") == ERROR
    assert shop.get(f"/panel/client/form/{key}")["client"]["group_id"] == "0"
    kept = "Группа используется в настройках магазина, удаление невозможно."
    assert shop.post("/panel/client/remove_group", id="1") == {"status": "error", "text": kept}


def test_managers_have_their_point_and_their_clients_counted(shop: Shop) -> None:
    shop.client(manager_id="1")
    [row] = shop.get("/panel/manager")["managers"]
    assert {name: row[name] for name in ("id", "phone", "client_count", "status", "client_use", "backup")} == {
        "id": "1",
        "phone": shop.auth[0],
        "client_count": "1",
        "status": "1",
        "client_use": "0",
        "backup": None,
    }
    assert "password" not in row and "rights" not in row


# what surrounds it ---------------------------------------------------------------------------------------------


def test_every_call_has_its_name_in_the_log(shop: Shop) -> None:
    shop.get("/panel/client/filter/client_name/a%2Fb")
    shop.form("/panel/client/form", PERSON)
    shop.get("/panel/order/pay/1")
    shop.raw("GET", "/panel/nothing")
    log = requests.get(shop.url + "/_sandbox/requests", timeout=5).json()["requests"]
    assert [row["endpoint"] for row in log] == ["client", "client.form.add", "order.pay", ""]


def test_an_expired_login_is_answered_by_401(shop: Shop) -> None:
    fault = {"endpoint": "client*", "fault": "expired", "count": 1}
    assert requests.post(shop.url + "/_sandbox/faults", json=fault, timeout=5).status_code == 200
    assert shop.raw("GET", "/panel/client").status_code == 401
    assert shop.raw("GET", "/panel/client").status_code == 200


def test_a_cut_toggle_has_taken_effect(shop: Shop) -> None:
    client = shop.client()
    key = shop.position(client, price="1")
    shop.post(f"/panel/client/add_transaction/{client}", amount="1", description="Аванс")
    fault = {"endpoint": "order.pay", "fault": "timeout_after", "count": 1}
    requests.post(shop.url + "/_sandbox/faults", json=fault, timeout=5)
    with pytest.raises(requests.ConnectionError):
        shop.get(f"/panel/order/pay/{key}")
    assert shop.order(key)["is_payed"] == "1"


def test_in_the_sample_company_what_is_paid_stands_in_the_ledger_and_reading_changes_nothing() -> None:
    with Sandbox(("saplab",)) as sandbox:
        shop = Shop(sandbox)
        before = shop.world.dump()
        orders = shop.get("/panel/order/filter/per_page/150/unignore_archived/1")["orders"]
        paid = [row for row in orders if row["is_payed"] == "1"]
        assert paid
        for row in paid:
            comments = [
                entry["comment"] for entry in shop.get(f"/panel/client/balance/{row['client_id']}")["transactions"]
            ]
            assert f"Оплата позиции {row['brand']} - {row['article']} ({row['quantity']} шт.)" in comments
        assert shop.world.dump() == before

"""Decisions about contradictions of the documents that no other test is about, by their number in ARCHITECTURE.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
import responses

from connector.config import PosterLine
from connector.errors import Invalid, OutcomeUnknown, UsageError
from connector.mapping import load as load_mapping
from connector.model.records import as_dict
from connector.resources import mappings_folder
from connector.sandbox import Sandbox
from connector.systems.base import Adapter
from connector.systems.catalogue import load
from connector.systems.poster.adapter import PosterAdapter
from connector.systems.poster.oauth import Token, exchange
from systems.answers import BASE, FOLDER, Remote, adapter
from systems.poster_shop import Shop

POSTER = load("poster")


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as listening:
        yield listening


def answering(mock: responses.RequestsMock, kind: str, body: Any, **others: Any) -> tuple[Adapter, Remote]:
    """An account that is always answered with `body`."""
    told = {path: json.dumps(one).encode() for path, one in others.items()}
    remote = Remote(json.dumps(body).encode(), others=told)
    remote.listen(mock)
    return adapter(kind), remote


class TestPoster:
    def test_p03_the_common_host_unless_told_otherwise(self) -> None:
        line = PosterLine.model_validate({"kind": "poster", "token": "t"})
        assert line.url == "https://joinposter.com/api"

    @pytest.mark.parametrize(
        ("token", "number"),
        [
            ("100001:00112233445566778899aabbccddeeff", "100001"),
            ("00112233445566778899aabbccddeeff", ""),
            ("abc:00112233445566778899aabbccddeeff", ""),
        ],
    )
    def test_p04_a_token_tells_its_account_only_before_a_colon(
        self, mock: responses.RequestsMock, token: str, number: str
    ) -> None:
        mock.post(f"{BASE}/v2/auth/access_token", json={"access_token": token})
        assert exchanged() == Token(token, number, "demo", None)

    def test_p05_every_call_asks_for_json(self, mock: responses.RequestsMock) -> None:
        account, remote = answering(mock, "poster", {"response": []})
        account.call("clients.getGroups", {})
        account.call("menu.createWorkshop", {"workshop_name": "Бар"})
        assert all(("format", "json") in sent for _, sent in remote.sent)
        assert not any("format" in endpoint.params for endpoint in POSTER.endpoints.values())

    def test_p11_each_call_has_its_own_kinds_of_goods(self) -> None:
        known = {
            "storage.createMoving": ("1", "4", "5"),
            "storage.createSupply": ("1", "4", "5"),
            "storage.createWriteOff": ("1", "2", "3", "4", "5"),
        }
        for name, values in known.items():
            assert POSTER.endpoint(name).params["ingredient"].fields["type"].values == values
        assert POSTER.endpoint("storage.createManufacture").params["products"].fields["type"].values == ("1", "2")
        assert POSTER.endpoint("menu.createDish").params["ingredient"].fields["type"].values == ("1", "2")

    @pytest.mark.parametrize("raw", [{"id_1c": None}, {"id_1c": "0"}, {"id_1c": ""}])
    def test_p13_no_identifier_is_none(self, raw: dict[str, Any]) -> None:
        mapping = load_mapping([mappings_folder()], "poster", "customer")
        assert as_dict(mapping.read({"client_id": "1", **raw}, []))["id_1c"] is None

    def test_p24_one_entry_of_the_ledger_is_asked_for_by_its_own_name(self, mock: responses.RequestsMock) -> None:
        account, remote = answering(mock, "poster", {"response": [{"transaction_id": "538"}]})
        assert account.call("finance.getTransaction", {"transaction_id": 538}) == [{"transaction_id": "538"}]
        assert remote.sent[0][0] == "/finance.getTransaction"

    def test_p26_a_group_with_clients_is_not_removed(self, mock: responses.RequestsMock) -> None:
        client = {"client_id": "5", "delete": "0"}
        others = {"/clients.getClients": {"response": [client, {**client, "delete": "1"}]}}
        account, remote = answering(mock, "poster", {"response": True}, **others)
        with pytest.raises(Invalid, match="holds 1 clients"):
            account.call("clients.removeGroup", {"group_id": 4})
        assert [path for path, _ in remote.sent] == ["/clients.getClients"]

    @pytest.mark.parametrize(
        "body", [{"prize_product_id": "38"}, [{"prize_product_id": "38"}], {"response": [{"prize_product_id": "38"}]}]
    )
    def test_p41_prizes_come_in_three_shapes_and_need_no_parameter(
        self, mock: responses.RequestsMock, body: Any
    ) -> None:
        account, remote = answering(mock, "poster", body)
        answer = account.call("clients.getClientsPrizes", {})
        assert (answer if isinstance(answer, list) else [answer]) == [{"prize_product_id": "38"}]
        assert {name for name, _ in remote.sent[0][1]} == {"token", "format"}

    @pytest.mark.parametrize("gathered", [[], {"4": {"promotion_id": "4", "products": []}}])
    def test_p43_a_map_may_come_as_an_empty_list(self, mock: responses.RequestsMock, gathered: Any) -> None:
        client = {"client_id": "38", "accumulation_products": gathered}
        account, _ = answering(mock, "poster", {"response": [client]})
        row = account.get("customer", "38", ("client_id", "accumulation_products"))
        assert row is not None and json.loads(row.body)["accumulation_products"] == gathered

    def test_p44_leftovers_are_never_asked_for_by_type(self) -> None:
        serving = [part for entity in POSTER.entities.values() for _, part in entity.parts()]
        asking = [part for part in serving if part.endpoint == "storage.getStorageLeftovers"]
        assert not any("type" in getattr(part, "params", {}) for part in asking)
        assert "do not filter by it" in POSTER.endpoint("storage.getStorageLeftovers").note

    def test_p58_a_cost_cannot_be_changed(self) -> None:
        with pytest.raises(UsageError, match="no parameter “cost”"):
            adapter("poster").call("menu.updateProduct", {"id": 1, "cost": 700})

    def test_p65_nothing_cascades_unless_asked_to(self, mock: responses.RequestsMock) -> None:
        account, remote = answering(mock, "poster", {"success": 1})
        account.call("menu.removeCategoryIngredients", {"category_id": 2})
        assert {name for name, _ in remote.sent[0][1]} == {"token", "format", "category_id"}

    def test_p67_sums_in_roubles_beside_a_profit_in_kopecks(self) -> None:
        units = POSTER.endpoint("dash.getTransactionsProducts").money.response
        assert {name for name, unit in units.items() if unit == "major"} == {
            "payed_sum",
            "product_sum",
            "bonus_sum",
            "cert_sum",
        }
        assert units["product_profit"] == "minor"

    @pytest.mark.parametrize(("until", "sent"), [("20260306", True), ("20260307", False)])
    def test_p69_payments_are_asked_for_by_day(self, mock: responses.RequestsMock, until: str, sent: bool) -> None:
        account, remote = answering(mock, "poster", {"response": {"days": [], "total": {}}})
        window = {"date_from": "20260101", "date_to": until}
        if sent:
            account.call("dash.getPaymentsReport", window)
        else:
            with pytest.raises(UsageError, match="at most 65 days"):
                account.call("dash.getPaymentsReport", window)
        assert len(remote.sent) == sent

    def test_p70_the_main_screen_is_category_0(self, mock: responses.RequestsMock) -> None:
        account, remote = answering(mock, "poster", {"response": []})
        account.call("menu.getProducts", {"category_id": 0})
        assert ("category_id", "0") in remote.sent[0][1]

    @pytest.mark.parametrize("name", ["dateFrom", "dateTo"])
    def test_p72_both_dates_or_none(self, mock: responses.RequestsMock, name: str) -> None:
        account, remote = answering(mock, "poster", {"response": []})
        with pytest.raises(UsageError, match="both dates, dateFrom and dateTo"):
            account.call("dash.getWaitersSales", {name: "20260101"})
        assert remote.sent == []

    @pytest.mark.parametrize("given", [{}, {"dateFrom": "20260101"}, {"dateTo": "20260101"}])
    def test_p73_cash_shifts_want_both_dates(self, given: dict[str, str]) -> None:
        with pytest.raises(UsageError):
            adapter("poster").call("finance.getCashShifts", given)

    def test_p78_what_we_made_is_looked_for_among_our_own(self) -> None:
        looked = {
            name: endpoint.verify.endpoint
            for name, endpoint in POSTER.endpoints.items()
            if name.startswith("incomingOrders.create") and endpoint.verify is not None
        }
        assert looked == {
            "incomingOrders.createIncomingOrder": "incomingOrders.getOwnIncomingOrders",
            "incomingOrders.createReservation": "incomingOrders.getOwnReservations",
        }

    def test_p98_what_is_not_mapped_is_left_alone(self, mock: responses.RequestsMock) -> None:
        answer = (FOLDER / "poster" / "finance.getCashShifts.json").read_bytes()
        Remote(answer).listen(mock)
        (shift,) = adapter("poster").call("finance.getCashShifts", {"dateFrom": "20170901", "dateTo": "20170930"})
        assert shift["table_num"] == "0"


def exchanged() -> Token:
    known = {"application_id": "76", "application_secret": "0123456789abcdef"}
    return exchange("aaaabbbbccccdddd", "demo", redirect_uri="https://localhost/", base=BASE, **known)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with Sandbox(kinds=("poster",)) as sandbox:
        found = Shop(sandbox)
        yield found
        found.adapter.close()


class TestPosterTill:
    """Over the emulated till."""

    def test_p88_a_count_is_absolute(self, shop: Shop) -> None:
        opened: dict[str, Any] = {"spot_id": 1, "spot_tablet_id": 1}
        call = shop.adapter.call
        opened["transaction_id"] = call("transactions.createTransaction", {**opened, "user_id": 2})["transaction_id"]
        line = {**opened, "product_id": 132}
        call("transactions.addTransactionProduct", line)
        for _ in range(2):
            call("transactions.changeTransactionProductCount", {**line, "count": 3})
        (shown,) = call("dash.getTransactionProducts", {"transaction_id": opened["transaction_id"]})
        assert Decimal(str(shown["num"])) == 3

    def test_p09_what_was_changed_is_read_by_the_id_that_was_asked_for(self, shop: Shop) -> None:
        other = _Renamed(shop.adapter)
        with pytest.raises(OutcomeUnknown, match="names 4082"):
            other.update("customer", "21", {"comment": "проба"}, None)
        row = shop.adapter.get("customer", "21", ("comment",))
        assert row is not None and json.loads(row.body) == {"comment": "проба"}


class _Renamed(PosterAdapter):
    """A till whose answer to a change names another client, as in the example of the document."""

    def __init__(self, real: PosterAdapter) -> None:
        super().__init__("kafe", "kafe", real.catalogue, real.transport)

    def _write(self, endpoint: Any, params: Mapping[str, Any]) -> Any:
        super()._write(endpoint, params)
        return 4082


class TestShops:
    def test_s10_movements_have_no_id_so_equal_ones_stay_apart(self, mock: responses.RequestsMock) -> None:
        rows = [{"date": "2017-01-31 00:34:19.715461", "amount": "-270", "comment": "Оплата"}] * 2
        account, _ = answering(mock, "saplab", {"pages": 1, "page": 1, "transactions": rows})
        assert account.call("client.balance", {"id": 1}) == rows

    @pytest.mark.parametrize("comment", [[], {}, {"client_comment": ""}])
    def test_s13_an_empty_comment_in_every_shape(self, mock: responses.RequestsMock, comment: Any) -> None:
        row = {"id": "20", "comment": comment}
        account, _ = answering(mock, "saplab", {"orders": [row], "pages": 1, "filters": []})
        mapping = load_mapping([mappings_folder()], "saplab", "position")
        (page,) = account.feed("position", ("id", "comment"))
        read = as_dict(mapping.read(json.loads(page.rows[0].body), []))
        assert read.get("comment") is None

    def test_v04_an_order_cannot_be_changed(self) -> None:
        account = adapter("virtpos")
        can = account.capabilities("order")
        assert not (can.can_create or can.can_update or can.can_delete)
        with pytest.raises(Invalid):
            account.update("order", "3", {"paid": 1}, None)

    @pytest.mark.parametrize(("given", "sent"), [(True, "1"), ("false", "0"), (0, "0"), ("1", "1")])
    def test_v12_truth_is_one_or_zero(self, mock: responses.RequestsMock, given: Any, sent: str) -> None:
        account, remote = answering(mock, "virtpos", {"success": 1, "id": 5, "isnew": 0})
        account.call("customer.update", {"id": 5, "create_if_not_exist": given})
        assert ("create_if_not_exist", sent) in remote.sent[0][1]

    def test_v13_groups_and_types_are_never_born_of_a_name(self) -> None:
        for entity in ("customer", "card"):
            mapping = load_mapping([mappings_folder()], "virtpos", entity)
            assert not {"group_name", "type_name"} & set(_written(mapping).values())

    def test_v16_the_discount_of_an_order_is_that_of_its_lines(self) -> None:
        expected = json.loads((FOLDER / "virtpos" / "orders.expected.json").read_text(encoding="utf-8"))
        (order,) = (one["record"] for one in expected["records"])
        assert order["discount"] == sum(line["discount"] for line in order["lines"]) == 1020
        assert order["total"] == sum(line["total"] for line in order["lines"]) == 97659
        assert order["shipping_cost"] == 13000


def _written(mapping: Any) -> dict[str, str]:
    """Canonical field -> the key it is written under."""
    values = {"name": "Гость", "group": "2", "type": "Накопительная", "uid": "1001"}
    return {
        field: key
        for field in mapping.writes & values.keys()
        for key in mapping.write({field: values[field]}, new=False)
    }

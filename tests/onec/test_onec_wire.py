"""The calls of OData, answer by answer: what each refusal means and what is sent."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import responses
from conftest import FrozenClock, SecretsWatch

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Duplicate,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
    Stale,
    Unavailable,
    UsageError,
)
from connector.systems.onec import calls
from connector.systems.onec.calls import CALLS
from connector.systems.onec.filters import Guid, field
from connector.systems.onec.profile import Profile
from connector.systems.onec.wire import Wire
from connector.transport.auth import Basic
from connector.transport.http import Transport

URL = "https://1c.example/buh/odata/standard.odata"
GUID = "41aa6331-954f-11e3-814b-005056c00008"
PASSWORD = "пароль-s3cr3t"
GOODS = "Catalog_Товары"


@pytest.fixture
def web() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def wire(clock: FrozenClock, secrets_watch: SecretsWatch) -> Wire:
    secrets_watch.guard(PASSWORD)
    transport = Transport(
        "buh", URL, auth=Basic("Робот", PASSWORD), clock=clock.monotonic, sleep=clock.sleep, now=clock.time
    )
    return Wire(transport)


def answer(web: Any, body: Any, status: int = 200, verb: str = "GET", content_type: str = "application/json") -> None:
    text = body if isinstance(body, str | bytes) else json.dumps(body, ensure_ascii=False)
    data = text.encode() if isinstance(text, str) else text

    web.add(
        verb, re.compile(re.escape("https://1c.example/") + ".*"), body=data, status=status, content_type=content_type
    )


def refusal(code: str, text: str) -> dict[str, Any]:
    return {"odata.error": {"code": code, "message": {"lang": "ru", "value": text}}}


def asked(web: Any, number: int = -1) -> tuple[str, dict[str, str], Any]:
    request = web.calls[number].request
    parts = urlsplit(request.url)
    return unquote(parts.path), dict(parse_qsl(parts.query)), request


# -- what is asked


def test_a_list_asks_for_json_for_the_allowed_rows_and_in_order(web: Any, wire: Wire) -> None:
    answer(web, {"value": [{"Ref_Key": GUID, "Цена": 335.145}]})
    (row,) = wire.rows(
        GOODS, select=("Ref_Key", "Цена"), where=field("Имя").eq("O'К & Ко+"), order="Ref_Key", top=2, skip=3
    )
    assert str(row["Цена"]) == "335.145"
    path, query, request = asked(web)
    assert path == "/buh/odata/standard.odata/Catalog_Товары"
    assert query == {
        "$format": "application/json;odata=nometadata",
        "allowedOnly": "true",
        "$select": "Ref_Key,Цена",
        "$filter": "Имя eq 'O''К & Ко+'",
        "$orderby": "Ref_Key",
        "$top": "2",
        "$skip": "3",
    }
    assert "inlinecount" not in request.url
    assert "%20" in request.url and " " not in request.url
    assert "+" not in urlsplit(request.url).query
    assert request.headers["Accept"] == "application/json;odata=nometadata"


def test_a_login_travels_as_utf8(web: Any, wire: Wire) -> None:

    answer(web, {"value": []})
    wire.rows(GOODS)
    header = asked(web)[2].headers["Authorization"]
    token = header.decode() if isinstance(header, bytes) else header
    assert base64.b64decode(token.removeprefix("Basic ")).decode() == f"Робот:{PASSWORD}"


def test_an_object_is_addressed_by_its_guid(web: Any, wire: Wire) -> None:
    answer(web, {"Ref_Key": GUID})
    assert wire.one(GOODS, GUID.upper(), ("Ref_Key",)) == {"Ref_Key": GUID}
    assert asked(web)[0].endswith(f"/Catalog_Товары(guid'{GUID}')")
    with pytest.raises(ValueError, match="guid"):
        wire.one(GOODS, "') or true")


def test_a_record_of_a_register_is_addressed_by_all_its_keys(web: Any, wire: Wire) -> None:
    answer(web, {"Курс": 90})
    wire.one("InformationRegister_КурсыВалют", {"Period": datetime(2008, 2, 5), "Валюта_Key": Guid(GUID)})
    assert asked(web)[0].endswith(
        f"/InformationRegister_КурсыВалют(Period=datetime'2008-02-05T00:00:00',Валюта_Key=guid'{GUID}')"
    )


def test_a_count_is_a_byte_order_mark_and_a_number(web: Any, wire: Wire) -> None:
    answer(web, b"\xef\xbb\xbf1103", content_type="text/plain")
    assert wire.count(GOODS, field("Цена").gt(500)) == 1103
    assert asked(web)[0].endswith("/Catalog_Товары/$count")
    web.reset()
    answer(web, "много", content_type="text/plain")
    with pytest.raises(BrokenAnswer):
        wire.count(GOODS)


def test_a_virtual_table_takes_its_parameters_in_brackets(web: Any, wire: Wire) -> None:
    answer(web, {"value": [{"Сумма": 100}]})
    condition = field("Товар_Key").eq(Guid(GUID))
    rows = wire.table(
        "AccumulationRegister_Запасы", "Balance", {"Period": datetime(2026, 11, 1), "Condition": condition, "X": None}
    )
    assert rows == [{"Сумма": 100}]
    assert asked(web)[0].endswith(
        "/AccumulationRegister_Запасы/Balance(Period=datetime'2026-11-01T00:00:00',"
        f"Condition='Товар_Key eq guid''{GUID}''')"
    )


def test_a_write_carries_the_version_and_every_digit(web: Any, wire: Wire) -> None:

    answer(web, {"Ref_Key": GUID, "DataVersion": "AAAAAAAAAAE="}, verb="PATCH")
    changed = wire.change(GOODS, GUID, {"Цена": Decimal("0.10"), "Имя": "🙂"}, "AAAAAAAAAAA=")
    assert changed == {"Ref_Key": GUID, "DataVersion": "AAAAAAAAAAE="}
    request = asked(web)[2]
    assert request.headers["If-Match"] == "AAAAAAAAAAA="
    assert request.body.decode() == '{"Цена":0.10,"Имя":"🙂"}'


def test_posting_is_not_operational(web: Any, wire: Wire) -> None:
    answer(web, "", verb="POST")
    wire.act("Document_Заказ", GUID, "Post", [("PostingModeOperational", "false")])
    path, query, _ = asked(web)
    assert path.endswith(f"/Document_Заказ(guid'{GUID}')/Post")
    assert query["PostingModeOperational"] == "false"


# -- what is answered


REFUSALS: list[tuple[int, str, str, type[ConnectorError]]] = [
    (404, "8", "Тип сущности не найден", Forbidden),
    (404, "9", "Экземпляр сущности не найден", Missing),
    (400, "15", "Сущность с таким ключом уже существует", Duplicate),
    (401, "20", "Нарушение прав доступа", Forbidden),
    (405, "19", "Метод запрещен", Forbidden),
    (400, "10", "Запрошенное свойство не найдено", Invalid),
    (500, "13", "Cоздание строк табличной части напрямую не поддерживается", Invalid),
    (400, "14", "Ошибка разбора опций запроса", Invalid),
    (400, "1", "Не удалось разобрать строку", Invalid),
    (500, "-1", 'Не удалось провести "Реализация товаров и услуг"', Invalid),
    (500, "-1", "Произошла внутренняя ошибка OData сервиса.", Invalid),
    (500, "-1", "Конфликт блокировок при выполнении транзакции", Unavailable),
    (412, "0", "Версия", Stale),
    *(
        (status, code, "Отказ платформы", Invalid)
        for status, code in (
            (501, "0"),
            (400, "2"),
            (406, "3"),
            (400, "4"),
            (400, "5"),
            (404, "6"),
            (400, "7"),
            (404, "11"),
            (400, "12"),
            (400, "16"),
            (400, "17"),
            (400, "18"),
            (400, "21"),
        )
    ),
]


@pytest.mark.parametrize(("status", "code", "text", "kind"), REFUSALS)
def test_a_refusal_of_a_write_is_understood_and_never_repeated(
    web: Any, wire: Wire, status: int, code: str, text: str, kind: type[ConnectorError]
) -> None:
    answer(web, refusal(code, text), status, "POST")
    with pytest.raises(kind) as info:
        wire.create(GOODS, {"Description": "x"})
    attempts = 4 if kind is Unavailable else 1
    assert len(web.calls) <= attempts
    if kind is not Unavailable:
        assert len(web.calls) == 1
    assert info.value.account == "buh"
    if kind is Invalid:
        assert text.rstrip(".") in str(info.value)


@pytest.mark.parametrize(("status", "code", "text", "kind"), [one for one in REFUSALS if one[3] is Forbidden])
def test_what_is_forbidden_says_what_to_do_in_1c(
    web: Any, wire: Wire, status: int, code: str, text: str, kind: type[ConnectorError]
) -> None:
    answer(web, refusal(code, text), status)
    with pytest.raises(kind) as info:
        wire.rows(GOODS)
    assert "«Справочник Товары»" in str(info.value)


def test_a_refusal_in_xml_is_the_same_refusal(web: Any, wire: Wire) -> None:
    xml = (
        '<?xml version="1.0"?><m:error xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
        "<m:code>9</m:code><m:message>Экземпляр сущности не найден</m:message></m:error>"
    )
    answer(web, xml, 404, content_type="application/xml")
    assert wire.one(GOODS, GUID) is None


def test_a_missing_object_is_none_and_a_missing_base_is_an_error(web: Any, wire: Wire) -> None:
    answer(web, refusal("9", "Экземпляр сущности не найден"), 404)
    assert wire.one(GOODS, GUID) is None
    web.reset()
    answer(web, "<html>404</html>", 404, content_type="text/html")
    with pytest.raises(BrokenAnswer, match=r"standard\.odata"):
        wire.one(GOODS, GUID)


def test_a_refused_login_stops_the_account(web: Any, wire: Wire) -> None:
    answer(web, "<html>401</html>", 401, content_type="text/html")
    with pytest.raises(Forbidden, match="УдаленныйДоступOData"):
        wire.rows(GOODS)
    assert len(web.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>Вход</body></html>",
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"/>',
        '{"value": [{"Ref_Key"',
        '{"value": {}}',
        '{"value": ["x"]}',
        "{}",
        "null",
        '{"value": [{"Имя": "Привет"}]}'.encode("cp1251"),
        '{"value": [{"Цена": NaN}]}',
    ],
)
def test_an_answer_that_is_no_data_is_no_data(web: Any, wire: Wire, body: str | bytes) -> None:
    answer(web, body)
    with pytest.raises(BrokenAnswer):
        wire.rows(GOODS)


@pytest.mark.parametrize("body", ["<html>ok</html>", '<?xml version="1.0"?><entry/>', '{"Ref_Key": "41'])
def test_a_write_answered_with_no_data_may_have_happened(web: Any, wire: Wire, body: str) -> None:
    answer(web, body, 201, "POST")
    with pytest.raises(OutcomeUnknown):
        wire.create(GOODS, {})
    assert len(web.calls) == 1


def test_an_atom_answer_says_that_it_is_one(web: Any, wire: Wire) -> None:
    answer(web, '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"/>')
    with pytest.raises(BrokenAnswer, match="atom"):
        wire.rows(GOODS)


def test_a_refusal_with_status_200_is_a_refusal(web: Any, wire: Wire) -> None:
    answer(web, refusal("20", "Нарушение прав доступа"))
    with pytest.raises(Forbidden):
        wire.rows(GOODS)


def test_a_500_of_the_web_server_leaves_a_write_unknown(web: Any, wire: Wire) -> None:
    answer(web, "<html>500</html>", 500, "POST", "text/html")
    with pytest.raises(OutcomeUnknown):
        wire.create(GOODS, {})
    assert len(web.calls) == 1


def test_a_byte_order_mark_before_json_is_no_harm(web: Any, wire: Wire) -> None:
    answer(web, b'\xef\xbb\xbf{"value": []}')
    assert wire.rows(GOODS) == []


# -- raw calls

PROFILE = Profile(profile="mine", title="Mine", entities={})


def call(wire: Wire, endpoint: str, params: dict[str, str]) -> Any:
    return calls.call(wire, endpoint, params, PROFILE)


@pytest.mark.parametrize(
    ("endpoint", "params", "path"),
    [
        ("list", {"resource": GOODS, "top": "5", "select": "Ref_Key, Цена"}, "/Catalog_Товары"),
        ("get", {"resource": GOODS, "key": GUID}, f"/Catalog_Товары(guid'{GUID}')"),
        ("slice_last", {"resource": "InformationRegister_Цены"}, "/InformationRegister_Цены/SliceLast()"),
        (
            "balance",
            {"resource": "AccumulationRegister_Запасы", "period": "2026-10-31T23:59:59", "condition": "А eq 'б'"},
            "/AccumulationRegister_Запасы/Balance(Period=datetime'2026-10-31T23:59:59',Condition='А eq ''б''')",
        ),
        (
            "turnovers",
            {"resource": "AccumulationRegister_Запасы", "start_period": "2026-10-01", "end_period": "2026-10-31"},
            "/AccumulationRegister_Запасы/Turnovers(StartPeriod=datetime'2026-10-01T00:00:00',"
            "EndPeriod=datetime'2026-10-31T00:00:00')",
        ),
    ],
)
def test_raw_calls_of_reads(web: Any, wire: Wire, endpoint: str, params: dict[str, str], path: str) -> None:
    answer(web, {"value": [], "Ref_Key": GUID})
    call(wire, endpoint, params)
    assert asked(web)[0].endswith(path)


@pytest.mark.parametrize("endpoint", ["post", "unpost"])
def test_raw_calls_that_write_say_so(web: Any, wire: Wire, endpoint: str) -> None:
    assert CALLS[endpoint].writes
    answer(web, "", verb="POST")
    call(wire, endpoint, {"resource": "Document_Заказ", "key": GUID})
    assert asked(web)[0].lower().endswith(f"/{endpoint}")


@pytest.mark.parametrize(
    ("endpoint", "params", "words"),
    [
        ("lst", {}, "did you mean list"),
        ("list", {"resurce": GOODS}, "did you mean resource"),
        ("list", {}, "needs resource"),
        ("get", {"resource": GOODS, "key": "55"}, "cannot be “55”"),
        ("list", {"resource": GOODS, "top": "-1"}, "cannot be “-1”"),
        ("balance", {"resource": GOODS, "period": "31.10.2026"}, "cannot be"),
        ("balance", {"resource": GOODS, "period": "2026-10-31T00:00:00+03:00"}, "cannot be"),
    ],
)
def test_a_wrong_call_sends_nothing(web: Any, wire: Wire, endpoint: str, params: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as info:
        call(wire, endpoint, params)
    assert words in str(info.value)
    assert len(web.calls) == 0

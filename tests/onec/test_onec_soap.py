"""The web services of EnterpriseData against an emulated base: parts, jobs, numbers, faults."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from connector.errors import (
    BrokenAnswer,
    ConfigError,
    ConnectorError,
    Forbidden,
    Invalid,
    OutcomeUnknown,
    Unavailable,
)
from connector.sandbox import Sandbox
from connector.sandbox.base import Server
from connector.sandbox.onec.messages import Exchange
from connector.systems.onec.enterprisedata import PLAN, Counters, Header, Item
from connector.systems.onec.services import EXCHANGE, UPLOAD, Services, service
from connector.systems.onec.soap import SoapExchange
from connector.transport.auth import Basic
from connector.transport.http import Patience, Transport
from connector.transport.soap import Soap

GUID = "8d04ce3c-6360-11e9-8d92-fa163e8ba11d"
CUSTOMERS = "Справочник.Контрагенты"


def customer(guid: str, name: str) -> tuple[str, dict[str, Any]]:
    keys = {"Ссылка": guid, "Наименование": name, "ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}
    return CUSTOMERS, {"КлючевыеСвойства": keys}


class Peer:
    """A base and everything that calls it, with pauses that only count."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.world = sandbox.worlds["onec"]
        self.exchange = Exchange(self.world)
        self.user = sandbox.credentials["onec"]
        self.slept: list[float] = []

    def transport(self, *, attempts: int = 2, **user: str) -> Transport:
        known = {**self.user, **user}
        return Transport(
            "ut",
            self.sandbox.urls["onec"].removesuffix("/odata/standard.odata"),
            auth=Basic(known["login"], known["password"]),
            insecure=True,
            timeout=5,
            patience=Patience(attempts=attempts),
            sleep=self.slept.append,
        )

    def services(self, *, upload: bool = False, code: str = "CON", **more: Any) -> Services:
        soap = service(self.transport(), UPLOAD if upload else EXCHANGE)
        plan, node = (None, None) if upload else (PLAN, code)
        return Services(soap, plan=plan, node_code=node, sleep=self.slept.append, **more)

    def counters(self) -> Counters:
        return Counters(self.folder / "node.json", plan=PLAN, code="CON")

    def talk(self, *, upload: bool = False, **more: Any) -> SoapExchange:
        moment = datetime(2026, 11, 21, 10, 0)
        counters = None if upload else self.counters()
        return SoapExchange(self.services(upload=upload, **more), counters, folder=self.folder, now=lambda: moment)

    def fault(self, endpoint: str, fault: str, count: int = 1) -> None:
        self.world.faults.add(self.fault_of(endpoint, fault, count))

    @staticmethod
    def fault_of(endpoint: str, fault: str, count: int) -> Any:
        from connector.sandbox.faults import fault_of

        return fault_of({"endpoint": endpoint, "fault": fault, "count": count})

    def node(self) -> dict[str, Any]:
        rows = self.world.state["objects"][f"ExchangePlan_{PLAN}"].values()
        return dict(next(row for row in rows if row["Code"] == "CON"))


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    with Sandbox(("onec",), company="empty") as sandbox:
        yield Peer(sandbox, tmp_path / "exchange")


class Taken:
    """What was taken out of messages."""

    def __init__(self) -> None:
        self.objects: list[tuple[str, Any]] = []

    def __call__(self, header: Header, items: Iterator[Item]) -> None:
        assert header.confirmation is not None
        self.objects.extend((item.type, item.data) for item in items)


# the exchange --------------------------------------------------------------------------------------------------


def test_the_connection_is_tested_and_refused_in_the_words_of_1c(peer: Peer) -> None:
    peer.services().test()
    peer.services(upload=True).test()
    with pytest.raises(Forbidden, match="узел плана обмена не найден"):
        peer.services(code="XXX").test()
    with pytest.raises(Forbidden):
        Services(
            service(peer.transport(password="wrong"), EXCHANGE), plan=PLAN, node_code="CON", sleep=peer.slept.append
        ).test()


def test_objects_are_loaded_there_and_a_second_sending_makes_no_second_object(peer: Peer) -> None:
    talk = peer.talk()
    sent = talk.send([customer(GUID, "Рога")])
    assert (sent.number, sent.written.written, sent.written.refused) == (1, 1, [])
    assert "Рога" in peer.exchange.objects(CUSTOMERS)[GUID]
    assert talk.send([customer(GUID, "Копыта")]).number == 2
    assert list(peer.exchange.objects(CUSTOMERS)) == [GUID]
    assert "Копыта" in peer.exchange.objects(CUSTOMERS)[GUID]
    assert peer.node()["ReceivedNo"] == "2"


def test_an_object_that_cannot_be_written_is_left_out_and_told(peer: Peer) -> None:
    sent = peer.talk().send([(CUSTOMERS, {"КлючевыеСвойства": {"Ссылка": GUID}}), customer(GUID, "Рога")])
    assert sent.written.written == 1
    assert [place for place, _ in sent.written.refused] == [1]
    assert "Рога" in peer.exchange.objects(CUSTOMERS)[GUID]


def test_what_1c_has_is_fetched_once_and_confirmed_by_the_next_message(peer: Peer) -> None:
    for number in range(30):
        noise = "".join(sha256(f"{number} {part}".encode()).hexdigest() for part in range(4))
        guid = f"{number:08}-0000-4000-8000-000000000000"
        keys = f"<Ссылка>{guid}</Ссылка><Наименование>{noise} {number}</Наименование>"
        peer.exchange.put(f"<{CUSTOMERS}><КлючевыеСвойства>{keys}</КлючевыеСвойства></{CUSTOMERS}>")
    talk, taken = peer.talk(part=1), Taken()
    [received] = talk.receive(taken)
    assert (received.became, received.objects, len(taken.objects)) == ("accept", 30, 30)
    assert sum(one["endpoint"] == EXCHANGE for one in peer.world.log.as_list()) >= 3 + 4 + 1  # four parts at least
    assert taken.objects[29][1]["КлючевыеСвойства"]["Наименование"].endswith("29")
    assert peer.exchange.state["files"] == {}
    talk.send([])
    again = Taken()
    [received] = talk.receive(again)
    assert (received.became, again.objects) == ("accept", [])


def test_what_nobody_took_is_fetched_again(peer: Peer) -> None:
    peer.exchange.put(f"<{CUSTOMERS}><КлючевыеСвойства><Ссылка>{GUID}</Ссылка></КлючевыеСвойства></{CUSTOMERS}>")
    talk = peer.talk()

    def no_room(_: Header, __: Iterator[Item]) -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        talk.receive(no_room)
    talk.send([])
    taken = Taken()
    talk.receive(taken)
    assert [data["КлючевыеСвойства"]["Ссылка"] for _, data in taken.objects] == [GUID]


def test_the_code_of_1c_is_learnt_before_the_first_message_and_nothing_is_lost_by_it(peer: Peer) -> None:
    peer.exchange.put(f"<{CUSTOMERS}><КлючевыеСвойства><Ссылка>{GUID}</Ссылка></КлючевыеСвойства></{CUSTOMERS}>")
    talk, taken = peer.talk(), Taken()
    talk.send([])
    assert peer.counters().load().received == 0
    talk.receive(taken)
    assert len(taken.objects) == 1


def test_our_number_is_on_the_disk_before_the_message_leaves(peer: Peer) -> None:
    talk = peer.talk()
    talk.send([])
    peer.fault("EnterpriseDataExchange_1_0_1_1", "error", count=50)
    with pytest.raises(ConnectorError):
        talk.send([customer(GUID, "Рога")])
    assert peer.counters().load().sent == 2
    peer.world.faults.clear()
    assert talk.send([customer(GUID, "Рога")]).number == 3


def test_counters_that_fell_behind_are_said_and_not_passed_over(peer: Peer) -> None:
    talk = peer.talk()
    for _ in range(3):
        talk.send([])
    old = (peer.folder / "node.json").read_text(encoding="utf-8").replace('"sent": 3', '"sent": 1')
    (peer.folder / "node.json").write_text(old, encoding="utf-8")
    with pytest.raises(BrokenAnswer, match="our counters are behind"):
        talk.send([customer(GUID, "Рога")])
    assert peer.exchange.objects(CUSTOMERS) == {}


def test_the_service_that_only_loads_knows_no_node_and_gives_nothing(peer: Peer) -> None:
    talk = peer.talk(upload=True)
    assert talk.send([customer(GUID, "Рога")]).number == 0
    assert "Рога" in peer.exchange.objects(CUSTOMERS)[GUID]
    assert talk.receive(Taken()) == []
    assert peer.node()["ReceivedNo"] == "0"


def test_a_job_is_asked_for_with_pauses_until_it_ends_or_the_patience_does(peer: Peer) -> None:
    talk = peer.talk()
    talk.send([])
    peer.world.state["soap"]["polls"] = 5
    peer.slept.clear()
    talk.send([])
    assert peer.slept == [0.5, 1.0, 2.0, 3.0, 3.0]
    peer.world.state["soap"]["polls"] = 10_000
    with pytest.raises(OutcomeUnknown, match="still loading"):
        peer.talk(patience=60.0).send([])
    with pytest.raises(OutcomeUnknown, match="still gathering"):
        peer.talk(patience=60.0).receive(Taken())


def test_a_message_for_another_node_is_no_message_for_us(peer: Peer) -> None:
    talk = peer.talk()
    talk.send([])
    state = (peer.folder / "node.json").read_text(encoding="utf-8").replace('"peer": "', '"peer": "X')
    (peer.folder / "node.json").write_text(state, encoding="utf-8")
    with pytest.raises(BrokenAnswer, match="comes from the node"):
        talk.receive(Taken())


# faults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["timeout_before", "throttle", "latency"])
def test_a_part_and_a_question_are_repeated(peer: Peer, fault: str) -> None:
    talk = peer.talk()
    talk.send([])
    peer.fault(EXCHANGE, fault)
    talk.send([customer(GUID, "Рога")])  # the first call of it is the part
    assert GUID in peer.exchange.objects(CUSTOMERS)


def test_a_load_whose_answer_never_came_is_not_repeated_blindly(peer: Peer) -> None:
    soap = service(peer.transport(), EXCHANGE)
    before = soap.transport.sent
    peer.fault(EXCHANGE, "timeout_after")
    with pytest.raises(OutcomeUnknown):
        soap.call("PutData", ExchangePlanName=PLAN, PeerCode="CON", FileID="f")
    assert soap.transport.sent == before + 1


@pytest.mark.parametrize(("fault", "kind"), [("html", OutcomeUnknown), ("cut", OutcomeUnknown), ("expired", Forbidden)])
def test_an_answer_that_is_none_is_an_error_of_its_kind(peer: Peer, fault: str, kind: type[ConnectorError]) -> None:
    peer.fault(EXCHANGE, fault, count=9)
    with pytest.raises(kind):
        service(peer.transport(attempts=1), EXCHANGE).call("PutData", ExchangePlanName=PLAN, PeerCode="CON", FileID="f")


@pytest.mark.parametrize("fault", ["html", "cut", "error"])
def test_a_fetch_that_fails_stops_the_account_and_takes_nothing(peer: Peer, fault: str) -> None:
    talk, taken = peer.talk(), Taken()
    talk.send([])
    peer.fault(EXCHANGE, fault, count=99)
    with pytest.raises((BrokenAnswer, Unavailable, OutcomeUnknown)):
        talk.receive(taken)
    assert taken.objects == []


def test_a_parameter_that_is_wrong_is_told_and_nothing_is_sent(peer: Peer) -> None:
    soap = service(peer.transport(), EXCHANGE)
    with pytest.raises(Invalid, match="PartData"):
        soap.call("PutFilePart", FileID="x", PartNumber=1)
    with pytest.raises(Invalid, match="no operation Nothing"):
        soap.call("Nothing")
    assert soap.transport.sent == 0


def test_a_refusal_in_the_error_message_is_an_error_although_the_call_succeeded(peer: Peer) -> None:
    with pytest.raises(Invalid, match="Узел"):
        peer.services(code="XXX").put(io.BytesIO(b"<Message/>"))
    with pytest.raises(BrokenAnswer, match="не найден"), peer.services(code="XXX").get():
        pass


# answers of a base that is none --------------------------------------------------------------------------------


def answering(*bodies: str) -> Iterator[str]:
    """The address of something that answers with these envelopes, the last one for ever."""
    from flask import Flask, Response

    app, left = Flask(__name__), list(bodies)

    @app.post("/<path:_>")
    def page(_: str) -> Response:
        body = left.pop(0) if len(left) > 1 else left[0]
        return Response(body, content_type="text/xml; charset=utf-8")

    server = Server(app)
    server.start()
    yield server.url
    server.stop()


Speaking = Callable[..., Services]


@pytest.fixture
def speaking() -> Iterator[Speaking]:
    running: list[Iterator[str]] = []

    def begin(*bodies: str, **more: Any) -> Services:
        running.append(answering(*bodies))
        transport = Transport("ut", next(running[-1]), insecure=True, timeout=5, patience=Patience(attempts=1))
        pauses: list[float] = []
        return Services(
            service(transport, EXCHANGE), plan=PLAN, node_code="CON", sleep=pauses.append, **{"part": 1, **more}
        )

    yield begin
    for one in running:
        next(one, None)


def reply(operation: str, *inside: str) -> str:
    space = f"http://www.1c.ru/SSL/{EXCHANGE}"
    body = f'<m:{operation}Response xmlns:m="{space}">{"".join(inside)}</m:{operation}Response>'
    return f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'


def prepared(data: bytes, **said: str) -> list[str]:
    from base64 import b64encode

    facts = {"ErrorMessage": "", "FileID": "f", "PartCount": "1", "Status": "Completed", **said}
    space = 'xmlns:r="http://v8.1c.ru/SSL/Exchange/EnterpriseDataExchange"'
    result = "".join(f"<r:{name}>{value}</r:{name}>" for name, value in facts.items())
    empty = "<m:ErrorMessage/>"
    return [
        reply("PrepareDataForGetting", "<m:return/>", "<m:OperationID>j</m:OperationID>", empty),
        reply("PrepareDataActionResult", f"<m:return {space}>{result}</m:return>", empty),
        reply("GetDataPart", f"<m:return>{b64encode(data).decode()}</m:return>", empty),
        reply("ConfirmGettingFile", "<m:return/>", empty),
    ]


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.xml", data)
    return packed.getvalue()


def test_a_message_is_unpacked_as_it_is_read(speaking: Speaking) -> None:
    with speaking(*prepared(zipped(b"<Message/>" * 1000))).get() as stream:
        assert stream.read() == b"<Message/>" * 1000


@pytest.mark.parametrize("data", [b"no archive", zipped(b"x")[:40], b""], ids=["text", "cut", "empty"])
def test_what_is_no_archive_is_refused(speaking: Speaking, data: bytes) -> None:
    with pytest.raises(BrokenAnswer), speaking(*prepared(data)).get() as stream:
        stream.read()


def test_an_archive_that_is_a_bomb_stops_at_the_limit(speaking: Speaking) -> None:
    bomb = zipped(bytes(5_000_000))
    assert len(bomb) < 10_000
    with (
        pytest.raises(BrokenAnswer, match="too long"),
        speaking(*prepared(bomb), largest=100_000).get() as stream,
    ):
        while stream.read(1000):
            pass


@pytest.mark.parametrize(
    "said",
    [
        {"Status": "Failed", "ErrorMessage": "нет прав"},
        {"Status": "Canceled"},
        {"Status": "Completed", "ErrorMessage": "странно"},
    ],
)
def test_a_job_that_failed_says_so(speaking: Speaking, said: dict[str, str]) -> None:
    kind = Unavailable if said["Status"] == "Canceled" else BrokenAnswer
    with pytest.raises(kind), speaking(*prepared(b"", **said)).get():
        pass


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><s>&x;</s>',
        reply("PrepareDataForGetting", "<m:return/>"),
        reply("Ping", "<m:return/>"),
        "<s/>",
        "",
        "no xml",
    ],
)
def test_an_envelope_that_promises_something_else_is_not_read(speaking: Speaking, body: str) -> None:
    with pytest.raises((BrokenAnswer, OutcomeUnknown)), speaking(body).get():
        pass


def test_a_completed_job_with_an_error_message_has_failed(speaking: Speaking) -> None:
    empty = "<m:ErrorMessage/>"
    services = speaking(
        reply("PutFilePart", "<m:return/>", empty),
        reply("PutData", "<m:return/>", "<m:OperationID>j</m:OperationID>", empty),
        reply("PutDataActionResult", "<m:return>Completed</m:return>", "<m:ErrorMessage>Дата запрета</m:ErrorMessage>"),
    )
    with pytest.raises(Invalid, match="Дата запрета"):
        services.put(io.BytesIO(b"<Message/>"))


# descriptions --------------------------------------------------------------------------------------------------


WSDL = """<definitions name="Shop" targetNamespace="urn:shop" xmlns="http://schemas.xmlsoap.org/wsdl/"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:shop">
 <types><xs:schema targetNamespace="urn:shop" elementFormDefault="qualified">{imports}
  <xs:element name="Найти"><xs:complexType><xs:sequence>
   <xs:element name="Код" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="НайтиResponse"><xs:complexType><xs:sequence>
   <xs:element name="return" type="xs:decimal"/></xs:sequence></xs:complexType></xs:element>
 </xs:schema></types>
 <message name="In"><part name="parameters" element="t:Найти"/></message>
 <message name="Out"><part name="parameters" element="t:НайтиResponse"/></message>
 <portType name="P"><operation name="Найти"><input message="t:In"/><output message="t:Out"/></operation></portType>
 <binding name="B" type="t:P"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="Найти"><soap:operation soapAction="urn:shop#Shop:Найти"/>
   <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
 <service name="Shop"><port name="S" binding="t:B"><soap:address location="http://elsewhere.example/ws"/></port></service>
</definitions>"""


def described(folder: Path, imports: str = "") -> Path:
    file = folder / "shop.wsdl"
    file.write_text(WSDL.replace("{imports}", imports), encoding="utf-8")
    return file


def test_a_service_of_the_sites_own_is_called_at_the_address_of_the_account(tmp_path: Path) -> None:
    body = '<m:НайтиResponse xmlns:m="urn:shop"><m:return>10.50</m:return></m:НайтиResponse>'
    envelope = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'
    running = answering(envelope)
    transport = Transport("ut", next(running), insecure=True, timeout=5)
    soap = Soap(transport, described(tmp_path), path="/ws/shop.1cws", repeats={"Найти": "safe"})
    assert soap.operations == ("Найти",)
    assert str(soap.call("Найти", Код="7")) == "10.50"
    next(running, None)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "http://elsewhere.example/x.xsd", "../outside.xsd"])
def test_a_description_may_import_only_what_lies_beside_it(tmp_path: Path, place: str) -> None:
    (tmp_path / "outside.xsd").write_text("<x/>", encoding="utf-8")
    (tmp_path / "inner").mkdir()
    file = described(tmp_path / "inner", f'<xs:import namespace="urn:x" schemaLocation="{place}"/>')
    with pytest.raises(ConfigError):
        _ = Soap(Transport("ut", "https://1c.example"), file, path="/ws/x").operations


@pytest.mark.parametrize(
    "text", ["", "no xml", "<x/>", '<!DOCTYPE x><definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>']
)
def test_what_is_no_description_is_a_mistake_of_the_settings(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.wsdl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        _ = Soap(Transport("ut", "https://1c.example"), file, path="/ws/x").operations
    with pytest.raises(ConfigError, match="cannot be read"):
        _ = Soap(Transport("ut", "https://1c.example"), tmp_path / "none.wsdl", path="/ws/x").operations


def test_no_secret_and_no_body_is_logged(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    peer.talk().send([customer(GUID, "Секретное Имя")])
    assert peer.user["password"] not in caplog.text
    assert "Секретное" not in caplog.text
    assert "Envelope" not in caplog.text

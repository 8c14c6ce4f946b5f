"""The web services of an emulated base, called by zeep and by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from lxml import etree
from requests.auth import HTTPBasicAuth
from zeep import Client as Zeep
from zeep import Settings
from zeep.exceptions import Fault
from zeep.transports import Transport

from connector.sandbox import Sandbox
from connector.sandbox.onec.messages import Exchange

PLAN = "СинхронизацияДанныхЧерезУниверсальныйФормат"
FORMAT = "http://v8.1c.ru/edi/edi_stnd/EnterpriseData"
GUID = "8d04ce3c-6360-11e9-8d92-fa163e8ba11d"
CUSTOMERS = "Справочник.Контрагенты"


def customer(guid: str, name: str, namespace: str = "") -> str:
    space = f' xmlns="{namespace}"' if namespace else ""
    keys = f"<КлючевыеСвойства><Ссылка>{guid}</Ссылка><Наименование>{name}</Наименование></КлючевыеСвойства>"
    return f"<{CUSTOMERS}{space}>{keys}</{CUSTOMERS}>"


def message(*objects: str, confirmation: str | None = "", version: str = "1.8", **said: Any) -> bytes:
    """A message of ours. `confirmation` None leaves the section out."""
    told = {"ExchangePlan": PLAN, "To": "UT", "From": "CON", "MessageNo": 1, "ReceivedNo": 0, **said}
    inside = "".join(f"<msg:{name}>{value}</msg:{name}>" for name, value in told.items() if value is not None)
    section = "" if confirmation is None else f"<msg:Confirmation>{inside}</msg:Confirmation>"
    head = (
        f"<msg:Format>{FORMAT}/{version}</msg:Format><msg:CreationDate>2026-11-20T10:00:00</msg:CreationDate>{section}"
    )
    known = "<msg:AvailableVersion>1.8</msg:AvailableVersion><msg:AvailableVersion>1.10</msg:AvailableVersion>"
    body = f'<Body xmlns="{FORMAT}/{version}">{"".join(objects)}</Body>'
    space = 'xmlns:msg="http://www.1c.ru/SSL/Exchange/Message"'
    return f"<Message {space}><msg:Header>{head}{known}</msg:Header>{body}</Message>".encode()


def zipped(data: bytes, *, name: str = "data.xml") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def said(answer: Any) -> str:
    """The error message; zeep reads an empty element as None."""
    return str(answer.ErrorMessage or "")


class Peer:
    """A partner of the exchange."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.world = sandbox.worlds["onec"]
        self.exchange = Exchange(self.world)
        self.root = sandbox.urls["onec"].removesuffix("/odata/standard.odata") + "/ws/"
        user = sandbox.credentials["onec"]
        self.session = requests.Session()
        self.session.auth = HTTPBasicAuth(user["login"].encode(), user["password"].encode())
        self.service = self.client("EnterpriseDataExchange_1_0_1_1").service

    def client(self, service: str) -> Any:
        transport = Transport(session=self.session, timeout=5, operation_timeout=5)  # type: ignore[no-untyped-call]
        settings = Settings(force_https=False, forbid_dtd=True, forbid_external=True)
        return Zeep(f"{self.root}{service}.1cws?wsdl", transport=transport, settings=settings)  # type: ignore[no-untyped-call]

    def put(self, data: bytes, *, file: str = "f1", parts: int = 1) -> tuple[str, str]:
        """Status and error of a message that is put in parts and asked for until it is done."""
        size = -(-len(data) // parts)
        for number in range(1, parts + 1):
            part = data[(number - 1) * size : number * size]
            assert said(self.service.PutFilePart(file, number, part)) == ""
        started = self.service.PutData(PLAN, "CON", file)
        assert said(started) == ""
        return self.result(started.OperationID)

    def result(self, operation: str) -> tuple[str, str]:
        for _ in range(3):
            answer = self.service.PutDataActionResult(operation)
            if answer["return"] != "Active":
                return answer["return"], said(answer)
        raise AssertionError("the job never ended")

    def get(self, size: int = 0, code: str = "CON") -> tuple[str, int, bytes]:
        """File id, number of parts and the message itself."""
        operation = self.service.PrepareDataForGetting(PLAN, code, size).OperationID
        assert self.service.PrepareDataActionResult(operation)["return"].Status == "Active"
        done = self.service.PrepareDataActionResult(operation)["return"]
        assert done.Status == "Completed", done.ErrorMessage
        numbers = range(1, done.PartCount + 1)
        data = b"".join(self.service.GetDataPart(done.FileID, number)["return"] for number in numbers)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return done.FileID, done.PartCount, archive.read(archive.namelist()[0])

    def node(self) -> dict[str, Any]:
        rows = self.world.state["objects"][f"ExchangePlan_{PLAN}"].values()
        return dict(next(row for row in rows if row["Code"] == "CON"))


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Sandbox(("onec",), company="empty") as sandbox:
        yield Peer(sandbox)


def tags(xml: bytes) -> list[str]:
    body = etree.fromstring(xml).find("{*}Body")
    return [] if body is None else [etree.QName(item).localname for item in body]


def header(xml: bytes, name: str) -> str | None:
    return etree.fromstring(xml).findtext(f".//{{http://www.1c.ru/SSL/Exchange/Message}}{name}")


# the services --------------------------------------------------------------------------------------------------


def test_the_services_describe_themselves_and_answer_both_versions_of_soap(peer: Peer) -> None:
    client = peer.client("EnterpriseDataExchange_1_0_1_1")
    [service] = client.wsdl.services.values()
    assert sorted(service.ports) == ["EnterpriseDataExchange_1_0_1_1Soap", "EnterpriseDataExchange_1_0_1_1Soap12"]
    for port in service.ports:
        bound = client.bind(service.name, port)
        assert bound.Ping() in ("", None)
        assert bound.TestConnection(PLAN, "CON")["return"] is True
    names = set(service.ports["EnterpriseDataExchange_1_0_1_1Soap"].binding.all())
    assert len(names) == 9
    upload = peer.client("EnterpriseDataUpload_1_0_1_1")
    [port] = [port for name, port in next(iter(upload.wsdl.services.values())).ports.items() if name.endswith("Soap")]
    assert set(port.binding.all()) == {"Ping", "TestConnection", "PutFilePart", "PutData", "PutDataActionResult"}


def test_the_services_need_the_user_of_the_base(peer: Peer) -> None:
    address = f"{peer.root}EnterpriseDataExchange_1_0_1_1.1cws?wsdl"
    assert requests.get(address, timeout=5).status_code == 401
    assert peer.session.get(f"{peer.root}Other.1cws?wsdl").status_code == 404


def test_an_unknown_node_is_no_connection(peer: Peer) -> None:
    answer = peer.service.TestConnection(PLAN, "XXX")
    assert answer["return"] is False
    assert answer.ErrorMessage.startswith("Заданный узел")
    assert peer.service.TestConnection("Другой", "CON")["return"] is False


@pytest.mark.parametrize(
    "body",
    [
        b"<x",
        b"<x/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>',
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><Ping/></e:Body></e:Envelope>',
    ],
)
def test_what_is_no_call_is_a_fault(peer: Peer, body: bytes) -> None:
    answer = peer.session.post(f"{peer.root}EnterpriseDataExchange_1_0_1_1.1cws", data=body)
    assert answer.status_code == 500
    assert etree.fromstring(answer.content).findtext(".//faultstring")


def test_a_fault_of_soap_12_has_its_own_form(peer: Peer) -> None:
    body = b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>'
    answer = peer.session.post(f"{peer.root}EnterpriseDataExchange_1_0_1_1.1cws", data=body)
    assert answer.headers["Content-Type"].startswith("application/soap+xml")
    assert etree.fromstring(answer.content).findtext(".//{*}Reason/{*}Text")


# putting data --------------------------------------------------------------------------------------------------


def test_a_message_is_put_in_parts_and_loaded(peer: Peer) -> None:
    data = zipped(message(customer(GUID, "Рога")))
    assert peer.put(data, parts=3) == ("Completed", "")
    stored = peer.exchange.objects(CUSTOMERS)
    assert list(stored) == [GUID]
    assert "Рога" in stored[GUID]
    assert peer.node()["ReceivedNo"] == "1"


def test_the_same_object_again_is_the_same_object(peer: Peer) -> None:
    peer.put(zipped(message(customer(GUID, "Рога"))))
    peer.put(zipped(message(customer(GUID, "Копыта"), MessageNo=2)))
    assert list(peer.exchange.objects(CUSTOMERS)) == [GUID]
    assert "Копыта" in peer.exchange.objects(CUSTOMERS)[GUID]


def test_a_message_of_an_earlier_number_is_refused_and_its_body_ignored(peer: Peer) -> None:
    peer.put(zipped(message(MessageNo=5)))
    for number in (5, 4):
        status, error = peer.put(zipped(message(customer(GUID, "Рога"), MessageNo=number)))
        assert status == "Failed"
        assert "ранее принято" in error
    assert peer.exchange.objects(CUSTOMERS) == {}
    assert peer.node()["ReceivedNo"] == "5"


def test_a_message_without_a_number_is_loaded_and_never_acknowledged(peer: Peer) -> None:
    for number in (0, -1, None):
        assert peer.put(zipped(message(customer(GUID, "Рога"), MessageNo=number)))[0] == "Completed"
    assert peer.node()["ReceivedNo"] == "0"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped(message(To="OTHER")), "178"),
        (zipped(message(From="OTHER")), "Отправитель"),
        (zipped(message(confirmation=None)), "Confirmation"),
        (zipped(message(version="1.99")), "1.99"),
        (zipped(b"<Message/>"), "не является"),
        (zipped(b"<Message>"), "XML"),
        (zipped(b'<!DOCTYPE Message [<!ENTITY x "y">]><Message/>'), "XML"),
        (b"no zip at all", "zip"),
    ],
)
def test_what_cannot_be_taken_is_a_job_that_failed(peer: Peer, data: bytes, said: str) -> None:
    status, error = peer.put(data)
    assert status == "Failed"
    assert said in error
    assert peer.node()["ReceivedNo"] == "0"


def test_a_message_of_settings_only_agrees_on_the_version_and_loads_nothing(peer: Peer) -> None:
    plain = message(customer(GUID, "Рога")).replace(
        f"<msg:Format>{FORMAT}/1.8".encode(), f"<msg:Format>{FORMAT}".encode()
    )
    assert peer.put(zipped(plain))[0] == "Completed"
    assert peer.exchange.objects(CUSTOMERS) == {}
    peer.exchange.put(customer(GUID, "Рога"))
    assert header(peer.get()[2], "Format") == f"{FORMAT}/1.10"


def test_a_removed_object_is_said_by_its_reference(peer: Peer) -> None:
    peer.put(zipped(message(customer(GUID, "Рога"))))
    named = f"<КонтрагентыСсылка>{GUID}</КонтрагентыСсылка>"
    for _ in range(2):
        named = f"<СсылкаНаОбъект>{named}</СсылкаНаОбъект>"
    peer.put(zipped(message(f"<УдалениеОбъекта>{named}</УдалениеОбъекта>", MessageNo=2)))
    assert peer.exchange.objects(CUSTOMERS) == {}


def test_parts_without_a_number_are_the_first_and_a_gap_is_a_fault(peer: Peer) -> None:
    data = zipped(message(customer(GUID, "Рога")))
    peer.service.PutFilePart("f", 2, b"old")
    with pytest.raises(Fault, match="не обнаружен"):
        peer.service.PutData(PLAN, "CON", "f")
    for number in (None, 0, 1):
        peer.service.PutFilePart(f"g{number}", number, data)
        started = peer.service.PutData(PLAN, "CON", f"g{number}")
        assert peer.result(started.OperationID)[0] in ("Completed", "Failed")
        assert list(peer.exchange.objects(CUSTOMERS)) == [GUID]
    with pytest.raises(Fault, match="ни один фрагмент"):
        peer.service.PutData(PLAN, "CON", "g1")  # the file is gone once it was put
    with pytest.raises(Fault, match="идентификатор"):
        peer.service.PutFilePart("", 1, data)


def test_a_job_of_an_unknown_node_fails_and_an_unknown_job_is_canceled(peer: Peer) -> None:
    peer.service.PutFilePart("f", 1, zipped(message()))
    status, error = peer.result(peer.service.PutData(PLAN, "XXX", "f").OperationID)
    assert (status, "не найден" in error) == ("Failed", True)
    assert peer.result("00000000-0000-0000-0000-000000000000") == ("Canceled", "")
    prepared = peer.service.PrepareDataActionResult("00000000-0000-0000-0000-000000000000")["return"]
    assert (prepared.Status, prepared.PartCount) == ("Canceled", 0)


# getting data --------------------------------------------------------------------------------------------------


def test_changes_are_got_in_parts_until_they_are_acknowledged_by_number(peer: Peer) -> None:
    other = GUID.replace("8", "9")
    peer.exchange.put(customer(GUID, "Рога &amp; Копыта " + "я" * 3000))
    file, _, first = peer.get()
    assert (header(first, "MessageNo"), header(first, "ReceivedNo")) == ("1", "0")
    assert (header(first, "From"), header(first, "To")) == ("UT", "CON")
    assert tags(first) == [CUSTOMERS]
    peer.exchange.put(customer(other, "Другой"))
    _, _, second = peer.get()
    assert (header(second, "MessageNo"), len(tags(second))) == ("2", 2)
    peer.service.ConfirmGettingFile(file, True)
    assert len(tags(peer.get()[2])) == 2  # taking a file away acknowledges nothing
    peer.put(zipped(message(MessageNo=1, ReceivedNo=1)))
    fourth = peer.get()[2]
    assert (len(tags(fourth)), header(fourth, "ReceivedNo")) == (1, "1")
    peer.put(zipped(message(MessageNo=2, ReceivedNo=4)))
    assert tags(peer.get()[2]) == []


def test_an_object_that_changes_after_it_was_sent_is_sent_again(peer: Peer) -> None:
    peer.exchange.put(customer(GUID, "Рога"))
    peer.get()
    peer.exchange.put(customer(GUID, "Копыта"))
    peer.put(zipped(message(ReceivedNo=1)))
    assert tags(peer.get()[2]) == [CUSTOMERS]
    peer.exchange.delete(CUSTOMERS, GUID)
    gone = next(etree.fromstring(peer.get()[2]).iter("{*}УдалениеОбъекта"))
    assert gone.findtext(".//{*}КонтрагентыСсылка") == GUID


def test_a_large_message_comes_in_parts_of_the_asked_size(peer: Peer) -> None:
    dice = peer.world.random("noise")
    for number in range(60):
        name = "".join(chr(dice.randint(0x410, 0x44F)) for _ in range(200))
        peer.exchange.put(customer(f"{number:08d}{GUID[8:]}", name))
    file, parts, whole = peer.get(size=4)
    assert parts > 2
    assert len(tags(whole)) == 60
    assert len(peer.service.GetDataPart(file, 1)["return"]) == 4096
    missing = peer.service.GetDataPart(file, parts + 1)
    assert (missing["return"], missing.ErrorMessage) == (None, "Часть файла с указанным номером не найдена.")
    peer.service.ConfirmGettingFile(file, False)
    assert peer.service.GetDataPart(file, 1)["return"] is None


def test_the_upload_service_knows_no_node_and_no_number(peer: Peer) -> None:
    service = peer.client("EnterpriseDataUpload_1_0_1_1").service
    assert service.TestConnection()["return"] is True
    for _ in range(2):
        service.PutFilePart("u", None, zipped(message(customer(GUID, "Рога"), confirmation=None)))
        started = service.PutData("u")
        assert [service.PutDataActionResult(started.OperationID)["return"] for _ in range(2)] == ["Active", "Completed"]
    assert list(peer.exchange.objects(CUSTOMERS)) == [GUID]
    assert peer.node()["ReceivedNo"] == "0"


def test_a_lost_answer_leaves_a_message_that_was_taken(peer: Peer) -> None:
    data = zipped(message(customer(GUID, "Рога")))
    peer.service.PutFilePart("f", 1, data)
    fault = {"endpoint": "EnterpriseDataExchange_1_0_1_1", "fault": "timeout_after", "count": 1}
    requests.post(f"{peer.world.url}/_sandbox/faults", json=fault, timeout=5)
    with pytest.raises(requests.ConnectionError):
        peer.service.PutData(PLAN, "CON", "f")
    assert peer.node()["ReceivedNo"] == "1"
    status, error = peer.put(data)
    assert (status, "ранее принято" in error) == ("Failed", True)
    assert list(peer.exchange.objects(CUSTOMERS)) == [GUID]

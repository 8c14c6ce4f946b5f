"""The base that synchronises through a folder is as strict as 1C, whoever writes to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.sandbox.onec.messages import MESSAGE, Failed, read_message
from connector.sandbox.onec.profiles import PLAN
from connector.sandbox.onec_folder import BEFORE, FolderPeer

KIND = "Справочник.Контрагенты"
KEY = "8d04ce3c-6360-11e9-8d92-fa163e8ba11d"
NAME, SEX = "<Наименование>Рога</Наименование>", "<ЮридическоеФизическоеЛицо>ФизическоеЛицо</ЮридическоеФизическоеЛицо>"
WHOLE = f"<{KIND}><КлючевыеСвойства><Ссылка>{KEY}</Ссылка>{NAME}{SEX}</КлючевыеСвойства></{KIND}>"


@pytest.fixture
def peer(tmp_path: Path) -> FolderPeer:
    return FolderPeer(tmp_path)


def tells(peer: FolderPeer, *objects: str, **changes: Any) -> None:
    """The partner leaves a message, typed in by hand."""
    said = {
        "ExchangePlan": PLAN,
        "To": "УТ",
        "From": "CON",
        "MessageNo": 1,
        "ReceivedNo": 0,
        "version": "1.8",
        **changes,
    }
    version = said.pop("version")
    space = f"http://v8.1c.ru/edi/edi_stnd/EnterpriseData/{version}"
    confirmation = "".join(f"<m:{name}>{value}</m:{name}>" for name, value in said.items())
    header = f"<m:Format>{space}</m:Format><m:Confirmation>{confirmation}</m:Confirmation>"
    available = "<m:AvailableVersion>1.8</m:AvailableVersion><m:AvailableVersion>1.10</m:AvailableVersion>"
    body = f'<Body xmlns="{space}">{"".join(objects)}</Body>'
    text = f'<Message xmlns:m="{MESSAGE}"><m:Header>{header}{available}</m:Header>{body}</Message>'
    peer.their_file.write_text(text, encoding="utf-8")


def test_it_takes_a_message_once_in_its_own_spelling_and_confirms_it(peer: FolderPeer) -> None:
    tells(peer, WHOLE.replace(f"</{KIND}>", f"<ДополнительнаяИнформация>Важно</ДополнительнаяИнформация></{KIND}>"))
    assert peer.take() == 1
    stored = peer.objects[KIND][KEY]
    assert "ВнутреннийКод" in stored and "Важно" not in stored
    assert peer.take() == 0 and peer.said == [f"{BEFORE}: 1"]
    header, body = read_message(peer.leave().read_bytes())
    assert (header.received, header.number, header.version, body) == (1, 1, "1.10", [])


@pytest.mark.parametrize(
    "wrong",
    [
        WHOLE.replace(f"{NAME}{SEX}", f"{SEX}{NAME}"),
        WHOLE.replace(SEX, ""),
        WHOLE.replace(NAME, f"{NAME}<Отчество>Р</Отчество>"),
    ],
    ids=["order", "lacking", "unknown"],
)
def test_an_object_that_is_not_of_the_schema_stops_the_whole_load(peer: FolderPeer, wrong: str) -> None:
    tells(peer, WHOLE, wrong)
    with pytest.raises(Failed, match="XDTO"):
        peer.take()
    assert (peer.objects, peer.received) == ({}, 0)


@pytest.mark.parametrize(
    "changes",
    [{"To": "XX"}, {"From": "XX"}, {"ExchangePlan": "XX"}, {"version": "1.5"}, {"ReceivedNo": 5}],
    ids=["receiver", "sender", "plan", "version", "confirmation"],
)
def test_a_message_of_another_is_refused(peer: FolderPeer, changes: dict[str, Any]) -> None:
    tells(peer, WHOLE, **changes)
    with pytest.raises(Failed):
        peer.take()
    assert (peer.objects, peer.received) == ({}, 0)


def test_what_is_not_confirmed_is_sent_again(peer: FolderPeer) -> None:
    peer.put(WHOLE)
    assert [len(read_message(peer.leave().read_bytes())[1]) for _ in range(2)] == [1, 1]
    tells(peer, ReceivedNo=1)
    peer.take()
    assert read_message(peer.leave().read_bytes())[1] == []
    peer.delete(KIND, KEY)
    [gone] = read_message(peer.leave().read_bytes())[1]
    assert gone.tag.endswith("УдалениеОбъекта") and KEY in "".join(gone.itertext())


def test_a_reference_to_what_is_not_there_makes_something_up(peer: FolderPeer) -> None:
    owner = f"<Контрагент><Ссылка>{KEY}</Ссылка>{NAME}{SEX}</Контрагент>"
    keys = f"<Ссылка>{KEY[::-1]}</Ссылка><НомерКарты>1</НомерКарты><ВладелецКарты>{owner}</ВладелецКарты>"
    tells(peer, f"<Справочник.ДисконтныеКарты><КлючевыеСвойства>{keys}</КлючевыеСвойства></Справочник.ДисконтныеКарты>")
    peer.take()
    assert peer.made_up == [(KIND, KEY)]


def test_both_have_changed_it(peer: FolderPeer, tmp_path: Path) -> None:
    for wins, kept in (("theirs", "Рога"), ("ours", "Копыта")):
        base = FolderPeer(tmp_path, wins=wins)  # type: ignore[arg-type]
        base.put(WHOLE.replace("Рога", "Копыта"))
        tells(base, WHOLE)
        base.take()
        assert kept in base.objects[KIND][KEY]

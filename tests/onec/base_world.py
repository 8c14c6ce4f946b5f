"""One published base of 1C behind a real socket, with its users' hands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conftest import FrozenClock
from contract import Sample, Trouble, Verb, World, uid

from connector.resources import mappings_folder
from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sandbox.onec import writing
from connector.sandbox.onec.base import Base
from connector.systems.onec.changes import FULL_EVERY
from connector.systems.onec.odata import ODataAdapter
from connector.systems.onec.profile import Profile, load_profile
from connector.transport.auth import Basic
from connector.transport.http import Patience, Transport

PAGE = 4


def adapter_of(
    sandbox: Sandbox,
    clock: FrozenClock,
    profile: Profile,
    *,
    password: str | None = None,
    peer_code: str | None = None,
    full_every: int = FULL_EVERY,
) -> ODataAdapter:
    login = sandbox.credentials["onec"]
    url = sandbox.urls["onec"]
    transport = Transport(
        "buh",
        url,
        auth=Basic(login["login"], password or login["password"]),
        insecure=True,
        timeout=5,
        patience=Patience(attempts=3),
        clock=clock.monotonic,
        sleep=clock.sleep,
    )
    world = sandbox.worlds["onec"]
    return ODataAdapter(
        transport, profile, spoke="buh", base_url=url, peer_code=peer_code, full_every=full_every, now=world.time
    )


def profile_of(name: str, **changes: Any) -> Profile:
    return load_profile(name, (mappings_folder(),)).model_copy(update={"page": PAGE, **changes})


class BaseWorld(World):
    """The customers of one configuration; other entities are below."""

    entity = "customer"
    page_size = PAGE
    unknown_id = "00000000-0000-7000-8000-00000000dead"
    troubles = frozenset({"throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired"})
    resource = "Catalog_Контрагенты"
    paths = ("Description", "НаименованиеПолное", "ИНН", "КПП", "Комментарий", "DeletionMark", "КонтактнаяИнформация")
    phone_kind, email_kind = "ТелефонКонтрагента", "EmailКонтрагента"
    text_field = "Комментарий"

    def __init__(
        self,
        sandbox: Sandbox,
        clock: FrozenClock,
        profile: str,
        *,
        peer: str | None = None,
        full_every: int = FULL_EVERY,
        **changes: Any,
    ) -> None:
        self.world, self.clock = sandbox.worlds["onec"], clock
        self.base = Base(self.world)
        if profile == "bp30":
            self.email_kind = "EmailКонтрагенты"
        self.secrets = (sandbox.credentials["onec"]["password"],)
        self.profile = profile_of(profile, **changes)
        self.adapter = adapter_of(sandbox, clock, self.profile, peer_code=peer, full_every=full_every)

    # samples

    def sample(self, number: int) -> Sample:
        phone, email = f"+7916{number:07d}", f"guest{number}@example.com"
        inn = f"{7700000000 + number}"
        plain = {"Description": f"Гость {number}", "ИНН": inn, "КПП": "770101001", "Комментарий": ""}
        rows = [
            {"Тип": "Телефон", "Вид": self.phone_kind, "Представление": phone},
            {"Тип": "АдресЭлектроннойПочты", "Вид": self.email_kind, "Представление": email},
        ]
        keys = {"phone": phone, "email": email.upper(), "inn": f"{inn}/770101001", "id_1c": uid(number)}
        read = {**plain, "DeletionMark": False}
        return Sample(write={**plain, "КонтактнаяИнформация": rows}, read=read, keys=keys)

    def with_text(self, number: int, text: str) -> Sample:
        sample, field = self.sample(number), self.text_field
        kept = text if field == "Комментарий" else text[:100]  # 1C cuts what is too long, in silence
        return Sample(write={**sample.write, field: text}, read={**sample.read, field: kept}, keys=sample.keys)

    def change(self, number: int) -> Sample:
        return Sample(write={self.text_field: f"новое {number}"}, read={self.text_field: f"новое {number}"})

    # the users' hands

    def user_adds(self, sample: Sample) -> str:
        with self.world.lock:
            kind = self.base.configuration.kinds[self.resource]
            guid = sample.keys["id_1c"]
            body = {**self.described.where, **self._plain(sample.write, kind.resource), "Ref_Key": guid}
            return writing.create(self.base, kind, body, writing.Terms())

    def user_edits(self, external_id: str, change: Sample) -> None:
        with self.world.lock:
            kind = self.base.configuration.kinds[self.resource]
            writing.patch(self.base, kind, external_id, self._plain(change.write, kind.resource), writing.Terms())

    def user_removes(self, external_id: str) -> None:
        self.user_edits(external_id, Sample(write={"DeletionMark": True}, read={}))

    def _plain(self, values: Mapping[str, Any], resource: str) -> dict[str, Any]:
        """As a form of 1C writes it: kinds by their guids, rows numbered."""
        properties = {item.key for item in self.base.configuration.kinds[resource].properties}
        body = {name: value for name, value in values.items() if name in properties}
        rows = values.get("КонтактнаяИнформация")
        if rows is not None and self.base.configuration.kinds[resource].table("КонтактнаяИнформация"):
            body["КонтактнаяИнформация"] = [self._row(number, row) for number, row in enumerate(rows, 1)]
        return body

    def _row(self, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
        kinds = self.base.objects("Catalog_ВидыКонтактнойИнформации")
        guid = next(guid for guid, kind in kinds.items() if kind["PredefinedDataName"] == row["Вид"])
        text = str(row["Представление"])
        parts = {"НомерТелефона": text.strip("+")} if row["Тип"] == "Телефон" else {"АдресЭП": text}
        return {"LineNumber": str(number), "Тип": row["Тип"], "Вид_Key": guid, "Представление": text, **parts}

    # what is there

    @property
    def described(self) -> Any:
        return self.profile.entities[self.entity]

    def stored(self) -> dict[str, dict[str, Any]]:
        with self.world.lock:
            where = self.described.where.items()
            rows = self.base.objects(self.resource).items()
            return {guid: dict(row) for guid, row in rows if all(row.get(name) == value for name, value in where)}

    def own_marks(self, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"DataVersion": stored["DataVersion"]}

    # trouble

    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        action = {"create": "create", "update": "write"}.get(verb, "read")
        self.world.faults.add(Fault(f"{self.resource} {action}", name, count=count, seconds=seconds))

    def waited(self) -> float:
        return sum(self.clock.slept)

    # short ways

    def asked(self) -> list[str]:
        return [entry.endpoint for entry in self.world.log.entries()]


class PartnerWorld(BaseWorld):
    """УТ 11: a Партнер with his Контрагент."""

    resource = "Catalog_Партнеры"
    phone_kind, email_kind = "ТелефонПартнера", "EmailПартнера"

    def user_adds(self, sample: Sample) -> str:
        guid = super().user_adds(sample)
        with self.world.lock:
            kind = self.base.configuration.kinds["Catalog_Контрагенты"]
            own = {name: value for name, value in sample.write.items() if name in ("Description", "ИНН", "КПП")}
            writing.create(self.base, kind, {**own, "Партнер_Key": guid}, writing.Terms())
        return guid

    def stored(self) -> dict[str, dict[str, Any]]:
        with self.world.lock:
            its = {row["Партнер_Key"]: row for row in self.base.objects("Catalog_Контрагенты").values()}
            rows = self.base.objects(self.resource).items()
            fields = self.described.companion.fields
            return {guid: {**row, **{name: its.get(guid, {}).get(name, "") for name in fields}} for guid, row in rows}


class GroupWorld(BaseWorld):
    """Folders of counterparties."""

    entity = "group"
    paths = ("Description", "DeletionMark")
    text_field = "Description"

    def sample(self, number: int) -> Sample:
        plain = {"Description": f"Группа {number}"}
        return Sample(write=plain, read={**plain, "DeletionMark": False}, keys={"id_1c": uid(number)})

    def stored(self) -> dict[str, dict[str, Any]]:
        return {guid: {k: v for k, v in row.items() if v is not None} for guid, row in super().stored().items()}


class SegmentWorld(GroupWorld):
    """Segments of partners: УТ 11 makes them by its own rules, so they are only read."""

    resource = "Catalog_СегментыПартнеров"


class CardWorld(BaseWorld):
    """Discount cards."""

    entity = "card"
    text_field = "Description"

    def __init__(self, sandbox: Sandbox, clock: FrozenClock, profile: str, **changes: Any) -> None:
        super().__init__(sandbox, clock, profile, **changes)
        self.resource = self.described.resource
        self.code, self.barcode = {
            "ut11": ("МагнитныйКод", "Штрихкод"),
            "unf": ("КодКартыМагнитный", "КодКартыШтрихкод"),
        }[profile]
        self.paths = ("Description", self.code, self.barcode, "DeletionMark")

    def sample(self, number: int) -> Sample:
        code, barcode = f"{100000 + number}", f"{4600000000000 + number}"
        plain = {"Description": f"Карта {number}", self.code: code, self.barcode: barcode}
        keys = {"card_uid": code, "barcode": barcode, "id_1c": uid(number)}
        return Sample(write=plain, read={**plain, "DeletionMark": False}, keys=keys)

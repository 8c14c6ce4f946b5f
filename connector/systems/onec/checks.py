"""`connector check` of a base: reachable, let in, ticked in «Состав», described as the profile says. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from connector.errors import ConnectorError, Forbidden, RejectedError
from connector.locale import N_, Sentence
from connector.systems.base import Check
from connector.systems.onec.changes import Plan
from connector.systems.onec.errors import error_of
from connector.systems.onec.metadata import Metadata
from connector.systems.onec.names import title_of
from connector.systems.onec.profile import EntityProfile, Profile
from connector.systems.onec.wire import Wire
from connector.transport.messages import Request

_TOLERANCE: Final = 120.0
_OWN: Final = ("Ref_Key", "DataVersion", "DeletionMark")

_IN_FORCE: Final = N_("the profile in force is {file}")
_NOT_TICKED: Final = N_(
    "{resource} is not ticked. In 1C open {menu}, page «Состав», press «Загрузить метаданные», tick it, and press"
    " «Сохранить и закрыть»"
)
_NO_PLAN: Final = N_(
    "{plan} is not ticked, so everything is read every time. To read only what changed, open {menu} in 1C, page"
    " «Состав», and tick it"
)
_NO_RIGHT: Final = N_(
    "everything is read every time, for 1C does not let this user see what changed: {reason}. Give it the right to read"
    " and to change {plan}"
)
_TOLD: Final = N_(
    "{plan} tells what changed. Which objects it registers cannot be seen from outside: make sure that it holds"
    " {objects}"
)
_FIRST: Final = N_(
    "{plan} has our node, and nothing was fetched from it yet: look here again after two more runs. Which objects it"
    " registers cannot be seen from outside: make sure that it holds {objects}"
)
_LACKING: Final = N_("{resource} has no {fields}: correct the mapping or the profile")


def check_base(
    wire: Wire,
    profile: Profile,
    entities: Mapping[str, Sequence[str]],
    *,
    now: Callable[[], float],
    describe: Callable[[], Metadata],
    file: Path | None = None,
    plan: Plan | None = None,
) -> list[Check]:
    """Every line in order; after the first thing that stops everything nothing more is asked.

    `file` is the profile that is in force, `plan` our node where one is configured.
    """
    checks = [] if file is None else [Check(name="profile", ok=True, text=Sentence(_IN_FORCE, file=file))]
    try:
        checks.append(_reachable(wire, now))
        metadata = describe()
    except ConnectorError as error:
        return [*checks, Check(name="credentials", ok=False, text=error.sentence)]
    checks += _composition(profile, entities, metadata)
    if plan is not None:
        checks.append(_changes(profile, plan, entities, metadata))
    for entity, paths in entities.items():
        checks += _entity(wire, profile, entity, paths, metadata)
    return checks


def _reachable(wire: Wire, now: Callable[[], float]) -> Check:
    """The list of resources is the cheapest thing a base can be asked; its Date tells the clock."""
    request = Request(endpoint="service document", path="/", query=[("$format", "json")])
    response = wire.transport.send(request)
    if not response.ok:
        raise error_of(response, "standard.odata")
    moment = response.headers.get("date")
    try:
        skew = None if moment is None else parsedate_to_datetime(moment).timestamp() - now()
    except ValueError:
        skew = None
    if skew is not None and abs(skew) > _TOLERANCE:
        text = Sentence(N_("its clock differs from ours by {seconds} seconds"), seconds=round(skew))
        return Check(name="clock", ok=True, warning=True, text=text)
    return Check(name="credentials", ok=True, text=Sentence(N_("the base answers and lets this user in")))


def _composition(profile: Profile, entities: Iterable[str], metadata: Metadata) -> Iterator[Check]:
    """What is not ticked in «Состав» of that which these entities need."""
    for resource in profile.resources(entities):
        if resource not in metadata:
            text = Sentence(_NOT_TICKED, resource=title_of(resource), menu=profile.menu)
            is_spare = resource == profile.contacts.kinds
            yield Check(name="composition", ok=is_spare, warning=is_spare, text=text)


def _changes(profile: Profile, plan: Plan, entities: Iterable[str], metadata: Metadata) -> Check:
    """Whether 1C registers changes for us. Where it does not, everything is read: slower, and nothing is missed."""
    facts = {"plan": title_of(plan.resource), "menu": profile.menu}
    if plan.resource not in metadata:
        return Check(name="changes", ok=True, warning=True, text=Sentence(_NO_PLAN, **facts))
    try:
        text = _TOLD if plan.prove() else _FIRST
    except (RejectedError, Forbidden) as error:
        return Check(name="changes", ok=True, warning=True, text=Sentence(_NO_RIGHT, **facts, reason=error.sentence))
    except ConnectorError as error:
        return Check(name="changes", ok=False, text=error.sentence)
    held = dict.fromkeys(title_of(one) for entity in entities for one in profile.objects(entity))
    return Check(name="changes", ok=True, text=Sentence(text, **facts, objects=", ".join(held)))


def _entity(wire: Wire, profile: Profile, entity: str, paths: Sequence[str], metadata: Metadata) -> Iterator[Check]:
    described = profile.entities.get(entity)
    if described is None:
        text = Sentence(N_("this configuration has no {entity}"), entity=entity)
        yield Check(name=f"{entity}: profile", ok=True, warning=True, text=text)
        return
    if described.resource not in metadata:
        return
    for resource, names in _named(profile, described, paths):
        lacking = metadata.lacking(resource, names) if resource in metadata else ()
        if lacking:
            text = Sentence(_LACKING, resource=title_of(resource), fields=", ".join(lacking))
            yield Check(name=f"{entity}: fields", ok=False, text=text)
    yield _readable(wire, entity, described)


def _named(profile: Profile, entity: EntityProfile, paths: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every property that the mapping or the profile names, by the resource that must have it."""
    looks = entity.find.values()
    looked = [name for look in looks for name in (*look.fields, look.second) if name is not None]
    table = [profile.contacts.table] if any(look.contact for look in looks) else []
    marker = [entity.marker] if entity.marker is not None else []
    wanted = [*_OWN, *entity.where, *entity.defaults, *entity.keys, *entity.required, *looked, *table, *marker, *paths]
    its = () if entity.companion is None else entity.companion.fields
    yield entity.resource, tuple(dict.fromkeys(name for name in wanted if name not in its))
    if entity.companion is not None:
        own = (entity.companion.key, *entity.companion.same, *entity.companion.fixed)
        yield entity.companion.resource, tuple(dict.fromkeys((*own, *(name for name in wanted if name in its))))
    for look in entity.keys.values():
        yield look.resource, (look.by or "Description",)


def _readable(wire: Wire, entity: str, described: EntityProfile) -> Check:
    """The right to read, proved by reading one object."""
    try:
        wire.rows(described.resource, select=("Ref_Key",), top=1)
    except ConnectorError as error:
        return Check(name=f"{entity}: rights", ok=False, text=error.sentence)
    text = Sentence(N_("{resource} can be read"), resource=title_of(described.resource))
    return Check(name=f"{entity}: rights", ok=True, text=text)

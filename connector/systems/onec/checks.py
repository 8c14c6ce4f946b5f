"""`connector check` of a base: reachable, let in, ticked in «Состав», described as the profile says. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Final

from connector.errors import ConnectorError
from connector.locale import N_, Sentence
from connector.systems.base import Check
from connector.systems.onec.errors import error_of
from connector.systems.onec.metadata import Metadata
from connector.systems.onec.names import title_of
from connector.systems.onec.profile import EntityProfile, Profile
from connector.systems.onec.wire import Wire
from connector.transport.messages import Request

_TOLERANCE: Final = 120.0
_OWN: Final = ("Ref_Key", "DataVersion", "DeletionMark")


def check_base(
    wire: Wire,
    profile: Profile,
    entities: Mapping[str, Sequence[str]],
    now: Callable[[], float],
    describe: Callable[[], Metadata],
) -> list[Check]:
    """Every line in order; after the first thing that stops everything nothing more is asked."""
    try:
        checks = [_reachable(wire, now)]
        metadata = describe()
    except ConnectorError as error:
        return [Check(name="credentials", ok=False, text=error.sentence)]
    checks += _composition(profile, entities, metadata)
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
            text = N_("{resource} is not ticked on the page «Состав» of «Настройка стандартного интерфейса OData»")
            is_needed = resource != profile.contacts.kinds
            yield Check(
                name="composition", ok=not is_needed, warning=True, text=Sentence(text, resource=title_of(resource))
            )
    if profile.exchange_plan is not None and profile.exchange_plan not in metadata:
        text = N_("{resource} is not offered: changes are found by reading everything")
        yield Check(
            name="composition", ok=True, warning=True, text=Sentence(text, resource=title_of(profile.exchange_plan))
        )


def _entity(wire: Wire, profile: Profile, entity: str, paths: Sequence[str], metadata: Metadata) -> Iterator[Check]:
    described = profile.entities.get(entity)
    if described is None:
        text = Sentence(N_("this configuration has no {entity}"), entity=entity)
        yield Check(name=f"{entity}: profile", ok=True, warning=True, text=text)
        return
    if described.resource not in metadata:
        return
    lacking = _lacking(described, paths, metadata)
    if lacking:
        text = Sentence(
            N_("{resource} has no {fields}: correct the mapping or the profile"),
            resource=title_of(described.resource),
            fields=", ".join(lacking),
        )
        yield Check(name=f"{entity}: fields", ok=False, text=text)
    yield _readable(wire, entity, described)


def _lacking(described: EntityProfile, paths: Sequence[str], metadata: Metadata) -> list[str]:
    """Mapped, fixed and looked-up properties that the base does not have."""
    companion = described.companion
    its = () if companion is None else companion.fields
    mine = [*_OWN, *described.where, *described.defaults, *(path for path in paths if path not in its)]
    lacking = metadata.lacking(described.resource, tuple(dict.fromkeys(mine)))
    if companion is not None and companion.resource in metadata:
        wanted = (companion.key, *(path for path in paths if path in its))
        lacking += metadata.lacking(companion.resource, wanted)
    return lacking


def _readable(wire: Wire, entity: str, described: EntityProfile) -> Check:
    """The right to read, proved by reading one object."""
    try:
        wire.rows(described.resource, select=("Ref_Key",), top=1)
    except ConnectorError as error:
        return Check(name=f"{entity}: rights", ok=False, text=error.sentence)
    text = Sentence(N_("{resource} can be read"), resource=title_of(described.resource))
    return Check(name=f"{entity}: rights", ok=True, text=text)

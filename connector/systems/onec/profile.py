"""A profile: how one 1C configuration calls the things we know.

`mappings/profiles/<name>/profile.yaml` says per entity which OData resource holds it, which fixed properties tell it
from its neighbours in the same resource (folders are groups), what a new one must be given, by which properties it can
be found, and which properties live in a companion object that is read and written together with it (in УТ 11 a
customer is a Партнер with his Контрагент). The raw keys of the entity's mapping are the 1C properties of the resource,
those of the companion, and the table part of contact information.

Names are general knowledge of the configurations (1c.md, section 8); `check` compares them with the base's own
`$metadata`, for every base may differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from connector.config.accounts import PlanName
from connector.errors import ConfigError
from connector.locale import N_
from connector.yamlfile import Strict, Wrong, read, unknown_word

Scalar = str | int | bool


class Lookup(Strict):
    """How a key is found: equal to one of the properties, or in a row of contact information of this type.

    With `second` a key of two parts is meant, `7701234567/770101001`, the second empty where there is none.
    """

    fields: tuple[str, ...] = Field(default=(), max_length=2)
    second: str | None = None
    contact: Literal["phone", "email"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.fields) == (self.contact is not None):
            raise Wrong(N_("a key is found either by fields or by contact information"))
        return self


class Companion(Strict):
    """A second object that belongs to each record: the property that refers to the record, and what lives in it.

    `fields` are the top-level raw keys read from and written to it; it is made when one of them is first written.
    `same` are the properties that a new companion takes over from the record. Of several the first by key that is not
    marked deleted is taken.
    """

    resource: str
    key: str
    fields: tuple[str, ...]
    same: tuple[str, ...] = ()
    fixed: Mapping[str, Scalar] = Field(default_factory=dict)


class KeyLookup(Strict):
    """How a property of a new object that holds a reference gets its key.

    What the record tells (an INN, a name) is looked up in `resource` by the property `by`; untold, by the key that the
    property `from` of the new object holds, else by `value`; with neither the only object there is. An `optional` one
    stays empty where there is none.
    """

    resource: str
    by: str | None = None
    value: str | None = None
    from_: str | None = Field(default=None, alias="from")
    optional: bool = False


class EntityProfile(Strict):
    """One canonical entity in this configuration."""

    resource: str
    where: Mapping[str, bool] = Field(default_factory=dict)  # tells it from its neighbours in the same resource
    defaults: Mapping[str, Scalar] = Field(default_factory=dict)  # what a new one is given unless the mapping says else
    required: Mapping[str, str] = Field(default_factory=dict)  # property -> canonical field: no create without them
    find: Mapping[str, Lookup] = Field(default_factory=dict)  # scheme -> how
    companion: Companion | None = None
    keys: Mapping[str, KeyLookup] = Field(default_factory=dict)  # property -> where its key is looked up
    marker: str | None = None  # the text property that also carries our uid, for a base that gives keys of its own
    create: bool = True
    update: bool = True


class Column(Strict):
    """A property that holds references of several types, of which only these of `of` are meant."""

    property: str
    of: str


class RegisterTable(Strict):
    """A virtual table of a register: which properties are keys and figures, by the words we have for them.

    For a register of accounting `accounts` are the beginnings of the codes in `chart` that are meant.
    """

    resource: str
    table: Literal["Balance", "SliceLast"] = "Balance"
    keys: Mapping[str, str | Column]
    figures: Mapping[str, str]
    accounts: tuple[str, ...] = ()
    chart: str | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.accounts) != (self.chart is not None):
            raise Wrong(N_("“accounts” and “chart” go together"))
        return self


class Contacts(Strict):
    """The table part of contact information and the catalogue of its kinds.

    `names` are the properties of a kind that may hold its programmatic name, the best first. `phone` and `email` are
    the values of the property Тип.
    """

    table: str = "КонтактнаяИнформация"
    kinds: str = "Catalog_ВидыКонтактнойИнформации"
    names: tuple[str, ...] = ("PredefinedDataName", "ИмяПредопределенногоВида", "Description")
    phone: str = "Телефон"
    email: str = "АдресЭлектроннойПочты"


class Profile(Strict):
    """A whole configuration."""

    profile: str
    title: str
    entities: Mapping[str, EntityProfile]
    contacts: Contacts = Contacts()
    registers: Mapping[Literal["settlements", "stock", "prices"], RegisterTable] = Field(default_factory=dict)
    menu: str = (
        "«Настройки стандартного интерфейса OData»"  # how a person gets there, in the words of this configuration
    )
    exchange_plan: PlanName | None = None  # the one that registers changes, for an account that has a peer_code
    page: int = Field(default=1000, ge=2)
    keeps_reference: bool = True  # a new object takes the GUID we choose

    def objects(self, entity: str) -> tuple[str, ...]:
        """The resources whose objects are this entity's records."""
        described = self.entities.get(entity)
        if described is None:
            return ()
        return tuple(part.resource for part in (described, described.companion) if part is not None)

    def resources(self, entities: Iterable[str] | None = None) -> tuple[str, ...]:
        """Every resource that these entities use (all unless named), each once: what must be ticked in «Состав»."""
        wanted = self.entities if entities is None else [name for name in entities if name in self.entities]
        described = [self.entities[name] for name in wanted]
        used = dict.fromkeys(entity.resource for entity in described)
        used |= dict.fromkeys(entity.companion.resource for entity in described if entity.companion)
        used |= dict.fromkeys(look.resource for entity in described for look in entity.keys.values())
        return (*used, self.contacts.kinds)


FILE: Final = "profile.yaml"


def load_profile(name: str, folders: Sequence[Path], known: Sequence[str] = ()) -> Profile:
    """The profile of this name; the first of these folders of mappings that has it wins.

    `known` are the entities there are, where the caller knows them. ConfigError says what is wrong, with file, line and
    column.
    """
    document = read(profile_file(name, folders))
    profile: Profile = document.build(Profile)
    if profile.profile != name:
        raise document.error(N_("this file must say “{word}: {expected}”"), "profile", word="profile", expected=name)
    for entity in profile.entities:
        if known and entity not in known:
            sentence = unknown_word(entity, known)
            raise document.error(sentence.text, "entities", entity, **sentence.facts)
    return profile


def profile_file(name: str, folders: Sequence[Path]) -> Path:
    """The file that is in force. ConfigError when no folder has one."""
    inner = Path("profiles", name, FILE)
    for folder in folders:
        if (folder / inner).is_file():
            return folder / inner
    raise ConfigError(N_("there is no mapping {name}"), name=inner.as_posix())


def schemas() -> dict[str, dict[str, Any]]:
    """File name -> JSON Schema of a profile, for completion and hints in an editor."""
    schema = TypeAdapter(Profile).json_schema()
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"profile.schema.json": {"$schema": draft, **schema, "title": "mappings/profiles/NAME/profile.yaml"}}

"""`mappings/routes.yaml`: who takes part in an entity, which way, and who decides; compiled to `model.routes`.

A line names a kind or an account; the account's own line wins. A kind's line reaches the accounts that have a mapping
for the entity; an account's own line demands one. Accounts of one 1C base are one spoke with one channel an entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StrictBool

from connector.config.accounts import CHANNELS, KINDS, Account
from connector.config.ledger import LedgerEntity, mirror_mistakes
from connector.errors import ConfigError
from connector.locale import N_, Sentence
from connector.model.records import ENTITIES, fields_of, is_ledger
from connector.model.routes import Brakes, Closed, Deletion, Direction, EntityRoutes, Route, Rule, RuleName, Scope
from connector.yamlfile import Document, Key, Strict, read, together, unknown_word

ROUTES: Final = "routes.yaml"
_DEFAULT: Final = "default"
_RULES: Final[dict[str, RuleName]] = {"latest": "latest", "manual": "manual", "union": "union", "none": "none"}
_OWNED_BY_1C: Final = "id_1c"
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class BrakesLine(Strict):
    """The most that one run may do on one route, from the second completed run on."""

    changes: Count = Brakes.changes
    share: Share = Brakes.share
    deactivations: Count = Brakes.deactivations
    deactivations_share: Share = Brakes.deactivations_share


class SpokeLine(Strict):
    """How one kind or one account takes part."""

    direction: Direction = "both"
    create: StrictBool = Field(default=False, description="records that are missing there are created")
    scope: list[Scope] = Field(default=["all"], min_length=1, description="which records go there; any word suffices")
    deletion: Deletion | None = Field(default=None, description="overrides the entity's")
    brakes: BrakesLine | None = Field(default=None, description="overrides the entity's")
    peers: StrictBool = Field(default=False, description="accounts of this kind feed each other too")


_PARTS: Final = frozenset(cls.part for cls in ENTITIES.values() if cls.part is not None)
_ROUTED: Final = [entity for entity in ENTITIES if entity not in _PARTS]
Names = Annotated[list[str], Field(description="kinds or account names")]


class RouteLine(Strict):
    """One entity."""

    entity: str = Field(json_schema_extra={"enum": list(_ROUTED)})
    spokes: dict[str, SpokeLine] = Field(default_factory=dict, description="by kind or by account name")
    from_: Names | None = Field(default=None, alias="from", description="where the facts of a ledger come from")
    to: Names | None = Field(default=None, description="where they are told, once each")
    closed: Closed | None = Field(default=None, description="what becomes of a document of a closed period")
    post: StrictBool | None = Field(default=None, description="whether documents are posted where they are told")
    back: list[str] | None = Field(default=None, description="which states are told back to where facts come from")
    authority: dict[str, str] = Field(default_factory=dict, description="field -> who decides; “default” for the rest")
    together: dict[str, list[str]] = Field(default_factory=dict, description="fields that move together")
    deletion: Deletion = "deactivate"
    brakes: BrakesLine = BrakesLine()
    clock_tolerance: float = Field(
        EntityRoutes.clock_tolerance, ge=0, description="seconds within which “latest” cannot tell"
    )


RoutesFile = list[RouteLine]


def compile_routes(path: Path, accounts: Iterable[Account], mappings: Sequence[Path]) -> tuple[EntityRoutes, ...]:
    """The routes of every entity, in dependency order. ConfigErrors holds every mistake with its place.

    `mappings` are the folders of mappings, the workspace's first. What a system cannot do is not known here: the
    engine refuses such a route when it loads.
    """
    document = read(path)
    lines: RoutesFile = document.build(RoutesFile)
    known = tuple(accounts)
    errors: list[ConfigError] = []
    compiled = {
        line.entity: _kind_of(line)(document, index, line, known, mappings, errors).routes()
        for index, line in enumerate(lines)
        if _is_entity(document, index, lines, errors)
    }
    if errors:
        raise together(errors)
    return tuple(compiled[entity] for entity in ENTITIES if entity in compiled)


def _kind_of(line: RouteLine) -> type[_Entity] | type[LedgerEntity]:
    return LedgerEntity if is_ledger(line.entity) else _Entity


def _is_entity(document: Document, index: int, lines: RoutesFile, errors: list[ConfigError]) -> bool:
    name = lines[index].entity
    if name not in _ROUTED:
        sentence = unknown_word(name, _ROUTED)
        errors.append(document.error(sentence.text, index, "entity", **sentence.facts))
        return False
    if any(earlier.entity == name for earlier in lines[:index]):
        errors.append(document.error(N_("“{entity}” stands in the file twice"), index, "entity", entity=name))
        return False
    return True


@dataclass(frozen=True)
class _Entity:
    """One entity on its way to EntityRoutes."""

    document: Document
    index: int
    line: RouteLine
    accounts: tuple[Account, ...]
    mappings: Sequence[Path]
    errors: list[ConfigError]

    def routes(self) -> EntityRoutes:
        line = self.line
        given = {"from": line.from_, "to": line.to, "closed": line.closed, "post": line.post, "back": line.back}
        spokes = line.spokes if "spokes" in line.model_fields_set else None
        self.errors.extend(mirror_mistakes(self.document, self.index, {**given, "spokes": spokes}))
        self._check_spokes()
        self._check_fields()
        routes = tuple(self._routes())
        authority = {field: self._rule(field, routes) for field in fields_of(self.line.entity)}
        self._check_together(authority)
        return EntityRoutes(
            entity=self.line.entity,
            routes=routes,
            authority=authority,
            together={name: tuple(fields) for name, fields in self.line.together.items()},
            clock_tolerance=self.line.clock_tolerance,
        )

    def _routes(self) -> Iterator[Route]:
        """One route a spoke, in the order of the accounts."""
        for spoke in dict.fromkeys(account.spoke for account in self.accounts):
            taking = [account for account in self.accounts if account.spoke == spoke and self._takes_part(account)]
            if taking:
                yield self._route(self._channel(spoke, taking))

    def _takes_part(self, account: Account) -> bool:
        line = self._line_of(account)
        if line is None or line.direction == "off":
            return False
        if self._has_mapping(account):
            return True
        if account.name in self.line.spokes and account.name not in KINDS:
            text = N_("there is no mapping of “{entity}” for the account “{account}”: {mapping} is missing")
            self._wrong(
                Sentence(text, entity=self.line.entity, account=account.name, mapping=self._mapping(account)),
                "spokes",
                account.name,
            )
        return False

    def _line_of(self, account: Account) -> SpokeLine | None:
        return self.line.spokes.get(account.name, self.line.spokes.get(account.kind))

    def _mapping(self, account: Account) -> str:
        folder = f"profiles/{account.dialect}" if account.dialect is not None else account.kind
        return f"{folder}/{self.line.entity}.yaml"

    def _has_mapping(self, account: Account) -> bool:
        return any((folder / self._mapping(account)).exists() for folder in self.mappings)

    def _channel(self, spoke: str, taking: Sequence[Account]) -> Account:
        """The account that carries this entity for its spoke: one named by its own line, else the ablest channel."""
        named = [account for account in taking if account.name in self.line.spokes]
        if len(named) > 1:
            names = ", ".join(account.name for account in named)
            text = N_("{accounts} are channels of one base “{base}”; an entity goes through one: turn the others off")
            self._wrong(Sentence(text, accounts=names, base=spoke), "spokes", named[-1].name)
        return min(named or taking, key=lambda account: CHANNELS.index(account.channel or CHANNELS[0]))

    def _route(self, account: Account) -> Route:
        line = self._line_of(account) or SpokeLine()
        return Route(
            entity=self.line.entity,
            spoke=account.spoke,
            account=account.name,
            kind=account.kind,
            profile=account.dialect,
            direction=line.direction,
            create=line.create,
            scope=tuple(dict.fromkeys(line.scope)),
            deletion=line.deletion or self.line.deletion,
            brakes=Brakes(**(line.brakes or self.line.brakes).model_dump()),
            peers=line.peers,
            stamp=account.stamp,
        )

    def _rule(self, field: str, routes: Sequence[Route]) -> Rule:
        """The field's own word, else the default's; where none of the named systems is read, a person decides.

        Balances belong to nobody and `id_1c` to 1C, unless the file says otherwise.
        """
        words = [word for key in (field, _DEFAULT) if (word := self.line.authority.get(key)) is not None]
        if field not in self.line.authority and field in ENTITIES[self.line.entity].read_only:
            return Rule("none")
        if field not in self.line.authority and field == _OWNED_BY_1C:
            words.insert(0, "onec")
        for word in words:
            if word in _RULES:
                return Rule(_RULES[word])
            spokes = frozenset(route.spoke for route in routes if route.reads and self._means(word, route))
            if spokes:
                return Rule("spokes", spokes)
        return Rule("manual")

    def _means(self, word: str, route: Route) -> bool:
        if word in KINDS:
            return route.kind == word
        return word == route.spoke or any(
            account.name == word and account.spoke == route.spoke for account in self.accounts
        )

    def _check_spokes(self) -> None:
        for name in self.line.spokes:
            if name not in self._names:
                self._wrong(unknown_word(name, self._names), "spokes", name)

    def _check_fields(self) -> None:
        known = fields_of(self.line.entity)
        words = [*_RULES, *self._names]
        for field, word in self.line.authority.items():
            if field not in (*known, _DEFAULT):
                self._wrong(unknown_word(field, [*known, _DEFAULT]), "authority", field)
            if word not in words:
                self._wrong(unknown_word(word, words), "authority", field)
        for name, fields in self.line.together.items():
            for position, field in enumerate(fields):
                if field not in known:
                    self._wrong(unknown_word(field, known), "together", name, position)

    def _check_together(self, authority: Mapping[str, Rule]) -> None:
        seen: dict[str, str] = {}
        for name, fields in self.line.together.items():
            for position, field in enumerate(fields):
                if field in seen:
                    text = N_("“{field}” already moves together with “{group}”")
                    self._wrong(Sentence(text, field=field, group=seen[field]), "together", name, position)
                seen[field] = name
            if len({authority[field] for field in fields if field in authority}) > 1:
                text = N_("fields that move together need one authority: {fields}")
                self._wrong(Sentence(text, fields=", ".join(fields)), "together", name)

    @property
    def _names(self) -> list[str]:
        """Every word for a system: kinds, accounts, bases."""
        return list(dict.fromkeys([*KINDS, *(a.name for a in self.accounts), *(a.spoke for a in self.accounts)]))

    def _wrong(self, sentence: Sentence, *keys: Key) -> None:
        self.errors.append(self.document.error(sentence.text, self.index, *keys, **sentence.facts))

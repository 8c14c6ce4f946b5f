"""The line of a ledger entity in `routes.yaml`: where its facts come from and where they are told; compiled.

    - entity: order
      from: [saplab, virtpos]      # read there: kinds or accounts
      to: [onec]                   # told there, once each; [] keeps them here, and tells nobody
      closed: refuse               # what becomes of a document of a closed period: refuse | correct | ask
      post: false                  # whether 1C posts what it was told
      back: []                     # which states go back to the sources, where these can take them: shipped, cancelled

A kind reaches the accounts that have a mapping for the entity, or for the rows that it is put together from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.config.accounts import CHANNELS, KINDS, Account
from connector.errors import ConfigError
from connector.locale import N_, Sentence
from connector.model.records import ENTITIES, fields_of, merged_fields
from connector.model.routes import Brakes, EntityRoutes, Route, Rule, RuleName
from connector.yamlfile import Document, Key, unknown_word

if TYPE_CHECKING:
    from connector.config.routes import RouteLine

_RULES: Final[dict[str, RuleName]] = {"latest": "latest", "manual": "manual"}
_DEFAULT: Final = "default"
_MIRROR_WORDS: Final = ("spokes", "together", "deletion")


@dataclass(frozen=True)
class LedgerEntity:
    """One ledger entity on its way to EntityRoutes."""

    document: Document
    index: int
    line: RouteLine
    accounts: Sequence[Account]
    mappings: Sequence[Path]
    errors: list[ConfigError]

    def routes(self) -> EntityRoutes:
        """The sources first, each read; then the targets, each read back and written. None where a side is lacking.

        Facts that are told to nobody on purpose (`to: []`) are read all the same.
        """
        self._check_words()
        sources = list(self._sources())
        taken = {route.spoke for route in sources}
        targets = list(self._targets(taken))
        found = (*sources, *targets) if sources and (targets or self.line.to == []) else ()
        spokes = frozenset(taken)
        return EntityRoutes(
            entity=self.line.entity,
            routes=found,
            authority={field: self._rule(field, found, spokes) for field in fields_of(self.line.entity)},
            together={},
            clock_tolerance=self.line.clock_tolerance,
            closed=self.line.closed or "refuse",
            post=bool(self.line.post),
            back=frozenset(self.line.back or ()),
        )

    # who takes part

    def _sources(self) -> Iterator[Route]:
        for account in self.accounts:
            entity = self._entity_of(account, "from", self.line.from_ or ())
            if entity is not None:
                yield self._route(account, entity)

    def _targets(self, taken: set[str]) -> Iterator[Route]:
        """One channel a spoke: one that is named itself, else the ablest."""
        words = self.line.to or ()
        able = [account for account in self.accounts if self._entity_of(account, "to", words) == self.line.entity]
        for spoke in dict.fromkeys(account.spoke for account in able):
            own = [account for account in able if account.spoke == spoke]
            named = [account for account in own if account.name in words]
            if spoke in taken:
                text = N_("“{account}” is both a source and a target; a fact is told to others only")
                self._wrong(Sentence(text, account=own[0].name), "to")
                continue
            if len(named) > 1:
                names = ", ".join(account.name for account in named)
                text = N_("{accounts} are channels of one base “{base}”; name one of them")
                self._wrong(Sentence(text, accounts=names, base=spoke), "to")
            best = min(named or own, key=lambda account: CHANNELS.index(account.channel or CHANNELS[0]))
            yield self._route(best, None)

    def _entity_of(self, account: Account, word: str, words: Sequence[str]) -> str | None:
        """The entity that is fed or told there; None when the account takes no part."""
        if account.name not in words and account.kind not in words:
            return None
        part = ENTITIES[self.line.entity].part if word == "from" else None
        for entity in (self.line.entity, *([part] if part is not None else [])):
            if self._has_mapping(account, entity):
                return entity
        if account.name in words and account.name not in KINDS:
            text = N_("there is no mapping of “{entity}” for the account “{account}”: {mapping} is missing")
            mapping = self._mapping(account, self.line.entity)
            sentence = Sentence(text, entity=self.line.entity, account=account.name, mapping=mapping)
            self._wrong(sentence, word, list(words).index(account.name))
        return None

    def _mapping(self, account: Account, entity: str) -> str:
        folder = f"profiles/{account.dialect}" if account.dialect is not None else account.kind
        return f"{folder}/{entity}.yaml"

    def _has_mapping(self, account: Account, entity: str) -> bool:
        return any((folder / self._mapping(account, entity)).exists() for folder in self.mappings)

    def _route(self, account: Account, fed: str | None) -> Route:
        """A source, where `fed` is what is read there; a target otherwise."""
        return Route(
            entity=self.line.entity,
            spoke=account.spoke,
            account=account.name,
            kind=account.kind,
            profile=account.dialect,
            direction="both" if fed is None else "read",
            create=fed is None,
            deletion="never",
            brakes=Brakes(**self.line.brakes.model_dump()),
            fed=fed,
        )

    # who decides

    def _rule(self, field: str, routes: Sequence[Route], sources: frozenset[str]) -> Rule:
        """Only the status flow is merged; where nothing is said the sources decide it, for they have the customer."""
        if field not in merged_fields(self.line.entity):
            return Rule("none")
        word = self.line.authority.get(field, self.line.authority.get(_DEFAULT))
        if word is None:
            return Rule("spokes", sources)
        if word in _RULES:
            return Rule(_RULES[word])
        spokes = frozenset(route.spoke for route in routes if word in (route.kind, route.account, route.spoke))
        return Rule("spokes", spokes) if spokes else Rule("manual")

    # what is wrong

    def _check_words(self) -> None:
        for word in _MIRROR_WORDS:
            if word in self.line.model_fields_set:
                text = N_("“{word}” is for records that several systems hold; {entity} has “from” and “to”")
                self._wrong(Sentence(text, word=word, entity=self.line.entity), word)
        for word, words in (("from", self.line.from_), ("to", self.line.to)):
            if words is None:
                self._wrong(Sentence(N_("a ledger route needs “from” and “to”: “{word}” is missing"), word=word))
            for position, name in enumerate(words or ()):
                if name not in self._names:
                    self._wrong(unknown_word(name, self._names), word, position)
        known = sorted(merged_fields(self.line.entity))
        for position, name in enumerate(self.line.back or ()):
            if name not in known:
                self._wrong(unknown_word(name, known), "back", position)
        self._check_authority()

    def _check_authority(self) -> None:
        known = [*sorted(merged_fields(self.line.entity)), _DEFAULT]
        words = [*_RULES, *self._names]
        for field, word in self.line.authority.items():
            if field not in known:
                self._wrong(unknown_word(field, known), "authority", field)
            if word not in words:
                self._wrong(unknown_word(word, words), "authority", field)

    @property
    def _names(self) -> list[str]:
        return list(dict.fromkeys([*KINDS, *(a.name for a in self.accounts), *(a.spoke for a in self.accounts)]))

    def _wrong(self, sentence: Sentence, *keys: Key) -> None:
        self.errors.append(self.document.error(sentence.text, self.index, *keys, **sentence.facts))


def mirror_mistakes(document: Document, index: int, given: Mapping[str, object]) -> Iterator[ConfigError]:
    """What only a ledger line may say, said of records that several systems hold."""
    for word in ("from", "to", "closed", "post", "back"):
        if given.get(word) is not None:
            text = N_("“{word}” is for facts of the ledger, such as order; here “spokes” says who takes part")
            yield document.error(text, index, word, word=word)
    if given.get("spokes") is None:
        yield document.error(N_("“spokes” is missing: who takes part in this entity"), index)

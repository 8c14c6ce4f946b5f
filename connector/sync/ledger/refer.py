"""Whom and what facts refer to, as a target knows it: people by their links, goods as `goods` finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.locale import N_, Sentence
from connector.store import Store
from connector.sync.ledger.goods import Goods
from connector.sync.ledger.tell import Lack, Target, with_vat
from connector.sync.ledger.view import LedgerView

Coming = Mapping[tuple[str, str, str], str]
"""(spoke, entity, uid) -> the operation of this plan that will create it there."""

_LINK: Final = N_("give it this article or name in {account}, or say which it is: connector links link {other} {place}")


class References:
    """What a chunk of facts refers to, asked for together."""

    def __init__(
        self, store: Store, goods: Goods, targets: Sequence[Target], views: Sequence[LedgerView], coming: Coming
    ) -> None:
        self.store = store
        self.goods = goods
        self.coming = coming
        self.late = self._understood(targets, views)
        self.known = self._known(targets, views)

    def _understood(self, targets: Sequence[Target], views: Sequence[LedgerView]) -> dict[tuple[str, str], str]:
        """(uid of the fact, field) -> whom its source means, met only since the fact was settled."""
        wanted: dict[tuple[str, str, str], dict[str, list[str]]] = {}
        for name, entity in _referring(targets):
            for view in views:
                if name in view.hub or view.source is None or not isinstance(raw := view.source.values.get(name), str):
                    continue
                wanted.setdefault((view.source.link.spoke, name, entity), {}).setdefault(raw, []).append(view.uid)
        found: dict[tuple[str, str], str] = {}
        for (spoke, name, entity), uids in wanted.items():
            known = self.store.crosswalk.resolve(spoke, entity, uids)
            found.update({(uid, name): known[raw] for raw, own in uids.items() if raw in known for uid in own})
        return found

    def _known(self, targets: Sequence[Target], views: Sequence[LedgerView]) -> set[tuple[str, str, str]]:
        """(spoke, entity, uid) of those that are there."""
        found: set[tuple[str, str, str]] = set()
        for target in targets:
            for name, entity in _referring([target]):
                uids = {uid for view in views if isinstance(uid := self.meant(view, name), str)}
                there = self.store.crosswalk.targets(target.route.spoke, entity, uids) if uids else {}
                found.update((target.route.spoke, entity, uid) for uid in there)
        return found

    def meant(self, view: LedgerView, name: str) -> str | None:
        """The uid of whom a fact refers to, as far as he is known."""
        uid: str | None = view.hub.get(name) or self.late.get((view.uid, name))
        return uid

    def people(self, view: LedgerView, target: Target, values: dict[str, Any]) -> tuple[list[str], list[Lack]]:
        """Put the uids into `values`: the operations that come first, and who is not there and does not come."""
        after: list[str] = []
        lacks: list[Lack] = []
        for name, entity in _referring([target]):
            uid = self.meant(view, name)
            if uid is None:
                lacks.append(_unknown(view, name))
                continue
            values[name] = uid
            key = (target.route.spoke, entity, uid)
            if key in self.coming:
                after.append(self.coming[key])
            elif key not in self.known:
                text = N_("its {field} is not in {system} yet")
                lacks.append(Lack(name, Sentence(text, system=target.route.account, field=name)))
        return after, lacks

    def goods_of(self, view: LedgerView, target: Target, values: dict[str, Any]) -> list[Lack]:
        """The lines whose good the target does not know, each with its own money. Raises what the adapter raises.

        Lines whose goods are known get the VAT that these have there.
        """
        lines = values.get("lines")
        if not isinstance(lines, list):
            return []
        if not target.links_goods:
            values["lines"] = with_vat(lines, {})
            return []
        found = self.goods.resolve(target.route, [line["product"] for line in lines if line.get("product")])
        values["lines"] = with_vat(lines, self.goods.rates(target.route, found.known))
        return [
            self._unfound(view, target, number, line, found.unknown[line["product"]])
            for number, line in enumerate(lines, 1)
            if line.get("product") in found.unknown
        ]

    def _unfound(
        self, view: LedgerView, target: Target, number: int, line: Mapping[str, Any], reason: Sentence
    ) -> Lack:
        account = target.route.account
        name = line.get("name") or line.get("sku") or ""
        text = N_("line {number}, “{name}”: {reason}")
        do = Sentence(_LINK, account=account, place=f"{account}:product:GUID", other=self._place(view, line["product"]))
        return Lack(
            f"lines.{number}", Sentence(text, number=number, name=name, reason=reason), do=do, amount=line.get("total")
        )

    def _place(self, view: LedgerView, uid: str) -> str:
        """How a person names the good that a source mentions."""
        if view.source is None:
            return uid
        links = self.store.crosswalk.of([self.store.hub.survivor(uid)])
        own = [link for found in links.values() for link in found if link.spoke == view.source.link.spoke]
        place = f"{view.source.route.account}:product:{own[0].external_id}" if own else uid
        return f'"{place}"' if " " in place else place


def _referring(targets: Sequence[Target]) -> list[tuple[str, str]]:
    """(field, entity) that any of these targets is told as an id of its own."""
    return list(
        dict.fromkeys(
            (name, entity) for one in targets for name, entity in one.mapping.references.items() if one.writes(name)
        )
    )


def _unknown(view: LedgerView, name: str) -> Lack:
    source = view.source
    raw = None if source is None else source.values.get(name)
    account = "" if source is None else source.route.account
    if raw is None:
        return Lack(name, Sentence(N_("it does not say its {field}"), field=name))
    text = N_("its {field}, {id} of {system}, is not among those that were read there")
    return Lack(name, Sentence(text, field=name, id=raw, system=account))

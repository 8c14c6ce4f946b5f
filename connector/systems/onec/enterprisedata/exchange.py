"""Whose turn it is: message numbers, acknowledgements, and what is refused (1c.md, section 4).

Two counters a partner, kept by the caller and stored before a message leaves: the last number sent, the last received.
1C forgets its registered changes up to the number we confirm, and ignores a message that is not newer than the last;
so do we, unless it was made later than the last: then 1C counts anew, and what it tells is new. `judge` decides about
an incoming message and changes nothing; the caller stores what it says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from connector.locale import N_, Sentence
from connector.systems.onec.enterprisedata.message import Confirmation, Header
from connector.systems.onec.enterprisedata.schema import negotiated

Verdict = Literal["accept", "seen", "settings", "refuse"]


@dataclass(frozen=True, kw_only=True)
class Node:
    """Our side of one exchange. `peer` None: the partner's code is not known yet, its first message tells it.

    `spelled` is how 1C writes that code in names of files, which it may transliterate. `confirmed` is the number that
    our last message has confirmed, `heard` when 1C made its last message, by its own clock.
    """

    plan: str
    code: str
    peer: str | None = None
    sent: int = 0
    received: int = 0
    acknowledged: int = 0
    version: str | None = None
    spelled: str | None = None
    confirmed: int = 0
    heard: str | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What to do with an incoming message, and the node as it is afterwards.

    `accept`: use the objects, then store the node. `seen`: it was here before, skip the body. `settings`: it carries no
    objects. `refuse`: nothing of it counts. `acknowledged` is the number up to which the partner has our messages.
    """

    verdict: Verdict
    node: Node
    reason: Sentence | None = None

    @property
    def acknowledged(self) -> int:
        return self.node.acknowledged


def judge(node: Node, header: Header, *, by_hand: bool = False) -> Judgement:
    """Decide about a message. `by_hand`: a person loads a file, which needs no confirmation and moves no counter."""
    confirmation = header.confirmation
    if confirmation is None:
        return _without_confirmation(node, header, by_hand=by_hand)
    wrong = _wrong(node, confirmation)
    if wrong is not None:
        return Judgement(verdict="refuse", node=node, reason=wrong)
    known = _learnt(node, header, confirmation)
    if header.version is None:
        return Judgement(verdict="settings", node=known)
    if confirmation.number <= node.received and _is_newer(node, header):
        text = N_(
            "its number {number} was taken before, and it is newer than the last message: 1C counts anew, because it"
            " was restored from a copy or the exchange was made anew there"
        )
        return Judgement(verdict="refuse", node=node, reason=Sentence(text, number=confirmation.number))
    if confirmation.number <= node.received:
        text = N_("message {number} was received before; the last one was {received}")
        reason = Sentence(text, number=confirmation.number, received=node.received)
        return Judgement(verdict="seen", node=known, reason=reason)
    return Judgement(verdict="accept", node=replace(known, received=confirmation.number))


def _is_newer(node: Node, header: Header) -> bool:
    """Whether it was made after the last one that was received; moments of one clock, in one spelling."""
    return node.heard is not None and header.created_at > node.heard


def _without_confirmation(node: Node, header: Header, *, by_hand: bool) -> Judgement:
    if not by_hand:
        reason = Sentence(N_("it has no confirmation: it was made for loading by hand, not for this exchange"))
        return Judgement(verdict="refuse", node=node, reason=reason)
    return Judgement(verdict="accept" if header.version is not None else "settings", node=node)


def _wrong(node: Node, confirmation: Confirmation) -> Sentence | None:
    if confirmation.to != node.code:
        return Sentence(N_("it is for the node {to}, and ours is {ours}"), to=confirmation.to, ours=node.code)
    if node.peer is not None and confirmation.sender != node.peer:
        text = N_("it comes from the node {sender}, and the partner is {peer}")
        return Sentence(text, sender=confirmation.sender, peer=node.peer)
    if confirmation.plan != node.plan:
        text = N_("it belongs to the exchange plan {plan}, and ours is {ours}")
        return Sentence(text, plan=confirmation.plan, ours=node.plan)
    if confirmation.received > node.sent:
        text = N_(
            "it confirms message {received}, and we have sent {sent}: our counters were lost or the node is another's"
        )
        return Sentence(text, received=confirmation.received, sent=node.sent)
    return None


def _learnt(node: Node, header: Header, confirmation: Confirmation) -> Node:
    """The partner's code, the version both speak, and what it has of ours; a number below 1 confirms nothing."""
    acknowledged = max(node.acknowledged, confirmation.received) if confirmation.number > 0 else node.acknowledged
    version = negotiated(header.available) or node.version
    peer = header.new_sender or confirmation.sender
    heard = header.created_at or node.heard
    return replace(node, peer=peer, acknowledged=acknowledged, version=version, heard=heard)


def next_header(node: Node, created_at: str) -> tuple[Header, Node]:
    """The header of our next message, and the node to be stored before it is sent."""
    following = replace(node, sent=node.sent + 1, confirmed=node.received)
    confirmation = Confirmation(
        plan=node.plan,
        to=node.peer or "",
        sender=node.code,
        number=following.sent,
        received=node.received,
    )
    version = node.version or "1.8"
    return Header(
        version=version, created_at=created_at, confirmation=confirmation, available=("1.8", "1.10")
    ), following

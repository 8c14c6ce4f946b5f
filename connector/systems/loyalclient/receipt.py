"""One receipt with bonuses, from the client to the release of his points, in the order the document demands (L-12).

    client -> recalc -> [hold] -> retail -> [release]

`retail` books as often as it is sent: there is no receipt number, no list and no way back (L-13). So what is about to
happen is recorded before it is sent, it is sent once, and when no answer comes the client's balance is all there is to
tell by: changed by just what was expected, the receipt is booked; anything else is parked for a person with what was
seen. `next_step`, `after` and `failed` are pure; `Till` makes the calls.

A hold ends by itself (`until`), and any new operation of the point drops the holds of that point, whosever they are
(L-09): a point has one receipt under way at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, Protocol

import msgspec

from connector.errors import BrokenAnswer, ConnectorError, Invalid, OutcomeUnknown, RejectedError, Throttled
from connector.locale import N_, Sentence
from connector.model.values import decimal_of

Stage = Literal["new", "found", "reckoned", "held", "blind", "asked", "sold", "refused", "done", "parked"]
"""blind: a hold was sent and no answer came, so its points may be held until `until` and nobody knows its id.
asked: the retail is about to be sent or was. sold and refused: only the release is left. done, parked: the end."""

STALE: Final = 60.0
"""Seconds after which balance and terms are asked for again before anything is booked on them."""
MARGIN: Final = 30.0
"""Seconds before the end of a hold within which nothing is booked on it."""
_MINUTES: Final = (1, 30)
_SKEW: Final = 120.0

TOO_MUCH: Final = N_("only {allowed} points may be spent on this receipt")
OTHERWISE: Final = N_("it is booked, but not as it was asked for")
CANNOT_TELL: Final = N_("no answer came, and the balance does not tell whether it is booked")


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What is sold: `search` is the client's phone, card or code; `amount` roubles; `spend` points, 0 to earn.

    `hold_minutes` sets the points aside for so long (1 to 30) before they are spent; 0 does without.
    """

    search: str
    amount: Decimal
    spend: Decimal = Decimal(0)
    hold_minutes: int = 10


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a receipt has come: plain values, to be stored as JSON and gone on from."""

    stage: Stage = "new"
    client: str = ""
    kind: str = ""  # cashback | discount
    before: Decimal | None = None  # points before anything
    allowed: Decimal | None = None
    earn: Decimal | None = None
    looked_at: float = 0.0
    hold: str = ""
    until: float = 0.0
    sold: dict[str, Any] | None = None  # the answer of retail
    seen: Decimal | None = None  # points, looked at because no answer came
    reason: str = ""

    @property
    def over(self) -> bool:
        return self.stage in ("done", "parked") or (self.stage == "refused" and self.hold == "")


class Step(NamedTuple):
    """The call to make next."""

    endpoint: str
    params: dict[str, Any]


def delta(receipt: Receipt, progress: Progress) -> Decimal:
    """What the receipt does to the balance: points are spent or earned, never both (L-06); nothing for a discount."""
    if progress.kind != "cashback":
        return Decimal(0)
    return -receipt.spend if receipt.spend > 0 else progress.earn or Decimal(0)


def evidence(receipt: Receipt, progress: Progress) -> dict[str, Any]:
    """What a person needs to decide: balance before, expected change, expected and seen balance, the answer if any."""
    before, moved = progress.before, delta(receipt, progress)
    return {
        "client": progress.client,
        "amount": _text(receipt.amount),
        "before": _text(before),
        "delta": _text(moved),
        "expected": _text(None if before is None else before + moved),
        "seen": _text(progress.seen),
        "answer": progress.sold,
    }


# Pure


def lapsed(progress: Progress, now: float) -> Progress:
    """Where to go on from: anew, when balance and terms are old, or when points held blindly are free again."""
    if progress.stage in ("found", "reckoned") and now - progress.looked_at > STALE:
        return Progress()
    return Progress() if progress.stage == "blind" and now >= progress.until else progress


def next_step(receipt: Receipt, progress: Progress, point: str, now: float) -> Step | None:
    """The call that is next; None when there is none, because it is over or points are held blindly."""
    own: dict[str, Any] = {"client": progress.client, "point": point}
    held = {"hold": [progress.hold]} if progress.hold else {}
    match progress.stage:
        case "new":
            return Step("client", {"search": receipt.search, "point": point})
        case "found":
            return Step("recalc", {**own, "amount": receipt.amount})
        case "reckoned" if receipt.spend > 0 and receipt.hold_minutes > 0:
            return Step("bonuses.hold", {**own, "amount": receipt.spend, "duration": _minutes(receipt)})
        case "held" if now > progress.until - MARGIN:
            return Step("bonuses.release", {"id": progress.hold})
        case "reckoned" | "held":
            return Step("retail", {**own, "amount": receipt.amount, "spend": receipt.spend, **held})
        case "asked":
            return Step("client", {"search": receipt.search, "point": point, **held})
        case "sold" | "refused" if progress.hold:
            return Step("bonuses.release", {"id": progress.hold})
    return None


def after(receipt: Receipt, progress: Progress, step: Step, answer: Mapping[str, Any], now: float) -> Progress:
    """What an answer makes of it."""
    match step.endpoint:
        case "client" if progress.stage == "asked":
            return _verified(receipt, progress, answer["client"])
        case "client":
            return _found(answer["client"], now)
        case "recalc":
            return _reckoned(receipt, progress, answer["recalc"])
        case "bonuses.hold":
            held = answer["held"]
            return _with(progress, stage="held", hold=str(held["id"]), until=_until(receipt, held["until"], now))
        case "retail":
            return _sold(receipt, progress, dict(answer["retail"]))
        case _:
            return _released(progress)


def failed(receipt: Receipt, progress: Progress, step: Step, error: ConnectorError, now: float) -> Progress | None:
    """What a failure makes of it; None when it changes nothing: the same step is made again another time."""
    unknown, rejected = isinstance(error, OutcomeUnknown), isinstance(error, RejectedError)
    match step.endpoint:
        case "bonuses.release":
            return _released(progress)  # it ends by itself, and a retail has dropped it anyway
        case "retail" if unknown:
            return progress
        case "retail" if not rejected:
            return _with(progress, stage="held" if progress.hold else "reckoned")  # certainly not done
        case "bonuses.hold" if unknown:
            return _with(progress, stage="blind", until=now + 60 * _minutes(receipt))
        case "client" if progress.stage == "asked":
            return _with(progress, stage="parked", reason=CANNOT_TELL) if rejected else None
    return _with(progress, stage="refused", reason=str(error)) if rejected else None


def _found(client: Mapping[str, Any], now: float) -> Progress:
    level = client.get("level")
    kind = str(level.get("type")) if isinstance(level, Mapping) else ""
    return Progress(
        stage="found", client=str(client["id"]), kind=kind, before=_number(client.get("balance")), looked_at=now
    )


def _reckoned(receipt: Receipt, progress: Progress, terms: Mapping[str, Any]) -> Progress:
    """The terms that count are these, not those of the client's level (L-07)."""
    allowed, earn = decimal_of(terms.get("spend") or 0), decimal_of(terms.get("earn") or 0)
    reckoned = _with(
        progress, stage="reckoned", allowed=allowed, earn=earn, kind=str(terms.get("type") or progress.kind)
    )
    if receipt.spend > allowed:
        reason = str(Sentence(TOO_MUCH, allowed=_text(allowed)))
        return _with(reckoned, stage="refused", reason=reason)
    return reckoned


def _sold(receipt: Receipt, progress: Progress, told: dict[str, Any]) -> Progress:
    """Booked; when the amounts are not the ones that were asked for, a person must see it."""
    spent, earned = (_number(told.get(name)) or Decimal(0) for name in ("spend", "earn"))
    as_asked = _number(told.get("amount")) == receipt.amount and spent == receipt.spend
    if progress.kind == "cashback" and receipt.spend == 0:
        as_asked = as_asked and earned == progress.earn
    reason = "" if as_asked else OTHERWISE
    return _over(_with(progress, stage="sold", sold=_plain(told), reason=reason))


def _verified(receipt: Receipt, progress: Progress, client: Mapping[str, Any]) -> Progress:
    """No answer came: only a balance that moved by just what was expected proves the booking."""
    seen = _number(client.get("balance"))
    looked = _with(progress, seen=seen)
    moved = delta(receipt, progress)
    if moved != 0 and progress.before is not None and seen == progress.before + moved:
        return _over(_with(looked, stage="sold"))
    return _with(looked, stage="parked", reason=CANNOT_TELL)


def _released(progress: Progress) -> Progress:
    if progress.stage == "held":
        return Progress()
    return _over(_with(progress, hold="", until=0.0))


def _over(progress: Progress) -> Progress:
    if progress.stage != "sold" or progress.hold:
        return progress
    return _with(progress, stage="parked" if progress.reason else "done")


def _with(progress: Progress, **changes: Any) -> Progress:
    return msgspec.structs.replace(progress, **changes)


def _minutes(receipt: Receipt) -> int:
    low, high = _MINUTES
    return max(low, min(high, receipt.hold_minutes))


def _until(receipt: Receipt, told: Any, now: float) -> float:
    """The end of a hold in seconds (L-15) as it is told, unless the clocks differ so much that it cannot be meant."""
    ours = now + 60 * _minutes(receipt)
    theirs = float(decimal_of(told))
    return theirs if abs(theirs - ours) <= _SKEW else ours


def _number(value: Any) -> Decimal | None:
    """An amount or a number of points; None where none is told."""
    return None if value is None or value == "" else decimal_of(value)


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value, Decimal) else value for name, value in told.items()}


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


# The calls


class Caller(Protocol):
    """What makes the calls: the adapter."""

    account: str

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any: ...


Record = Callable[[Progress], None]
"""Stores how far it has come; called before a receipt is booked and after every step."""


class Till:
    """One point of sale: a receipt at a time, whoever sells. `record` must have stored when it returns."""

    def __init__(
        self,
        caller: Caller,
        point: str,
        *,
        record: Record,
        now: Callable[[], float] = time.time,
        one: threading.Lock | None = None,
    ) -> None:
        self._caller, self._point, self._record, self._now = caller, point, record, now
        self._one = one if one is not None else threading.Lock()

    def sell(self, receipt: Receipt, progress: Progress | None = None) -> Progress:
        """Book a receipt, or go on with one that was begun. The stage of what is returned is `done`.

        OutcomeUnknown when nobody can tell whether, or how, it is booked: its evidence says what was seen.
        RejectedError when it was refused, RetryError when it may be gone on with later from what was recorded.
        """
        with self._one:
            return self._sell(receipt, progress if progress is not None else Progress())

    def _sell(self, receipt: Receipt, progress: Progress) -> Progress:
        refusal: RejectedError | None = None
        while not progress.over:
            progress = lapsed(progress, self._now())
            step = next_step(receipt, progress, self._point, self._now())
            if step is None:
                raise self._held_blindly(progress)
            if step.endpoint == "retail":
                progress = _with(progress, stage="asked")
                self._record(progress)
            progress, error = self._take(receipt, progress, step)
            if isinstance(error, RejectedError) and step.endpoint != "bonuses.release":
                refusal = error
        if progress.stage == "done":
            return progress
        if progress.stage == "refused":
            text = N_("{account}: the receipt was refused: {reason}")
            raise refusal or Invalid(text, account=self._caller.account, reason=progress.reason)
        raise self._doubt(receipt, progress)

    def _take(self, receipt: Receipt, progress: Progress, step: Step) -> tuple[Progress, ConnectorError | None]:
        """One step and what came of it, recorded. An error that changes nothing, or says `later`, is raised."""
        try:
            reached = self._made(receipt, progress, step)
        except ConnectorError as error:
            told = failed(receipt, progress, step, error, self._now())
            if told is None and progress.stage == "asked":
                raise self._doubt(receipt, progress) from error
            if told is None:
                raise
            self._record(told)
            if step.endpoint == "retail" and not isinstance(error, RejectedError | OutcomeUnknown):
                raise
            return told, error
        self._record(reached)
        return reached, None

    def _made(self, receipt: Receipt, progress: Progress, step: Step) -> Progress:
        answer = self._caller.call(step.endpoint, step.params)
        try:
            return after(receipt, progress, step, answer, self._now())
        except (KeyError, TypeError, ValueError):
            kind = OutcomeUnknown if step.endpoint in ("bonuses.hold", "retail") else BrokenAnswer
        text = N_("{account}: the answer of {endpoint} lacks what it should hold")
        raise kind(text, account=self._caller.account, endpoint=step.endpoint)

    def _held_blindly(self, progress: Progress) -> Throttled:
        text = N_("{account}: points are still held by a call whose answer was lost; go on after they are free again")
        return Throttled(text, after=max(0.0, progress.until - self._now()), account=self._caller.account)

    def _doubt(self, receipt: Receipt, progress: Progress) -> OutcomeUnknown:
        text = N_("{account}: receipt of {amount}: {reason}. Look at the client's balance before anything else")
        return OutcomeUnknown(
            text,
            account=self._caller.account,
            amount=_text(receipt.amount),
            reason=Sentence(progress.reason or CANNOT_TELL),
            evidence=evidence(receipt, progress),
        )

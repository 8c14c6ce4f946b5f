"""Reading bank statements: `kl_to_1c.txt` of the exchange 1CClientBankExchange, versions 1.01 to 1.03.

Real files lie about their encoding, mix line ends, add keys and kinds of documents of their own and leave values empty
(1c.md, section 5): all that is read. What is not read is a file of another format, or one that stops in the middle: it
changes nothing as a whole. A document with a wrong sum or date is a problem of that document alone.

The direction of a payment is told by ДатаСписано and ДатаПоступило, else by whose account is ours. As 1C does,
documents of an account or a day that the file does not announce are set aside: they are listed with the reason. So is
a document that the bank has not executed: it is an order, and no money has moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from connector.errors import BrokenAnswer
from connector.locale import N_, Sentence
from connector.model.values import minor

MARK: Final = "1CClientBankExchange"
VERSIONS: Final = ("1.01", "1.02", "1.03")
MAX_BYTES: Final = 64 * 1024 * 1024

Direction = Literal["in", "out"]

HEADER: Final = 8192
"""Bytes in which the header of a file has its place."""
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}:\d{2}\Z")
_CODECS: Final = {"windows": "cp1251", "dos": "cp866"}
_SECTIONS: Final = ("СекцияДокумент", "СекцияРасчСчет")
_WORDS: Final = ("КонецФайла", *_SECTIONS, "ВерсияФормата", "РасчСчет")
_PARTY: Final = ("", "1", "ИНН", "КПП", "Счет", "РасчСчет", "Банк1", "БИК", "Корсчет")
_ONCE: Final = frozenset(
    ["Номер", "Дата", "Сумма", "ДатаСписано", "ДатаПоступило"]
    + [f"{who}{what}" for who in ("Плательщик", "Получатель") for what in _PARTY]
)
"""What a document says once: with two values nobody knows which of them holds."""
_SPELLED: Final = {
    word.casefold(): word
    for word in (
        *_WORDS, *_ONCE, "КонецДокумента", "КонецРасчСчет", "Отправитель", "ДатаСоздания", "ВремяСоздания",
        "ДатаНачала", "ДатаКонца", "НачальныйОстаток", "ВсегоПоступило", "ВсегоСписано", "КонечныйОстаток",
        "НазначениеПлатежа", *(f"НазначениеПлатежа{number}" for number in range(1, 7)),
    )
}  # fmt: skip
"""Banks write words in letters of their own size: each is known by its letters alone."""
_SUM: Final = re.compile(r"-?\d{1,15}(?:[.,]\d{1,2}0*)?\Z")
_INN_IN_NAME: Final = re.compile(
    r"\s*ИНН\s*(\d{12}|\d{10}|0)(?!\d)\s*(?:[/\\,]?\s*КПП\s*(\d{9}|0)(?!\d))?\s*", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Party:
    """Payer or receiver. What the file leaves empty is None."""

    name: str | None = None
    inn: str | None = None
    kpp: str | None = None
    account: str | None = None
    bank: str | None = None
    bik: str | None = None
    correspondent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Payment:
    """Money that came to, or went from, one of our accounts. `amount` in kopecks, dates as `YYYY-MM-DD`.

    `moved_on` is the day on which the bank moved it, None for a document that is not executed yet. `aside` says why 1C
    would not take the document from this file. `fields` are all lines of the document as they stand.
    """

    kind: str
    number: str
    date: str
    amount: int
    payer: Party
    receiver: Party
    purpose: str | None
    direction: Direction
    account: str | None
    moved_on: str | None
    line: int
    aside: Sentence | None = None
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def counterparty(self) -> Party:
        return self.payer if self.direction == "in" else self.receiver


@dataclass(frozen=True, kw_only=True)
class Turnover:
    """A section of balances of one account, and the line it begins in: kopecks; None where the file does not say."""

    line: int
    account: str | None
    since: str | None
    until: str | None
    opening: int | None
    received: int | None
    spent: int | None
    closing: int | None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A document that cannot be read: where it begins, and why."""

    line: int
    reason: Sentence


@dataclass(kw_only=True)
class Statement:
    """A whole file."""

    version: str | None = None
    encoding: str = ""
    sender: str | None = None
    since: str | None = None
    until: str | None = None
    created: str | None = None
    accounts: list[str] = field(default_factory=list)
    turnovers: list[Turnover] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    documents: int = 0
    """Sections of documents in the file."""

    def total(self, direction: Direction) -> int:
        """The sum of the payments that count, in kopecks."""
        return sum(one.amount for one in self.payments if one.direction == direction and one.aside is None)


class _Unreadable(ValueError):
    def __init__(self, text: str, /, **facts: object) -> None:
        self.sentence = Sentence(text, **facts)
        super().__init__(text)


@dataclass
class _Section:
    kind: str
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    last: str = ""
    twice: str | None = None
    """The first field that says two things."""

    def take(self, key: str, value: str) -> None:
        if key in _ONCE and self.fields.get(key, value) != value:
            self.twice = self.twice or key
        self.fields[key] = value
        self.last = key

    def go_on(self, text: str) -> None:
        """A line without a key goes on with a purpose that the bank broke in two; elsewhere it says nothing."""
        if self.last.startswith("НазначениеПлатежа"):
            self.fields[self.last] = f"{self.fields[self.last]} {text}".strip()


def read_statement(data: bytes, file: str = "") -> Statement:
    """Read a statement. BrokenAnswer, with a sentence, for what is none or stops in the middle."""
    if len(data) > MAX_BYTES:
        raise _broken(file, N_("it is longer than {limit} bytes"), limit=MAX_BYTES)
    text, encoding = _decoded(data, file)
    statement = Statement(encoding=encoding)
    documents: list[_Section] = []
    header, ended = _sections(text, statement, documents, file)
    if not ended:
        raise _broken(file, N_("it stops in the middle: there is no line КонецФайла"))
    _header(statement, header)
    statement.documents = len(documents)
    for section in documents:
        _document(statement, section)
    return statement


def _sections(text: str, statement: Statement, documents: list[_Section], file: str) -> tuple[_Section, bool]:
    """Divide the lines: the header, the sections of balances, the documents; and whether the file has its end."""
    header = current = _Section("", 1)
    ended = False
    for line, key, value in _lines(text):
        if ended:
            text_after = N_("line {line}: something stands behind its end; two statements are two files")
            raise _broken(file, text_after, line=line)
        if key == "КонецФайла":
            if current is not header:
                raise _broken(
                    file, N_("it stops in the middle of a section that begins in line {line}"), line=current.line
                )
            ended = True
        elif key.startswith("Секция"):
            if current is not header:
                raise _broken(file, N_("line {line}: a section begins inside another"), line=line)
            if key not in _SECTIONS:
                raise _broken(file, N_("line {line}: no section is called “{word}”"), line=line, word=key)
            current = _Section(value or "" if key == "СекцияДокумент" else key, line)
            documents += [current] if key == "СекцияДокумент" else []
        elif key in ("КонецДокумента", "КонецРасчСчет"):
            if key == "КонецРасчСчет" and current is not header:
                statement.turnovers.append(_turnover(current))
            current = header
        elif value is None:
            current.go_on(key)
        elif current is header and key == "РасчСчет":
            statement.accounts.append(value)
        else:
            current.take(key, value)
    return header, ended


def _lines(text: str) -> Iterator[tuple[int, str, str | None]]:
    """(line, key, value) of every line that is not blank; value None where there is no `=`. Keys as 1C spells them."""
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:], 2):
        plain = line.strip("\x00\x1a \t")
        if plain:
            key, separator, value = plain.partition("=")
            word = key.strip()
            yield number, _SPELLED.get(word.casefold(), word), value.strip() if separator else None


def _decoded(data: bytes, file: str) -> tuple[str, str]:
    """The text, whatever the header claims: UTF-8 where it is that, else that of cp1251 and cp866 which makes words."""
    if not data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(MARK.encode()):
        raise _broken(file, N_("it is no file of 1CClientBankExchange: the first line does not say so"))
    try:
        return data.decode("utf-8-sig").lstrip(), "utf-8"
    except UnicodeDecodeError as error:
        if len(data) == HEADER and error.start >= HEADER - 4:  # cut in the middle of a letter
            return data[: error.start].decode("utf-8-sig").lstrip(), "utf-8"
    for codec in _CODECS.values():
        text = data.decode(codec, errors="replace").lstrip()
        small = text.casefold()
        if any(word.casefold() in small for word in _WORDS):
            return text, codec
    raise _broken(file, N_("its encoding is none of cp1251, cp866 and UTF-8"))


def _header(statement: Statement, header: _Section) -> None:
    fields = header.fields
    statement.version = fields.get("ВерсияФормата") or None
    statement.sender = fields.get("Отправитель") or None
    statement.created = created_at(fields)
    statement.since, statement.until = _maybe_date(fields.get("ДатаНачала")), _maybe_date(fields.get("ДатаКонца"))


def created_at(header: Mapping[str, str]) -> str | None:
    """When the file was made, as far as its header says: `2026-06-10T13:39:23`, or the day alone."""
    day = _maybe_date(header.get("ДатаСоздания"))
    clock = header.get("ВремяСоздания", "")
    return day if day is None or not _CLOCK.match(clock) else f"{day}T{clock.zfill(8)}"


def header_of(data: bytes, file: str = "") -> Mapping[str, str]:
    """The header alone, from the first bytes of a file. BrokenAnswer for what is no statement."""
    found: dict[str, str] = {}
    for _, key, value in _lines(_decoded(data[:HEADER], file)[0]):
        if key in (*_SECTIONS, "КонецФайла"):
            break
        if value is not None:
            found.setdefault(key, value)
    return found


def _turnover(section: _Section) -> Turnover:
    fields = section.fields
    return Turnover(
        line=section.line,
        account=fields.get("РасчСчет") or None,
        since=_maybe_date(fields.get("ДатаНачала")),
        until=_maybe_date(fields.get("ДатаКонца")),
        opening=_maybe_sum(fields.get("НачальныйОстаток")),
        received=_maybe_sum(fields.get("ВсегоПоступило")),
        spent=_maybe_sum(fields.get("ВсегоСписано")),
        closing=_maybe_sum(fields.get("КонечныйОстаток")),
    )


def _document(statement: Statement, section: _Section) -> None:
    try:
        statement.payments += _payments(statement, section)
    except _Unreadable as error:
        statement.problems.append(Problem(line=section.line, reason=error.sentence))


def _payments(statement: Statement, section: _Section) -> Iterator[Payment]:
    """One payment, or two where money went from one of our accounts to another."""
    fields = section.fields
    if section.twice is not None:
        raise _Unreadable(N_("it says two things of “{field}”"), field=section.twice)
    payer, receiver = _party(fields, "Плательщик"), _party(fields, "Получатель")
    debited, credited = _date(fields.get("ДатаСписано")), _date(fields.get("ДатаПоступило"))
    for direction in _directions(statement, payer, receiver, debited, credited):
        own = payer if direction == "out" else receiver
        moved_on = debited if direction == "out" else credited
        written = _date(fields.get("Дата"))
        if written is None:
            raise _Unreadable(N_("the document has no date"))
        yield Payment(
            kind=section.kind,
            number=fields.get("Номер", ""),
            date=written,
            amount=_paid(fields.get("Сумма")),
            payer=payer,
            receiver=receiver,
            purpose=_purpose(fields),
            direction=direction,
            account=own.account,
            moved_on=moved_on,
            line=section.line,
            aside=_aside(statement, own.account, moved_on or written, moved_on is not None),
            fields=fields,
        )


def _directions(
    statement: Statement, payer: Party, receiver: Party, debited: str | None, credited: str | None
) -> tuple[Direction, ...]:
    ours = set(statement.accounts) | {one.account for one in statement.turnovers if one.account}
    goes, comes = payer.account in ours, receiver.account in ours
    if debited and credited:
        if goes == comes:
            if not goes and not statement.accounts:  # else both are set aside: they are of another account
                raise _Unreadable(
                    N_("it cannot be told whether the money came or went: the file names no account of ours")
                )
            return ("out", "in")
        return ("out",) if goes else ("in",)
    if debited or credited:
        return ("out",) if debited else ("in",)
    if goes == comes:
        raise _Unreadable(N_("it cannot be told whether the money came or went: neither a date nor an account of ours"))
    return ("out",) if goes else ("in",)


def _aside(statement: Statement, account: str | None, day: str, is_moved: bool) -> Sentence | None:
    if statement.accounts and account not in statement.accounts:
        return Sentence(N_("its account is not one that the file is about"))
    if (statement.since and day < statement.since) or (statement.until and day > statement.until):
        return Sentence(N_("its day lies outside the interval that the file is about"))
    if not is_moved:
        return Sentence(N_("the bank has not executed it yet: it is an order, and no money has moved"))
    return None


def _party(fields: Mapping[str, str], prefix: str) -> Party:
    """Names come as `Плательщик1`, or as `Плательщик` with the INN in front."""
    whole = fields.get(prefix) or ""
    match = _INN_IN_NAME.match(whole)
    name = fields.get(f"{prefix}1") or (whole[match.end() :] if match else whole)
    return Party(
        name=name.strip() or None,
        inn=_known(fields.get(f"{prefix}ИНН")) or _known(match.group(1) if match else None),
        kpp=_known(fields.get(f"{prefix}КПП")) or _known(match.group(2) if match else None),
        account=fields.get(f"{prefix}Счет") or fields.get(f"{prefix}РасчСчет") or None,
        bank=fields.get(f"{prefix}Банк1") or None,
        bik=fields.get(f"{prefix}БИК") or None,
        correspondent=fields.get(f"{prefix}Корсчет") or None,
    )


def _known(code: str | None) -> str | None:
    """Banks write a zero where a person has no INN or KPP."""
    return None if code is None or not code.strip("0") else code


def _purpose(fields: Mapping[str, str]) -> str | None:
    whole = fields.get("НазначениеПлатежа")
    parts = [fields.get(f"НазначениеПлатежа{number}", "") for number in range(1, 7)]
    return whole or " ".join(part for part in parts if part) or None


def _sum(text: str | None) -> int:
    plain = "" if text is None else text.replace(" ", "").replace("\xa0", "")
    if not _SUM.match(plain):
        raise _Unreadable(N_("“{value}” is no sum"), value=text or "")
    return minor(Decimal(plain.replace(",", ".")))


def _paid(text: str | None) -> int:
    amount = _sum(text)
    if amount <= 0:
        raise _Unreadable(N_("“{value}” is no sum of a payment: that is above zero"), value=text or "")
    return amount


def _date(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%d.%m.%Y").date().isoformat()
    except ValueError:
        raise _Unreadable(N_("“{value}” is no date"), value=text) from None


def _maybe_date(text: str | None) -> str | None:
    try:
        return _date(text)
    except _Unreadable:
        return None


def _maybe_sum(text: str | None) -> int | None:
    try:
        return None if text is None else _sum(text)
    except _Unreadable:
        return None


def _broken(file: str, text: str, /, **facts: object) -> BrokenAnswer:
    return BrokenAnswer(N_("{file}: {reason}"), file=file, reason=Sentence(text, **facts))

"""`connector exchange`: files of 1C and of a bank that a person carries by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click

from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import EXIT_ATTENTION, EXIT_DONE, UsageError
from connector.locale import N_, Sentence, translate
from connector.locale.words import ENTITIES

if TYPE_CHECKING:
    from connector.jobs.exchange.delivery import Delivered
    from connector.jobs.exchange.formats import Format
    from connector.jobs.exchange.reading import Read
    from connector.jobs.exchange.writing import Told

_FORMATS: Final = {"commerceml": "CommerceML", "enterprisedata": "EnterpriseData", "bank": "1CClientBankExchange"}
_OBJECTS: Final = {
    **ENTITIES,
    "offer": N_("offer"),
    "property": N_("property of goods"),
    "price_type": N_("kind of prices"),
    "storage": N_("storage"),
    "unit": N_("unit of measure"),
    "document": N_("document"),
    "in": N_("came"),
    "out": N_("went"),
}

exchange = group(
    "exchange",
    help=N_("Files of 1C and of a bank, carried by hand: CommerceML, EnterpriseData, 1CClientBankExchange."),
    example="connector exchange import kl_to_1c.txt\nconnector exchange export --account ut --format enterprisedata",
)


@into(
    exchange,
    "import",
    help=N_(
        "Reads FILE, or every exchange file of an archive, and tells what it carries; the format is told by the "
        "content. With --account it is delivered there as if 1C had sent it: the next sync reads it."
    ),
    example="connector exchange import kl_to_1c.txt\nconnector exchange import import.zip --account site --json",
)
@argument("file", metavar="FILE", type=click.Path(path_type=Path), help=N_("the file, or a zip archive"))
@option("--account", metavar="ACCOUNT", help=N_("deliver it to this account; default: only read and tell"))
@json_option
@pass_session
def import_(session: Session, file: Path, account: str | None) -> int:
    from connector.jobs.exchange.delivery import deliver
    from connector.jobs.exchange.reading import read_files

    target = None if account is None else session.account(account)
    if not file.is_file():
        raise UsageError(N_("there is no file {file}"), file=file)
    read = read_files(file)
    delivered = None if target is None else deliver(session.workspace, target, read)
    if delivered is not None and not delivered.new:
        read.skipped = sum(read.objects.values())
    document = {**read.document(session.screen.language), **_delivered(session, delivered)}
    session.screen.show(document, lambda: _print(session, file, read, delivered))
    return EXIT_ATTENTION if read.unreadable or read.doubts else EXIT_DONE


@into(
    exchange,
    "export",
    help=N_(
        "Writes what the hub holds into a file for a person to carry: customers, cards and orders for 1C, payment "
        "orders for a bank. Keys stay the same, so that loading the file twice makes nothing twice."
    ),
    example="connector exchange export --account ut --format enterprisedata -o people.xml\n"
    "connector exchange export --account site --format commerceml --from 2026-11-01 --to 2026-11-30",
)
@option("--account", metavar="ACCOUNT", required=True, help=N_("in whose words and under whose keys"))
@option("--format", "format_", required=True, type=click.Choice(tuple(_FORMATS)), help=N_("of the file"))
@option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help=N_("default: ACCOUNT-FORMAT here"))
@option(
    "--from", "since", type=click.DateTime(("%Y-%m-%d",)), metavar="DAY", help=N_("documents of this day and later")
)
@option("--to", "until", type=click.DateTime(("%Y-%m-%d",)), metavar="DAY", help=N_("documents up to this day"))
@option("--yes", is_flag=True, help=N_("replace a file that is there"))
@json_option
@pass_session
def export(
    session: Session,
    account: str,
    format_: str,
    output: Path | None,
    since: datetime | None,
    until: datetime | None,
    yes: bool,
) -> int:
    from connector.jobs.exchange.writing import NAMES, Span, write_file

    line, wanted = session.account(account), cast("Format", format_)
    file = output or Path(f"{account}-{wanted}{NAMES[wanted]}")
    if file.exists() and not yes:
        raise UsageError(N_("{file} is there already; add --yes to replace it"), file=file)
    span = Span(None if since is None else since.date(), None if until is None else until.date())
    told = write_file(session.workspace, line, wanted, file, span)
    session.screen.show(told.document(session.screen.language), lambda: _print_told(session, told))
    return EXIT_ATTENTION if told.left else EXIT_DONE


def _print_told(session: Session, told: Told) -> None:
    screen = session.screen
    if told.file is None:
        screen.say(N_("the hub holds nothing that such a file carries; no file was written"))
    else:
        screen.say(N_("{file} is written: {format} {version}"), file=told.file, format=_FORMATS[told.format],
                   version=told.version)  # fmt: skip
    _table(session, told.objects, told.sums)
    if told.left:
        screen.table((N_("record"), N_("left out because")), [(one.record, one.reason) for one in told.left])
    if told.passed:
        screen.note(
            N_("not meant for such a file (switched off, cancelled, executed, other days): {count}"), count=told.passed
        )


def _table(session: Session, objects: Mapping[str, int], sums: Mapping[str, int]) -> None:
    from connector.model.values import money_text

    names = dict.fromkeys([*objects, *sums])
    shown = {name: money_text(amount) for name, amount in sums.items()}
    rows = [(_object(name, session.screen.language), objects.get(name), shown.get(name)) for name in names]
    if rows:
        session.screen.table((N_("what"), N_("how many"), N_("sum")), rows)


def _delivered(session: Session, delivered: Delivered | None) -> dict[str, Any]:
    if delivered is None:
        return {}
    return {"delivered": delivered.new, "said": delivered.said.in_(session.screen.language)}


def _print(session: Session, file: Path, read: Read, delivered: Delivered | None) -> None:
    screen = session.screen
    screen.say("{text}", text=f"{file.name}: {_FORMATS[read.format]} {read.version or ''}".rstrip())
    _table(session, read.objects, read.sums)
    if not read.objects:
        screen.say(N_("there is nothing in it"))
    _remarks(session, read)
    if delivered is not None:
        screen.say(delivered.said)


def _remarks(session: Session, read: Read) -> None:
    screen = session.screen
    if read.remarks:
        heads = (N_("place"), N_("what"), N_("reason"))
        screen.table(heads, [(one.place, _kind(one.unreadable), one.text) for one in read.remarks])
    if read.unreadable:
        screen.note(N_("objects that could not be read: {count}"), count=read.unreadable)
    if read.skipped:
        screen.note(N_("objects that are left out: {count}"), count=read.skipped)


def _kind(unreadable: bool) -> Sentence:
    return Sentence(N_("could not be read")) if unreadable else Sentence(N_("look"))


def _object(name: str, language: str) -> str:
    return translate(_OBJECTS[name], language) if name in _OBJECTS else name

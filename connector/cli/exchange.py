"""`connector exchange`: files of 1C and of a bank that a person carries by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import EXIT_ATTENTION, EXIT_DONE, UsageError
from connector.locale import N_, Sentence, translate
from connector.locale.words import ENTITIES

if TYPE_CHECKING:
    from connector.jobs.exchange.delivery import Delivered
    from connector.jobs.exchange.reading import Read

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
    example="connector exchange import kl_to_1c.txt\nconnector exchange import import.zip --account site",
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


def _delivered(session: Session, delivered: Delivered | None) -> dict[str, Any]:
    if delivered is None:
        return {}
    return {"delivered": delivered.new, "said": delivered.said.in_(session.screen.language)}


def _print(session: Session, file: Path, read: Read, delivered: Delivered | None) -> None:
    from connector.model.values import money_text

    screen = session.screen
    screen.say("{text}", text=f"{file.name}: {_FORMATS[read.format]} {read.version or ''}".rstrip())
    names = dict.fromkeys([*read.objects, *read.sums])
    sums = {name: money_text(amount) for name, amount in read.sums.items()}
    rows = [(_object(name, screen.language), read.objects.get(name), sums.get(name)) for name in names]
    if rows:
        screen.table((N_("what"), N_("how many"), N_("sum")), rows)
    else:
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

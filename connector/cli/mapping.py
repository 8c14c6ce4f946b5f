"""`connector mapping`: laws, one record's way, schemas."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.records import text_of
from connector.cli.session import Session, json_option, known, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import EXIT_ATTENTION, EXIT_CONFIG, EXIT_DONE, UsageError
from connector.locale import N_

if TYPE_CHECKING:
    from connector.mapping import Mapping
    from connector.mapping.explain import FieldStep
    from connector.mapping.laws import LawBreach

mapping = group(
    "mapping",
    help=N_("The mappings: how a row of a system becomes a record, and back."),
    example="connector mapping check\nconnector mapping explain kafe:customer:55",
)


@into(
    mapping,
    "check",
    help=N_(
        "Proves the laws of every mapping: what is written is read back equal, zero stays zero, empty stays empty. "
        "Your own mappings are taken before the shipped ones. A broken law or a wrong profile of 1C ends with 3."
    ),
    example="connector mapping check\nconnector mapping check customer --json",
)
@argument("entities", metavar="[ENTITY]...", nargs=-1, help=N_("only these entities"))
@json_option
@pass_session
def check(session: Session, entities: Sequence[str]) -> int:
    from connector.mapping.laws import check as breaches_of

    document, lines = [], []
    _check_profiles(session)
    for name, one in _mappings(session, [_entity(entity) for entity in entities]):
        breaches = breaches_of(one)
        document.append({"mapping": name, "ok": not breaches, "breaches": [_breach(session, b) for b in breaches]})
        lines += [(name, breach.field, breach.law, breach.reason) for breach in breaches]
    heads = (N_("mapping"), N_("field"), N_("law"), N_("what breaks it"))

    def render() -> None:
        session.screen.say(N_("mappings: {count}; broken laws: {broken}"), count=len(document), broken=len(lines))
        if lines:
            session.screen.table(heads, lines)

    session.screen.show(document, render)
    return EXIT_CONFIG if lines else EXIT_DONE


@into(
    mapping,
    "explain",
    help=N_(
        "One record's way into the hub, field by field: what the system sent, how it was taken, and why a field is "
        "empty. The record is read from the system now; with --raw from a file of JSON."
    ),
    example="connector mapping explain kafe:customer:55\nconnector mapping explain kafe:customer --raw row.json",
)
@argument("place", metavar="ACCOUNT:ENTITY:EXTERNAL_ID", help=N_("the record"))
@option("--raw", metavar="FILE", help=N_("a row as the system sends it; “-” is standard input"))
@json_option
@pass_session
def explain(session: Session, place: str, raw: str | None) -> None:
    from connector.mapping.explain import explain as steps_of

    account, entity, external_id = _place(place, needs_id=raw is None)
    one = _mapping_of(session, account, entity)
    row = _live(session, account, entity, external_id, one) if raw is None else _decoded(_content(raw))
    steps = steps_of(one, row)
    heads = (N_("field"), N_("sent"), N_("taken as"), N_("value"), N_("remark"))
    rows = [(step.field, _raw_text(step.raw), step.transform, _value_text(step), step.reason) for step in steps]
    session.screen.show([_step(session, step) for step in steps], lambda: session.screen.table(heads, rows))


@into(
    mapping,
    "test",
    help=N_(
        "Reads every row as it was last seen with two mappings and shows what would become different: with FILE that "
        "one against the one in use, without it your own mappings against the shipped ones. Differences end with 1."
    ),
    example="connector mapping test\nconnector mapping test new-customer.yaml --account kafe --json",
)
@argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path), help=N_("a mapping to be tried"))
@option("--account", metavar="ACCOUNT", help=N_("only rows of this account"))
@json_option
@pass_session
def test(session: Session, file: Path | None, account: str | None) -> int:
    from connector.cli.backtest import of_file, of_own

    names = list(session.settings.accounts) if account is None else [session.account(account).name]
    trials = of_own(session, names) if file is None else of_file(session, names, file)
    found = [difference for trial in trials for difference in trial.differences(session)]
    heads = (N_("account"), N_("entity"), N_("record"), N_("field"), N_("now"), N_("then"))

    def render() -> None:
        session.screen.table(heads, [tuple(text_of(value) for value in one.values()) for one in found])
        session.screen.say(
            N_("rows read: {rows}; differences: {count}"), rows=sum(t.rows for t in trials), count=len(found)
        )

    session.screen.show(found, render)
    return EXIT_ATTENTION if found else EXIT_DONE


@into(
    mapping,
    "schema",
    help=N_("The JSON Schemas of every YAML file; an editor completes and checks with them."),
    example="connector mapping schema --write schemas\nconnector mapping schema connector",
)
@argument("name", metavar="[NAME]", required=False, help=N_("connector, routes or mapping; default: all"))
@option("--write", "folder", type=click.Path(path_type=Path), metavar="DIR", help=N_("write them there as files"))
@pass_session
def schema(session: Session, name: str | None, folder: Path | None) -> None:
    schemas = _schemas()
    if name is not None:
        schemas = {f"{name}.schema.json": schemas[known(f"{name}.schema.json", schemas)]}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for file, document in schemas.items():
            text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
            session.screen.say(N_("{file} is written"), file=folder / file)
        return
    document = next(iter(schemas.values())) if name is not None else schemas
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _schemas() -> dict[str, dict[str, Any]]:
    from connector.config.schema import schemas as of_settings
    from connector.mapping.schema import schemas as of_mappings
    from connector.systems.onec.own.description import schemas as of_services
    from connector.systems.onec.profile import schemas as of_profiles

    return {**of_settings(), **of_mappings(), **of_profiles(), **of_services()}


def _mappings(session: Session, entities: Sequence[str]) -> Iterator[tuple[str, Mapping]]:
    """(name, mapping) of every mapping there is, each once: the workspace's own before the shipped one."""
    from connector.mapping import load
    from connector.model.records import ENTITIES

    folders = _folders(session)
    for entity in entities or ENTITIES:
        places = {file.parent.relative_to(folder) for folder in folders for file in folder.rglob(f"{entity}.yaml")}
        for place in sorted(places):
            profile = place.name if place.parts[0] == "profiles" else None
            yield f"{place.as_posix()}/{entity}", load(folders, "onec" if profile else place.name, entity, profile)


def _check_profiles(session: Session) -> None:
    """Every profile of 1C that is in force. ConfigError names the first that is wrong, with all its mistakes."""
    from connector.model.records import ENTITIES
    from connector.systems.onec.profile import FILE, load_profile

    folders = _folders(session)
    for name in sorted({file.parent.name for folder in folders for file in folder.glob(f"profiles/*/{FILE}")}):
        load_profile(name, folders, known=tuple(ENTITIES))
    _check_services(folders)


def _check_services(folders: Sequence[Path]) -> None:
    """Every description of a web service of one's own that is in force."""
    from connector.systems.onec.own.description import FILE, load_description

    found = {file.parent.name: file for folder in reversed(folders) for file in folder.glob(f"profiles/*/{FILE}")}
    for name in sorted(found):
        load_description(found[name])


def _folders(session: Session) -> tuple[Path, ...]:
    """Where mappings lie, also outside a workspace."""
    from connector.config import FILE
    from connector.resources import mappings_folder

    if (session.folder / FILE).exists():
        return session.settings.mappings
    return (mappings_folder(),)


def _mapping_of(session: Session, name: str, entity: str) -> Mapping:
    from connector.mapping import load

    account = session.account(name)
    return load(session.settings.mappings, account.kind, entity, account.dialect, timezone=account.timezone)


def _live(session: Session, account: str, entity: str, external_id: str, one: Mapping) -> dict[str, Any]:
    from connector.systems import build

    adapter = build(session.account(account))
    try:
        row = adapter.get(entity, external_id, one.paths)
    finally:
        adapter.close()
    if row is None:
        raise UsageError(N_("{account} has no {entity} {id}"), account=account, entity=entity, id=external_id)
    return _decoded(row.body)


def _content(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(N_("{file} cannot be read: {reason}"), file=name, reason=error.strerror) from error


def _decoded(body: bytes) -> dict[str, Any]:
    import msgspec

    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(N_("this is no JSON object: {reason}"), reason=str(error)) from error


def _place(text: str, *, needs_id: bool) -> tuple[str, str, str]:
    account, _, rest = text.partition(":")
    entity, _, external_id = rest.partition(":")
    if not account or not entity or (needs_id and not external_id):
        raise UsageError(N_("“{text}” is no record; write ACCOUNT:ENTITY:EXTERNAL_ID"), text=text)
    return account, _entity(entity), external_id


def _entity(name: str) -> str:
    from connector.model.records import ENTITIES

    return known(name, ENTITIES)


def _breach(session: Session, breach: LawBreach) -> dict[str, Any]:
    return {"field": breach.field, "law": breach.law, "reason": breach.reason.in_(session.screen.language)}


def _step(session: Session, step: FieldStep) -> dict[str, Any]:
    """Absent is a missing key, known empty is null."""
    document: dict[str, Any] = {"field": step.field, "raw": step.raw, "transform": step.transform}
    if not _is_absent(step):
        document["value"] = step.value
    if step.reason is not None:
        document["reason"] = step.reason.in_(session.screen.language)
    return {**document, "direction": step.direction}


def _is_absent(step: FieldStep) -> bool:
    from connector.model.values import ABSENT

    return step.value is ABSENT


def _raw_text(raw: dict[str, Any]) -> str:
    return ", ".join(f"{path}={json.dumps(value, ensure_ascii=False, default=str)}" for path, value in raw.items())


def _value_text(step: FieldStep) -> object:
    return None if _is_absent(step) else step.value

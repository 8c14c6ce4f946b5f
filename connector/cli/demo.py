"""`connector demo`: the main job, step by step on the sandbox. It runs the real commands and shows what they say."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.session import Session, pass_session
from connector.cli.texts import command, option
from connector.errors import EXIT_ATTENTION, EXIT_CHANGES, EXIT_DONE, EXIT_STOPPED, StopError, UsageError
from connector.locale import LANGUAGES, N_, plural
from connector.locale.words import FIELDS, called

if TYPE_CHECKING:
    from connector.jobs.workspace import Workspace
    from connector.sandbox import Sandbox

_ALL: Final = frozenset({"buh", "kafe", "panel", "vp"})
_MARK: Final = ".connector-demo"
_WAIT: Final = 60.0
_GROUPS: Final = "group"


@command(
    "demo",
    help=N_(
        "The main job on this machine: five systems with one messy company, a first sync, edits on three sides, "
        "conflicts and their decision, a run that finds nothing to do, and a death in the middle."
    ),
    example="connector demo\nconnector demo --folder demo --language en",
)
@option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help=N_("the workspace; an older one of the demo is replaced"),
)
@option("--language", type=click.Choice(LANGUAGES), help=N_("ru or en; default: that of this terminal"))
@pass_session
def demo(session: Session, folder: Path, language: str | None) -> int:
    from connector.sandbox import Sandbox

    screen = session.screen
    screen.language = language or screen.language
    _empty(folder)
    with Sandbox() as sandbox:
        story = _Story(session, sandbox, folder)
        story.first_sync()
        story.join_groups()
        story.edit_everywhere()
        story.decide()
        story.rest()
        counts = story.counts()
    with Sandbox() as sandbox:
        story = _Story(session, sandbox, folder / "killed")
        story.die_and_recover(counts)
    screen.say("")
    screen.say(N_("The workspace stays in {folder}; its systems are gone with this command."), folder=folder)
    return EXIT_DONE


def _empty(folder: Path) -> None:
    """Make room, but never in a folder that is not the demo's own."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise UsageError(N_("{folder} holds something else; give another one with --folder"), folder=folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()


class _Story:
    """One company, one workspace. Edits go through the systems' own interfaces, everything else through commands."""

    def __init__(self, session: Session, sandbox: Sandbox, folder: Path) -> None:
        self.screen = session.screen
        self.sandbox = sandbox
        self.folder = folder
        sandbox.workspace(folder, self.screen.language)

    # telling

    def title(self, text: str, **facts: object) -> None:
        self.screen.say("")
        self.screen.say(text, **facts)

    def run(self, *words: str, expected: tuple[int, ...] = (EXIT_DONE, EXIT_ATTENTION)) -> None:
        """Run a command as a person would, and show it."""
        self.screen.say("")
        self.screen.say("$ connector " + " ".join(words))
        code = subprocess.call(self._command(*words))
        if code not in expected:
            raise StopError(N_("the demo stopped: connector {command} ended with {code}"), command=words[0], code=code)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "connector", "-C", str(self.folder), *words]

    def open(self) -> Workspace:
        from connector.jobs.workspace import Workspace

        return Workspace.open(self.folder)

    # steps

    def first_sync(self) -> None:
        self.title(N_("1. Five systems are up on this machine, each with its own idea of one company's customers."))
        self.run("check")
        self.title(N_("2. The first sync shows whom it found to be the same, and writes only when it is told to."))
        self.run("sync", expected=(EXIT_STOPPED,))
        self.run("sync", "--yes")

    def join_groups(self) -> None:
        self.title(N_("3. Groups are never joined by their names: sync proposes, a person decides."))
        self.run("links", "proposals", _GROUPS)
        with self.open() as workspace:
            pair = _best_pair(workspace)
        if pair is not None:
            self.run("links", "link", *pair)
            self.run("sync", "--yes")

    def edit_everywhere(self) -> None:
        self.title(N_("4. People work on three sides: 1C, the till and the shop panel."))
        with self.open() as workspace:
            people = _well_known(workspace)
            for number, (account, name, value) in enumerate(
                (
                    ("buh", "address", "г. Москва, ул. Мира, д. 5"),
                    ("kafe", "birthday", "1985-03-08"),
                    ("panel", "email", "new.address@example.com"),
                )
            ):
                self._edit(workspace, people[number], account, name, value)
            self.title(N_("   and twice two people change the same thing differently:"))
            self._edit(workspace, people[3], "buh", "birthday", "1979-04-03")
            self._edit(workspace, people[3], "kafe", "birthday", "1979-03-04")
            self._edit(workspace, people[4], "kafe", "address", "Садовая, 1")
            self._edit(workspace, people[4], "panel", "address", "Лесная, 7")
        self.title(N_("5. The second sync carries each edit everywhere; both values of a conflict are in the log."))
        self.run("plan", expected=(EXIT_CHANGES,))
        self.run("sync")

    def decide(self) -> None:
        self.title(
            N_("6. Birthdays belong to the till: decided by rule. Addresses belong to nobody here: a person decides.")
        )
        self.run("conflicts", "list")
        with self.open() as workspace:
            number = next(
                conflict.id
                for conflict in workspace.store.conflicts.all("open")
                if conflict.field == "address" and {"kafe", "panel"} <= conflict.values.keys()
            )
        self.run("conflicts", "show", str(number))
        self.run("conflicts", "resolve", str(number), "--take", "panel")
        self.title(N_("7. The third sync carries the decision."))
        self.run("sync")

    def rest(self) -> None:
        self.title(N_("8. The fourth finds nothing to do."))
        self.run("plan")
        self.run("status")

    def die_and_recover(self, expected: dict[str, tuple[int, int]]) -> None:
        self.title(
            N_("9. The same company again; this time the process is killed (kill -9) in the middle of its writing.")
        )
        self._slow_down()
        self.screen.say("")
        self.screen.say("$ connector sync --yes")
        process = subprocess.Popen(self._command("sync", "--yes"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._kill_while_writing(process)
        for world in self.sandbox.worlds.values():
            world.faults.clear()
        self.run("outbox", "list")
        self.title(N_("10. The next run looks at what was left open before it repeats anything."))
        self.run("sync", "--yes")
        self.run("plan")
        self._compare(expected)

    # what the steps need

    def _edit(self, workspace: Workspace, uid: str, account: str, name: str, value: str) -> None:
        """One person's edit, through the interface of the system itself."""
        from connector.sync.observe import decode

        link = next(link for link in workspace.store.crosswalk.of([uid])[uid] if link.spoke == account)
        adapter, mapping = workspace.adapter(account), workspace.mapping(account, "customer")
        current = adapter.get("customer", link.external_id, mapping.paths)
        if current is None:
            raise StopError(N_("{account} has no record {id}"), account=account, id=link.external_id)
        standing = current.full if current.full is not None else decode(current.body)
        raw: dict[str, Any] = mapping.write({name: value}, standing)
        adapter.update("customer", link.external_id, raw, current)
        self.screen.say(N_("   {account}, customer {id}: {field} → {value}"), account=account, id=link.external_id,
                        field=called(FIELDS, name, self.screen.language), value=value)  # fmt: skip

    def _slow_down(self) -> None:
        from connector.sandbox.faults import Fault

        for world in self.sandbox.worlds.values():
            world.faults.add(Fault(endpoint="*", fault="latency", seconds=0.02))

    def _kill_while_writing(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _WAIT
        log = self.sandbox.worlds["saplab"].log
        while sum(entry.verb == "POST" for entry in log.entries()) < 7:
            if process.poll() is not None or time.monotonic() > deadline:
                break
            time.sleep(0.005)
        process.kill()
        process.wait()
        killed = plural(
            "… killed after {count} request to the shop panel",
            "… killed after {count} requests to the shop panel",
            count=log.total,
        )
        self.screen.say(killed)

    def counts(self) -> dict[str, tuple[int, int]]:
        """account -> (customers there, customers there whose phone somebody else there has too)."""
        with self.open() as workspace:
            return {account: _count(workspace, account) for account in sorted(_ALL)}

    def _compare(self, expected: dict[str, tuple[int, int]]) -> None:
        found = self.counts()
        heads = (N_("account"), N_("customers"), N_("without the death"), N_("the same"))
        rows = [
            (account, found[account][0], expected[account][0], found[account] == expected[account]) for account in found
        ]
        self.screen.say("")
        self.screen.table(heads, rows)
        if found != expected:
            raise StopError(N_("the demo found a difference after the death; please report it"))


def _well_known(workspace: Workspace) -> list[str]:
    """People, and no firms, whom all four systems have and nobody asks about, in a fixed order."""
    from connector.sync.observe import decode

    store = workspace.store
    asked = {conflict.uid for conflict in store.conflicts.all("open")}
    known: dict[str, set[str]] = {}
    for link in store.crosswalk.all("customer"):
        if link.primary and not link.gone:
            known.setdefault(link.uid, set()).add(link.spoke)
    uids = [uid for uid, spokes in known.items() if spokes >= _ALL and uid not in asked]
    bodies = store.hub.bodies(uids)
    uids = [uid for uid in uids if decode(bodies[uid]).get("kind") != "legal"]
    phones = store.hub.identifiers(uids)
    return sorted(uids, key=lambda uid: (_phone(phones[uid]), uid))


def _phone(identifiers: set[tuple[str, str]]) -> str:
    return min((value for scheme, value in identifiers if scheme == "phone"), default="~")


def _best_pair(workspace: Workspace) -> tuple[str, str] | None:
    """The likeliest pair of groups of the till and the shop, as `links link` takes it."""
    from connector.sync.people import proposals

    for proposal in proposals(workspace.store, _GROUPS):
        if {*proposal.spokes[0], *proposal.spokes[1]} == {"kafe", "panel"}:
            link = workspace.store.crosswalk.of([proposal.other])[proposal.other][0]
            return f"{link.spoke}:{_GROUPS}:{link.external_id}", proposal.uid
    return None


def _count(workspace: Workspace, account: str) -> tuple[int, int]:
    from connector.sync.observe import decode

    mapping = workspace.mapping(account, "customer")
    phones: list[object] = []
    for page in workspace.adapter(account).feed("customer", mapping.paths):
        phones += [mapping.read(decode(row.body), []).phone for row in page.rows if not row.gone]  # type: ignore[attr-defined]
    told = [phone for phone in phones if isinstance(phone, str)]
    return len(phones), len(told) - len(set(told))

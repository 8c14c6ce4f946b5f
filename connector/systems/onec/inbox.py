"""What 1C has sent and no run has observed yet: whole files, numbered in the order in which they came.

    inbox = Inbox(folder)
    number = inbox.put(Path("arrived.xml"))       # moved, on the disk, never seen half
    for number, file in inbox.after(12): ...      # what a feed with the cursor 12 has still to read
    inbox.forget(14)                              # every feed has stored what these said

A number is never given twice, also when everything before it was forgotten or the folder itself was lost: the first
one is told by the clock. Several processes may put files; a reader sees nothing that stands behind one still being put.

What was read is laid aside for KEPT days. 1C never tells it again; a store that was put back to what it was before has
an older cursor, and reads it once more.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from connector.systems.onec.disk import unusable

_PART: Final = re.compile(r"(\d{9})\.part\Z")
_LAST: Final = "last"
KEPT: Final = 30
"""Days for which a file that was read is kept: as long as a copy of the store may be old when it is put back."""
_DAY: Final = 86_400.0
_READ: Final = "read"
_EPOCH: Final = 1_577_836_800
"""2020 in Unix seconds: the clock gives numbers of nine digits until 2051."""
_ABANDONED: Final = 600.0
"""Seconds after which a file that is still being put belongs to a process that is no more."""


class Inbox:
    """One folder of received files, called `<number>.<ending>`. StopError where the folder cannot be used."""

    def __init__(self, folder: Path, ending: str = "xml", *, now: Callable[[], float] = time.time) -> None:
        self.folder, self._ending, self._now = folder, ending, now
        self._file = re.compile(rf"(\d{{9}})\.{ending}\Z")

    def put(self, file: Path) -> int:
        """Take a file over; its number. It must lie on the same disk."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            number = self._reserve()
            part, target = self._part(number), self._named(number)
            _settle(file)
            os.replace(file, part)
            os.replace(part, target)
        except OSError as error:
            raise unusable(self.folder, error) from error
        return number

    def after(self, number: int) -> list[tuple[int, Path]]:
        """The files behind this number, in their order."""
        found = {one: self._read / self._named(one).name for one in self._numbers(self._file, self._read)}
        found |= {one: self._named(one) for one in self._numbers(self._file)}
        pending = [one for one in self._numbers(_PART) if not self._is_abandoned(one)]
        end = min(pending, default=None)
        return [(one, found[one]) for one in sorted(found) if one > number and (end is None or one < end)]

    def forget(self, number: int) -> None:
        """Lay the files up to this number aside, and remove what has lain there for long."""
        for one in self._numbers(self._file):
            if one <= number:
                self._read.mkdir(exist_ok=True)
                with suppress(OSError):  # on Windows: somebody reads it; the next time will do
                    os.replace(self._named(one), self._read / self._named(one).name)
        for one in self._numbers(self._file, self._read):
            old = self._read / self._named(one).name
            with suppress(OSError):
                if one <= number and self._now() - old.stat().st_mtime > KEPT * _DAY:
                    old.unlink()

    def waiting(self) -> int:
        """How many files have not been laid aside yet."""
        return len(self._numbers(self._file))

    def has_history(self) -> bool:
        """Whether a file has ever come: a folder that was lost looks like one that nobody has used."""
        return bool(self._last() or self._numbers(self._file) or self._numbers(self._file, self._read))

    def size(self) -> int:
        """Bytes of all files that wait; those laid aside do not."""
        total = 0
        for one in self._numbers(self._file):
            with suppress(OSError):
                total += self._named(one).stat().st_size
        return total

    def recover(self) -> None:
        """Finish what an ended process was putting: what had arrived whole is kept."""
        for number in self._numbers(_PART):
            part = self._part(number)
            if not self._is_abandoned(number):
                continue
            with suppress(OSError):
                if part.stat().st_size > 0:
                    os.replace(part, self._named(number))
                else:
                    part.unlink()

    def _reserve(self) -> int:
        read = self._numbers(self._file, self._read)
        known = max([self._last(), *self._numbers(self._file), *self._numbers(_PART), *read])
        number = (known or int(self._now()) - _EPOCH) + 1
        while True:
            try:
                self._part(number).open("xb").close()
            except FileExistsError:
                number += 1
                continue
            if not self._named(number).exists():
                break
            self._part(number).unlink()
            number += 1
        self._remember(number)
        return number

    def _last(self) -> int:
        try:
            return int((self.folder / _LAST).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def _remember(self, number: int) -> None:
        part = self.folder / f"{_LAST}.{number}"  # a number is taken once; a process may hold several imports
        part.write_text(str(max(number, self._last())), encoding="ascii")
        os.replace(part, self.folder / _LAST)

    @property
    def _read(self) -> Path:
        return self.folder / _READ

    def _numbers(self, pattern: re.Pattern[str], folder: Path | None = None) -> list[int]:
        try:
            names = os.listdir(folder or self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise unusable(self.folder, error) from error
        return [int(match[1]) for name in names if (match := pattern.match(name)) is not None]

    def _is_abandoned(self, number: int) -> bool:
        try:
            return self._now() - self._part(number).stat().st_mtime > _ABANDONED
        except OSError:
            return True

    def _named(self, number: int) -> Path:
        return self.folder / f"{number:09}.{self._ending}"

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:09}.part"


def _settle(file: Path) -> None:
    """What was written is on the disk, and is of now: a file that took long to arrive is not an abandoned one."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
    os.utime(file)

"""What 1C has sent and no run has observed yet: whole files, numbered in the order in which they came.

    inbox = Inbox(folder)
    number = inbox.put(Path("arrived.xml"))       # moved, on the disk, never seen half
    for number, file in inbox.after(12): ...      # what a feed with the cursor 12 has still to read
    inbox.forget(14)                              # every feed has stored what these said

A number is never given twice, also when everything before it was forgotten. Several processes may put files; a reader
sees nothing that stands behind a file still being put.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from connector.errors import StopError
from connector.locale import N_

_PART: Final = re.compile(r"(\d{9})\.part\Z")
_LAST: Final = "last"
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
            raise self._unusable(error) from error
        return number

    def after(self, number: int) -> list[tuple[int, Path]]:
        """The files behind this number, in their order."""
        found = self._numbers(self._file)
        pending = [one for one in self._numbers(_PART) if not self._is_abandoned(one)]
        end = min(pending, default=None)
        return [(one, self._named(one)) for one in sorted(found) if one > number and (end is None or one < end)]

    def forget(self, number: int) -> None:
        """Remove the files up to this number."""
        for one in self._numbers(self._file):
            if one <= number:
                with suppress(OSError):  # on Windows: somebody reads it; the next time will do
                    self._named(one).unlink()

    def size(self) -> int:
        """Bytes of all files that wait."""
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
        number = max([self._last(), *self._numbers(self._file), *self._numbers(_PART)]) + 1
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

    def _numbers(self, pattern: re.Pattern[str]) -> list[int]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from error
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

    def _unusable(self, error: OSError) -> StopError:
        text = N_("{folder}: the folder of the exchange cannot be used: {reason}")
        return StopError(text, folder=self.folder, reason=error.strerror or type(error).__name__)


def _settle(file: Path) -> None:
    """What was written is on the disk, and is of now: a file that took long to arrive is not an abandoned one."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
    os.utime(file)

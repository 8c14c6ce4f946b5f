"""Files that are there whole or not at all, and what a disk refuses, said in a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from connector.errors import StopError
from connector.locale import N_


def write_whole(file: Path, data: bytes) -> None:
    """A file that is there whole or not at all. StopError where it cannot be written."""
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            settle(stream)
        os.replace(part, file)
    except OSError as error:
        raise StopError(N_("{file} cannot be written: {reason}"), file=file, reason=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)


def settle(stream: IO[bytes]) -> None:
    """What was written is on the disk."""
    stream.flush()
    os.fsync(stream.fileno())


def unusable(folder: Path, error: OSError) -> StopError:
    """The folder of an exchange refuses."""
    text = N_("{folder}: the folder of the exchange cannot be used: {reason}")
    return StopError(text, folder=folder, reason=error.strerror or type(error).__name__)


@contextmanager
def speaking(folder: Path) -> Iterator[None]:
    """What the disk refuses inside is said of this folder."""
    try:
        yield
    except OSError as error:
        raise unusable(folder, error) from error

"""Every error of ours, grouped by what to do next.

    ConnectorError
    ├── RetryError              nothing happened: the same call may be made again
    │   ├── Unavailable         no answer, or an answer that says "later"
    │   └── Throttled           too many requests; `after` seconds say when
    ├── RejectedError           the remote refused this record: change it, not the timing
    │   ├── Missing             no such record there
    │   ├── Duplicate           a unique value is taken: look up and link
    │   ├── Stale               it changed since we looked
    │   └── Invalid             a value is not acceptable there
    ├── OutcomeUnknown          a write left and no answer came: look before anything else
    ├── StopError               a person must act before this can go on (exit 2)
    │   ├── Forbidden           credentials or rights; stops its account only
    │   ├── BrokenAnswer        the account answers with something that is not its protocol
    │   ├── Brake               more would change than the route allows
    │   ├── ConsentMissing      the first writing run was not agreed to
    │   └── Locked              another run holds the store
    ├── ConfigError             the files of the person (exit 3); carries file, line, column
    │   └── ConfigErrors        several of them at once, in the order of the file
    ├── UsageError              the command line (exit 3)
    └── RowError                one row cannot be read or written: journal, and go on

Each carries a sentence that says what happened, to which account and record, and what to do next.
None carries a URL, a body or a secret.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.locale import N_, Sentence

EXIT_DONE = 0
EXIT_ATTENTION = 1
EXIT_STOPPED = 2
EXIT_CONFIG = 3
EXIT_CHANGES = 4


class ConnectorError(Exception):
    """Base of all: `text` is an English template (marked with N_), `facts` fill it in.

    Facts named account, entity, external_id, endpoint and code are also kept as attributes.
    """

    exit_code = EXIT_ATTENTION

    def __init__(self, text: str, /, **facts: object) -> None:
        self.sentence = Sentence(text, **facts)
        super().__init__(text)

    def __str__(self) -> str:
        return str(self.sentence)

    def fact(self, name: str) -> str | None:
        value = self.sentence.facts.get(name)
        return None if value is None else str(value)

    @property
    def account(self) -> str | None:
        return self.fact("account")

    @property
    def code(self) -> str | None:
        return self.fact("code")


class RetryError(ConnectorError):
    """Nothing happened there; the same call may be made again later."""

    exit_code = EXIT_STOPPED


class Unavailable(RetryError):
    """The remote could not be reached, or said that it cannot answer now."""


class Throttled(RetryError):
    """Too many requests; `after` is the number of seconds to wait, when the remote said it."""

    def __init__(self, text: str, /, after: float | None = None, **facts: object) -> None:
        self.after = after
        super().__init__(text, **facts)


class RejectedError(ConnectorError):
    """The remote understood and refused. Repeating the same call gives the same answer."""


class Missing(RejectedError):
    """There is no such record there."""


class Duplicate(RejectedError):
    """A value that must be unique there is taken: maybe by our own earlier attempt. Look it up."""


class Stale(RejectedError):
    """The record changed there since we looked at it."""


class Invalid(RejectedError):
    """A value is not acceptable there."""


class OutcomeUnknown(ConnectorError):
    """A write was sent and no usable answer came. It may or may not have happened."""


class StopError(ConnectorError):
    """A person must act before this can go on."""

    exit_code = EXIT_STOPPED


class Forbidden(StopError):
    """The credentials or the rights of the account do not suffice."""


class BrokenAnswer(StopError):
    """The answer is not what this system speaks: HTML, a cut body, a wrong encoding or shape."""


class Brake(StopError):
    """More would change than the route allows in one run."""


class ConsentMissing(StopError):
    """The first run that would write was not agreed to."""


class Locked(StopError):
    """Another run holds the store."""


class ConfigError(ConnectorError):
    """A file of the person is wrong. `file`, `line` and `column` (from 1) say where."""

    exit_code = EXIT_CONFIG

    def __init__(
        self, text: str, /, file: str | None = None, line: int | None = None, column: int | None = None, **facts: object
    ) -> None:
        self.file, self.line, self.column = file, line, column
        super().__init__(text, **facts)

    @property
    def where(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}" if self.where else str(self.sentence)


class ConfigErrors(ConfigError):
    """Several mistakes in the files of the person, all of them, so that one pass mends them.

    As a ConfigError it speaks for the first; `errors` holds each.
    """

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        first = errors[0]
        super().__init__(first.sentence.text, first.file, first.line, first.column, **first.sentence.facts)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class UsageError(ConnectorError):
    """The command was called in a way it does not understand."""

    exit_code = EXIT_CONFIG


class RowError(ConnectorError):
    """One field of one row cannot be read or written. Kept with field, value and reason."""

    def __init__(self, field: str, value: object, reason: str, /, **facts: object) -> None:
        self.field, self.value = field, value
        self.reason = Sentence(reason, **facts)
        super().__init__(N_("{field}: {value}: {reason}"), field=field, value=repr(value), reason=self.reason)

"""Click's own words that a person may read, marked so that the catalogue holds their translation.

Click looks them up by gettext itself; nothing here is called. A test compares them with click's source.
"""

from __future__ import annotations

from typing import Final

from connector.locale import N_


def both(one: str, many: str) -> tuple[str, str]:
    """Mark a text with two numbers."""
    return one, many


WORDS: Final = (
    N_("Usage:"),
    N_("Options"),
    N_("Positional arguments"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Missing command."),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("file"),
    N_("directory"),
    N_("path"),
)
PAIRS: Final = (
    both("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    both("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    both("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    both("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)

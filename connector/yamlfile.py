"""Strict YAML: every wrong word is an error with file, line, column and the nearest known word.

    settings = load_strict(Path("connector.yaml"), Workspace)      # a pydantic model or any type, e.g. list[Routes]
    document = read(path); document.build(model); raise document.error(N_("..."), "accounts", "kafe", "stamp")

YAML 1.2, safe: no tags, no aliases (they can expand without end), no duplicate keys. A plain word is an integer only
when it is spelt as one: `007` stays text, a date stays text until the model wants a date, and a number with a point
reaches the model as its own exact text: no float is made here.

Models derive from `Strict`. A validator of a model that wants to say something to a person raises `Wrong`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from connector.errors import ConfigError, ConfigErrors
from connector.locale import N_, Sentence

T = TypeVar("T")
Key = str | int
MAX_BYTES: Final = 4 * 1024 * 1024
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
_REPEATED: Final = re.compile(r"(alias|anchor|handle) ['\"].*", re.DOTALL)
_TAG: Final = "tag:yaml.org,2002:"
_TAGS: Final = frozenset({"str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value"})
_CLOSE: Final = 0.6

_TEXTS: Final = {
    "missing": N_("the key “{word}” is missing"),
    "string_type": N_("must be text; put it in quotes"),
    "string_too_short": N_("must not be empty"),
    "too_short": N_("must not be empty"),
    "bool_type": N_("must be true or false"),
    "bool_parsing": N_("must be true or false"),
    "int_type": N_("must be a whole number"),
    "int_parsing": N_("must be a whole number"),
    "int_from_float": N_("must be a whole number"),
    "float_type": N_("must be a number"),
    "float_parsing": N_("must be a number"),
    "decimal_type": N_("must be a number"),
    "decimal_parsing": N_("must be a number"),
    "dict_type": N_("must be a set of “key: value” lines"),
    "model_type": N_("must be a set of “key: value” lines"),
    "model_attributes_type": N_("must be a set of “key: value” lines"),
    "list_type": N_("must be a list"),
    "tuple_type": N_("must be a list"),
    "frozen_set_type": N_("must be a list"),
    "date_from_datetime_parsing": N_("must be a date such as 2026-01-31"),
    "date_parsing": N_("must be a date such as 2026-01-31"),
    "date_type": N_("must be a date such as 2026-01-31"),
    "greater_than": N_("must be more than {gt}"),
    "greater_than_equal": N_("must be at least {ge}"),
    "less_than": N_("must be less than {lt}"),
    "less_than_equal": N_("must be at most {le}"),
}


class Strict(BaseModel):
    """Base of every model of a YAML file: unknown keys are errors, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)


class Wrong(ValueError):
    """Raised by a validator of a model: `text` is marked with N_, `at` is the key below the model that is wrong."""

    def __init__(self, text: str, /, at: Sequence[Key] = (), **facts: object) -> None:
        self.sentence = Sentence(text, **facts)
        self.at = tuple(at)
        super().__init__(str(self.sentence))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None: letter case and `-` for `_` are forgiven."""
    plain = {_plain(name): name for name in known}
    if (same := plain.get(_plain(word))) is not None:
        return same
    close = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=_CLOSE)
    return plain[close[0]] if close else None


def unknown_word(word: str, known: Iterable[str]) -> Sentence:
    """The sentence for a word outside a closed list."""
    names = list(known)
    if (near := nearest(word, names)) is not None:
        return Sentence(N_("unknown word “{word}”; did you mean “{near}”?"), word=word, near=near)
    return Sentence(N_("unknown word “{word}”; known words: {known}"), word=word, known=", ".join(names))


def load_strict(path: Path, model: type[T] | Any) -> T:
    """The file as `model` (a pydantic model or any type). ConfigErrors holds every mistake, top to bottom."""
    return read(path).build(model)  # type: ignore[no-any-return]


def together(errors: Sequence[ConfigError]) -> ConfigError:
    """One error to raise for one or several, sorted by their place in each file."""
    ordered = sorted(errors, key=lambda one: (one.file or "", one.line or 0, one.column or 0))
    return ordered[0] if len(ordered) == 1 else ConfigErrors(ordered)


def read(path: Path, name: str | None = None) -> Document:
    """Read and parse; `name` is what errors call the file (default: the path as given). ConfigError when not YAML."""
    shown = name or str(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(N_("there is no such file"), shown) from error
    except OSError as error:
        raise ConfigError(N_("the file cannot be read: {reason}"), shown, reason=error.strerror) from error
    return parse(content, shown)


def parse(content: bytes, name: str) -> Document:
    """A document from bytes. ConfigError when it is no UTF-8, too large or no YAML."""
    if len(content) > MAX_BYTES:
        raise ConfigError(N_("the file is larger than {limit} bytes"), name, limit=MAX_BYTES)
    try:
        root = YAML(typ="safe", pure=True).compose(content.decode("utf-8-sig"))
        places: dict[tuple[Key, ...], tuple[int, int]] = {}
        data = None if root is None else _Builder(name, places).value(root, ())
    except UnicodeDecodeError as error:
        raise ConfigError(N_("the file is not UTF-8; save it as UTF-8"), name) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
        reason = _shown(error.problem)  # the parser's own text quotes the line, which may hold a password
        raise ConfigError(N_("this is not YAML: {reason}"), name, line, column, reason=reason) from None
    except RecursionError as error:
        raise ConfigError(N_("the file is nested too deeply"), name) from error
    except YAMLError as error:
        raise ConfigError(N_("this is not YAML: {reason}"), name, reason=_shown(str(error).splitlines()[0])) from None
    return Document(name, data, places)


def _shown(problem: str | None) -> str:
    """What the parser says is wrong, without the words of the file that it repeats."""
    return _REPEATED.sub(r"\1 …", problem or "—")


@dataclass(frozen=True)
class Document:
    """A parsed file: plain `data` and the place of every key and item."""

    name: str
    data: Any
    places: dict[tuple[Key, ...], tuple[int, int]]

    def at(self, *keys: Key) -> tuple[int, int]:
        """Line and column (from 1) of the longest known part of this way into the data."""
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places.get(keys, (1, 1))

    def error(self, text: str, /, *keys: Key, **facts: object) -> ConfigError:
        """A ConfigError at this place, to be raised."""
        line, column = self.at(*keys)
        return ConfigError(text, self.name, line, column, **facts)

    def build(self, model: type[T] | Any) -> T:
        """The data as `model`; a ConfigError for one mistake, ConfigErrors for several, top to bottom."""
        try:
            return cast(T, _adapter(cast(Hashable, model)).validate_python(self.data))
        except ValidationError as error:
            raise together(list(self._mistakes(error, model))) from None

    def _mistakes(self, error: ValidationError, model: Any) -> Iterator[ConfigError]:
        for one in error.errors(include_url=False, include_input=False):
            keys = self._real(one["loc"])
            sentence, deeper = _sentence(one, _value(self.data, keys), model)
            yield self.error(N_("{problem}"), *keys, *deeper, problem=sentence)

    def _real(self, loc: Sequence[Key]) -> tuple[Key, ...]:
        """pydantic's way without the names of union members, which are in no file."""
        keys: tuple[Key, ...] = ()
        for part in loc:
            if (*keys, part) in self.places:
                keys = (*keys, part)
        return keys


class _Builder:
    """Turns the node graph into plain values and notes where each one stands."""

    def __init__(self, name: str, places: dict[tuple[Key, ...], tuple[int, int]]) -> None:
        self._name, self._places = name, places
        self._seen: set[int] = set()

    def value(self, node: Node, way: tuple[Key, ...]) -> Any:
        if id(node) in self._seen or node.anchor is not None:
            raise self._error(node, N_("anchors and aliases (& and *) are not used here"))
        if node.tag is not None and str(node.tag).removeprefix(_TAG) not in _TAGS:
            raise self._error(node, N_("tags (!) are not used here"))
        self._seen.add(id(node))
        self._places.setdefault(way, _place(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, way)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*way, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, way: tuple[Key, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise self._error(key_node, N_("a key must be one word"))
            key = str(key_node.value)
            if key in result:
                raise self._error(key_node, N_("the key “{word}” stands here twice"), word=key)
            self._places[(*way, key)] = _place(key_node)
            result[key] = self.value(value_node, (*way, key))
        return result

    def _scalar(self, node: Node) -> Any:
        text = str(node.value)
        if isinstance(node, ScalarNode) and node.style is not None:
            return text
        if text.lower() in _WORDS and text in (text.lower(), text.capitalize(), text.upper()):
            return _WORDS[text.lower()]
        return int(text) if _INTEGER.match(text) and len(text) <= 18 else text

    def _error(self, node: Node, text: str, **facts: object) -> ConfigError:
        line, column = _place(node)
        return ConfigError(text, self._name, line, column, **facts)


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


@lru_cache(maxsize=64)
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_")


def _value(data: Any, keys: Sequence[Key]) -> Any:
    for key in keys:
        data = data[key]
    return data


def _sentence(one: Any, value: Any, model: Any) -> tuple[Sentence, tuple[Key, ...]]:
    """What is wrong, for a person, and the way below the reported place to the very word."""
    kind, context = one["type"], one.get("ctx", {})
    last = str(one["loc"][-1]) if one["loc"] else ""
    if kind == "extra_forbidden":
        return unknown_word(last, _known_keys(model, one["loc"][:-1])), ()
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        expected = re.findall(r"'([^']*)'", str(context.get("expected") or context.get("expected_tags")))
        at = (context["discriminator"].strip("'"),) if kind == "union_tag_invalid" else ()
        word = context["tag"] if kind == "union_tag_invalid" else one["loc"][-2] if last == "[key]" else value
        return unknown_word(str(word), expected), at
    if kind == "union_tag_not_found":
        return Sentence(_TEXTS["missing"], word=context["discriminator"].strip("'")), ()
    if kind == "value_error" and isinstance(context.get("error"), Wrong):
        return context["error"].sentence, context["error"].at
    if kind in _TEXTS:
        return Sentence(_TEXTS[kind], word=last, **{name: fact for name, fact in context.items() if name != "word"}), ()
    return Sentence(N_("{reason}"), reason=one["msg"]), ()


def _known_keys(model: Any, way: Sequence[Key]) -> list[str]:
    """The keys that the model at this place knows."""
    models = list(_models(model))
    for part in way:
        fields = [found for one in models for found in _field(one, part)]
        inside = [inner for annotation in fields for inner in _models(annotation)]
        models = inside or [one for one in models if _is_tagged(one, part)] or models
    return list(dict.fromkeys(name for one in models for name in _names(one)))


def _field(model: type[BaseModel], part: Key) -> Iterator[Any]:
    for name, info in model.model_fields.items():
        if part in (name, info.alias):
            yield info.annotation


def _is_tagged(model: type[BaseModel], part: Key) -> bool:
    """Whether this is the member of a union that `part` names: one of its fields takes only this word."""
    return any((part,) == get_args(info.annotation) for info in model.model_fields.values())


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield info.alias or name


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation: `dict[str, A]`, `list[A]`, `A | B | None`, `Annotated[A, …]`."""
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for inner in get_args(annotation):
        yield from _models(inner)

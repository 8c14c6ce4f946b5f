"""Where the files that come with the connector lie: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent
_INSTALLED: Final = _PACKAGE / "_data"


def mappings_folder() -> Path:
    """The shipped mappings: `<kind>/<entity>.yaml`, `profiles/<profile>/<entity>.yaml`, `routes.yaml`."""
    return _folder("mappings")


def schemas_folder() -> Path:
    """The JSON Schemas of every YAML file, for editors."""
    return _folder("schemas")


def example_file(language: str) -> Path:
    """The commented `connector.yaml` that `init` writes, in a language."""
    return _PACKAGE / "locale" / language / "connector.example.yaml" if language != "en" else _root() / _EXAMPLE


_EXAMPLE: Final = "connector.example.yaml"


def _folder(name: str) -> Path:
    return _root() / name


def _root() -> Path:
    return _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent

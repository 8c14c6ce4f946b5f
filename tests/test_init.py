"""`connector init` and the example file in both languages."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from connector.cli import main
from connector.config import load
from connector.resources import example_file, mappings_folder, schemas_folder
from connector.yamlfile import read

EXAMPLE = re.compile(r'(?m)^#((?:  )*["a-z])')
ENV = dict.fromkeys(("ONEC_PASSWORD", "POSTER_TOKEN", "BONUS_KEY", "SITE_PASSWORD", "SERVE_PASSWORD"), "secret")


def in_use(text: str) -> str:
    """The example file with every example taken into use, as its first line says."""
    return EXAMPLE.sub(r"\1", text)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_new_workspace_is_right_from_the_start(tmp_path: Path, language: str) -> None:
    assert main(["init", str(tmp_path / "shop"), "--language", language]) == 0
    settings = load(tmp_path / "shop", {})
    assert (settings.language, settings.accounts) == (language, {})
    assert settings.mappings[0].joinpath("routes.yaml").is_file()
    names = {path.name for path in schemas_folder().glob("*.json")}
    assert {path.name for path in (tmp_path / "shop/schemas").iterdir()} == names
    shipped = {path.relative_to(mappings_folder()) for path in mappings_folder().rglob("*.yaml")}
    assert {path.relative_to(tmp_path / "shop/mappings") for path in (tmp_path / "shop").rglob("*/*.yaml")} == shipped


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_example_of_the_file_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    main(["init", str(tmp_path), "--language", language])
    file = tmp_path / "connector.yaml"
    text = in_use(file.read_text(encoding="utf-8")).replace("keyring:connector/panel", "${BONUS_KEY}")
    file.write_text(text, encoding="utf-8")
    (tmp_path / "vp.key").write_text("key")
    (tmp_path / "vp.key").chmod(0o600)
    settings = load(tmp_path, ENV)
    assert list(settings.accounts) == ["buh", "kafe", "panel", "vp", "bonus", "site", "files", "own", "bank"]
    assert settings.start_from is not None and settings.closed_until is not None
    assert settings.serve.scheduler == "*/15 * * * *"
    assert list(settings.organizations) == ["main"] and list(settings.spots) == ["kafe:1"]
    assert (tmp_path / "mappings/profiles/site/site.wsdl").is_file(), "a profile is whole where it is copied to"


def test_both_languages_say_the_same(tmp_path: Path) -> None:
    data = {}
    for language in ("ru", "en"):
        file = tmp_path / f"{language}.yaml"
        file.write_text(in_use(example_file(language).read_text(encoding="utf-8")), encoding="utf-8")
        data[language] = read(file).data
        assert data[language].pop("language") == language
        data[language]["spots"]["kafe:1"] |= {"storage": "", "cash_desk": ""}
    assert data["ru"] == data["en"]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_only_the_owner_may_read_the_settings(tmp_path: Path) -> None:
    main(["init", str(tmp_path)])
    assert (tmp_path / "connector.yaml").stat().st_mode & 0o777 == 0o600


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    main(["init", str(tmp_path)])
    before = contents(tmp_path)
    assert main(["init", str(tmp_path)]) == 0
    assert contents(tmp_path) == before


def test_what_a_person_edited_is_kept_and_the_rest_renewed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", str(tmp_path), "--language", "en"])
    routes, poster = tmp_path / "mappings/routes.yaml", tmp_path / "mappings/poster/customer.yaml"
    settings = tmp_path / "connector.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    routes.write_text("[]\n", encoding="utf-8")
    poster.unlink()
    (tmp_path / "schemas/routes.schema.json").write_text("{}", encoding="utf-8")
    capsys.readouterr()

    main(["init", str(tmp_path), "--language", "en"])

    said = capsys.readouterr().out
    assert "connector.yaml is kept as it is" in said and "routes.yaml is kept: it was edited" in said
    assert "customer.yaml" not in said
    assert settings.read_text(encoding="utf-8").endswith("# mine\n")
    assert routes.read_text(encoding="utf-8") == "[]\n"
    assert poster.read_bytes() == (mappings_folder() / "poster/customer.yaml").read_bytes()
    assert (tmp_path / "schemas/routes.schema.json").stat().st_size > 100


def test_an_unedited_mapping_of_an_older_version_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = tmp_path / "older"
    (older / "poster").mkdir(parents=True)
    (older / "poster/customer.yaml").write_text("# as it was\n", encoding="utf-8")
    monkeypatch.setattr("connector.cli.init.mappings_folder", lambda: older)
    main(["init", str(tmp_path / "shop")])
    monkeypatch.undo()
    main(["init", str(tmp_path / "shop")])
    assert "as it was" not in (tmp_path / "shop/mappings/poster/customer.yaml").read_text(encoding="utf-8")


def test_init_with_a_file_in_its_way_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["init", str(tmp_path / "file")]) == 3
    assert str(tmp_path / "file") in capsys.readouterr().err

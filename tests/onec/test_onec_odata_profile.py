"""The profile of a configuration: which file is in force, what is wrong with it and where, what `check` makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FrozenClock

from connector.cli import main
from connector.errors import ConfigError, ConfigErrors
from connector.resources import mappings_folder
from connector.sandbox import Sandbox
from connector.systems.onec.profile import load_profile, profile_file
from onec.base_world import BaseWorld, PartnerWorld

Bases = Callable[[str], Sandbox]
SHIPPED = (mappings_folder(),)


@pytest.fixture
def shop(bases: Bases, tmp_path: Path) -> Path:
    """A workspace over an empty bp30."""
    sandbox = bases("bp30")
    sandbox.workspace(tmp_path / "shop", "en")
    return tmp_path / "shop"


def own_profile(shop: Path, text: str, name: str = "bp30") -> Path:
    file = shop / "mappings/profiles" / name / "profile.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def run(shop: Path, *command: str) -> int:
    return main(["-C", str(shop), *command])


def test_the_file_of_the_workspace_is_in_force_and_check_says_which(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = profile_file("bp30", SHIPPED)
    run(shop, "check", "--json")
    assert f"the profile in force is {shipped}" in capsys.readouterr().out
    file = own_profile(shop, shipped.read_text("utf-8").replace("Catalog_Контрагенты", "Catalog_Покупатели"))
    assert run(shop, "check", "--json") == 2
    said = capsys.readouterr().out
    assert f"the profile in force is {file}" in said
    assert "«Справочник Покупатели» is not ticked" in said


@pytest.mark.parametrize("command", [("check",), ("plan",), ("sync", "--yes"), ("mapping", "check")])
def test_every_mistake_of_a_profile_is_told_with_its_place_before_the_first_request(
    shop: Path, bases: Bases, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    text = profile_file("bp30", SHIPPED).read_text("utf-8")
    lines = text.replace("resource: Catalog_Контрагенты", "resourse: Catalog_Контрагенты").splitlines()
    file = own_profile(shop, "\n".join(lines) + "\n")
    assert run(shop, *command) == 3
    said = capsys.readouterr().err
    (first, second) = (number for number, line in enumerate(lines, 1) if "resourse" in line)
    for number in (first, second):
        assert f"{file}:{number}:5: unknown word “resourse”; did you mean “resource”?" in said


def test_an_unknown_entity_is_told_by_mapping_check(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = own_profile(shop, "profile: mine\ntitle: Mine\nentities:\n  custmer: {resource: Catalog_X}\n", "mine")
    assert run(shop, "mapping", "check") == 3
    assert f"{file}:4:3: unknown word “custmer”; did you mean “customer”?" in capsys.readouterr().err


def test_init_says_that_its_copies_are_in_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "w"), "--language", "en"]) == 0
    assert f"{tmp_path / 'w' / 'mappings'} is in force" in capsys.readouterr().out
    assert profile_file("bp30", (tmp_path / "w/mappings", *SHIPPED)).is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("profile: other\ntitle: x\nentities: {}\n", "1:1: this file must say “profile: mine”"),
        (
            "profile: mine\ntitle: x\nentities: {customer: {resource: x, find: {inn: {}}}}\n",
            "3:43: a key is found either",
        ),
        ("profile: mine\ntitle: x\nentities: {}\npage: 1\n", "4:1: must be at least 2"),
        ("profile: mine\ntitle: x\nentities: [a]\n", "3:1: must be a set of"),
        ("profile: mine\ntitle: x\nentities: {}\nexchange_plan: ExchangePlan_X\n", "4:1: “ExchangePlan_X” is no name"),
    ],
)
def test_a_wrong_profile(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "profiles/mine/profile.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    with pytest.raises((ConfigError, ConfigErrors)) as error:
        load_profile("mine", (tmp_path,))
    assert f"{file}:{says}" in str(error.value)


def test_a_profile_that_nobody_has(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no mapping"):
        load_profile("none", (tmp_path, *SHIPPED))


# -- what check says of «Состав»

MENUS = {
    "bp30": "«Администрирование» → «Синхронизация данных» → «Настройки стандартного интерфейса OData»",
    "ut11": "«НСИ и администрирование» → «Синхронизация данных» → «Настройки стандартного интерфейса OData»",
    "unf": "«Настройки» → «Синхронизация данных» → «Настройки стандартного интерфейса OData»",
}
NEEDED = {
    "bp30": {"customer": "«Справочник Контрагенты»", "order": "«Справочник Организации»"},
    "ut11": {"customer": "«Справочник Контрагенты»", "card": "«Справочник КартыЛояльности»"},
    "unf": {"card": "«Справочник ДисконтныеКарты»", "order": "«Документ ЗаказПокупателя»"},
}


@pytest.mark.parametrize(
    ("profile", "entity"), [(profile, entity) for profile, needed in NEEDED.items() for entity in needed]
)
def test_what_is_not_ticked_is_named_with_the_way_there(
    bases: Bases, clock: FrozenClock, profile: str, entity: str
) -> None:
    world = (PartnerWorld if profile == "ut11" else BaseWorld)(bases(profile), clock, profile)
    title = NEEDED[profile][entity]
    resource = next(
        one for one in world.profile.resources([entity]) if one.endswith("_" + title.rstrip("»").rpartition(" ")[2])
    )
    assert all(check.ok for check in world.adapter.check({entity: ()}))
    world.world.state["composition"].remove(resource)
    (wrong,) = [check for check in world.adapter.check({entity: ()}) if check.name == "composition"]
    assert not wrong.ok and not wrong.warning
    assert str(wrong.text).startswith(f"{title} is not ticked. In 1C open {MENUS[profile]}, page «Состав»")
    world.adapter.close()


@pytest.mark.parametrize("profile", ["bp30", "ut11", "unf"])
def test_every_name_of_a_shipped_profile_and_mapping_is_in_its_configuration(
    bases: Bases, clock: FrozenClock, profile: str
) -> None:
    from connector.mapping import load

    world = (PartnerWorld if profile == "ut11" else BaseWorld)(bases(profile), clock, profile)
    entities = {name: load(SHIPPED, "onec", name, profile).keys for name in world.profile.entities}
    checks = world.adapter.check(entities)
    assert [str(check.text) for check in checks if not check.ok or check.warning] == []
    world.adapter.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"find": {"inn": {"fields": ["ИНН2"], "second": "КПП2"}}}, "ИНН2, КПП2"),
        ({"marker": "Комментарий2"}, "Комментарий2"),
        ({"keys": {"Вид_Key": {"resource": "Catalog_Валюты", "by": "Код2"}}}, "Код2"),
    ],
)
def test_a_name_of_the_profile_that_the_base_lacks_is_named(
    bases: Bases, clock: FrozenClock, change: dict[str, object], says: str
) -> None:
    from connector.systems.onec.profile import EntityProfile

    world = BaseWorld(bases("bp30"), clock, "bp30")
    described = EntityProfile.model_validate({"resource": world.resource, **change})
    world.adapter.profile = world.profile.model_copy(update={"entities": {"customer": described}})
    texts = [str(check.text) for check in world.adapter.check({"customer": ()}) if not check.ok]
    assert any(says in text for text in texts), texts
    world.adapter.close()


# -- what an accountant reads

GUIDE = Path(__file__).parents[2] / "README.ru.md"


@pytest.mark.parametrize(("profile", "column"), [("bp30", 1), ("ut11", 2), ("unf", 3)])
def test_the_guide_names_everything_that_must_be_ticked(profile: str, column: int) -> None:
    described = load_profile(profile, SHIPPED)
    guide = GUIDE.read_text("utf-8").partition("## Что отметить в 1С")[2].partition("### CommerceML")[0]
    assert f"| `{profile}` | {described.menu} |" in guide
    rows = [line.split("|") for line in guide.splitlines() if line.startswith("| ") and line.count("|") == 5]
    ticked = " ".join(row[column + 1] for row in rows if not row[1].startswith(" конфигурация"))
    plain = "".join(ticked.split()).casefold()
    registers = described.registers.values()
    needed = {
        *described.resources(),
        *(one.resource for one in registers),
        *(one.chart for one in registers if one.chart),
    }
    for resource in needed:
        assert resource.partition("_")[2].casefold() in plain, f"the guide does not say to tick {resource}"
    assert f"`{profile}`" in guide and "«Настройка автоматического REST-сервиса»" in guide

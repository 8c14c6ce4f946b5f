"""What the adapter of a base does beyond the contract: each quirk of the platform, met over a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import FrozenClock, SecretsWatch
from contract import uid

from connector.config import Account
from connector.errors import BrokenAnswer, Duplicate, Forbidden, Invalid, OutcomeUnknown, Stale
from connector.sandbox import Sandbox
from connector.sandbox.onec import writing
from connector.systems import build
from connector.systems.onec.companion import companion_uid
from connector.systems.onec.odata import ODataAdapter
from connector.systems.rows import decode_body
from onec.base_world import BaseWorld, CardWorld, GroupWorld, PartnerWorld, adapter_of, profile_of

Bases = Callable[[str], Sandbox]


@pytest.fixture
def bp30(bases: Bases, clock: FrozenClock) -> Iterator[BaseWorld]:
    world = BaseWorld(bases("bp30"), clock, "bp30")
    yield world
    world.adapter.close()


@pytest.fixture
def ut11(bases: Bases, clock: FrozenClock) -> Iterator[PartnerWorld]:
    world = PartnerWorld(bases("ut11"), clock, "ut11")
    yield world
    world.adapter.close()


def contacts_of(world: BaseWorld, guid: str) -> list[str]:
    return [row["Представление"] for row in world.base.objects(world.resource)[guid]["КонтактнаяИнформация"]]


# -- capabilities and building


def test_the_adapter_is_built_from_an_account(bases: Bases) -> None:
    sandbox = bases("unf")
    account = Account(
        name="buh",
        kind="onec",
        channel="odata",
        profile="unf",
        url=sandbox.urls["onec"],
        insecure=True,
        **sandbox.credentials["onec"],
    )
    adapter = build(account)
    assert adapter.find("customer", "inn", "7700000001", ("Description",)) == []
    assert (adapter.account, adapter.kind, adapter.spoke) == ("buh", "onec", "buh")
    adapter.close()


def test_a_profile_of_the_workspace_goes_before_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "profiles" / "bp30"
    own.mkdir(parents=True)
    words = "profile: bp30\ntitle: Ours\nentities: {customer: {resource: Catalog_Own}}\n"
    (own / "profile.yaml").write_text(words, encoding="utf-8")
    line = {"kind": "onec", "channel": "odata", "profile": "bp30", "url": "https://1c.example/buh", "login": "robot"}
    fields = {**line, "name": "buh", "password": "x", "peer_code": "CON"}
    ours, shipped = (build(Account.model_validate({**fields, "mappings": at})) for at in ((tmp_path,), ()))
    assert isinstance(ours, ODataAdapter) and isinstance(shipped, ODataAdapter)
    assert ours.profile.entities["customer"].resource == "Catalog_Own"
    assert [one.capabilities("customer").feed for one in (ours, shipped)] == ["snapshot", "delta"]


def test_cards_are_there_where_the_configuration_has_them(bp30: BaseWorld, ut11: PartnerWorld) -> None:
    assert bp30.adapter.capabilities("card").feed == "none"
    assert ut11.adapter.capabilities("card").can_create
    assert ut11.adapter.capabilities("group").feed == "snapshot"
    assert not ut11.adapter.capabilities("group").can_update


def test_silence_about_a_record_means_nothing_in_1c(bp30: BaseWorld) -> None:
    """Rows that the user may not see are left out of a list: they must not look deleted."""
    guid = bp30.user_adds(bp30.sample(1))
    bp30.user_adds(bp30.sample(2))
    bp30.world.state["hidden"]["Catalog_Контрагенты"] = [guid]
    assert len(bp30.feed()) == 1
    assert not bp30.adapter.capabilities("customer").complete


# -- reading


def test_folders_are_groups_and_never_customers(bases: Bases, clock: FrozenClock) -> None:
    sandbox = bases("bp30")
    customers, groups = BaseWorld(sandbox, clock, "bp30"), GroupWorld(sandbox, clock, "bp30")
    person, folder = customers.user_adds(customers.sample(1)), groups.user_adds(groups.sample(2))
    assert [row.external_id for row in customers.feed()] == [person]
    assert [row.external_id for row in groups.feed()] == [folder]
    assert customers.get(folder) is None
    assert groups.get(person) is None
    assert customers.find("id_1c", folder) == []


def test_a_marked_record_is_gone_and_comes_back(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    bp30.user_removes(guid)
    (row,) = bp30.feed()
    assert row.gone
    bp30.adapter.update("customer", guid, {"DeletionMark": False}, bp30.get(guid))
    (row,) = bp30.feed()
    assert not row.gone


def test_nothing_is_ever_deleted(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    with pytest.raises(Invalid, match="marked"):
        bp30.adapter.delete("customer", guid)
    assert "DELETE" not in {entry.verb for entry in bp30.world.log.entries()}


def test_pages_cost_one_request_each_and_the_kinds_one_more(bp30: BaseWorld) -> None:
    for number in range(bp30.page_size * 2 - 1):
        bp30.user_adds(bp30.sample(number))
    before = bp30.adapter.requests()
    assert len(bp30.feed()) == bp30.page_size * 2 - 1
    assert bp30.adapter.requests() - before == 3


def test_pages_are_read_side_by_side_where_the_account_allows_it(bases: Bases, clock: FrozenClock) -> None:
    world = BaseWorld(bases("bp30"), clock, "bp30")
    ids = [world.user_adds(world.sample(number)) for number in range(world.page_size * 3 - 1)]
    alone = world.feed()
    world.adapter.wire.transport.concurrency = 3
    before = len(world.asked())
    assert world.feed() == alone
    assert [row.external_id for row in alone] == sorted(ids)
    assert sorted(world.asked()[before:]) == ["Catalog_Контрагенты read"] * 4, "one counts, three read"
    world.adapter.close()


def test_a_mapped_property_that_the_base_lacks_is_left_out(bp30: BaseWorld) -> None:
    bp30.user_adds(bp30.sample(1))
    (row,) = bp30.feed(paths=("Description", "НетТакогоСвойства"))
    assert decode_body(row.body) == {"Description": "Гость 1"}


@pytest.mark.parametrize(
    "change",
    [
        {"where": {"ЭтоГруппа2": False}},
        {"find": {"inn": {"fields": ["ИНН2"]}}},
        {"marker": "Комментарий2"},
    ],
)
def test_a_misspelt_name_to_look_by_is_an_error_and_never_an_empty_answer(
    bp30: BaseWorld, change: dict[str, Any]
) -> None:
    """1C answers a condition with an unknown property by nothing at all: nobody would be found, all would be new."""
    from connector.systems.onec.profile import EntityProfile

    bp30.user_adds(bp30.sample(1))
    described = EntityProfile.model_validate({"resource": bp30.resource, **change})
    bp30.adapter.profile = bp30.profile.model_copy(update={"entities": {"customer": described}})
    with pytest.raises(BrokenAnswer, match="looks records up"):
        if "find" in change:
            bp30.adapter.find("customer", "inn", "7700000001", ("Description",))
        elif "marker" in change:
            bp30.adapter.find("customer", "reference", uid(9), ("Description",))
        else:
            bp30.feed(paths=("Description",))


def test_one_record_that_the_rights_hide_is_a_matter_of_that_record(bp30: BaseWorld) -> None:
    guid, other = bp30.user_adds(bp30.sample(1)), bp30.user_adds(bp30.sample(2))
    bp30.world.state["hidden"]["Catalog_Контрагенты"] = [guid]
    with pytest.raises(Invalid, match="hide") as error:
        bp30.get(guid)
    assert guid in str(error.value) and "«Справочник Контрагенты»" in str(error.value)
    with pytest.raises(Invalid, match="hide"):
        bp30.adapter.update("customer", guid, {"Комментарий": "x"}, None)
    assert bp30.get(other) is not None
    bp30.world.state["composition"].remove("Catalog_Контрагенты")
    with pytest.raises(Forbidden):
        bp30.get(other)


def test_checks_of_1c_are_never_switched_off(bp30: BaseWorld) -> None:
    """`1C_OData-DataLoadMode` would write past the checks of the configuration."""
    seen: list[str] = []
    send = bp30.adapter.wire.transport._session.send

    def watched(request: Any, **options: Any) -> Any:
        seen.extend(name.lower() for name in request.headers)
        return send(request, **options)

    bp30.adapter.wire.transport._session.send = watched  # type: ignore[method-assign]
    bp30.adapter.create("customer", bp30.sample(1).write, uid(1))
    bp30.adapter.update("customer", uid(1), {"Комментарий": "x"}, None)
    assert "if-match" in seen and "1c_odata-dataloadmode" not in seen


def test_the_description_of_a_base_is_read_once_and_kept(bp30: BaseWorld, tmp_path: Path) -> None:
    bp30.user_adds(bp30.sample(1))
    bp30.adapter._cache = tmp_path / "kept" / "base.metadata"
    for _ in range(2):
        bp30.feed(paths=("Description", "НетТакогоСвойства"))
    assert bp30.asked().count("$metadata") == 1
    again = adapter_of_same(bp30, tmp_path / "kept" / "base.metadata")
    list(again.feed("customer", ("Description", "НетТакогоСвойства")))
    assert bp30.asked().count("$metadata") == 1
    again.check({})
    assert bp30.asked().count("$metadata") == 2
    kept = tmp_path / "kept" / "base.metadata"
    later = adapter_of_same(bp30, kept)
    later._now = lambda: kept.stat().st_mtime + 2 * 86400
    list(later.feed("customer", ("Description", "НетТакогоСвойства")))
    assert bp30.asked().count("$metadata") == 3, "a base may have been updated meanwhile"


def adapter_of_same(world: BaseWorld, cache: Path) -> ODataAdapter:
    return ODataAdapter(world.adapter.wire.transport, world.profile, spoke="buh", base_url="", cache=cache)


def test_contact_rows_name_their_kind(bp30: BaseWorld) -> None:
    row = bp30.get(bp30.user_adds(bp30.sample(1)))
    assert row is not None
    kinds = [each["Вид"] for each in decode_body(row.body)["КонтактнаяИнформация"]]
    assert kinds == ["ТелефонКонтрагента", "EmailКонтрагенты"]


def test_without_the_catalogue_of_kinds_rows_still_have_their_type(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    bp30.world.state["composition"].remove("Catalog_ВидыКонтактнойИнформации")
    row = bp30.get(guid)
    assert row is not None
    rows = decode_body(row.body)["КонтактнаяИнформация"]
    assert [each["Тип"] for each in rows] == ["Телефон", "АдресЭлектроннойПочты"]
    assert all("Вид" not in each for each in rows)


@pytest.mark.parametrize("typed", ["8 (916) 000-00-07", "+7 916 000 0007", "9160000007", "89160000007 доб. 3"])
def test_a_phone_is_found_however_it_was_typed(bp30: BaseWorld, typed: str) -> None:
    rows = [{"Тип": "Телефон", "Вид": "ТелефонКонтрагента", "Представление": typed}]
    sample = bp30.sample(7)
    guid = bp30.user_adds(type(sample)(write={**sample.write, "КонтактнаяИнформация": rows}, read={}, keys=sample.keys))
    bp30.user_adds(bp30.sample(8))
    assert [row.external_id for row in bp30.find("phone", "+79160000007")] == [guid]


def test_a_branch_is_told_by_its_kpp(bp30: BaseWorld) -> None:
    for number, kpp in ((1, "770101001"), (2, "770201001"), (3, "")):
        sample = bp30.sample(number)
        bp30.user_adds(type(sample)(write={**sample.write, "ИНН": "7701234567", "КПП": kpp}, read={}, keys=sample.keys))
    assert [row.external_id for row in bp30.find("inn", "7701234567/770201001")] == [uid(2)]
    assert [row.external_id for row in bp30.find("inn", "7701234567")] == [uid(3)]


# -- writing


def test_a_new_object_takes_our_uid_and_a_second_one_is_a_duplicate(bp30: BaseWorld) -> None:
    outcome = bp30.adapter.create("customer", bp30.sample(1).write, uid(1))
    assert outcome.external_id == uid(1)
    with pytest.raises(Duplicate):
        bp30.adapter.create("customer", bp30.sample(1).write, uid(1))
    assert list(bp30.stored()) == [uid(1)]


def test_a_lost_answer_is_found_again_by_our_uid(bp30: BaseWorld) -> None:
    bp30.trouble("timeout_after", "create")
    with pytest.raises(OutcomeUnknown):
        bp30.adapter.create("customer", bp30.sample(1).write, uid(1))
    assert [row.external_id for row in bp30.find("reference", uid(1))] == [uid(1)]


def test_a_new_object_has_what_the_configuration_wants(bp30: BaseWorld) -> None:
    bp30.adapter.create("customer", {"Description": "Анна"}, uid(1))
    stored = bp30.stored()[uid(1)]
    assert (stored["IsFolder"], stored["ЮридическоеФизическоеЛицо"]) == (False, "ФизическоеЛицо")


def test_a_base_that_chooses_its_own_keys_is_believed(bp30: BaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_chosen", lambda body: None)
    outcome = bp30.adapter.create("customer", bp30.sample(1).write, uid(1))
    assert outcome.external_id in bp30.stored()
    assert outcome.external_id != uid(1)
    assert not bp30.adapter.capabilities("customer").keeps_reference


def test_contact_rows_that_nobody_mentioned_survive(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    row = {"Тип": "Телефон", "Вид": "ТелефонКонтрагента", "Представление": "+79990000000"}
    bp30.adapter.update("customer", guid, {"КонтактнаяИнформация": [row]}, None)
    assert contacts_of(bp30, guid) == ["+79990000000", "guest1@example.com"]
    assert bp30.find("phone", "+79990000000")[0].external_id == guid
    assert bp30.find("phone", "+79160000001") == []


def test_contact_rows_that_the_mapping_left_out_are_removed(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    current = bp30.get(guid)
    assert current is not None
    phone, email = decode_body(current.body)["КонтактнаяИнформация"]
    bp30.adapter.update("customer", guid, {"КонтактнаяИнформация": [email]}, current)
    assert contacts_of(bp30, guid) == ["guest1@example.com"]
    assert phone["Представление"] == "+79160000001"


def test_a_kind_of_contact_that_the_base_lacks_is_refused_by_name(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    row = {"Тип": "Адрес", "Вид": "АдресНаЛуне", "Представление": "Море Спокойствия"}
    with pytest.raises(Invalid, match="АдресНаЛуне"):
        bp30.adapter.update("customer", guid, {"КонтактнаяИнформация": [row]}, None)
    assert len(contacts_of(bp30, guid)) == 2


def test_none_is_said_in_the_words_of_1c(bp30: BaseWorld) -> None:
    folder = uid(50)
    guid = bp30.user_adds(bp30.sample(1))
    bp30.user_edits(guid, type(bp30.sample(1))(write={"Parent_Key": folder, "Комментарий": "x"}, read={}))
    bp30.adapter.update("customer", guid, {"Parent_Key": None, "Комментарий": None}, bp30.get(guid))
    stored = bp30.stored()[guid]
    assert (stored["Parent_Key"], stored["Комментарий"]) == ("00000000-0000-0000-0000-000000000000", "")


@pytest.mark.parametrize("honoured", [True, False])
def test_a_stale_write_is_refused_whether_if_match_is_honoured_or_not(bp30: BaseWorld, honoured: bool) -> None:
    bp30.world.state["options"]["if_match"] = honoured
    guid = bp30.user_adds(bp30.sample(1))
    looked = bp30.get(guid)
    bp30.user_edits(guid, bp30.change(1))
    with pytest.raises(Stale):
        bp30.adapter.update("customer", guid, {"КПП": "770301001"}, looked)
    assert bp30.stored()[guid]["КПП"] == "770101001"


def test_a_change_between_look_and_write_is_caught_where_if_match_is_honoured(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    wire = bp30.adapter.wire
    plain = wire.change

    def raced(*given: Any) -> Any:
        bp30.user_edits(guid, bp30.change(1))
        return plain(*given)

    wire.change = raced  # type: ignore[method-assign]
    with pytest.raises(Stale):
        bp30.adapter.update("customer", guid, {"КПП": "770301001"}, bp30.get(guid))


def test_what_was_cut_in_silence_is_shown_by_the_read_back(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    outcome = bp30.adapter.update("customer", guid, {"Description": "ж" * 150}, bp30.get(guid))
    assert outcome.row is not None
    assert decode_body(outcome.row.body)["Description"] == "ж" * 100
    now = bp30.get(guid)
    assert now is not None and outcome.row.body == now.body


def test_a_business_refusal_is_told_in_the_words_of_1c_and_not_repeated(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    current = bp30.get(guid)
    bp30.world.faults.add(_refuse("Catalog_Контрагенты write", -1))
    before = bp30.adapter.requests()
    with pytest.raises(Invalid, match="Не удалось записать"):
        bp30.adapter.update("customer", guid, {"КПП": "1"}, current)
    assert bp30.adapter.requests() - before == 2


def test_a_user_without_the_right_to_write_is_forbidden(bp30: BaseWorld) -> None:
    bp30.world.state["read_only"].append("Catalog_Контрагенты")
    with pytest.raises(Forbidden, match="«Справочник Контрагенты»"):
        bp30.adapter.create("customer", bp30.sample(1).write, uid(1))


def test_a_login_page_with_status_200_is_no_data(bp30: BaseWorld, secrets_watch: SecretsWatch) -> None:
    secrets_watch.guard(*bp30.secrets)
    bp30.world.state["options"]["login_page"] = True
    bp30.world.credentials["password"] = "другой"
    try:
        with secrets_watch.raises(BrokenAnswer, Forbidden):
            bp30.feed()
    finally:
        bp30.world.credentials["password"] = bp30.secrets[0]


# -- a customer in two catalogues


def test_a_partner_is_one_row_with_his_counterparty(ut11: PartnerWorld) -> None:
    guid = ut11.user_adds(ut11.sample(1))
    (row,) = ut11.feed()
    body = decode_body(row.body)
    assert (body["Description"], body["ИНН"]) == ("Гость 1", "7700000001")
    assert row.external_id == guid
    assert row.version is not None and "|" in row.version


def test_a_partner_without_a_counterparty_has_empty_legal_details(ut11: PartnerWorld) -> None:
    kind = ut11.base.configuration.kinds["Catalog_Партнеры"]
    with ut11.world.lock:
        writing.create(ut11.base, kind, {"Description": "Анна", "Ref_Key": uid(1)}, writing.Terms())
    (row,) = ut11.feed()
    assert decode_body(row.body)["ИНН"] == ""


def test_of_several_counterparties_the_first_living_one_counts(ut11: PartnerWorld) -> None:
    guid = ut11.user_adds(ut11.sample(1))
    kind = ut11.base.configuration.kinds["Catalog_Контрагенты"]
    first = {"Ref_Key": uid(0), "Партнер_Key": guid, "ИНН": "7709999999"}
    with ut11.world.lock:
        writing.create(ut11.base, kind, {**first, "DeletionMark": True}, writing.Terms())
    assert decode_body(ut11.feed()[0].body)["ИНН"] == "7700000001"
    with ut11.world.lock:
        writing.patch(ut11.base, kind, uid(0), {"DeletionMark": False}, writing.Terms())
    assert decode_body(ut11.feed()[0].body)["ИНН"] == "7709999999"
    row = ut11.get(guid)
    assert row is not None and decode_body(row.body)["ИНН"] == "7709999999"


def test_a_counterparty_is_made_only_when_there_is_something_legal_to_say(ut11: PartnerWorld) -> None:
    ut11.adapter.create("customer", {"Description": "Анна", "ИНН": "", "КПП": None}, uid(1))
    assert ut11.base.objects("Catalog_Контрагенты") == {}
    ut11.adapter.update("customer", uid(1), {"ИНН": "7701234567"}, ut11.get(uid(1)))
    (its,) = ut11.base.objects("Catalog_Контрагенты").items()
    assert its[0] == companion_uid(uid(1), "Catalog_Контрагенты")
    assert (its[1]["ИНН"], its[1]["Партнер_Key"], its[1]["Description"]) == ("7701234567", uid(1), "Анна")


def test_each_half_is_written_where_it_lives(ut11: PartnerWorld) -> None:
    guid = ut11.user_adds(ut11.sample(1))
    outcome = ut11.adapter.update("customer", guid, {"КПП": "770301001", "Комментарий": "оптовик"}, ut11.get(guid))
    partner = ut11.base.objects("Catalog_Партнеры")[guid]
    (counterparty,) = ut11.base.objects("Catalog_Контрагенты").values()
    assert (partner["Комментарий"], counterparty["КПП"]) == ("оптовик", "770301001")
    now = ut11.get(guid)
    assert now is not None and outcome.row is not None
    assert (outcome.row.body, outcome.version) == (now.body, now.version)


def test_an_edit_of_the_counterparty_makes_the_row_stale(ut11: PartnerWorld) -> None:
    guid = ut11.user_adds(ut11.sample(1))
    looked = ut11.get(guid)
    (its,) = ut11.base.objects("Catalog_Контрагенты")
    kind = ut11.base.configuration.kinds["Catalog_Контрагенты"]
    with ut11.world.lock:
        writing.patch(ut11.base, kind, its, {"КПП": "770901001"}, writing.Terms())
    with pytest.raises(Stale):
        ut11.adapter.update("customer", guid, {"ИНН": "7701111111"}, looked)
    ut11.adapter.update("customer", guid, {"Комментарий": "x"}, looked)


def test_a_card_belongs_to_a_partner(bases: Bases, clock: FrozenClock) -> None:
    cards = CardWorld(bases("ut11"), clock, "ut11")
    cards.adapter.create("card", {**cards.sample(1).write, "Партнер_Key": uid(7)}, uid(1))
    (row,) = cards.adapter.find("card", "card_uid", "100001", ("Партнер_Key", "МагнитныйКод"))
    assert decode_body(row.body) == {"Партнер_Key": uid(7), "МагнитныйКод": "100001"}
    assert [each.external_id for each in cards.find("card_uid", "4600000000001")] == [uid(1)]


# -- changes


# -- an INN without a KPP


@pytest.mark.parametrize("profile", ["bp30", "unf", "ut11"])
@pytest.mark.parametrize(("there", "ours"), [("770101001", ""), ("", "770101001"), ("770101001", None)])
def test_a_firm_that_may_be_there_already_is_not_created_again(
    bases: Bases, clock: FrozenClock, profile: str, there: str, ours: str | None
) -> None:
    world = (PartnerWorld if profile == "ut11" else BaseWorld)(bases(profile), clock, profile)
    firm = {"Description": "ООО Ромашка", "ИНН": "7701234567"}
    guid = world.adapter.create("customer", {**firm, "КПП": there}, uid(1)).external_id
    with pytest.raises(Invalid, match="only one of both says its КПП") as error:
        world.adapter.create("customer", {**firm, **({} if ours is None else {"КПП": ours})}, uid(2))
    assert error.value.sentence.facts["external_id"] == guid
    assert len(world.stored()) == 1
    world.adapter.close()


def test_a_branch_and_a_namesake_that_is_marked_deleted_are_no_hindrance(bp30: BaseWorld) -> None:
    firm = {"Description": "ООО Ромашка", "ИНН": "7701234567"}
    bp30.adapter.create("customer", {**firm, "КПП": "770101001"}, uid(1))
    bp30.adapter.create("customer", {**firm, "КПП": "780101001"}, uid(2))
    bp30.user_removes(uid(1))
    bp30.user_removes(uid(2))
    bp30.adapter.create("customer", {**firm, "КПП": ""}, uid(3))
    assert set(bp30.stored()) == {uid(1), uid(2), uid(3)}


# -- check


def test_check_names_what_is_not_ticked(bp30: BaseWorld) -> None:
    bp30.world.state["composition"] = ["Catalog_Номенклатура"]
    checks = bp30.adapter.check({"customer": ("Description",)})
    texts = [str(check.text) for check in checks if not check.ok]
    assert any("«Справочник Контрагенты»" in text and "Состав" in text for text in texts)
    assert any(check.warning and "ВидыКонтактнойИнформации" in str(check.text) for check in checks)


def test_check_of_a_wrong_password_is_one_line(bases: Bases, clock: FrozenClock, secrets_watch: SecretsWatch) -> None:
    secrets_watch.guard("неверный-пароль")
    adapter = adapter_of(bases("bp30"), clock, profile_of("bp30"), password="неверный-пароль")
    (check,) = adapter.check({"customer": ("Description",)})
    assert not check.ok
    assert "УдаленныйДоступOData" in str(check.text)


def test_check_tells_a_clock_that_is_wrong(bp30: BaseWorld) -> None:
    bp30.adapter._now = lambda: bp30.world.time() - 900
    checks = bp30.adapter.check({})
    assert any(check.name == "clock" and check.warning and "seconds" in str(check.text) for check in checks)


def test_check_of_an_entity_that_the_configuration_lacks_is_a_warning(bp30: BaseWorld) -> None:
    checks = bp30.adapter.check({"card": ("Description",)})
    assert any(check.warning and "card" in str(check.text) for check in checks)


def test_raw_calls_reach_the_base(bp30: BaseWorld) -> None:
    guid = bp30.user_adds(bp30.sample(1))
    call = bp30.adapter.call
    assert call("count", {"resource": "Catalog_Контрагенты"}) == 1
    assert call("get", {"resource": "Catalog_Контрагенты", "key": guid})["Description"] == "Гость 1"
    assert [row["Ref_Key"] for row in call("list", {"resource": "Catalog_Контрагенты", "filter": "КПП ne ''"})] == [
        guid
    ]
    assert "Catalog_Контрагенты" in call("resources", {})
    assert call("properties", {"resource": "Catalog_Контрагенты"})["ИНН"] == "Edm.String"


def _refuse(endpoint: str, code: int) -> Any:
    from connector.sandbox.faults import Fault

    return Fault(endpoint, "refuse", count=1, code=code)

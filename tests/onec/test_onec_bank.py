"""1CClientBankExchange: what banks really send, and payment orders they take."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.errors import BrokenAnswer, Forbidden, Invalid, RowError
from connector.systems.onec.bank import BankAdapter, Order, Party, differences, orders_file, read_statement
from connector.systems.rows import decode_body

OURS, OTHER, THIRD = "40702810000000000001", "40702810000000000888", "40702810000000000002"

HEAD = f"""1CClientBankExchange
ВерсияФормата=1.02
Кодировка=Windows
Отправитель=Банк Клиент
ДатаНачала=01.06.2026
ДатаКонца=30.06.2026
РасчСчет={OURS}
СекцияРасчСчет
ДатаНачала=01.06.2026
ДатаКонца=30.06.2026
РасчСчет={OURS}
НачальныйОстаток=1000.00
ВсегоПоступило=200.50
ВсегоСписано=0
КонечныйОстаток=1200.50
КонецРасчСчет
"""


def document(**fields: str) -> str:
    given = {
        "Номер": "11",
        "Дата": "05.06.2026",
        "Сумма": "200.50",
        "ПлательщикСчет": OTHER,
        "ПлательщикИНН": "7700000003",
        "Плательщик1": "ООО Клиент",
        "ПолучательСчет": OURS,
        "ДатаПоступило": "05.06.2026",
        "Получатель1": "ООО Моя компания",
        "НазначениеПлатежа": "Оплата по договору №7, НДС=20%",
    } | fields
    lines = [f"{key}={value}" for key, value in given.items()]
    return "\n".join(["СекцияДокумент=Платежное поручение", *lines, "КонецДокумента", ""])


def statement(*documents: str, head: str = HEAD, end: str = "КонецФайла\n") -> str:
    return head + "".join(documents) + end


def read(text: str, codec: str = "cp1251") -> Any:
    return read_statement(text.encode(codec), "kl_to_1c.txt")


def test_a_payment_that_came() -> None:
    result = read(statement(document()))
    (payment,) = result.payments
    assert (payment.direction, payment.amount, payment.date, payment.moved_on) == (
        "in",
        20050,
        "2026-06-05",
        "2026-06-05",
    )
    assert payment.account == OURS
    assert payment.counterparty == Party(name="ООО Клиент", inn="7700000003", account=OTHER)
    assert payment.purpose == "Оплата по договору №7, НДС=20%"
    assert result.version == "1.02"
    assert (result.total("in"), result.total("out")) == (20050, 0)
    (turnover,) = result.turnovers
    assert (turnover.opening, turnover.received, turnover.spent, turnover.closing) == (100000, 20050, 0, 120050)


@pytest.mark.parametrize("codec", ["cp1251", "cp866", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("claim", ["Windows", "DOS", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_encoding_is_what_it_is_whatever_is_claimed(codec: str, claim: str, end: str) -> None:
    text = statement(document()).replace("Кодировка=Windows", f"Кодировка={claim}").replace("\n", end)
    text = text.replace("№", "N")  # cp866 has it, cp1251 too, but banks of the DOS age did not
    (payment,) = read(text, codec).payments
    assert payment.counterparty.name == "ООО Клиент"


@pytest.mark.parametrize(
    ("fields", "direction"),
    [
        ({"ДатаСписано": "06.06.2026", "ДатаПоступило": ""}, "out"),
        ({"ДатаПоступило": "06.06.2026"}, "in"),
        ({"ДатаПоступило": ""}, "in"),
        ({"ДатаПоступило": "", "ПлательщикСчет": OURS, "ПолучательСчет": OTHER}, "out"),
        ({"ДатаСписано": "05.06.2026"}, "in"),
    ],
)
def test_the_direction_is_told_by_dates_else_by_our_account(fields: dict[str, str], direction: str) -> None:
    (payment,) = read(statement(document(**fields))).payments
    assert payment.direction == direction


def test_money_between_two_of_our_accounts_leaves_one_and_reaches_the_other() -> None:
    head = HEAD.replace(f"РасчСчет={OURS}\n", f"РасчСчет={OURS}\nРасчСчет={THIRD}\n", 1)
    text = document(ПлательщикСчет=OURS, ПолучательСчет=THIRD, ДатаСписано="05.06.2026", ДатаПоступило="06.06.2026")
    gone, come = read(statement(text, head=head)).payments
    assert (gone.direction, gone.account, gone.moved_on) == ("out", OURS, "2026-06-05")
    assert (come.direction, come.account, come.moved_on) == ("in", THIRD, "2026-06-06")


def test_a_document_that_names_no_account_of_ours_is_no_payment_twice_over() -> None:
    """Both days stand, as banks write them: whether it came or went nobody can tell, and none of both is made up."""
    text = document(ДатаСписано="05.06.2026")
    result = read(statement(text, head="1CClientBankExchange\nВерсияФормата=1.03\n"))
    assert (result.payments, len(result.problems), result.documents) == ([], 1, 1)
    assert "account of ours" in str(result.problems[0].reason)


def test_an_unexecuted_document_of_strangers_cannot_be_told() -> None:
    result = read(statement(document(ДатаПоступило="", ПолучательСчет=THIRD), document()))
    assert len(result.payments) == 1
    (problem,) = result.problems
    assert problem.line == 17
    assert result.documents == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Сумма": "двести"}, "двести"),
        ({"Сумма": ""}, "no sum"),
        ({"Сумма": "1.005"}, "1.005"),
        ({"Сумма": "NaN"}, "NaN"),
        ({"Дата": "31.02.2026"}, "31.02.2026"),
        ({"Дата": ""}, "no date"),
        ({"ДатаПоступило": "вчера"}, "вчера"),
    ],
)
def test_a_bad_document_is_one_problem_and_the_rest_is_read(fields: dict[str, str], words: str) -> None:
    result = read(statement(document(**fields), document(Номер="12")))
    assert [payment.number for payment in result.payments] == ["12"]
    assert words in str(result.problems[0].reason)


@pytest.mark.parametrize(
    ("text", "kopecks"), [("1", 100), ("0.10", 10), ("1,5", 150), ("1 000.00", 100000), ("7.500", 750)]
)
def test_sums_as_banks_write_them(text: str, kopecks: int) -> None:
    (payment,) = read(statement(document(Сумма=text))).payments
    assert payment.amount == kopecks


@pytest.mark.parametrize(
    ("fields", "party"),
    [
        ({"Плательщик1": "", "Плательщик": "ИНН 7700000003 ООО Клиент"}, ("ООО Клиент", "7700000003", None)),
        (
            {"Плательщик1": "", "ПлательщикИНН": "", "Плательщик": "ИНН 770000000312/КПП 770101001 ИП Ким"},
            ("ИП Ким", "770000000312", "770101001"),
        ),
        ({"Плательщик1": "", "Плательщик": "Иннокентий Ким"}, ("Иннокентий Ким", "7700000003", None)),
        ({"ПлательщикИНН": "0", "ПлательщикКПП": "0"}, ("ООО Клиент", None, None)),
    ],
)
def test_the_payer_in_its_spellings(fields: dict[str, str], party: tuple[str, str, str | None]) -> None:
    (payment,) = read(statement(document(**fields))).payments
    assert (payment.payer.name, payment.payer.inn, payment.payer.kpp) == party


def test_a_purpose_in_parts_is_joined() -> None:
    text = document(
        НазначениеПлатежа="", НазначениеПлатежа1="Оплата", НазначениеПлатежа2="по счету 5", НазначениеПлатежа3=""
    )
    assert read(statement(text)).payments[0].purpose == "Оплата по счету 5"
    broken = document().replace("НДС=20%", "НДС\nне облагается")
    assert read(statement(broken)).payments[0].purpose == "Оплата по договору №7, НДС не облагается"


def test_what_1c_would_not_take_is_set_aside_with_the_reason() -> None:
    late = document(Номер="2", ДатаПоступило="03.07.2026")
    foreign = document(Номер="3", ПолучательСчет=THIRD)
    result = read(statement(document(), late, foreign))
    assert [payment.aside is None for payment in result.payments] == [True, False, False]
    assert "interval" in str(result.payments[1].aside)
    assert "account" in str(result.payments[2].aside)
    assert result.total("in") == 20050


def test_unknown_keys_blank_lines_and_other_documents_are_no_trouble() -> None:
    text = document(НовыйКлюч="1").replace("Платежное поручение", "Банковский ордер").replace("\n", "\n\n   \n")
    (payment,) = read(statement(text)).payments
    assert payment.kind == "Банковский ордер"
    assert payment.fields["НовыйКлюч"] == "1"


def test_the_smallest_file() -> None:
    result = read("1CClientBankExchange\nПоле=Значение\nКонецФайла")
    assert (result.payments, result.documents) == ([], 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "***** ^Type=4^ ^Acc=BY34ALFA30122H10700010270000^  -  Vypiska\n[IN_PARAM]\n",
        "<?xml version='1.0'?><x/>",
        statement(document(), end=""),
        statement(document().replace("КонецДокумента\n", "")),
        statement(document().replace("КонецДокумента\n", "") + document()),
        statement(document()) + statement(document(Номер="12")),  # two statements: neither is taken for the whole
    ],
)
def test_another_format_or_half_a_file_changes_nothing(text: str) -> None:
    with pytest.raises(BrokenAnswer, match=r"kl_to_1c\.txt"):
        read(text)


# -- orders

ORDER = Order(
    number="15",
    date=date(2026, 11, 20),
    amount=123456,
    payer=Party(
        name="ООО «Моя компания»", inn="7700000001", kpp="770101001", account=OURS, bank="ПАО Банк", bik="044525225"
    ),
    receiver=Party(name="ИП Петров Пётр", inn="770000000312", account=OTHER, bik="044525111"),
    purpose="Оплата по счету 7\nбез НДС",
)
MADE = datetime(2026, 11, 20, 12, 30)


def test_an_order_is_written_as_the_bank_reads_it() -> None:
    data = orders_file([ORDER], sender="Connector", made_at=MADE)
    text = data.decode("cp1251")
    assert text.startswith("1CClientBankExchange\r\nВерсияФормата=1.03\r\nКодировка=Windows\r\n")
    assert text.endswith("КонецДокумента\r\nКонецФайла\r\n")
    assert f"РасчСчет={OURS}\r\n" in text
    assert "Сумма=1234.56\r\n" in text
    assert "Плательщик=ИНН 7700000001 ООО «Моя компания»\r\n" in text
    assert "НазначениеПлатежа=Оплата по счету 7 без НДС\r\n" in text


def test_a_written_order_is_read_back() -> None:
    (payment,) = read_statement(orders_file([ORDER], sender="Connector", made_at=MADE)).payments
    assert (payment.direction, payment.amount, payment.number, payment.date) == ("out", 123456, "15", "2026-11-20")
    assert payment.counterparty.inn == "770000000312"
    assert payment.aside is not None and "order" in str(payment.aside), "no money has moved yet"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": "0"}, "number"),
        ({"number": "1234567"}, "number"),
        ({"amount": 0}, "amount"),
        ({"purpose": "ж" * 211}, "purpose"),
        ({"purpose": "спасибо 🙂"}, "purpose"),
        ({"purpose": " "}, "purpose"),
        ({"receiver": Party(name="Х", account="123", bik="044525111")}, "receiver account"),
        ({"receiver": Party(name="Х", account=OTHER, bik="04452511")}, "receiver bik"),
        ({"receiver": Party(name="Х", inn="123", account=OTHER, bik="044525111")}, "receiver inn"),
        ({"receiver": Party(account=OTHER, bik="044525111")}, "receiver name"),
    ],
)
def test_what_the_bank_would_refuse_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    from dataclasses import replace

    with pytest.raises(RowError) as info:
        orders_file([replace(ORDER, **change)], sender="Connector", made_at=MADE)
    assert info.value.field == field


# -- whether it adds up


def test_a_statement_that_adds_up_has_no_differences() -> None:
    assert list(differences(read(statement(document())))) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("КонечныйОстаток=1200.50", "КонечныйОстаток=1200.00"), ["1000.00", "200.50", "1200.50", "1200.00", "-0.50"]),
        (("ВсегоПоступило=200.50", "ВсегоПоступило=200.50\nЛишнее=1"), []),
        (("ВсегоПоступило=200.50", "ВсегоПоступило="), []),
        (("Сумма=200.50", "Сумма=200.49"), ["came", "200.50", "200.49", "0.01"]),
        (("ДатаПоступило=05.06.2026", "ДатаСписано=05.06.2026\nПлательщикСчет=" + OURS), ["came", "200.50", "0.00"]),
    ],
)
def test_a_difference_is_told_in_a_sentence(change: tuple[str, str], words: list[str]) -> None:
    found = list(differences(read(statement(document()).replace(*change))))
    assert bool(found) == bool(words)
    for word in words:
        assert word in str(found[0].reason)
    assert all(one.line == 8 for one in found)


def test_documents_of_other_days_and_orders_do_not_count_into_a_section() -> None:
    day = HEAD.replace("ДатаНачала=01.06.2026\nДатаКонца=30.06.2026\nРасчСчет=" + OURS + "\nНач",
                       "ДатаНачала=05.06.2026\nДатаКонца=05.06.2026\nРасчСчет=" + OURS + "\nНач")  # fmt: skip
    other = document(Номер="12", ДатаПоступило="06.06.2026")
    order = document(Номер="13", ДатаПоступило="")
    assert list(differences(read(statement(document(), other, order, head=day)))) == []


# -- a folder of statements

PATHS = ("number", "amount", "direction", "payer_inn")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    twice = document(Номер="2", Сумма="5")
    (tmp_path / "a.txt").write_bytes(statement(document(), twice, twice).encode("cp1251"))
    (tmp_path / "b.TXT").write_bytes(statement(document(), document(Номер="3"), document(Сумма="x")).encode("cp866"))
    (tmp_path / "notes.doc").write_bytes(b"no statement")
    return tmp_path


def fed(adapter: BankAdapter) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What a run would store last of each id, and what it would tell."""
    pages = list(adapter.feed("payment", PATHS))
    rows = {row.external_id: decode_body(row.body) for page in pages for row in page.rows}
    assert len(rows) == sum(len(page.rows) for page in pages), "one id came twice"
    return rows, [str(what) for page in pages for _, what in page.unreadable]


def test_overlapping_statements_give_each_payment_once(folder: Path) -> None:
    adapter = BankAdapter("bank", "bank", folder)
    rows, told = fed(adapter)
    assert sorted(row["number"] for row in rows.values()) == ["11", "2", "2", "3"]
    assert {"number": "11", "amount": "200.50", "direction": "in", "payer_inn": "7700000003"} in rows.values()
    assert any("b.TXT" in what and "“x” is no sum" in what for what in told)
    twice = [key for key, row in rows.items() if row["number"] == "2"]
    assert adapter.get("payment", twice[1], ("number",)) is not None
    assert adapter.get("payment", "unknown", ("number",)) is None


def test_the_newer_statement_counts_and_the_contradiction_is_told(tmp_path: Path) -> None:
    made = "Отправитель=Банк Клиент\nДатаСоздания={}\nВремяСоздания={}\n"
    for name, day, clock, amount in (("b", "05.06.2026", "9:00:00", "10"), ("a", "05.06.2026", "18:00:00", "11")):
        head = HEAD.replace("Отправитель=Банк Клиент\n", made.format(day, clock))
        (tmp_path / f"{name}.txt").write_bytes(statement(document(Сумма=amount), head=head).encode("cp1251"))
    rows, told = fed(BankAdapter("bank", "bank", tmp_path))
    assert [row["amount"] for row in rows.values()] == ["11.00"]
    assert any("a.txt" in what and "10.00" in what and "11.00" in what for what in told)


def test_documents_of_one_number_and_day_keep_their_places(tmp_path: Path) -> None:
    """Commissions: one statement of the morning, one of the evening that has more, in another order."""
    file = tmp_path / "a.txt"
    seen: dict[str, bytes] = {}
    for amounts in (["10", "25"], ["25"], ["7", "25", "10"], ["25", "7", "10"]):
        file.write_bytes(statement(*(document(Сумма=amount) for amount in amounts)).encode("cp1251"))
        adapter = BankAdapter("bank", "bank", tmp_path)
        adapter.remember = lambda entity, keys: {key: seen[key] for key in keys if key in seen}
        for page in adapter.feed("payment", PATHS):
            for row in page.rows:
                assert seen.setdefault(row.external_id, row.body) == row.body
    assert len(seen) == 3
    file.write_bytes(statement(document(Сумма="8")).encode("cp1251"))
    (row,) = next(iter(adapter.feed("payment", PATHS))).rows
    assert row.external_id in seen and seen[row.external_id] != row.body, "it contradicts, and is no fourth payment"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (document(ДатаПоступило=""), "no money has moved"),
        (document(ДатаПоступило="03.07.2026"), "interval"),
        (document(ПолучательСчет=THIRD), "account"),
    ],
)
def test_what_is_set_aside_is_told_and_is_no_payment(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.txt").write_bytes(statement(text).encode("cp1251"))
    rows, told = fed(BankAdapter("bank", "bank", tmp_path))
    assert rows == {}
    assert any("a.txt:17" in what and words in what for what in told)


def test_one_broken_file_is_told_and_the_others_are_read(folder: Path) -> None:
    (folder / "c.txt").write_bytes(statement(document(Номер="9"), end="").encode("cp1251"))
    rows, told = fed(BankAdapter("bank", "bank", folder))
    assert len(rows) == 4
    assert any("c.txt" in what and "stops in the middle" in what for what in told)


def test_a_folder_of_statements_is_only_read(folder: Path) -> None:
    adapter = BankAdapter("bank", "bank", folder)
    assert adapter.capabilities("payment").feed == "snapshot"
    assert adapter.capabilities("customer").feed == "none"
    for act in (
        lambda: adapter.create("payment", {}, "uid"),
        lambda: adapter.update("payment", "1", {}, None),
        lambda: adapter.delete("payment", "1"),
        lambda: list(adapter.feed("customer", ())),
    ):
        with pytest.raises(Invalid):
            act()


def test_check_names_what_is_no_statement_and_what_does_not_add_up(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(statement(document()).encode("cp1251"))
    (tmp_path / "b.txt").write_bytes(statement(document(Сумма="1")).encode("cp1251"))
    (tmp_path / "c.txt").write_text("hello")
    checks = BankAdapter("bank", "bank", tmp_path).check({})
    assert [check.warning for check in checks] == [False, True, True]
    assert "b.txt:8" in str(checks[1].text) and "199.50" in str(checks[1].text)
    assert "c.txt" in str(checks[2].text)
    with pytest.raises(Forbidden):
        list(BankAdapter("bank", "bank", tmp_path / "absent").feed("payment", ()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (document().replace("Дата=05", "Сумма=900\nДата=05", 1), "Сумма"),
        (document(Сумма="-200.50"), "-200.50"),
        (document(Сумма="0.00"), "0.00"),
        (document(Сумма="-0"), "-0"),
    ],
)
def test_a_document_whose_sum_is_not_one_amount_above_zero_is_a_problem(text: str, words: str) -> None:
    found = read(statement(text, document(Номер="12")))
    assert [one.number for one in found.payments] == ["12"]
    (problem,) = found.problems
    assert problem.line == 17 and words in str(problem.reason)


def test_a_line_that_stands_twice_with_the_same_value_says_one_thing() -> None:
    found = read(statement(document().replace("Дата=05", "Сумма=200.50\nДата=05", 1)))
    assert [one.amount for one in found.payments] == [20050] and found.problems == []


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_the_words_of_sections_are_known_in_any_case(change: Any) -> None:
    text = statement(document(), document(Номер="12"))
    for word in ("СекцияДокумент", "КонецДокумента", "СекцияРасчСчет", "КонецРасчСчет", "КонецФайла"):
        text = text.replace(word, change(word))
    found = read(text)
    assert (found.documents, [one.number for one in found.payments]) == (2, ["11", "12"])
    assert [one.closing for one in found.turnovers] == [120050]


def test_a_file_with_a_section_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BrokenAnswer, match=r"line 17.*СекцияДокументы"):
        read(statement(document().replace("СекцияДокумент", "СекцияДокументы")))

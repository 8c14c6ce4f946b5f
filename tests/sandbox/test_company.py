"""The sample company: the same for the same seed, and everything planted is really there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from stdnum import ean
from stdnum.ru import inn

from connector.sandbox.company import Company, Person, sample

SYSTEMS = ("onec", "poster", "saplab", "virtpos", "loyalclient")


@pytest.fixture(scope="module")
def company() -> Company:
    return sample()


def seen(company: Company, system: str, key: str) -> Person:
    return next(person for person in company.people_of(system) if person.key == key)


def digits(phone: str) -> str:
    only = "".join(letter for letter in phone if letter.isdecimal())
    return only[-10:]


def test_the_same_seed_gives_the_same_company_in_another_process(company: Company) -> None:
    code = "from connector.sandbox.company import sample; print(repr(sample(1)))"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": str(seed)}
        ).stdout
        for seed in (1, 2)
    }
    assert len(runs) == 1
    assert sample(1) == company != sample(2)


def test_planted_people_do_not_depend_on_the_seed() -> None:
    one = {person.key: person.full_name for person in sample(1).people if not person.key.startswith("guest")}
    two = {person.key: person.full_name for person in sample(2).people if not person.key.startswith("guest")}
    assert one == two
    assert len(one) == 35


def test_there_are_enough_people_everywhere(company: Company) -> None:
    counts = {system: len(company.people_of(system)) for system in SYSTEMS}
    assert 40 <= len(company.people) <= 60
    assert min(counts.values()) >= 10
    assert counts["onec"] > 40
    assert counts["poster"] > 40


def test_keys_and_guids_are_unique(company: Company) -> None:
    assert len({person.key for person in company.people}) == len(company.people)
    assert len({person.guid for person in company.people}) == len(company.people)


@pytest.mark.parametrize("system", ["poster", "saplab"])
def test_what_a_system_wants_unique_is_unique(company: Company, system: str) -> None:
    phones = [digits(person.phone) for person in company.people_of(system) if person.phone]
    assert len(phones) == len(set(phones))


def test_the_shop_has_a_phone_and_a_mail_of_everybody(company: Company) -> None:
    mails = [person.email for person in company.people_of("saplab")]
    assert all(person.phone for person in company.people_of("saplab"))
    assert all(mails)
    assert len(mails) == len(set(mails))


def test_check_digits_are_right(company: Company) -> None:
    legal = [person.legal for person in company.people if person.legal is not None]
    assert {len(inn.validate(firm.inn)) for firm in legal} == {10, 12}
    assert all(supplier.inn == "" or inn.is_valid(supplier.inn) for supplier in company.suppliers)
    assert all(ean.is_valid(card.barcode) for person in company.people for card in person.cards)
    assert all(product.barcode == "" or ean.is_valid(product.barcode) for product in company.products)


def test_groups_of_a_view_exist_in_its_system(company: Company) -> None:
    for system in ("onec", "poster", "saplab", "virtpos"):
        keys = {group.key for group in company.groups_of(system)}
        assert {person.group for person in company.people_of(system)} <= keys


def test_ordinary_people_agree_up_to_spelling(company: Company) -> None:
    for person in company.people:
        if not person.key.startswith("guest"):
            continue
        views = [seen(company, system, person.key) for system in person.views]
        assert {digits(view.phone) for view in views} == {digits(person.phone)}
        assert {(view.full_name, view.email, view.birthday) for view in views} == {
            (person.full_name, person.email, person.birthday)
        }
        assert {view.cards for view in views} == {person.cards}


def test_phones_are_spelled_in_many_ways(company: Company) -> None:
    phones = [person.phone for person in company.people_of("onec") if person.phone]
    assert any(phone.startswith("8 (") for phone in phones)
    assert any(phone.startswith("+7 (") for phone in phones)
    assert any(phone.isdecimal() and len(phone) == 10 for phone in phones)
    assert any(phone.isdecimal() and len(phone) == 11 for phone in phones)


def test_linked_by_stamp_card_barcode_mail_and_inn(company: Company) -> None:
    assert seen(company, "poster", "stamped").stamped
    assert digits(seen(company, "poster", "stamped").phone) != digits(seen(company, "onec", "stamped").phone)
    assert seen(company, "poster", "carded").cards == seen(company, "onec", "carded").cards
    assert seen(company, "onec", "carded").phone == ""
    assert seen(company, "poster", "ean").cards[0].uid == seen(company, "onec", "ean").cards[0].barcode
    mailed = seen(company, "poster", "mailed"), seen(company, "onec", "mailed")
    assert mailed[0].email.lower() == mailed[1].email != mailed[0].email
    assert mailed[0].phone == mailed[1].phone == ""
    shop, books = seen(company, "saplab", "firm"), seen(company, "onec", "firm")
    assert shop.legal == books.legal
    assert (digits(shop.phone), shop.email) != (digits(books.phone), books.email)


def test_ambiguous_people(company: Company) -> None:
    assert digits(seen(company, "onec", "wife").phone) == digits(seen(company, "onec", "husband").phone)
    assert "poster" not in company.person("husband").views
    books = seen(company, "onec", "phone_b")
    assert books.cards == seen(company, "poster", "card_a").cards
    assert seen(company, "poster", "phone_b").cards == ()
    assert digits(books.phone) == digits(seen(company, "poster", "phone_b").phone)
    branches = company.person("branch_a").legal, company.person("branch_b").legal
    assert branches[0] is not None
    assert branches[1] is not None
    assert branches[0].inn == branches[1].inn
    assert branches[0].kpp != branches[1].kpp
    assert len({digits(seen(company, "virtpos", f"desk_{letter}").phone) for letter in "abc"}) == 1
    assert not seen(company, "onec", "marked").active
    assert seen(company, "onec", "kept").active


def test_first_meeting_differences(company: Company) -> None:
    assert seen(company, "onec", "birthday").birthday != seen(company, "poster", "birthday").birthday
    assert seen(company, "onec", "renamed").last != seen(company, "poster", "renamed").last
    assert seen(company, "onec", "yo").full_name == seen(company, "poster", "yo").full_name.replace("ё", "е")


def test_cards_typed_at_the_till(company: Company) -> None:
    known = {card.uid for person in company.people_of("onec") for card in person.cards}
    assert seen(company, "poster", "typed").cards[0].uid not in known
    stolen = seen(company, "poster", "stolen").cards[0].uid
    assert stolen in {card.uid for card in company.person("two_cards").cards}


def test_awkward_text_is_there(company: Company) -> None:
    everything = json.dumps([repr(person) for person in company.people], ensure_ascii=False)
    assert "🌸" in everything
    assert seen(company, "poster", "spaces").last == " Иванько "
    assert "'" in company.person("quotes").last
    assert '"' in company.person("quotes").middle
    nobody = seen(company, "poster", "nobody")
    assert (nobody.phone, nobody.email, nobody.cards, list(company.person("nobody").views)) == ("", "", (), ["poster"])
    for system in SYSTEMS:
        assert [person for person in company.people if list(person.views) == [system]]


def test_receipts_are_paid_to_the_kopeck(company: Company) -> None:
    from connector.sandbox.goods import total_of

    for receipt in company.receipts:
        if receipt.status == "open":
            continue
        paid = receipt.cash + receipt.card + receipt.bonus + receipt.certificate + receipt.third_party
        assert paid == sum(total_of(line) for line in receipt.lines) + receipt.rounding
    assert {receipt.status for receipt in company.receipts} == {"open", "closed", "deleted"}
    assert any(receipt.bonus for receipt in company.receipts)
    assert any(receipt.rounding for receipt in company.receipts)

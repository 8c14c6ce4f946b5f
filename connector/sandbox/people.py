"""The customers of the sample company: the planted ones, one for each kind of trouble, and the ordinary ones."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

from connector.sandbox.company import Card, Group, Legal, Person

ORDINARY: Final = 24

GROUPS: Final = (
    Group(
        key="p_regular",
        system="poster",
        name="Постоянный посетитель",
        percent="5",
        loyalty="bonus",
        birthday_bonus=50000,
    ),
    Group(key="p_ten", system="poster", name="Скидочная система 10%", percent="10"),
    Group(key="p_vip", system="poster", name="VIP", percent="15", loyalty="bonus"),
    Group(key="p_staff", system="poster", name="Сотрудники", percent="30"),
    Group(key="p_old", system="poster", name="Старая акция", percent="7", deleted=True),
    Group(key="s_retail", system="saplab", name="Розница"),
    Group(key="s_small", system="saplab", name="Мелкий опт", percent="5"),
    Group(key="s_opt", system="saplab", name="Опт", percent="10", comment="договор обязателен"),
    Group(key="s_vip", system="saplab", name="VIP клиенты", percent="12"),
    Group(key="c_retail", system="onec", name="Розничные покупатели"),
    Group(key="c_opt", system="onec", name="Оптовые покупатели"),
    Group(key="c_vip", system="onec", name="ВИП"),
    Group(key="v_regular", system="virtpos", name="Постоянные посетители", percent="5"),
    Group(key="v_vip", system="virtpos", name="ВИП", percent="15"),
)

_GROUP_OF: Final = {"poster": "p_regular", "saplab": "s_retail", "onec": "c_retail", "virtpos": "v_regular"}

_MEN: Final = (
    ("Иванов", "Александр", "Сергеевич"),
    ("Смирнов", "Дмитрий", "Андреевич"),
    ("Кузнецов", "Максим", "Игоревич"),
    ("Попов", "Илья", "Олегович"),
    ("Соколов", "Артём", "Викторович"),
    ("Лебедев", "Никита", "Павлович"),
    ("Новиков", "Роман", "Юрьевич"),
    ("Морозов", "Егор", "Денисович"),
    ("Волков", "Константин", "Львович"),
    ("Зайцев", "Тимур", "Рустамович"),
    ("Павлов", "Глеб", "Ильич"),
    ("Семёнов", "Фёдор", "Кузьмич"),
)
_WOMEN: Final = (
    ("Голубева", "Анастасия", "Романовна"),
    ("Виноградова", "Екатерина", "Дмитриевна"),
    ("Богданова", "Ольга", "Николаевна"),
    ("Воробьёва", "Татьяна", "Алексеевна"),
    ("Фёдорова", "Ксения", "Максимовна"),
    ("Михайлова", "Полина", "Евгеньевна"),
    ("Беляева", "Дарья", "Станиславовна"),
    ("Тарасова", "Вероника", "Игоревна"),
    ("Белова", "Алиса", "Петровна"),
    ("Комарова", "Юлия", "Васильевна"),
    ("Орлова", "Зоя", "Фёдоровна"),
    ("Киселёва", "Любовь", "Яковлевна"),
)
_STREETS: Final = ("ул. Ленина", "пр-т Мира", "ул. Садовая", "наб. Фонтанки", "ул. 8 Марта", "Бакалинская ул.")
_CITIES: Final = ("Москва", "Санкт-Петербург", "Уфа", "Казань")


def ean13(uid: str) -> str:
    """The barcode of a card number: zeros before it to 12 digits, the check digit after it."""
    body = uid.rjust(12, "0")
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def inn_of(body: str) -> str:
    """A taxpayer number with its check digits: 9 given digits for a firm, 10 for a person."""
    if len(body) == 9:
        return body + _check(body, (2, 4, 10, 3, 5, 9, 4, 6, 8))
    eleven = body + _check(body, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
    return eleven + _check(eleven, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))


def _check(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 % 10)


def guid_of(key: str) -> str:
    """The GUID a person or a good has in 1C."""
    return str(uuid5(NAMESPACE_DNS, f"{key}.zerno.example"))


def _card(uid: str, issued_on: str, **more: Any) -> Card:
    return Card(uid=uid, barcode=ean13(uid), issued_on=issued_on, **more)


FIRM: Final = Legal(
    form="ООО",
    name="Рога и Копыта – Кофе",
    inn=inn_of("770123456"),
    kpp="770101001",
    ogrn="1027700132195",
    address="127000, г. Москва, ул. Складская, д. 5, оф. 12",
    bank="ПАО СБЕРБАНК",
    bik="044525225",
    account="40702810938000012345",
    correspondent="30101810400000000225",
)
TRADER: Final = Legal(
    form="ИП",
    name="Огурцов Семён Ильич",
    inn=inn_of("7812345678"),
    ogrn="304780112300045",
    address="СПб, Невский пр., 1",
)
BRANCH_A: Final = Legal(form="АО", name="Кофейная Сеть", inn=inn_of("780200033"), kpp="780201001", ogrn="1037800000017")
BRANCH_B: Final = replace(BRANCH_A, kpp="502443001")

_TWO: Final = (_card("100301", "2024-02-10"), _card("100302", "2026-05-03", medium="app", type="VIP"))


def _person(
    key: str, name: str, sex: str = "", /, views: Mapping[str, Mapping[str, Any]] | None = None, **facts: Any
) -> Person:
    last, first, middle = [*name.split(" "), "", ""][:3]
    values: dict[str, Any] = {"last": last, "first": first, "middle": middle, "sex": sex, "guid": guid_of(key), **facts}
    return Person(key=key, views=views or {}, **values)


def _known(*systems: str, **own: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Views: known in `systems` as in truth, and in those of `own` with other values."""
    return {**{system: {} for system in systems}, **own}


def planted() -> tuple[Person, ...]:
    """One person (or a few) for each kind of trouble; see the table in `connector.sandbox.company`."""
    return (*_linked(), *_legal(), *_ambiguous(), *_different(), *_alone())


def _linked() -> tuple[Person, ...]:
    return (
        _person(
            "stamped", "Атаманов Евгений Павлович", "m", phone="+79161110001", birthday="1984-04-02", stamped=True,
            bonus=125050, paid=50122600, views=_known("onec", poster={"phone": "+7 916 999-00-01"}),
        ),
        _person(
            "carded", "Кучма Игорь Ильич", "m", phone="+79161110002", cards=(_card("100217", "2025-01-15"),),
            bonus=990, paid=730000,
            views=_known("poster", onec={"phone": ""}, virtpos={"phone": ""}),
        ),
        _person(
            "ean", "Шапошникова Майя Борисовна", "f", phone="+79161110003", cards=(_card("100218", "2025-02-01"),),
            views=_known(
                onec={"phone": ""}, virtpos={}, poster={"phone": "", "cards": (Card(uid=ean13("100218")),)},
            ),
        ),
        _person(
            "two_cards", "Попова Елена Андреевна", "f", phone="+79161110004", email="elena.popova@example.com",
            birthday="1986-11-23", cards=_TWO, bonus=1000, paid=417000, points=878,
            views=_known("onec", "virtpos", "loyalclient", poster={"cards": _TWO[1:]}),
        ),
        _person(
            "mailed", "Лис Алиса Эдуардовна", "f", email="alisa.lis@example.com", birthday="1995-07-30",
            views=_known("onec", "virtpos", poster={"email": "Alisa.Lis@Example.COM"}),
        ),
        _person(
            "typed", "Щукин Лев Маркович", "m", phone="+79161110005",
            views=_known("onec", "virtpos", "loyalclient", poster={"cards": (Card(uid="4600051000057"),)}),
            points=40,
        ),
    )  # fmt: skip


def _legal() -> tuple[Person, ...]:
    opt = {"group": "s_opt"}
    return (
        _person(
            "firm", "Сергеев Сергей Сергеевич", "m", phone="+74951230010", email="buh@roga.example", legal=FIRM,
            address="ул. Складская, 5", limit=1000000,
            views={
                "onec": {"group": "c_opt"},
                "saplab": {**opt, "phone": "79161110010", "email": "zakaz@roga.example", "comment": "Хороший клиент"},
            },
        ),
        _person(
            "trader", "Огурцов Семён Ильич", "m", phone="+79161110011", email="ogurtsov@example.com", legal=TRADER,
            views={"onec": {"group": "c_opt"}, "saplab": {"group": "s_small", "debt": 921100, "balance": 1400}},
        ),
        _person(
            "branch_a", "Ким Виктория", "f", phone="+78121230012", legal=BRANCH_A, views={"onec": {"group": "c_opt"}},
        ),
        _person(
            "branch_b", "Ким Виктория", "f", phone="+74961230013", email="podolsk@set.example", legal=BRANCH_B,
            views={"onec": {"group": "c_opt", "phone": "", "email": ""}, "saplab": opt},
        ),
    )  # fmt: skip


def _ambiguous() -> tuple[Person, ...]:
    household, desk = "+79161110020", "+74951230099"
    card = _card("100401", "2025-06-06")
    return (
        _person(
            "wife", "Зимина Раиса Олеговна", "f", phone=household, birthday="1979-01-01",
            views=_known("onec", "poster", "virtpos"),
        ),
        _person(
            "husband", "Зимин Аркадий Ильич", "m", phone=household, birthday="1977-12-31",
            views=_known("onec", "virtpos"),
        ),
        _person("card_a", "Дроздов Иван", "m", phone="+79161110021", cards=(card,), views=_known("poster")),
        _person(
            "phone_b", "Дроздов Иван Иванович", "m", phone="+79161110022", cards=(card,),
            views=_known("onec", poster={"cards": ()}),
        ),
        _person("desk_a", "Гость Первый", phone=desk, views=_known("virtpos")),
        _person("desk_b", "Гость Второй", phone=desk, views=_known("virtpos")),
        _person("desk_c", "Гость Третий", phone=desk, views=_known("virtpos")),
        _person(
            "marked", "Мартынова Инна", "f", phone="+79161110023", email="inna.m@example.com",
            comment="(не использовать) дубль", views=_known(onec={"active": False}),
        ),
        _person(
            "kept", "Мартынова Инна Сергеевна", "f", phone="+79161110023", email="inna.m@example.com",
            views=_known("onec", "poster"),
        ),
        _person(
            "stolen", "Хитров Савва Гаврилович", "m", phone="+79161110024",
            views=_known("onec", poster={"cards": (Card(uid="100301"),)}),
        ),
    )  # fmt: skip


def _different() -> tuple[Person, ...]:
    return (
        _person(
            "birthday", "Рыжова Нина Петровна", "f", phone="+79161110030",
            views={"onec": {"birthday": "1990-05-12"}, "poster": {"birthday": "1990-12-05"}},
        ),
        _person(
            "renamed", "Соловьёва Анна Юрьевна", "f", phone="+79161110031", email="anna.s@example.com",
            views=_known("poster", onec={"last": "Воронова"}, saplab={"email": "a.soloveva@example.org"}),
        ),
        _person(
            "quotes", "О'Коннор-Дюма Мария \"Маша\"", "f", phone="+79161110032", address="д. 7, \"Старый дом\" & двор",
            comment="просила звать <Машей>", cards=(_card("100501", "2026-01-01"),),
            views=_known("onec", "poster", "virtpos"),
        ),
        _person(
            "emoji", "🌸 Лера", "f", phone="+79161110033", comment="любит ☕️ и 🍰",
            views=_known("poster", "virtpos"),
        ),
        _person(
            "spaces", "Иванько Пётр Сергеевич", "m", phone="+79161110034", address="ул. Лесная, 3",
            views={
                "onec": {"first": "Пётр ", "address": " ул. Лесная, 3 "},
                "poster": {"last": " Иванько ", "middle": " Сергеевич  "},
            },
        ),
        _person(
            "yo", "Королёв Пётр Фёдорович", "m", phone="+79161110035",
            views=_known("poster", onec={"last": "Королев", "first": "Петр", "middle": "Федорович"}),
        ),
        _person(
            "abroad", "Ясюкевич Алесь", "m", phone="+375291234567", email="ales@example.by", country="Беларусь",
            city="Минск", views=_known("poster", "virtpos", "saplab"),
        ),
        _person(
            "asleep", "Тихонов Пахом Лукич", "m", phone="+79161110036", email="tihon@example.com",
            views=_known("onec", saplab={"active": False}),
        ),
    )  # fmt: skip


def _alone() -> tuple[Person, ...]:
    return (
        _person("nobody", "Инкогнито", comment="платит всегда наличными, столик у окна", views=_known("poster")),
        _person(
            "unreadable", "Мхитарян Рубен Ашотович", "m", phone="+79161110040",
            views=_known(onec={"phone": "тел. секретаря, спросить Анну"}),
        ),
        _person("only_onec", "Бухгалтеров Захар Титович", "m", phone="+79161110041", views=_known("onec")),
        _person("only_poster", "Кофейкина Римма", "f", phone="+79161110042", bonus=5050, views=_known("poster")),
        _person(
            "only_saplab", "Интернетов Всеволод", "m", phone="+79161110043", email="sev@example.com",
            views=_known("saplab"),
        ),
        _person(
            "only_virtpos", "Прилавкина Лада", "f", phone="+79161110044", cards=(_card("100601", "2026-08-08"),),
            views=_known("virtpos"),
        ),
        _person("only_loyal", "Баллов Ян", "m", phone="+79161110045", points=300, views=_known("loyalclient")),
    )  # fmt: skip


def everybody(seed: int) -> tuple[Person, ...]:
    """Planted and ordinary people, each view with its system's spelling of the phone and its default group."""
    dice = random.Random(f"{seed}/people")  # noqa: S311 - repeatable, not secret
    return tuple(_spelled(person, dice) for person in (*planted(), *_ordinary(dice)))


def _ordinary(dice: random.Random) -> list[Person]:
    names = [(name, "m") for name in _MEN] + [(name, "f") for name in _WOMEN]
    dice.shuffle(names)
    return [_guest(number, *names[number], dice) for number in range(ORDINARY)]


def _guest(number: int, name: tuple[str, str, str], sex: str, dice: random.Random) -> Person:
    last, first, middle = name
    systems = ["poster", "onec", *(kind for kind in ("saplab", "virtpos", "loyalclient") if dice.random() < 0.5)]
    cards = (_card(f"{200100 + number}", f"2025-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"),)
    return Person(
        key=f"guest{number + 1:02}",
        last=last,
        first=first,
        middle=middle,
        sex=sex,
        phone=f"+7903{dice.randint(1, 9)}{number:02}{dice.randint(1000, 9999)}",
        # the shop takes nobody without an e-mail
        email=f"guest{number + 1:02}@example.com" if "saplab" in systems or dice.random() < 0.5 else "",
        birthday=f"{dice.randint(1955, 2006)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
        city=dice.choice(_CITIES),
        address=f"{dice.choice(_STREETS)}, {dice.randint(1, 120)}",
        cards=cards if dice.random() < 0.4 else (),
        guid=guid_of(f"guest{number + 1:02}"),
        bonus=dice.randint(0, 99999),
        paid=dice.randint(0, 9999999),
        points=dice.randint(0, 999),
        since=f"2025-03-{dice.randint(1, 31):02} {dice.randint(10, 21)}:{dice.randint(10, 59)}:07",
        views={system: {} for system in systems},
    )


def _spelled(person: Person, dice: random.Random) -> Person:
    views = {}
    for system, own in person.views.items():
        view = {"group": _GROUP_OF.get(system, ""), **own}
        if "phone" not in own and person.phone:
            view["phone"] = _spelling(system, person.phone, dice)
        views[system] = view
    return replace(person, views=views)


def _spelling(system: str, phone: str, dice: random.Random) -> str:
    """How users of a system write a phone down."""
    digits = phone.removeprefix("+")
    if not phone.startswith("+7"):
        return digits if system in ("saplab", "loyalclient") else phone
    code, a, b, c = digits[1:4], digits[4:7], digits[7:9], digits[9:]
    ways = {
        "poster": (f"+7 {code} {a}-{b}-{c}",),
        "saplab": (digits,),
        "loyalclient": (digits,),
        "virtpos": (phone, f"8({code}){a}-{b}-{c}"),
        "onec": (f"8 ({code}) {a}-{b}-{c}", f"+7 ({code}) {a}-{b}-{c}", f"{code}{a}{b}{c}", f"8{code}{a}{b}{c}"),
    }
    return dice.choice(ways[system])

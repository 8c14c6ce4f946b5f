"""What the sample company sells and what happened at its tills and in its shop during the last weeks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from connector.sandbox.company import (
    TODAY,
    Category,
    Employee,
    Entry,
    Ingredient,
    Line,
    Modification,
    Order,
    Person,
    Place,
    Product,
    Receipt,
    Supplier,
    Supply,
)
from connector.sandbox.people import inn_of

SPOTS: Final = (
    Place(key="spot1", name="Кав'ярня на Садовой", address="ул. Садовая, 12"),
    Place(key="spot2", name="Зерно & Лист, Мира", address="пр-т Мира, 101"),
)
STORAGES: Final = (
    Place(key="main", name="Основной склад", address="ул. Складская, 5"),
    Place(key="bar", name="Бар на Садовой", address="ул. Садовая, 12"),
)
EMPLOYEES: Final = (
    Employee(key="owner", name="Анна Хозяйкина", role="owner", phone="+79160000001", email="owner@zerno.example"),
    Employee(key="maria", name="Мария Кассирова", role="waiter", phone="+79160000002", email="maria@zerno.example"),
    Employee(key="oleg", name="Олег Баристов", role="waiter", phone="+79160000003", email="oleg@zerno.example"),
)
CATEGORIES: Final = (
    Category(key="coffee", name="Кофе"),
    Category(key="milky", name="Кофе с молоком", parent="coffee"),
    Category(key="tea", name="Чай"),
    Category(key="food", name="Выпечка и завтраки"),
    Category(key="beans", name="Зерно на вынос"),
    Category(key="gear", name="Кавове приладдя «кав'ярні»"),
    Category(key="raw", name="Сырьё", ingredients=True),
    Category(key="pack", name="Упаковка", ingredients=True),
)
INGREDIENTS: Final = (
    Ingredient(key="bean", name="Кофе зерно Эфиопия", category="raw", unit="kg", cost=189000, stock="14.5"),
    Ingredient(key="milk", name="Молоко 3,2%", category="raw", unit="l", cost=8950, stock="22.25"),
    Ingredient(key="flour", name="Мука в/с", category="raw", unit="kg", cost=6200, stock="-1.2"),
    Ingredient(key="egg", name="Яйцо С1", category="raw", unit="p", cost=1290, stock="180"),
    Ingredient(key="cup", name="Стакан 250 мл", category="pack", unit="p", cost=730, stock="640"),
)
PRODUCTS: Final = (
    Product(key="espresso", name="Эспрессо", category="coffee", price=15000, kind="dish", recipe=(("bean", "18"),)),
    Product(
        key="capp", name="Капучино", category="milky", price=22000, kind="dish",
        recipe=(("bean", "18"), ("milk", "150"), ("cup", "1")),
    ),
    Product(key="omelette", name="Омлет с травами", category="food", price=34000, kind="dish", recipe=(("egg", "3"),)),
    Product(key="dough", name="Тесто слоёное", category="food", price=0, kind="prepack", recipe=(("flour", "600"),)),
    Product(
        key="tea", name="Чай «Ассам»", category="tea", price=18000, sku="TEA-1", cost=2100,
        modifications=(
            Modification(key="tea_s", name="Чашка", price=18000, sku="TEA-1-S"),
            Modification(key="tea_l", name="Чайник 0,7 л", price=32000, sku="TEA-1-L"),
        ),
    ),
    Product(
        key="ethiopia", name="Эфиопия Иргачеффе 250 г", category="beans", price=79000, unit="шт", sku="ETH-250",
        barcode="4607001771234", brand="Зерно", cost=41000,
    ),
    Product(
        key="brazil", name="Бразилия Сантос, вес.", category="beans", price=21050, unit="кг", sku="BRA-W",
        brand="Зерно", weighed=True, cost=11000,
    ),
    Product(
        key="grinder", name="Кофемолка \"Mill & Co\" ручная", category="gear", price=395900, sku="12133",
        brand="KILEN", cost=250000,
    ),
    Product(key="filter", name="Фильтр бумажный V60", category="gear", price=47400, sku="30.896.00", brand="UFI"),
    Product(key="mug", name="Кружка фирменная", category="gear", price=99000, sku="MUG", brand="Зерно", hidden=True),
)  # fmt: skip
SUPPLIERS: Final = (
    Supplier(
        key="roaster", name='ООО "Обжарка №1"', phone="+7 495 123-00-20", address="Москва", inn=inn_of("770412345")
    ),
    Supplier(key="farm", name="Ферма Петровых", phone="+7 916 123-00-21", comment="наличными"),
    Supplier(key="gone", name="Старый поставщик", deleted=True),
)
SUPPLIES: Final = (
    Supply(number=1, at="2026-10-05 09:10:00", supplier="roaster", storage="main", lines=(("bean", "10", 185000),)),
    Supply(
        number=2,
        at="2026-11-02 08:30:00",
        supplier="farm",
        storage="bar",
        lines=(("milk", "24", 8950), ("egg", "180", 1290)),
    ),
    Supply(number=3, at="2026-11-16 08:45:00", supplier="roaster", storage="main", lines=(("bean", "4.5", 189000),)),
)

_PRICES: Final = {product.key: product.price for product in PRODUCTS if product.kind != "prepack"}
_DAYS: Final = 12
_A_DAY: Final = 6
_ROUNDED: Final = 31  # the receipt whose kopecks are rounded off


def total_of(line: Line) -> int:
    """Kopecks of a line: quantity times price, half up, less the discount."""
    return int((Decimal(line.quantity) * line.price).quantize(Decimal(1), ROUND_HALF_UP)) - line.discount


def receipts(seed: int, people: Sequence[Person]) -> tuple[Receipt, ...]:
    """`_A_DAY` receipts on each of the last `_DAYS` days: paid in every way, one deleted, the last one still open."""
    dice = random.Random(f"{seed}/receipts")  # noqa: S311 - repeatable, not secret
    guests = [person.key for person in people if "poster" in person.views]
    made = [_receipt(number, guests, dice) for number in range(_DAYS * _A_DAY)]
    return (*made, _open_one(len(made) + 1))


def _receipt(index: int, guests: Sequence[str], dice: random.Random) -> Receipt:
    day = TODAY - timedelta(days=_DAYS - index // _A_DAY)
    closed = datetime(day.year, day.month, day.day, 9) + timedelta(
        hours=2 * (index % _A_DAY), minutes=dice.randint(0, 59), seconds=dice.randint(0, 59)
    )
    lines = tuple(_line(dice) for _ in range(dice.randint(1, 3)))
    if index == _ROUNDED:
        lines = (Line(product="brazil", quantity="0.345", price=_PRICES["brazil"]),)
    return Receipt(
        number=index + 1,
        opened_at=str(closed - timedelta(minutes=dice.randint(3, 40))),
        closed_at=str(closed),
        spot=SPOTS[index % 2].key,
        employee=EMPLOYEES[1 + index % 2].key,
        person=dice.choice(guests) if dice.random() < 0.6 else "",
        lines=lines,
        status="deleted" if index == 17 else "closed",
        **_payment(index, sum(total_of(line) for line in lines)),
    )


def _line(dice: random.Random) -> Line:
    key = dice.choice(("espresso", "capp", "capp", "omelette", "tea", "ethiopia", "brazil"))
    if key == "tea":
        size, price = dice.choice((("tea_s", 18000), ("tea_l", 32000)))
        return Line(product=key, quantity="1", price=price, modification=size)
    quantity = f"0.{dice.randint(150, 900)}" if key == "brazil" else str(dice.randint(1, 3))
    discount = 2200 if key == "capp" and dice.random() < 0.3 else 0
    return Line(product=key, quantity=quantity, price=_PRICES[key], discount=discount)


def _payment(index: int, total: int) -> dict[str, Any]:
    """Most pay cash or by card; a few in two ways, by bonus, by certificate, through a courier, with a tip."""
    ways: dict[int, dict[str, int]] = {
        3: {"cash": total - total // 2, "card": total // 2},
        8: {"bonus": min(5000, total), "card": total - min(5000, total)},
        13: {"certificate": min(10000, total), "cash": total - min(10000, total)},
        21: {"third_party": total},
        26: {"card": total, "tip": 5000},
        _ROUNDED: {"cash": total - total % 100, "rounding": -(total % 100)},
    }
    return ways.get(index, {"cash": total} if index % 3 == 0 else {"card": total})


def _open_one(number: int) -> Receipt:
    return Receipt(
        number=number,
        opened_at=f"{TODAY - timedelta(days=1)} 20:55:00",
        closed_at="",
        spot="spot1",
        employee="maria",
        lines=(Line(product="espresso", quantity="2", price=_PRICES["espresso"]),),
        status="open",
    )


def orders(seed: int, people: Sequence[Person]) -> tuple[Order, ...]:
    """Orders of the web shop and of the point of sale, in every state."""
    dice = random.Random(f"{seed}/orders")  # noqa: S311 - repeatable, not secret
    made = []
    for system, prefix in (("saplab", "NZ"), ("virtpos", "VP")):
        buyers = [person.key for person in people if system in person.views]
        made += [_order(system, f"{prefix}-{number:03}", number, buyers, dice) for number in range(1, 9)]
    return tuple(made)


def _order(system: str, number: str, index: int, buyers: Sequence[str], dice: random.Random) -> Order:
    at = datetime(TODAY.year, TODAY.month, TODAY.day, 10, 5, 7) - timedelta(
        days=9 - index, minutes=dice.randint(0, 300)
    )
    return Order(
        number=number,
        system=system,
        at=str(at),
        person=buyers[dice.randrange(len(buyers))],
        lines=tuple(_goods_line(system, dice) for _ in range(1 + index % 3)),
        shipping=13000 if index % 2 else 0,
        address="Дом 3, корпус 5" if index % 2 else "",
        comment="После шести" if index == 3 else "",
        paid=index % 3 == 0,
        shipped=index == 6,
        cancelled=index == 5,
    )


def _goods_line(system: str, dice: random.Random) -> Line:
    key = dice.choice(("ethiopia", "grinder", "filter") if system == "saplab" else ("ethiopia", "brazil", "filter"))
    quantity = f"{dice.randint(1, 3)}.450" if key == "brazil" else str(dice.randint(1, 4))
    discount = 1020 if system == "virtpos" and dice.random() < 0.4 else 0
    return Line(product=key, quantity=quantity, price=_PRICES[key], discount=discount)


def entries(people: Sequence[Person]) -> tuple[Entry, ...]:
    """Movements on balances in the shop; two of one moment and amount, as the vendor's own example has (S-10)."""
    buyer = next((person.key for person in people if person.key == "trader"), "")
    if not buyer:
        return ()
    moments = ("2026-11-01 10:00:00.123456", "2026-11-03 17:57:43.788968", "2026-11-03 17:57:43.788968")
    notes = ("Пополнение счёта", "Оплата позиции KILEN - 12133 (1 шт.)", "Оплата позиции UFI - 30.896.00 (1 шт.)")
    amounts = (100000, -49300, -49300)
    return tuple(
        Entry(person=buyer, at=at, amount=amount, comment=comment)
        for at, amount, comment in zip(moments, amounts, notes, strict=True)
    )

"""The same made-up customers as Poster and as Saplab show them. Deterministic: number and revision decide everything.

Revision 1 is revision 0 with one row in a hundred changed, spread evenly, so that every page differs: in Poster the
rows whose number ends in 07, in Saplab those in 13. Both systems agree on every field they share, so a first sync of
both finds everybody by phone and has nothing to write. One in a thousand is a firm in Saplab, whose legal details
cost a request of their own.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

FIRST: Final = ("Александр", "Мария", "Иван", "Ольга", "Андрей", "Татьяна", "Сергей", "Наталья", "John", "Анна")
LAST: Final = ("Шевченко", "Иванов", "Петренко", "Ковальчук", "Smith", "Бондаренко", "Кузнецова", "Мельник")
MIDDLE: Final = ("Иванович", "Петровна", "Сергеевич", "", "", "Алексеевна")
CITIES: Final = ("Киев", "Одесса", "Москва", "Львов", "Казань", "Алматы")

CHANGED_EVERY: Final = 100
FIRM_EVERY: Final = 1000
_CHANGED: Final = {"poster": 7, "saplab": 13}
_FIRM: Final = 500

Row = dict[str, Any]


def is_changed(kind: str, number: int) -> bool:
    """Whether revision 1 of this row differs from revision 0."""
    return number % CHANGED_EVERY == _CHANGED[kind]


def is_firm(number: int) -> bool:
    return number % FIRM_EVERY == _FIRM


def chance(number: int) -> int:
    """28 bits that are this person's, whoever asks."""
    return Random(number).getrandbits(28)


def _address(kind: str, number: int, revision: int, r: int) -> str:
    if revision and is_changed(kind, number):
        return f"переехал, дом {number % 97}"
    return f"ул. Шевченко, {r % 200}, кв. {r % 90}"


def _moment(r: int) -> str:
    return f"20{10 + r % 15:02d}-{1 + r % 12:02d}-{1 + r % 28:02d} {r % 24:02d}:{r % 60:02d}:{r * 7 % 60:02d}"


def _name(r: int) -> tuple[str, str, str]:
    return LAST[r // 10 % 8], FIRST[r % 10], MIDDLE[r // 80 % 6]


def poster(number: int, revision: int = 0, card: bool = False) -> Row:
    """A client as `clients.getClients` lists it. Most tills know their people by phone: cards only where asked."""
    r = chance(number)
    digits = f"{79000000000 + number}"
    last, first, middle = _name(r)
    return {
        "client_id": str(number),
        "firstname": first,
        "lastname": last,
        "patronymic": middle,
        "discount_per": str(r % 15),
        "bonus": str(r % 100000),
        "total_payed_sum": str(r * 37 % 10000000),
        "date_activale": _moment(r),
        "phone": f"+7 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}",
        "phone_number": digits,
        "email": f"user{number}@example.com" if r % 3 else "",
        "birthday": f"{1950 + r % 55}-{1 + r % 12:02d}-{1 + r % 28:02d}",
        "card_number": f"{1000000 + number}" if card else "0",
        "client_sex": str(r % 3),
        "country": "Россия" if r % 4 else "",
        "city": CITIES[r % 6],
        "comment": "постоянный клиент, звонить после 18:00" if r % 5 == 0 else "",
        "address": _address("poster", number, revision, r),
        "client_groups_id": str(1 + r % 7),
        "client_groups_name": f"Группа {1 + r % 7}",
        "client_groups_discount": str(r % 7 * 5),
        "loyalty_type": str(1 + r % 2),
        "birthday_bonus": "0",
        "id_1c": "" if r % 2 else f"{r:08x}-0000-4000-8000-{number:012x}",
        "delete": "0",
    }


def saplab(number: int, revision: int = 0) -> Row:
    """A client as `/panel/client` lists it."""
    r = chance(number)
    changed = revision and is_changed("saplab", number)
    return {
        "id": str(number),
        "phone": f"{79000000000 + number}",
        "name": " ".join(filter(None, _name(r))),
        "address": _address("saplab", number, revision, r),
        "email": f"user{number}@example.com" if r % 3 else None,
        "date_added": _moment(r),
        "is_wholesaler": "1" if is_firm(number) else "0",
        "wholesaler_info": f'ООО "Рога {number}"' if is_firm(number) else "",
        "date_modified": "2026-02-01 12:00:00.000001" if changed else _moment(r + 1) + ".703139",
        "group": f"Группа {1 + r % 7}",
        "group_id": str(1 + r % 7),
        "manager": "Менеджер 1",
        "manager_id": str(1 + r % 4),
        "point": "Точка 1",
        "point_id": "1",
        "status": "1",
        "comment": "постоянный клиент" if r % 5 == 0 else "",
        "shipping_id": "0",
        "balance": f"{r % 5000}.{r % 100:02d}",
        "debt": "0",
        "blocked_debt": "0",
        "limit": "0",
    }


def saplab_form(number: int, row: Row) -> Row:
    """The same client as `/panel/client/form/$ID` shows him."""
    legal = {
        "bik": "044525225",
        "inn": _inn(number),
        "kpp": "770101001",
        "bank": "Сбербанк",
        "orgn": "1027700132195",
        "type": "ООО",
        "account": "40702810900000000001",
        "address": "ул. Ленина, 48",
        "org_name": f"Рога {number}",
        "bank_account": "30101810400000000225",
    }
    return {**row, "discount": "0", **({"wholesaler_data": legal} if is_firm(number) else {})}


def _inn(number: int) -> str:
    """A firm's taxpayer number with its check digit."""
    digits = f"77{number:07d}"
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    return f"{digits}{sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 % 10}"


MAKERS: Final[dict[str, Callable[[int], Row]]] = {
    "poster": poster,
    "saplab": saplab,
    "cards": lambda number: poster(number, card=True),
}


def encode(row: Row) -> bytes:
    """As PHP's json_encode spells it: everything beyond ASCII escaped."""
    return json.dumps(row, separators=(",", ":")).encode()


def write(folder: Path, kind: str, rows: int) -> None:
    """`<kind>.bin`, the encoded rows with a comma behind each, and `<kind>.idx`, where each begins."""
    offsets = array("Q", [0])
    make = MAKERS[kind]
    with (folder / f"{kind}.bin").open("wb", 1 << 20) as out:
        for number in range(1, rows + 1):
            offsets.append(offsets[-1] + out.write(encode(make(number)) + b","))
    (folder / f"{kind}.idx").write_bytes(offsets.tobytes())

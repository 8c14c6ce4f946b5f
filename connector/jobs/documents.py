"""An offered order as a document of CommerceML: what its mapping says, with whom and what it refers to written out.

1C knows an order by its `Номер` alone, so two orders never share one; its own number is kept where nobody has it yet.
A good is named by what 1C calls it where that is known, else by its article and name; a customer by name and INN, for
this exchange has no other way to say who it is (1c.md, section 1).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Protocol

from connector.errors import RowError
from connector.locale import N_
from connector.model.values import major

if TYPE_CHECKING:
    from connector.store.crosswalk import Crosswalk

ENTITY: Final = "order"
CURRENCY: Final = "руб"
NOBODY: Final = "Розничный покупатель"
"""Who bought where the shop does not know: 1C loads no order without a name."""

_LONGEST_NUMBER: Final = 40
_STATUSES: Final = {"new": "Новый", "paid": "Оплачен", "shipped": "Отгружен", "cancelled": "Отменен"}
_DISCOUNT: Final = "Скидка"
_VAT: Final = "НДС"
_EXEMPT: Final = "Без НДС"


class Told(Protocol):
    """What is read of an offer."""

    @property
    def uid(self) -> str: ...
    @property
    def raw(self) -> Mapping[str, Any]: ...
    @property
    def record(self) -> Mapping[str, Any]: ...
    @property
    def customer(self) -> Mapping[str, Any] | None: ...
    @property
    def goods(self) -> Mapping[str, Mapping[str, Any]]: ...


def fresh_number(offer: Told) -> tuple[str, str]:
    """The order's own number, empty where it has none, and one that no other order can have: with a mark of its own
    behind that number, or behind its day.
    """
    plain = str(offer.record.get("number") or "").strip()[:_LONGEST_NUMBER]
    digest = blake2b(offer.uid.encode(), digest_size=5).digest()
    mark = base64.b32encode(digest).decode().lower()
    head = plain or str(offer.record.get("date") or "")[:10]
    return plain, f"{head}-{mark}".strip("-")


def document(offer: Told, number: str, crosswalk: Crosswalk, spoke: str) -> dict[str, Any]:
    """The whole document. RowError for what cannot be said."""
    raw, record = dict(offer.raw), offer.record
    day, _, clock = str(raw.pop("Дата", "")).partition("T")
    raw.pop("Отменен", None)  # said among the requisites, as the record has it
    known = _known(offer, crosswalk, spoke)
    return {
        "Валюта": CURRENCY,
        **raw,
        "Ид": offer.uid,
        "Номер": number,
        "Дата": day,
        "Время": clock[:8] or "00:00:00",
        "Контрагенты": [_customer(offer.customer, known.get(str(record.get("customer"))), record)],
        "Товары": _lines(raw.get("Товары") or [], record.get("lines") or [], known, offer.goods),
        "ЗначенияРеквизитов": _requisites(record),
    }


def _known(offer: Told, crosswalk: Crosswalk, spoke: str) -> dict[str, str]:
    """uid -> what 1C calls it, of the customer and the goods."""
    known = crosswalk.targets(spoke, "product", offer.goods) if offer.goods else {}
    if isinstance(uid := offer.record.get("customer"), str):
        known |= crosswalk.targets(spoke, "customer", [uid])
    return known


def _customer(person: Mapping[str, Any] | None, known: str | None, record: Mapping[str, Any]) -> dict[str, Any]:
    said = person or {}
    name = said.get("name") or said.get("legal_name") or said.get("phone") or NOBODY
    found: dict[str, Any] = {"Ид": known or record.get("customer") or NOBODY, "Наименование": name}
    if said.get("kind") == "legal":
        found |= {"ОфициальноеНаименование": said.get("legal_name") or name, "КПП": said.get("kpp")}
    else:
        found["ПолноеНаименование"] = name
    found["ИНН"] = said.get("inn")
    if (address := said.get("legal_address") or said.get("address")) is not None:
        found["ЮридическийАдрес" if said.get("kind") == "legal" else "АдресРегистрации"] = {"Представление": address}
    contacts = (("Телефон", said.get("phone")), ("Почта", said.get("email")))
    found["Контакты"] = [{"Тип": kind, "Значение": value} for kind, value in contacts if value] or None
    return {name: value for name, value in found.items() if value is not None}


def _lines(
    raws: list[dict[str, Any]],
    lines: list[Mapping[str, Any]],
    known: Mapping[str, str],
    goods: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    if len(raws) != len(lines):
        raise RowError("lines", len(raws), N_("the mapping says other lines than the order has"))
    return [_line(raw, line, known, goods) for raw, line in zip(raws, lines, strict=True)]


def _line(
    raw: Mapping[str, Any], line: Mapping[str, Any], known: Mapping[str, str], goods: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    uid = str(line.get("product"))
    good = goods.get(uid, {})
    own = uid if line.get("product") and uid not in goods else None  # as 1C has called it, where it alone knows it
    found: dict[str, Any] = {
        "Ид": known.get(uid, own),
        "Артикул": good.get("sku"),
        "Штрихкод": good.get("barcode"),
        **raw,
    }
    found.setdefault("Наименование", good.get("name"))
    if (unit := good.get("unit")) is not None:
        found["БазоваяЕдиница"] = {"Наименование": unit}
    found |= _vat(line)
    if isinstance(discount := line.get("discount"), int) and discount > 0:
        found["Скидки"] = [{"Наименование": _DISCOUNT, "Сумма": major(discount), "УчтеноВСумме": True}]
    return {name: value for name, value in found.items() if value is not None}


def _vat(line: Mapping[str, Any]) -> dict[str, Any]:
    """VAT where it is known; what says none of it is exempt to 1C (1c.md, section 1)."""
    rate, sum_ = line.get("vat_rate"), line.get("vat")
    if not isinstance(rate, str):
        return {}
    said: dict[str, Any] = {"СтавкиНалогов": {_VAT: _EXEMPT if rate == "none" else rate}}
    if isinstance(sum_, int) and rate != "none":
        said["Налоги"] = [{"Наименование": _VAT, "УчтеноВСумме": True, "Сумма": major(sum_), "Ставка": rate}]
    return said


def _requisites(record: Mapping[str, Any]) -> dict[str, Any]:
    """What 1C reads by its name, as far as it is known."""
    said = {
        "Статус заказа": _STATUSES.get(str(record.get("status"))),
        "Отменен": record.get("cancelled"),
        "Заказ оплачен": record.get("paid"),
        "Метод оплаты": record.get("payment"),
        "Адрес доставки": record.get("delivery"),
    }
    return {name: value for name, value in said.items() if value is not None}

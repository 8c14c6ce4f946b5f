"""The form of a client is written as a whole: what is left out is emptied, a box that is left out is off (S-17, S-20).

So a change is laid over the form as it stands, and everything is sent back.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connector.errors import Invalid
from connector.locale import N_
from connector.model.values import canonical_number, decimal_of

TEXTS: Final = ("name", "email", "phone", "address", "comment")
NUMBERS: Final = ("point_id", "manager_id", "group_id", "shipping_id", "limit")
BOXES: Final = ("status", "is_wholesaler")
LEGAL: Final = ("type", "org_name", "inn", "kpp", "orgn", "address", "bank", "bik", "account", "bank_account")
_ON: Final = (True, 1, "1", "on")
_NEW: Final = {
    "name": "",
    "phone": "",
    "email": "",
    "password": "",
    "address": "",
    "manager_id": 0,
    "shipping_id": 0,
    "limit": 0,
    "comment": "",
    "status": "on",
}
"""What a new client has unless said otherwise: the document's own examples send these."""


def changed(account: str, client: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The whole form of `client` (as `form/$ID` shows it) with `patch` laid over. Invalid when it cannot be whole."""
    if lacking := _not_shown(client):
        text = N_(
            "{account}: the form of client {external_id} does not show {fields}; writing it back would empty them"
        )
        raise Invalid(text, account=account, external_id=client.get("id"), fields=", ".join(lacking))
    standing = {name: client[name] for name in TEXTS} | {name: _number(client[name]) for name in NUMBERS}
    standing |= {name: client[name] for name in BOXES}
    standing |= {"password": "", "wholesalers": legal_of(client)}
    return _laid_over(account, standing, patch)


def new(account: str, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The form of a client who does not exist yet."""
    return _laid_over(account, dict(_NEW), patch)


def legal_of(client: Mapping[str, Any]) -> dict[str, Any]:
    """The legal details as they are written; read under another name, and `[]` when there are none (S-16)."""
    read = client.get("wholesaler_data")
    return {name: read.get(name) for name in LEGAL} if isinstance(read, Mapping) else {}


def _laid_over(account: str, standing: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    wanted = _legal_in(patch)
    legal = {**standing.pop("wholesalers", {}), **wanted}
    form = {**standing, **{name: value for name, value in patch.items() if not name.startswith("wholesalers")}}
    for box in BOXES:
        if form.pop(box, None) in _ON:
            form[box] = "on"
    if "is_wholesaler" in form:
        form["wholesalers"] = legal
    elif any(value not in (None, "") for value in wanted.values()):
        text = N_("{account}: legal details can be kept only for a client who is a legal person there")
        raise Invalid(text, account=account)
    return form


def _legal_in(patch: Mapping[str, Any]) -> dict[str, Any]:
    """Legal details of a patch, nested (`wholesalers: {inn: …}`) or as the form names them (`wholesalers[inn]`)."""
    flat = {name[12:-1]: value for name, value in patch.items() if name.startswith("wholesalers[")}
    return {**(patch.get("wholesalers") or {}), **flat}


def _not_shown(client: Mapping[str, Any]) -> list[str]:
    absent = [name for name in (*TEXTS, *NUMBERS, *BOXES) if name not in client]
    return absent + [name for name in NUMBERS if name in client and not _is_number(client[name])]


def _is_number(value: Any) -> bool:
    try:
        _number(value)
    except (TypeError, ValueError):
        return False
    return True


def _number(value: Any) -> int | Decimal | None:
    """A number as it is sent back: whole where it is whole, None where the form shows nothing (S-25)."""
    if value is None or value == "":
        return None
    number = decimal_of(value)
    return int(number) if number == number.to_integral_value() else Decimal(canonical_number(number))

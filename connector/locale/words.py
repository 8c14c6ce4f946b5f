"""What the words of the program are called for a person: entities, fields, verbs, states, rules, checks, values.

In English they are shown as they are written everywhere else (`card_uid`), so that what is read can be typed.
JSON keeps them in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.locale import N_, Sentence, translate

ENTITIES: Final = {
    "group": N_("customer group"),
    "customer": N_("buyer"),
    "card": N_("loyalty card"),
    "product": N_("good"),
    "position": N_("line of an order"),
    "order": N_("order of a buyer"),
    "order_line": N_("line of an order"),
    "payment": N_("payment through a bank"),
}
FIELDS: Final = {
    "name": N_("name"),
    "kind": N_("person or firm"),
    "phone": N_("phone"),
    "email": N_("e-mail"),
    "birthday": N_("birthday"),
    "sex": N_("sex"),
    "group": N_("customer group"),
    "card_uid": N_("card number"),
    "address": N_("address"),
    "city": N_("city"),
    "country": N_("country"),
    "comment": N_("comment"),
    "discount_percent": N_("discount, %"),
    "credit_limit": N_("credit limit"),
    "active": N_("is in use"),
    "legal_name": N_("name of the firm"),
    "inn": N_("INN"),
    "firm_inn": N_("INN with any KPP"),
    "kpp": N_("KPP"),
    "ogrn": N_("OGRN"),
    "legal_address": N_("legal address"),
    "legal": N_("legal details"),
    "bank": N_("bank"),
    "bik": N_("BIK"),
    "bank_account": N_("bank account"),
    "correspondent_account": N_("correspondent account"),
    "bonus": N_("bonus"),
    "balance": N_("balance"),
    "debt": N_("debt"),
    "total_paid": N_("paid in all"),
    "id_1c": N_("1C key"),
    "loyalty": N_("bonus or discount"),
    "percent": N_("percent"),
    "birthday_bonus": N_("birthday bonus"),
    "uid": N_("card number"),
    "barcode": N_("barcode"),
    "medium": N_("what the card is"),
    "status": N_("state"),
    "type": N_("type"),
    "issued_on": N_("issued on"),
    "blocked_on": N_("blocked on"),
    "customer": N_("buyer"),
    "unit": N_("unit of measure"),
    "sku": N_("article"),
    "product": N_("good"),
    "quantity": N_("quantity"),
    "price": N_("price"),
    "discount": N_("discount"),
    "vat_rate": N_("rate of VAT"),
    "vat": N_("VAT"),
    "total": N_("total"),
    "number": N_("number"),
    "date": N_("date"),
    "spot": N_("point of sale"),
    "organization": N_("organization"),
    "storage": N_("storage"),
    "lines": N_("lines"),
    "line": N_("line"),
    "delivery": N_("delivery"),
    "shipping_cost": N_("shipping cost"),
    "payment": N_("payment"),
    "paid": N_("paid"),
    "shipped": N_("shipped"),
    "cancelled": N_("cancelled"),
    "posted": N_("posted"),
    "number_1c": N_("number in 1C"),
    "card": N_("card number"),
    "reference": N_("our reference"),
    "moved_on": N_("the bank moved it on"),
    "direction": N_("came or went"),
    "account": N_("account"),
    "amount": N_("amount"),
    "purpose": N_("purpose of the payment"),
    "payer": N_("payer"),
    "payer_inn": N_("INN of the payer"),
    "payer_kpp": N_("KPP of the payer"),
    "payer_account": N_("account of the payer"),
    "payer_bank": N_("bank of the payer"),
    "payer_bik": N_("BIK of the payer"),
    "payer_correspondent": N_("correspondent account of the payer"),
    "receiver": N_("receiver"),
    "receiver_inn": N_("INN of the receiver"),
    "receiver_kpp": N_("KPP of the receiver"),
    "receiver_account": N_("account of the receiver"),
    "receiver_bank": N_("bank of the receiver"),
    "receiver_bik": N_("BIK of the receiver"),
    "receiver_correspondent": N_("correspondent account of the receiver"),
}
VERBS: Final = {
    "create": N_("create the record"),
    "update": N_("change the record"),
    "deactivate": N_("switch the record off"),
    "post": N_("post the document"),
    "unpost": N_("take the posting back"),
    "stamp": N_("write the 1C key"),
    "call": N_("raw call"),
}
STATES: Final = {
    "ready": N_("ready to be sent"),
    "sent": N_("sent, no answer yet"),
    "done": N_("done"),
    "refused": N_("was refused"),
    "unknown": N_("outcome is unknown"),
    "parked": N_("waits for a person"),
    "offered": N_("offered, not fetched yet"),
    "open": N_("open"),
    "resolved": N_("decided"),
    "clean": N_("clean"),
    "attention": N_("somebody must look"),
    "stopped": N_("stopped before the end"),
    "running": N_("is under way"),
    "plan": N_("plan"),
    "sync": N_("run"),
    "unreadable": N_("could not be read"),
    "waiting": N_("waits"),
}
QUESTIONS: Final = {
    "field": N_("different values"),
    "identity": N_("is it one and the same?"),
    "document": N_("different documents"),
}
RULES: Final = {
    "manual": N_("by hand"),
    "authority": N_("by authority"),
    "spokes": N_("by authority"),
    "latest": N_("the latest"),
    "union": N_("all together"),
    "none": N_("nobody decides"),
    "main_card": N_("main card"),
    "unreadable": N_("could not be read"),
    "person": N_("by hand"),
    "separate": N_("different ones"),
}
HOW: Final = {
    "id_1c": N_("by the 1C key"),
    "reference": N_("by our reference"),
    "card": N_("by card number"),
    "barcode": N_("by barcode"),
    "phone": N_("by phone"),
    "inn": N_("by INN and KPP"),
    "email": N_("by e-mail"),
    "sku": N_("by article"),
    "name": N_("by name"),
    "manual": N_("by hand"),
    "created": N_("created by us"),
    "met": N_("first met here"),
    "run": N_("by a run"),
}
CHECKS: Final = {
    "card calls": N_("calls of cards"),
    "card fields": N_("fields of cards"),
    "cards": N_("cards"),
    "changes": N_("what changed"),
    "clock": N_("clock"),
    "composition": N_("what is ticked in 1C"),
    "credentials": N_("login"),
    "endpoint": N_("endpoint"),
    "fields": N_("fields"),
    "folder": N_("folder"),
    "description": N_("description of the service"),
    "inbox": N_("folder of incoming files"),
    "legal": N_("legal details"),
    "money": N_("amounts"),
    "reachable": N_("connection"),
    "rights": N_("rights"),
    "statement": N_("bank statement"),
    "token": N_("token"),
    "units": N_("units of money"),
    "profile": N_("configuration of 1C"),
    "node": N_("node of the exchange"),
    "last message": N_("last message of 1C"),
    "waiting": N_("what waits for 1C"),
    "failed": N_("messages put aside"),
}
VALUES: Final = {
    "true": N_("yes"),
    "false": N_("no"),
    "person": N_("natural person"),
    "legal": N_("legal person"),
    "male": N_("man"),
    "female": N_("woman"),
    "bonus": N_("bonus"),
    "discount": N_("discount"),
    "plastic": N_("plastic card"),
    "magnet": N_("magnetic card"),
    "app": N_("in an app"),
    "new": N_("new"),
    "active": N_("in force"),
    "blocked": N_("blocked"),
}
CLOSED: Final = frozenset(
    {"kind", "sex", "loyalty", "medium", "status", "active", "paid", "shipped", "cancelled", "posted"}
)
"""Fields whose values are words of ours and no text of a person."""

_FACTS: Final[Mapping[str, Mapping[str, str]]] = {
    "entity": ENTITIES,
    "field": FIELDS,
    "scheme": FIELDS,
    "verb": VERBS,
}


def called(table: Mapping[str, str], word: str | None, language: str) -> str:
    """What a word is called in the language; the word itself in English, and where no table has it."""
    if not word:
        return ""
    return word if language == "en" or word not in table else translate(table[word], language)


def field_called(name: str | None, language: str) -> str:
    """What a field is called; one inside the lines of a document is `lines.2.price`."""
    first, *inside = (name or "").split(".")
    if first != "lines" or not inside:
        return called(FIELDS, name, language)
    words = [part if part.isdecimal() else called(FIELDS, part, language) for part in inside]
    return " ".join([called(FIELDS, "line", language) if words[0].isdecimal() else first, *words])


def shown(field: str | None, value: str, language: str) -> str:
    """The text of a value: of a closed field its word, of any other what stands there."""
    return called(VALUES, value, language) if field in CLOSED else value


def told(sentence: Sentence, language: str) -> str:
    """A sentence about records: the names of its entities and fields are said as a person calls them."""
    return _worded(sentence, language).in_(language).replace("««", "«").replace("»»", "»")


def _worded(sentence: Sentence, language: str) -> Sentence:
    return sentence.with_facts({name: _fact(name, fact, language) for name, fact in sentence.facts.items()})


def _fact(name: str, fact: object, language: str) -> object:
    if isinstance(fact, Sentence):
        return _worded(fact, language)
    if name == "fields" and isinstance(fact, str):
        return ", ".join(str(_fact("field", one, language)) for one in fact.split(", "))
    table = _FACTS.get(name)
    if language == "en" or table is None or not isinstance(fact, str) or fact not in table:
        return fact
    return f"«{translate(table[fact], language)}»"

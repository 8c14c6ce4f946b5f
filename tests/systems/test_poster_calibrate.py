"""Money units that no document says are proved by a probe that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from connector.sandbox import Sandbox
from connector.systems.catalogue import load
from connector.systems.poster.adapter import PosterAdapter
from connector.systems.poster.calibrate import NAME, Till, calibrate
from connector.transport.auth import QueryKey
from connector.transport.http import Transport


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(kinds=("poster",)) as running:
        yield running


@pytest.fixture
def adapter(sandbox: Sandbox) -> Iterator[PosterAdapter]:
    sandbox.worlds["poster"].reset()
    token = sandbox.credentials["poster"]["token"]
    transport = Transport("kafe", sandbox.urls["poster"], auth=QueryKey("token", token), insecure=True)
    found = PosterAdapter("kafe", "kafe", load("poster"), transport)
    yield found
    found.close()


@pytest.mark.parametrize("unit", ["minor", "major"])
def test_the_probe_finds_the_unit_of_the_account(sandbox: Sandbox, adapter: PosterAdapter, unit: str) -> None:
    units = sandbox.worlds["poster"].state["units"]
    units.update(dict.fromkeys(("birthday_bonus", "changeClientBonus", "changeClientPayedSum", "dish_price"), unit))
    found = {(proof.endpoint, proof.field): proof.unit for proof in calibrate(adapter)}
    assert found == {
        ("clients.createGroup", "birthday_bonus"): unit,
        ("clients.updateGroup", "birthday_bonus"): unit,
        ("clients.changeClientBonus", "count"): unit,
        ("clients.changeClientPayedSum", "count"): unit,
        ("menu.createDish", "price"): unit,
        ("menu.updateDish", "price"): unit,
        ("menu.updateDish", "modificationgroup.modifications.price"): "minor",
        ("clients.addClientsAccumulations", "product_sum"): "minor",
        ("transactions.getTransactions", "sum"): "major",
    }


@pytest.mark.parametrize("unit", ["minor", "major"])
def test_a_named_till_proves_the_units_of_a_receipt(sandbox: Sandbox, adapter: PosterAdapter, unit: str) -> None:
    state = sandbox.worlds["poster"].state
    state["units"].update(dict.fromkeys(("addTransactionProduct", "closeTransaction"), unit))
    before = set(state["receipts"])
    found = {(proof.endpoint, proof.field): proof.unit for proof in calibrate(adapter, Till("1", "1", "2"))}
    assert found["transactions.addTransactionProduct", "price"] == unit
    for field in ("payed_cash", "payed_card", "payed_cert"):
        assert found["transactions.closeTransaction", field] == unit
    (made,) = set(state["receipts"]) - before
    assert state["receipts"][made]["status"] == "3", "it is removed"
    open_units = {
        (endpoint.name, field)
        for endpoint in load("poster").endpoints.values()
        for field, known in endpoint.money.request.items()
        if known == "calibrate"
    }
    assert open_units <= found.keys(), "every unit that the documents leave open can be proved"


@pytest.mark.parametrize("unit", ["minor", "major"])
def test_the_list_of_receipts_is_compared_with_the_report(sandbox: Sandbox, adapter: PosterAdapter, unit: str) -> None:
    sandbox.worlds["poster"].state["units"]["transactions.getTransactions"] = unit
    found = {proof.endpoint: proof.unit for proof in calibrate(adapter)}
    assert found["transactions.getTransactions"] == unit


def test_units_may_differ_from_call_to_call(sandbox: Sandbox, adapter: PosterAdapter) -> None:
    sandbox.worlds["poster"].state["units"].update(birthday_bonus="minor", changeClientBonus="major")
    found = {proof.endpoint: proof.unit for proof in calibrate(adapter)}
    assert (found["clients.createGroup"], found["clients.changeClientBonus"]) == ("minor", "major")


def test_nothing_of_the_probe_stays_and_nothing_of_the_shop_changes(sandbox: Sandbox, adapter: PosterAdapter) -> None:
    def living() -> list[dict[str, str]]:
        clients = adapter.call("clients.getClients", {})
        groups = adapter.call("clients.getGroups", {})
        dishes = adapter.call("menu.getProducts", {})
        return [row for row in [*clients, *groups, *dishes] if row.get("delete") != "1"]

    before = living()
    calibrate(adapter)
    assert living() == before
    assert not any(NAME in str(row) for row in living())


def test_a_group_with_anybody_else_in_it_is_not_removed(sandbox: Sandbox, adapter: PosterAdapter) -> None:
    world = sandbox.worlds["poster"]
    send = adapter._exchange

    def intruding(endpoint: object, values: object) -> object:
        if getattr(endpoint, "name", "") == "clients.removeClient":
            client = world.state["clients"][str(values["client_id"])]  # type: ignore[index]
            world.state["clients"]["999999"] = {**client, "id": "999999", "lastname": "Гость"}
        return send(endpoint, values)  # type: ignore[arg-type]

    adapter._exchange = intruding  # type: ignore[method-assign, assignment]
    calibrate(adapter)
    assert world.state["clients"]["999999"]["delete"] == "0"
    assert [group["delete"] for group in world.state["groups"].values() if group["name"] == NAME] == ["0"]


def test_a_refused_probe_proves_nothing(sandbox: Sandbox, adapter: PosterAdapter) -> None:
    token = sandbox.credentials["poster"]["token"]
    taken = {"client_groups_name": NAME, "loyalty_type": 1, "client_groups_discount": 0}
    requests.post(f"{sandbox.urls['poster']}/clients.createGroup", params={"token": token}, data=taken, timeout=5)
    proofs = {proof.endpoint: proof for proof in calibrate(adapter)}
    assert proofs["clients.createGroup"].unit is None
    assert "38" in str(proofs["clients.createGroup"].text)
    assert proofs["menu.createDish"].unit == "minor"

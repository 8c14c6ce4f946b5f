"""The catalogue of Poster has exactly the calls of its documents, with the verb that works."""

from __future__ import annotations

from connector.systems.catalogue import load

READS = """
dash: getAnalytics getTransaction getTransactions getTransactionProducts getTransactionsProducts getTransactionHistory
 getProductsSales getCategoriesSales getClientsSales getWaitersSales getSpotsSales getTransactionWriteOffs
 getPaymentsReport
menu: getCategories getCategory getProducts getProduct getPrepacks getPrepack getIngredients getIngredient
 getCategoriesIngredients getCategoryIngredients getWorkshops getWorkshop
storage: getManufactures getManufacture getManufacturesWriteOffs getMoves getMove getSupplies getSupplyIngredients
 getSuppliers getIngredientWriteOff getPacks getPack getWastes getWaste getWasteReasons getInventoryIngredients
 getStorageInventories getStorageLeftovers getStorages getStorage getReportMovement
clients: getClients getClient getClientsPrizes getClientsAccumulations getPromotion getPromotions getGroups getGroup
transactions: getTransactions getTransactionsWriteOffs getTransactionDishComposition
incomingOrders: getIncomingOrders getIncomingOrder getOwnIncomingOrders getOwnIncomingOrder getTablesForReservation
 getReservations getReservation getOwnReservations getOwnReservation
spots: getSpotTablesHalls getTableHallTables
finance: getCashShifts getCashShift getCashShiftTransactions getCashShiftTransaction getTransactions getTransaction
"""

DOCUMENTED_AS_GET = """
menu: createCategory updateCategory removeCategory removeProduct removeDish createPrepack updatePrepack removePrepack
 createIngredient updateIngredient removeIngredient createCategoryIngredients updateCategoryIngredients
 removeCategoryIngredients createWorkshop updateWorkshop removeWorkshop
storage: createStorage updateStorage
clients: removeClient removeClients addClientsAccumulations
transactions: createTransaction addTransactionProduct changeTransactionProductCount removeTransactionProduct
 changeClient changeComment changeRecipientFor54FZ closeTransaction removeTransaction
finance: openCashShift createCashShiftTransaction updateCashShiftTransaction removeCashShiftTransaction
"""

DOCUMENTED_AS_POST = """
menu: createProduct updateProduct updateProductPrice createDish updateDish
storage: createManufacture updateManufacture createMoving updateMoving deleteMoving createSupply updateSupply
 deleteSupply createSupplier createWriteOff updateWriteOff deleteWriteOff
clients: createClient createClients updateClient changeClientBonus changeClientPayedSum removePromotion createGroup
 updateGroup removeGroup sendSms
incomingOrders: createIncomingOrder createReservation
finance: closeCashShift
"""

SETTERS = """
menu: set1cCategoryId set1cProductId set1cIngredientId set1cModificatorId set1cCategoryIngredientsId
storage: set1cStorageId set1cSupplierId set1cSupplyId
clients: set1cClientId
spots: set1cSpotsId
finance: set1cTransactionId set1cCashShiftTransactionId
"""

NEVER = {
    "clients.addClientsAccumulations",
    "clients.changeClientBonus",
    "clients.changeClientPayedSum",
    "clients.removeGroup",
    "clients.sendSms",
    "finance.updateCashShiftTransaction",
    "transactions.addTransactionProduct",
    "v2/auth/access_token",
    "v2/auth/manage",
}

CALIBRATE = {
    ("clients.addClientsAccumulations", "product_sum"),
    ("clients.changeClientBonus", "count"),
    ("clients.changeClientPayedSum", "count"),
    ("clients.createGroup", "birthday_bonus"),
    ("clients.updateGroup", "birthday_bonus"),
    ("menu.createDish", "price"),
    ("menu.updateDish", "price"),
    ("menu.updateDish", "modificationgroup.modifications.price"),
    ("transactions.addTransactionProduct", "price"),
    ("transactions.closeTransaction", "payed_cash"),
    ("transactions.closeTransaction", "payed_card"),
    ("transactions.closeTransaction", "payed_cert"),
}


def names(text: str) -> set[str]:
    found: set[str] = set()
    section = ""
    for word in text.split():
        if word.endswith(":"):
            section = word[:-1]
        else:
            found.add(f"{section}.{word}")
    return found


def verbs(verb: str) -> set[str]:
    return {name for name, endpoint in load("poster").endpoints.items() if endpoint.verb == verb}


def test_exactly_the_documented_calls() -> None:
    reads, as_get, as_post, setters = map(names, (READS, DOCUMENTED_AS_GET, DOCUMENTED_AS_POST, SETTERS))
    assert (len(reads), len(as_get), len(as_post), len(setters)) == (73, 35, 30, 12)
    assert verbs("GET") == reads | {"auth"}
    assert verbs("POST") == as_get | as_post | setters | {"v2/auth/access_token", "v2/auth/manage", "webhook"}
    assert len(load("poster").endpoints) == 154


def test_no_read_is_a_write_and_no_write_is_repeated_blindly() -> None:
    for name, endpoint in load("poster").endpoints.items():
        assert endpoint.is_write == (endpoint.verb == "POST"), name
        assert (endpoint.verify is not None) == (endpoint.repeat in ("verify", "never")), name
    assert {name for name, endpoint in load("poster").endpoints.items() if endpoint.repeat == "never"} == NEVER


def test_the_cascade_is_never_part_of_a_sync() -> None:
    poster = load("poster")
    assert "deletes every client of the group" in poster.endpoint("clients.removeGroup").warning
    used = {part.endpoint for entity in poster.entities.values() for _, part in entity.parts()}
    assert "clients.removeGroup" not in used
    assert not poster.capabilities("group").can_delete


def test_units_are_those_that_were_decided() -> None:
    poster = load("poster")
    unproved = {
        (name, field)
        for name, endpoint in poster.endpoints.items()
        for field, unit in endpoint.money.request.items()
        if unit == "calibrate"
    }
    assert unproved == CALIBRATE
    create, feed = poster.endpoint("clients.createClient"), poster.endpoint("clients.getClients")
    assert (create.money.request["bonus"], feed.money.response["bonus"]) == ("major", "minor")
    assert create.money.request["total_payed_sum"] == "minor"
    assert poster.endpoint("menu.updateProductPrice").money.request == {"price": "major"}
    assert poster.endpoint("menu.createProduct").money.request == {"price": "minor", "cost": "minor"}
    assert poster.endpoint("storage.createSupply").money.request == {"ingredient.sum": "major"}


def test_windows_with_two_spellings_send_both() -> None:
    for name in ("dash.getProductsSales", "dash.getPaymentsReport"):
        params = load("poster").endpoint(name).params
        assert (params["date_from"].also, params["date_to"].also) == ("dateFrom", "dateTo")


def test_the_flag_for_the_1c_identifier_has_its_documented_name() -> None:
    poster = load("poster")
    flag = {
        name: {"1c", "id_1c"} & set(endpoint.params) for name, endpoint in poster.endpoints.items() if ".get" in name
    }
    assert {name for name, found in flag.items() if found == {"id_1c"}} == {
        "menu.getCategories",
        "menu.getIngredients",
        "storage.getSuppliers",
    }
    assert flag["storage.getWastes"] == {"1c"}
    assert all(name.isascii() for endpoint in poster.endpoints.values() for name, _ in endpoint.walk())


def test_what_customers_and_groups_can_do() -> None:
    customer = load("poster").capabilities("customer")
    assert (customer.feed, customer.complete, customer.find_by, customer.unique) == (
        "snapshot",
        True,
        ("phone",),
        ("phone",),
    )
    assert (customer.create_batch, customer.stamps, customer.can_delete, customer.keeps_reference) == (
        50,
        True,
        True,
        False,
    )
    assert dict(customer.repeat) == {"create": "verify", "update": "verify", "delete": "verify", "stamp": "same"}

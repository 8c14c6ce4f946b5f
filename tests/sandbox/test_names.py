"""The emulators call their endpoints as the catalogues do, and know all of them."""

from __future__ import annotations

import pytest

from connector.sandbox import loyalclient, saplab, virtpos
from connector.sandbox.company import Company
from connector.sandbox.world import World
from connector.systems.catalogue import load


@pytest.mark.parametrize("kind", ["saplab", "virtpos", "loyalclient"])
def test_every_endpoint_of_the_catalogue_is_emulated_under_its_name(kind: str) -> None:
    world = World(kind, company=Company())
    module = {"saplab": saplab, "virtpos": virtpos, "loyalclient": loyalclient}[kind]
    app = module.create_app(world)
    with app.test_client() as client:
        for name, endpoint in load(kind).endpoints.items():
            path = endpoint.path.replace("{id}", "1").replace("{ids}", "1,2")
            client.open(path, method=endpoint.verb)
            assert world.log.entries()[-1].endpoint == name

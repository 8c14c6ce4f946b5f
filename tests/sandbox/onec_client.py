"""A client of an emulated base: plain requests, and the world behind it."""

from __future__ import annotations

import json
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from connector.sandbox import Sandbox

PARTNERS = "Catalog_Партнеры"


class Client:
    """Speaks JSON without metadata unless told otherwise."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.urls["onec"]
        self.world = sandbox.worlds["onec"]
        user = sandbox.credentials["onec"]
        self.login, self.password = user["login"], user["password"]
        self.auth = HTTPBasicAuth(self.login.encode(), self.password.encode())

    def raw(
        self,
        verb: str,
        path: str,
        body: Any = None,
        headers: Any = None,
        **query: Any,
    ) -> requests.Response:
        sent = {"Accept": "application/json;odata=nometadata", **(headers or {})}
        data = None
        if body is not None:
            sent.setdefault("Content-Type", "application/json;charset=utf-8")
            data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return requests.request(
            verb, self.url + path, data=data, headers=sent, params=query, auth=self.auth, timeout=10
        )

    def get(self, path: str, **query: str) -> dict[str, Any]:
        answer = self.raw("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def post(self, path: str, body: Any = None, **query: str) -> requests.Response:
        return self.raw("POST", path, body, **query)

    def code(self, verb: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """HTTP status and the platform's own code of a refusal."""
        answer = self.raw(verb, path, body, **query)
        return answer.status_code, str(answer.json()["odata.error"]["code"])

    def create(self, resource: str, **values: Any) -> str:
        answer = self.post(f"/{resource}", values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["Ref_Key"])

    def row(self, resource: str, key: str) -> dict[str, Any]:
        return self.get(f"/{resource}(guid'{key}')")

    def patch(self, resource: str, key: str, headers: dict[str, str] | None = None, **values: Any) -> requests.Response:
        return self.raw("PATCH", f"/{resource}(guid'{key}')", values, headers)

    def order(self, **values: Any) -> str:
        """A customer's order of УТ 11 that can be posted."""
        organisation = self.get("/Catalog_Организации")["value"][0]["Ref_Key"]
        goods = [{"LineNumber": 1, "Количество": 2, "Цена": 50.25, "Сумма": 100.5}]
        partner = self.create(PARTNERS, Description="Покупатель")
        head = {"Организация_Key": organisation, "Партнер_Key": partner, "Товары": goods}
        return self.create("Document_ЗаказКлиента", **{**head, **values})

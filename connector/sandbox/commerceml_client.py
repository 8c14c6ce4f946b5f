"""1C as a client: the exchange with a site, step by step, as the base of an accountant plays it.

    base = Base(goods=[Good(guid="…", name="Кофе")])
    site = Site("https://host/exchange/site", "robot", "secret")
    Session(base, site).catalogue()     # checkauth, init, file…, import while progress
    Session(base, site).orders()        # checkauth, query, success, then what became of them

Two behaviours are known. `OLD` is the module of 2016: no version, an init of exactly two lines, a query without init,
orders back in one file without import, an empty body is an error, names are not URL-encoded. `NEW` sends a version,
takes more lines, imports the orders it sends, reads 3.1 only inside containers and refuses windows-1251.

A session that meets an error or a cut connection ends there and raises `Broken`; the schedule begins another one.
"""

from __future__ import annotations

import base64
import random
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from http.client import HTTPException, HTTPResponse
from typing import Final, Literal
from urllib.parse import quote, urlsplit
from uuid import UUID

from lxml import etree

from connector.sandbox.commerceml_files import Good, Order, catalogue_files, orders_file, packed_files

DEFAULT_PATH: Final = "bitrix/admin/1c_exchange.php"
TIMEOUT: Final = 1800.0
MOST_PROGRESS: Final = 1000

Cut = Literal["before", "half", "lost", "part"]
"""Where a connection breaks: before the request, in the middle of it, before its answer, in the middle of that."""


class Broken(Exception):
    """The session ended here, as 1C would write it into its log."""


class Disconnected(Broken):
    """The connection was cut."""


@dataclass(frozen=True)
class Behaviour:
    """What this 1C does. `version` is said in init and in files, `queries` the most queries of one session."""

    version: str = "2.05"
    says_version: bool = False
    strict_init: bool = True
    imports_orders: bool = False
    containers: bool = False
    encodes_names: bool = False
    takes_cp1251: bool = True
    says_success: bool = True
    queries: int = 1
    completes: bool = False
    asks_info: bool = False


OLD: Final = Behaviour()
NEW: Final = Behaviour(
    version="3.1",
    says_version=True,
    strict_init=False,
    imports_orders=True,
    containers=True,
    encodes_names=True,
    takes_cp1251=False,
    completes=True,
    asks_info=True,
)
UT11: Final = replace(NEW, says_success=False, queries=3)
"""As a peer says of УТ 11: no `success`, and the query is repeated."""


@dataclass(frozen=True)
class Site:
    """Where to, and as whom. Without a path the one of Bitrix is taken."""

    url: str
    login: str
    password: str = field(repr=False)

    @property
    def address(self) -> tuple[str, int, str, bool]:
        """Host, port, path and whether by TLS."""
        parts = urlsplit(self.url if "://" in self.url else f"http://{self.url}")
        secure = parts.scheme == "https"
        return (
            parts.hostname or "",
            parts.port or (443 if secure else 80),
            parts.path.strip("/") or DEFAULT_PATH,
            secure,
        )


@dataclass
class Base:
    """What this 1C holds. `orders` is by the site's number: that is how an order is known again.

    `changed` are the orders that the site has still to hear of, by number; `made` the goods that orders brought.
    """

    goods: list[Good] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatable, not secret

    def new_guid(self) -> str:
        return str(UUID(int=self.dice.getrandbits(128), version=4))

    def post(self, number: str, *, paid: str = "", shipped: str = "", cancelled: bool = False) -> None:
        """The accountant works with an order: the site hears of it in the next session."""
        order = self.orders[number]
        order.posted, order.paid, order.shipped, order.cancelled = True, paid, shipped, cancelled
        self.changed.append(number)

    def edit(self, number: str, line: int, *, quantity: str, total: str) -> None:
        """The accountant corrects a line (counted from 0): the sum of the order follows."""
        order = self.orders[number]
        order.lines[line] = {**order.lines[line], "Количество": quantity, "Сумма": total}
        order.total = str(sum(Decimal(one["Сумма"]) for one in order.lines))
        self.changed.append(number)


@dataclass(frozen=True)
class Step:
    """One call of a session: what was asked, and the first line of the answer."""

    type: str
    mode: str
    file: str = ""
    answer: str = ""


class Cuts:
    """Connections that break: each call with a probability, or a named one by plan: `{"query": ["lost"]}`."""

    def __init__(self, plan: dict[str, list[Cut]] | None = None, probability: float = 0.0, seed: int = 0) -> None:
        self._plan = {mode: list(cuts) for mode, cuts in (plan or {}).items()}
        self._probability, self._dice = probability, random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.made = 0

    @property
    def left(self) -> Mapping[str, Sequence[Cut]]:
        """What of the plan has not happened yet."""
        return self._plan

    def forget(self, modes: Iterable[str]) -> None:
        """These are never asked for."""
        for mode in modes:
            self._plan.pop(mode, None)

    def take(self, mode: str) -> Cut | None:
        """How this call breaks, if it does."""
        cut: Cut | None = None
        if self._plan.get(mode):
            cut = self._plan[mode].pop(0)
        elif self._dice.random() < self._probability:
            cut = self._dice.choice(("before", "half", "lost", "part"))
        self.made += cut is not None
        return cut


@dataclass
class Session:
    """One exchange of a base with a site. `steps` tells what was done."""

    base: Base
    site: Site
    behaviour: Behaviour = OLD
    cuts: Cuts = field(default_factory=Cuts)
    now: Callable[[], datetime] = datetime.now
    timeout: float = TIMEOUT
    steps: list[Step] = field(default_factory=list)
    _cookie: str = ""

    # the two exchanges -----------------------------------------------------------------------------------------

    def catalogue(self, goods: Sequence[Good] | None = None, *, changes_only: bool = False) -> None:
        """Send goods and offers (all of the base unless said otherwise)."""
        chosen = self.base.goods if goods is None else goods
        now = self.now()
        made = f"{now:%Y-%m-%d}T{now.hour}:{now:%M:%S}"  # an hour without its zero, as 1C has written it
        self._authorise("catalog")
        files = catalogue_files(chosen, self.behaviour.version, made, changes_only=changes_only)
        self._send_all("catalog", files)
        for name in files:
            self._import("catalog", name)
        if self.behaviour.completes:
            self._succeeded("catalog", "complete")

    def picture(self, name: str, data: bytes) -> None:
        """Send one picture of a good; its name may carry a folder with any slash."""
        self._authorise("catalog")
        limit, _ = self._begin("catalog")
        self._send("catalog", name, data, limit)

    def orders(self) -> int:
        """Fetch the orders of the site, then tell what became of those that changed. How many were fetched."""
        self._authorise("sale")
        if self.behaviour.asks_info:
            self._read("sale", "info")
        fetched = 0
        for _ in range(self.behaviour.queries):
            orders = read_orders(self._query(), self.behaviour)
            self._store(orders)
            fetched += len(orders)
            if self.behaviour.says_success:
                self._succeeded("sale", "success")
            if not orders:
                break
        self._tell()
        return fetched

    def _tell(self) -> None:
        changed = list(dict.fromkeys(self.base.changed))
        if not changed:
            return
        name = f"orders-{self.base.new_guid()}.xml"
        made = self.now().strftime("%Y-%m-%dT%H:%M:%S")
        data = orders_file([self.base.orders[number] for number in changed], self.behaviour.version, made)
        self._send_all("sale", {name: data})
        if self.behaviour.imports_orders:
            self._import("sale", name)
        self.base.changed.clear()

    # steps -----------------------------------------------------------------------------------------------------

    def _authorise(self, kind: str) -> None:
        lines = self._lines(kind, "checkauth")
        if lines[0].strip().lower() != "success" or len(lines) < 3:
            raise Broken("Не удалось авторизоваться на сайте")
        self._cookie = f"{lines[1].strip()}={lines[2].strip()}"

    def _begin(self, kind: str) -> tuple[int, bool]:
        """The limit of a file in bytes, and whether the site wants zip."""
        version = f"&version={self.behaviour.version}" if self.behaviour.says_version else ""
        lines = self._lines(kind, "init", version)
        if self.behaviour.strict_init and len(lines) != 2:
            raise Broken("Неверный ответ на запрос параметров обмена")
        said = dict(line.strip().partition("=")[::2] for line in lines)
        if "zip" not in said or not said.get("file_limit", "").isdigit():
            raise Broken("Неверный ответ на запрос параметров обмена")
        return int(said["file_limit"]), said["zip"] == "yes"

    def _send_all(self, kind: str, files: Mapping[str, bytes]) -> None:
        """As they are; or all in one archive of a random name, where the site asks for archives."""
        limit, packed = self._begin(kind)
        for name, data in (
            {f"v8_{self.base.new_guid()[:4]}_{len(files)}.zip": packed_files(files)} if packed else files
        ).items():
            self._send(kind, name, data, limit)

    def _send(self, kind: str, name: str, data: bytes, limit: int) -> None:
        """In pieces of the limit, all under one name: the site puts them together."""
        size = limit or len(data)
        for start in range(0, len(data), size):
            self._succeeded(kind, "file", name, data[start : start + size])

    def _import(self, kind: str, name: str) -> None:
        """Again at once, without a pause, while the site says `progress`."""
        for _ in range(MOST_PROGRESS):
            first = self._lines(kind, "import", f"&filename={self._name(name)}", file=name)[0].strip().lower()
            if first == "success":
                return
            if first != "progress":
                raise Broken(f"Ошибка загрузки файла {name}")
        raise Broken(f"Загрузка файла {name} не кончается")

    def _query(self) -> bytes:
        body = self._read("sale", "query")
        if not body.startswith(b"<?xml"):
            # an archive would be taken too, but it comes through a text and is broken by that
            raise Broken("Не удалось прочитать данные, загруженные с сервера")
        return body

    def _store(self, orders: Iterable[Order]) -> None:
        """All of a batch or nothing: it was read whole before."""
        for order in orders:
            known = self.base.orders.get(order.number)
            if known is not None and (known.paid or known.shipped):
                continue  # an order with documents of its own is left alone
            for line in order.lines:
                line["Ид"] = self._find_good(line).offer
            number = known.number_1c if known else f"ЗК-{len(self.base.orders) + 1:06d}"
            loaded, posted = (known.loaded + 1, known.posted) if known else (1, False)
            self.base.orders[order.number] = replace(order, number_1c=number, loaded=loaded, posted=posted)
            self.base.changed.append(order.number)

    def _find_good(self, line: dict[str, str]) -> Good:
        """By identifier, then article, then name; one that is unknown becomes a new item."""
        for name, value in (("offer", line["Ид"]), ("article", line["Артикул"]), ("name", line["Наименование"])):
            found = next((good for good in self.base.goods if value and getattr(good, name) == value), None)
            if found is not None:
                return found
        self.base.made.append(line["Наименование"])
        good = Good(guid=self.base.new_guid(), name=line["Наименование"], article=line["Артикул"])
        self.base.goods.append(good)
        return good

    # one call --------------------------------------------------------------------------------------------------

    def _succeeded(self, kind: str, mode: str, name: str = "", body: bytes | None = None) -> None:
        more = f"&filename={self._name(name)}" if name else ""
        first = self._lines(kind, mode, more, body, file=name)[0].strip().lower()
        if first != "success":
            raise Broken(f"Сайт не принял {name or mode}")

    def _lines(self, kind: str, mode: str, more: str = "", body: bytes | None = None, file: str = "") -> list[str]:
        """The lines of an answer; a line break at its end begins one more. No text at all is an error."""
        text = self._read(kind, mode, more, body, file).decode("utf-8", "replace")
        if text == "":
            raise Broken("Сайт вернул пустой ответ")
        return text.replace("\r\n", "\n").split("\n")

    def _name(self, name: str) -> str:
        return quote(name) if self.behaviour.encodes_names else name

    def _read(self, kind: str, mode: str, more: str = "", body: bytes | None = None, file: str = "") -> bytes:
        status, answer = self._call(mode, f"?type={kind}&mode={mode}{more}", body)
        first = answer[:200].decode("utf-8", "replace").split("\n", 1)[0].strip()
        self.steps.append(Step(kind, mode, file, first))
        if status != 200:
            raise Broken(f"Сайт ответил кодом {status}")
        return answer

    def _call(self, mode: str, query: str, body: bytes | None) -> tuple[int, bytes]:
        cut = self.cuts.take(mode)
        try:
            return self._talk(query, body, cut)
        except (OSError, HTTPException) as error:
            raise Disconnected("Соединение с сайтом разорвано") from error

    def _talk(self, query: str, body: bytes | None, cut: Cut | None) -> tuple[int, bytes]:
        host, port, path, secure = self.site.address
        if cut == "before":
            raise ConnectionResetError
        with socket.create_connection((host, port), self.timeout) as plain:
            connection = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if secure else plain
            data = self._request(f"{host}:{port}", f"/{path}{query}", body)
            connection.sendall(data[: len(data) // 2] if cut == "half" else data)
            if cut in ("half", "lost"):
                raise ConnectionResetError
            response = HTTPResponse(connection, method="POST" if body is not None else "GET")
            response.begin()
            answer = response.read()
        if cut == "part":
            raise ConnectionResetError
        return response.status, answer

    def _request(self, host: str, target: str, body: bytes | None) -> bytes:
        """By hand: a name goes as it is, unencoded, where this 1C does so."""
        user = base64.b64encode(f"{self.site.login}:{self.site.password}".encode()).decode()
        lines = [
            f"{'GET' if body is None else 'POST'} {target} HTTP/1.1",
            f"Host: {host}",
            "User-Agent: 1C+Enterprise/8.3",
            f"Authorization: Basic {user}",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
        lines += [f"Cookie: {self._cookie}"] if self._cookie else []
        lines += [] if body is None else [f"Content-Length: {len(body)}", "Content-Type: application/octet-stream"]
        return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


# reading orders ------------------------------------------------------------------------------------------------

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_TIME: Final = re.compile(r"\d\d:\d\d:\d\d\Z")
_CP1251: Final = re.compile(rb"encoding\s*=\s*[\"']windows-1251[\"']", re.IGNORECASE)


def read_orders(body: bytes, behaviour: Behaviour) -> list[Order]:
    """The orders of an answer. One that 1C cannot take breaks the whole batch."""
    if not behaviour.takes_cp1251 and _CP1251.search(body[:200]):
        raise Broken("Кодировка windows-1251 не поддерживается")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Broken("Не удалось прочитать данные, загруженные с сервера") from error
    if etree.QName(root).localname != "КоммерческаяИнформация" or root.getroottree().docinfo.doctype:
        raise Broken("Не удалось прочитать данные, загруженные с сервера")
    places = root.iterfind("{*}Контейнер") if behaviour.containers else [root]
    return [_order(document) for place in places for document in place.iterfind("{*}Документ")]


def _order(document: etree._Element) -> Order:
    number = _said(document, "Номер")
    if number == "" or _said(document, "ХозОперация") != "Заказ товара" or _said(document, "Валюта") == "":
        raise Broken(f"Документ {number or _said(document, 'Ид')} не может быть загружен")
    day, time = _said(document, "Дата"), _said(document, "Время")
    if not _is_day(day) or (time and not _TIME.match(time)):
        raise Broken(f"Документ {number}: неверная дата")
    names = ("Ид", "Артикул", "Наименование", "ЦенаЗаЕдиницу", "Количество", "Сумма")
    lines = [{name: _said(line, name) for name in names} for line in document.iterfind("{*}Товары/{*}Товар")]
    partner = document.find("{*}Контрагенты/{*}Контрагент")
    known = () if partner is None else ("Ид", "Наименование", "ПолноеНаименование", "ИНН", "КПП")
    return Order(
        number=number,
        id=_said(document, "Ид"),
        date=day,
        time=time,
        currency=_said(document, "Валюта"),
        total=_said(document, "Сумма"),
        comment=_said(document, "Комментарий"),
        cancelled=_requisite(document, "Отменен") == "true",
        customer={} if partner is None else {name: _said(partner, name) for name in known},
        lines=lines,
    )


def _requisite(document: etree._Element, name: str) -> str:
    """1C reads requisites by their names."""
    places = document.iterfind("{*}ЗначенияРеквизитов/{*}ЗначениеРеквизита")
    return next((_said(place, "Значение") for place in places if _said(place, "Наименование") == name), "")


def _is_day(text: str) -> bool:
    try:
        return _DATE.match(text) is not None and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _said(element: etree._Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()

"""Webhooks as Poster sends them: signed with MD5, in order, again and again until somebody answers 200.

Who listens is said through the control page (in life: in the developer's account, after moderation):

    POST   /_sandbox/webhooks   {"url": "http://…", "objects": ["client", …]}  (no objects: all)
    GET    /_sandbox/webhooks   {url, waiting, delivered, given_up}
    DELETE /_sandbox/webhooks   nobody listens any more
    POST   /_sandbox/deliver    try at once, whatever the schedule says
"""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from typing import Any, Final

from connector.sandbox.world import State, World

ATTEMPTS: Final = 15
DELAYS: Final = (10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 14400, 18000, 21600, 21600, 21600)
"""Seconds between attempts; all of them within two days."""

_ANSWER_WITHIN: Final = 10.0
_PAUSE: Final = 0.1


def empty() -> State:
    return {"url": "", "objects": [], "waiting": [], "delivered": [], "given_up": []}


def notify(world: World, what: str, object_id: str, action: str, data: object = None) -> None:
    """Queue one hook, when somebody listens to this kind of object."""
    hooks = world.state["hooks"]
    if not hooks["url"] or (hooks["objects"] and what not in hooks["objects"]):
        return
    body = {
        "account": world.state["account"]["name"],
        "account_number": world.state["account"]["number"],
        "object": what,
        "object_id": int(object_id) if object_id.isdecimal() else object_id,
        "action": action,
        "time": str(int(world.time())),
    }
    if data is not None:
        body["data"] = json.dumps(data, separators=(",", ":"))
    body["verify"] = signature(body, world.state["account"]["application_secret"])
    hooks["waiting"].append({"body": body, "attempts": 0, "due": world.time()})


def signature(body: dict[str, Any], secret: str) -> str:
    """md5 of account;object;object_id;action[;data];time;secret (P-92: `time` is in the code, not in the text)."""
    names = ("account", "object", "object_id", "action", "data", "time")
    parts = [str(body[name]) for name in names if name in body]
    return hashlib.md5(";".join([*parts, secret]).encode(), usedforsecurity=False).hexdigest()


def deliver(world: World, *, at_once: bool = False) -> int:
    """Send what is due, oldest first; a hook nobody accepted holds up all that came after it."""
    sent = 0
    while True:
        with world.lock:
            hooks = world.state["hooks"]
            head = hooks["waiting"][0] if hooks["waiting"] else None
            if head is None or not (at_once or head["due"] <= world.time()):
                return sent
            url, body = hooks["url"], dict(head["body"])
        accepted = _accepted(url, body)
        sent += 1
        with world.lock:
            if not _settle(world, head, accepted) and at_once:
                return sent


def _settle(world: World, head: dict[str, Any], accepted: bool) -> bool:
    """Note what an attempt came to; True when the queue may move on."""
    hooks = world.state["hooks"]
    if head not in hooks["waiting"]:  # a reset came between
        return True
    head["attempts"] += 1
    if accepted or head["attempts"] >= ATTEMPTS:
        hooks["waiting"].remove(head)
        hooks["delivered" if accepted else "given_up"].append(head)
        return True
    head["due"] = world.time() + DELAYS[head["attempts"] - 1]
    return False


def _accepted(url: str, body: dict[str, Any]) -> bool:
    text = json.dumps(body, separators=(",", ":")).replace("/", "\\/")
    request = urllib.request.Request(  # noqa: S310 - the address a test gave
        url, text.encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_WITHIN) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def work(world: World) -> None:
    """The delivery thread: looks at the queue until the sandbox stops."""
    while not world.stopping.wait(_PAUSE):
        deliver(world)


def install(world: World) -> None:
    """The control pages and the delivery thread."""
    world.pages |= {
        ("POST", "webhooks"): lambda body: _listen(world, body),
        ("GET", "webhooks"): lambda _: _shown(world),
        ("DELETE", "webhooks"): lambda _: _listen(world, {"url": ""}),
        ("POST", "deliver"): lambda _: {"sent": deliver(world, at_once=True)},
    }
    world.workers.append(work)


def _listen(world: World, body: dict[str, Any]) -> dict[str, Any]:
    url, objects = body.get("url"), body.get("objects", [])
    if not isinstance(url, str) or not isinstance(objects, list):
        raise ValueError('say where: {"url": "http://…", "objects": ["client"]}')
    if url and not url.startswith(("http://", "https://")):
        raise ValueError(f"not an address: {url!r}")
    with world.lock:
        world.state["hooks"] |= {"url": url, "objects": objects}
        if not url:
            world.state["hooks"]["waiting"] = []
    return _shown(world)


def _shown(world: World) -> dict[str, Any]:
    with world.lock:
        hooks = world.state["hooks"]
        counts = {name: len(hooks[name]) for name in ("waiting", "delivered", "given_up")}
        return {"url": hooks["url"], "objects": hooks["objects"], **counts}

"""The site that 1C exchanges with: CommerceML over HTTP, 1C being the client (1c.md, section 1).

    type=catalog  checkauth, init, file…, import while `progress`          goods, prices, stocks come in
    type=sale     checkauth, query, success, init, file…, import, info     orders go out, what became of them comes in

An answer is a few lines of text whose first is `success`, `progress` or `failure`. Nothing here decides anything: files
are proved and laid into an inbox for the next run, and operations that are offered are handed out until 1C
acknowledges them.
"""

from __future__ import annotations

from connector.server.exchange.endpoint import Endpoint, Site

__all__ = ["Endpoint", "Site"]

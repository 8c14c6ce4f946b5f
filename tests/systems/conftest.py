from __future__ import annotations

from tests.systems.till import till

__all__ = ["till"]

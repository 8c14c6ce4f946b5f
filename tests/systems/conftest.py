from __future__ import annotations

from systems.till import till

__all__ = ["till"]

"""The lines of the table: a goal, how far it must and may be missed, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.running import Taken

HEADS = ("goal", "must", "aim", "wall", "cpu", "seen")


@dataclass(frozen=True)
class Line:
    """`wall` and `cpu` are ratios, or `measured` says it in one figure; `seen` names what stands behind them."""

    goal: str
    must: float
    aim: float
    seen: str
    wall: float | None = None
    cpu: float | None = None
    measured: float | None = None
    unit: str = ""

    def cells(self) -> tuple[str, ...]:
        ratios = (self.wall, self.cpu) if self.measured is None else (self.measured, None)
        return (self.goal, self._of(self.must), self._of(self.aim), *(self._told(one) for one in ratios), self.seen)

    def _of(self, figure: float) -> str:
        return f"{figure:g}{self.unit}"

    def _told(self, figure: float | None) -> str:
        if figure is None:
            return ""
        shown = f"{figure:.0f}{self.unit}" if self.unit else f"{figure:.2f}"
        return shown if figure <= self.must else f"**{shown}**"


def ratio(goal: str, must: float, aim: float, ours: Sequence[Taken], *theirs: Sequence[Taken]) -> Line:
    """The median of ours to the sum of the medians of theirs."""
    wall, cpu = (median(one.wall for one in ours), median(one.cpu for one in ours))
    base_wall = sum(median(one.wall for one in each) for each in theirs)
    base_cpu = sum(median(one.cpu for one in each) for each in theirs)
    per_round = [
        one.wall / sum(others)
        for one, *others in zip(ours, *([each.wall for each in base] for base in theirs), strict=True)
    ]
    seen = (
        f"{wall:.2f} / {base_wall:.2f} s wall, {cpu:.2f} / {base_cpu:.2f} s cpu;"
        f" wall ratios {min(per_round):.2f} to {max(per_round):.2f}"
    )
    return Line(goal, must, aim, seen, wall / base_wall, cpu / base_cpu)


def table(lines: Sequence[Line]) -> str:
    """Markdown; a figure beyond what must be is bold."""
    rows = [HEADS, ("---", "--:", "--:", "--:", "--:", "---"), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)

"""The built-in scheduler: a run by the clock, and one soon after something has come.

    scheduler = Scheduler(run, "*/15 * * * *", "Europe/Moscow")
    scheduler.start(); scheduler.wake(); scheduler.stop()

Runs follow one another, never side by side; those that were missed while one was under way become one. The five fields
are those of cron, on the clock of the workspace: Sunday is 0 and 7, and where both days are restricted either will do.
An hour that the clock goes through twice in autumn starts a run of a fixed hour once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

log: Final = logging.getLogger("connector.jobs.scheduler")

SETTLE: Final = 5.0
"""Seconds between a wake and its run: what comes in pieces is read together."""
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CRON, _WAKE = "cron", "wake"


class Scheduler:
    """Calls `run` in a thread of its own. Whatever it raises is logged and stops nothing."""

    def __init__(
        self,
        run: Callable[[], None],
        cron: str | None,
        timezone: str,
        *,
        settle: float = SETTLE,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._run, self._settle = run, timedelta(seconds=settle)
        self._zone = ZoneInfo(timezone)
        self._now = now or (lambda: datetime.now(self._zone))
        self._lock = threading.Lock()
        self._scheduler: Any = BackgroundScheduler(
            timezone=self._zone,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        if cron is not None:
            trigger = trigger_of(cron, self._zone)
            self._scheduler.add_job(self._by_the_clock, trigger, args=[_fixed_hour(cron)], id=_CRON)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """No run begins any more; one that is under way ends."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def wake(self) -> None:
        """A run soon. Several wakes before it begins are one."""
        with self._lock:
            if self._scheduler.get_job(_WAKE) is None:
                at = datetime.now(self._zone) + self._settle
                self._scheduler.add_job(self._guarded, DateTrigger(at, self._zone), id=_WAKE)

    def _by_the_clock(self, fixed_hour: bool) -> None:
        if fixed_hour and self._now().fold:
            log.info("this hour comes a second time: no second run")
            return
        self._guarded()

    def _guarded(self) -> None:
        try:
            self._run()
        except Exception as error:
            log.error("a run has failed: %s", type(error).__name__, exc_info=error)


def trigger_of(cron: str, zone: ZoneInfo) -> Any:
    """A trigger that means what cron means: its own counting of days, and either of two restricted days."""
    minute, hour, day, month, weekday = cron.split()
    fields = {"minute": minute, "hour": hour, "month": month, "timezone": zone}
    named = _named_days(weekday)
    if day.startswith("*") or weekday.startswith("*"):
        return CronTrigger(day=day, day_of_week=named, **fields)
    return OrTrigger([CronTrigger(day=day, **fields), CronTrigger(day_of_week=named, **fields)])


def _named_days(field: str) -> str:
    """Days of the week by name: APScheduler counts from Monday, cron from Sunday."""
    if field == "*":
        return "*"
    days: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0", "-", "6") if span == "*" else span.partition("-")
        end = last or ("6" if step else first)
        days.update(range(int(first), int(end) + 1, int(step or 1)))
    return ",".join(sorted({_DAYS[day] for day in days}))


def _fixed_hour(cron: str) -> bool:
    return not cron.split()[1].startswith("*")

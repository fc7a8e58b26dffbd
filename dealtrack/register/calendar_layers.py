"""The register's calendar in its layers: what was shipped, the notices that were imported, what clerks amended."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dealtrack.core.calendar import CalendarRules, DayKind, Ruling, rulings_from_data
from dealtrack.core.calendar_changes import Notice, with_notices
from dealtrack.register import journal
from dealtrack.register.journal import Event


@dataclass(frozen=True, slots=True)
class Layers:
    """What makes a register's calendar: the shipped one, the imported notices, and the days that clerks amended."""

    shipped: CalendarRules
    notices: tuple[Notice, ...]
    amended: Mapping[date, Ruling]

    def rules(
        self, shipped: CalendarRules | None = None, notice: Notice | None = None, amended: Mapping[date, Ruling] = {}
    ) -> CalendarRules:
        """Return the calendar, with another one shipped, a further notice or further days amended where given.

        Raises IssueDayUnknown or IssueDaysEqual.
        """
        notices = [*self.notices, *([notice] if notice else [])]
        return with_notices(shipped or self.shipped, notices, {**self.amended, **amended})


def read_layers(connection: sqlite3.Connection) -> Layers:
    """Return the layers of a register's calendar, as its journal tells them."""
    whole: CalendarRules | None = None
    shipped: CalendarRules | None = None
    notices: list[Notice] = []
    amended: dict[date, Ruling] = {}
    for entry in journal.events(connection, [Event.MADE, Event.CALENDAR_REVISED]):
        detail = entry.detail
        if whole is None or shipped is None:
            whole = shipped = CalendarRules.from_data(detail["calendar"])
            continue
        before, whole = whole, whole.revised(detail)
        own = detail.get("own")
        if own is None:
            # A refresh of before layers were told apart left a calendar with all in it.
            shipped = shipped.revised(detail["shipped"]) if "shipped" in detail else whole
            if detail.get("dropped_own"):
                notices, amended = [], {}
        elif "notice" in own:
            notices.append(Notice.from_data(own["notice"]))
        elif detail.get("how") == "import":
            notices.append(_notice_of_old(detail, before))
        else:
            amended.update(rulings_from_data(own["rulings"]))
    assert shipped is not None
    return Layers(shipped, tuple(notices), amended)


def _notice_of_old(detail: Mapping[str, Any], before: CalendarRules) -> Notice:
    """Return the notice that an import took in before notices were kept whole: the days that it ruled otherwise."""
    rulings = rulings_from_data(detail["own"]["rulings"])
    days = {day: (_off_of(ruling), ruling.name) for day, ruling in rulings.items()}
    years = frozenset(detail["own"]["official"]) - before.official
    return Notice(days, years, detail.get("source", ""))


def _off_of(ruling: Ruling) -> bool | None:
    return None if ruling.kind is DayKind.WEEKEND else not ruling.worked

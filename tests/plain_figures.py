"""The figures of a report told as plainly as possible, from the journal's rows, for tests to hold the real ones against.

Nothing here uses dealtrack. What the clocks of a complaint are comes from `plain_model`; what is counted of them is
what the guides say: each run of a clock in one part, rates of what is decided, days by the working
calendar, what was paid in advance paid for good, means of days that have begun, and the usual of days that the register
knows of.
"""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tests.plain_model import DAY, Entry, Life, Model, Run, counted, live

PARTS = {
    "on_time": "met",
    "late": "missed",
    "open_late": "overdue",
    "open_in_time": "running",
    "paused": "paused",
    "not_started": "projected",
    "cancelled": "cancelled",
    "unknown": "unknown",
}
ADVANCE = "advance-compensation"


class Seen(NamedTuple):
    """A complaint as a view shows it."""

    life: Life
    entries: list[Entry]
    runs: list[Run]
    current: list[Run]


class Span(NamedTuple):
    """Days asked for, both included; None for an open end."""

    first: date | None
    last: date | None


def read_model(path: Path, now: datetime) -> Model:
    """Return the model of a register of the default calendar, its journal read as rows; `now` in Beijing's time."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT seq, complaint, kind, at, recorded_at, detail FROM transition WHERE complaint IS NOT NULL"
        ).fetchall()
    model = Model(now, (set(), set()), 0)
    for seq, complaint, kind, at, recorded, detail in rows:
        happened, entered = (datetime.fromisoformat(text[:-1]) + timedelta(hours=8) for text in (at, recorded))
        model.entries.append(Entry(seq, complaint, kind, happened, entered, json.loads(detail)))
        model.last = max(model.last, complaint)
    return model


def share(count: int, whole: int) -> float | None:
    """Return a share to four decimals, half up, never all or nothing where it is neither."""
    if not whole:
        return None
    near = (20_000 * count + whole) // (2 * whole)
    return (min(max(near, 1), 9_999) if 0 < count < whole else near) / 10_000


def mean(count: int, days: int) -> float | None:
    """Return a mean to four decimals, half up; one so small keeps its first digit."""
    if not days:
        return None
    for places in range(4, 12):
        near = (2 * 10**places * count + days) // (2 * days)
        if near or not count:
            return float(Fraction(near, 10**places))
    raise AssertionError(count)


def seen_at(model: Model, moment: datetime | None, known: datetime | None) -> list[Seen]:
    told = []
    for _, life, entries in model.shown(moment, known):
        current = model.current(entries, known, moment or model.now)
        waiting = [run for run in current if run.started is None]
        told.append(Seen(life, entries, [*model.runs(entries, known), *waiting], current))
    return told


def key_of(seen: Seen, by: str) -> str | None:
    assert seen.life.received is not None
    day = seen.life.received.date()
    if by == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if by == "month":
        return f"{day.year}-{day.month:02}"
    key: str | None = seen.life.values.get(by)
    return key


def advances(entries: Iterable[Entry]) -> list[str | None]:
    """Return the amounts of every closing in advance compensation, None for one that nobody stated."""
    order = counted(entries)
    ends = [place for place, entry in enumerate(order) if entry.kind == "reopened"]
    rounds = [live(order[:end]).values for end in (*ends, len(order))]
    return [values.get("amount") for values in rounds if values.get("outcome") == ADVANCE]


def of_complaints(some: list[Seen]) -> dict[str, Any]:
    """Return what a report says of complaints, without their clocks."""
    third = [seen for seen in some if seen.life.values.get("seller") == "third-party"]
    completed = [seen for seen in some if seen.life.completed is not None]
    paid = [amounts for seen in some if (amounts := advances(seen.entries))]
    stated = [int(amount.replace(".", "")) for amounts in paid for amount in amounts if amount is not None]
    reopenings = [sum(entry.kind == "reopened" for entry in counted(seen.entries)) for seen in some]
    backdated = [any(entry.recorded.date() > entry.at.date() for entry in counted(seen.entries)) for seen in some]
    contacts = sum(seen.life.first_contact for seen in some)
    third_paid = sum(bool(advances(seen.entries)) for seen in third)
    return {
        "complaints": len(some),
        "open": sum(seen.life.is_open for seen in some),
        "provisional": sum(any(run.provisional for run in seen.current) for seen in some),
        "completed": len(completed),
        "first_contact": contacts,
        "first_contact_rate": share(contacts, len(completed)),
        "third_party": len(third),
        "third_party_advance": third_paid,
        "third_party_advance_rate": share(third_paid, len(third)),
        "advance": len(paid),
        "advance_sum": sum(stated) / 100 if stated or not paid else None,
        "advance_without_amount": sum(None in amounts for amounts in paid),
        "reopened": sum(map(bool, reopenings)),
        "reopened_rate": share(sum(map(bool, reopenings)), len(some)),
        "reopenings": sum(reopenings),
        "backdated": sum(backdated),
        "backdated_rate": share(sum(backdated), len(some)),
    }


def of_clock(some: list[Seen], name: str, model: Model, known: datetime | None, moment: datetime) -> dict[str, Any]:
    """Return what a report says of one clock."""
    runs = [run for seen in some for run in seen.runs if run.rule.name == name]
    verdicts = [run.verdict(moment) for run in runs]
    parts = {part: verdicts.count(word) for part, word in PARTS.items()}
    calendar = model.calendar(known)
    days = []
    for run in runs:
        if run.started is not None and run.ended is not None and run.how == "stopped":
            span = (run.ended.date() - run.started.date()).days
            days.append(sum(calendar.worked(run.started.date() + DAY * n) for n in range(1, span + 1)))
    decided = parts["on_time"] + parts["late"] + parts["open_late"]
    return {
        "complaints": sum(any(run.rule.name == name for run in seen.current) for seen in some),
        "runs": len(runs),
        **parts,
        "provisional": sum(run.provisional for run in runs),
        "decided": decided,
        "on_time_rate": share(parts["on_time"], decided),
        "done": len(days),
        "median_working_days": median(days) if days else None,
        "p90_working_days": sorted(days)[ceil(len(days) * 9 / 10) - 1] if days else None,
    }


def section(
    seen: list[Seen], by: str, span: Span, model: Model, known: datetime | None, moment: datetime
) -> dict[str, Any]:
    """Return the figures of the complaints received in a span of days, by their groups, and its means."""
    received = {id(each): each.life.received.date() for each in seen if each.life.received}
    some = [
        each
        for each in seen
        if (span.first is None or received[id(each)] >= span.first)
        and (span.last is None or received[id(each)] <= span.last)
    ]
    days = sorted(received[id(each)] for each in some)
    # The second that is shown last belongs to the last day that counts.
    today = (moment - timedelta(seconds=1)).date()
    first = span.first or (days[0] if days else None)
    if span.last is None and span.first is not None:
        last = max([today, *days]) if days or today >= span.first else None
    else:
        last = span.last or (days[-1] if days else None)
    until = min(last, max([today, *days])) if first and last else None
    length = max(0, (until - first).days + 1) if first and until else 0
    names = dict.fromkeys(run.rule.name for each in some for run in each.current)

    def whole(group: list[Seen]) -> dict[str, Any]:
        clocks = {name: of_clock(group, name, model, known, moment) for name in names}
        return of_complaints(group) | {"clocks": {name: told for name, told in clocks.items() if told["complaints"]}}

    groups: dict[str | None, list[Seen]] = {}
    for each in some:
        groups.setdefault(key_of(each, by), []).append(each)
    begun = min(received.values(), default=None)
    known_days = max(0, (until - max(first, begun)).days + 1) if first and until and begun else 0
    return {
        "first": first,
        "last": last,
        "days": length,
        "a_day": mean(len(some), length),
        "total": whole(some),
        "groups": {key: whole(group) for key, group in groups.items()},
        "intake": {day: days.count(day) for day in days},
        "known_days": known_days,
        "begun": begun,
    }

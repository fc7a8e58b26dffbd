"""Time: clocks set back, days with 23 and 25 hours, machines in other zones, the first and the last year, leap days."""

import json
import os
import random
import time
from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dealtrack.register.journal import CLOCKS_DIFFER
from tests.faults.desk import Desk
from tests.faults.processes import Outcome, asked, here, spread
from tests.faults.tally import Finding, Tally, gathered

ZONES = (
    ("Europe/Berlin", "DE-BY"),
    ("America/New_York", "US-NY"),
    ("America/Sao_Paulo", "BR-SP"),
    ("Asia/Shanghai", "cn"),
)
CHANGES = {
    "Europe/Berlin": ("2016-03-27", "2016-10-30"),
    "America/New_York": ("2016-03-13", "2016-11-06"),
    "America/Sao_Paulo": ("2016-02-21", "2016-10-16"),
    "Asia/Shanghai": ("1991-04-14", "1991-09-15"),
}
MACHINES = ("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu")
BEHIND = "This computer's clock is behind the register's last entry"


@dataclass(frozen=True, slots=True)
class Span:
    """Some years to try, in a folder of their own."""

    made: Desk
    folder: Path
    years: range


def tallies(folder: Path, jumps: int, step: int, years: int, seed: int) -> Iterator[Tally]:
    """Set the clock back so often, try each so many minutes around the changes, and each so many-th year."""
    shanghai = _made(folder / "cn", "Asia/Shanghai", "cn-beijing")
    jumped = asked(jumping, shanghai.copied(folder / "jumps"), jumps, seed)
    yield gathered("time", "clocks that jump back and forth by up to years", [jumped])
    changes = (asked(changing, _made(folder / zone.replace("/", "-"), zone, name), zone, step) for zone, name in ZONES)
    yield gathered(
        "time", "moments around both changes of summer time, in Berlin, New York, Sao Paulo, Shanghai", changes
    )
    yield gathered(
        "time", "a machine in another zone than the register's", [asked(elsewhere, shanghai.copied(folder / "away"))]
    )
    spans = [
        Span(shanghai, folder / f"from{first}", range(first, min(2101, first + 33), years))
        for first in range(1970, 2101, 33)
    ]
    yield gathered("time", "ends of months and leap days, from 1970 to 2100", spread(through_years, spans))


def _made(folder: Path, zone: str, calendar: str) -> Desk:
    folder.mkdir(mode=0o700)
    desk = Desk(folder, now="1970-01-02T00:00:00+00:00")
    desk.must("init", "--calendar", calendar, "--timezone", zone)
    desk.must("platform", "add", "JD-" + calendar)
    return Desk(folder, now="2020-06-01T00:00:00+00:00")


def _at(desk: Desk, now: datetime | None = None) -> None:
    os.environ.clear()
    os.environ.update(desk.environment())
    if now:
        os.environ["DEALTRACK_NOW"] = now.isoformat()


def _add(*more: object) -> Outcome:
    name = json.loads(here("platform", "list", "--format", "json").out)[-1]["name"]
    return here("add", "--platform", name, "--format", "json", *more)


def jumping(desk: Desk, jumps: int, seed: int) -> Finding:
    """Enter complaints while the clock jumps: recorded_at never falls, and each fall of the clock by more than a minute is told of."""
    chance = random.Random(seed)
    finding = Finding()
    last = now = datetime(2016, 11, 15, 1, tzinfo=UTC)
    for number in range(1, jumps + 1):
        span = chance.choice((timedelta(seconds=3), timedelta(hours=5), timedelta(days=20), timedelta(days=900)))
        now = min(
            max(now + span * chance.uniform(-1, 1), datetime(2010, 1, 1, tzinfo=UTC)), datetime(2030, 1, 1, tzinfo=UTC)
        )
        now = now.replace(microsecond=0)
        _at(desk, now)
        outcome = _add()
        finding.tried += 1
        behind = last - now > CLOCKS_DIFFER
        finding.count("set back", int(behind))
        if outcome.status != 0 or (BEHIND in outcome.err) != behind:
            finding.broken.append(f"at {now}, the last entry at {last}: {outcome.told()}")
            continue
        last = max(last, now)
        shown = json.loads(here("show", number, "--format", "json").out)
        recorded = datetime.fromisoformat(shown["history"][0]["recorded_at"])
        if recorded != last:
            finding.broken.append(f"at {now}: recorded at {recorded}, not at {last}")
    checked = here("verify")
    if checked.status != 0:
        finding.broken.append(checked.told())
    return finding


def changing(desk: Desk, zone_name: str, step: int) -> Finding:
    """Enter moments around the changes of summer time, and hold what is shown against the time zone database."""
    finding = Finding()
    zone = ZoneInfo(zone_name)
    _at(desk)
    for day in CHANGES[zone_name]:
        for minutes in range(-180, 1500, step):
            local = datetime.fromisoformat(day) + timedelta(minutes=minutes)
            there = local.replace(tzinfo=zone)
            exists = there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
            outcome = _add("--at", local.strftime("%Y-%m-%d %H:%M"))
            finding.tried += 1
            finding.count("times that do not exist", int(not exists))
            told = f"{zone_name} {local}: {outcome.told()}"
            if not exists:
                if outcome.status != 2 or "Invalid time" not in outcome.err:
                    finding.broken.append(f"it does not exist: {told}")
                continue
            if outcome.status != 0:
                finding.broken.append(told)
                continue
            shown = json.loads(outcome.out)
            if shown["received"] != there.isoformat():
                finding.broken.append(f"shown as {shown['received']}: {told}")
            due = datetime.fromisoformat(shown["forward_due"])
            end = datetime.combine(due.date() + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
            if due.astimezone(UTC) != end - timedelta(seconds=1) or due.date() <= local.date():
                finding.broken.append(f"due {due}: {told}")
        outcome = _add("--at", day)
        finding.tried += 1
        if outcome.status != 0 or json.loads(outcome.out)["received"][:10] != day:
            finding.broken.append(f"{zone_name}, the day {day} alone: {outcome.told()}")
    checked = here("verify")
    if checked.status != 0:
        finding.broken.append(checked.told())
    return finding


def elsewhere(desk: Desk) -> Finding:
    """Ask the same on machines in other zones: all answer the same, to the byte."""
    finding = Finding()
    _at(desk, datetime(2016, 11, 15, 16, 30, tzinfo=UTC))
    for at in ("2016-11-14 23:59", "2016-11-15", "yesterday 00:01", "now"):
        if _add("--at", at).status != 0:
            finding.broken.append(f"{at} is refused")
    asked_for = (
        ("list", "--format", "json"),
        ("overdue",),
        ("due", "--within", "3wd"),
        ("show", 1, 2, 3, 4),
        ("explain", 1),
        ("export",),
        ("list", "--as-of", "2016-11-15 12:00"),
        ("calendar", "next", 3, "--from", "today"),
    )
    good: list[Outcome] = []
    for machine in MACHINES:
        os.environ["TZ"] = machine
        time.tzset()
        answers = [here(*words) for words in asked_for]
        good = good or answers
        for words, wanted, outcome in zip(asked_for, good, answers, strict=True):
            finding.tried += 1
            if (outcome.status, outcome.out) != (wanted.status, wanted.out):
                finding.broken.append(f"{machine}: {words[0]}: {outcome.told()}")
    return finding


def through_years(span: Span) -> Finding:
    """Enter complaints at the ends of months and on leap days; each deadline is the working day that is counted."""
    return asked(_through_years, span.made.copied(span.folder), span.years)


def _through_years(desk: Desk, years: range) -> Finding:
    finding = Finding()
    zone = ZoneInfo("Asia/Shanghai")
    for year in years:
        leap = f"{year}-02-29"
        days = [f"{year}-01-01", f"{year}-02-28", *([leap] if isleap(year) else []), f"{year}-06-30", f"{year}-12-31"]
        for day in days:
            now = datetime.fromisoformat(f"{day}T15:00:00").replace(tzinfo=zone)
            _at(desk, now)
            outcome = _add("--at", day)
            counted = here("calendar", "next", 1, "--from", day, "--format", "json")
            finding.tried += 1
            if day == "2100-12-31":
                if (outcome.status, counted.status) != (2, 2) or "outside the calendar" not in outcome.err:
                    finding.broken.append(f"{day}, the calendar's last: {outcome.told()}")
                continue
            if outcome.status != 0 or counted.status != 0:
                # The last days have a deadline beyond the calendar: that may be refused, plainly.
                if not day.startswith("2100-12") or "outside the calendar" not in outcome.err:
                    finding.broken.append(f"{day}: {outcome.told()}")
                continue
            due = json.loads(outcome.out)["forward_due"]
            if due[:10] != json.loads(counted.out)["due"] or date.fromisoformat(due[:10]) <= date.fromisoformat(day):
                finding.broken.append(f"{day}: due {due}, counted {counted.out}")
        if not isleap(year):
            outcome = _add("--at", leap)
            finding.tried += 1
            if outcome.status != 2 or "Invalid time" not in outcome.err:
                finding.broken.append(f"{leap}: {outcome.told()}")
    checked = here("verify")
    if checked.status != 0:
        finding.broken.append(checked.told())
    return finding

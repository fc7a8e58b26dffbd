"""The report's figures beside those that SQL computes from the raw files, which shares no code with dealtrack."""

import csv
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import chinese_calendar
import holidays
import pytest

from tests.conftest import PROJECT, Clerk
from tests.registers import copy_register, new_place

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
GROUPINGS = ("platform", "category", "seller", "owner", "week", "month")
MOMENTS = ("received", "forwarded", "completed", "withdrawn", "rejected")

# A moment later than that of the report has not happened; a complaint received later is not there.
SEEN = """
CREATE TABLE seen AS
SELECT number, platform, category, seller, owner, received,
    CASE WHEN forwarded <= :now THEN forwarded END AS forwarded,
    CASE WHEN completed <= :now THEN completed END AS completed,
    CASE WHEN min(coalesce(withdrawn, '9'), coalesce(rejected, '9')) <= :now
         THEN coalesce(withdrawn, rejected) END AS dropped,
    CASE WHEN completed <= :now THEN outcome END AS outcome,
    CASE WHEN completed <= :now THEN amount END AS amount
FROM raw WHERE received <= :now
"""
# One row a clock: its start, its length and its stop, as the policies say it.
GREEN_CHANNEL = """
CREATE TABLE clock AS
SELECT number, 'forward' AS name, received AS start, 1 AS length, 'working' AS unit, forwarded AS stop,
    coalesce(dropped, CASE WHEN forwarded IS NULL THEN completed END) AS dropped, 0 AS needless, 0 AS waits
FROM seen
UNION ALL
SELECT number, 'complete', CASE WHEN forwarded IS NULL AND completed IS NOT NULL THEN received ELSE forwarded END,
    2, 'working', completed, dropped, forwarded IS NULL AND dropped IS NOT NULL,
    forwarded IS NULL AND completed IS NULL AND dropped IS NULL
FROM seen
"""
CFPB = """
CREATE TABLE clock AS
SELECT number, 'forward' AS name, received AS start, 1 AS length, 'working' AS unit, forwarded AS stop, dropped,
    0 AS needless, 0 AS waits
FROM seen
UNION ALL
SELECT number, name, forwarded, length, 'calendar', completed, dropped, 0, forwarded IS NULL
FROM seen JOIN (SELECT 'respond' AS name, 15 AS length)
"""
# A file without a column of forwardings: nothing is known of them where a complaint was completed.
UNFORWARDED = GREEN_CHANNEL.replace(
    "coalesce(dropped, CASE WHEN forwarded IS NULL THEN completed END) AS dropped, 0 AS needless, 0 AS waits",
    "dropped, completed IS NOT NULL AS needless, CASE WHEN completed IS NOT NULL THEN 2 ELSE 0 END AS waits",
)
JUDGED = """
CREATE TABLE judged AS
SELECT clock.*, due.day AS due, CASE
    WHEN waits = 2 THEN 'unknown'
    WHEN waits THEN 'not_started'
    WHEN needless THEN 'cancelled'
    WHEN stop IS NOT NULL THEN CASE WHEN date(stop) <= due.day THEN 'on_time' ELSE 'late' END
    WHEN dropped IS NOT NULL THEN CASE WHEN date(dropped) <= due.day THEN 'cancelled' ELSE 'late' END
    WHEN date(:now) <= due.day THEN 'open_in_time'
    ELSE 'open_late' END AS part,
    CASE WHEN stop IS NOT NULL AND start IS NOT NULL THEN stopped.number - started.number END AS days
FROM clock
LEFT JOIN calendar AS started ON started.day = date(start)
LEFT JOIN calendar AS stopped ON stopped.day = date(stop)
LEFT JOIN calendar AS due ON CASE unit
    WHEN 'working' THEN due.worked AND due.number = started.number + length
    ELSE due.day = date(start, '+' || length || ' days') END
"""
OF_COMPLAINTS = """
SELECT {key} AS key, count(*) AS complaints, sum(completed IS NULL AND dropped IS NULL) AS open,
    sum(completed IS NOT NULL) AS completed, sum(completed IS NOT NULL AND forwarded IS NULL) AS first_contact,
    sum(coalesce(seller, '') = 'third-party') AS third_party,
    sum(coalesce(seller, '') = 'third-party' AND coalesce(outcome, '') = 'advance-compensation') AS third_party_advance,
    sum(coalesce(outcome, '') = 'advance-compensation') AS advance,
    round(coalesce(sum(CASE WHEN outcome = 'advance-compensation' THEN amount END), 0), 2) AS advance_sum
FROM seen GROUP BY 1
"""
OF_CLOCKS = """
SELECT {key} AS key, name, count(*) AS runs, sum(part = 'on_time') AS on_time, sum(part = 'late') AS late,
    sum(part = 'open_late') AS open_late, sum(part = 'open_in_time') AS open_in_time,
    sum(part = 'not_started') AS not_started, sum(part = 'cancelled') AS cancelled, sum(part = 'unknown') AS unknown,
    count(days) AS done,
    round(1.0 * sum(part = 'on_time') / nullif(sum(part IN ('on_time', 'late', 'open_late')), 0), 4) AS on_time_rate
FROM judged JOIN seen USING (number) GROUP BY 1, 2
"""
OF_DAYS = """
SELECT key, name, avg(CASE WHEN place IN ((done + 1) / 2, done / 2 + 1) THEN days END),
    min(CASE WHEN place >= 0.9 * done THEN days END)
FROM (
    SELECT {key} AS key, name, days, count(*) OVER w AS done,
        row_number() OVER (PARTITION BY {key}, name ORDER BY days) AS place
    FROM judged JOIN seen USING (number) WHERE days IS NOT NULL
    WINDOW w AS (PARTITION BY {key}, name)
) GROUP BY 1, 2
"""
KEYS = {"week": "week(received)", "month": "substr(received, 1, 7)"}


def week(text: str) -> str:
    year, number, _ = date.fromisoformat(text[:10]).isocalendar()
    return f"{year}-W{number:02}"


@pytest.fixture(autouse=True)
def closing_what_was_asked() -> Iterator[None]:
    """Close what a test asked in SQL."""
    yield
    while Raw.made:
        Raw.made.pop().connection.close()


class Raw:
    """A raw file in SQL, judged by a calendar and a policy as it stood at a moment."""

    made: ClassVar[list["Raw"]] = []

    def __init__(self, rows: Iterable[dict[str, str | None]], worked: Callable[[date], bool], clocks: str, now: str):
        self.connection = sqlite3.connect(":memory:")
        self.made.append(self)
        self.connection.create_function("week", 1, week)
        columns = ("number", "platform", "category", "seller", "owner", *MOMENTS, "outcome", "amount")
        self.connection.execute(f"CREATE TABLE raw ({', '.join(columns)})")
        marks = ", ".join("?" * len(columns))
        values = [[row.get(column) or None for column in columns] for row in rows]
        self.connection.executemany(f"INSERT INTO raw VALUES ({marks})", values)
        self.connection.execute("CREATE TABLE calendar (day PRIMARY KEY, worked, number)")
        first = date.fromisoformat(min(row[5] for row in values if row[5])[:10])
        number = 0
        for place in range((date.fromisoformat(now[:10]) - first).days + 100):
            day = first + timedelta(days=place)
            number += worked(day)
            self.connection.execute("INSERT INTO calendar VALUES (?, ?, ?)", (day.isoformat(), worked(day), number))
        for statement in (SEEN, clocks, JUDGED):
            self.connection.execute(statement, {"now": now} if ":now" in statement else {})

    def table(self, statement: str, by: str) -> list[dict[str, Any]]:
        """Return the rows of a statement for a grouping, an empty one for all complaints."""
        cursor = self.connection.execute(statement.format(key=KEYS.get(by, by) if by else "NULL"))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def without_first_contact(self, by: str) -> dict[str | None, dict[str, Any]]:
        """Return the figures of every group where nothing is known of forwardings, nor so of first contact."""
        unknown = {"first_contact": 0, "first_contact_rate": None}
        groups = self.expected(by)
        return {key: {**row, **unknown, "first_contact_unknown": row["completed"]} for key, row in groups.items()}

    def expected(self, by: str) -> dict[str | None, dict[str, Any]]:
        """Return the figures of every group."""
        groups: dict[str | None, dict[str, Any]] = {}
        for row in self.table(OF_COMPLAINTS, by):
            key = row.pop("key")
            groups[key] = row | {"clocks": {}}
        for row in self.table(OF_CLOCKS, by):
            groups[row.pop("key")]["clocks"][row.pop("name")] = row
        for row in self.table(OF_DAYS, by):
            key, name, median, ninetieth = row.values()
            groups[key]["clocks"][name] |= {"median_working_days": median, "p90_working_days": ninetieth}
        return groups


def told(report: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Return those figures of a group that are expected of it."""
    known = {key: report[key] for key in expected if key != "clocks"}
    clocks = {name: {key: report["clocks"][name][key] for key in clock} for name, clock in expected["clocks"].items()}
    return known | {"clocks": clocks}


def check(
    clerk: Clerk, raw: Raw, groupings: Iterable[str], *options: str, expect: Callable[[Raw, str], Any] = Raw.expected
) -> dict[str, Any]:
    """Hold a report, by every grouping, against the raw file; return the last one."""
    report: dict[str, Any] = {}
    for by in groupings:
        report = json.loads(clerk("report", "--by", by, "--format", "json", *options).ok())
        (whole,) = expect(raw, "").values()
        assert told(report["total"], whole) == whole
        groups = expect(raw, by)
        held = {group[by]: group for group in report["groups"] if group["complaints"]}
        assert held.keys() == groups.keys()
        for key, expected in groups.items():
            assert told(held[key], expected) == expected, key
            assert report["total"]["clocks"].keys() >= held[key]["clocks"].keys()
    return report


@pytest.fixture(scope="module")
def sample_register(made_register: Path, tmp_path_factory: pytest.TempPathFactory) -> Clerk:
    """Give a clerk whose register holds the sample, a month later."""
    folder = tmp_path_factory.mktemp("sample")
    clerk = Clerk(folder / "home", new_place(folder), now="2016-12-15T09:00:00+08:00")
    copy_register(made_register, clerk.address)
    clerk("import", SAMPLE).ok()
    return clerk


def sample_rows() -> list[dict[str, str | None]]:
    with SAMPLE.open(encoding="utf-8", newline="") as stream:
        return [{key: value or None for key, value in row.items()} for row in csv.DictReader(stream)]


@pytest.mark.parametrize("moment", ["2016-11-05 12:00", "2016-11-15 09:00", "2016-11-30 18:00"])
def test_the_samples_figures_are_those_of_the_file(sample_register: Clerk, moment: str) -> None:
    raw = Raw(sample_rows(), chinese_calendar.is_workday, GREEN_CHANNEL, moment)
    report = check(sample_register, raw, GROUPINGS, "--as-of", moment)
    assert report["total"]["complaints"] > 30 and report["total"]["clocks"]["complete"]["late"] >= 0


def test_the_sample_as_it_stands_now(sample_register: Clerk) -> None:
    raw = Raw(sample_rows(), chinese_calendar.is_workday, GREEN_CHANNEL, "2016-12-15 09:00")
    report = check(sample_register, raw, GROUPINGS)
    intake = {row["day"]: row["complaints"] for row in report["intake"]}
    counted = raw.connection.execute("SELECT date(received), count(*) FROM raw GROUP BY 1")
    assert {day: count for day, count in intake.items() if count} == dict(counted)


def raw_moment(text: str, *forms: str) -> str | None:
    for form in forms:
        try:
            return datetime.strptime(text, form).strftime("%Y-%m-%d %H:%M:%S")
        except ValueError:
            continue
    return None


def refused_by(path: Path, column: str) -> set[str]:
    if not path.exists():
        return set()
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return {row[column] for row in csv.DictReader(stream)}


def test_new_yorks_requests(new_clerk: Callable[..., Clerk], shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "nyc311-2011-sample.csv"
    clerk = new_clerk(now="2016-11-15T09:00:00-05:00")
    clerk("init", "--calendar", "US-NY", "--timezone", "America/New_York").ok()
    clerk("import", source, "--mapping", "nyc311", "--skip-bad", "--rejects", tmp_path / "rejects.csv")
    refused = refused_by(tmp_path / "rejects.csv", "Unique Key")
    with source.open(encoding="utf-8-sig", newline="") as stream:
        rows: list[dict[str, str | None]] = [
            {
                "number": row["Unique Key"],
                "platform": row["Agency"],
                "owner": row["Agency Name"],
                "received": raw_moment(row["Created Date"], "%m/%d/%Y %I:%M:%S %p"),
                "completed": closed
                if (closed := raw_moment(row["Closed Date"], "%m/%d/%Y %I:%M:%S %p")) and closed > "1901"
                else None,
            }
            for row in csv.DictReader(stream)
            if row["Unique Key"] not in refused
        ]
    rest = holidays.country_holidays("US", subdiv="NY", years=range(2010, 2017))
    for moment in ("2011-03-02 18:00:00", "2012-06-01 00:00:00"):
        raw = Raw(rows, lambda day: day.weekday() < 5 and day not in rest, UNFORWARDED, moment)
        groupings = ("platform", "owner", "week", "month")
        report = check(clerk, raw, groupings, "--as-of", moment, expect=Raw.without_first_contact)
        assert report["total"]["complaints"] > 500


def test_the_cfpbs_complaints(new_clerk: Callable[..., Clerk], shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "cfpb-2019-sample.csv"
    clerk = new_clerk(now="2020-11-16T09:00:00-05:00")
    clerk("init", "--calendar", "US", "--policy", "cfpb", "--timezone", "America/New_York").ok()
    clerk("import", source, "--mapping", "cfpb", "--skip-bad", "--rejects", tmp_path / "rejects.csv")
    refused = refused_by(tmp_path / "rejects.csv", "Complaint ID")
    with source.open(encoding="utf-8-sig", newline="") as stream:
        rows: list[dict[str, str | None]] = [
            {
                "number": row["Complaint ID"],
                "platform": row["Company"].strip(),
                "received": row["Date received"] + " 00:00:00",
                "forwarded": row["Date sent to company"] + " 00:00:00",
            }
            for row in csv.DictReader(stream)
            if row["Complaint ID"] not in refused
        ]
    rest = holidays.country_holidays("US", years=range(2010, 2022))
    for moment in ("2019-09-25 12:00:00", "2019-10-10 12:00:00", "2019-12-31 12:00:00"):
        raw = Raw(rows, lambda day: day.weekday() < 5 and day not in rest, CFPB, moment)
        report = check(clerk, raw, ("platform", "week"), "--as-of", moment)
        assert report["total"]["clocks"].keys() == {"forward", "respond", "final"}

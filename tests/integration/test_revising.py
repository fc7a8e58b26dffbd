"""A calendar that changes: only what is affected is written, the preview is what is done, and ended clocks stand.

The register of the first test holds 1,500 complaints; DEALTRACK_REVISING=200000 makes it larger, and -s shows figures.
"""

import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.register.opening import open_register
from dealtrack.register.recorder import Proposal, Work, recording
from tests.conftest import Clerk
from tests.plain_model import POLICIES, Model
from tests.registers import copy_register, new_place

SIZE = int(os.environ.get("DEALTRACK_REVISING", "1500"))
NOW = datetime(2016, 11, 11, 17)
HOURS = timedelta(hours=8)
Clocks = dict[tuple[int, str, int], tuple[Any, ...]]


@pytest.fixture
def office(made_register: Path, tmp_path: Path) -> Clerk:
    """Give a clerk at Double Eleven with an empty register of thirteen years."""
    clerk = Clerk(tmp_path / "home", new_place(tmp_path), now=f"{NOW.isoformat()}+08:00")
    copy_register(made_register, clerk.address)
    return clerk


def _works(size: int) -> Iterator[Work]:
    """Yield complaints of the year up to now: most handled, some of each day left, the last days' still running."""
    random = Random(size)
    begin = datetime(2016, 1, 4, 9)
    span = NOW - timedelta(hours=1) - begin
    detail = {"platform": "JD", "category": "other", "owner": "clerk", "policy": "green-channel"}
    for _ in range(size):
        received = begin + timedelta(seconds=round(span.total_seconds() * random.random() ** 0.7))
        proposals = [_proposal(Kind.RECEIVED, received, detail)]
        forwarded = received + timedelta(seconds=random.randrange(40 * 3_600))
        if random.random() < 0.97 and forwarded <= NOW:
            proposals.append(_proposal(Kind.FORWARDED, forwarded))
            completed = forwarded + timedelta(seconds=random.randrange(90 * 3_600))
            if random.random() < 0.97 and completed <= NOW:
                proposals.append(_proposal(Kind.COMPLETED, completed))
        yield Work(None, proposals)


def _proposal(kind: Kind, at: datetime, detail: dict[str, Any] | None = None) -> Proposal:
    moment = (at - HOURS).replace(tzinfo=UTC)
    return Proposal(kind, Moment(moment, moment, False), detail or {})


def _clocks(db: sqlite3.Connection) -> Clocks:
    return {row[:3]: row[3:] for row in db.execute("SELECT * FROM clock")}


CLOCKS_MOVED = re.compile(
    r"UPDATE clock SET .* WHERE name = '([\w-]+)' AND round = (\d+) AND complaint IN .*'(\[[\d, ]*\])'"
)

CLERKS_TABLES = re.compile(r"\b(clock|complaint|transition|personal|policy|platform)\b")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the list into which every statement that writes is put, with its values, as SQLite runs it."""
    written: list[str] = []
    connect = sqlite3.connect

    def note(statement: str) -> None:
        # A statement that a trigger follows is traced once more.
        if re.match(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", statement) and statement not in written[-1:]:
            written.append(statement)

    def traced(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **named)
        connection.set_trace_callback(note)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    return written


def _fill(path: Path, count: int) -> None:
    with open_register(path) as register, recording(register, (NOW - HOURS).replace(tzinfo=UTC), "clerk") as recorder:
        for work in _works(count):
            recorder.record(work)


def test_amending_a_day_writes_the_affected_clocks_alone(office: Clerk, statements: list[str]) -> None:
    began = time.perf_counter()
    _fill(office.db, SIZE)
    filled = time.perf_counter()
    words = ("calendar", "amend", "2016-11-14", "--off", "--name", "storm", "--source", "notice of 2016-11-11")
    with closing(sqlite3.connect(office.db)) as db:
        before = _clocks(db)
        statements.clear()
        shown = office(*words).ok()
        previewed = time.perf_counter()
        assert statements == []
        done = office(*words, "--yes").ok()
        revised = time.perf_counter()
        after = _clocks(db)
    changed = {key for key, row in after.items() if before[key] != row}
    moves = [match for match in map(CLOCKS_MOVED.match, statements) if match]
    written = [
        (complaint, name, int(round_))
        for name, round_, ids in (m.groups() for m in moves)
        for complaint in json.loads(ids)
    ]
    assert len(written) == len(changed) and set(written) == changed
    others = [statement.split("(")[0].strip() for statement in statements if not CLOCKS_MOVED.match(statement)]
    assert [statement for statement in others if CLERKS_TABLES.search(statement)] == ["INSERT INTO transition VALUES"]
    # What is affected, counted apart: running clocks whose deadline, day by day, is another one now.
    assert changed == _affected(before)
    assert len(changed) > SIZE / 300
    # The preview is what is then done.
    assert done.splitlines()[:-1] == shown.splitlines()
    assert done.splitlines()[-1].endswith(f": 1 day changed, {len(changed)} deadlines moved")
    office("verify").ok()
    verified = time.perf_counter()
    print(
        f"\n{SIZE:,} complaints, {len(after):,} clocks, {sum(row[3] is None for row in after.values()):,} of them "
        f"running: {len(changed):,} clock rows written; filled in {filled - began:.1f} s, preview {previewed - filled:.2f} s,"
        f" revision {revised - previewed:.2f} s, verify {verified - revised:.1f} s"
    )


def _affected(clocks: Clocks) -> set[tuple[int, str, int]]:
    model = Model(NOW, (set(), set()), 1)
    model.revise([date(2016, 11, 14)], "off")
    rules = {rule.name: rule for rule in POLICIES["green-channel"][0][1]}
    found = set()
    for key, (started_at, _, _, ended_at, *_) in clocks.items():
        if ended_at is None:
            start = (datetime.fromisoformat(started_at[:-1]) + HOURS).date()
            old, new = (model._due(rules[key[1]], start, rules[key[1]].length, [], c) for c in model.calendars)
            found |= {key} if old != new else set()
    return found


def test_a_change_that_moves_no_deadline_writes_no_clock(office: Clerk, statements: list[str]) -> None:
    _fill(office.db, 100)
    words = ("calendar", "amend", "2016-12-14", "--off", "--name", "storm", "--source", "n", "--yes")
    statements.clear()
    assert office(*words).ok().endswith("1 day changed, 0 deadlines moved\n")
    written = [statement.split("(")[0].strip() for statement in statements]
    assert [statement for statement in written if CLERKS_TABLES.search(statement)] == ["INSERT INTO transition VALUES"]
    # The same once more changes nothing, and is not written down.
    statements.clear()
    assert office(*words).ok() == "the calendar is unchanged\n"
    assert statements == []


def test_without_yes_nothing_is_written(office: Clerk) -> None:
    office("add", "--platform", "JD").ok()
    before = _dump(office.db)
    told = office("calendar", "amend", "2016-11-14", "--off", "--name", "storm", "--source", "notice")
    assert told.status == 0 and "complaint 1 forward: Mon 2016-11-14 24:00 -> Tue 2016-11-15 24:00" in told.out
    assert "Preview only" in told.err
    assert _dump(office.db) == before


def test_a_span_that_moves_several_clocks_of_one_complaint_and_spares_the_paused(office: Clerk) -> None:
    office("add", "--platform", "JD", "--at", "2016-11-10 10:00").ok()
    office("add", "--platform", "JD", "--policy", "samr-complaint", "--at", "2016-11-10 10:00").ok()
    office("add", "--platform", "JD").ok()
    office("pause", 3, "--reason", "appraisal").ok()
    told = office(
        "calendar", "amend", "2016-11-14..2016-11-16", "--off", "--name", "storm", "--source", "n", "--yes"
    ).ok()
    moved = re.findall(r"complaint (\d+) ([\w-]+): (.+) -> (.+)", told)
    assert moved == [("2", "accept", "Mon 2016-11-21 24:00", "Thu 2016-11-24 24:00")]
    office("resume", 3, now="2016-11-17T09:00:00+08:00").ok()
    (record,) = json.loads(
        office("list", "--format", "json", "--status", "received", now="2016-11-17T09:00:00+08:00").ok()
    )[2:]
    # Received on Friday 11, paused the same day until Thursday 17, the next day worked: that day is not counted.
    assert (record["id"], record["forward_due"]) == (3, "2016-11-18T23:59:59+08:00")


def test_a_revision_tells_anew_whether_a_pause_came_in_time(office: Clerk) -> None:
    """Found by the state machine: a pause excuses what it meets in time, and the deadline it meets may move."""
    office("add", "--platform", "JD", "--at", "2016-11-10 10:00").ok()
    office("add", "--platform", "Tmall", "--at", "2016-11-11 10:00").ok()
    office.now = "2016-11-14T10:00:00+08:00"
    office("pause", 1, "--reason", "too late, the deadline was Friday").ok()
    office("pause", 2, "--reason", "in time", "--at", "2016-11-13 10:00").ok()
    assert [(r["id"], r["clock"]) for r in json.loads(office("overdue", "--format", "json").ok())] == [(1, "forward")]

    told = office("calendar", "amend", "2016-11-11", "--off", "--name", "storm", "--source", "n", "--yes").ok()
    assert "complaint 1 forward: Fri 2016-11-11 24:00 -> -\n" in told
    assert office("overdue").ok() == ""
    office("verify").ok()

    told = office("calendar", "amend", "2016-11-12", "--worked", "--name", "sales", "--source", "n", "--yes").ok()
    assert "complaint 2 forward: - -> Sat 2016-11-12 24:00\n" in told
    late = json.loads(office("overdue", "--format", "json").ok())
    assert [(r["id"], r["clock"], r["working_days_late"]) for r in late] == [(1, "forward", 1), (2, "forward", 1)]
    office("verify").ok()
    _same_after_rebuilding(office)


def test_overdue_as_of_agrees_with_list_after_a_revision(office: Clerk) -> None:
    """What ran at that moment is counted by the present calendar, whether it ended since or not."""
    office("add", "--platform", "JD", "--at", "2016-11-04 10:00").ok()
    office("forward", 1, "--at", "2016-11-07 12:00").ok()
    office("calendar", "amend", "2016-11-05", "--worked", "--name", "sales", "--source", "n", "--yes").ok()
    (record,) = json.loads(office("list", "--as-of", "2016-11-07 09:00", "--format", "json").ok())
    (late,) = json.loads(office("overdue", "--as-of", "2016-11-07 09:00", "--format", "json").ok())
    assert record["forward_verdict"] == late["verdict"] == "overdue"
    assert record["forward_due"] == late["due"] == "2016-11-05T23:59:59+08:00"


def test_refresh_keeps_what_clerks_ruled_themselves(tmp_path: Path) -> None:
    clerk = Clerk(tmp_path / "home", new_place(tmp_path), now=f"{NOW.isoformat()}+08:00")
    file = clerk.home / "calendars" / "office.toml"
    file.parent.mkdir(parents=True)
    head = 'name = "office"\ntitle = "The office"\ncountry = "CN"\ntimezone = "Asia/Shanghai"\n'
    file.write_text(head, encoding="utf-8")
    clerk("init", "--calendar", "office").ok()
    clerk("calendar", "amend", "2016-11-14", "--off", "--name", "own", "--source", "notice", "--yes").ok()
    assert clerk("calendar", "refresh", "--yes").ok() == "the calendar is unchanged\n"

    # An upgrade rules another day, and the very day that the clerks ruled.
    more = '\n[[amendment]]\nname = "{}"\n{} = ["{}"]\nscope = "all"\nnotice = "n"\n'
    file.write_text(head + more.format("fair", "off", "2016-11-15") + more.format("sale", "worked", "2016-11-14"))
    clerk("add", "--platform", "JD").ok()
    told = clerk("calendar", "refresh").ok()
    assert "Tue 2016-11-15: working day -> day off (fair" in told and "2016-11-14:" not in told
    assert "complaint 1 forward: Tue 2016-11-15 24:00 -> Wed 2016-11-16 24:00" in told
    assert clerk("calendar", "refresh", "--yes").ok().splitlines()[:-1] == told.splitlines()
    assert clerk("calendar", "refresh", "--yes").ok() == "the calendar is unchanged\n"
    clerk("verify").ok()

    dropped = clerk("calendar", "refresh", "--drop-own", "--yes").ok()
    assert "Mon 2016-11-14: day off (own, notice) -> working day (sale" in dropped
    clerk("verify").ok()
    _same_after_rebuilding(clerk)


def test_a_refresh_takes_in_another_weekend(tmp_path: Path) -> None:
    clerk = Clerk(tmp_path / "home", new_place(tmp_path), now="2016-11-04T09:00:00+08:00")
    file = clerk.home / "calendars" / "office.toml"
    file.parent.mkdir(parents=True)
    head = 'name = "office"\ntitle = "The office"\ntimezone = "Asia/Shanghai"\nweekend = ["sun"{}]\n'
    file.write_text(head.format(', "sat"'), encoding="utf-8")
    clerk("init", "--calendar", "office").ok()
    clerk("add", "--platform", "JD").ok()
    file.write_text(head.format(""), encoding="utf-8")
    told = clerk("calendar", "refresh").ok()
    assert "Sat 2016-11-05: day off (weekend) -> working day\n" in told
    assert "complaint 1 forward: Mon 2016-11-07 24:00 -> Sat 2016-11-05 24:00\n" in told
    assert clerk("calendar", "refresh", "--yes").ok().startswith(told)
    assert clerk("calendar", "refresh").ok() == "the calendar is unchanged\n"
    assert json.loads(clerk("calendar", "next", 1, "--format", "json").ok())["due"] == "2016-11-05"
    assert "\t2016-11-05\t" in clerk("list", "--format", "plain").ok()
    clerk("verify").ok()
    _same_after_rebuilding(clerk)


def test_an_imported_year_is_official_and_its_deadlines_certain(made_register: Path, tmp_path: Path) -> None:
    clerk = Clerk(tmp_path / "home", new_place(tmp_path), now="2026-12-30T10:00:00+08:00")
    copy_register(made_register, clerk.address)
    clerk("add", "--platform", "JD").ok()
    clerk("forward", 1, "--at", "2026-12-30 10:00").ok()
    clerk("add", "--platform", "JD", "--policy", "samr-complaint").ok()
    before = {record["id"]: record for record in json.loads(clerk("list", "--format", "json").ok())}
    assert before[1]["provisional"] and before[1]["complete_due"] == "2027-01-04T23:59:59+08:00"
    assert "2027-01-04?" in clerk("list", "--format", "plain").ok()
    assert clerk("doctor").out.count("2027") or clerk("doctor").err.count("2027")

    notice = tmp_path / "2027.json"
    days = [
        ("2027-01-01", True),
        ("2027-01-02", True),
        ("2027-01-03", True),
        ("2027-01-04", True),
        ("2027-01-09", False),
    ]
    told = [{"date": day, "name": "元旦", "isOffDay": off} for day, off in days]
    notice.write_text(
        json.dumps({"year": 2027, "papers": ["国办发明电"], "days": told}, ensure_ascii=False), encoding="utf-8"
    )
    preview = clerk("calendar", "import", notice)
    assert preview.status == 2, "nothing is written off a terminal without --yes"
    shown = preview.out
    assert "2027: now official" in shown
    assert "complaint 1 complete: Mon 2027-01-04 24:00? -> Tue 2027-01-05 24:00\n" in shown
    assert clerk("calendar", "import", notice, "--yes").ok().startswith(shown)
    after = {record["id"]: record for record in json.loads(clerk("list", "--format", "json").ok())}
    assert after[1]["complete_due"] == "2027-01-05T23:59:59+08:00"
    assert not any(record["provisional"] for record in after.values())
    assert "?" not in clerk("list", "--format", "plain").ok()
    # What was estimated of that year, as its Spring Festival, is gone: the notice is the whole official word.
    assert "February 2027  20 working days" in clerk("calendar", "show", "2027-02").ok()
    day = json.loads(clerk("calendar", "next", 1, "--from", "2027-02-05", "--format", "json").ok())
    assert day["due"] == "2027-02-08" and not day["provisional"]
    clerk("verify").ok()


def test_an_ended_clock_stands_until_it_is_judged_anew_on_request(office: Clerk) -> None:
    office("add", "--platform", "JD", "--at", "2016-11-04 10:00").ok()
    office("forward", 1, "--at", "2016-11-08 10:00").ok()
    office("complete", 1, "--at", "2016-11-10 10:00").ok()
    assert _verdicts(office) == ("missed", "met")
    words = ("calendar", "amend", "2016-11-07", "--off", "--name", "storm", "--source", "told too late")
    told = office(*words, "--yes").ok()
    assert "complaint 1 forward: ended late, would now be on time; its status stands" in told
    assert "0 deadlines moved" in told
    assert _verdicts(office) == ("missed", "met")
    shown = json.loads(office("show", 1, "--format", "json").ok())
    assert [clock["calendar_revision"] for clock in shown["clocks"]] == [1, 1]
    office("recheck").ok()
    assert _verdicts(office) == ("missed", "met")

    office.now = "2016-11-12T09:00:00+08:00"
    before = office("show", 1, "--known-at", "2016-11-11 17:00").ok()
    told = office("recheck", "--include-closed").ok()
    assert "complaint 1 forward: late -> on time\n" in told
    assert _verdicts(office) == ("met", "met")
    shown = json.loads(office("show", 1, "--format", "json").ok())
    assert [clock["calendar_revision"] for clock in shown["clocks"]] == [2, 2]
    with closing(sqlite3.connect(office.db)) as db:
        kind, actor, at, detail = db.execute(
            "SELECT kind, actor, recorded_at, detail FROM transition ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    assert (kind, actor, at, json.loads(detail)["revision"]) == ("rechecked", "clerk", "2016-11-12T01:00:00Z", 2)
    office("verify").ok()
    assert office("show", 1, "--known-at", "2016-11-11 17:00").ok() == before
    # A clock that ends afterwards, or once more, is judged by the calendar of that time.
    office("calendar", "amend", "2016-11-07", "--plain", "--name", "no storm", "--source", "taken back", "--yes").ok()
    assert _verdicts(office) == ("met", "met")
    _same_after_rebuilding(office)


def test_the_explanation_of_an_ended_clock_counts_by_its_own_calendar(office: Clerk) -> None:
    office("add", "--platform", "JD", "--at", "2016-11-04 10:00").ok()
    office("forward", 1, "--at", "2016-11-08 10:00").ok()
    before = office("explain", 1, "--clock", "forward").ok()
    office("calendar", "amend", "2016-11-07", "--off", "--name", "storm", "--source", "late", "--yes").ok()
    assert office("explain", 1, "--clock", "forward").ok() == before
    office("recheck", "--include-closed").ok()
    assert "storm" in office("explain", 1, "--clock", "forward").ok()


def _verdicts(clerk: Clerk) -> tuple[str, str]:
    (record,) = json.loads(clerk("list", "--format", "json").ok())
    return record["forward_verdict"], record["complete_verdict"]


def test_rebuilding_makes_the_tables_again_to_the_byte(office: Clerk) -> None:
    _fill(office.db, 200)
    office("calendar", "amend", "2016-11-09", "--off", "--name", "storm", "--source", "late", "--yes").ok()
    office("recheck", "--include-closed").ok()
    office("add", "--platform", "Tmall", "--policy", "samr-report", "--consumer", "Li", "--number", "BJ-1").ok()
    office("void", 3, "--reason", "slip").ok()
    office("platform", "check", "JD", "--channels", "phone", "--finding", "shown").ok()
    before = _dump(office.db)
    _same_after_rebuilding(office)
    # Even where the tables were made a mess of, that it mends.
    with closing(sqlite3.connect(office.db)) as db:
        db.execute("DELETE FROM clock WHERE complaint < 100")
        db.execute("UPDATE complaint SET status = 'closed'")
        db.execute("UPDATE calendar_ruling SET worked = 1 - worked WHERE day LIKE '2016-1%'")
        db.execute("DELETE FROM platform")
        db.execute("DELETE FROM policy")
        db.execute("UPDATE fact SET value = 'UTC' WHERE name = 'timezone'")
        db.execute("DELETE FROM search_text WHERE complaint = 7")
        db.commit()
    office("recheck", "--rebuild").ok()
    assert _dump(office.db) == before
    office("verify").ok()


def _same_after_rebuilding(clerk: Clerk) -> None:
    before = _dump(clerk.db)
    clerk("recheck", "--rebuild").ok()
    assert _dump(clerk.db) == before


def _dump(path: Path) -> list[tuple[str, list[Any]]]:
    """Return all rows of all tables."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return [(name, list(db.execute(f"SELECT * FROM {name}"))) for name in tables]

"""A revised calendar: what it moves is what it said it would, and nothing else is written."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Clerk

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
AMEND = ("calendar", "amend", "2016-11-15", "--off", "--name", "Storm", "--source", "notice 9")


@pytest.fixture
def busy(clerk: Clerk) -> Clerk:
    """Give the sample's register as it was on the morning of 2016-11-15."""
    assert clerk("import", SAMPLE, "--skip-bad").status == 4, "what happened later is refused"
    return clerk


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        tables = ("clock", "complaint", "calendar_day", "calendar_revision", "policy", "platform", "fact")
        return [repr(row) for table in tables for row in connection.execute(f"SELECT * FROM {table}")]


def _rows(clerk: Clerk) -> dict[tuple[object, ...], tuple[object, ...]]:
    with closing(sqlite3.connect(clerk.db)) as connection:
        return {row[:3]: row for row in connection.execute("SELECT * FROM clock")}


def test_the_preview_writes_nothing_and_tells_what_is_then_done(busy: Clerk) -> None:
    before = _dump(busy.db), busy("verify").ok()
    told = busy(*AMEND)
    assert (told.status, _dump(busy.db), busy("verify").ok()) == (0, *before)
    held = _rows(busy)
    done = busy(*AMEND, "--yes").ok()
    assert done.startswith(told.out)
    moved = [line for line in told.out.splitlines() if line.startswith("complaint ")]
    changed = {key for key, row in _rows(busy).items() if held[key] != row}
    assert len(moved) == len(changed) > 0
    assert {(int(line.split()[1]), line.split()[2].rstrip(":")) for line in moved} == {key[:2] for key in changed}


def test_only_the_clocks_that_move_are_written(busy: Clerk) -> None:
    with closing(sqlite3.connect(busy.db)) as connection:
        connection.executescript(
            "CREATE TABLE written (complaint); CREATE TRIGGER watch AFTER UPDATE ON clock BEGIN "
            "INSERT INTO written VALUES (new.complaint); END; CREATE TRIGGER watch_new AFTER INSERT ON clock BEGIN "
            "INSERT INTO written VALUES (new.complaint); END;"
        )
    done = busy(*AMEND, "--yes").ok()
    moved = [int(line.split()[1]) for line in done.splitlines() if line.startswith("complaint ")]
    with closing(sqlite3.connect(busy.db)) as connection:
        written = [complaint for (complaint,) in connection.execute("SELECT complaint FROM written")]
    assert sorted(written) == sorted(moved)


def test_a_rebuilt_register_is_the_same_to_the_byte(busy: Clerk) -> None:
    busy(*AMEND, "--yes").ok()
    busy("calendar", "amend", "2016-11-19", "--worked", "--name", "Storm made up", "--source", "notice 9", "--yes").ok()
    before = _dump(busy.db)
    assert busy("recheck", "--rebuild").ok()
    assert _dump(busy.db) == before
    busy("verify").ok()


def test_an_ended_clock_keeps_its_verdict_until_judged_anew(busy: Clerk) -> None:
    busy("add", "--platform", "JD", "--at", "2016-11-09 09:00", "--format", "json").ok()
    record = json.loads(busy("list", "--format", "json").ok())[-1]
    busy("forward", record["id"], "--at", "2016-11-10 10:00").ok()
    told = busy("calendar", "amend", "2016-11-10", "--worked", "--name", "x", "--source", "y", "--yes").ok()
    assert f"complaint {record['id']} " not in told, "a day worked before and after moves nothing"
    busy("complete", record["id"], "--at", "2016-11-15 08:00").ok()
    told = busy(
        "calendar", "amend", "2016-11-11..2016-11-14", "--off", "--name", "Flood", "--source", "z", "--yes"
    ).ok()
    assert f"complaint {record['id']} complete: ended missed, would now be met" in told
    verdict = f"show {record['id']} --format json".split()
    assert json.loads(busy(*verdict).ok())["complete_verdict"] == "missed"
    busy("verify").ok()
    assert f"complaint {record['id']} complete: missed -> met" in busy("recheck", "--include-closed").ok()
    assert json.loads(busy(*verdict).ok())["complete_verdict"] == "met"
    busy("verify").ok()
    with closing(sqlite3.connect(busy.db)) as connection:
        kinds = [kind for (kind,) in connection.execute("SELECT kind FROM transition WHERE complaint IS NULL")]
    assert kinds.count("rechecked") == 1
    assert kinds.count("calendar-revised") == 2


def test_a_refresh_keeps_what_the_clerks_ruled(busy: Clerk) -> None:
    busy(*AMEND, "--yes").ok()
    assert "the calendar stays as it is" in busy("calendar", "refresh", "--yes").ok()
    dropped = busy("calendar", "refresh", "--drop-own", "--yes").ok()
    assert "Tue 2016-11-15: off (Storm, notice 9) -> worked (working day)" in dropped
    busy("verify").ok()


def test_a_notice_makes_a_year_official_and_its_deadlines_certain(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = "2026-12-31T09:00:00+08:00"
    clerk("add", "--platform", "JD", "--at", "2026-12-30 09:00").ok()
    clerk("forward", 1).ok()
    assert json.loads(clerk("list", "--format", "json").ok())[0]["provisional"] is True
    notice = tmp_path / "2027.json"
    days = [{"name": "New Year's Day", "date": f"2027-01-0{day}", "isOffDay": True} for day in (1, 2, 3)]
    notice.write_text(json.dumps({"year": 2027, "papers": ["notice 1"], "days": days}))
    told = clerk("calendar", "import", notice, "--yes").ok()
    assert "2027: now official" in told
    assert "complaint 1 complete: Tue 2027-01-05 24:00? -> Tue 2027-01-05 24:00\n" in told
    assert json.loads(clerk("list", "--format", "json").ok())[0]["provisional"] is False
    clerk("verify").ok()

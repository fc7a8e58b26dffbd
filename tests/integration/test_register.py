"""The register on disk: an append-only journal, tables that follow it, one writer at a time, no tampering unseen."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core import chain
from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.core.platform import Platform
from dealtrack.errors import InFuture, RegisterLocked, UnknownComplaint
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Filter, View
from dealtrack.register.recorder import Proposal, RecordingResult, Work, recording
from dealtrack.register.register import Register
from tests.conftest import Clerk, Link, connection_of, prepared
from tests.guards import without_triggers

NOW = datetime(2016, 11, 15, 1, 0, tzinfo=UTC)
MOMENT = Moment(NOW, NOW, False)
DETAIL = {"platform": "JD", "category": "other", "policy": "green-channel"}
SAME = "complaint, kind, at, recorded_at, actor, detail"
COLUMNS = "seq, complaint, kind, at, recorded_at, actor, detail, previous, hash"


@prepared
def filled(clerk: Clerk) -> None:
    """A register with three complaints; its last entries are notes, which no table but the journal holds."""
    for number in range(1, 4):
        clerk("add", "--platform", "JD", "--number", f"N-{number}", "--at", "2016-11-11 10:00").ok()
    clerk("forward", 1, 2, "--at", "2016-11-14 10:00").ok()
    clerk("complete", 1, "--at", "2016-11-14 15:00", "--outcome", "refund").ok()
    for text in ("first", "second", "third"):
        clerk("note", 3, "--note", text).ok()


@contextmanager
def bare(path: Path, *, triggers: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a register as anybody can, behind dealtrack's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with nullcontext() if triggers else without_triggers(connection):
            yield connection


def journal(path: Path) -> list[tuple[Any, ...]]:
    with bare(path) as connection:
        return connection.execute(f"SELECT {COLUMNS} FROM transition ORDER BY seq").fetchall()


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with bare(path) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def seq_of(path: Path, kind: str) -> int:
    return next(int(row[0]) for row in journal(path) if row[2] == kind)


# Triggers


@pytest.mark.parametrize(
    "statement",
    [
        *(f"UPDATE transition SET {column} = {column} WHERE seq = 2" for column in COLUMNS.split(", ")),
        "UPDATE transition SET detail = '{}'",
        "UPDATE OR REPLACE transition SET seq = 1 WHERE seq = 2",
        "UPDATE OR IGNORE transition SET at = '2016-01-01T00:00:00Z' WHERE seq = 2",
        "DELETE FROM transition WHERE seq = 2",
        "DELETE FROM transition WHERE seq = (SELECT max(seq) FROM transition)",
        "DELETE FROM transition",
        "INSERT OR REPLACE INTO transition SELECT * FROM transition WHERE seq = 2",
        f"REPLACE INTO transition SELECT seq, {SAME}, zeroblob(32), hash FROM transition WHERE seq = 3",
        "INSERT INTO transition SELECT * FROM transition WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET actor = 'me'",
        # After the end, but not continuing it: a gap, another's digest before it, no number at all.
        f"INSERT INTO transition SELECT max(seq) + 2, {SAME}, hash, hash FROM transition",
        f"INSERT INTO transition SELECT max(seq) + 1, {SAME}, previous, hash FROM transition",
        f"INSERT INTO transition SELECT max(seq) + 1, {SAME}, zeroblob(32), hash FROM transition",
        f"INSERT INTO transition SELECT 0, {SAME}, zeroblob(32), hash FROM transition WHERE seq = 1",
        f"INSERT INTO transition SELECT -1, {SAME}, hash, hash FROM transition WHERE seq = 1",
        f"INSERT INTO transition SELECT NULL, {SAME}, previous, hash FROM transition WHERE seq = 2",
    ],
)  # fmt: skip
@pytest.mark.parametrize("recursive", [False, True])
def test_the_journal_only_grows_at_its_end(filled: Clerk, statement: str, recursive: bool) -> None:
    before = journal(filled.db)
    with bare(filled.db) as connection:
        connection.execute(f"PRAGMA recursive_triggers = {'ON' if recursive else 'OFF'}")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
    assert journal(filled.db) == before


def test_tables_are_strict_and_the_file_is_marked(filled: Clerk) -> None:
    with bare(filled.db) as connection:
        listed = connection.execute("PRAGMA table_list").fetchall()
        loose = [
            name for schema, name, kind, _, _, strict in listed if (schema, kind) == ("main", "table") and not strict
        ]
        assert [name for name in loose if not name.startswith(("sqlite_", "_sqlite_"))] == []
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA application_id").fetchone() != (0,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert filled.db.stat().st_mode & 0o777 == 0o600


def test_the_register_s_own_connection_is_safe(filled: Clerk) -> None:
    with open_register(filled.address) as register:
        wanted = {"foreign_keys": 1, "recursive_triggers": 1, "synchronous": 2}
        assert {name: connection_of(register).execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted
        assert connection_of(register).execute("PRAGMA busy_timeout").fetchone()[0] >= 5000


# Tampering


def rewrite(path: Path, seq: int, **changes: Any) -> None:
    """Change an entry and chain everything from it on anew, as one who knows how would."""
    with bare(path, triggers=False) as connection:
        previous = connection.execute("SELECT previous FROM transition WHERE seq = ?", (seq,)).fetchone()[0]
        for row in connection.execute(
            f"SELECT {COLUMNS} FROM transition WHERE seq >= ? ORDER BY seq", (seq,)
        ).fetchall():
            link = Link(*row)._replace(previous=previous, **(changes if row[0] == seq else {}))
            link = link._replace(hash=chain.entry_hash(*link[:-1]))
            changed = (link.actor, link.detail, link.at, link.previous, link.hash, link.seq)
            sets = "actor = ?, detail = ?, at = ?, previous = ?, hash = ?"
            connection.execute(f"UPDATE transition SET {sets} WHERE seq = ?", changed)
            previous = link.hash


TAMPERINGS: dict[str, tuple[str, str, int]] = {
    # what is done to entry n: the statement, the kind of entry n, how far from n the first fault is told
    "complaint": ("UPDATE transition SET complaint = 3 WHERE seq = :n", "forwarded", 0),
    "kind": ("UPDATE transition SET kind = 'completed' WHERE seq = :n", "forwarded", 0),
    "at": ("UPDATE transition SET at = '2016-11-14T02:00:01Z' WHERE seq = :n", "forwarded", 0),
    "recorded_at": ("UPDATE transition SET recorded_at = '2016-11-14T02:00:01Z' WHERE seq = :n", "forwarded", 0),
    "actor": ("UPDATE transition SET actor = 'nobody' WHERE seq = :n", "forwarded", 0),
    "detail": ("UPDATE transition SET detail = replace(detail, 'refund', 'refuse') WHERE seq = :n", "completed", 0),
    "spaces in detail": ("UPDATE transition SET detail = detail || ' ' WHERE seq = :n", "completed", 0),
    "detail that is no JSON": ("UPDATE transition SET detail = 'x' WHERE seq = :n", "completed", 0),
    "no complaint": ("UPDATE transition SET complaint = NULL WHERE seq = :n", "completed", 0),
    "hash": ("UPDATE transition SET hash = zeroblob(32) WHERE seq = :n", "completed", 0),
    "short hash": ("UPDATE transition SET hash = x'00' WHERE seq = :n", "completed", 0),
    "previous": ("UPDATE transition SET previous = zeroblob(32) WHERE seq = :n", "completed", 0),
    "removed": ("DELETE FROM transition WHERE seq = :n", "completed", 0),
    "removed and closed up": (
        "DELETE FROM transition WHERE seq = :n; UPDATE transition SET seq = seq - 1 WHERE seq > :n",
        "completed",
        0,
    ),
    "two changed over": (
        "UPDATE transition SET seq = -1 WHERE seq = :n; UPDATE transition SET seq = :n WHERE seq = :n + 1;"
        "UPDATE transition SET seq = :n + 1 WHERE seq = -1",
        "completed",
        0,
    ),
    "put in": (
        "UPDATE transition SET seq = -seq WHERE seq > :n; UPDATE transition SET seq = 1 - seq WHERE seq < 0;"
        "INSERT INTO transition SELECT seq + 1, complaint, 'noted', at, recorded_at, actor, '{}', hash, hash "
        "FROM transition WHERE seq = :n",
        "completed",
        1,
    ),
    "put in before the first": (
        f"INSERT INTO transition SELECT 0, {SAME}, previous, hash FROM transition WHERE seq = 1",
        "made",
        0,
    ),
    "all removed but the first": ("DELETE FROM transition WHERE seq BETWEEN 2 AND :n", "completed", 0),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
def test_verify_names_the_first_entry_that_was_altered(filled: Clerk, what: str) -> None:
    statements, kind, offset = TAMPERINGS[what]
    n = seq_of(filled.db, kind)
    with bare(filled.db, triggers=False) as connection:
        connection.executescript(statements.replace(":n", str(n)))
    told = filled("verify")
    named = {"all removed but the first": 2}.get(what, n + offset)
    assert told.status == 1 and told.out == ""
    assert told.err.startswith(f"dealtrack: The journal was altered at entry {named}: "), told.err


def test_verify_is_silent_about_a_whole_register(filled: Clerk) -> None:
    told = filled("verify")
    last = journal(filled.db)[-1]
    assert told.status == 0 and told.err == ""
    assert told.out == f"journal intact: {last[0]} entries, checksum {last[8].hex()}\n"
    for length in (64, 12, 8):
        assert filled("verify", "--head", last[8].hex()[:length].upper()).status == 0
    older = journal(filled.db)[3][8].hex()
    assert filled("verify", "--head", older).status == 0


def test_a_cut_off_tail_shows_only_against_a_head_kept_elsewhere(filled: Clerk) -> None:
    head = journal(filled.db)[-1][8].hex()
    with bare(filled.db, triggers=False) as connection:
        connection.execute("DELETE FROM transition WHERE seq > (SELECT max(seq) - 2 FROM transition)")
    filled("recheck", "--rebuild").ok()
    assert filled("verify").status == 0
    told = filled("verify", "--head", head)
    assert told.status == 1 and head in told.err and "cut off" in told.err


def test_a_chain_made_anew_shows_against_a_head_kept_elsewhere(filled: Clerk) -> None:
    head = journal(filled.db)[-1][8].hex()
    rewrite(filled.db, seq_of(filled.db, "noted"), actor="somebody else")
    assert filled("verify").status == 0
    assert filled("verify", "--head", head).status == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clock SET due_at = '2017-01-01T00:00:00Z' WHERE complaint = 2 AND name = 'complete'",
        "UPDATE complaint SET status = 'closed' WHERE id = 3",
        "UPDATE calendar_ruling SET worked = 1 WHERE day = '2016-10-03'",
        "DELETE FROM platform WHERE name = 'JD'",
        "UPDATE policy SET definition = replace(definition, '\"length\":2', '\"length\":9')",
        "DELETE FROM clock WHERE complaint = 3",
    ],
)
def test_tables_that_do_not_follow_the_journal_are_found(filled: Clerk, statement: str) -> None:
    with bare(filled.db) as connection:
        assert connection.execute(statement).rowcount
    told = filled("verify")
    assert told.status == 1 and "dealtrack: " in told.err and "Traceback" not in told.err


# Writing


def test_what_fails_in_the_middle_leaves_nothing(filled: Clerk) -> None:
    before = tables(filled.db)
    with open_register(filled.address) as register:
        with pytest.raises(ZeroDivisionError), recording(register, NOW, "clerk") as recorder:
            recorder.record(Work(None, (Proposal(Kind.RECEIVED, MOMENT, DETAIL),)))
            recorder.record(Work(2, (Proposal(Kind.COMPLETED, MOMENT),)))
            recorder.flush()
            raise ZeroDivisionError
        assert not connection_of(register).in_transaction
        with pytest.raises(UnknownComplaint), recording(register, NOW, "clerk") as recorder:
            recorder.record(Work(2, (Proposal(Kind.COMPLETED, MOMENT),)))
            recorder.record(Work(77, (Proposal(Kind.COMPLETED, MOMENT),)))
    assert tables(filled.db) == before


def test_a_complaint_s_transitions_are_recorded_all_or_none(filled: Clerk) -> None:
    before = tables(filled.db)
    later = Moment(datetime(2016, 12, 1, tzinfo=UTC), datetime(2016, 12, 1, tzinfo=UTC), False)
    with open_register(filled.address) as register, recording(register, NOW, "clerk") as recorder:
        with pytest.raises(InFuture):
            recorder.record(Work(3, (Proposal(Kind.FORWARDED, MOMENT), Proposal(Kind.COMPLETED, later))))
    assert tables(filled.db) == before


def test_a_register_that_stays_locked_is_told_of(filled: Clerk) -> None:
    with bare(filled.db) as other, open_register(filled.address) as register:
        other.execute("BEGIN IMMEDIATE")
        connection_of(register).execute("PRAGMA busy_timeout = 50")
        before = journal(filled.db)
    with pytest.raises(RegisterLocked) as caught, bare(filled.db) as other, open_register(filled.address) as register:
        other.execute("BEGIN IMMEDIATE")
        connection_of(register).execute("PRAGMA busy_timeout = 50")
        with recording(register, NOW, "clerk") as recorder:
            recorder.record(Work(3, (Proposal(Kind.FORWARDED, MOMENT),)))
    assert caught.value.exit_code == 3 and str(filled.db) in str(caught.value)
    assert journal(filled.db) == before


def test_what_is_recorded_is_what_the_tables_then_hold(filled: Clerk) -> None:
    view = View.of(NOW)
    with open_register(filled.address) as register:
        with recording(register, NOW, "clerk") as recorder:
            recorded = [
                recorder.record(Work(3, (Proposal(Kind.PAUSED, MOMENT, {"reason": "testing"}),))),
                recorder.record(Work(None, (Proposal(Kind.RECEIVED, MOMENT, DETAIL), Proposal(Kind.NOTED, MOMENT)))),
                recorder.record(Work(2, (Proposal(Kind.COMPLETED, MOMENT, {"outcome": "refund"}),))),
            ]
        shown = [register.standing(each.complaint, each.clocks, view) for each in recorded]
        stored = {each.complaint.id: each for each in register.standings(Filter(), view)}
        assert [each.complaint for each in shown] == [stored[id_].complaint for id_ in (3, 4, 2)]
        for each in shown:
            then = stored[each.complaint.id]
            assert [(clock.name, clock.due, each.verdict(clock), clock.provisional) for clock in each.clocks] == [
                (clock.name, clock.due, then.verdict(clock), clock.provisional) for clock in then.clocks
            ]
        assert [entry for each in recorded for entry in each.entries] == [
            *register.history(3)[-1:],
            *register.history(4),
            *register.history(2)[-1:],
        ]
    assert recorder.result() == RecordingResult(is_change=True, complaints=(3, 4, 2))


def test_a_calendar_changed_since_it_was_read_counts_what_is_recorded(filled: Clerk) -> None:
    """While a clerk is asked, another amends the calendar: the deadline is counted by what the register then holds."""
    day = NOW.date()
    with open_register(filled.address) as register:
        due = register.calendar.nth_after(day, 1)
        filled("calendar", "amend", due, "--off", "--name", "storm", "--source", "notice", "--yes").ok()
        with recording(register, NOW, "clerk") as recorder:
            recorded = recorder.record(Work(None, (Proposal(Kind.RECEIVED, MOMENT, DETAIL),)))
        assert [(clock.due_day, clock.revision) for clock in recorded.clocks] == [
            (register.calendar.nth_after(due, 1), 2)
        ]
    assert filled("verify").status == 0


def test_an_open_session_records_by_what_the_register_holds_by_then(filled: Clerk) -> None:
    with open_register(filled.address) as register:

        def last_due() -> list[tuple[date | None, int]]:
            with recording(register, NOW, "clerk") as recorder:
                recorded = recorder.record(Work(None, (Proposal(Kind.RECEIVED, MOMENT, DETAIL),)))
            return [(clock.due_day, clock.revision) for clock in recorded.clocks]

        for revision in (2, 3):
            ((due, _),) = last_due()
            assert due is not None
            filled("calendar", "amend", due, "--off", "--name", "storm", "--source", "notice", "--yes").ok()
            assert last_due() == [(register.calendar.nth_after(due, 1), revision)]
    assert filled("verify").status == 0


def test_a_platform_of_a_recording_that_failed_is_not_known(filled: Clerk) -> None:
    new = Platform("Taojiji")
    with open_register(filled.address) as register:
        with pytest.raises(ZeroDivisionError), recording(register, NOW, "clerk") as recorder:
            recorder.enter_platform(new)
            assert "Taojiji" in {each.name for each in register.platforms}
            raise ZeroDivisionError
        for _ in range(2):
            assert "Taojiji" not in {each.name for each in register.platforms}
            with recording(register, NOW, "clerk") as recorder:
                recorder.record(Work(3, (Proposal(Kind.NOTED, MOMENT),)))
        with recording(register, NOW, "clerk") as recorder:
            recorder.enter_platform(new)
        assert "Taojiji" in {each.name for each in register.platforms}


def test_a_result_tells_the_clock_that_was_behind_and_whether_anything_was_written(filled: Clerk) -> None:
    early = NOW - timedelta(days=1)
    note = Proposal(Kind.NOTED, Moment(early, early, False))
    with open_register(filled.address) as register:
        last = register.history(3)[-1].recorded_at
        with recording(register, early, "clerk") as recorder:
            for id_ in (1, 2, 1):
                recorder.record(Work(id_, (note,)))
        assert recorder.result() == RecordingResult(is_change=True, complaints=(1, 2), ahead=last)
        with recording(register, early, "clerk") as recorder:
            assert recorder.use_policy("green-channel", lambda name: []) == "green-channel"
        assert recorder.result() == RecordingResult(is_change=False, ahead=last)


def test_a_reader_sees_the_register_before_a_write_and_after_it(filled: Clerk) -> None:
    before = filled("list").ok()
    with open_register(filled.address) as register:
        with recording(register, NOW, "clerk") as recorder:
            recorder.record(Work(3, (Proposal(Kind.FORWARDED, MOMENT),)))
            recorder.flush()
            assert filled("list").ok() == before
            assert filled("overdue").status == filled("show", 3).status == 0
    after = filled("list").ok()
    assert after != before and "\tforwarded\t" in after.splitlines()[2]


def test_a_reader_in_the_middle_of_reading_does_not_stop_a_writer(filled: Clerk) -> None:
    with open_register(filled.address) as register:
        standings = register.standings(Filter(), View.of(NOW))
        first = next(standings)
        assert filled("forward", 3).status == 0
        rest = list(standings)
    assert [first.complaint.id, *(s.complaint.id for s in rest)] == [1, 2, 3]


def test_many_processes_writing_at_once_all_get_their_turn(filled: Clerk) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "dealtrack", "add", "--platform", "JD", "--number", f"P-{n}", "--format", "json"],
            env=filled.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for n in range(8)
    ]  # fmt: skip
    ids = []
    for process in started:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        ids.append(json.loads(out)["id"])
    assert sorted(ids) == list(range(4, 12))
    assert filled("verify").status == 0


def test_recorded_at_never_goes_back_though_the_clock_does(filled: Clerk) -> None:
    filled("add", "--platform", "JD", now="2016-11-16T12:00:00+08:00").ok()
    filled("add", "--platform", "JD", now="2016-11-12T08:00:00+08:00").ok()
    filled("note", 4, "--note", "x", now="2016-11-17T08:00:00+08:00").ok()
    *_, first, second, third = journal(filled.db)
    assert [row[4] for row in (first, second, third)] == [
        "2016-11-16T04:00:00Z",
        "2016-11-16T04:00:00Z",
        "2016-11-17T00:00:00Z",
    ]
    assert second[3] == "2016-11-12T00:00:00Z"


def test_the_journal_holds_what_was_told_as_canonical_json_in_utc(filled: Clerk) -> None:
    filled("add", "--platform", "京东", "--summary", "屏幕有划痕", "--at", "2016-11-11 21:30").ok()
    last = journal(filled.db)[-1]
    assert (last[2], last[3], last[4], last[5]) == ("received", "2016-11-11T13:30:00Z", "2016-11-15T01:00:00Z", "clerk")
    detail = json.loads(last[6])
    assert last[6] == json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert (detail["platform"], detail["summary"]) == ("JD", "屏幕有划痕")


def test_personal_data_stands_outside_the_chain(filled: Clerk) -> None:
    filled("add", "--platform", "JD", "--consumer", "王小明", "--phone", "13900000000").ok()
    last = journal(filled.db)[-1]
    assert "王小明" not in last[6] and "13900000000" not in last[6] and json.loads(last[6])["personal"]
    for name, rows in tables(filled.db).items():
        assert ("王小明" in repr(rows)) is (name == "personal"), name


# Tables and plans


def dump(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    held = tables(path)
    own = {name: held.pop(name) for name in ("transition", "personal")}
    return own, {name: rows for name, rows in held.items() if not name.startswith(("sqlite_", "_"))}


def test_the_tables_say_what_the_journal_makes(filled: Clerk) -> None:
    _, held = dump(filled.db)
    clocks = sorted(row[:3] for row in held["clock"])
    assert clocks == [(1, "complete", 1), (1, "forward", 1), (2, "complete", 1), (2, "forward", 1), (3, "forward", 1)]
    assert {row[0]: row[-1] for row in held["complaint"]}.keys() == {1, 2, 3}
    with open_register(filled.address) as register:
        ruled = {day.isoformat() for day in register.calendar_rules().rulings}
    assert {row[0] for row in held["calendar_ruling"]} == ruled


def test_no_verdict_is_stored(filled: Clerk) -> None:
    """What time makes stale is not in the tables: they are the same whenever they are written."""
    with bare(filled.db) as connection:
        stored = repr(connection.execute("SELECT * FROM clock").fetchall())
    for word in ("running", "overdue", "met", "missed", "projected"):
        assert f"'{word}'" not in stored


def traced(register: Register, act: Callable[[Register], object]) -> list[str]:
    statements: list[str] = []
    connection_of(register).set_trace_callback(statements.append)
    act(register)
    connection_of(register).set_trace_callback(None)
    return statements


@pytest.mark.parametrize(
    "wanted", [Filter(), Filter(platforms=("JD",)), Filter(owners=("clerk",), categories=("other",))]
)
def test_overdue_is_one_scan_of_the_running_clocks_in_order(filled: Clerk, wanted: Filter) -> None:
    with open_register(filled.address) as register:
        statements = traced(register, lambda r: list(r.overdue(wanted, View.of(NOW))))
        scans = [s for s in statements if "FROM clock" in s or "JOIN clock" in s]
        assert len(scans) == 1
        plan = [row[3] for row in connection_of(register).execute("EXPLAIN QUERY PLAN " + scans[0])]
    assert any("clock_running" in line and "due_at<" in line for line in plan), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan
    assert not any(line.startswith("SCAN") and "clock_running" not in line for line in plan), plan


def test_due_is_one_scan_of_a_range_of_the_running_clocks(filled: Clerk) -> None:
    until = datetime(2016, 11, 16, tzinfo=UTC)
    with open_register(filled.address) as register:
        (scan,) = [
            s for s in traced(register, lambda r: list(r.due(Filter(), until, View.of(NOW)))) if "FROM clock" in s
        ]
        plan = [row[3] for row in connection_of(register).execute("EXPLAIN QUERY PLAN " + scan)]
    assert any("clock_running" in line and "due_at>" in line and "due_at<" in line for line in plan), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan


def test_overdue_reads_only_what_is_overdue(filled: Clerk, tmp_path: Path) -> None:
    """In steps of SQLite's own machine: two thousand closed complaints and two hundred not yet due cost nothing."""

    def steps() -> tuple[int, int]:
        taken = 0

        def step() -> int:
            nonlocal taken
            taken += 1
            return 0

        with open_register(filled.address) as register:
            assert (register.zone.key, register.calendar.revision) == ("Asia/Shanghai", 1)
            connection_of(register).set_progress_handler(step, 1)
            found = list(register.overdue(Filter(), View.of(NOW)))
            connection_of(register).set_progress_handler(None, 1)
        return len(found), taken

    few = steps()
    rows = [f"C-{n},JD,2016-11-01 09:00,2016-11-01 10:00,2016-11-02 10:00" for n in range(2000)]
    rows += [f"R-{n},JD,2016-11-15 08:00,," for n in range(200)]
    (tmp_path / "rows.csv").write_text("number,platform,received,forwarded,completed\n" + "\n".join(rows) + "\n")
    filled("import", tmp_path / "rows.csv").ok()
    many = steps()
    assert few[0] == many[0] == 1
    assert many[1] <= few[1] * 1.5

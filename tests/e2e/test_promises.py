"""What the guide says that the register promises, where tests/faults does not hold it already."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Clerk
from tests.registers import alter, copy_register, forge, locked

LATER = "2016-11-16T09:00:00+08:00"


def test_verify_neither_waits_for_a_writer_nor_keeps_one_waiting(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--summary", "shoes").ok()
    with locked(clerk.address):
        assert clerk("verify").ok().startswith("journal intact: ")


def test_verify_finds_a_text_that_is_not_of_its_complaint_beside_a_writer(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--summary", "shoes that came apart").ok()
    alter(clerk.address, "DELETE FROM search_text")
    with locked(clerk.address):
        result = clerk("verify")
    assert result.status == 1
    assert "Table search_text differs from the journal at complaint 1" in result.err
    assert "dealtrack recheck --rebuild" in result.err
    clerk("recheck", "--rebuild")
    clerk("verify").ok()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM fact WHERE name = 'timezone'",
        "UPDATE fact SET value = 'Nowhere/Nowhere' WHERE name = 'timezone'",
        "DELETE FROM fact",
    ],
)
def test_damaged_facts_are_made_again_from_the_journal(clerk: Clerk, damage: str) -> None:
    clerk("add", "--platform", "JD").ok()
    listed = clerk("list").ok()
    alter(clerk.address, damage)
    assert clerk("list").status == 3
    found = clerk("verify")
    assert found.status == 1 and "Table fact" in found.err and "recheck --rebuild" in found.err
    assert clerk("recheck", "--rebuild").status == 0
    clerk("verify").ok()
    assert clerk("list").ok() == listed


@pytest.mark.file_only("bytes that are no text")
def test_facts_that_are_no_text_do_not_keep_verify_from_telling(clerk: Clerk) -> None:
    with closing(sqlite3.connect(clerk.db)) as connection, connection:
        connection.execute("UPDATE fact SET value = CAST(x'ff41736961' AS TEXT) WHERE name = 'timezone'")
    found = clerk("verify")
    assert found.status == 1 and "recheck --rebuild" in found.err
    assert clerk("recheck", "--rebuild").status == 0
    clerk("verify").ok()


@pytest.mark.file_only("a view for Datasette")
def test_a_register_whose_schema_was_altered_is_not_copied_over_a_good_backup(clerk: Clerk, tmp_path: Path) -> None:
    clerk("backup", tmp_path / "copy.db").ok()
    before = (tmp_path / "copy.db").read_bytes()
    with closing(sqlite3.connect(clerk.db)) as connection, connection:
        connection.execute("DROP VIEW overdue")
    refused = clerk("backup", tmp_path / "copy.db")
    assert refused.status == 3 and "the schema was altered at overdue" in refused.err
    assert (tmp_path / "copy.db").read_bytes() == before


def test_an_altered_journal_sends_to_the_backup_not_to_rebuilding(clerk: Clerk) -> None:
    forge(clerk.address, "UPDATE transition SET actor = 'nobody' WHERE seq = 2")
    result = clerk("verify")
    assert result.status == 1
    assert "last intact backup" in result.err or "restore the last backup" in result.err
    assert "--rebuild" not in result.err


def crashed(clerk: Clerk) -> None:
    """Leave a register as a crash does: with its last entries in the write-ahead file alone."""
    program = (
        "import os, sys\nfrom dealtrack.register.opening import open_register\nfrom pathlib import Path\n"
        "from datetime import datetime, UTC\nfrom dealtrack.register.recorder import recording\n"
        "with open_register(Path(sys.argv[1])) as register:\n"
        "    from dealtrack.core.platform import Platform\n"
        "    with recording(register, datetime(2016, 11, 15, tzinfo=UTC), 'clerk') as recorder:\n"
        "        recorder.enter_platform(Platform('Taojiji'))\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, clerk.db], check=False)
    assert ran.returncode == -9


@pytest.mark.file_only("the write-ahead file")
def test_what_a_crash_left_in_the_write_ahead_file_is_there(clerk: Clerk) -> None:
    crashed(clerk)
    assert Path(f"{clerk.db}-wal").stat().st_size
    assert "Taojiji" in clerk("platform", "list").ok()
    clerk("verify").ok()


@pytest.mark.file_only("the write-ahead file")
def test_a_lost_write_ahead_file_is_said_to_be_lost(clerk: Clerk) -> None:
    head = clerk("verify").ok().split("checksum ")[1].strip()
    crashed(clerk)
    Path(f"{clerk.db}-wal").unlink()
    for command in (["list"], ["verify"], ["add", "--platform", "JD"], ["doctor"]):
        result = clerk(*command)
        assert result.status == 3
        assert "-wal, with its last entries, is gone" in result.err
    Path(f"{clerk.db}-shm").unlink()
    assert "Taojiji" not in clerk("platform", "list").ok()
    clerk("verify", "--head", head).ok()


@pytest.mark.file_only("the rights of files")
def test_a_register_in_a_read_only_folder_can_be_read(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    listed = clerk("list").ok()
    clerk.db.parent.chmod(0o500)
    try:
        assert clerk.without_rights("list").ok() == listed
        assert clerk.without_rights("verify").ok().startswith("journal intact: ")
        refused = clerk.without_rights("add", "--platform", "JD")
        assert refused.status == 3 and "read-only; nothing was written" in refused.err
    finally:
        clerk.db.parent.chmod(0o700)


@pytest.mark.file_only("the write-ahead file")
def test_a_register_in_a_read_only_folder_whose_last_entries_stand_beside_it_is_not_read_without_them(
    clerk: Clerk,
) -> None:
    crashed(clerk)
    Path(f"{clerk.db}-shm").unlink()
    clerk.db.parent.chmod(0o500)
    try:
        refused = clerk.without_rights("platform", "list")
        assert refused.status == 3 and refused.out == ""
    finally:
        clerk.db.parent.chmod(0o700)


@pytest.mark.file_only("the write-ahead file")
def test_a_register_that_is_written_to_while_it_is_read_without_locks_says_so(clerk: Clerk) -> None:
    from dealtrack.errors import RegisterUnusable
    from dealtrack.register.sqlite.connection import _connection, check_unchanged

    connection = _connection(clerk.db, "immutable=1", sqlite3.OperationalError("read-only"))
    check_unchanged(connection, clerk.db)
    clerk("add", "--platform", "JD").ok()
    with pytest.raises(RegisterUnusable, match="written to while being read"):
        check_unchanged(connection, clerk.db)
    connection.close()


def test_a_clock_that_was_set_back_is_told_of_and_never_moves_the_journal_back(clerk: Clerk) -> None:
    assert "clock" not in clerk("add", "--platform", "JD", now=LATER).err
    result = clerk("add", "--platform", "JD")
    assert result.status == 0
    assert "This computer's clock is behind the register's last entry" in result.err
    assert "2016-11-16 09:00" in result.err
    history = json.loads(clerk("show", 2, "--format", "json").ok())["history"]
    assert history[0]["recorded_at"] == LATER
    assert "time is before the register's last entry" in clerk("doctor").err
    assert "clock is behind" not in clerk("doctor", now=LATER).err
    clerk("verify").ok()


@pytest.mark.parametrize(
    ("late", "is_told"), [("2016-11-15T09:01:00+08:00", False), ("2016-11-15T09:01:01+08:00", True)]
)
def test_a_clock_that_is_behind_another_machine_s_by_up_to_a_minute_is_not_told_of(
    clerk: Clerk, late: str, is_told: bool
) -> None:
    clerk("add", "--platform", "JD", now=late).ok()
    result = clerk("add", "--platform", "JD", now="2016-11-15T09:00:00+08:00")
    assert result.status == 0
    assert ("clock is behind" in result.err) is is_told
    assert ("time is before" in clerk("doctor", now="2016-11-15T09:00:00+08:00").err) is is_told


def test_a_row_whose_deadline_lies_outside_the_calendar_leaves_nothing_behind(
    new_clerk: Callable[..., Clerk], made_register: Path, tmp_path: Path
) -> None:
    clerk = new_clerk(now="2028-12-30T09:00:00+08:00")
    copy_register(made_register, clerk.address)
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "number,platform,received,consumer\nA1,JD,2028-11-01,张三\nA2,JD,2028-12-29,李四\nA3,JD,2028-11-02,\n"
    )
    result = clerk("import", rows, "--skip-bad")
    assert result.status == 4
    assert "rows.csv:3: " in result.err and "outside the calendar" in result.err
    assert "2 added, 0 changed, 0 unchanged, 1 refused" in result.out
    clerk("verify").ok()
    assert clerk("list", now="2028-12-20T09:00:00+08:00").ok().count("\n") == 2


def test_what_damage_makes_fail_is_told_as_damage(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    alter(clerk.address, "UPDATE policy SET definition = '{}'")
    result = clerk("list")
    assert result.status == 3 and "it is damaged: table policy differs from the journal" in result.err
    found = clerk("verify")
    assert found.status == 1 and "recheck --rebuild" in found.err
    clerk("recheck", "--rebuild").ok()
    clerk("list").ok()


def test_a_fault_of_the_program_is_not_taken_for_damage(clerk: Clerk) -> None:
    from dealtrack.register.opening import open_register

    with pytest.raises(KeyError), open_register(clerk.address):
        raise KeyError("ours")


def test_who_looks_sees_one_state_whatever_is_written_meanwhile(clerk: Clerk) -> None:
    from dealtrack.register.opening import open_register
    from dealtrack.register.queries import Filter, View

    clerk("add", "--platform", "JD").ok()
    view = View.of(datetime.fromisoformat(clerk.now))
    with open_register(clerk.address) as register, register.one_state():
        before = [standing.complaint for standing in register.standings(Filter(), view)]
        clerk.process("add", "--platform", "JD").ok()
        clerk.process("forward", 1).ok()
        assert [standing.complaint for standing in register.standings(Filter(), view)] == before
        assert len(register.history(1)) == 1
    with open_register(clerk.address) as register:
        assert len(list(register.standings(Filter(), view))) == 2


def test_commands_that_look_see_one_state() -> None:
    for name in ("look", "report", "digest"):
        source = (PROJECT / "dealtrack" / "cli" / f"{name}.py").read_text()
        # The board goes on looking: each time it sees one state, by its feed.
        source = source.partition("\ndef board(")[0]
        assert "session.reading(" in source and "session.register()" not in source, name


@pytest.mark.parametrize(
    "words",
    [
        "add --platform JD",
        "accept 1",
        "forward 1",
        "complete 1",
        "withdraw 1",
        "reject 1 --reason x",
        "reopen 2 --reason x",
        "pause 1 --reason x",
        "extend 1 --clock forward --by 1 --reason x",
        "hand-on 1 --to x",
        "note 1 --note x",
        "amend 1 --summary x",
        "void 1 --reason x",
    ],
)
def test_a_format_that_there_is_not_is_refused_before_anything_is_written(clerk: Clerk, words: str) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("add", "--platform", "JD").ok()
    clerk("complete", 2).ok()
    before = clerk("verify").ok()
    assert clerk(*words.split(), "--format", "nonsense").status == 2
    assert clerk("verify").ok() == before

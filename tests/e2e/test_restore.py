"""The way back: from a backup to the register, whatever stands in its place."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealtrack.errors import NotRestored
from dealtrack.register.sqlite.restore import checked_backup, put_in_place
from tests.conftest import PROJECT, Clerk
from tests.make_register import unpack
from tests.registers import copy_register

pytestmark = pytest.mark.file_only("a backup that is put in the place of a file")

KEPT = "register0-replaced-20161115T010000Z.db"
PAPER = b"an invented receipt"

pytestmark = pytest.mark.file_only("a backup that is put in the place of a file")


@pytest.fixture
def desk(new_clerk: Callable[..., Clerk], made_register: Path) -> Clerk:
    """Give a clerk with a small register of two complaints and a piece of evidence, and a backup of it, copy.db."""
    clerk = new_clerk()
    copy_register(made_register, clerk.address)
    paper = clerk.db.with_name("receipt.txt")
    paper.write_bytes(PAPER)
    clerk("add", "--platform", "JD", "--number", "BJ-1", "--consumer", "张三").ok()
    clerk("add", "--platform", "Tmall", "--number", "BJ-2").ok()
    clerk("evidence", 1, "--file", paper).ok()
    clerk("backup", clerk.db.with_name("copy.db")).ok()
    return clerk


def _copy(clerk: Clerk) -> Path:
    return clerk.db.with_name("copy.db")


def _all_of(clerk: Clerk) -> list[str]:
    looks = ("list --format json", "show 1 2 --format json", "platform list", "policy list", "evidence 1")
    return [clerk(*look.split()).ok() for look in looks] + [clerk("verify").ok()]


def _beside(clerk: Clerk) -> set[str]:
    return {path.name for path in clerk.db.parent.glob("*register0*")} | {
        path.name for path in clerk.db.parent.glob(".*")
    }


def test_a_deleted_register_comes_back_equal(desk: Clerk) -> None:
    before = _all_of(desk)
    head = before[-1].split("checksum ")[1].strip()
    desk.db.unlink()
    shutil.rmtree(f"{desk.db}.evidence")
    told = desk("restore", _copy(desk), "--yes")
    assert told.ok() == (
        f"register {desk.db} restored from {_copy(desk)}: 36 entries, checksum {head}\n1 evidence file restored\n"
    )
    assert "There is no register at" in told.err
    assert _all_of(desk) == before
    assert desk("verify", "--head", head).ok()
    assert desk.db.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(desk.db)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert desk("add", "--platform", "JD").ok()
    assert desk("verify").ok()
    assert _beside(desk) == {"register0.db", "register0.db.evidence", "register0.db.last-backup"}


def test_a_register_whose_last_entry_cannot_be_read_is_called_so(desk: Clerk) -> None:
    with closing(sqlite3.connect(desk.db)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(
            'UPDATE "transition" SET recorded_at = \'x\' WHERE seq = (SELECT max(seq) FROM "transition")'
        )
    assert f"The file at {desk.db} cannot be read." in desk("restore", _copy(desk), "--yes").err


def test_what_is_replaced_is_kept_beside_it(desk: Clerk) -> None:
    before = _all_of(desk)
    desk("complete", 1).ok()
    desk("add", "--platform", "Amazon").ok()
    replaced = desk("verify").ok()
    told = desk("restore", _copy(desk), "--yes")
    told.ok()
    assert "has 2 more entries, which the backup lacks" in told.err
    assert "has the same" in desk("restore", _copy(desk), "--yes").err
    assert f"previous register kept at {desk.db.with_name(KEPT)}" in told.err
    assert _all_of(desk) == before
    kept = desk.db.with_name(KEPT)
    assert kept.stat().st_mode & 0o777 == 0o600
    shutil.copytree(f"{desk.db}.evidence", f"{kept}.evidence")
    assert desk("--db", kept, "verify").ok() == replaced
    # And forth again, by another name: what is kept is never overwritten.
    desk("restore", kept, "--yes").ok()
    assert desk("verify").ok() == replaced
    assert f"{KEPT.removesuffix('.db')}-1.db" in _beside(desk)


@pytest.mark.parametrize("what", ["garbage", "empty", "cut", "header", "pages"])
def test_what_cannot_be_read_is_replaced_and_kept(desk: Clerk, what: str) -> None:
    before = _all_of(desk)
    whole = desk.db.read_bytes()
    broken = {
        "garbage": b"not a register" * 100,
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "header": whole[:16] + bytes(84) + whole[100:],
        "pages": whole[:4096] + os.urandom(len(whole) - 4096),
    }[what]
    desk.db.write_bytes(broken)
    told = desk("restore", _copy(desk), "--yes")
    assert told.ok().startswith(f"register {desk.db} restored")
    assert _all_of(desk) == before
    kept = desk.db.with_name(KEPT)
    assert kept.stat().st_mode & 0o777 == 0o600
    # SQLite, where it can still copy what is damaged, says so in the copy's header.
    assert kept.read_bytes()[100:] == broken[100:]


def test_a_log_left_behind_does_not_get_into_what_is_restored(desk: Clerk) -> None:
    before = _all_of(desk)
    log = Path(f"{desk.db}-wal")
    with closing(sqlite3.connect(desk.db, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("UPDATE fact SET value = 'Europe/Berlin' WHERE name = 'timezone'")
        held = log.read_bytes()
    assert len(held) > 4096
    desk.db.unlink()
    log.write_bytes(held)
    desk("restore", _copy(desk), "--yes").ok()
    assert _all_of(desk) == before
    assert desk.db.with_name(f"{KEPT}-wal").read_bytes() == held


def test_an_altered_backup_is_refused_and_the_register_stays(desk: Clerk) -> None:
    before = desk.db.read_bytes()
    with closing(sqlite3.connect(_copy(desk), isolation_level=None)) as connection:
        connection.execute("UPDATE complaint SET platform = 'Amazon' WHERE id = 1")
    told = desk("restore", _copy(desk), "--yes")
    assert told.status == 3
    assert told.err == (
        f"dealtrack: The register {desk.db} was not restored from {_copy(desk)}: "
        "the backup is not intact: table complaint differs from the journal at 1. Its journal is intact: "
        f"'dealtrack --db {_copy(desk)} recheck --rebuild' rebuilds the rest.\n"
    )
    damaged = _copy(desk).read_bytes()
    _copy(desk).write_bytes(damaged[:8192] + bytes(len(damaged) - 8192))
    assert desk("restore", _copy(desk), "--yes").status == 3
    assert desk.db.read_bytes() == before
    assert KEPT not in _beside(desk)


def test_a_backup_of_altered_tables_is_made_whole_again_as_restore_says(desk: Clerk) -> None:
    listed = desk("list").ok()
    with closing(sqlite3.connect(desk.db, isolation_level=None)) as connection:
        connection.execute("UPDATE complaint SET platform = 'Amazon' WHERE id = 1")
    desk("backup", _copy(desk)).ok()
    told = desk("restore", _copy(desk), "--yes").err
    desk(*told.split("'")[1].split()[1:]).ok()
    desk("restore", _copy(desk), "--yes").ok()
    assert desk("list").ok() == listed
    desk("verify").ok()


def test_what_is_no_backup_is_refused(desk: Clerk, tmp_path: Path) -> None:
    before = desk.db.read_bytes()
    text, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("not a register")
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    cases = {
        tmp_path / "missing.db": (2, "there is no such file"),
        tmp_path: (2, "it is not a regular file"),
        text: (2, "it is not an SQLite file"),
        other: (2, "it is another program's database"),
        desk.db: (3, "it is the same file"),
    }
    for path, (status, reason) in cases.items():
        told = desk("restore", path, "--yes")
        assert told.status == status, path
        assert told.err.endswith(f"{reason}.\n")
        assert len(told.err.splitlines()) == 1
    assert desk.db.read_bytes() == before
    # Nor is another program's database replaced, whose place was named by mistake.
    mine = other.read_bytes()
    assert desk("--db", other, "restore", _copy(desk), "--yes").status == 3
    assert desk("--db", tmp_path, "restore", _copy(desk), "--yes").status == 3
    assert other.read_bytes() == mine


def test_nothing_is_replaced_unasked(desk: Clerk) -> None:
    before = desk.db.read_bytes()
    told = desk.process("restore", _copy(desk))
    assert told.status == 2
    assert told.err == "dealtrack: restore needs a terminal. To restore without a prompt, use --yes.\n"
    assert desk.at_terminal("restore", _copy(desk), typed=b"n\n").status == 2
    assert desk.at_terminal("restore", _copy(desk), typed=b"perhaps\n\n").status == 2
    assert desk.db.read_bytes() == before
    assert desk.at_terminal("restore", _copy(desk), typed="好\n是\n".encode()).status == 0
    assert KEPT in _beside(desk)


def test_a_backup_of_an_older_schema_is_brought_up_to_date_on_the_way(desk: Clerk, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    unpack(1, old)
    before = old.read_bytes()
    told = desk("restore", old, "--yes")
    assert "has a different journal, of 36 entries" in told.err
    assert "1 evidence file restored" not in told.ok(), "it is the same file by its content"
    assert desk("verify").ok().startswith("journal intact: 40 entries")
    assert old.read_bytes() == before


def test_a_register_that_somebody_has_open_is_not_replaced(desk: Clerk) -> None:
    desk("complete", 1).ok()
    before = _all_of(desk)
    now = datetime(2016, 11, 15, tzinfo=UTC)
    with closing(sqlite3.connect(f"file:{desk.db}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("SELECT count(*) FROM complaint").fetchone()
        with (
            checked_backup(desk.db, _copy(desk)) as draft,
            pytest.raises(NotRestored, match="it is open in another program"),
        ):
            put_in_place(draft, now, wait_seconds=0.2)
    assert _all_of(desk) == before
    assert {name for name in _beside(desk) if "replaced" in name or name.startswith(".")} == set()
    with checked_backup(desk.db, _copy(desk)) as draft:
        assert put_in_place(draft, now, wait_seconds=0.2) is not None


def test_a_link_to_the_register_stays_one(desk: Clerk, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(desk.db)
    desk("complete", 1).ok()
    desk("--db", link, "restore", _copy(desk), "--yes").ok()
    assert link.is_symlink()
    assert desk("list").ok().split("\t")[5] == "received"
    desk.db.unlink()
    desk("--db", link, "restore", _copy(desk), "--yes").ok()
    assert link.is_symlink()
    assert desk("verify").ok()


KILLED = """
import os, signal, sys, threading
from datetime import datetime, UTC
from pathlib import Path
from dealtrack.register.sqlite.restore import checked_backup, put_in_place
with checked_backup(Path(sys.argv[1]), Path(sys.argv[2])) as draft:
    threading.Timer(float(sys.argv[3]), os.kill, (os.getpid(), signal.SIGKILL)).start()
    put_in_place(draft, datetime(2016, 11, 15, 1, tzinfo=UTC))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_at_any_moment_of_it_the_register_is_the_one_or_the_other(desk: Clerk) -> None:
    desk("complete", 1).ok()
    copy, ours = _copy(desk), desk("verify").ok()
    theirs = desk("--db", copy, "verify").ok()
    whole = desk.db.read_bytes()
    for step in range(8):
        desk.db.write_bytes(whole)
        arguments = [sys.executable, "-c", KILLED, str(desk.db), str(copy), str(0.001 + step * 0.004)]
        assert subprocess.run(arguments, check=False, timeout=60).returncode == -signal.SIGKILL
        assert desk("verify").ok() in (ours, theirs)
        desk("restore", copy, "--yes").ok()
        assert desk("verify").ok() == theirs


def test_a_backup_made_while_others_write_holds_what_was_acknowledged(desk: Clerk, tmp_path: Path) -> None:
    script = """
import sys
from dealtrack.cli.main import main
for turn in range(25):
    number = f"{sys.argv[1]}-{turn}"
    assert main(["add", "--platform", "JD", "--number", number, "--quiet"]) == 0
    print(number, flush=True)
"""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", script, name],
            env={**os.environ, **desk.environment()},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("A", "B")
    ]
    told: list[str] = []
    try:
        for turn in range(4):
            for writer in writers:
                assert writer.stdout is not None
                told += [writer.stdout.readline().strip() for _ in range(5)]
            desk("backup", tmp_path / f"copy{turn}.db").ok()
            held = desk("--db", tmp_path / f"copy{turn}.db", "list", "--format", "jsonl").ok()
            numbers = {json.loads(line)["number"] for line in held.splitlines()}
            assert {*told, "BJ-1", "BJ-2"} <= numbers
    finally:
        assert [writer.wait(60) for writer in writers] == [0, 0]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.close()
    desk.db.unlink()
    desk("restore", tmp_path / "copy3.db", "--yes").ok()
    assert desk("list", "--format", "jsonl").ok() == held

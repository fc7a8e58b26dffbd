"""Two processes that check a register in stretches find what one finds, wherever it lies, and whatever becomes of one."""

import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealtrack.register import journal
from dealtrack.register.checking import MODULE, seen_of
from dealtrack.register.connection import Connection, reading
from dealtrack.register.journal import GREATEST, LEAST
from dealtrack.register.register import Register
from dealtrack.register.second_process import SecondProcess
from dealtrack.register.sharing import AHEAD, LARGE, Sharing, sharing, watched
from dealtrack.register.stretch import Checker, Sound, Stretch, stretches
from dealtrack.register.verification import Verification, verify
from tests.bench import complaints
from tests.conftest import Clerk
from tests.guards import without_triggers
from tests.second_processes import is_gone, started, worker_of
from tests.varied import make_varied

NEVER = 1 << 62
PARTS = 2 * AHEAD
"""Stretches of a register, of which the other process is asked for the latter half at once."""

two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: there is no second process")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, small_register: Path) -> Path:
    """Make a register of varied complaints, most of which have entries far from each other in the journal."""
    return make_varied(tmp_path_factory.mktemp("varied"), small_register, 80)


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    held = tmp_path / "register.db"
    shutil.copy(made, held)
    return held


@contextmanager
def unguarded(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a register with nothing in the way; its triggers are made again, to the letter, afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db, without_triggers(db):
        yield db


def length_of(path: Path, parts: int = PARTS) -> int:
    with closing(sqlite3.connect(path)) as db:
        (entries,) = db.execute("SELECT max(seq) FROM transition").fetchone()
    return int(-(-entries // parts))


def one_way(path: Path, head: str = "") -> Verification:
    with Register.open(path) as register:
        return verify(register, head, evidence=False, large=NEVER)


def shared_way(path: Path, head: str = "", parts: int = PARTS) -> Verification:
    with Register.open(path) as register:
        return verify(register, head, evidence=False, large=1, stretch=length_of(path, parts))


def is_sound(path: Path, length: int) -> bool:
    """Tell whether all stretches of a length are sound, and their sums agree."""
    with Register.open(path) as register, reading(register.connection):
        told = list(map(Checker(register, "").check, stretches(register.connection, length)))
    sounds = [sound for sound in told if sound is not None]
    return len(sounds) == len(told) and sum(one.passed for one in sounds) == sum(one.gathered for one in sounds)


@pytest.mark.parametrize("length", [1, 2, 7, 50, 199, NEVER])
def test_stretches_leave_nothing_out_and_take_nothing_twice(path: Path, length: int) -> None:
    with Register.open(path) as register:
        entries, _ = register.head()
        cut = list(stretches(register.connection, length))
    assert cut[0].after == 0 and cut[-1].last == entries
    assert cut[0].first_id == LEAST and cut[-1].last_id == GREATEST
    for before, here in itertools.pairwise(cut):
        assert here.after == before.last and here.first_id == before.last_id + 1
    assert all(0 < stretch.last - stretch.after <= length for stretch in cut)
    assert is_sound(path, length)


TAMPERED = {
    "complaint": ("id", "UPDATE complaint SET summary = 'forged' WHERE id = ?"),
    "complaint gone": ("id", "DELETE FROM complaint WHERE id = ?"),
    "clock": ("complaint", "UPDATE clock SET due_day = '2017-01-01' WHERE complaint = ?"),
    "clock gone": ("complaint", "DELETE FROM clock WHERE complaint = ?"),
    "search_text": ("complaint", "UPDATE search_text SET former = 'forged' WHERE complaint = ?"),
    "search_text gone": ("complaint", "DELETE FROM search_text WHERE complaint = ?"),
    "personal": ("complaint", "UPDATE personal SET consumer = 'forged' WHERE complaint = ?"),
    "personal gone": ("complaint", "DELETE FROM personal WHERE complaint = ?"),
    "transition": ("seq", "UPDATE transition SET at = '2016-10-01T00:00:00Z' WHERE seq = ?"),
    "transition of nobody": ("seq", "UPDATE transition SET complaint = NULL WHERE seq = ? AND complaint IS NOT NULL"),
    "transition gone": ("seq", "DELETE FROM transition WHERE seq = ?"),
    "transition hash": ("seq", "UPDATE transition SET hash = x'00' WHERE seq = ?"),
    "transition previous": ("seq", "UPDATE transition SET previous = x'00' WHERE seq = ?"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_wrong_is_found_in_whatever_stretch_it_lies(made: Path, tmp_path: Path, what: str) -> None:
    key, statement = TAMPERED[what]
    table = what.split(maxsplit=1)[0]
    half = AHEAD * length_of(made)
    with closing(sqlite3.connect(made)) as db:
        keys = [found for (found,) in db.execute(f"SELECT DISTINCT {key} FROM {table} ORDER BY 1")]
        (border,) = db.execute("SELECT max(complaint) FROM transition WHERE seq <= ?", (half,)).fetchone()
    at = half if key == "seq" else border
    places = {keys[0], keys[1], *[found for found in keys if found <= at][-2:], keys[-2], keys[-1]}
    places |= {*[found for found in keys if found > at][:2]}
    for place in places:
        path = tmp_path / "register.db"
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        shutil.copy(made, path)
        with unguarded(path) as db:
            db.execute("PRAGMA foreign_keys = OFF")
            if not db.execute(statement, (place,)).rowcount:
                continue
        for length in (5, half - 1, half, half + 1):
            assert not is_sound(path, length), (place, length)
        if place in (keys[0], at, keys[-1]):
            alone = one_way(path)
            assert alone.faults and shared_way(path) == alone


@pytest.mark.parametrize(
    "statements",
    [
        ("INSERT INTO complaint SELECT -4, {columns} FROM complaint WHERE id = 2",),
        ("INSERT INTO complaint SELECT 9999, {columns} FROM complaint WHERE id = 2",),
        ("INSERT INTO personal (complaint, salt) VALUES (-9, x'00')",),
        ("INSERT INTO personal (complaint, salt) VALUES (9999, x'00')",),
        ("INSERT INTO search_text VALUES (9999, 'a', '')",),
        ("INSERT INTO transition SELECT 0, {entry} FROM transition WHERE seq = 1",),
        ("INSERT INTO transition SELECT -7, {entry} FROM transition WHERE seq = 9",),
        ("INSERT INTO transition SELECT (SELECT max(seq) FROM transition) + 2, {entry} FROM transition WHERE seq = 9",),
        # The first entry of one half takes the place of the last one of the other.
        (
            "UPDATE transition SET seq = 0 WHERE seq = {half}",
            "UPDATE transition SET seq = {half} WHERE seq = {half} + 1",
            "UPDATE transition SET seq = {half} + 1 WHERE seq = 0",
        ),
        # A complaint's last entry is moved to the journal's end, or is said to be another's.
        (
            "UPDATE transition SET seq = (SELECT max(seq) + 1 FROM transition) "
            "WHERE seq = (SELECT max(seq) FROM transition WHERE complaint = 1)",
        ),
        (
            "UPDATE transition SET complaint = (SELECT max(id) FROM complaint) "
            "WHERE seq = (SELECT max(seq) FROM transition WHERE complaint = 1)",
        ),
        ("UPDATE complaint SET id = 5000 WHERE id = 3",),
        ("DELETE FROM search_index_data WHERE id > 10",),
        ("UPDATE policy SET seq = seq + 1",),
        ("CREATE VIEW other AS SELECT 1",),
    ],
)
def test_what_was_put_in_or_moved_is_found(path: Path, statements: tuple[str, ...]) -> None:
    half = AHEAD * length_of(path)
    with unguarded(path) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        names = [name for _, name, *_ in db.execute("PRAGMA table_info(complaint)")][1:]
        entry = [name for _, name, *_ in db.execute("PRAGMA table_info(transition)")][1:]
        for statement in statements:
            db.execute(statement.format(columns=", ".join(names), entry=", ".join(entry), half=half))
    alone = one_way(path)
    assert alone.faults
    assert shared_way(path, parts=2) == alone
    assert shared_way(path) == alone


def test_a_tail_cut_off_with_all_that_was_made_of_it_shows_against_a_head_kept_elsewhere(path: Path) -> None:
    with Register.open(path) as register:
        entries, head = register.head()
        (first_hash,) = register.connection.execute("SELECT lower(hex(hash)) FROM transition WHERE seq = 5").fetchone()
    for known in (head, head[:8], first_hash, first_hash[:9]):
        assert shared_way(path, known).faults == one_way(path, known).faults == []
    with Register.open(path) as register, register.recording(datetime(2017, 1, 1, tzinfo=UTC), "clerk") as recorder:
        recorder.event(journal.Event.ERASED, {"complaint": 1, "reason": "asked"})
    with Register.open(path) as register:
        _, later = register.head()
    with unguarded(path) as db:
        db.execute("DELETE FROM transition WHERE seq > ?", (entries,))
    assert shared_way(path).faults == []
    assert shared_way(path, later) == one_way(path, later) and shared_way(path, later).faults


class NotHere(Checker):
    """Checks no stretch: all are to be left to the other process."""

    def check(self, stretch: Stretch) -> Sound | None:
        raise AssertionError(stretch)


@two_cores
def test_the_other_process_checks_what_it_is_asked_for(path: Path) -> None:
    with Register.open(path) as register, watched(register, 1) as is_same, reading(register.connection):
        cut = list(stretches(register.connection, length_of(path, AHEAD)))
        alone = list(map(Checker(register, "").check, cut))
        with sharing(register, "", is_same) as shared:
            shared.begin(cut)
            told = list(shared.checked(NotHere(register, "")))
    assert told == alone[::-1] and None not in told


@pytest.mark.parametrize("how", ["small", "seen", "in memory", "unwritable"])
def test_no_second_process_where_it_would_not_see_the_same(path: Path, how: str) -> None:
    with Register.open(path) as register:
        if how == "small":
            with watched(register, LARGE) as is_same:
                assert is_same is None
        elif how == "seen":
            with reading(register.connection), watched(register, 1) as is_same:
                assert is_same is None
        elif how == "in memory":
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
                register.connection.backup(copy)
                with watched(Register(path, copy), 1) as is_same:
                    assert is_same is None
        else:
            connection = register.connection
            assert isinstance(connection, Connection)
            connection.unwritable = sqlite3.OperationalError("it is read-only")
            with watched(register, 1) as is_same:
                assert is_same is None
            connection.unwritable = None


class Here(Checker):
    """Checks every stretch here and counts them."""

    count = 0

    def check(self, stretch: Stretch) -> Sound | None:
        self.count += 1
        return super().check(stretch)


@two_cores
def test_what_is_said_of_a_later_state_is_left(path: Path) -> None:
    """Somebody tampers with a table, and the journal's head stays, before the other process begins to read."""
    with Register.open(path) as register, watched(register, 1) as is_same, reading(register.connection):
        assert register.head()
        with unguarded(path) as db:
            db.execute("UPDATE complaint SET summary = 'forged' WHERE id = 2")
        cut, here = list(stretches(register.connection, length_of(path))), Here(register, "")
        with sharing(register, "", is_same) as shared:
            shared.begin(cut)
            told = list(shared.checked(here))
    # What is seen here is whole.
    assert None not in told and here.count == len(cut)


@two_cores
def test_what_is_said_of_another_register_is_left(path: Path, small_register: Path) -> None:
    other = path.with_name("other.db")
    shutil.copy(small_register, other)
    with Register.open(path) as register, watched(register, 1) as is_same, reading(register.connection):
        cut, here = list(stretches(register.connection, length_of(path))), Here(register, "")
        register.path = other
        with sharing(register, "", is_same) as shared:
            shared.begin(cut)
            told = list(shared.checked(here))
    assert None not in told and here.count == len(cut)


@pytest.mark.parametrize("program", ["", "/bin/false", "/bin/echo", "/nowhere/python"])
def test_a_check_needs_no_second_process(path: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert shared_way(path).faults == []
    with unguarded(path) as db:
        db.execute("UPDATE complaint SET summary = 'forged' WHERE id = (SELECT max(id) FROM complaint)")
    assert shared_way(path).faults == one_way(path).faults != []


MESSAGE = "import sys, time, marshal; say = lambda m: sys.stdout.buffer.write(len(m).to_bytes(8, 'big') + m); "


@pytest.mark.parametrize(
    "said",
    [
        "time.sleep(60)",
        "print('welcome ' * 100)",
        "say(b'rubbish'); say(b'rubbish')",
        "say(marshal.dumps({head})); time.sleep(60)",
        "say(marshal.dumps({head})); say(b''); say(b'')",
        "say(marshal.dumps({head})); say(marshal.dumps((({stretch}), (1,))))",
        "say(marshal.dumps({head})); say(marshal.dumps((({stretch}), ('1', 1, True))))",
        "say(marshal.dumps({head})); say(marshal.dumps(((1, 2, 3, 4), (1, 1, True))))",
        "say(marshal.dumps({head})); say(marshal.dumps([1]))",
        "say(marshal.dumps({head})); sys.stdout.buffer.write((9).to_bytes(8, 'big')); sys.exit(3)",
        "say(marshal.dumps((1, 'x'))); say(marshal.dumps((({stretch}), (1, 1, True))))",
    ],
)
def test_a_process_that_hangs_or_says_what_is_no_answer_is_not_believed(path: Path, said: str) -> None:
    with Register.open(path) as register, watched(register, 1) as is_same, reading(register.connection):
        cut, here, seen = list(stretches(register.connection, length_of(path))), Here(register, ""), seen_of(register)
        script = MESSAGE + said.format(head=seen, stretch=tuple(cut[-1])) + "; sys.stdout.flush(); time.sleep(60)"
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            shared = Sharing(SecondProcess(process, patience=1), seen, is_same)
            shared.begin(cut)
            told = list(shared.checked(here))
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close()
    assert None not in told and here.count == len(cut)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, made_register: Path) -> Clerk:
    """Make a register that is large enough for a second process."""
    folder = tmp_path_factory.mktemp("large")
    clerk = Clerk(folder / "home", folder / "register.db", now=complaints.NOW)
    shutil.copy(made_register, clerk.db)
    complaints.write(folder / "complaints.csv", 20_000, 100, 100)
    clerk("import", folder / "complaints.csv").ok()
    with closing(sqlite3.connect(clerk.db)) as db:
        assert db.execute("SELECT max(seq) > ? FROM transition", (LARGE,)).fetchone() == (1,)
    return clerk


@two_cores
@pytest.mark.parametrize(("how", "wait"), [(signal.SIGKILL, 0.0), (signal.SIGKILL, 0.3), (signal.SIGSTOP, 0.3)])
def test_verify_goes_on_by_itself_where_the_other_process_dies_or_is_stopped(
    large: Clerk, how: signal.Signals, wait: float
) -> None:
    process = started(large, "verify")
    worker = worker_of(process, MODULE)
    time.sleep(wait)
    with suppress(ProcessLookupError):
        os.kill(worker, how)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("whole: ")
    assert is_gone(worker)


@two_cores
def test_a_file_put_in_the_place_of_the_one_that_is_checked_is_not_taken_for_it(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    shutil.copy(path, other)
    for file, at in ((path, "max"), (other, "min")):
        with unguarded(file) as db:
            db.execute(f"UPDATE complaint SET summary = 'forged' WHERE id = (SELECT {at}(id) FROM complaint)")
    with Register.open(path) as register:
        alone = verify(register, evidence=False, large=NEVER)
        other.replace(path)
        assert alone.faults
        assert verify(register, evidence=False, large=1, stretch=length_of(path, 2)) == alone


@two_cores
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_other_process_ends_with_verify(large: Clerk, how: signal.Signals) -> None:
    process = started(large, "verify")
    worker = worker_of(process, MODULE)
    time.sleep(0.1)
    process.send_signal(how)
    out, err = process.communicate(timeout=300)
    assert out == "" and "Traceback" not in err
    assert process.returncode == (130 if how == signal.SIGINT else process.returncode) != 0
    assert is_gone(worker)


@two_cores
def test_a_large_register_altered_at_its_end_is_found_so(large: Clerk, tmp_path: Path) -> None:
    held = Clerk(large.home, tmp_path / "register.db", now=complaints.NOW)
    shutil.copy(large.db, held.db)
    with closing(sqlite3.connect(held.db, isolation_level=None)) as db:
        db.execute("UPDATE complaint SET summary = 'forged' WHERE id = (SELECT max(id) FROM complaint)")
        (last,) = db.execute("SELECT max(id) FROM complaint").fetchone()
    told = held("verify")
    assert told.status == 1 and f"table complaint is not as the journal makes it at {last}" in told.err

"""Reports of registers whose complaints are counted in many batches, the next told in a thread while one is counted."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.errors import RegisterUnusable
from dealtrack.register import connection
from dealtrack.register.beside import beside
from dealtrack.register.recorder import Draft, Work
from dealtrack.register.register import Register
from dealtrack.register.view import View
from dealtrack.reports.compliance import Question, make_report
from dealtrack.reports.figures import GROUPINGS

NOW = datetime(2016, 12, 1, 1, tzinfo=UTC)
COMPLAINTS = 90
BUSY = threading.Lock()
ENDLESS = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


def draft(kind: Kind, hours: int, **detail: Any) -> Draft:
    at = NOW - timedelta(hours=hours)
    return Draft(kind, Moment(at, at, False), detail)


def work(place: int) -> Work:
    hours = 200 + 5 * place
    drafts = [
        draft(
            Kind.RECEIVED, hours, platform=("JD", "Tmall")[place % 2], category="quality",
            seller=(None, "platform", "third-party")[place % 3], policy="green-channel",
        ),
        draft(Kind.FORWARDED, hours - place),
        draft(Kind.COMPLETED, hours - place - 60, outcome="refund"),
    ]  # fmt: skip
    return Work(None, drafts[: place % 4 or 3])


@pytest.fixture(scope="module")
def paths(small_register: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two registers of the same complaints: one after another, and so far apart that each stands in its own batch."""
    folder = tmp_path_factory.mktemp("counting")
    made = folder / "dense.db", folder / "spread.db"
    for path, step in zip(made, (1, 30_011), strict=True):
        shutil.copyfile(small_register, path)
        with Register.open(path) as register, register.recording(NOW, "clerk") as recorder:
            for place in range(COMPLAINTS):
                assert recorder.record(work(place), place * step + 1).id == place * step + 1
    return made


def figures(path: Path) -> list[Any]:
    with Register.open(path, read_only=True) as register:
        return [make_report(register, Question(by), View.of(NOW)).asked for by in GROUPINGS]


@contextmanager
def no_threads() -> Iterator[None]:
    kept = threading.stack_size(1 << 46)
    try:
        with pytest.raises(RuntimeError):
            threading.Thread(target=print).start()
        yield
    finally:
        threading.stack_size(kept)


def test_many_batches_give_the_figures_of_one(paths: tuple[Path, Path]) -> None:
    dense, spread = map(figures, paths)
    assert dense == spread
    assert dense[0].total.complaints == COMPLAINTS


def test_many_batches_are_counted_where_no_thread_can_be_started(paths: tuple[Path, Path]) -> None:
    with no_threads():
        assert figures(paths[1]) == figures(paths[0])


def test_a_batch_that_cannot_be_read_is_told_in_words(paths: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    shutil.copyfile(paths[1], path)
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("UPDATE complaint SET platform = CAST(x'ff' AS TEXT) WHERE id > 2000000")
    with pytest.raises(RegisterUnusable, match="damaged"):
        figures(path)


def steps(path: Path, view: View) -> int:
    """How many hundreds of its steps SQLite takes to tell a report."""
    taken: list[None] = []
    with Register.open(path, read_only=True) as register:
        register.connection.set_progress_handler(lambda: taken.append(None), 100)
        make_report(register, Question("platform"), view)
        register.connection.set_progress_handler(None, 0)
    return len(taken)


def test_a_batch_of_what_was_known_is_not_looked_for_among_all_before(paths: tuple[Path, Path]) -> None:
    present = steps(paths[1], View.of(NOW))
    assert 0 < steps(paths[1], View.of(NOW, None, NOW)) < 2 * present


class Watched(connection.Connection):
    """A connection that fails where two threads use it at once; another than the first takes its time."""

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        assert BUSY.acquire(blocking=False), f"two at once: {statement}"
        try:
            if threading.current_thread() is not threading.main_thread():
                time.sleep(0.002)
            return super().execute(*statement)
        finally:
            BUSY.release()


def test_nobody_uses_the_connection_while_a_thread_tells_a_batch(
    paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = figures(paths[0])
    monkeypatch.setattr(connection, "Connection", Watched)
    assert figures(paths[1]) == expected


class Interrupted(sqlite3.Connection):
    """A connection whose work is broken off while its clerk presses Ctrl-C again and again."""

    presses = 3

    def interrupt(self) -> None:
        self.presses -= 1
        if self.presses > 0:
            raise KeyboardInterrupt
        super().interrupt()


def test_interrupts_while_work_is_broken_off_leave_none_behind() -> None:
    with closing(sqlite3.connect(":memory:", check_same_thread=False, factory=Interrupted)) as held:
        before = threading.active_count()
        with pytest.raises(KeyboardInterrupt), beside(held) as helper:
            helper.begin(lambda: held.execute(ENDLESS).fetchone())
        assert threading.active_count() == before
        assert held.execute("SELECT 3").fetchone() == (3,)


def test_work_beside_ends_with_its_block_and_its_errors_are_raised_where_it_is_waited_for() -> None:
    held = sqlite3.connect(":memory:", check_same_thread=False)
    with beside(held) as helper:
        assert helper.begin(lambda: held.execute("SELECT 2").fetchone())() == (2,)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            helper.begin(lambda: held.execute("SELECT * FROM nowhere"))()
    with pytest.raises(KeyboardInterrupt), beside(held) as helper:
        helper.begin(lambda: held.execute(ENDLESS).fetchone())
        raise KeyboardInterrupt
    assert held.execute("SELECT 3").fetchone() == (3,)
    held.close()

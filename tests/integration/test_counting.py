"""Reports of a damaged register, and work on a connection that a thread does meanwhile."""

import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.errors import RegisterUnusable
from dealtrack.register.beside import beside
from dealtrack.register.recorder import Draft, Work
from dealtrack.register.register import Register
from dealtrack.register.view import View
from dealtrack.reports.compliance import Question, make_report

NOW = datetime(2016, 12, 1, 1, tzinfo=UTC)
ENDLESS = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


def test_a_report_of_a_text_that_cannot_be_read_is_refused_in_words(small_register: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    shutil.copyfile(small_register, path)
    detail = {"platform": "JD", "category": "quality", "policy": "green-channel"}
    with Register.open(path) as register:
        register.record([Work(None, [Draft(Kind.RECEIVED, Moment(NOW, NOW, False), detail)])], NOW, "clerk")
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("UPDATE complaint SET platform = CAST(x'ff' AS TEXT)")
    with (
        pytest.raises(RegisterUnusable, match="damaged"),
        Register.open(path, read_only=True) as register,
    ):
        make_report(register, Question("platform"), View.of(NOW))


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

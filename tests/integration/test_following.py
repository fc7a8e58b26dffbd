"""A follower hears what other connections wrote, each time once, and no journal is read while nothing was."""

import sqlite3
from datetime import UTC, datetime

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.register.opening import open_register
from dealtrack.register.rebuild import rebuild
from dealtrack.register.recorder import Proposal, Work, recording
from dealtrack.register.waiting import Changes, Follower
from tests.conftest import Clerk, connection_of

NOW = datetime(2016, 11, 15, 1, tzinfo=UTC)


def test_hears_what_others_write(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    with open_register(clerk.address) as register:
        follower = Follower(register, 1)
        assert follower.changes() is None
        clerk("add", "--platform", "JD").ok()
        clerk("note", "1,2", "--note", "x").ok()
        assert follower.changes() == Changes((1, 2), False)
        assert follower.changes() is None
        clerk("forward", 99)
        assert follower.changes() is None
        clerk("platform", "add", "New").ok()
        clerk("forward", 2).ok()
        assert follower.changes() == Changes((2,), True)


def test_a_commit_without_an_entry_may_have_moved_anything(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    with open_register(clerk.address) as register, open_register(clerk.address) as other:
        follower = Follower(register, 1)
        rebuild(other)
        assert follower.changes() == Changes((), True)


def test_does_not_read_the_journal_while_nothing_is_written(clerk: Clerk) -> None:
    with open_register(clerk.address) as register:
        follower = Follower(register, 1)
        asked: list[str] = []
        connection_of(register).set_trace_callback(asked.append)
        for _ in range(10):
            assert follower.changes() is None
        assert set(asked) == {"PRAGMA data_version"}


def test_holds_up_no_writer_and_no_tidying(clerk: Clerk) -> None:
    with open_register(clerk.address) as register, open_register(clerk.address) as other:
        follower = Follower(register, 1)
        detail = {"platform": "JD", "category": "other", "policy": "green-channel", "owner": "x"}
        with recording(other, NOW, "x") as recorder:
            recorder.record(Work(None, [Proposal(Kind.RECEIVED, Moment(NOW, NOW, False), detail)]))
        assert follower.changes() == Changes((1,), False)
        connection = sqlite3.connect(clerk.db)
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.close()
        assert busy == 0

"""The board's data of a register on a server: what others write is read, and a connection that was lost is made anew."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealtrack.errors import ServerLost
from dealtrack.register.queries import OPEN, Filter
from tests.conftest import Clerk, make_small_register
from tests.postgres import SUPERUSER, Server

pytest.importorskip("psycopg2", reason="psycopg2 is not installed")
pytest.importorskip("textual", reason="textual is not installed")

from dealtrack.cli.board.feed import Feed, actions  # it needs Textual

NOW = datetime(2016, 11, 15, 1, tzinfo=UTC)


@pytest.fixture
def person(tmp_path: Path, server: Server) -> Clerk:
    """Give somebody who has made a register on the server."""
    clerk = Clerk(tmp_path / "home", tmp_path / "none.db", actor=SUPERUSER)
    address = server.address(server.new_name())
    clerk.extra["DEALTRACK_DB"] = str(address)
    make_small_register(address)
    return clerk


@pytest.fixture
def feed(person: Clerk, server: Server) -> Iterator[Feed]:
    """Give the open complaints of the register."""
    address = server.address(person.extra["DEALTRACK_DB"].rpartition("office=")[2])
    with Feed(address, Filter(statuses=(OPEN,)), lambda: NOW) as feed:
        yield feed


def test_what_others_write_is_read(person: Clerk, feed: Feed) -> None:
    assert not feed.update()
    person("add", "--platform", "JD", "--at", "2016-11-11 10:00").ok()
    assert feed.update()
    assert [item.complaint.id for item in feed.items] == [1]
    values = {"at": "", "note": ""}
    assert feed.record(SUPERUSER, actions()["forward"], [1], values).startswith("1 (JD")
    assert '"status": "forwarded"' in person("show", 1, "--format", "json").ok()


def test_a_lost_connection_is_made_anew(person: Clerk, feed: Feed, server: Server) -> None:
    person("add", "--platform", "JD", "--at", "2016-11-11 10:00").ok()
    server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dealtrack'")
    with pytest.raises(ServerLost):
        feed.update()
    assert feed.update()
    assert [item.complaint.id for item in feed.items] == [1]

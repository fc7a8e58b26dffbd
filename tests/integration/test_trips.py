"""How often a command waits for the server: counted in the server's own log of statements."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.register.opening import open_register
from dealtrack.register.recorder import Proposal, Work, recording
from tests.conftest import MORNING, Clerk, make_small_register
from tests.postgres import Server

LOGIN = "counted"
STATEMENT = re.compile(r"^\S+ \S+ \S+ \[\d+\] LOG:  statement: ", re.MULTILINE)


class Trips:
    """What the server was asked by one login; each message is one trip, however many statements it holds."""

    def __init__(self, server: Server) -> None:
        self._log = server.folder / "log"
        self._start = 0
        self.restart()

    def restart(self) -> None:
        """Forget what was asked until now."""
        self._start = self._log.stat().st_size

    def read(self) -> list[str]:
        """Return what was asked since."""
        with self._log.open("rb") as log:
            log.seek(self._start)
            return STATEMENT.split(log.read().decode())[1:]


@pytest.fixture
def trips(server: Server) -> Trips:
    server.add_login(LOGIN)
    server.run(f"ALTER ROLE {LOGIN} SET log_statement = 'all'")
    return Trips(server)


@pytest.fixture
def desk(server: Server, trips: Trips, tmp_path: Path) -> Clerk:
    """Give a clerk whose register on a server holds complaints of several kinds, some of them overdue."""
    clerk = Clerk(tmp_path / "home", server.address(server.new_name("register"), LOGIN), actor=LOGIN)
    make_small_register(clerk.address)
    rows = "".join(f"N-{n},JD,2016-11-0{1 + n % 9},摘要 {n},张三\n" for n in range(40))
    (tmp_path / "rows.csv").write_text(f"number,platform,received,summary,consumer\n{rows}")
    clerk("import", tmp_path / "rows.csv").ok()
    clerk("forward", "1-5").ok()
    clerk("complete", 1).ok()
    clerk("note", 2, "--note", "called").ok()
    trips.restart()
    return clerk


MOST: dict[str, int] = {
    "overdue": 4,
    "list": 5,
    "show 2": 5,
    "search 摘要": 6,
    "add --platform JD --consumer 张三 --phone 13800001234": 8,
    "forward 6": 6,
}
"""Those that begin a connection aside. A search reads histories in batches, each ten times as large as the last."""


@pytest.mark.parametrize("words", MOST)
def test_a_command_takes_few_trips(words: str, desk: Clerk, trips: Trips) -> None:
    desk(*words.split()).ok()
    asked = trips.read()
    assert 0 < len(asked) <= MOST[words], "\n\n".join(asked)


def test_a_recording_of_an_open_register_takes_three_trips_once_the_calendar_is_read(desk: Clerk, trips: Trips) -> None:
    now = datetime.fromisoformat(MORNING)
    with open_register(desk.address) as register:
        for turn in range(3):
            now += timedelta(minutes=1)
            trips.restart()
            with recording(register, now, LOGIN) as recorder:
                recorder.record(Work(2, (Proposal(Kind.NOTED, Moment(now, now, False), {"note": f"{turn}"}),)))
            asked = trips.read()
            assert len(asked) <= (3 if turn else 4), "\n\n".join(asked)

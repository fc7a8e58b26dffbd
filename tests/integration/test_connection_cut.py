"""A connection that is cut at each trip of a command: done or not at all, and what the user is told is true."""

import json
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from dealtrack.cli.main import main
from tests.conftest import MORNING, make_small_register
from tests.postgres import PORT, SUPERUSER, Server
from tests.proxy import Cut, Proxy, Side

pytest.importorskip("psycopg2", reason="psycopg2 is not installed")

Ended = tuple[int, str, str]
Run = Callable[..., Ended]
Note = Callable[[Cut | None], tuple[Proxy, Ended]]


@pytest.fixture
def office(server: Server) -> str:
    """Make an office's register with one complaint."""
    name = server.new_name()
    make_small_register(server.address(name))
    return name


@pytest.fixture
def run(
    server: Server, office: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Give a way to run a command through a proxy."""
    monkeypatch.setenv("DEALTRACK_HOME", str(tmp_path))
    monkeypatch.setenv("DEALTRACK_NOW", MORNING)
    monkeypatch.setenv("DEALTRACK_ACTOR", SUPERUSER)

    def run(proxy: Proxy, *words: str) -> Ended:
        place = f"postgresql://{SUPERUSER}@127.0.0.1:{proxy.port}/postgres?sslmode=disable&office={office}"
        status = main(["--db", place, *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def socket(server: Server) -> Path:
    """Give the socket of the server."""
    return server.folder / f".s.PGSQL.{PORT}"


SENTENCES = (
    "No connection to",
    "Nothing was recorded",
    "may have been recorded",
    "was lost before the result could be shown: the server closed it. It was recorded all the same: complaint ",
    " (JD, other)",
)
MOST = 24
"""The last messages of the server, beginning before the recording ends."""


@pytest.fixture
def note(socket: Path, run: Run) -> Note:
    """Give a way to enter a note to a new complaint, cut at a message."""

    def note(cut: Cut | None) -> tuple[Proxy, Ended]:
        with Proxy.started(socket) as whole:
            _, out, _ = run(whole, "add", "--platform", "JD", "--format", "json")
        with Proxy.started(socket, cut=cut) as proxy:
            return proxy, run(proxy, "note", str(json.loads(out)["id"]), "--note", "x")

    return note


@pytest.mark.parametrize("side", Side)
def test_at_each_message_what_is_told_is_true(server: Server, office: str, note: Note, side: Side) -> None:
    whole, _ = note(None)
    last = whole.counts[side]
    told = []
    for number in range(max(1, last - MOST), last + 1):
        before = journal_length(server, office)
        _, (status, out, err) = note(Cut(side, number))
        (said,) = (each for each in SENTENCES if each in out + err)
        told.append(SENTENCES.index(said))
        if said != "may have been recorded":
            # The complaint is an entry, too.
            assert journal_length(server, office) - before == 1 + (said in SENTENCES[3:])
        assert status == (0 if said in SENTENCES[3:] else 3)
    assert told == sorted(told)
    # The client's first message lets it in, and its last one takes leave.
    assert set(told) == ({0, 1, 2, 3, 4} if side is Side.CLIENT else {1, 2, 3})


def test_what_is_lost_after_the_recording_is_said_in_chinese(note: Note, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = note(None)
    monkeypatch.setenv("DEALTRACK_LANG", "zh")
    _, (status, out, err) = note(Cut(Side.CLIENT, whole.counts[Side.CLIENT] - 1))
    assert (status, out) == (0, "")
    assert "在显示结果之前中断" in err
    assert "请重试" not in err


def journal_length(server: Server, office: str) -> int:
    """Return the number of the last entry, once the server has done all that it was asked."""
    server.await_truth(
        "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'dealtrack' AND pid <> pg_backend_pid())"
    )
    ((seq,),) = server.run(f"SELECT seq FROM {office}.head")
    return int(seq)


def test_a_proxy_delays_each_way(server: Server, office: str, socket: Path) -> None:
    import psycopg2

    with Proxy.started(socket, delay=20) as proxy:
        uri = f"postgresql://{SUPERUSER}@127.0.0.1:{proxy.port}/postgres?sslmode=disable"
        connection = psycopg2.connect(uri)
        cursor = connection.cursor()
        before = dict(proxy.counts)
        began = monotonic()
        cursor.execute("SELECT 1")
        assert monotonic() - began >= 2 * 2 * 0.02, "BEGIN and SELECT take a trip each"
        connection.close()
    assert proxy.counts[Side.CLIENT] == before[Side.CLIENT] + 3
    assert proxy.counts[Side.SERVER] == before[Side.SERVER] + 2 + 4

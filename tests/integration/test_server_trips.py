"""How often a command waits for a server: what each trip costs is the distance's, and not the register's."""

from pathlib import Path

import pytest

from dealtrack.register.address import read_address
from dealtrack.register.opening import open_register
from tests.bench.writers import in_sessions
from tests.conftest import MORNING, Clerk, make_small_register
from tests.postgres import PORT, SUPERUSER, Server, why_not
from tests.proxy import Proxy, Side

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

NOT_COUNTED = 2
"""The messages by which a client begins a connection and ends it."""
COMPLAINTS = 30


@pytest.fixture(scope="module")
def office(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a register with complaints, some of them overdue for a year."""
    name = server.new_name()
    make_small_register(server.address(name))
    clerk = Clerk(tmp_path_factory.mktemp("home"), server.address(name), MORNING, SUPERUSER)
    for day in (1, 2):
        file = clerk.home / f"{day}.csv"
        lines = [f"{day}-{n},JD,other,2015-11-0{day} 09:00,羽绒服" for n in range(COMPLAINTS // 2)]
        file.write_text("\n".join(["number,platform,category,received,summary", *lines, ""]), encoding="utf-8")
        clerk("import", file).ok()
    return name


def trips(server: Server, office: str, home: Path, *words: object) -> int:
    with Proxy.started(server.folder / f".s.PGSQL.{PORT}") as proxy:
        address = read_address(
            f"postgresql://{SUPERUSER}@127.0.0.1:{proxy.port}/postgres?sslmode=disable&office={office}"
        )
        assert Clerk(home, address, MORNING, SUPERUSER)(*words).status == 0
    return proxy.counts[Side.CLIENT] - NOT_COUNTED


@pytest.mark.parametrize(
    ("words", "most"),
    [
        ("overdue", 4),
        ("due", 4),
        ("list", 5),
        ("show 1", 5),
        ("search 羽绒服", 6),
        ("add --platform JD --number A-1 --phone 13800001234", 9),
        ("forward 1", 9),
        ("note 2 --note x", 9),
    ],
)
def test_a_command_takes_few_trips(server: Server, office: str, tmp_path: Path, words: str, most: int) -> None:
    assert trips(server, office, tmp_path, *words.split()) <= most


def test_a_recording_takes_two_trips_once_the_session_is_open(server: Server, office: str) -> None:
    recordings = in_sessions("S", [server.address(office).text], SUPERUSER)
    before = next(recordings)
    for n in range(1, 4):
        assert next(recordings) == before + 2 * n
    recordings.close()
    with open_register(server.address(office)) as register:
        assert register.find("S3") > COMPLAINTS

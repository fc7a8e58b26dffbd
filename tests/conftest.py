"""What tests share: a clerk who types commands at a given moment, and where the public records lie."""

import gc
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import icalendar  # noqa: F401  # before pygal, whose hook for imports makes a warning of it
import pytest
from hypothesis import settings

from dealtrack.cli.language import choose_language
from dealtrack.register.engine import Address
from dealtrack.register.sqlite.connection import Connection
from dealtrack.register.store import Store
from tests import processes, registers
from tests.registers import copy_register
from tests.terminal import Terminal

if TYPE_CHECKING:
    from tests.postgres import Server

PROJECT = Path(__file__).parent.parent
SHARED_DATA = PROJECT.parent / "shared" / "data"
MEMORY = Path("/dev/shm")
ROOM_NEEDED = 2**31
IS_LONG = os.environ.get("DEALTRACK_TESTS") == "long"
"""Whether tests at random try as much as in .ci/run, and those are run that install dealtrack over and over."""


def tries(long: int) -> int:
    """Return how often to try something at random: so often in a long run, a fourth of it otherwise."""
    return long if IS_LONG else max(1, long // 4)


# A test is not timed: the machine may have other work.
settings.register_profile("default", deadline=None, max_examples=tries(100))
settings.load_profile("default")

MORNING = "2016-11-15T09:00:00+08:00"
FIRST_YEAR = 2014


def pytest_configure() -> None:
    """Put temporary files into memory where there is room: each entry of a register waits for a disk three times."""
    if reason := registers.why_not():
        raise pytest.UsageError(reason)
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_NEEDED:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the state machine, which takes minutes in a long run: nothing waits for it at the end."""
    items.sort(key=lambda item: "test_state_machine" not in item.nodeid)
    if registers.IS_SERVER:
        for item in items:
            if marker := item.get_closest_marker("file_only"):
                (reason,) = marker.args
                item.add_marker(pytest.mark.skip(reason=f"of files: {reason}"))


def pytest_collection_finish() -> None:
    """Take what was collected out of what Python looks through for rubbish, again and again while tests run."""
    gc.collect()
    gc.freeze()


class Link(NamedTuple):
    """One entry of the journal as it is stored: moments and detail are text, hashes are bytes."""

    seq: int
    complaint: int | None
    kind: str
    at: str
    recorded_at: str
    actor: str
    detail: str
    previous: bytes
    hash: bytes


@dataclass(frozen=True)
class Result:
    """What one command did."""

    status: int
    out: str
    err: str

    def ok(self) -> str:
        """Return the output of a command that must have succeeded."""
        assert self.status == 0, self.err
        return self.out


def run_bare(command: Sequence[str | Path], folder: Path, **environment: str) -> Result:
    """Run a program in a folder as cron does: with these variables alone, and nothing to read."""
    ran = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120
    )
    return Result(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


@dataclass
class Clerk:
    """Types commands to a register; time and name are given, never read from the machine."""

    home: Path
    address: Address
    now: str = MORNING
    actor: str = "clerk"
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def db(self) -> Path:
        """Return the register's file, of which a test that is not `file_only` must not speak."""
        assert isinstance(self.address, Path), "mark the test file_only, or use the address"
        return self.address

    def environment(self, now: str | None = None, **extra: str) -> dict[str, str]:
        """Return the variables that a command runs with."""
        return registers.with_login(
            {
                "DEALTRACK_HOME": str(self.home),
                "DEALTRACK_DB": str(self.address),
                "DEALTRACK_NOW": now or self.now,
                "DEALTRACK_ACTOR": self.actor,
                **self.extra,
                **extra,
            }
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what a statement reads of the register's tables."""
        return registers.rows(self.address, sql)

    def __call__(self, *arguments: object, now: str | None = None) -> Result:
        """Run a command in this process."""
        from dealtrack.cli.main import main

        out, err = io.StringIO(), io.StringIO()
        kept = dict(os.environ)
        os.environ.update(self.environment(now))
        try:
            with redirect_stdout(out), redirect_stderr(err):
                status = main([str(argument) for argument in arguments])
        finally:
            os.environ.clear()
            os.environ.update(kept)
        return Result(status, out.getvalue(), err.getvalue())

    def process(self, *arguments: object, now: str | None = None, stdin: bytes = b"", **extra: str) -> Result:
        """Run a command in a process of its own, with nothing else in its environment."""
        environment = {"PATH": "/usr/bin:/bin", **self.environment(now, **extra)}
        status, out, err = processes.run([str(argument) for argument in arguments], environment, PROJECT, stdin)
        return Result(status, out.decode(), err.decode())

    def without_rights(self, *arguments: object) -> Result:
        """Run a command in a fresh interpreter without the rights of root, who reads and writes everything."""
        before: list[str] = []
        if os.getuid() == 0:
            setpriv = shutil.which("setpriv")
            if setpriv is None:
                pytest.skip("root reads and writes everything, and there is no setpriv to take its rights away")
            before = [setpriv, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        command = [*before, sys.executable, "-m", "dealtrack", *map(str, arguments)]
        return run_bare(command, PROJECT, PATH="/usr/bin:/bin", **self.environment())

    def terminal(self, *arguments: object, width: int = 80, typed: bytes = b"", **extra: str) -> Terminal:
        """Run a command on a terminal of a width; what is typed already waits for it."""
        words = [str(argument) for argument in arguments]
        named = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        return Terminal(words, {**named, **self.environment(**extra)}, PROJECT, width, typed)

    def at_terminal(self, *arguments: object, width: int = 80, typed: bytes = b"", **extra: str) -> Result:
        """Run a command on a terminal to its end; all that is shown counts as its output."""
        # Nobody turns the pages of a long list.
        with self.terminal(*arguments, width=width, typed=typed, **{"PAGER": "cat", **extra}) as terminal:
            return Result(terminal.end(), terminal.screen, "")


def connection_of(register: Store) -> Connection:
    """Return SQLite's own connection to a register in a file."""
    assert isinstance(register.database, Connection)
    return register.database


@pytest.fixture(scope="session", autouse=True)
def china_to_2026() -> Iterator[None]:
    """Leave the holidays package China's notices to 2026, as tests expect 2027 not to be published.

    Later releases hold later years: what they bring is tested with a year 2027 put into the package's own table.
    """
    from holidays.countries.china import ChinaStaticHolidays

    known = ChinaStaticHolidays
    tables: list[dict[int, Any]] = [known.special_public_holidays, known.special_public_holidays_observed]
    later = [{year: table.pop(year) for year in sorted(table) if year > 2026} for table in tables]
    yield
    for table, years in zip(tables, later, strict=True):
        table.update(years)


@pytest.fixture(scope="session")
def server() -> "Iterator[Server]":
    """Give a PostgreSQL server of the tests' own, the same to all tests of a worker."""
    from tests.postgres import Server, why_not

    if reason := why_not():
        pytest.skip(reason)
    with Server.started() as server:
        registers.use_server(server)
        yield server


@pytest.fixture(scope="session", autouse=True)
def engine(request: pytest.FixtureRequest) -> None:
    """Start the server where the environment says that registers lie on one."""
    if registers.IS_SERVER:
        request.getfixturevalue("server")


@pytest.fixture(autouse=True)
def speaking_english() -> Iterator[None]:
    """Let no test leave its language to the next: a command chooses one for the whole process."""
    yield
    choose_language("en", {})


@pytest.fixture
def new_clerk(tmp_path: Path) -> Iterator[Callable[..., Clerk]]:
    """Give a way to make clerks, each with a register of its own: a copy of another, or one that is not made yet."""
    made: list[Clerk] = []

    def make(copied: Address | None = None, now: str = MORNING, actor: str = "clerk") -> Clerk:
        clerk = Clerk(tmp_path / "home", registers.new_place(tmp_path, f"register{len(made)}.db"), now, actor)
        if copied is not None:
            copy_register(copied, clerk.address)
        made.append(clerk)
        return clerk

    yield make
    if registers.IS_SERVER:
        for clerk in made:
            registers.remove_register(clerk.address)


@pytest.fixture(scope="session")
def full_register(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """Make one fresh register with all the years of the default calendar, to be copied."""
    folder = tmp_path_factory.mktemp("full")
    clerk = Clerk(folder / "home", registers.new_place(folder), now="2001-01-01T00:00:00+08:00")
    clerk("init").ok()
    return clerk.address


def make_small_register(place: Address, last: int = 2028) -> None:
    """Make a fresh register whose calendar has few years, 2014 to 2028: each command that reads it takes half the time."""
    from dealtrack.register.create import Setup, create_register
    from dealtrack.settings import data_folder
    from dealtrack.sources.calendars import load_calendar
    from dealtrack.sources.platforms import load_platforms
    from dealtrack.sources.policies import load_policy

    data, nowhere = data_folder(), Path("nowhere")
    rules = load_calendar("cn-beijing", data, nowhere)
    few = {day: ruling for day, ruling in rules.rulings.items() if FIRST_YEAR <= day.year <= last}
    spans = [span for span in rules.spans or () if span[0].year >= FIRST_YEAR and span[1].year <= last]
    short = rules._replace(first=date(FIRST_YEAR, 1, 1), last=date(last, 12, 31), rulings=few, spans=tuple(spans))
    policies, platforms = load_policy("green-channel", data, nowhere), load_platforms(data / "platforms.toml")
    setup = Setup(short, policies, "green-channel", platforms, "Asia/Shanghai")
    create_register(place, setup, datetime(2001, 1, 1, tzinfo=UTC), "clerk")


@pytest.fixture(scope="session")
def made_register(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """Make one fresh register with the few years that most tests need, to be copied."""
    place = registers.new_place(tmp_path_factory.mktemp("made"))
    make_small_register(place)
    return place


@pytest.fixture
def clerk(new_clerk: Callable[..., Clerk], made_register: Address) -> Clerk:
    """Give a clerk with a fresh register of the default policy, and of few years of the default calendar."""
    return new_clerk(made_register)


@pytest.fixture
def full_clerk(new_clerk: Callable[..., Clerk], full_register: Address) -> Clerk:
    """Give a clerk with a fresh register of all the years of the default calendar."""
    return new_clerk(full_register)


def prepared(type_commands: Callable[[Clerk], None]) -> Callable[..., Clerk]:
    """Make a fixture that gives a clerk whose register holds what a function types into it: once, and then copied.

    The function's parameter names the fixture that gives the clerk before it.
    """
    made: list[tuple[Address, str]] = []
    (before,) = signature(type_commands).parameters

    def prepare(request: pytest.FixtureRequest) -> Clerk:
        clerk: Clerk = request.getfixturevalue(before)
        if made:
            kept, clerk.now = made[0]
            copy_register(kept, clerk.address)
        else:
            type_commands(clerk)
            kept = registers.new_place(request.getfixturevalue("tmp_path_factory").mktemp("prepared"))
            copy_register(clerk.address, kept)
            made.append((kept, clerk.now))
        return clerk

    prepare.__doc__ = type_commands.__doc__
    fixture: Callable[..., Clerk] = pytest.fixture(name=type_commands.__name__)(prepare)
    return fixture


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of public complaint records, which may be absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the public complaint records are not here (../shared/data)")
    return SHARED_DATA

"""What tests share: a clerk who types commands at a given moment, and where the public records lie."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import icalendar  # noqa: F401  # before pygal, whose hook for imports makes a warning of it
import pytest
from hypothesis import settings

from tests.terminal import Terminal

PROJECT = Path(__file__).parent.parent
SHARED_DATA = PROJECT.parent / "shared" / "data"
# A test is not timed: the machine may have other work.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

MORNING = "2016-11-15T09:00:00+08:00"


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


@dataclass
class Clerk:
    """Types commands to a register; time and name are given, never read from the machine."""

    home: Path
    db: Path
    now: str = MORNING
    actor: str = "clerk"
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self, now: str | None = None) -> dict[str, str]:
        """Return the variables that a command runs with."""
        return {
            "DEALTRACK_HOME": str(self.home),
            "DEALTRACK_DB": str(self.db),
            "DEALTRACK_NOW": now or self.now,
            "DEALTRACK_ACTOR": self.actor,
            **self.extra,
        }

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
        ran = subprocess.run(
            [sys.executable, "-m", "dealtrack", *map(str, arguments)],
            env={"PATH": "/usr/bin:/bin", **self.environment(now), **extra},
            input=stdin,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Result(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def terminal(self, *arguments: object, width: int = 80, typed: bytes = b"", **extra: str) -> Terminal:
        """Run a command on a terminal of a width; what is typed already waits for it."""
        command = [sys.executable, "-m", "dealtrack", *map(str, arguments)]
        named = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        return Terminal(command, {**named, **self.environment(), **extra}, PROJECT, width, typed)

    def at_terminal(self, *arguments: object, width: int = 80, typed: bytes = b"", **extra: str) -> Result:
        """Run a command on a terminal to its end; all that is shown counts as its output."""
        with self.terminal(*arguments, width=width, typed=typed, **extra) as terminal:
            return Result(terminal.end(), terminal.screen, "")


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


@pytest.fixture
def new_clerk(tmp_path: Path) -> Callable[..., Clerk]:
    """Give a way to make clerks, each with a register of its own that is not made yet."""
    made: list[Clerk] = []

    def make(**settings: str) -> Clerk:
        name = f"register{len(made)}.db"
        made.append(Clerk(tmp_path / "home", tmp_path / name, **settings))  # type: ignore[arg-type]
        return made[-1]

    return make


@pytest.fixture(scope="session")
def made_register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one fresh register with the default calendar, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    clerk = Clerk(folder / "home", folder / "register.db", now="2001-01-01T00:00:00+08:00")
    clerk("init").ok()
    return clerk.db


def make_small_register(path: Path, last: int = 2028) -> None:
    """Make a register of few years, 2016 to 2028: it is checked and made again in half the time."""
    from dealtrack.register.create import Setup, create_register
    from dealtrack.settings import data_folder
    from dealtrack.sources.calendars import load_calendar
    from dealtrack.sources.platforms import load_platforms
    from dealtrack.sources.policies import load_policy

    data, nowhere = data_folder(), Path("nowhere")
    rules = load_calendar("cn-beijing", data, nowhere)
    few = {day: ruling for day, ruling in rules.rulings.items() if 2016 <= day.year <= last}
    short = rules._replace(first=date(2016, 1, 1), last=date(last, 12, 31), rulings=few)
    policies, platforms = load_policy("green-channel", data, nowhere), load_platforms(data / "platforms.toml")
    setup = Setup(short, policies, "green-channel", platforms, "Asia/Shanghai")
    create_register(path, setup, datetime(2001, 1, 1, tzinfo=UTC), "clerk")


@pytest.fixture(scope="session")
def small_register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one small register, to be copied."""
    path = tmp_path_factory.mktemp("small") / "register.db"
    make_small_register(path)
    return path


@pytest.fixture
def clerk(new_clerk: Callable[..., Clerk], made_register: Path) -> Clerk:
    """Give a clerk with a fresh register of the default calendar and policy."""
    held = new_clerk()
    held.db.write_bytes(made_register.read_bytes())
    held.db.chmod(0o600)
    return held


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of public complaint records, which may be absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the public complaint records are not here (../shared/data)")
    return SHARED_DATA

"""What a clerk waits for: the daily commands load no heavy library."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Clerk, prepared
from tests.make_register import unpack
from tests.postgres import SUPERUSER, Server
from tests.pythons import OLDEST, pythons

# Spreadsheet and web libraries may not be installed; the day they are, no daily command may load them.
HEAVY = (
    "holidays",
    "sqlite_utils",
    "rich",
    "textual",
    "pydantic",
    "click",
    "dateutil",
    "openpyxl",
    "python_calamine",
    "xlsxwriter",
    "pandas",
    "numpy",
    "jinja2",
    "docxtpl",
    "lxml",
    "smtplib",
    "psycopg2",
)
READING = ("overdue", "due", "list", "show 1")
WRITING = {
    *(f"dealtrack.core.{name}" for name in ("calendar_changes", "day_times", "platform", "agenda")),
    *(f"dealtrack.register.{name}" for name in ("recorder", "personal", "create", "erasure")),
    *(f"dealtrack.register.sqlite.{name}" for name in ("backup", "erasures", "health", "upgrade")),
    *("secrets", "tempfile", "hashlib", "dealtrack.register.drafts"),
}
PLAIN = (*READING, "search JD", "add --platform JD", "note 1 --note more", "complete 1 --outcome refund --amount 12.50")
SPARED = {"dataclasses", "dealtrack.core.personal", "dealtrack.core.cells"}
"""A frozen data class costs as much as six tuples with names; the patterns of contacts and cells a tenth of a start."""

PROGRAM = """
import json, sys
from dealtrack.cli.main import main
status = main(sys.argv[2:])
with open(sys.argv[1], "w") as held:
    json.dump([status, sorted(sys.modules)], held)
"""


@prepared
def busy(clerk: Clerk) -> None:
    """Give a clerk with one complaint overdue, one due soon and one closed."""
    clerk("add", "--platform", "JD", "--at", "2016-11-01 10:00").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-11-14 10:00").ok()
    clerk("add", "--platform", "Amazon", "--at", "2016-11-14 11:00").ok()
    clerk("complete", 3).ok()


def _packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def _ran(clerk: Clerk, folder: Path, *words: str) -> tuple[str, set[str]]:
    told = folder / "modules.json"
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, told, *words],
        env={"PATH": "/usr/bin:/bin", **clerk.environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.exists(), ran.stderr
    status, modules = json.loads(told.read_text())
    assert status == 0, ran.stderr
    return ran.stdout, set(modules)


@pytest.mark.parametrize(
    "words",
    [
        "overdue",
        "overdue --as-of 2016-11-10",
        "overdue --format json",
        "due",
        "due --within 1wd",
        "due --within 20h --format csv",
        "list",
        "list --status open --platform JD --format jsonl",
        "search JD",
        "show 1",
        "show 1 --format json",
        "explain 1",
        "forward 1",
        "complete 1 --outcome refund --amount 12.50",
        "note 1 --note more",
        "add --platform JD",
        "calendar next 2 --from 2016-09-30",
        "digest",
        f"evidence 1 --file {PROJECT / 'LICENSE'}",
    ],
)
def test_daily_commands_load_nothing_heavy_and_nothing_that_they_do_not_use(
    words: str, busy: Clerk, tmp_path: Path
) -> None:
    printed, loaded = _ran(busy, tmp_path, *words.split())
    assert printed.strip()
    assert not _packages(loaded).intersection(HEAVY)
    if words in READING:
        assert not loaded & WRITING
    if words in PLAIN:
        assert not loaded & SPARED
    if words.startswith("note"):
        assert "dealtrack.register.recorder" in loaded


@pytest.mark.parametrize("words", ["overdue", "due --within 2wd"])
def test_the_reminder_of_the_next_calendar_costs_a_day_of_november_nothing(
    words: str, busy: Clerk, tmp_path: Path
) -> None:
    busy.now = "2027-11-15T09:00:00+08:00"
    busy("add", "--platform", "JD", "--at", "2027-11-15 08:00").ok()
    assert "no official calendar for 2027" not in busy(*words.split()).err, "cron hears of it by the daily summary"
    assert "no official calendar for 2027" in " ".join(busy.at_terminal(*words.split()).out.split())
    assert "dealtrack.register.doctor" not in _ran(busy, tmp_path, *words.split())[1]


def test_what_is_heavy_is_installed_and_would_be_seen(new_clerk: Callable[..., Clerk], tmp_path: Path) -> None:
    for name in ("holidays", "sqlite_utils", "rich", "click"):
        assert find_spec(name), name
    assert "holidays" in _packages(_ran(new_clerk(), tmp_path, "init")[1])
    older = new_clerk()
    unpack(1, older.db)
    assert "sqlite_utils" in _packages(_ran(older, tmp_path, "list")[1])


COLLECTING = """
import gc, sys
looked_at = [0]
gc.callbacks.append(lambda phase, told: looked_at.append(len(gc.get_objects())) if phase == "start" else None)
from dealtrack.__main__ import main
told = sys.argv.pop(1)
try:
    main()
finally:
    with open(told, "w") as held:
        held.write(f"{max(looked_at)} {len(gc.get_objects())} {gc.get_freeze_count()}")
"""


@pytest.mark.parametrize("words", [("overdue",), ("list",), ("show", "1"), ("note", "1", "--note", "x")])
def test_rubbish_is_not_looked_for_among_what_start_up_leaves(
    busy: Clerk, tmp_path: Path, words: tuple[str, ...]
) -> None:
    told = tmp_path / "collected"
    subprocess.run([sys.executable, "-c", COLLECTING, told, *words], cwd=PROJECT, env=busy.environment(), check=True)
    most, left, kept = map(int, told.read_text().split())
    # Each look among all of them takes a millisecond or more; Python has one more at its end.
    assert most < kept / 4
    assert left < kept / 20


@pytest.mark.parametrize("text", ["raise KeyboardInterrupt", "exec('raise KeyboardInterrupt')"])
def test_an_interrupt_while_modules_load_ends_in_no_traceback(clerk: Clerk, tmp_path: Path, text: str) -> None:
    (tmp_path / "typer.py").write_text(f"{text}\n")
    environment = {**clerk.environment(), "PYTHONPATH": f"{tmp_path}:{PROJECT}"}
    ran = subprocess.run(
        [sys.executable, "-m", "dealtrack", "list"], env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


def test_an_older_python_is_told_what_is_needed() -> None:
    older = [python for python in pythons() if python.version < OLDEST]
    for python in older:
        told = subprocess.run(
            [python.program, "-B", "-m", "dealtrack", "list"], cwd=PROJECT, capture_output=True, text=True, check=False
        )
        line = f"dealtrack: Python 3.11 or later is needed, and this is {python.release}.\n"
        assert (told.returncode, told.stdout, told.stderr) == (2, "", line)
    if not older:
        pytest.skip("no Python before 3.11 is here")


def test_of_a_register_on_a_server_sqlite_is_not_loaded(server: Server, clerk: Clerk, tmp_path: Path) -> None:
    clerk.extra = {"DEALTRACK_DB": str(server.address(server.new_name())), "DEALTRACK_ACTOR": SUPERUSER}
    clerk("init").ok()
    clerk("add", "--platform", "JD").ok()
    for words in READING:
        _, modules = _ran(clerk, tmp_path, *words.split())
        assert "psycopg2" in modules
        assert not {name for name in modules if name.startswith(("sqlite3", "dealtrack.register.sqlite"))}, words

"""The benchmarks run, whatever their figures."""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench import complaints
from tests.bench.floor import by_hand
from tests.bench.measure import run
from tests.bench.memory import COMMANDS
from tests.bench.works import Bench
from tests.conftest import IS_LONG, PROJECT
from tests.postgres import why_not


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(tmp_path_factory.mktemp("bench"), 1000, with_peers=False)
    made.prepare()
    return made


def _table(module: str, *options: str | Path) -> list[str]:
    """Run benchmarks in their quick form and return the lines that they print."""
    ran = subprocess.run(
        [sys.executable, "-m", module, "--quick", *options],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


@pytest.mark.parametrize(
    ("options", "count", "columns"),
    [((), 23, 7), (("--memory",), 2 + len(COMMANDS), 3)]
    if IS_LONG
    else [(("--only", "one complaint"), 6, 7), (("--memory", "--only", "overdue"), 4, 3)],
)
def test_the_quick_form_runs_every_work(bench: Bench, options: tuple[str, ...], count: int, columns: int) -> None:
    """Every work is run in a long run, those that record a complaint and those of `overdue` otherwise."""
    rows = _table("tests.bench", "--folder", bench.folder, *options)
    assert len(rows) == count
    assert all(row.count("|") == columns + 1 for row in rows)
    assert not any("status" in row.split("|")[-2] for row in rows)


def test_the_quick_form_runs_works_on_a_server(bench: Bench) -> None:
    """Every work is run in a long run, those behind a proxy and of open sessions otherwise."""
    if reason := why_not():
        pytest.skip(reason)
    only = () if IS_LONG else ("--only", "far", "writers")
    rows = _table("tests.bench.servers", "--files", bench.folder, *only)
    assert len(rows) == (21 if IS_LONG else 5)
    assert all(row.count("|") == 6 for row in rows)


def test_the_report_is_measured_beside_sql_that_gives_its_figures(bench: Bench) -> None:
    command = bench.dealtrack(bench.large, "report", "--by", "platform", "--format", "json")
    report = json.loads(run(command, bench.environment)[1])
    groups = report["groups"]
    with closing(sqlite3.connect(bench.large)) as db:
        figures = by_hand(db, complaints.NOW)
    assert figures.keys() == {group["platform"] for group in groups} and len(figures) > 20
    intake = sum((Counter(figures[platform].pop("intake")) for platform in figures), Counter[str]())
    assert intake == {row["day"]: row["complaints"] for row in report["intake"] if row["complaints"]}
    for group in groups:
        expected = figures[group["platform"]]
        clocks = expected.pop("clocks")
        assert "forward" in clocks, "a clock that none has started has no row"
        for name, clock in clocks.items():
            assert clock == {key: group["clocks"][name][key] for key in clock}
        for key in ("first", "last"):
            expected.pop(key)
        assert expected == {key: group[key] for key in expected}


def test_the_amended_day_moves_as_many_clocks_as_the_work_says(bench: Bench) -> None:
    work = next(work for work in bench.works() if work.name.startswith("calendar amend, 10 of 1,000"))
    assert work.before is not None
    work.before()
    told = run(work.command, bench.environment)[1].decode()
    assert "1 day changed, 17 deadlines moved" in told, "seven that the register holds, and ten more"
    assert run(work.floor, bench.environment)[1]


def test_the_same_seed_makes_the_same_complaints() -> None:
    lines = list(complaints.rows(1000, 100, 20))
    assert lines == list(complaints.rows(1000, 100, 20))
    cells = [line.rstrip("\n").split(",") for line in lines]
    ended = [row for row in cells if row[7] or row[8] or row[9]]
    assert len(cells) == 1000 and len(cells) - len(ended) == 120
    assert sum(row[5].startswith("2016-11-1") for row in cells) > 20, "the sales are missing"

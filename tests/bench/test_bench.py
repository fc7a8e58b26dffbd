"""The benchmarks run, whatever their figures."""

import subprocess
import sys

from tests.bench import complaints
from tests.conftest import PROJECT


def test_the_quick_form_runs_every_work() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr
    rows = ran.stdout.splitlines()
    assert len(rows) == 19
    assert all(row.count("|") == 8 for row in rows)


def test_the_same_seed_makes_the_same_complaints() -> None:
    lines = list(complaints.rows(1000, 100, 20))
    assert lines == list(complaints.rows(1000, 100, 20))
    cells = [line.rstrip("\n").split(",") for line in lines]
    ended = [row for row in cells if row[7] or row[8] or row[9]]
    assert len(cells) == 1000 and len(cells) - len(ended) == 120
    assert sum(row[5].startswith("2016-11-1") for row in cells) > 20, "the sales are missing"

"""What commands that go through the whole register hold in memory, of a thousand complaints and of many."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from dealtrack.errors import CHECK_FAILED
from tests.bench.measure import size
from tests.bench.works import Bench

THEN = "2014-03-01"
COMMANDS = (
    "overdue --format csv",
    f"overdue --format csv --as-of {THEN}",
    "due --within 9000h --format csv",
    f"due --within 9000h --format csv --as-of {THEN}",
    "due --ics FOLDER/due.ics",
    "list --format csv",
    f"list --format csv --as-of {THEN}",
    "list --format csv --known-at 2016-11-15",
    "search 拒绝 --format csv",
    "search 拒绝 --format csv --as-of 2014-12-31",
    f"digest --as-of {THEN}",
    "report --by week",
    "report --by week --as-of 2014-12-31",
    "report --by platform --html FOLDER/report.html",
    "report --by platform --xlsx FOLDER/report.xlsx",
    "policy try samr-report",
    "export --format csv",
    "export --format jsonl",
    "export --format csv --as-of 2014-12-31",
    "export --format xlsx --to FOLDER/export.xlsx",
    "import CSV",
    "verify",
    "recheck",
    "doctor",
    "backup FOLDER/backup.db --quiet",
)


def table(bench: Bench, only: str) -> Iterator[str]:
    """Yield the rows of a table: each command, and the megabytes of its largest process on either register."""
    yield f"| command | 1,000 complaints | {bench.count:,} |"
    yield "|---|---|---|"
    for command in COMMANDS:
        if only in command:
            small = _size(bench, bench.small, command)
            # In the quick form they are one register.
            large = small if bench.large == bench.small else _size(bench, bench.large, command)
            yield f"| {command} | {small} | {large} |"


def _size(bench: Bench, db: Path, command: str) -> str:
    written = bench.folder / "written"
    shutil.rmtree(written, ignore_errors=True)
    written.mkdir()
    words = [
        word.replace("FOLDER", str(written)).replace("CSV", str(db.with_suffix(".csv"))) for word in command.split()
    ]
    held, status = size(bench.dealtrack(db, *words), bench.environment)
    # A workbook's sheet has no room for more than a million complaints: that is refused.
    return f"{held:.0f} MB" if status in (0, CHECK_FAILED) else f"{held:.0f} MB, status {status}"

"""Bad input: rows, files and command lines that nobody should type; refused plainly, and nothing written by halves."""

import csv
import io
import json
import os
import random
import resource
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.desk import Desk, founded
from tests.faults.poison import COLUMNS, TEXTS, csv_file, json_lines, row, spoilt, value
from tests.faults.processes import Outcome, asked, here, spread
from tests.faults.tally import Finding, Tally, gathered

ROWS = 20
BATCH = 25
MEMORY = 3 << 30
"""Bytes of address space that a command may take, whatever a file unpacks to."""
SLOW = 20.0
PERSONAL = ("SECRETNAME", "13912345678", "secret@example.org", "SECRETSTREET")
PLACES = (*COLUMNS, "column", "the row", "Column", "JSON")
"""What a refusal may name beside the line: a field, a column, or the row as a whole."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some bad input for a register of its own."""

    made: Desk
    folder: Path
    seed: int
    count: int


def tallies(folder: Path, rows: int, files: int, lines: int, seed: int) -> Iterator[Tally]:
    """Import so many bad rows and so many bad files, and type so many bad command lines."""
    made = founded(folder / "made")

    def batches(name: str, count: int, each: int) -> list[Batch]:
        starts = range(0, count, each)
        return [Batch(made, folder / f"{name}{at}", seed + at, min(each, count - at)) for at in starts]

    for name, what, work, count, each in (
        ("rows", "generated bad rows, imported with --skip-bad and without", rows_batch, rows, ROWS * BATCH),
        (
            "files",
            "generated bad files: encodings, NULs, huge fields, deep JSON, workbooks, bombs",
            files_batch,
            files,
            BATCH,
        ),
        ("lines", "generated command lines", lines_batch, lines, BATCH * 2),
    ):
        yield gathered("bad input", what, spread(work, batches(name, count, each)))


def rows_batch(batch: Batch) -> Finding:
    """Import bad rows, a file at a time."""
    return _alone(batch, _rows)


def files_batch(batch: Batch) -> Finding:
    """Import bad files."""
    return _alone(batch, _files)


def lines_batch(batch: Batch) -> Finding:
    """Type bad command lines."""
    return _alone(batch, _lines)


def _alone(batch: Batch, work: object) -> Finding:
    desk = batch.made.copied(batch.folder)
    finding = asked(_held, desk, batch, work)
    shutil.rmtree(batch.folder)
    return finding


def _held(desk: Desk, batch: Batch, work: object) -> Finding:
    """Do a batch's work in this process, held to some memory, in a folder of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.environ.clear()
    os.environ.update(desk.environment())
    place = desk.folder / "a" / "b"
    place.mkdir(parents=True)
    os.chdir(place)
    assert callable(work)
    finding: Finding = work(desk, batch)
    checked = here("verify")
    if checked.status != 0:
        finding.broken.append(f"after batch {batch.seed}: {checked.told()}")
    return finding


def head(db: Path) -> tuple[int, str]:
    """Return the journal's length and last hash."""
    connection = sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)
    found: tuple[int, str] = connection.execute(
        "SELECT seq, hex(hash) FROM transition ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    connection.close()
    return found


def _rows(desk: Desk, batch: Batch) -> Finding:
    chance = random.Random(batch.seed)
    finding = Finding()
    for at in range(0, batch.count, ROWS):
        rows = [row(chance, f"P{batch.seed}x{at + one}") for one in range(ROWS)]
        path = desk.folder / "bad.csv"
        path.write_bytes(csv_file(chance, rows) if at % 3 else json_lines(rows))
        rejects = desk.folder / "rejects.csv"
        rejects.unlink(missing_ok=True)
        before = head(desk.db)
        strict = here("import", path)
        finding.broken += _imported(strict, f"rows {batch.seed}")
        if strict.status != 0 and head(desk.db) != before:
            finding.broken.append(f"rows {batch.seed}: refused, and yet written: {strict.told()}")
        lax = here("import", path, "--skip-bad", "--rejects", rejects)
        finding.broken += _imported(lax, f"rows {batch.seed}, --skip-bad")
        finding.tried += ROWS
        if rejects.exists():
            refused = _refused(rejects)
            finding.count("refused", len(refused))
            finding.broken += [f"no place is named: {one}" for one in refused if not _names_place(*one)]
    return finding


def _refused(rejects: Path) -> list[tuple[str, str]]:
    """Return the line and the reason of each refused row that an import wrote down."""
    text = rejects.read_text(encoding="utf-8-sig")
    if text.startswith("{"):
        held = [json.loads(line) for line in text.split("\n") if line]
        return [(str(one["line"]), str(one["reason"])) for one in held]
    return [(one[0], one[1]) for one in list(csv.reader(io.StringIO(text, newline="")))[1:]]


def _names_place(line: str, reason: str) -> bool:
    return line.isdigit() and any(place in reason for place in PLACES)


def _imported(outcome: Outcome, what: str) -> list[str]:
    broken = []
    if not outcome.is_plain or outcome.status not in (0, 2, 4):
        broken.append(f"{what}: {outcome.told()}")
    if outcome.seconds > SLOW:
        broken.append(f"{what}: it took {outcome.seconds:.0f} seconds")
    if "\x1b" in outcome.out + outcome.err:
        broken.append(f"{what}: an escape sequence was printed: {outcome.told()}")
    broken += [
        f"{what}: personal data was printed: {outcome.told()}" for text in PERSONAL if text in outcome.out + outcome.err
    ]
    return broken


def _files(desk: Desk, batch: Batch) -> Finding:
    chance = random.Random(batch.seed)
    finding = Finding()
    for at in range(batch.count):
        rows = [row(chance, f"F{batch.seed}x{at}x{one}") for one in range(4)]
        name, data = spoilt(chance, csv_file(chance, rows) if at % 2 else json_lines(rows), "spoilt.csv")
        path = desk.folder / name
        path.write_bytes(data)
        before = head(desk.db)
        outcome = here("import", path, *chance.choice(((), ("--skip-bad",), ("--dry-run",))))
        finding.tried += 1
        finding.count({0: "taken in", 2: "refused whole", 4: "refused in part"}.get(outcome.status, "otherwise"))
        finding.broken += _imported(outcome, f"file {batch.seed}/{at} {name}")
        if outcome.status == 2 and head(desk.db) != before:
            finding.broken.append(f"file {batch.seed}/{at} {name}: refused, and yet written: {outcome.told()}")
        path.unlink()
    return finding


def _lines(desk: Desk, batch: Batch) -> Finding:
    chance = random.Random(batch.seed)
    finding = Finding()
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  # for the rest of this process
    for _ in range(batch.count):
        words = command_line(chance)
        before = head(desk.db)
        outcome = here(*words)
        finding.tried += 1
        finding.count({0: "done", 1: "found something", 2: "refused"}.get(outcome.status, "otherwise"))
        told = f"{words}: {outcome.told()}"
        if not outcome.is_plain or outcome.seconds > SLOW:
            finding.broken.append(told)
        elif outcome.status in (2, 3) and head(desk.db) != before:
            finding.broken.append(f"refused, and yet written: {told}")
        elif outcome.status in (2, 3) and not outcome.err.strip():
            finding.broken.append(f"refused without a word: {told}")
        if "\x1b" in outcome.out + outcome.err:
            finding.broken.append(f"an escape sequence was printed: {told}")
    return finding


def command_line(chance: random.Random) -> list[str]:
    """Return a command with some of its own options, and values that chance picks."""
    from dealtrack.cli.commands import COMMANDS, GROUP_HELP, load_command

    name = chance.choice(list(COMMANDS))
    command = load_command(name)
    words = [name]
    if name in GROUP_HELP:
        member = chance.choice(list(command.commands))
        words.append(member)
        command = command.commands[member]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            words += [_argument(chance) for _ in range(chance.choice((0, 1, 1, 2)))]
        elif "--open" not in parameter.opts and "--help" not in parameter.opts and chance.random() < 0.3:
            words.append(parameter.opts[-1])
            if not parameter.is_flag:
                words.append(_argument(chance))
    if chance.random() < 0.1:
        words.insert(chance.randrange(len(words)), value(chance))
    return [word.replace("\0", "") for word in words]


def _argument(chance: random.Random) -> str:
    return chance.choice(
        (
            str(chance.randint(0, 40)),
            chance.choice(
                ("JD", "quality", "json", "csv", "refund", "12.50", "2016-11-14", "now", "1wd", "cn-beijing")
            ),
            value(chance, chance.choice(COLUMNS)),
            chance.choice(TEXTS),
            chance.choice(("/dev/null", "/nonexistent/x", ".", "..", "new.db", "out.csv")),
        )
    )

"""Hostile register: somebody has prepared its file; each command ends plainly, in little time and memory, all the same.

And what is erased beside readers: `erase` does not wait for them to end, and nothing of it is left once they have.
"""

import random
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dealtrack.register.engine import PROJECTED_TABLES
from tests.faults.desk import Desk, founded
from tests.faults.processes import run, spread
from tests.faults.tally import Finding, Tally, gathered
from tests.integration.test_forged_values import COMMANDS, VALUES, forge, put

MEMORY = 3 << 30
"""The bytes of addresses that a command may take: the modules of this process, all of them, are among them."""

SECONDS = 20
FEW = 6
"""The commands that are asked of a forged value."""

PHONE = "13800138000"
TABLES = (*PROJECTED_TABLES, "transition", "personal")
ENDLESS = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"
LARGE = "hex(zeroblob(400000000))"


@dataclass(frozen=True, slots=True)
class Case:
    """A prepared register, and the commands that are given to it; `bars` tells that all of them must be refused."""

    made: Desk
    folder: Path
    name: str
    table: str
    value: object
    commands: Sequence[tuple[object, ...]]
    bars: bool


def tallies(folder: Path, seed: int, schemas: int, commands: int, values: int, readers: int) -> Iterator[Tally]:
    """Prepare so many schemas, and give each so many commands; forge so many values; erase beside readers so often."""
    made = _prepared(folder / "made")
    chance = random.Random(seed)

    def some(most: int = len(COMMANDS)) -> list[tuple[object, ...]]:
        return [*chance.sample(COMMANDS, min(commands, most)), ("verify",)]

    attacks = [(name, table) for name in SCHEMAS for table in TABLES]
    altered = [
        Case(made, folder / f"schema{at}", name, table, None, some(), True)
        for at, (name, table) in enumerate(chance.sample(attacks, min(schemas, len(attacks))))
    ]
    what = "views, virtual tables, triggers, rules and indexes in the place of its own, in every command"
    yield gathered("hostile", what, spread(prepared, altered))
    with closing(sqlite3.connect(made.db)) as db:
        columns = [
            f"{table}.{name}"
            for table in TABLES
            for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))
        ]
    chosen = [(chance.choice(columns), chance.choice(VALUES)) for _ in range(values)]
    forged = [
        Case(made, folder / f"value{at}", place, place.partition(".")[0], value, some(FEW), False)
        for at, (place, value) in enumerate(chosen)
    ]
    yield gathered("hostile", "values of any kind in any column, in every command", spread(prepared, forged))
    beside = [(made, folder / f"reader{at}", seed + at) for at in range(readers)]
    yield gathered("hostile", "erase beside readers that stay", spread(erased, beside))


def _prepared(folder: Path) -> Desk:
    made = founded(folder)
    made.must("add", "--platform", "Tmall", "--consumer", "李四", "--phone", PHONE)
    receipt = folder / "receipt.txt"
    receipt.write_text("paid", encoding="utf-8")
    made.must("evidence", 1, "--file", receipt)
    with closing(sqlite3.connect(made.db)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return made


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def prepared(case: Case) -> Finding:
    """Prepare a register, and give it commands with little memory and time."""
    desk = case.made.copied(case.folder)
    finding = Finding()
    try:
        if case.bars:
            _alter(desk.db, SCHEMAS[case.name], case.table)
        else:
            forge(desk.db, case.table, put(case.table, case.name.partition(".")[2], 0, case.value))
    except sqlite3.Error:
        # SQLite itself lets no such thing in.
        shutil.rmtree(case.folder)
        return finding
    whole = desk.db.read_bytes()
    files = {path.name for path in desk.folder.iterdir()}
    for words in case.commands:
        named = [desk.folder / str(word) if re.search(r"\.[a-z]+$", str(word)) else word for word in words]
        (desk.folder / "rows.csv").write_text("number,platform,received\nN-1,JD,2016-11-01 08:00\n", encoding="utf-8")
        outcome = run(named, desk.environment(), _limited, seconds=3 * SECONDS)
        finding.tried += 1
        refused = outcome.status == (1 if words == ("verify",) else 3)
        if not outcome.is_plain or (case.bars and not refused):
            finding.broken.append(f"{case.name} {case.table} = {str(case.value)[:30]!r}: {words}: {outcome.told()}")
        finding.count("refused", int(outcome.status in (2, 3)))
        left = (
            {path.name for path in desk.folder.iterdir()} - files - {"rows.csv", "register.db-wal", "register.db-shm"}
        )
        if case.bars and left:
            finding.broken.append(f"{case.name} {case.table}: {words} left {', '.join(sorted(left))}")
        for suffix in ("-wal", "-shm"):
            Path(f"{desk.db}{suffix}").unlink(missing_ok=True)
        desk.db.write_bytes(whole)
    shutil.rmtree(case.folder)
    return finding


def _alter(path: Path, statements: Sequence[str], table: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        views = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
        if any("RENAME" in statement for statement in statements):
            for view in views:
                db.execute(f"DROP VIEW {view}")
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA legacy_alter_table = ON")
        first = db.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchone()[0]
        for statement in statements:
            db.execute(statement.format(table=table, first=f'"{first}"', endless=ENDLESS, large=LARGE))


SCHEMAS: dict[str, tuple[str, ...]] = {
    "a view that takes memory": (
        "ALTER TABLE {table} RENAME TO kept",
        "CREATE VIEW {table} AS SELECT *, {large} FROM kept",
    ),
    "a view without an end": (
        "ALTER TABLE {table} RENAME TO kept",
        "CREATE VIEW {table} AS {endless} SELECT kept.* FROM kept, r",
    ),
    "a virtual table": ("DROP TABLE {table}", "CREATE VIRTUAL TABLE {table} USING fts5 (name, value)"),
    "a trigger without an end": (
        "CREATE TRIGGER t AFTER INSERT ON {table} BEGIN INSERT INTO search_text {endless} SELECT x, x FROM r; END",
    ),
    "a trigger on what changes": (
        "CREATE TRIGGER {table} AFTER UPDATE ON {table} BEGIN UPDATE fact SET value = {large}; END",
    ),
    "a trigger on what goes": ("CREATE TRIGGER t BEFORE DELETE ON {table} BEGIN SELECT raise(IGNORE); END",),
    "an index of an expression": ("CREATE INDEX i ON {table} (length({large}), {first})",),
    "an index of few": ("CREATE INDEX i ON {table} ({first}) WHERE length({first}) > 0",),
    "a column more": ("ALTER TABLE {table} ADD COLUMN more AS ({large})",),
}
"""What stands in the place of a table of the register, or at it; {first} is its first column."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A process that looks at a register, and goes on showing the one state of it."""

    process: "subprocess.Popen[bytes]"

    @classmethod
    def of(cls, path: Path) -> "Reader":
        """Start one, and wait until it has looked."""
        code = (
            "import sqlite3, sys\n"
            "db = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True, isolation_level=None)\n"
            "db.execute('BEGIN')\n"
            "print(db.execute('SELECT count(*) FROM personal').fetchone(), flush=True)\n"
            "sys.stdin.read()\n"
        )
        words = [sys.executable, "-c", code, str(path)]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        return cls(process)

    def end(self) -> None:
        """Let it end."""
        self.process.communicate()


def erased(case: tuple[Desk, Path, int]) -> Finding:
    """Erase beside readers: who writes goes on, what is left is told, and nothing of it stays once they have ended."""
    made, folder, seed = case
    chance = random.Random(seed)
    desk = made.copied(folder)
    finding = Finding(1)
    # The erased bytes stand in the file itself or in what was written last.
    desk.must("amend", 31, "--phone", PHONE) if chance.random() < 0.5 else None
    readers = [Reader.of(desk.db) for _ in range(chance.randint(1, 3))]
    for words in (("erase", 31, "--reason", "asked", "--yes"), ("add", "--platform", "JD", "--number", "beside")):
        outcome = desk.run(*words)
        if outcome.status != 0:
            finding.broken.append(f"{words[0]} beside {len(readers)} readers: {outcome.told()}")
        if words[0] == "erase" and "Another program is reading" not in outcome.err:
            finding.broken.append(f"erase does not say what is left: {outcome.told()}")
    named = desk.run("doctor")
    if "Erased data" not in named.err:
        finding.broken.append(f"doctor does not name what is left: {named.told()}")
    chance.shuffle(readers)
    for reader in readers:
        reader.end()
    desk.must("add", "--platform", "JD", "--number", "after")
    left = [path.name for path in desk.folder.rglob("*") if path.is_file() and PHONE.encode() in path.read_bytes()]
    finding.broken += [f"the erased phone is still in {name}" for name in left]
    checked = desk.run("verify")
    if checked.status != 0:
        finding.broken.append(f"verify: {checked.told()}")
    shutil.rmtree(folder)
    return finding

"""The works that are measured: dealtrack's command, what it costs at least, what another program takes, what to reach."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench import complaints
from tests.bench.measure import Command, run
from tests.bench.peers import Peer, peer, scripted

PYTHON = sys.executable
PEERS_PART = 20
"""Peers count a twentieth of the deadlines."""

IMPORT_REACH = 3.5
"""170 us a complaint, on the machine on which the floor took 49."""

START = (PYTHON, "-c", "import typer, sqlite3")


class Work(NamedTuple):
    """One row of the table. A floor that prints its own seconds (`told`) is counted by those, all where `all_told`.

    `reach` is how many times the floor's time the plan allows, 0 where it says nothing; `before` makes ready what a run
    uses up; `part` is how much of the work peers do; `on_terminal` runs all on a terminal of 120 columns.
    """

    name: str
    command: Command
    floor_name: str
    floor: Sequence[str]
    reach: float
    peers: Sequence[Peer] = ()
    told: bool = False
    before: Callable[[], None] | None = None
    runs: int = 0
    beside_start: bool = False
    part: float = 1.0
    all_told: bool = False
    on_terminal: bool = False


class Bench:
    """The registers and files that works are measured with, in a folder that is kept."""

    def __init__(self, folder: Path, count: int, with_peers: bool) -> None:
        self.folder, self.count, self.with_peers = folder, count, with_peers
        self.small, self.large = folder / "1000.db", folder / f"{count}.db"
        self.csv = folder / f"{count}.csv"
        self.empty = folder / "empty.db"
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONPATH": str(Path(__file__).parent.parent.parent),
            "DEALTRACK_HOME": str(folder / "home"),
            "DEALTRACK_NOW": complaints.NOW,
            "DEALTRACK_ACTOR": "bench",
            "XDG_CONFIG_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "TASKDATA": str(folder / "task"),
            "TASKRC": str(folder / "taskrc"),
        }

    def dealtrack(self, db: Path, *words: str) -> list[str]:
        """Return a command line."""
        return [PYTHON, "-m", "dealtrack", "--db", str(db), *words]

    def bare(self, work: str, *arguments: object) -> list[str]:
        """Return the command line of a floor."""
        return [PYTHON, "-m", "tests.bench.floor", work, *map(str, arguments)]

    def prepare(self) -> None:
        """Make the files and registers that are not there yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        overdue = min(100, self.count // 10)
        for path, count in ((self.csv, self.count), (self.folder / "1000.csv", 1000)):
            complaints.write(path, count, overdue, overdue)
        if not self.empty.exists():
            run(self.dealtrack(self.empty, "init"), self.environment)
        for db, csv in ((self.small, self.folder / "1000.csv"), (self.large, self.csv)):
            if not db.exists():
                draft = db.with_suffix(".draft")
                remove(draft)
                shutil.copy(self.empty, draft)
                run(self.dealtrack(draft, "import", str(csv)), self.environment)
                draft.rename(db)
        if self.with_peers:
            self._tasks()
            self._todos()

    def _todos(self) -> None:
        """Give todoman a thousand tasks, each a file, the form that it reads."""
        folder = self.folder / "todo" / "list"
        if not peer("todo", "todo").command or folder.exists():
            return
        folder.mkdir(parents=True)
        config = self.folder / "todoman" / "config.py"
        config.parent.mkdir()
        config.write_text(f"path = {str(folder.parent / '*')!r}\n", encoding="utf-8")
        for n in range(1000):
            lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:bench", "BEGIN:VTODO", f"UID:{n}", "DTSTAMP:20161101T000000Z",
                     f"SUMMARY:complaint {n}", "DUE:20361101T000000Z", "END:VTODO", "END:VCALENDAR", ""]  # fmt: skip
            (folder / f"{n}.ics").write_text("\r\n".join(lines), encoding="utf-8")

    def _tasks(self) -> None:
        """Give taskwarrior as many tasks as are asked of it, a thousandth of them overdue."""
        tool = peer("task", "task")
        folder = Path(self.environment["TASKDATA"])
        if not tool.command or folder.exists():
            return
        folder.mkdir()
        Path(self.environment["TASKRC"]).write_text("confirmation=off\nverbose=nothing\n", encoding="utf-8")
        many = min(100_000, self.count)
        told = self.folder / "tasks.json"
        with told.open("w", encoding="utf-8") as file:
            for n in range(many):
                due = "20161101T000000Z" if n % 1000 == 0 else "20361101T000000Z"
                file.write(json.dumps({"description": f"complaint {n}", "status": "pending", "due": due}) + "\n")
        run([*tool.command, "import", str(told)], self.environment)

    def works(self) -> Iterator[Work]:
        """Yield the works, in the order of the table."""
        many = f"{self.count:,}"
        tasks = peer("task overdue", "task", "overdue")
        query = "select c.id, k.due_at from clock k join complaint c on c.id = k.complaint where k.ended_at is null"
        looked = [
            peer("sqlite-utils query", "sqlite-utils", "query", str(self.large), query),
            peer("todo list", "todo", "list"),
        ]
        start = "import typer, sqlite3"
        yield Work(f"overdue, 100 in {many}", self.dealtrack(self.large, "overdue"), start, START, 1.3, [tasks])
        small = self.dealtrack(self.small, "overdue")
        yield Work(f"overdue, 100 in {many}", self.dealtrack(self.large, "overdue"), "the same in 1,000", small, 1.1)
        for words in ("list --status open", "show 12", "due"):
            yield Work(words, self.dealtrack(self.large, *words.split()), start, START, 1.3, looked)
        for words in ("overdue", "list --status open"):
            command = self.dealtrack(self.large, *words.split())
            yield Work(f"{words}, on a terminal", command, start, START, 1.8, on_terminal=True)
        yield from self._recorded()
        yield self._imported()
        yield from self._deadlines()
        again = self.dealtrack(self.large, "import", str(self.csv))
        yield Work(
            "import again, nothing new",
            again,
            "reading the CSV",
            self.bare("reading", self.csv),
            0,
            told=True,
            runs=3,
        )
        yield from self._reported()
        hashing = self.bare("hashing", self.large)
        for words in ("overdue", "report --by platform"):
            past = self.dealtrack(self.large, *words.split(), "--as-of", "2014-11-15")
            yield Work(f"{words} --as-of two years back", past, "SHA-256 and reading", hashing, 0, told=True, runs=1)
        verify = self.dealtrack(self.large, "verify")
        yield Work("verify", verify, "SHA-256 and reading", hashing, 8.0, told=True, runs=1)
        yield self._amended()

    def _reported(self) -> Iterator[Work]:
        name, report = f"report --by platform, {self.count:,}", self.dealtrack(self.large, "report", "--by", "platform")
        by_pandas = scripted("pandas", "pandas", "report", str(self.large))
        floors = (("the same figures by SQL", "report", 1.5), ("SQL that counts met and missed alone", "narrow", 0))
        for title, work, reach in floors:
            yield Work(name, report, title, self.bare(work, self.large), reach, [by_pandas], told=True, runs=3)

    def _recorded(self) -> Iterator[Work]:
        copy = self.folder / "recorded.db"
        remove(copy)
        shutil.copy(self.large, copy)
        floor = self.bare("commit", self.folder / "commit.db")
        task = peer("task add", "task", "add", "one more", "due:20361101T000000Z")
        add = self.dealtrack(copy, *"add --platform JD --category quality".split())
        note = self.dealtrack(copy, "note", str(self.count), "--note", "one more")

        def forward(turn: int) -> list[str]:
            return self.dealtrack(copy, "forward", str(self.count - turn))

        def complete(turn: int) -> list[str]:
            return self.dealtrack(copy, "complete", str(self.count - turn), "--outcome", "refund")

        recorded: tuple[tuple[str, Command, list[Peer]], ...] = (
            ("add", add, [task]), ("forward", forward, []), ("complete", complete, []), ("note", note, []),
        )  # fmt: skip
        for name, command, others in recorded:
            yield Work(
                f"{name}, one complaint",
                command,
                "start, and one commit",
                floor,
                1.3,
                others,
                beside_start=True,
                told=True,
            )

    def _imported(self) -> Work:
        made, csv = self.folder / "made.db", str(self.csv)

        def before() -> None:
            remove(made)
            shutil.copy(self.empty, made)
            remove(self.folder / "utils.db")

        others = [
            peer(
                "sqlite-utils insert --csv", "sqlite-utils", "insert", str(self.folder / "utils.db"), "c", csv, "--csv"
            ),
            scripted("pandas", "pandas", "import", csv, str(self.folder / "pandas.db")),
        ]
        floor = self.bare("inserts", self.large, self.empty, self.folder / "floor.db")
        command = self.dealtrack(made, "import", csv)
        return Work(
            f"import {self.count:,} rows",
            command,
            "bare executemany",
            floor,
            IMPORT_REACH,
            others,
            True,
            before,
            runs=1,
        )

    def _deadlines(self) -> Iterator[Work]:
        count = min(self.count, 1_000_000)
        others = [
            scripted(name, name, "deadlines", name, str(max(1, count // PEERS_PART))) for name in ("holidays", "pandas")
        ]
        floor = self.bare("look-ups", count)
        alone = f"deadlines alone, {count:,}"
        title = "list look-ups"
        part = 1 / PEERS_PART
        yield Work(alone, self.bare("deadlines", count), title, floor, 0, others, True, part=part, all_told=True)
        with_day = self.bare("moments", count)
        yield Work(f"{alone}, the day found too", with_day, title, floor, 0, told=True, all_told=True)

    def _amended(self) -> Work:
        many = max(10, self.count // 100)
        base, copy, csv = self.folder / "running.db", self.folder / "amended.db", self.folder / "running.csv"
        if not base.exists():
            with csv.open("w", encoding="utf-8") as file:
                file.write(complaints.COLUMNS + "\n")
                file.writelines(map(_received_last, complaints.rows(many, 0, many)))
            draft = base.with_suffix(".draft")
            remove(draft)
            shutil.copy(self.large, draft)
            run(self.dealtrack(draft, "import", str(csv)), self.environment)
            draft.rename(base)

        def before() -> None:
            remove(copy)
            shutil.copy(base, copy)
            # Or what the copy left to be written is waited for by the commit that is measured.
            os.sync()

        amend = self.dealtrack(copy, *"calendar amend 2016-11-15 --off --name storm --source notice --yes".split())
        floor = self.bare("updates", base, "2016-11-15", "2016-11-16")
        return Work(
            f"calendar amend, {many:,} of {self.count:,} affected",
            amend,
            "the UPDATEs by hand",
            floor,
            0,
            (),
            True,
            before,
            runs=3,
            beside_start=True,
        )


def _received_last(line: str) -> str:
    """Return a line of CSV with a number of its own, as received on the last day, so that what it starts is due on the next."""
    number, *cells = line.split(",")
    place = complaints.COLUMNS.split(",").index("received") - 1
    cells[place] = f"{complaints.LAST}{cells[place][10:]}"
    return ",".join([f"R{number}", *cells])


def remove(db: Path) -> None:
    """Remove a register with the files beside it."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{db}{suffix}").unlink(missing_ok=True)

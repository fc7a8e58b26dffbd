"""Registers to be broken: made small, copied, run with commands, and looked at afterwards."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dealtrack.register.engine import Address
from tests.conftest import make_small_register
from tests.faults.processes import PATIENCE, Outcome, Running, asked, environment_of, run, start

NOW = "2016-11-15T09:00:00+08:00"
LAST_YEAR = 2017


@dataclass
class Desk:
    """A folder with a register, to which commands are given as processes of their own."""

    folder: Path
    now: str = NOW
    name: str = "register.db"
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def db(self) -> Path:
        """Return the register's file."""
        return self.folder / self.name

    def environment(self) -> dict[str, str]:
        """Return what commands run with."""
        return environment_of(self.folder, self.db, self.now, **self.extra)

    def start(self, *arguments: object, before: Callable[[], object] | None = None) -> Running:
        """Start a command."""
        return start(arguments, self.environment(), before)

    def run(
        self,
        *arguments: object,
        before: Callable[[], object] | None = None,
        stdin: bytes = b"",
        seconds: float = PATIENCE,
    ) -> Outcome:
        """Run a command to its end."""
        return run(arguments, self.environment(), before, stdin, seconds)

    def must(self, *arguments: object) -> str:
        """Run a command that must succeed, and return what it printed."""
        outcome = self.run(*arguments)
        if outcome.status != 0:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: {outcome.told()}")
        return outcome.out

    def copied(self, folder: Path) -> "Desk":
        """Return a copy of this desk in another folder, which takes the place of what was there."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder, symlinks=True)
        folder.chmod(0o700)
        return Desk(folder, self.now, self.name, dict(self.extra))


def founded(folder: Path, complaints: int = 30) -> Desk:
    """Make a desk with a register of two years and some complaints in all states."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    desk = Desk(folder)
    asked(make_small_register, desk.db, LAST_YEAR)
    rows = write_rows(folder / "start.csv", "S", complaints)
    desk.must("import", rows)
    if complaints >= 12:
        desk.must("forward", 2, 3, 5, 6)
        desk.must("complete", 1, 2, "--outcome", "refund", "--amount", "12.50")
        desk.must("pause", 3, "--reason", "test")
        desk.must("withdraw", 7, "--reason", "settled")
        desk.must("reopen", 1, "--reason", "again")
        desk.must("hand-on", 8, "--to", "another section")
        desk.must("note", 9, "--note", "a note")
    return desk


def write_rows(path: Path, mark: str, count: int) -> Path:
    """Write a file of complaints, with personal data, that an import takes in whole."""
    lines = ["number,platform,category,received,forwarded,consumer,phone,summary"]
    for at in range(count):
        forwarded = "2016-11-14 10:00" if at % 3 == 0 else ""
        platform = ("JD", "Tmall", "Amazon")[at % 3]
        lines.append(
            f"{mark}-{at:06d},{platform},quality,2016-11-{1 + at % 13:02d} 09:{at % 60:02d},{forwarded},"
            f"张{mark}{at},139{at:08d},鞋子{mark}开胶第{at}件"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class Look:
    """How a register is found: what `verify` finds wrong, its head, its entries' number and all their texts."""

    faults: list[str]
    head: str
    entries: int
    complaints: int
    details: list[str]

    def holding(self, mark: str) -> int:
        """Return how many entries hold a mark."""
        return sum(mark in text for text in self.details)


def look(db: Address, head: str = "", evidence: bool = True) -> Look:
    """Open a register and check all of it, or all but its evidence; a head that it had before must still be in it."""
    return asked(_look, db, head, evidence)


def _look(db: Address, head: str, evidence: bool) -> Look:
    from dealtrack.register.journal import link_rows
    from dealtrack.register.opening import open_register
    from dealtrack.register.verification import verify

    with open_register(db) as register:
        checked = verify(register, head, evidence=evidence)
        held = [(complaint, kind, detail) for _, complaint, kind, _, _, _, detail, *_ in link_rows(register.database)]
        complaints = len({complaint for complaint, _, _ in held if complaint is not None})
        texts = [f"{kind} {complaint} {detail}" for complaint, kind, detail in held]
    return Look(checked.faults, checked.head, checked.entries, complaints, texts)


def moment(text: str = NOW) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)

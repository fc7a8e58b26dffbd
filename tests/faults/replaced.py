"""Migrations and restores broken off: the register is the old one or the new one, whole, and running again finishes."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dealtrack.cli.commands import COMMANDS
from dealtrack.register.engine import VERSION
from tests.faults.crash import KILLED
from tests.faults.desk import Desk, founded, look
from tests.faults.layer import EVERY, Counter, Mode, Strike
from tests.faults.processes import asked, spread
from tests.faults.tally import Finding, Tally, gathered
from tests.make_register import kept, unpack

OLD_ENTRIES = 40
LAST_CALLS = 60
STRUCK = (Mode.FAIL, Mode.FAIL_ON, Mode.TEAR, Mode.KILL, Mode.LATE, Mode.POWER)


@dataclass(frozen=True, slots=True)
class Case:
    """A command that replaces a register, killed after some seconds or struck by the disk."""

    made: Desk
    folder: Path
    seconds: float
    strike: Strike | None
    heads: tuple[str, str] = ("", "")


def tallies(folder: Path, kills: int, strikes: int, seed: int, without: str) -> Iterator[Tally]:
    """Break migrations and restores off, each so many times."""
    yield from _both(
        "migrations", folder / "old", _old(folder / "old"), ("list",), upgrading, kills, strikes, seed, without
    )
    if "restore" in COMMANDS:
        made, heads = _with_copy(folder / "restored")
        words = ("restore", "copy.db", "--yes")
        yield from _both("restores", folder / "back", made, words, restoring, kills, strikes, seed, without, heads)


def _both(
    what: str,
    folder: Path,
    made: Desk,
    words: tuple[str, ...],
    work: Callable[[Case], Finding],
    kills: int,
    strikes: int,
    seed: int,
    without: str,
    heads: tuple[str, str] = ("", ""),
) -> Iterator[Tally]:
    chance = random.Random(seed)
    trial = made.copied(folder / "trial")
    counter = None if without else Counter(trial.folder, EVERY)
    outcome = trial.run(*_placed(trial, words), before=counter.arm if counter else None)
    if outcome.status != 0:
        raise RuntimeError(f"{what}: {outcome.told()}")
    # The copy that is made first takes most of the time, and most of the calls: half of all fall on what follows.
    waits = [outcome.seconds * chance.uniform(chance.choice((0.0, 0.7)), 1.3) for _ in range(kills)]
    killed = [Case(made, folder / f"kill{at}", wait, None, heads) for at, wait in enumerate(waits)]
    yield gathered("crash", f"kill -9 of {what} at a random moment", spread(work, killed))
    if counter is None:
        yield Tally("disk", f"{what} on a failing disk", skipped=without)
        return
    calls = counter.count()
    last = max(1, calls - LAST_CALLS)
    struck = [
        Strike(
            chance.choice(STRUCK), chance.randint(chance.choice((1, last)), calls), EVERY, 5, chance.randrange(1 << 30)
        )
        for _ in range(strikes)
    ]
    cases = [Case(made, folder / f"strike{at}", 60, strike, heads) for at, strike in enumerate(struck)]
    yield gathered("disk", f"{what} on a disk that fails, tears or loses at the n-th call", spread(work, cases))


def _placed(desk: Desk, words: tuple[str, ...]) -> list[object]:
    return [desk.folder / word if word.endswith(".db") else word for word in words]


def _old(folder: Path) -> Desk:
    desk = Desk(folder / "made")
    desk.folder.mkdir(mode=0o700, parents=True)
    asked(_unpacked, desk.db)
    return desk


def _unpacked(db: Path) -> None:
    unpack(min(kept()), db)
    # As a register is that is written to; what is kept of it is a backup, which has no write-ahead file.
    connection = sqlite3.connect(db)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _with_copy(folder: Path) -> tuple[Desk, tuple[str, str]]:
    desk = founded(folder)
    desk.must("backup", desk.folder / "copy.db")
    before = look(desk.db).head
    desk.must("add", "--platform", "JD", "--number", "LATER")
    return desk, (before, look(desk.db).head)


def _broken_off(case: Case, desk: Desk, words: tuple[str, ...], finding: Finding) -> str:
    running = desk.start(*_placed(desk, words), before=case.strike.armed(desk.folder) if case.strike else None)
    if not running.wait(case.seconds):
        running.kill()
    outcome = running.end()
    finding.count({0: "done", KILLED: "killed"}.get(outcome.status, "told as not done"))
    how = f"{case.strike.mode.name} at {case.strike.nth}" if case.strike else "killed"
    if outcome.status not in (0, KILLED) and not outcome.is_plain:
        finding.broken.append(f"{words[0]} ({how}): {outcome.told()}")
    return f"{words[0]} ({how}, {outcome.told()})"


def version(db: Path) -> int:
    """Return the schema version of a register."""
    connection = sqlite3.connect(db)
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(found)


def upgrading(case: Case) -> Finding:
    """Break a migration off, and look at the register and at the copy beside it."""
    desk = case.made.copied(case.folder)
    finding = Finding(1)
    told = _broken_off(case, desk, ("list",), finding)
    found = asked(version, desk.db)
    finding.count("left at the old schema", int(found < VERSION))
    copies = list(desk.folder.glob("register-schema*.db"))
    if found == VERSION and not copies:
        finding.broken.append(f"{told}: migrated, and no copy of what it was is there")
    for copy in copies:
        # A copy is made in its place only when it is whole.
        if asked(version, copy) != min(kept()):
            finding.broken.append(f"{told}: {copy.name} is no copy of the old register")
    again = desk.run("list")
    after = look(desk.db)
    if again.status != 0 or asked(version, desk.db) != VERSION:
        finding.broken.append(f"{told}: running again: {again.told()}")
    if after.faults or after.entries != OLD_ENTRIES:
        finding.broken.append(f"{told}: {after.entries} entries, {after.faults}")
    shutil.rmtree(case.folder)
    return finding


def restoring(case: Case) -> Finding:
    """Break a restore off: the register is what it was, or what the copy is."""
    desk = case.made.copied(case.folder)
    words = ("restore", "copy.db", "--yes")
    finding = Finding(1)
    told = _broken_off(case, desk, words, finding)
    if not desk.db.exists():
        finding.broken.append(f"{told}: there is no register any more")
    else:
        after = look(desk.db)
        if after.faults or after.head not in case.heads:
            finding.broken.append(f"{told}: neither the old register nor the new one: {after.entries}, {after.faults}")
        finding.count("restored", int(after.head == case.heads[0]))
    again = desk.run(*_placed(desk, words))
    restored = look(desk.db)
    if again.status != 0 or restored.faults or restored.head != case.heads[0]:
        finding.broken.append(f"{told}: running again: {again.told()} {restored.faults}")
    shutil.rmtree(case.folder)
    return finding

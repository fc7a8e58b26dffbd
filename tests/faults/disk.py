"""Disk: writes and syncs fail, tear or are lost at each call in turn; the register is as before, or as after."""

import errno
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.crash import settled
from tests.faults.deeds import NAMES, deed
from tests.faults.desk import Desk, Look, founded, look
from tests.faults.layer import EVERY, TOLD, WRITE, Counter, Mode, Strike
from tests.faults.processes import spread
from tests.faults.tally import Finding, Tally, gathered

MARK = "D1D"
KINDS = {Mode.SHORT: WRITE, Mode.TEAR: WRITE}
"""The kinds of call that a mode strikes; the others strike every kind."""
ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Case:
    """One strike at one deed, on a fresh copy of a register."""

    made: Desk
    folder: Path
    state: Look
    name: str
    strike: Strike


def tallies(folder: Path, strikes: int, seed: int, without: str) -> Iterator[Tally]:
    """Strike so many times in each mode, at calls and deeds that chance picks."""
    if without:
        for told in TOLD.values():
            yield Tally("disk", told, skipped=without)
        return
    made = founded(folder / "made")
    made.must("add", "--platform", "Tmall", "--consumer", "李四", "--phone", "13800138000")
    made.must("backup", made.folder / "copy.db")
    state = look(made.db)
    calls = {
        name: {kinds: counted(made, folder / "count", name, state, kinds) for kinds in (EVERY, WRITE)} for name in NAMES
    }
    chance = random.Random(seed)
    for mode, told in TOLD.items():
        kinds = KINDS.get(mode, EVERY)
        cases = []
        names = NAMES * (1 + strikes // len(NAMES))
        for at, name in enumerate(chance.sample(names, strikes)):
            nth = chance.randint(1, max(1, calls[name][kinds]))
            strike = Strike(mode, nth, kinds, chance.choice(ERRORS), chance.randrange(1 << 30))
            cases.append(Case(made, folder / f"{mode.name}{at}", state, name, strike))
        yield gathered("disk", told, spread(struck, cases))


def counted(made: Desk, folder: Path, name: str, state: Look, kinds: int) -> int:
    """Return how many calls of some kinds a deed makes."""
    desk = made.copied(folder)
    job = deed(name, desk, MARK, state.complaints)
    counter = Counter(folder, kinds)
    outcome = desk.run(*job.words, before=counter.arm)
    if outcome.status != 0:
        raise RuntimeError(f"{name}: {outcome.told()}")
    return counter.count()


def struck(case: Case) -> Finding:
    """Run a deed on the failing disk, and look at what is left once the disk is well again."""
    desk = case.made.copied(case.folder)
    job = deed(case.name, desk, MARK, case.state.complaints)
    finding = Finding(1)
    outcome = desk.run(*job.words, before=case.strike.armed(desk.folder))
    finding.count({0: "told as done", 3: "told as not done"}.get(outcome.status, "killed"))
    settled(desk, job, MARK, case.state, outcome, finding, f"{case.strike.mode.name} at call {case.strike.nth}")
    shutil.rmtree(case.folder)
    return finding

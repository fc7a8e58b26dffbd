"""Crash: a command is killed at a random moment, and the register is then as if it had run, or as if it had not."""

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dealtrack.register.drafts import DRAFT
from tests.faults.deeds import NAMES, Deed, deed
from tests.faults.desk import Desk, Look, founded, look
from tests.faults.processes import Outcome, first_line, spread
from tests.faults.tally import Finding, Tally, gathered

KILLED = -9
KILLS_EACH = 25
MOST_TRIES = 4
WEIGHTS = {"import": 6, "backup": 3, "backup --keep": 2, "amend": 3, "calendar amend": 3, "recheck --rebuild": 2}
"""How often a kind of command is killed, for one that is killed once: long ones have more moments."""


@dataclass(frozen=True, slots=True)
class Series:
    """Kills of commands on one register, which lives through all of them; who ends before the kill does not count."""

    made: Desk
    folder: Path
    kills: int
    seed: int
    spans: dict[str, float]


def tallies(folder: Path, kills: int, foundings: int, seed: int) -> Iterator[Tally]:
    """Kill commands so many times, and `init` so many times."""
    made = founded(folder / "made")
    spans = measured(made.copied(folder / "measured"))
    rounds = [min(KILLS_EACH, kills - at) for at in range(0, kills, KILLS_EACH)]
    cases = [Series(made, folder / f"series{at}", count, seed + at, spans) for at, count in enumerate(rounds)]
    what = "kill -9 at a random moment: single commands, imports, amendments, rebuilding, backups, exports"
    yield gathered("crash", what, spread(series, cases))
    births = [Series(made, folder / f"birth{at}", 1, seed + at, spans) for at in range(foundings)]
    yield gathered("crash", "kill -9 of init", spread(founding, births))


def measured(desk: Desk) -> dict[str, float]:
    """Return how many seconds each deed takes when nothing goes wrong."""
    spans = {}
    for at, name in enumerate(NAMES):
        desk.must("add", "--platform", "Tmall", "--consumer", "李四", "--phone", "13800138000")
        job = deed(name, desk, f"M{at}", look(desk.db).complaints)
        outcome = desk.run(*job.words)
        if outcome.status != 0:
            raise RuntimeError(f"{name}: {outcome.told()}")
        spans[name] = outcome.seconds
    return spans


def series(case: Series) -> Finding:
    """Kill commands one after another on one register, and look at it after each."""
    chance = random.Random(case.seed)
    desk = case.made.copied(case.folder)
    finding = Finding()
    state = look(desk.db)
    spans = dict(case.spans)
    names = chance.choices(NAMES, [WEIGHTS.get(name, 1) for name in NAMES], k=MOST_TRIES * case.kills)
    for at, name in enumerate(names):
        if finding.counts.get("killed", 0) >= case.kills:
            break
        mark = f"K{case.seed}x{at}x"
        out = desk.must(
            "add", "--platform", "Tmall", "--consumer", "李四", "--phone", "13800138000", "--format", "json"
        )
        target = state.complaints + 1
        assert f'"id": {target}' in out, out
        job = deed(name, desk, mark, target)
        running = desk.start(*job.words)
        if not running.wait(chance.uniform(0, spans[name] * 1.1)):
            running.kill()
        outcome = running.end()
        finding.tried += 1
        finding.count("acknowledged before they could be" if outcome.status == 0 else "killed")
        if outcome.status == 0:
            # The machine has become quicker, or slower, than it was.
            spans[name] += 0.5 * (outcome.seconds - spans[name])
        else:
            spans[name] *= 1.02
        state = settled(desk, job, mark, state, outcome, finding)
    return finding


def settled(
    desk: Desk, job: Deed, mark: str, before: Look, outcome: Outcome, finding: Finding, how: str = "killed"
) -> Look:
    """Check a register after a command that may have been broken off, then run it again, and check once more."""

    def broken(text: str) -> None:
        finding.broken.append(f"{job.name} ({how}, {outcome.told()}): {text}")

    if outcome.status not in (0, KILLED) and not outcome.is_plain:
        broken("it ended neither plainly nor killed")
    left = drafts_left(desk)
    after = look(desk.db, before.head)
    for fault in after.faults:
        broken(fault)
    done = after.holding(mark)
    if outcome.status == KILLED and done:
        finding.count("done, though killed before they could say so")
    if outcome.status > 0 and done:
        broken(f"it was told as not done, but {done} of its entries are there")
    if outcome.status == 0 and done != job.entries:
        broken(f"acknowledged, but {done} of its {job.entries} entries are there")
    if done not in (0, job.entries):
        broken(f"{done} of its {job.entries} entries are there: neither all nor none")
    for fault in job.check(desk, outcome.status == 0) if job.check else ():
        broken(fault)
    if not done or job.once:
        again = desk.run(*job.words)
        finding.count("finished by running it again")
        if again.status != 0:
            broken(f"running it again ended with {again.told()}")
        after = look(desk.db, after.head)
        for fault in after.faults:
            broken(f"after running it again: {fault}")
        if after.holding(mark) != job.entries:
            broken(f"run again, {after.holding(mark)} of its {job.entries} entries are there")
        for fault in job.check(desk, True) if job.check else ():
            broken(f"after running it again: {fault}")
    for fault in drafts_at_fault(left):
        broken(fault)
    return after


def drafts_left(desk: Desk) -> dict[Path, bytes]:
    """Return what a command left of files that it was writing, but for empty ones; on Linux alone.

    Elsewhere every file has a name from its beginning on.
    """
    if sys.platform != "linux":
        return {}
    drafts = {path: path.read_bytes() for path in desk.folder.rglob(f"*{DRAFT}*") if path.is_file()}
    return {path: content for path, content in drafts.items() if content}


def drafts_at_fault(left: dict[Path, bytes]) -> Iterator[str]:
    """Say of each draft that a killed command left what is wrong with it, once the command has run again.

    A file without a name takes the place of another in two steps, and a kill between them leaves the whole of it as a
    draft. It is then the very file that the next run writes, and the next run clears it away.
    """
    for path, content in left.items():
        place = path.with_name(path.name.removeprefix(".").rsplit(".", 2)[0])
        if not place.is_file() or place.read_bytes() != content:
            yield f"{path.name} was left behind, {len(content)} bytes that are not the whole of {place.name}"
        elif path.exists():
            yield f"{path.name} was left behind, and running it again did not clear it away"


def founding(case: Series) -> Finding:
    """Kill `init` once: there is a whole register, or none, and the same command makes it."""
    chance = random.Random(case.seed)
    case.folder.mkdir(mode=0o700, parents=True)
    desk = Desk(case.folder)
    running = desk.start("init")
    if not running.wait(chance.uniform(0, 0.8)):
        running.kill()
    outcome = running.end()
    finding = Finding(1)
    finding.count("killed", int(outcome.status == KILLED))
    if outcome.status != 0:
        again = desk.run("init")
        if again.status != 0 and "There is already a register at" not in again.err:
            finding.broken.append(f"init again ended with {again.told()}")
    found = look(desk.db)
    finding.broken += [f"init: {first_line(fault)}" for fault in found.faults]
    return finding

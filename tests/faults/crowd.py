"""Crowd: many write at once while others read and one imports; every change is there once, and nobody is turned away."""

import json
import os
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.desk import Desk, founded, look, write_rows
from tests.faults.processes import Outcome, here, spread
from tests.faults.tally import Finding, Tally, gathered

LIFE = ("add", "forward", "complete")
BUSY = "has been busy for"
SOURCE = "crowd.csv"
MARK = re.compile(r"W\d+x\d+x")
READS = (("overdue",), ("due", "--within", "2wd"), ("list", "--status", "open", "--format", "jsonl"), ("verify",))


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many come to one register, and what each of them does there."""

    writers: int
    changes: int
    readers: int
    rows: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one process of a crowd does: how many rows or changes, or, for a reader, for how many writers to end."""

    desk: Desk
    name: str
    number: int
    times: int
    done: Path


def tallies(folder: Path, crowd: Crowd, pairs: int, patience: bool) -> Iterator[Tally]:
    """Let a crowd come, then pairs of clerks who forward the same complaint."""
    desk = founded(folder / "made")
    done = folder / "done"
    done.mkdir()
    each = crowd.changes // crowd.writers
    parts = [Part(desk, "import", 0, crowd.rows, done)]
    parts += [Part(desk, "write", at, each, done) for at in range(crowd.writers)]
    parts += [Part(desk, "read", at, crowd.writers, done) for at in range(crowd.readers)]
    before = look(desk.db)
    began = time.monotonic()
    found = list(spread(play, parts, len(parts)))
    took = time.monotonic() - began
    told = Counter(change for changes, _ in found for change in changes)
    finding = Finding(broken=settled(desk, told, before.head, crowd.rows), counts={"seconds": round(took)})
    what = (
        f"{crowd.writers} processes make {each * crowd.writers:,} changes beside {crowd.readers} readers "
        f"and an import of {crowd.rows:,} rows"
    )
    yield gathered("crowd", what, [*(one for _, one in found), finding])
    yield gathered("crowd", "two clerks forward the same complaint at once", [twice(desk, pairs)])
    if patience:
        yield gathered("crowd", "a writer waits 30 seconds for another, then is told what to do", [outwaited(desk)])


def play(part: Part) -> tuple[list[tuple[str, str]], Finding]:
    """Do a part in this process, and return the changes that were acknowledged."""
    os.environ.clear()
    os.environ.update(part.desk.environment())
    match part.name:
        case "import":
            return [], _import(part)
        case "write":
            return _write(part)
    return [], _read(part)


def patient(finding: Finding, *arguments: object) -> Outcome:
    """Run a command until it is not told that the register is busy, as its message says to."""
    while True:
        outcome = here(*arguments)
        if "is locked" in outcome.err:
            finding.broken.append(f"{arguments[0]}: {outcome.told()}")
        if outcome.status != 3 or BUSY not in outcome.err:
            return outcome
        finding.count("told to try again after 30 s")


def _import(part: Part) -> Finding:
    rows = write_rows(part.desk.folder / SOURCE, "C", part.times)
    finding = Finding(1)
    outcome = patient(finding, "import", rows)
    if outcome.status != 0:
        finding.broken.append(f"import: {outcome.told()}")
    return finding


def _write(part: Part) -> tuple[list[tuple[str, str]], Finding]:
    finding = Finding()
    told: list[tuple[str, str]] = []
    target = 0
    for at in range(part.times):
        kind = LIFE[at % len(LIFE)]
        mark = f"W{part.number}x{at // len(LIFE)}x"
        words = ("--platform", "JD", "--number", mark) if kind == "add" else (target, "--note", mark)
        outcome = patient(finding, kind, *words, "--format", "json")
        finding.tried += 1
        if outcome.status != 0:
            finding.broken.append(f"{kind} {mark}: {outcome.told()}")
            continue
        shown = json.loads(outcome.out)
        target = int(shown["id"])
        if kind == "add" and shown["number"] != mark:
            finding.broken.append(f"add {mark} was shown complaint {target} of number {shown['number']}")
        told.append((mark, {"add": "received", "forward": "forwarded", "complete": "completed"}[kind]))
    (part.done / str(part.number)).touch()
    return told, finding


def _read(part: Part) -> Finding:
    finding = Finding()
    while len(list(part.done.iterdir())) < part.times:
        outcome = here(*READS[(finding.tried + part.number) % len(READS)])
        finding.tried += 1
        finding.count("reports printed meanwhile")
        if outcome.status != 0:
            finding.broken.append(f"a reader: {outcome.told()}")
    return finding


def settled(desk: Desk, told: Counter[tuple[str, str]], head: str, rows: int) -> list[str]:
    """Return what is wrong once all have gone: each acknowledged change must stand in the journal just once."""
    after = look(desk.db, head)
    broken = list(after.faults)
    held: Counter[tuple[str, str]] = Counter()
    imported = 0
    for text in after.details:
        kind = text.split(" ", 1)[0]
        imported += kind == "received" and SOURCE in text
        held.update((mark, kind) for mark in MARK.findall(text))
    if imported != rows:
        broken.append(f"{imported} of the {rows} imported complaints are there")
    for change in sorted({*told, *held}):
        if (told[change], held[change]) != (1, 1):
            broken.append(f"{change} was acknowledged {told[change]} times and is there {held[change]} times")
    return broken


def twice(desk: Desk, pairs: int) -> Finding:
    """Let two clerks forward the same complaint at once, again and again."""
    finding = Finding()
    for _ in range(pairs):
        added = json.loads(desk.must("add", "--platform", "JD", "--format", "json"))
        both = [desk.start("forward", added["id"]) for _ in range(2)]
        ends = sorted((one.end() for one in both), key=lambda outcome: outcome.status)
        finding.tried += 1
        refusal = f"Complaint {added['id']} is forwarded and cannot be forwarded"
        if [end.status for end in ends] != [0, 2] or refusal not in ends[1].err:
            finding.broken.append(f"forwarded twice: {ends[0].told()} and {ends[1].told()}")
    return finding


def outwaited(desk: Desk) -> Finding:
    """Hold the register for longer than a writer's patience."""
    finding = Finding(2)
    writing = None
    other = sqlite3.connect(desk.db, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        writing = desk.start("add", "--platform", "JD")
        reading = desk.run("overdue")
        if reading.status != 0 or reading.seconds > 10:
            finding.broken.append(f"a reader was kept waiting: {reading.told()}")
        end = writing.end()
    finally:
        other.close()
    if end.status != 3 or BUSY not in end.err or "try again" not in end.err:
        finding.broken.append(f"a writer was not told what to do: {end.told()}")
    return finding

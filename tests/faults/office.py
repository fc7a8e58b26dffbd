"""Desks whose register is an office on a server, and many who write there at once."""

import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.parse import quote

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.errors import DealtrackError
from dealtrack.register.address import read_address
from dealtrack.register.engine import Address
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Personal
from dealtrack.register.recorder import Proposal, Recorder, Work, recording
from tests.conftest import make_small_register
from tests.faults.desk import LAST_YEAR, Desk, Look, moment, write_rows
from tests.faults.processes import PATIENCE, Running, asked, begin, environment_of, here
from tests.faults.tally import Finding
from tests.postgres import PORT, Server

OFFICE, CLERK = "haidian", "clerk"
WRITERS = 3
ROWS = 3
MARK = re.compile(r"L\d+w\d+x\d+x")
COMMANDS = ("add", "forward", "note", "import")
NOT_CONNECTED, UNCERTAIN = "No connection to", "It may have been recorded"
NOTHING = (NOT_CONNECTED, "Nothing was recorded", "the server's disk is full; nothing was written")


@dataclass
class OfficeDesk(Desk):
    """A folder from which commands go to an office's register on a server."""

    address: Address = field(kw_only=True)

    def environment(self) -> dict[str, str]:
        """Return what commands run with."""
        return environment_of(self.folder, self.address, self.now, **self.extra)

    def at(self, parameters: str) -> "OfficeDesk":
        """Return a desk whose commands connect otherwise, e.g. by host=127.0.0.1&port=5432."""
        return OfficeDesk(self.folder, self.now, address=office_address(parameters))


def office_address(parameters: str) -> Address:
    """Return the clerk's address of the office, by parameters of the connection."""
    return read_address(f"postgresql://{CLERK}@/postgres?{parameters}&office={OFFICE}")


def hosts(*servers: Server) -> str:
    """Return the parameters by which whichever of some servers takes entries is connected to."""
    folders = ",".join(quote(str(server.folder), safe="") for server in servers)
    return f"host={folders}&port={PORT}&target_session_attrs=read-write"


def opened_office(server: Server, folder: Path, where: str = "") -> OfficeDesk:
    """Make an office with the rights that offices have, and a desk of its keeper; `where` is what he connects by."""
    # It needs psycopg2.
    from dealtrack.register.postgres.rights import OfficeRole, grants, membership, role_creation

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asked(make_small_register, server.address(OFFICE), LAST_YEAR)
    rights = [*role_creation(OFFICE), *grants(OFFICE), f"CREATE ROLE {CLERK} LOGIN"]
    asked(Server.run, server, *rights, membership(OFFICE, CLERK, OfficeRole.KEEPER))
    return OfficeDesk(folder, address=office_address(where or hosts(server)))


class Ending(StrEnum):
    """What whoever asked for a recording was told."""

    DONE = "acknowledged"
    NOT_DONE = "told that nothing was recorded"
    UNCERTAIN = "told that it may have been recorded"
    OTHER = "told otherwise"


ENDINGS = {
    (0, False, False): Ending.DONE,
    (3, True, False): Ending.NOT_DONE,
    (3, False, True): Ending.UNCERTAIN,
}
"""What an exit status tells together with whether nothing was recorded, or perhaps something."""


def ending_of(status: int, said: str) -> Ending:
    """Return what an exit status and a message tell of a recording on a server that may be lost."""
    return ENDINGS.get((status, any(each in said for each in NOTHING), UNCERTAIN in said), Ending.OTHER)


class Attempt(NamedTuple):
    """A command or a recording that was tried: how many entries bear its mark where it is done, and what was told.

    `complaint` is the one that it was told to be about, 0 where that is not known, or where there are several.
    """

    name: str
    mark: str
    entries: int
    ending: Ending
    complaint: int
    said: str


def entries_by_mark(held: Look) -> dict[str, list[int]]:
    """Return the complaint of each entry that bears a mark, 0 where it is about none."""
    entries: dict[str, list[int]] = defaultdict(list)
    for text in held.details:
        _, complaint, _ = text.split(" ", 2)
        for mark in set(MARK.findall(text)):
            entries[mark].append(int(complaint) if complaint.isdigit() else 0)
    return entries


def contradictions(attempts: Sequence[Attempt], held: Look) -> Iterator[str]:
    """Yield where a register is not as those were told who wrote to it."""
    entries = entries_by_mark(held)
    for attempt in attempts:
        there = entries.get(attempt.mark, [])
        told = f"{attempt.name} {attempt.mark}, {attempt.ending}"
        may_be = {Ending.DONE: {attempt.entries}, Ending.NOT_DONE: {0}, Ending.UNCERTAIN: {0, attempt.entries}}
        if attempt.ending is Ending.OTHER or (attempt.ending is Ending.UNCERTAIN and not attempt.entries):
            yield f"{told}: {attempt.said}"
        elif len(there) not in may_be[attempt.ending]:
            yield f"{told}: {len(there)} of its {attempt.entries} entries are there"
        elif attempt.complaint and not {attempt.complaint}.issuperset(there):
            yield f"{told}: it was about complaint {attempt.complaint}, but {there} is there"


def unknown(attempts: Sequence[Attempt], held: Look) -> Iterator[str]:
    """Yield what is there though nobody who wrote was told anything of it, once nobody writes any more."""
    tried = {attempt.mark for attempt in attempts}
    for mark, there in entries_by_mark(held).items():
        if mark not in tried:
            yield f"{mark}: nobody was told, but it is there, {len(there)} times"


def count_endings(finding: Finding, attempts: Sequence[Attempt], held: Look) -> None:
    """Count what those were told who wrote."""
    entries = entries_by_mark(held)
    for attempt in attempts:
        finding.count(attempt.ending)
        if attempt.ending is Ending.UNCERTAIN:
            finding.count("of these done", int(attempt.mark in entries))


@dataclass(frozen=True, slots=True)
class Part:
    """What one of those who write has: a desk, a number, where to write down what was tried, and what ends it."""

    desk: OfficeDesk
    load: int
    number: int

    @property
    def file(self) -> Path:
        """Return the file with all that was tried."""
        return self.desk.folder / f"load{self.load}-{self.number}"

    @property
    def end(self) -> Path:
        """Return the file that ends the writing."""
        return self.desk.folder / f"load{self.load}-end"

    def marks(self) -> Iterator[str]:
        """Yield a mark for each recording."""
        for at in count():
            yield f"L{self.load}w{self.number}x{at}x"


def write(part: Part) -> None:
    """Record again and again, and write down what was told each time, until there is a file that ends it."""
    os.environ.clear()
    os.environ.update(part.desk.environment())
    attempts = (_by_commands, _in_sessions)[part.number % 2](part)
    with part.file.open("a", buffering=1, encoding="utf-8") as out:
        for attempt in attempts:
            out.write(json.dumps(attempt) + "\n")
            if part.end.exists():
                break
            if NOT_CONNECTED in attempt.said:
                # Who is not let in tries again a little later.
                time.sleep(0.05)


def _by_commands(part: Part) -> Iterator[Attempt]:
    """Record by whole commands."""
    target = 0
    for at, mark in enumerate(part.marks()):
        name = COMMANDS[at % len(COMMANDS)] if target else "add"
        match name:
            case "import":
                words: tuple[object, ...] = (write_rows(part.file.with_suffix(".csv"), mark, ROWS),)
            case "add":
                words = ("--platform", "JD", "--number", mark, "--summary", mark, "--phone", "13900001111")
                words = (*words, "--duplicate-days", 0, "--format", "json")
            case _:
                words = (target, "--note", mark)
        outcome = here(name, *words)
        ending = ending_of(outcome.status, outcome.err)
        complaint = 0
        if name == "add":
            target = int(json.loads(outcome.out)["id"]) if outcome.out else 0
        if name != "import":
            complaint = target
        yield Attempt(name, mark, ROWS if name == "import" else 1, ending, complaint, outcome.told())


def _in_sessions(part: Part) -> Iterator[Attempt]:
    """Record in a session that stays open, and in a new one where the connection is lost."""
    marks = part.marks()
    while True:
        mark = next(marks)
        try:
            with open_register(part.desk.address) as register:
                while True:
                    with recording(register, moment(), CLERK) as recorder:
                        complaint = _received(recorder, mark)
                    yield Attempt("session", mark, 2, Ending.DONE, complaint, "")
                    mark = next(marks)
        except DealtrackError as error:
            ending = ending_of(error.exit_code, error.message())
            yield Attempt("session", mark, 2, ending, 0, error.message())


def _received(recorder: Recorder, mark: str) -> int:
    detail = {"platform": "JD", "category": "quality", "policy": "green-channel", "number": mark, "summary": mark}
    now = Moment(moment(), moment(), False)
    personal = Personal(f"张{mark}", "13800138000", None, None)
    recorded = recorder.record(Work(None, [Proposal(Kind.RECEIVED, now, detail)], personal))
    recorder.record(Work(recorded.complaint.id, [Proposal(Kind.FORWARDED, now, {"note": mark})]))
    return recorded.complaint.id


class Load:
    """Several who write to an office at once."""

    def __init__(self, desk: OfficeDesk, number: int) -> None:
        self._parts = [Part(desk, number, each) for each in range(WRITERS)]
        self._running: list[Running] = []
        self.faults: list[str] = []

    @classmethod
    @contextmanager
    def started(cls, desk: OfficeDesk, number: int) -> "Iterator[Load]":
        """Let them write for the block; after it, `faults` tells who ended otherwise than he should."""
        load = cls(desk, number)
        load._running += [begin(write, part) for part in load._parts]
        try:
            yield load
        finally:
            load._parts[0].end.touch()
            for outcome in [running.end() for running in load._running]:
                if outcome.status != 0:
                    load.faults.append(f"a writer ended with {outcome.told()}")

    def attempts(self) -> list[Attempt]:
        """Return what was tried so far and came to an end."""
        lines = [line for part in self._parts if part.file.exists() for line in part.file.read_text().splitlines(True)]
        read = (json.loads(line) for line in lines if line.endswith("\n"))
        return [Attempt(*fields)._replace(ending=Ending(fields[3])) for fields in read]

    def await_more(self, chance: Random) -> None:
        """Wait until each has recorded something more, and for a random moment then."""
        ends = [part.file.stat().st_size if part.file.exists() else 0 for part in self._parts]
        due = time.monotonic() + PATIENCE
        for part, end in zip(self._parts, ends, strict=True):
            while not (part.file.exists() and Ending.DONE.value.encode() in part.file.read_bytes()[end:]):
                if time.monotonic() > due:
                    raise RuntimeError(f"writer {part.number} records nothing any more")
                time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3))

"""Server full: there is no room for a server's tables, or for its log; nothing is half written, and it works again."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from tests.faults.deeds import Deed, deed
from tests.faults.desk import look, write_rows
from tests.faults.no_room import can_mount, filled, mounted
from tests.faults.office import (
    Attempt,
    Ending,
    OfficeDesk,
    contradictions,
    count_endings,
    ending_of,
    opened_office,
)
from tests.faults.processes import asked
from tests.faults.tally import Finding, Tally, gathered
from tests.postgres import DURABLE, Server, own, why_not

CATEGORY = "server-full"
NAMES = (
    *(
        "import",
        "add",
        "forward",
        "amend personal data",
        "erase",
        "recheck --rebuild",
        "complete",
        "reopen",
        "withdraw",
    ),
    *("pause", "extend", "resume", "hand-on", "accept", "reject", "note", "amend", "void", "evidence", "platform add"),
    *("platform edit", "platform check", "calendar amend"),
)
TABLES_SIZE, LOG_SIZE = 16_000, 48_000
"""In kilobytes."""
KEPT_LOG = {"wal_keep_size": "64MB", "min_wal_size": "2MB"}
MOST_IMPORTS = 30
ROWS = 400


def tallies(folder: Path, rooms: Sequence[int], names: int, rounds: int) -> Iterator[Tally]:
    """Run so many writing commands with some amounts of room for tables, and fill the log so many times."""
    tables = f"no room for its tables, {', '.join(map(str, rooms))} kB"
    log = "no room for its log: the server stops"
    folder.mkdir(exist_ok=True)
    reason = why_not() or ("" if asked(can_mount, folder) else "a small file system cannot be mounted here")
    if reason:
        yield Tally(CATEGORY, tables, skipped=reason)
        yield Tally(CATEGORY, log, skipped=reason)
        return
    with (
        Server.started(DURABLE | KEPT_LOG, "--wal-segsize=1") as server,
        _small(server, "tables", TABLES_SIZE) as small,
    ):
        space = f"CREATE TABLESPACE small LOCATION '{small}'"
        asked(Server.run, server, space, "ALTER DATABASE postgres SET default_tablespace = small")
        desk = opened_office(server, folder / "desk")
        yield gathered(CATEGORY, tables, [tables_full(desk, small, rooms, NAMES[:names])])
        with _small(server, "journal", LOG_SIZE) as small:
            yield gathered(CATEGORY, log, [log_full(server, desk, small, rounds)])


@contextmanager
def _small(server: Server, name: str, kilobytes: int) -> Iterator[Path]:
    """Mount a small file system in a server's folder for the block, in which the server may write."""
    place = server.folder / name
    place.mkdir()
    with mounted(place, kilobytes):
        own(place)
        try:
            yield place
        finally:
            server.kill()


def tables_full(desk: OfficeDesk, small: Path, rooms: Sequence[int], names: Sequence[str]) -> Finding:
    """Run commands while the tables of an office may grow so many kilobytes, and again when there is room."""
    finding = Finding()
    for name, room in product(names, rooms):
        words = ("--platform", "Tmall", "--consumer", "李四", "--phone", "13800138000", "--format", "json")
        mark = f"L{finding.tried}w0x0x"
        job = deed(name, desk, mark, json.loads(desk.must("add", *words))["id"])
        filler = filled(small, room)
        attempt = _attempt(desk, name, mark, job)
        filler.unlink()
        finding.tried += 1
        _check(desk, [attempt], finding, f"{room} kB free")
        if attempt.ending is not Ending.DONE:
            again = _attempt(desk, name, mark, job)
            _check(desk, [again], finding, "with room again")
            if again.ending is not Ending.DONE:
                finding.broken.append(f"{name}, with room again: {again.said}")
    return finding


def log_full(server: Server, desk: OfficeDesk, small: Path, rounds: int) -> Finding:
    """Import until the server stops for want of room for its log, make room, and start it again."""
    finding = Finding()
    server.kill()
    log = server.folder / "data" / "pg_wal"
    subprocess.run(["cp", "-a", log, small / "log"], check=True)
    subprocess.run(["rm", "-r", log], check=True)
    log.symlink_to(small / "log")
    server.start()
    attempts: list[Attempt] = []
    for _ in range(rounds):
        filler = filled(small, 0)
        for _ in range(MOST_IMPORTS):
            mark = f"L{len(attempts)}w1x0x"
            job = Deed("import", ("import", write_rows(desk.folder / "rows.csv", mark, ROWS)), ROWS)
            attempts.append(_attempt(desk, "import", mark, job))
            if attempts[-1].ending is not Ending.DONE:
                break
        else:
            finding.broken.append(f"the log takes {MOST_IMPORTS} imports on a full disk")
        filler.unlink()
        server.kill()
        server.start()
        finding.tried += 1
        _check(desk, attempts, finding, "the log was full")
        desk.must(*job.words)
        attempts[-1] = attempts[-1]._replace(ending=Ending.DONE)
    _check(desk, attempts, finding, "in the end")
    return finding


def _attempt(desk: OfficeDesk, name: str, mark: str, job: Deed) -> Attempt:
    outcome = desk.run(*job.words)
    return Attempt(name, mark, job.entries, ending_of(outcome.status, outcome.err), 0, outcome.told())


def _check(desk: OfficeDesk, attempts: Sequence[Attempt], finding: Finding, when: str) -> None:
    held = look(desk.address)
    finding.broken += [f"{when}: {fault}" for fault in (*held.faults, *contradictions(attempts, held))]
    count_endings(finding, attempts[-1:], held)

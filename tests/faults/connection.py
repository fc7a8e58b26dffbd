"""Connection: it is cut at each message in turn; the command is then done or not at all, and says so."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.deeds import Deed, deed
from tests.faults.desk import look
from tests.faults.office import Attempt, OfficeDesk, contradictions, count_endings, ending_of, opened_office
from tests.faults.processes import WORKERS, spread
from tests.faults.tally import Finding, Tally, gathered
from tests.postgres import PORT, SETTINGS, Server, why_not
from tests.proxy import Cut, Proxy, Side

CATEGORY = "connection-cut"
WRITING = ("add", "forward", "import", "erase")
FURTHER = ("evidence", "amend personal data", "platform edit", "calendar amend")
READING = {"overdue": ("overdue",), "list": ("list",), "search": ("search", "开胶"), "verify": ("verify",)}
MOST_FURTHER = 12
PATIENCE = 30
"""Seconds in which a command must tell that its connection was cut."""
NOBODY = "NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())"


@dataclass(frozen=True, slots=True)
class Case:
    """Commands whose connection is cut at messages, at most so many of each side."""

    folder: Path
    names: Sequence[str]
    most: int
    seed: int


def tallies(folder: Path, most: int, is_short: bool, seed: int) -> Iterator[Tally]:
    """Cut the connection of commands at each message of the client and of the server, at most so many of each.

    `is_short` leaves out all but the usual ones that write.
    """
    what = "at each message of the client or of the server"
    if reason := why_not():
        yield Tally(CATEGORY, what, skipped=reason)
        return
    yield gathered(CATEGORY, f"{what}: {', '.join(WRITING)}", _cuts(folder / "usual", WRITING, most, seed))
    if not is_short:
        names = (*FURTHER, *READING)
        cuts = _cuts(folder / "further", names, MOST_FURTHER, seed)
        yield gathered(
            CATEGORY, f"at {MOST_FURTHER} messages of each, the last ones among them: {', '.join(names)}", cuts
        )


def _cuts(folder: Path, names: Sequence[str], most: int, seed: int) -> Iterator[Finding]:
    return spread(cut, [Case(folder / str(at), names[at::WORKERS], most, seed + at) for at in range(WORKERS)])


def cut(case: Case) -> Finding:
    """Run each command once as it is, and then again and again, each time cut at another message."""
    finding = Finding()
    chance = random.Random(case.seed)
    with Server.started(SETTINGS) as server:
        desk = opened_office(server, case.folder)
        for name in case.names:
            counts = _run(server, desk, name, finding, None)
            for side in Side:
                # What ends a recording comes last.
                numbers = range(1, counts[side] + 1)
                last = numbers[-(case.most // 2) :]
                others = range(1, last[0])
                chosen = chance.sample(others, min(len(others), case.most - len(last)))
                for number in (*chosen, *last):
                    _run(server, desk, name, finding, Cut(side, number))
    return finding


def _run(server: Server, desk: OfficeDesk, name: str, finding: Finding, place: Cut | None) -> Mapping[Side, int]:
    """Run a command through a proxy that may cut it off, and check the register; return how many messages it took."""
    mark = f"L{finding.tried}w0x0x"
    if name in READING:
        job = Deed(name, READING[name], 0)
    else:
        words = ("--platform", "Tmall", "--consumer", "李四", "--phone", "13800138000", "--format", "json")
        job = deed(name, desk, mark, json.loads(desk.must("add", *words))["id"])
    with Proxy.started(server.folder / f".s.PGSQL.{PORT}", cut=place) as proxy:
        through = desk.at(f"host=127.0.0.1&port={proxy.port}&sslmode=disable")
        outcome = through.run(*job.words, seconds=PATIENCE)
    # The server may still be busy with what it was asked last.
    server.await_truth(NOBODY)
    held = look(desk.address)
    attempt = Attempt(name, mark, job.entries, ending_of(outcome.status, outcome.err), 0, outcome.told())
    finding.tried += 1
    where = f"cut at message {place.number} of the {place.side}" if place else "not cut"
    finding.broken += [f"{where}: {fault}" for fault in (*held.faults, *contradictions([attempt], held))]
    count_endings(finding, [attempt], held)
    return proxy.counts

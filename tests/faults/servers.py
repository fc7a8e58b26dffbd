"""Servers: killed under load, or killed for good with a standby in its place; what was acknowledged is there."""

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tests.faults.desk import look
from tests.faults.office import (
    Attempt,
    Load,
    OfficeDesk,
    contradictions,
    count_endings,
    hosts,
    office_address,
    opened_office,
    unknown,
)
from tests.faults.processes import spread
from tests.faults.tally import Finding, Tally, gathered
from tests.postgres import DURABLE, Server, why_not

EACH = 25
"""How often servers of one register are killed, at most."""
KILLED = "server-killed"
PROMOTED = "standby-promoted"


@dataclass(frozen=True, slots=True)
class Series:
    """So many kills of servers with one register, which lives through all of them."""

    folder: Path
    times: int
    seed: int


def _series(folder: Path, times: int, seed: int) -> list[Series]:
    # The processor has two cores: a reduced run is to use both.
    each = min(EACH, -(-times // 2))
    return [Series(folder / str(at), min(each, times - at), seed + at) for at in range(0, times, each)]


def killed_tallies(folder: Path, kills: int, seed: int) -> Iterator[Tally]:
    """Kill a server so many times while commands and open sessions record, and start it again."""
    what = "a server crashes while commands and open sessions record, and recovers"
    if reason := why_not():
        yield Tally(KILLED, what, skipped=reason)
        return
    yield gathered(KILLED, what, spread(killed, _series(folder, kills, seed)))


def promoted_tallies(folder: Path, promotions: int, seed: int) -> Iterator[Tally]:
    """Kill a server for good so many times while commands and open sessions record, and promote its standby."""
    what = "a server is lost while commands and open sessions record, and its synchronous standby promoted"
    if reason := why_not():
        yield Tally(PROMOTED, what, skipped=reason)
        return
    yield gathered(PROMOTED, what, spread(promoted, _series(folder, promotions, seed)))


def killed(case: Series) -> Finding:
    """Kill a server again and again under load, and look at the register after each recovery, and at the end."""
    chance = random.Random(case.seed)
    finding = Finding()
    with Server.started(DURABLE) as server:
        desk = opened_office(server, case.folder)
        head = ""
        with Load.started(desk, 0) as load:
            for _ in range(case.times):
                load.await_more(chance)
                if chance.random() < 0.5:
                    server.stop()
                else:
                    server.kill()
                server.start()
                finding.tried += 1
                # First what was tried: who is still writing writes more meanwhile.
                attempts = load.attempts()
                held = look(desk.address, head)
                note(finding, held.faults, contradictions(attempts, held))
                head = held.head
            load.await_more(chance)
        held = look(desk.address, head)
        attempts = load.attempts()
        note(finding, load.faults, held.faults, contradictions(attempts, held), unknown(attempts, held))
        count_endings(finding, attempts, held)
    return finding


def promoted(case: Series) -> Finding:
    """Kill a server for good under load and promote its standby, which gets a standby of its own then."""
    chance = random.Random(case.seed)
    finding = Finding()
    with ExitStack() as present:
        server = present.enter_context(Server.started(DURABLE))
        opened_office(server, case.folder)
        head = ""
        attempts: list[Attempt] = []
        for at in range(case.times):
            with ExitStack() as following:
                standby = following.enter_context(server.standby())
                server.require_standby()
                desk = OfficeDesk(case.folder, address=office_address(hosts(server, standby)))
                with Load.started(desk, at) as load:
                    load.await_more(chance)
                    # In half of them the standby is out of reach before: it would not have what is acknowledged then.
                    with standby.unreached() if chance.random() < 0.5 else nullcontext():
                        time.sleep(chance.uniform(0, 0.1))
                        server.kill()
                    standby.promote()
                    load.await_more(chance)
                finding.tried += 1
                attempts += load.attempts()
                held = look(desk.address, head)
                note(finding, load.faults, held.faults, contradictions(attempts, held), unknown(attempts, held))
                head = held.head
                present.close()
                present.callback(following.pop_all().close)
                server = standby
        count_endings(finding, attempts, held)
    return finding


def note(finding: Finding, *faults: Iterable[str]) -> None:
    """Add to a finding what it does not say yet."""
    finding.broken += dict.fromkeys(fault for fault in chain(*faults) if fault not in finding.broken)

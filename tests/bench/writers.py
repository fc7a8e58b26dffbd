"""Many who write to registers at once, each in a process of its own: how many recordings, and how long each took."""

import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, redirect_stderr, redirect_stdout, suppress
from datetime import datetime
from functools import partial
from io import StringIO
from itertools import chain, count, cycle
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import NamedTuple

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.register.address import read_address
from dealtrack.register.opening import open_register
from dealtrack.register.recorder import Proposal, Work, recording
from tests.bench import complaints

NOW = datetime.fromisoformat(complaints.NOW)
PATIENCE = 600
"""How many seconds all writers have to open their registers."""


_start: Barrier


class Recordings(NamedTuple):
    """What writers did: recordings a second, seconds of the middle one, of that which 99 of 100 do not exceed, and of
    the longest; and of each, trips to a server, 0 where they were not counted, the clients' seconds of the processor,
    and what meters have counted."""

    rate: float
    median: float
    p99: float
    worst: float
    trips: float
    cpu: float
    metered: Sequence[float]


def measure(
    registers: Sequence[Sequence[str]],
    seconds: float,
    environment: Mapping[str, str],
    by: str,
    meters: Sequence[Callable[[], float]] = (),
) -> Recordings:
    """Let writers, each with its share of registers, record for so long.

    They do so by "sessions", which are opened before, or by "commands", whole but for the start of Python. Meters are
    read when the first begins and when the last ends.
    """
    context = get_context("spawn")
    work = {"sessions": in_sessions, "commands": _by_commands}[by]
    start = context.Barrier(len(registers) + 1)
    with ProcessPoolExecutor(len(registers), context, _begin, (start, environment)) as pool:
        running = pool.map(partial(_record_for, work, seconds), count(), registers)
        # What broke it is raised by the writer that broke it.
        with suppress(BrokenBarrierError):
            start.wait(PATIENCE)
        before = [meter() for meter in meters]
        results = list(running)
        metered = [meter() - earlier for meter, earlier in zip(meters, before, strict=True)]
    took = sorted(each for times, _, _ in results for each in times)
    each_of = [sum(trips for _, trips, _ in results), sum(cpu for _, _, cpu in results), *metered]
    trips, cpu, *metered = [total / len(took) for total in each_of]
    times = took[len(took) // 2], took[len(took) * 99 // 100], took[-1]
    return Recordings(len(took) / seconds, *times, trips, cpu, metered)


def _begin(start: Barrier, environment: Mapping[str, str]) -> None:
    global _start  # noqa: PLW0603  # a barrier can only be given to a process that begins
    _start = start
    os.environ |= environment


def _record_for(
    work: Callable[[str, Sequence[str]], Generator[int, None, None]],
    seconds: float,
    number: int,
    addresses: Sequence[str],
) -> tuple[list[float], int, float]:
    """Return how long each recording took, and of all of them the trips and the seconds of the processor."""
    took: list[float] = []
    try:
        recordings = work(f"{time.time():.0f}W{number}N", addresses)
        before = next(recordings)
        _start.wait(PATIENCE)
        now, cpu = time.perf_counter(), time.process_time()
        end = now + seconds
        while now < end:
            trips = next(recordings)
            took.append(time.perf_counter() - now)
            now += took[-1]
    except BaseException:
        _start.abort()
        raise
    cpu = time.process_time() - cpu
    recordings.close()
    return took, trips - before, cpu


def in_sessions(number: str, addresses: Sequence[str], actor: str = "bench") -> Generator[int, None, None]:
    """Record in registers in turn, once in each at first; yield how many trips were done."""
    with ExitStack() as stack:
        registers = [stack.enter_context(open_register(read_address(address))) for address in addresses]
        for place, register in enumerate(chain(registers, cycle(registers))):
            detail = {
                "platform": "JD",
                "category": "delivery",
                "policy": register.facts["policy"],
                "owner": actor,
                "number": f"{number}{place}",
                "summary": complaints.SUMMARIES[0],
            }
            with recording(register, NOW, actor) as recorder:
                recorder.record(Work(None, [Proposal(Kind.RECEIVED, Moment(NOW, NOW, False), detail)]))
            if place + 1 >= len(registers):
                yield sum(getattr(each.database, "trips", 0) for each in registers)


def _by_commands(number: str, addresses: Sequence[str]) -> Generator[int, None, None]:
    """Record in registers in turn; yield 0, as nobody counts the trips."""
    from dealtrack.cli.main import main

    for place, address in enumerate(cycle(addresses)):
        words = ["--platform", "JD", "--category", "delivery", "--number", f"{number}{place}"]
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as said:
            status = main(["--db", address, "add", *words, "--summary", complaints.SUMMARIES[0]])
        if status:
            raise RuntimeError(said.getvalue())
        yield 0

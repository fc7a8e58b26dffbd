"""Run the faults: all of them, or with --reduced so many as a minute holds; exits with 1 where a promise was broken."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.faults import (
    bad_input,
    bad_register,
    clock,
    connection,
    crash,
    crowd,
    disk,
    hostile,
    layer,
    no_room,
    processes,
    replaced,
    server_full,
    servers,
)
from tests.faults.deeds import NAMES
from tests.faults.tally import MOST_SHOWN, ORDER, Tally, keep, table

Work = Callable[[Path, "Size"], Iterator[Tally]]


class Size:
    """How much is tried: everything, or a reduced form."""

    def __init__(self, reduced: bool, seed: int, layer: str) -> None:
        self.reduced, self.seed, self.without_layer = reduced, seed, layer

    def of(self, full: int, reduced: int) -> int:
        """Return how often something is tried."""
        return reduced if self.reduced else full


def _crash(folder: Path, size: Size) -> Iterator[Tally]:
    yield from crash.tallies(folder, size.of(1000, 24), size.of(40, 2), size.seed)


def _disk(folder: Path, size: Size) -> Iterator[Tally]:
    yield from disk.tallies(folder, size.of(150, 8), size.seed, size.without_layer)


def _crowd(folder: Path, size: Size) -> Iterator[Tally]:
    who = crowd.Crowd(4, 120, 2, 1000) if size.reduced else crowd.Crowd(16, 10_000, 4, 100_000)
    yield from crowd.tallies(folder, who, size.of(100, 5), patience=not size.reduced)


def _no_room(folder: Path, size: Size) -> Iterator[Tally]:
    yield from no_room.tallies(folder, size.of(len(no_room.ROOMS), 1), size.seed, size.of(len(NAMES), 6))


def _bad_register(folder: Path, size: Size) -> Iterator[Tally]:
    yield from bad_register.tallies(folder, size.seed, size.of(1, 9), size.of(300, 8))


def _hostile(folder: Path, size: Size) -> Iterator[Tally]:
    yield from hostile.tallies(folder, size.seed, size.of(99, 16), size.of(99, 1), size.of(500, 8), size.of(30, 2))


def _bad_input(folder: Path, size: Size) -> Iterator[Tally]:
    yield from bad_input.tallies(folder, size.of(8000, 200), size.of(2000, 30), size.of(2000, 80), size.seed)


def _replaced(folder: Path, size: Size) -> Iterator[Tally]:
    yield from replaced.tallies(folder, size.of(40, 4), size.of(60, 6), size.seed, size.without_layer)


def _time(folder: Path, size: Size) -> Iterator[Tally]:
    yield from clock.tallies(folder, size.of(500, 20), size.of(15, 240), size.of(1, 22), size.seed)


def _server_killed(folder: Path, size: Size) -> Iterator[Tally]:
    yield from servers.killed_tallies(folder, size.of(500, 20), size.seed)


def _standby_promoted(folder: Path, size: Size) -> Iterator[Tally]:
    yield from servers.promoted_tallies(folder, size.of(100, 3), size.seed)


def _connection_cut(folder: Path, size: Size) -> Iterator[Tally]:
    yield from connection.tallies(folder, size.of(120, 2), size.reduced, size.seed)


def _server_full(folder: Path, size: Size) -> Iterator[Tally]:
    yield from server_full.tallies(folder, (0,) if size.reduced else (0, 64), size.of(99, 2), size.of(5, 1))


CATEGORIES: dict[str, Work] = {
    "crash": _crash,
    "disk": _disk,
    "replaced": _replaced,
    "crowd": _crowd,
    "no-room": _no_room,
    "bad-register": _bad_register,
    "hostile": _hostile,
    "bad-input": _bad_input,
    "time": _time,
    "server-killed": _server_killed,
    "standby-promoted": _standby_promoted,
    "connection-cut": _connection_cut,
    "server-full": _server_full,
}


def main() -> int:
    """Run what was asked for and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--reduced", action="store_true", help="a reduced form of every category")
    parser.add_argument("--only", default=",".join(ORDER), help="categories, separated by commas")
    parser.add_argument("--seed", type=int, default=2016, help="what chance begins with")
    parser.add_argument("--keep", action="store_true", help="keep the counts for the table in tests/faults/README.md")
    given = parser.parse_args()
    # The layer's folder is made before this program is run again with it, and given on.
    held = os.environ.get(layer.MARK)
    folder = Path(held) if held else Path(tempfile.mkdtemp(prefix="faults"))
    try:
        without = layer.start_again(folder)
        processes.warm()
        size = Size(given.reduced, given.seed, without)
        found: list[Tally] = []
        for name in given.only.split(","):
            of_name = list(_told(name, folder / name, size))
            found += of_name
            if given.keep:
                keep(name, of_name, datetime.now(UTC).date().isoformat())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(table(found))
    broken = sum(len(tally.broken) for tally in found)
    print(f"faults: {sum(tally.tried for tally in found)} tried, {broken} broken promises")
    return 1 if broken else 0


def _told(name: str, folder: Path, size: Size) -> Iterator[Tally]:
    began = time.monotonic()
    folder.mkdir(mode=0o700)
    for tally in CATEGORIES[name](folder, size):
        print(tally.line(), flush=True)
        for text in tally.broken[:MOST_SHOWN]:
            print(f"    {text}", flush=True)
        yield tally
    shutil.rmtree(folder, ignore_errors=True)
    print(f"-- {name}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())

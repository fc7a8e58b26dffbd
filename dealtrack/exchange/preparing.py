"""Making rows of a large file ready to be written, in a process of its own: `python -m dealtrack.exchange.preparing`.

It reads the register and writes nothing. What it does not make ready, whatever the reason, is left to the process that
asks, which takes the row in by the usual way, and says what there is to say of it.
"""

import pickle
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from dealtrack.core.platform import Platform
from dealtrack.core.policy import Policy
from dealtrack.errors import DealtrackError
from dealtrack.exchange.blocks import CELL, ROW
from dealtrack.exchange.drafting import PlatformNames, work_of
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.news import Contradiction
from dealtrack.exchange.raw import RawRow
from dealtrack.exchange.readers import Source
from dealtrack.exchange.rows import Incoming, Reading, RowsReader
from dealtrack.register import rubbish
from dealtrack.register.plain import Plain
from dealtrack.register.register import Register
from dealtrack.register.second_process import receive, send

MODULE = "dealtrack.exchange.preparing"
GREETING = "ready"


class Setup(NamedTuple):
    """What rows are made ready by: the register's file, the file of rows and its mapping, and moments in UTC."""

    register: Path
    source: str
    header: tuple[str, ...]
    mapping: Mapping
    now: datetime
    recorded_at: datetime


Given = tuple[Sequence[str], Sequence[int], str]
"""The platforms entered since the import began, the lines of rows, and the rows as the texts of a block, by ROW."""

Made = list[tuple[Any, ...] | None]
"""Of each row the fields of a Ready, or None."""


class _NotHere(Exception):
    """What a row names is not in the register yet: to take it in is not for this process."""


class Preparer:
    """Makes rows ready by a register that nobody writes to meanwhile but the process that asks."""

    def __init__(self, register: Register, setup: Setup) -> None:
        self._register, self._setup = register, setup
        self._plain = Plain(register)
        self._reading = Reading()
        source = Source(setup.source, "csv", "", setup.header, iter(()), 0, lambda: 0)
        self._reader = RowsReader(source, setup.mapping, register.zone, self._reading)
        self._platforms: Sequence[Platform] = register.platforms
        self._names = PlatformNames()

    def prepare(self, entered: Sequence[str], lines: Sequence[int], texts: str) -> Made:
        """Return each row made ready, None for one that is left to the usual way."""
        self._platforms = [*self._register.platforms, *map(Platform, entered)]
        header = self._setup.header
        raw = [RawRow(line, header, text.split(CELL)) for line, text in zip(lines, texts.split(ROW), strict=True)]
        made = [self._ready(row) if isinstance(row, Incoming) else None for row in self._reader.read(raw)]
        # What dates tell of the order of day and month is said by the one that asks, which must meet them.
        return made if self._reading.order.is_silent else [None] * len(made)

    def _ready(self, row: Incoming) -> tuple[Any, ...] | None:
        # Odd contacts are told of by the process that asks.
        # What is to be said of closings without a day is said by the one that asks.
        if row.number is None or row.history or row.has_odd_contact or row.undated:
            return None
        setup, zone = self._setup, self._register.zone
        try:
            work = work_of(row, None, setup.source, setup.now, zone, self._platform, self._policy, self._versions)
            ready = self._plain.ready(work, setup.now, setup.recorded_at)
        except (_NotHere, DealtrackError, Contradiction):
            return None
        return tuple(ready) if ready is not None else None

    def _platform(self, text: str) -> str:
        name = self._names.find(text, self._platforms)
        if name is None:
            raise _NotHere
        return name

    def _policy(self, name: str | None) -> str:
        if name is None:
            return self._register.facts["policy"]
        if name not in self._register.policies:
            raise _NotHere
        return name

    def _versions(self, policy: str) -> Sequence[Policy]:
        return self._register.policies[policy]


def serve(asked: BinaryIO, answered: BinaryIO) -> None:
    """Answer what is asked until nothing more is: first a greeting, once all is read that it takes."""
    told = receive(asked)
    if told is None:
        return
    setup: Setup = pickle.loads(told)  # noqa: S301  # from the process that started this one
    with Register.open(setup.register, read_only=True) as register:
        preparer = Preparer(register, setup)
        send(answered, GREETING)
        with rubbish.put_off():
            while (told := receive(asked)) is not None:
                given: Given = told
                send(answered, preparer.prepare(*given))
                rubbish.look()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)

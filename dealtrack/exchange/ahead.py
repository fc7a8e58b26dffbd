"""Rows of a large file made ready by a second process while this one writes those before them.

On two cores an import of 200,000 rows takes 118 us a row; one process alone takes 178 or more. What the other process
leaves, or all where it cannot be started or has died, is taken in by the usual way.
"""

import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from dealtrack.exchange.blocks import ROW, Block
from dealtrack.exchange.preparing import GREETING, MODULE, Made, Setup
from dealtrack.exchange.readers import Source
from dealtrack.register.plain import Ready
from dealtrack.register.second_process import SecondProcess

LARGE = 1 << 20
"""The bytes of a file from which on a second process is worth its start, of a quarter of a second."""

AHEAD = 4
"""The blocks that it may be ahead by: blocks differ in length, and with one neither would be busy all the time."""

STEP = 0.05
"""By how much the part of a block that is asked for changes, so that neither process waits for the other for long."""

Answer = list[Ready | None] | None


@dataclass(slots=True)
class _Waiting:
    block: Block
    is_left: bool
    is_asked: bool = False


class Ahead:
    """Makes blocks of rows ready ahead of their being written; `entered` are the platforms that are new."""

    def __init__(self, second: SecondProcess | None, entered: Sequence[str]) -> None:
        self._second = second
        self._entered = entered
        self._is_up = False
        self._part = 1.0

    def through(self, blocks: Iterator[Block], is_left: Callable[[Block], bool]) -> Iterator[tuple[Block, Answer]]:
        """Yield the blocks in order, of each what was made ready of it, None where nothing was; some are left alone."""
        waiting: deque[_Waiting] = deque()
        for block in blocks:
            waiting.append(_Waiting(block, is_left(block)))
            self._ask_for(waiting)
            if len(waiting) > AHEAD:
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    def supply(self) -> None:
        """Keep the other process at work: to be called every now and then while a block is written."""
        if self._second is not None:
            self._second.pump()

    def _next(self, waiting: deque[_Waiting]) -> tuple[Block, Answer]:
        told = waiting.popleft()
        return told.block, self._answer(len(told.block.rows)) if told.is_asked else None

    def _ask_for(self, waiting: deque[_Waiting]) -> None:
        if self._second is None or not self._listens(self._second):
            return
        for told in waiting:
            if not told.is_left and not told.is_asked:
                some = max(1, round(len(told.block.rows) * self._part))
                lines = [row.line for row in told.block.rows[:some]]
                self._second.ask((list(self._entered), lines, ROW.join(told.block.texts[:some])))
                told.is_asked = True

    def _listens(self, second: SecondProcess) -> bool:
        if not self._is_up and second.has_answered:
            self._is_up = second.answer() == GREETING
        return self._is_up

    def _answer(self, rows: int) -> Answer:
        if self._second is None:
            return None
        self._part = min(1.0, self._part + STEP) if self._second.has_answered else max(STEP, self._part - STEP)
        made = cast("Made", self._second.answer())
        try:
            ready = [None if fields is None else Ready._make(fields) for fields in made]
        except TypeError:
            # There is no answer, or what came is none.
            self._second = None
            return None
        return ready + [None] * (rows - len(ready))


def is_large(source: Source) -> bool:
    """Tell whether a file is so large that it is worth some trouble to take it in quickly."""
    return source.size >= LARGE


@contextmanager
def ahead(source: Source, setup: Setup, entered: Sequence[str]) -> Iterator[Ahead]:
    """Start a second process where the file is large and the machine has a core for it, and end it after the block."""
    if source.format != "csv" or not is_large(source):
        yield Ahead(None, entered)
        return
    with SecondProcess.running(MODULE, pickle.dumps(setup)) as second:
        yield Ahead(second, entered)

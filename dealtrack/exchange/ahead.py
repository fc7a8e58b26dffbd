"""A second process that makes the rows of a large file ready while this one writes those before them.

On two cores an import of a million rows takes 120 us a row; one process alone takes 165 or more. What the other
process leaves, or all where it cannot be started or has died, is taken in by the usual way.
"""

import marshal
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from select import select
from threading import Timer
from typing import cast

from dealtrack.exchange.blocks import Block
from dealtrack.exchange.preparing import Made, Setup, receive, send
from dealtrack.exchange.raw import RawRow
from dealtrack.exchange.readers import Source
from dealtrack.register.plain import Ready

LARGE = 1 << 20
"""The bytes of a file from which on a second process is worth its start, of a quarter of a second."""

GRACE_SECONDS = 5
PATIENCE_SECONDS = 60
"""How long a block is waited for, of which the other process makes ten a second: then it was stopped, or hangs."""

Answer = list[Ready | None] | None


class Ahead:
    """Makes blocks of rows ready, one ahead of their being written; `entered` are the platforms that are new."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes] | None",
        entered: Sequence[str],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._process = process
        self._entered = entered
        self._patience = patience
        self._is_up = False

    def through(self, blocks: Iterator[Block], is_left: Callable[[Block], bool]) -> Iterator[tuple[Block, Answer]]:
        """Yield the blocks in order, of each what was made ready of it, None where nothing was; some are left alone."""
        asked: Block | None = None
        for block in blocks:
            answer = self._answer() if asked is not None else None
            is_asked = self._listens() and not is_left(block) and self._ask(block)
            if asked is not None:
                yield asked, answer
            asked = block if is_asked else None
            if not is_asked:
                yield block, None
        if asked is not None:
            yield asked, self._answer()

    def _listens(self) -> bool:
        if not self._is_up and self._process is not None:
            assert self._process.stdout is not None
            if select([self._process.stdout], [], [], 0)[0]:
                self._is_up = self._receive() == b""
        return self._is_up

    def _ask(self, block: Block) -> bool:
        rows = [(row.line, list(row.cells)) for row in block.rows if isinstance(row, RawRow)]
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            with self._patiently():
                send(self._process.stdin, marshal.dumps((list(self._entered), rows)))  # type: ignore[arg-type]
        except OSError:
            self._is_up = False
        return self._is_up

    def _answer(self) -> Answer:
        told = self._receive()
        if told is None:
            return None
        made = cast("Made", marshal.loads(told))  # noqa: S302  # from the process that was started here
        return [None if fields is None else Ready._make(fields) for fields in made]

    def _receive(self) -> bytes | None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._patiently():
            told = receive(self._process.stdout)  # type: ignore[arg-type]
        if told is None:
            self._is_up, self._process = False, None
        return told

    @contextmanager
    def _patiently(self) -> Iterator[None]:
        """End the other process where it keeps the block waiting for too long, so that the block goes on without it."""
        assert self._process is not None
        timer = Timer(self._patience, self._process.kill)
        timer.daemon = True
        # Where no thread can be started, the clerk can still interrupt it.
        with suppress(RuntimeError):
            timer.start()
        try:
            yield
        finally:
            timer.cancel()


@contextmanager
def ahead(source: Source, setup: Setup, entered: Sequence[str]) -> Iterator[Ahead]:
    """Start a second process where the file is large and the machine has a core for it, and end it after the block."""
    is_worth = source.format == "csv" and source.size >= LARGE and _cores() > 1
    process = _started(setup) if is_worth else None
    try:
        yield Ahead(process, entered)
    finally:
        if process is not None:
            _end(process)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _started(setup: Setup) -> "subprocess.Popen[bytes] | None":
    # The same modules as here, and none from the folder that the clerk happens to be in.
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109  # as Python takes it
    if not sys.executable:
        # Python does not know where it lies itself.
        return None
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dealtrack.exchange.preparing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            # An interrupt from the terminal is for this process, which ends the other.
            process_group=0,
        )
    except OSError:
        return None
    assert process.stdin is not None
    try:
        send(process.stdin, pickle.dumps(setup))  # type: ignore[arg-type]
    except OSError:
        _end(process)
        return None
    return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    # What it still works on is not waited for.
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            stream.close()

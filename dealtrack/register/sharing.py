"""The stretches of a large register, checked by two processes: by this one from the first, by another from the last.

On two cores that takes little more than half the time. What the other leaves, or all where it cannot be started, sees
another state of the register or has died, is checked here.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from dealtrack.errors import DealtrackError
from dealtrack.register import journal
from dealtrack.register.checking import MODULE, Seen, seen_of
from dealtrack.register.connection import UNFORESEEN, is_shared, reader_beside
from dealtrack.register.register import Register
from dealtrack.register.second_process import SecondProcess
from dealtrack.register.stretch import Checker, Sound, Stretch

LARGE = 25_000
"""The entries from which on a second process is worth its start: of 25,000 a check takes 1.2 s instead of 1.7."""

AHEAD = 4
"""The stretches that it is asked for at a time, so that it need not wait while one is checked here."""

PATIENCE_SECONDS = 10
"""How long its answer is waited for once all else is done: a stretch takes 0.15 s."""

IsSame = Callable[[], bool]


@contextmanager
def watched(register: Register, large: int) -> Iterator[IsSame | None]:
    """Yield how to ask whether nobody has written to a register since; None for one that a single process checks.

    That is one of fewer entries than `large`, or of which a state is seen already, or that nobody else can open.
    """
    try:
        watch = _watch(register, large)
    except (sqlite3.Error, DealtrackError, *UNFORESEEN):
        watch = None
    if watch is None:
        yield None
        return
    try:
        before = _version(watch)
        yield lambda: _version(watch) == before
    finally:
        watch.close()


def _watch(register: Register, large: int) -> sqlite3.Connection | None:
    connection = register.connection
    if not is_shared(connection) or connection.in_transaction or journal.Tail.of(connection).seq < large:
        return None
    return reader_beside(connection, register.path)


def _version(watch: sqlite3.Connection) -> int:
    """Return a number that another connection's writing changes."""
    (number,) = watch.execute("PRAGMA data_version").fetchone()
    return int(number)


class Sharing:
    """Has stretches checked by two processes; what the other one says of another state than this one's is left."""

    def __init__(self, second: SecondProcess | None, seen: Seen | None, is_same: IsSame | None) -> None:
        """`seen` is the state that this process sees."""
        self._second = second
        self._seen = seen
        self._is_same = is_same
        self._is_up = False
        self._waiting = deque[Stretch]()
        self._asked = deque[Stretch]()

    def begin(self, stretches: Iterable[Stretch]) -> None:
        """Take the stretches to be checked, and let the other process begin with the last of them."""
        self._waiting += stretches
        self._ask()

    def checked(self, checker: Checker) -> Iterator[Sound | None]:
        """Yield what a check tells of each of the stretches, in any order; None for one in which something is wrong."""
        while self._waiting or self._asked:
            self._ask()
            if self._asked and (not self._waiting or (self._second is not None and self._second.has_answered)):
                yield from self._answer()
            else:
                yield checker.check(self._waiting.popleft())

    def _ask(self) -> None:
        while self._second is not None and self._waiting and len(self._asked) < AHEAD:
            stretch = self._waiting.pop()
            self._asked.append(stretch)
            self._second.ask(tuple(stretch))

    def _answer(self) -> Iterator[Sound | None]:
        assert self._second is not None
        told = self._second.answer()
        if not self._is_up and told == self._seen and self._is_same is not None and self._is_same():
            # Which state it sees was settled before it told, and this process's before it was started.
            self._is_up = True
            told = self._second.answer()
        match told:
            case (stretch, None) if self._is_up and stretch == self._asked[0]:
                self._asked.popleft()
                yield None
            case (stretch, (int(passed), int(gathered), bool(is_found))) if self._is_up and stretch == self._asked[0]:
                yield Sound(self._asked.popleft(), passed, gathered, is_found)
            case _:
                self._second = None
                self._waiting += self._asked
                self._asked.clear()


@contextmanager
def sharing(register: Register, wanted: str, is_same: IsSame | None) -> Iterator[Sharing]:
    """Start a second process where the register is `watched` and the machine has a core for it, and end it at last.

    A state of the register must be seen already.
    """
    seen = seen_of(register)
    if is_same is None or seen is None:
        yield Sharing(None, None, None)
        return
    setup = (str(register.path.absolute()), wanted)
    with SecondProcess.running(MODULE, setup, PATIENCE_SECONDS) as second:
        yield Sharing(second, seen, is_same)

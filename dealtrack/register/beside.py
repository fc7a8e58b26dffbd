"""Work on a connection in a thread, beside what Python does meanwhile: SQLite does not keep other threads waiting."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from threading import Thread

Value = TypeVar("Value")

SERIALIZED = 3
"""An SQLite whose connections threads may share; `interrupt` is called while another works."""


class Beside:
    """Does one piece of work at a time on a connection, which nobody else may use meanwhile."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread: Thread | None = None
        self._is_over = False

    def begin(self, work: Callable[[], Value]) -> Callable[[], Value]:
        """Begin some work, and return how to wait for what comes of it, or for the error that it raises."""
        if sqlite3.threadsafety < SERIALIZED:
            return work
        from threading import Thread

        told: list[Value] = []
        raised: list[BaseException] = []

        def run() -> None:
            if self._is_over:
                return
            try:
                told.append(work())
            except BaseException as error:  # noqa: BLE001  # it is raised where it is waited for
                raised.append(error)

        # Known before it starts, which an interrupt may break off.
        thread = self._thread = Thread(target=run, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The system has no thread left.
            return work

        def wait() -> Value:
            thread.join()
            if raised:
                raise raised[0]
            return told[0]

        return wait

    def end(self) -> None:
        """Break off what is still done, and wait until it is: only then may the connection be closed."""
        self._is_over = True
        interrupt: KeyboardInterrupt | None = None
        while self._thread is not None and self._thread.is_alive():
            try:
                # Again and again, since it does nothing between two statements.
                self._connection.interrupt()
                self._thread.join(0.05)
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt


@contextmanager
def beside(connection: sqlite3.Connection) -> Iterator[Beside]:
    """Let work be begun on a connection during the block, at whose end none is done any more."""
    helper = Beside(connection)
    try:
        yield helper
    finally:
        helper.end()

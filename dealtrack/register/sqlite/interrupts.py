"""Ctrl-C while SQLite works: it asks now and then whether to go on, and the interrupt is raised once it has ended."""

import _thread
import sqlite3
from collections.abc import Generator
from time import sleep
from typing import TypeVar

Opened = TypeVar("Opened", bound=sqlite3.Connection)

STEPS = 20_000
"""How many steps SQLite takes, of 0.05 us and more, until it lets an interrupt through."""


def interruptible(connection: Opened) -> Opened:
    """Let Ctrl-C end what SQLite does; only for a connection of the main thread, which alone gets the signal."""
    connection.set_progress_handler(_interrupts().__next__, STEPS)
    return connection


def _interrupts() -> Generator[bool, None, None]:
    """Yield whether to break off what SQLite does: once there was an interrupt, which is raised again afterwards.

    SQLite drops what is raised while it asks, and only an error of its own would come of the interrupt.
    """
    while True:
        try:
            while True:
                yield False
        except KeyboardInterrupt:
            _thread.start_new_thread(_interrupt_again, ())
        yield True


def _interrupt_again() -> None:
    # Not before SQLite has its answer, or the interrupt would be lost in it.
    sleep(0.01)
    _thread.interrupt_main()


def await_interrupt(error: sqlite3.Error) -> None:
    """Raise the interrupt that ended a statement, where one did.

    It comes again by itself as a rule; where it came again while SQLite still asked, SQLite has dropped it.
    """
    if getattr(error, "sqlite_errorname", None) == "SQLITE_INTERRUPT":
        for _ in range(100):
            sleep(0.01)
        raise KeyboardInterrupt

"""Checking stretches of a register in a process of its own: `python -m dealtrack.register.checking`.

It reads the register and writes nothing. What is wrong it does not say: that is for the process that asks.
"""

import sys
from pathlib import Path
from typing import BinaryIO

from dealtrack.register.connection import is_shared, reading
from dealtrack.register.register import Register
from dealtrack.register.second_process import receive, send
from dealtrack.register.stretch import Checker, Stretch

MODULE = "dealtrack.register.checking"

Seen = tuple[int, str, tuple[int, int]]
"""The state of a register that is seen: the number and the hash of the journal's last entry, and which file it is."""


def seen_of(register: Register) -> Seen | None:
    """Return the state of a register that is seen; None for a copy, or a file that others may write to meanwhile."""
    connection = register.connection
    if not is_shared(connection) or connection.file is None:
        return None
    return (*register.head(), connection.file)


def serve(asked: BinaryIO, answered: BinaryIO) -> None:
    """Answer what is asked until nothing more is: first the state of the register that is seen."""
    setup = receive(asked)
    if setup is None:
        return
    path, wanted = setup
    with Register.open(Path(path), read_only=True) as register, reading(register.connection):
        seen = seen_of(register)
        if seen is None:
            return
        send(answered, seen)
        checker = Checker(register, wanted)
        while (told := receive(asked)) is not None:
            sound = checker.check(Stretch._make(told))
            send(answered, (told, sound and tuple(sound[1:])))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)

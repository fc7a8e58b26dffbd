"""What other users of the machine see of a command: `ps` shows every process's arguments to everybody.

Of modules, only those are imported that Python has loaded when it begins: what is hidden is to be hidden at once.
"""

import os
import sys

_TAKE_A_VALUE = ("--db", "--lang")
"""The options before a command that a value follows."""

_STARTS_AT = 48 - 3
"""Where /proc/self/stat tells the address of the arguments, counted from the field after the program's name."""

_MEMORY = "/proc/self/mem"


def can_hide() -> bool:
    """Tell whether the system lets a process blank out its arguments."""
    return os.path.exists(_MEMORY)  # noqa: PTH110 - before pathlib is imported


def hide_arguments() -> None:
    """Blank out the arguments but the command's name, where the system lets a process do so (Linux).

    `ps` shows them to everybody, and any of them may be somebody's name, phone or address. They were to be seen until
    now: for as long as the interpreter took to start.
    """
    count = len(sys.argv) - 1
    if not count or not can_hide():
        return
    try:
        with open("/proc/self/cmdline", "rb") as stream:  # noqa: PTH123
            words = stream.read().split(b"\0")[:-1]
        with open("/proc/self/stat", "rb") as stream:  # noqa: PTH123
            stat = stream.read()
        address = int(stat[stat.rindex(b")") + 2 :].split()[_STARTS_AT])
        before, hidden = words[:-count], words[-count:]
        if len(hidden) < count:
            return
        room = len(b"\0".join(hidden))
        with open(_MEMORY, "r+b", buffering=0) as memory:  # noqa: PTH123
            memory.seek(address + sum(len(word) + 1 for word in before))
            memory.write(_command(sys.argv[1:])[:room].ljust(room, b"\0"))
    except (OSError, ValueError, IndexError):
        return


def _command(arguments: list[str]) -> bytes:
    """Return the command among arguments, empty where none is to be seen: what follows it is not for everybody."""
    index = 0
    while index < len(arguments) and arguments[index].startswith("-"):
        index += 2 if arguments[index] in _TAKE_A_VALUE else 1
    word = arguments[index] if index < len(arguments) else ""
    is_name = word.isascii() and word.replace("-", "").isalpha() and word.islower() and len(word) <= len("completion")
    return word.encode() if is_name else b""

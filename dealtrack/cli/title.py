"""What other users of the machine see of a command: `ps` shows every process's arguments to everybody."""

import sys
from contextlib import suppress
from pathlib import Path

PRIVATE = frozenset({"add", "amend", "search"})
"""The commands whose arguments may be a consumer's name, phone or address."""

_STARTS_AT = 48 - 3
"""Where /proc/self/stat tells the address of the arguments, counted from the field after the program's name."""


_MEMORY = Path("/proc/self/mem")


def can_hide() -> bool:
    """Tell whether the system lets a process blank out its arguments."""
    return _MEMORY.exists()


def hide_arguments() -> None:
    """Blank out what follows the name of a command of PRIVATE, where the system lets a process do so (Linux).

    The arguments were to be seen until now: for as long as the interpreter took to start.
    """
    name = next((word for word in sys.argv[1:] if word in PRIVATE), None)
    if name is None:
        return
    with suppress(OSError, ValueError, IndexError):
        words = Path("/proc/self/cmdline").read_bytes()
        shown = words.index(b"\0" + name.encode() + b"\0") + len(name) + 2
        stat = Path("/proc/self/stat").read_bytes()
        address = int(stat[stat.rindex(b")") + 2 :].split()[_STARTS_AT])
        with _MEMORY.open("r+b", buffering=0) as memory:
            memory.seek(address + shown)
            memory.write(bytes(len(words) - shown))

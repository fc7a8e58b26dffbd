"""The disk that fails (layer.c): compiled where there is a C compiler, and preloaded before all that is run."""

import ctypes
import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

MARK = "FAULT_LAYER"
WRITE, SYNC, RENAME, TRUNCATE = 1, 2, 4, 8
EVERY = WRITE | SYNC | RENAME | TRUNCATE


class Mode(IntEnum):
    """What happens at the n-th call: the names tell it in the table."""

    FAIL = 1
    FAIL_ON = 2
    SHORT = 3
    TEAR = 4
    KILL = 5
    POWER = 6
    LATE = 7


TOLD = {
    Mode.FAIL: "the n-th call fails",
    Mode.FAIL_ON: "all calls from the n-th on fail",
    Mode.SHORT: "the n-th write writes half",
    Mode.TEAR: "killed in the middle of the n-th write",
    Mode.KILL: "killed before the n-th call",
    Mode.LATE: "killed after the n-th call",
    Mode.POWER: "power cut at the n-th call: sectors not synced are lost at random",
}


@dataclass(frozen=True, slots=True)
class Strike:
    """Where the disk fails: at which call of which kinds, how, and with which error number."""

    mode: Mode
    nth: int
    kinds: int = EVERY
    error: int = 0
    seed: int = 1

    def armed(self, folder: Path) -> Callable[[], None]:
        """Return what arms the layer in a process."""

        def arm() -> None:
            where = os.fsencode(folder.resolve())
            _library().fault_arm(self.kinds, self.nth, int(self.mode), self.error, where, self.seed)

        return arm


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def is_loaded() -> bool:
    """Tell whether this process runs on the layer."""
    return hasattr(_library(), "fault_arm")


class Counter:
    """Counts the calls of a process that runs on the layer, without disturbing it."""

    def __init__(self, folder: Path, kinds: int) -> None:
        self._held = mmap.mmap(-1, mmap.PAGESIZE)
        self._arm = Strike(Mode.FAIL, 1 << 40, kinds).armed(folder)

    def arm(self) -> None:
        """Begin to count, in the process that is to be counted."""
        _library().fault_share(ctypes.byref(ctypes.c_long.from_buffer(self._held)))
        self._arm()

    def count(self) -> int:
        """Return how many calls there were."""
        return int.from_bytes(self._held[:8], sys.byteorder)


def start_again(folder: Path) -> str:
    """Run this program again with the layer preloaded; where that cannot be, return why."""
    if is_loaded():
        return ""
    if os.environ.get(MARK):
        return "the layer could not be preloaded here"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        return "there is no C compiler (cc) here"
    library = folder / "layer.so"
    built = subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("layer.c"), "-ldl"],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        return f"the layer could not be compiled: {built.stderr.strip()[:200]}"
    environment = {**os.environ, "LD_PRELOAD": str(library), MARK: str(folder)}
    os.execve(sys.executable, [sys.executable, "-m", "tests.faults", *sys.argv[1:]], environment)

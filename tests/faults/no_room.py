"""No room: the disk is full, or a file may grow no further; the register is as before, and no good file is lost."""

import ctypes
import os
import random
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.crash import settled
from tests.faults.deeds import NAMES, deed
from tests.faults.desk import Desk, founded, look
from tests.faults.processes import Outcome, asked
from tests.faults.tally import Finding, Tally, gathered

MARK = "N1N"
ROOMS = (0, 4, 17, 33, 129, 257)
"""Kilobytes that are left free: a register of this size writes a few pages, its index file takes 32."""
READS = (("list",), ("overdue",), ("show", 1), ("export",), ("verify",), ("doctor",))
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT = 1, 2, 4, 32


def tallies(folder: Path, rooms: int, seed: int, commands: int) -> Iterator[Tally]:
    """Run so many writing commands with so many amounts of room, on a full disk and under a limit of file size."""
    made = founded(folder / "made")
    made.must("add", "--platform", "Tmall", "--consumer", "李四", "--phone", "13800138000")
    made.must("backup", made.folder / "copy.db")
    names = random.Random(seed).sample(NAMES, commands)
    chosen = [ROOMS[at * (len(ROOMS) - 1) // max(1, rooms - 1)] for at in range(rooms)]
    limited = (one_limited(made, folder / "limited", name, room) for name in names for room in chosen)
    yield gathered("no room", "a file may not grow further (RLIMIT_FSIZE), in every writing command", limited)
    small = folder / "small"
    small.mkdir()
    why = "a small file system cannot be mounted here"
    if not asked(can_mount, small):
        yield Tally("no room", "a full disk, in every writing command", skipped=why)
        yield Tally("no room", "a full disk, in commands that look", skipped=why)
        return
    size = sum(path.stat().st_size for path in made.folder.rglob("*") if path.is_file()) // 1024 + 700
    with mounted(small, size):
        filled = (one_full(made, small / "desk", name, room) for name in names for room in chosen)
        yield gathered("no room", "a full disk (tmpfs), in every writing command", filled)
        yield gathered("no room", "a full disk (tmpfs), in commands that look", [looked(made, small / "desk")])


def can_mount(folder: Path) -> bool:
    """Tell whether a file system can be mounted at a folder."""
    try:
        with mounted(folder, 64):
            return True
    except OSError:
        return False


@contextmanager
def mounted(folder: Path, kilobytes: int) -> Iterator[None]:
    """Mount a file system in memory of so many kilobytes for the block; raises OSError."""
    held = ctypes.CDLL(None, use_errno=True)
    options = f"size={kilobytes}k,mode=0700".encode()
    if held.mount(b"none", os.fsencode(folder), b"tmpfs", MS_NODEV | MS_NOSUID, options):
        raise OSError(ctypes.get_errno(), "mount")
    try:
        yield
    finally:
        held.umount2(os.fsencode(folder), 2)


def make_read_only(folder: Path) -> None:
    """Let nothing more be written to what is mounted at a folder; raises OSError."""
    held = ctypes.CDLL(None, use_errno=True)
    if held.mount(b"none", os.fsencode(folder), b"tmpfs", MS_REMOUNT | MS_RDONLY | MS_NODEV | MS_NOSUID, None):
        raise OSError(ctypes.get_errno(), "mount")


def one_limited(made: Desk, folder: Path, name: str, room: int) -> Finding:
    """Run a deed while no file may grow beyond the register's size and some room."""
    desk = made.copied(folder)
    state = look(desk.db)
    job = deed(name, desk, MARK, state.complaints)
    state = look(desk.db)
    # The largest file is the register's; all others are held to less.
    most = room * 1024 if room % 2 else desk.db.stat().st_size + room * 1024
    finding = Finding(1)
    outcome = desk.run(*job.words, before=limit(most))
    _told(finding, outcome)
    settled(desk, job, MARK, state, outcome, finding, f"files of {most} bytes at most")
    return finding


def limit(most: int) -> Callable[[], None]:
    """Return what holds a process to files of a size."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def one_full(made: Desk, folder: Path, name: str, room: int) -> Finding:
    """Run a deed on a disk with some kilobytes free, then again when there is room."""
    desk = made.copied(folder)
    state = look(desk.db)
    job = deed(name, desk, MARK, state.complaints)
    state = look(desk.db)
    filler = filled(folder.parent, room)
    finding = Finding(1)
    outcome = desk.run(*job.words)
    _told(finding, outcome)
    filler.unlink()
    settled(desk, job, MARK, state, outcome, finding, f"{room} kB free")
    shutil.rmtree(folder)
    return finding


def filled(folder: Path, room: int) -> Path:
    """Fill the disk until so many kilobytes are free, and return the file that fills it."""
    filler = folder / "filler"
    free = os.statvfs(folder)
    size = max(0, free.f_bavail * free.f_frsize - room * 1024)
    with filler.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, max(1, size))
    return filler


def _told(finding: Finding, outcome: Outcome) -> None:
    finding.count({0: "done all the same", 3: "told as not done"}.get(outcome.status, "otherwise"))


def looked(made: Desk, folder: Path) -> Finding:
    """Look at a register on a full disk: everything can be read."""
    finding = Finding()
    desk = made.copied(folder)
    wanted = [desk.run(*words) for words in READS]
    filler = filled(folder.parent, 0)
    for words, good in zip(READS, wanted, strict=True):
        outcome = desk.run(*words)
        finding.tried += 1
        if (outcome.status, outcome.out) != (good.status, good.out):
            finding.broken.append(f"{' '.join(map(str, words))}: {outcome.told()}")
    filler.unlink()
    return finding

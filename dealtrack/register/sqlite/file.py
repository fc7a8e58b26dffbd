"""The file of a register, and what SQLite keeps beside it, before it is opened as a database."""

import os
import stat
import struct
from contextlib import suppress
from pathlib import Path

from dealtrack.errors import NotARegister, RegisterMissing, RegisterUnusable
from dealtrack.phrase import Phrase

SQLITE_MAGIC = b"SQLite format 3\x00"

FOLDER, NO_FILE = Phrase("it is a folder"), Phrase("it is not a regular file")


def check_file(path: Path) -> None:
    """Check, without opening it as a database, that a path holds an SQLite file.

    Raises RegisterMissing, NotARegister or RegisterUnusable.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise NotARegister(path=path, reason=FOLDER if stat.S_ISDIR(mode) else NO_FILE)
        with path.open("rb") as file:
            magic = file.read(len(SQLITE_MAGIC))
    except (FileNotFoundError, NotADirectoryError):
        raise RegisterMissing(path=path) from None
    except (OSError, ValueError) as error:
        raise RegisterUnusable(path=path, reason=getattr(error, "strerror", None) or str(error)) from None
    if magic != SQLITE_MAGIC:
        raise NotARegister(path=path, reason=Phrase("it is empty") if not magic else Phrase("it is not an SQLite file"))


def real_path(path: Path) -> Path:
    """Return a path with its symbolic links resolved; a circle of links is left as it is."""
    return Path(os.path.realpath(path))


def beside(path: Path, suffix: str) -> Path:
    """Return the place of what is kept beside a register's own file, whatever link leads to that."""
    place = real_path(path)
    return place.with_name(f"{place.name}{suffix}")


def is_at_rest(path: Path) -> bool:
    """Tell whether a register's own file is all of it: SQLite's other files hold none of its entries."""
    path = real_path(path)
    for suffix in ("-wal", "-journal"):
        with suppress(FileNotFoundError):
            if Path(f"{path}{suffix}").stat().st_size:
                return False
    return True


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from all others, whatever its name; None where there is none."""
    try:
        file = os.stat(path)  # noqa: PTH116  # every command comes here
    except OSError:
        return None
    return file.st_dev, file.st_ino


def state_of(path: Path) -> tuple[int, ...]:
    """Return what changes whenever a file is written to."""
    file = path.stat()
    return file.st_ino, file.st_size, file.st_mtime_ns


def check_log(path: Path) -> None:
    """Check that the file with the last entries was not taken away; raises RegisterUnusable.

    SQLite removes the index of that file (-shm) before the file itself (-wal): an index alone, that tells of
    entries not yet in the register's file, means that the file was lost, and the entries with it.
    """
    path = real_path(path)
    try:
        with open(f"{path}-shm", "rb") as index:  # noqa: PTH123  # as quick as can be: every command comes here
            if os.path.exists(f"{path}-wal"):  # noqa: PTH110  # the same
                return
            head = index.read(100)
    except OSError:
        return
    if len(head) == 100 and head[12]:
        (written,), (moved,) = struct.unpack_from("=I", head, 16), struct.unpack_from("=I", head, 96)
        if written > moved and not os.path.exists(f"{path}-wal"):  # noqa: PTH110  # the same
            reason = Phrase(
                "{name}-wal, with its last entries, is gone. Put it back, or give those entries up: remove "
                "{name}-shm, then run 'dealtrack verify --head' with the last checksum you know",
                name=path.name,
            )
            raise RegisterUnusable(path=path, reason=reason)

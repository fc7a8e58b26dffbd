"""Output files: written beside their place and moved into it when whole, readable by their owner alone."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, TypeVar

from dealtrack.errors import CannotWrite

SQLITE_MAGIC = b"SQLite format 3\x00"

_Stream = TypeVar("_Stream", TextIO, BinaryIO)


@contextmanager
def written_beside(path: Path) -> Iterator[TextIO]:
    """Give a text file in UTF-8 that takes its place when the block ends well; else what stood there stays.

    A symbolic link stays one; a pipe or a device is written to as it is. A database is never replaced, since
    it may be the register. Raises CannotWrite.
    """
    with _beside(path, _open_text) as stream:
        yield stream


@contextmanager
def bytes_beside(path: Path) -> Iterator[BinaryIO]:
    """Give a file of bytes that takes its place as one of `written_beside` does; raises CannotWrite."""
    with _beside(path, _open_bytes) as stream:
        yield stream


def _open_text(place: Path | int) -> TextIO:
    return open(place, "w", encoding="utf-8", newline="")  # noqa: PTH123 - it may be a descriptor


def _open_bytes(place: Path | int) -> BinaryIO:
    return open(place, "wb")  # noqa: PTH123 - it may be a descriptor


@contextmanager
def _beside(path: Path, opened: Callable[[Path | int], _Stream]) -> Iterator[_Stream]:
    name = None
    try:
        if not _may_be_replaced(path):
            with opened(path) as stream:
                yield stream
            return
        # Where a link leads: the link itself stays.
        place = Path(os.path.realpath(path))
        handle, name = tempfile.mkstemp(prefix=f".{place.name[:60]}.", suffix=".part", dir=place.parent)
        with opened(handle) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(place)
        name = None
    except OSError as error:
        raise CannotWrite(path=path, reason=error.strerror or str(error)) from None
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)


def _may_be_replaced(path: Path) -> bool:
    """Tell whether a file may take this place: not that of a pipe or a device. Raises CannotWrite and OSError."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise CannotWrite(path=path, reason="it is a folder; name a file in it")
    if not stat.S_ISREG(mode):
        return False
    with path.open("rb") as held:
        if held.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC:
            raise CannotWrite(path=path, reason="it is a database, perhaps the register; name another file")
    return True

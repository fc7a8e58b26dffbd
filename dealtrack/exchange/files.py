"""Output files: written beside their place and moved into it when whole, readable by their owner alone."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dealtrack.errors import CannotWrite

SQLITE_MAGIC = b"SQLite format 3\x00"


@contextmanager
def written_beside(path: Path) -> Iterator[TextIO]:
    """Give a text file in UTF-8 that takes its place when the block ends well; else what stood there stays.

    A symbolic link stays one; a pipe or a device is written to as it is. A database is never replaced, since
    it may be the register. Raises CannotWrite.
    """
    name = None
    try:
        if not _may_be_replaced(path):
            with path.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        # Where a link leads: the link itself stays.
        place = Path(os.path.realpath(path))
        handle, name = tempfile.mkstemp(prefix=f".{place.name[:200]}.", suffix=".part", dir=place.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
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

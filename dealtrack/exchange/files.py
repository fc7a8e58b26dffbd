"""Output files: written beside their place and moved into it when whole, readable by their owner alone."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from dealtrack.errors import CannotWrite


@contextmanager
def written_beside(path: Path) -> Iterator[TextIO]:
    """Give a text file in UTF-8 that takes its place when the block ends well; else what stood there stays.

    Raises CannotWrite.
    """
    name = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
        name = None
    except OSError as error:
        raise CannotWrite(path=path, reason=error.strerror or str(error)) from None
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)

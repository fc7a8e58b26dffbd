"""A folder whose files are opened by their names, without following a link that was put in the place of one.

Where the system can (Linux, macOS) the folder is kept open, so that nothing is put in its place meanwhile. Windows
cannot: there a link is looked for first, and one that is put there after that look is followed.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from dealtrack.register.drafts import BYTES, closing_file, link_file, share, unnamed_file

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_LINK
_JUNCTION = 0xA0000003
"""How Windows marks a folder that leads to another one."""

TO_READ = os.O_RDONLY | BYTES | getattr(os, "O_NONBLOCK", 0)
"""To read a file, and not to wait for the other end of a pipe that stands in its place."""

TO_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | BYTES | _NO_LINK
"""To write a file that is not there yet."""

LINKS = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EMLINK})
"""The errors of the system where a link, or a file, stands in the place of a folder, or a link in that of a file."""


def holds_folders() -> bool:
    """Tell whether this system can hold a folder open, and open what is in it without following a link."""
    return bool(_NO_LINK) and os.open in os.supports_dir_fd


class Folder:
    """A folder, and what is done with what stands in it by name; every method raises OSError."""

    def __init__(self, path: Path, handle: int | None) -> None:
        """`handle` is None where the system cannot hold a folder open."""
        self._path = path
        self._handle = handle

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> "Iterator[Self]":
        """Open a folder during the block."""
        with cls._opened(path, path, None) as folder:
            yield folder

    @contextmanager
    def inner(self, name: str) -> "Iterator[Self]":
        """Open a folder in this one during the block."""
        with self._opened(self._path / name, *self._where(name)) as folder:
            yield folder

    @classmethod
    @contextmanager
    def _opened(cls, path: Path, where: "str | Path", within: int | None) -> "Iterator[Self]":
        if not holds_folders():
            if not stat.S_ISDIR(_no_link(path).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            yield cls(path, None)
            return
        with closing_file(os.open(where, _FOLDER, dir_fd=within)) as handle:
            yield cls(path, handle)

    def _where(self, name: str) -> "tuple[str | Path, int | None]":
        return (self._path / name, None) if self._handle is None else (name, self._handle)

    def open(self, name: str, flags: int) -> int:
        """Open a file with TO_READ or TO_CREATE and return its descriptor."""
        where, within = self._where(name)
        if within is None and not flags & os.O_EXCL:
            _no_link(self._path / name)
        handle = os.open(where, flags | _NO_LINK, 0o600, dir_fd=within)
        if flags & os.O_EXCL:
            share(handle, self._path)
        return handle

    def unnamed_file(self) -> int | None:
        """Return the descriptor of a new file in this folder without a name; None where there is no such thing."""
        return None if self._handle is None else unnamed_file(Path(f"/proc/self/fd/{self._handle}"))

    def name_file(self, handle: int, name: str) -> None:
        """Give a file of `unnamed_file` its name."""
        assert self._handle is not None
        link_file(handle, name, self._handle)

    def make(self, name: str) -> None:
        """Make a folder in this one; raises FileExistsError."""
        where, within = self._where(name)
        os.mkdir(where, 0o700, dir_fd=within)
        with self.inner(name) as made:
            share(self._path / name if made._handle is None else made._handle, self._path)  # noqa: SLF001  # of this class
        self.sync()

    def move(self, name: str, to: "Folder", new: str) -> None:
        """Move a file to a folder under a name; what stands there is replaced, and a link is not followed."""
        (source, from_), (target, into) = self._where(name), to._where(new)  # noqa: SLF001  # of this class
        os.replace(source, target, src_dir_fd=from_, dst_dir_fd=into)
        to.sync()

    def remove(self, name: str) -> None:
        """Remove a file."""
        where, within = self._where(name)
        os.unlink(where, dir_fd=within)

    def sync(self) -> None:
        """Wait until what the folder lists is on the disk, where the system lets one wait for that."""
        if self._handle is not None:
            os.fsync(self._handle)


def _no_link(path: Path) -> os.stat_result:
    file = os.lstat(path)
    if stat.S_ISLNK(file.st_mode) or getattr(file, "st_reparse_tag", 0) == _JUNCTION:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return file

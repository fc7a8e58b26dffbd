"""Files on the way to their place: without a name where the system has that, else hidden and cleared away later."""

import errno
import itertools
import os
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType

from dealtrack.core.vocabulary import OFFICE_SUFFIX
from dealtrack.errors import DealtrackError
from dealtrack.phrase import Phrase

DRAFT = ".dealtrack-draft"
"""What stands in the name of every draft, a hidden file or folder, and in those that SQLite keeps beside it."""

SQLITE_SUFFIXES = ("-wal", "-shm", "-journal")
NOTE_SUFFIX, MAIL_SUFFIX, ERASURE_SUFFIX, EVIDENCE_SUFFIX = ".last-backup", ".last-mail", ".erasure-open", ".evidence"
FOLDER_NAME = "dealtrack"
CHUNK = 1 << 20
BYTES = getattr(os, "O_BINARY", 0)
"""Windows changes the ends of lines without it."""

OPEN_FILES = Path("/proc/self/fd")
"""Where Linux lists the files that a process has open."""

NAME_LENGTH = 60
"""The characters of a file's name that the name of its draft repeats."""


def is_shared(folder: Path | int) -> bool:
    """Tell whether a folder, given by its path or descriptor, is one in which a group of clerks works.

    Its files belong to its group (setgid), which may write to it, as a mode of 2770 says. Raises OSError.
    """
    shared = stat.S_ISGID | stat.S_IWGRP
    return os.stat(folder).st_mode & shared == shared  # noqa: PTH116  # of a descriptor too


def mode_in(folder: Path | int) -> int:
    """Return the mode of a new file in a folder: its owner's alone, or its group's too. Raises OSError."""
    return 0o660 if is_shared(folder) else 0o600


def share(new: Path | int, folder: Path) -> None:
    """Give a new file or folder, by its path or descriptor, to the group that shares the folder in which it stands.

    Elsewhere it stays its owner's alone. Raises OSError.
    """
    if is_shared(folder):
        is_folder = stat.S_ISDIR(os.stat(new).st_mode)  # noqa: PTH116  # of a descriptor too
        os.chmod(new, 0o2770 if is_folder else 0o660)  # noqa: PTH101


def unnamed_file(folder: Path) -> int | None:
    """Return a descriptor of a new file in a folder that has no name yet, and so goes when this process goes.

    None where the system has no such files. The file has the rights of `mode_in`.
    """
    # Such a file gets its name by way of /proc, which few systems lack.
    if sys.platform == "linux" and OPEN_FILES.exists():
        # Where the file system has no such files, or the folder cannot be written to, a draft with a name is tried.
        with suppress(OSError):
            handle = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
            share(handle, folder)
            return handle
    return None


def _name_file(handle: int, place: Path) -> None:
    """Give a file of `unnamed_file` its name; a file of that name is replaced in one step. Raises OSError."""
    try:
        _link(handle, place)
    except FileExistsError:
        hidden = _new_name(place)
        _link(handle, hidden)
        try:
            hidden.replace(place)
        except OSError:
            hidden.unlink(missing_ok=True)
            raise


def _link(handle: int, place: Path) -> None:
    with closing_file(os.open(place.parent, os.O_RDONLY)) as folder:
        link_file(handle, place.name, folder)


def link_file(handle: int, name: str, folder: int) -> None:
    """Give a file of `unnamed_file` a new name in a folder, which is given by its descriptor. Raises OSError."""
    # With a folder's descriptor Python asks for the call that follows the link of /proc to the file.
    os.link(OPEN_FILES / str(handle), name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)


def _new_name(place: Path) -> Path:
    return place.with_name(f".{place.name[:NAME_LENGTH]}.{os.urandom(4).hex()}{DRAFT}")


@contextmanager
def draft_file(place: Path) -> Iterator[Path]:
    """Give a new, empty, hidden file beside a place, its owner's alone; it is gone after the block, unless moved.

    What SQLite kept beside it goes too, and so do drafts of the same place that a killed command left behind. A
    signal that ends the process ends the block first. Raises OSError.
    """
    remove_drafts(place.parent, place.name)
    path = _new_name(place)
    with _ended_by_signals(), ExitStack() as stack:
        stack.callback(_remove, path)
        stack.enter_context(_new_file(path))
        yield path


@contextmanager
def replaced_by_empty(path: Path) -> Iterator[None]:
    """Put an empty draft in the place of an open one, whose content then goes when it is closed. Raises OSError.

    Windows removes no open file: there it stays.
    """
    if sys.platform == "win32":
        yield
    else:
        path.unlink()
        with _new_file(path):
            yield


@contextmanager
def closing_file(handle: int) -> Iterator[int]:
    """Give a descriptor, and close it after the block."""
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _synced(handle: int, name: Callable[[], object] | None = None) -> Iterator[int]:
    """Give a descriptor, then put what was written on the disk, give the file its name, and close it."""
    with closing_file(handle):
        yield handle
        os.fsync(handle)
        if name is not None:
            name()


@contextmanager
def new_file(place: Path) -> Iterator[int]:
    """Give the descriptor of a new file that takes a place in one step when the block ends well, whole on the disk.

    What stood there is replaced; otherwise it stays. Raises OSError.
    """
    remove_drafts(place.parent, place.name)
    handle = unnamed_file(place.parent)
    if handle is not None:
        with _synced(handle, partial(_name_file, handle, place)):
            yield handle
        return
    with draft_file(place) as path:
        with _synced(os.open(path, os.O_RDWR | BYTES)) as handle:
            yield handle
        path.replace(place)


@contextmanager
def only_file(place: Path) -> Iterator[int]:
    """Give the descriptor of a new file that takes a place where nothing stands, whole, when the block ends well.

    Where the system has no files without a name, it stands there from the beginning. Raises OSError.
    """
    handle = unnamed_file(place.parent)
    if handle is not None:
        with _synced(handle, partial(_link, handle, place)):
            yield handle
        return
    handle = os.open(place, os.O_CREAT | os.O_EXCL | os.O_RDWR | BYTES, 0o600)
    share(handle, place.parent)
    try:
        with _synced(handle):
            yield handle
    except BaseException:
        place.unlink(missing_ok=True)
        raise


def part_of_register(path: Path) -> str:
    """Return why a file of this name is left to a register, which it is a part of or would be; nothing for others."""
    # Some systems make no difference between capitals and small letters.
    name = path.name.lower()
    if name.endswith(SQLITE_SUFFIXES):
        return Phrase("such names are reserved for SQLite's own files; name another file")
    if name.endswith((NOTE_SUFFIX, MAIL_SUFFIX, ERASURE_SUFFIX)):
        return Phrase("such names are reserved for notes beside a register; name another file")
    if name.endswith(OFFICE_SUFFIX):
        return Phrase("such names are reserved for the settings of an office; name another file")
    if any(parent.name.endswith(EVIDENCE_SUFFIX) for parent in path.parents):
        return Phrase("it is in a register's evidence folder; name a file elsewhere")
    return ""


@contextmanager
def disk_faults(error: type[DealtrackError], **values: object) -> Iterator[None]:
    """Raise what the system refuses in the block as an error of the catalogue that has these values and a reason."""
    try:
        yield
    except OSError as fault:
        raise error(**values, reason=fault.strerror or str(fault)) from None


def left_beside(path: Path) -> Path | None:
    """Return one of the files that SQLite keeps beside a database of this name, None where none is there.

    SQLite would use them for any database that is put there.
    """
    return next((Path(name) for suffix in SQLITE_SUFFIXES if os.path.lexists(name := f"{path}{suffix}")), None)


def make_folder(path: Path) -> str:
    """Make a folder that files are to be written into; return why that cannot be, nothing where the folder is there.

    The folders above it are made too. None of the new ones takes a name that is left to a register.
    """
    place = Path(os.path.realpath(path))
    new = [*itertools.takewhile(lambda folder: not os.path.lexists(folder), (place, *place.parents))]
    reason = next(filter(None, map(part_of_register, (place / DRAFT, *new))), "")
    try:
        if not reason:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in reversed(new):
                share(folder, folder.parent)
    except FileExistsError:
        return os.strerror(errno.ENOTDIR)
    except OSError as error:
        return error.strerror or str(error)
    return reason


@contextmanager
def draft_folder() -> Iterator[Path]:
    """Give a new folder for temporary files, its owner's alone, which is gone after the block as `draft_file` is."""
    folder = draft_place()
    remove_drafts(folder, FOLDER_NAME)
    path = _new_name(folder / FOLDER_NAME)
    with _ended_by_signals(), ExitStack() as stack:
        path.mkdir(mode=0o700)
        stack.callback(_remove, path)
        if sys.platform != "win32":
            _lock(stack.enter_context(closing_file(os.open(path, os.O_RDONLY))))
        yield path


def draft_place() -> Path:
    """Return the folder in which `draft_folder` makes its own: the system's for temporary files."""
    from tempfile import gettempdir  # 3 ms, which commands that make no folder save

    return Path(gettempdir())


@contextmanager
def _new_file(path: Path) -> Iterator[None]:
    """Make a file, and hold a lock on it during the block, by which others know that it is in use.

    Windows moves and removes no open file, so that none is kept open there.
    """
    handle = _created(path)
    if sys.platform == "win32":
        os.close(handle)
        yield
    else:
        # Another command may have removed it as a leftover before it was locked.
        while not path.exists():
            os.close(handle)
            handle = _created(path)
        with closing_file(handle):
            yield


def _created(path: Path) -> int:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | BYTES, 0o600)
    if sys.platform != "win32":
        # SQLite gives the files beside it the same rights, and wide ones where a strange umask left it none.
        os.fchmod(handle, mode_in(path.parent))
        _lock(handle)
    return handle


def _lock(handle: int) -> None:
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def drafts_in(folder: Path, name: str = "") -> list[Path]:
    """Return the drafts in a folder that no running command uses, in order; with `name` those of that file alone."""
    start = f".{name[:NAME_LENGTH]}." if name else "."
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if DRAFT in entry.name and entry.name.startswith(start)]
    except OSError:
        return []
    return [path for path in (folder / name for name in sorted(names)) if not _is_in_use(path)]


def remove_drafts(folder: Path, name: str = "") -> None:
    """Remove what `drafts_in` returns, as far as the rights go."""
    for path in drafts_in(folder, name):
        with suppress(OSError):
            _remove(path)


def _is_in_use(path: Path) -> bool:
    if sys.platform != "win32":
        import fcntl

        main = path.with_name(path.name.partition(DRAFT)[0] + DRAFT)
        try:
            with closing_file(os.open(main, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            # What SQLite kept beside a draft that is gone.
            return False
        except OSError:
            # It is locked, or somebody else's.
            return True
    # Windows removes no file that is open.
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    for suffix in ("", *SQLITE_SUFFIXES):
        # Where nothing can be written, even removing a file that is not there fails.
        if os.path.lexists(f"{path}{suffix}"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk; Windows lets nobody wait for a folder."""
    is_folder = path.is_dir()
    if is_folder and sys.platform == "win32":
        return
    # A file that is only read cannot be waited for everywhere.
    with closing_file(os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)) as handle:
        os.fsync(handle)


def copy_bytes(source: int, target: int) -> None:
    """Copy a whole file into an empty one, both by descriptor. Raises OSError."""
    os.lseek(source, 0, os.SEEK_SET)
    while chunk := os.read(source, CHUNK):
        write_all(target, chunk)


def write_all(handle: int, data: bytes) -> None:
    """Write bytes to a file, however many the system takes at once. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End the block in order where a signal asks the process to end, so that what it made is cleared away."""
    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    is_main = threading.current_thread() is threading.main_thread()
    changed = [number for number in signals if is_main and signal.getsignal(number) is signal.SIG_DFL]
    for number in changed:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)

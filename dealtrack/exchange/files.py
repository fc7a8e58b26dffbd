"""Output files, written beside their place and moved into it when whole; and folders of lists of the last run."""

import csv
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO
from zipfile import BadZipFile, ZipFile

from dealtrack.core.file_names import file_names
from dealtrack.core.standing import Lateness
from dealtrack.errors import CannotWrite
from dealtrack.phrase import Phrase
from dealtrack.register.drafts import disk_faults, make_folder, new_file, only_file, part_of_register, write_all
from dealtrack.register.sqlite.file import SQLITE_MAGIC

WORKBOOK_MAGIC, WORKBOOK_PART = b"PK\x03\x04", "xl/workbook.xml"
LOOK_AT = 4096
"""The bytes of a file that tell what kind of file it is."""


class FileKind(Enum):
    """What a file holds that is written here; the value is its name in a message."""

    TABLE = Phrase("a CSV file")
    TEXT = Phrase("such a list")
    JSON = Phrase("a JSON file")
    PAGE = Phrase("a web page")
    CALENDAR = Phrase("a calendar file")
    WORKBOOK = Phrase("a workbook")


@contextmanager
def text_output(path: Path, kind: FileKind | None) -> Iterator[TextIO]:
    """Give a text file in UTF-8 that takes its place when the block ends well; else what stood there stays.

    A symbolic link stays one; a pipe or a device is written to as it is. A file of another kind is never replaced, nor
    a register, nor what belongs to one; without a kind the name is dealtrack's own. Raises CannotWrite.
    """
    with binary_output(path, kind) as out, TextIOWrapper(out, encoding="utf-8", newline="") as stream:
        yield stream


@contextmanager
def binary_output(path: Path, kind: FileKind | None) -> Iterator[BinaryIO]:
    """Give a file of bytes that takes its place as one of `text_output` does; raises CannotWrite."""
    try:
        if not _may_be_replaced(path, kind):
            with path.open("wb") as stream:
                yield stream
            return
        # Where a link leads: the link itself stays.
        with new_file(Path(os.path.realpath(path))) as handle, open(handle, "wb", closefd=False) as stream:
            yield stream
    except OSError as error:
        raise CannotWrite(path=path, reason=error.strerror or str(error)) from None


def _may_be_replaced(path: Path, kind: FileKind | None) -> bool:
    """Tell whether a file may take this place: not that of a pipe or a device. Raises CannotWrite and OSError."""
    reason = part_of_register(Path(os.path.realpath(path)))
    if reason:
        raise CannotWrite(path=path, reason=reason)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise CannotWrite.because("it is a folder; name a file in it", path)
    if not stat.S_ISREG(mode):
        return False
    with path.open("rb") as file:
        head = file.read(LOOK_AT)
    if head.startswith(SQLITE_MAGIC):
        raise CannotWrite.because("it is a database, perhaps the register; name another file", path)
    if head and kind and not _is_of_kind(path, head, kind):
        raise CannotWrite.because(
            "the file there is not {kind} and would be lost; name another file", path, kind=kind.value
        )
    return True


def _is_of_kind(path: Path, head: bytes, kind: FileKind) -> bool:
    """Tell whether a file that begins with these bytes holds what a kind of file holds."""
    if kind is FileKind.WORKBOOK:
        try:
            with ZipFile(path) as archive:
                return head.startswith(WORKBOOK_MAGIC) and WORKBOOK_PART in archive.namelist()
        except (BadZipFile, ValueError, NotImplementedError):
            return False
    if b"\0" in head or head.startswith(WORKBOOK_MAGIC):
        return False
    text = head.decode("utf-8-sig", "replace").lstrip()
    match kind:
        case FileKind.JSON:
            # A section of a TOML file begins with a bracket too.
            return bool(re.match(r'\[\s*([{\]]|$)|\{\s*(["}]|$)', text))
        case FileKind.PAGE:
            return text[:14].lower().startswith(("<!doctype html", "<html"))
        case FileKind.CALENDAR:
            return text.startswith("BEGIN:VCALENDAR")
        case FileKind.TEXT:
            first, _, rest = text.partition("\n")
            return bool(re.search(r"[:：].*\d", first)) and rest[:1] in ("\n", "\r")
        case FileKind.TABLE:
            return _is_table(text)


def _is_table(text: str) -> bool:
    """Tell whether a text begins as a table does: two lines, or the only one, of as many columns, two at the least."""
    try:
        first = [row for row in islice(csv.reader(text.splitlines()), 2) if row]
    except csv.Error:
        return False
    return bool(first) and len(first[0]) > 1 and len(first[-1]) == len(first[0])


def write_new_files(contents: Mapping[Path, bytes]) -> None:
    """Write files, each in one step, into folders that are made where there are none.

    What stands there with the same content stays, and with other content nothing is written. Raises CannotWrite.
    """
    for folder in dict.fromkeys(path.parent for path in contents):
        if reason := make_folder(folder):
            raise CannotWrite(path=folder, reason=reason)
    new = {path: content for path, content in contents.items() if not _stands(path, content)}
    for path, content in new.items():
        with disk_faults(CannotWrite, path=path), only_file(path) as handle:
            write_all(handle, content)


def _stands(path: Path, content: bytes) -> bool:
    """Tell whether a file stands there with this content; raises CannotWrite where something else does."""
    if reason := part_of_register(Path(os.path.realpath(path))):
        raise CannotWrite(path=path, reason=reason)
    if not os.path.lexists(path):
        return False
    with disk_faults(CannotWrite, path=path):
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return True
    raise CannotWrite.because("a file with other content is there; move it, or name another folder", path)


INDEX = ".dealtrack-lists.json"
"""The file in the folder that names the lists which stand in it, so that no other file is ever removed."""

ENDINGS = {"csv": ".csv", "xlsx": ".xlsx", "text": ".txt"}
"""The formats of lists, each with the ending of its files."""

LONGEST_INDEX = 10_000_000


@dataclass(frozen=True, slots=True)
class ListFile:
    """One list of the folder: whom it is for, its file, and what it holds; `overdue` is 0 for one that was removed."""

    name: str
    file: Path
    overdue: int
    working_days_late: int


def write_lists(
    folder: Path,
    groups: Mapping[str, Sequence[Lateness]],
    ending: str,
    write: Callable[[Path, str, Sequence[Lateness]], None],
    called: Callable[[str], str] = str,
) -> list[ListFile]:
    """Write one list a group into a folder, which is made where there is none, and remove the last run's others.

    A list's file is named by what its group is `called`, which no other group is. `write` is given a list's path, the
    group's name and what it holds, and puts the list in place whole. The lists come in the order of the groups, then
    those that nothing is overdue for any more. Raises CannotWrite.
    """
    reason = make_folder(folder)
    if reason:
        raise CannotWrite(path=folder, reason=reason)
    before = _read_index(folder)
    names = file_names(map(called, groups))
    files = {name: names[called(name)] + ending for name in groups}
    now = {file: name for name, file in files.items()}
    # First what may come to stand there, then the lists: one cut short half-way is known to the next.
    if groups.keys() - before.values() or set(now) - set(before):
        _write_index(folder, {**before, **now})
    written = []
    for name, latenesses in groups.items():
        path = folder / files[name]
        write(path, name, latenesses)
        written.append(
            ListFile(name, path, len(latenesses), max(lateness.working_days_late for lateness in latenesses))
        )
    stale = {file: name for file, name in before.items() if file not in now}
    gone = [ListFile(name, folder / file, 0, 0) for file, name in stale.items() if _remove(folder / file)]
    if now != before:
        _write_index(folder, now)
    # One that was written anew in another format is not gone.
    return written + [listed for listed in gone if listed.name not in groups]


def _read_index(folder: Path) -> dict[str, str]:
    """Return the files of the last run's lists, each with its name; none where the index is missing or no index."""
    path = folder / INDEX
    try:
        if path.stat().st_size > LONGEST_INDEX:
            return {}
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    lists = index.get("lists") if isinstance(index, dict) else None
    if not isinstance(lists, dict):
        return {}
    # Nothing that an index says reaches out of its own folder, or to what is no list.
    return {
        file: str(name)
        for file, name in lists.items()
        if file.endswith(tuple(ENDINGS.values())) and not set(file) & set("/\\\0")
    }


def _write_index(folder: Path, lists: Mapping[str, str]) -> None:
    text = json.dumps({"lists": dict(sorted(lists.items()))}, ensure_ascii=True, indent=1)
    with text_output(folder / INDEX, None) as stream:
        stream.write(text + "\n")


def _remove(path: Path) -> bool:
    """Remove a list that is still a plain file, and tell whether there was one; raises CannotWrite."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(path=path, reason=error.strerror or str(error)) from None
    return True


def grouped(latenesses: Iterable[Lateness], by: Callable[[Lateness], str]) -> dict[str, list[Lateness]]:
    """Return clocks by group, groups by name, those of one in the order they came."""
    groups: dict[str, list[Lateness]] = {}
    for lateness in latenesses:
        groups.setdefault(by(lateness), []).append(lateness)
    return dict(sorted(groups.items()))

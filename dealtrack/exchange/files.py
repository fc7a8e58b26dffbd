"""Output files: written beside their place and moved into it when whole, readable by their owner alone."""

import csv
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO, TypeVar
from zipfile import BadZipFile, ZipFile

from dealtrack.errors import CannotWrite
from dealtrack.phrase import Phrase
from dealtrack.register.drafts import new_file, part_of_register

SQLITE_MAGIC = b"SQLite format 3\x00"
WORKBOOK_MAGIC, WORKBOOK_PART = b"PK\x03\x04", "xl/workbook.xml"
LOOK_AT = 4096
"""The bytes of a file that tell what kind of file it is."""

_Stream = TypeVar("_Stream", TextIO, BinaryIO)


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
    with _beside(path, kind, _open_text) as stream:
        yield stream


@contextmanager
def binary_output(path: Path, kind: FileKind) -> Iterator[BinaryIO]:
    """Give a file of bytes that takes its place as one of `text_output` does; raises CannotWrite."""
    with _beside(path, kind, _open_bytes) as stream:
        yield stream


def _open_text(place: Path | int) -> TextIO:
    return open(place, "w", encoding="utf-8", newline="", closefd=isinstance(place, Path))


def _open_bytes(place: Path | int) -> BinaryIO:
    return open(place, "wb", closefd=isinstance(place, Path))


@contextmanager
def _beside(path: Path, kind: FileKind | None, opened: Callable[[Path | int], _Stream]) -> Iterator[_Stream]:
    try:
        if not _may_be_replaced(path, kind):
            with opened(path) as stream:
                yield stream
            return
        # Where a link leads: the link itself stays.
        with new_file(Path(os.path.realpath(path))) as handle, opened(handle) as stream:
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
        return head.startswith(WORKBOOK_MAGIC) and _holds(path, WORKBOOK_PART)
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


def _holds(path: Path, part: str) -> bool:
    try:
        with ZipFile(path) as archive:
            return part in archive.namelist()
    except (BadZipFile, ValueError, NotImplementedError):
        return False


def _is_table(text: str) -> bool:
    """Tell whether a text begins as a table does: two lines, or the only one, of as many columns, two at the least."""
    try:
        first = [row for row in islice(csv.reader(text.splitlines()), 2) if row]
    except csv.Error:
        return False
    return bool(first) and len(first[0]) > 1 and len(first[-1]) == len(first[0])

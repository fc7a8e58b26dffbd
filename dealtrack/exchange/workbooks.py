"""Reading a sheet of a workbook (XLSX, XLS, ODS) row by row, as text, in a process of its own."""

import json
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import chain, islice
from typing import Any, BinaryIO, NoReturn

from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import CannotRead, UnknownWord, suggestion
from dealtrack.exchange.headers import HeaderQuery, find_header, header_of
from dealtrack.exchange.raw import WORKBOOK, RawRow, Refusal, Source, SourceTable, Unusable, passed_line, table_of
from dealtrack.phrase import Phrase

READER = "dealtrack.exchange.workbook_process"
MOST_PARTS = 10_000
MOST_BYTES = 1 << 30
"""What all the parts of a workbook may come to, unpacked."""

_HEADER_WITHIN = 30
_SAVE = Phrase("save the sheet as CSV UTF-8")
_DAMAGED = Phrase("the workbook is damaged; save it again as .xlsx, or save the sheet as CSV UTF-8")

_TOO_MUCH = Phrase("the workbook is damaged, or reading it takes too much memory or time; {save}", save=_SAVE)
_FAULTS = {
    "no sheet": Phrase("it has no sheet with rows"),
    "no rows": Phrase("its sheets have no rows"),
    "password": Phrase("it is protected by a password; save it without one"),
}


def open_sheet(binary: BinaryIO, name: str, size: int, stack: ExitStack, choice: str, query: HeaderQuery) -> Source:
    """Open the sheet of this name or number, by default the first that holds a table and is not hidden.

    The process that reads it ends with the `stack`. Raises CannotRead for what is no workbook, is damaged, is protected
    or takes too much memory or time, and UnknownWord for an unknown sheet.
    """
    _check_archive(binary, name)
    answers = _answers(binary, name, choice, stack)
    about = next(answers)
    if "fault" in about:
        _refuse_fault(about, name, choice)
    table = _table(map(_cells, chain.from_iterable(answers)), name, about["sheet"], query)
    done = 0

    def counted(rows: Iterator[RawRow | Refusal]) -> Iterator[RawRow | Refusal]:
        nonlocal done
        for row in rows:
            done = size * row.line // max(1, about["height"])
            yield row

    table = table._replace(rows=counted(table.rows))
    return Source(name, WORKBOOK, "", *table, size, lambda: done, about["sheet"], tuple(about["others"]))


def _answers(binary: BinaryIO, name: str, choice: str, stack: ExitStack) -> Iterator[Any]:
    """Yield the answers of the process that reads a workbook, to its end; raises CannotRead where it broke off."""
    binary.seek(0)
    # The other process reads on where the file itself stands, which is not where its buffer does.
    os.lseek(binary.fileno(), 0, os.SEEK_SET)
    # The same modules as here, and none from the folder that the clerk happens to be in.
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109  # as Python takes it
    process = subprocess.Popen(  # noqa: S603  # a module of dealtrack's own
        [sys.executable, "-P", "-m", READER, choice],
        stdin=binary,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
        # An interrupt from the terminal is for this process, which ends the other.
        process_group=None if sys.platform == "win32" else 0,
    )
    stack.callback(_end, process)
    assert process.stdout is not None
    for line in process.stdout:
        answer = json.loads(line)
        if answer is None:
            return
        yield answer
        if isinstance(answer, dict) and "fault" in answer:
            return
    # Status 1: an error in the other process, so the workbook is damaged. Any other: it reached a limit.
    raise CannotRead(path=name, reason=_DAMAGED if process.wait() == 1 else _TOO_MUCH)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait()
    if process.stdout is not None:
        with suppress(OSError):
            process.stdout.close()


def _refuse_fault(about: dict[str, Any], name: str, choice: str) -> NoReturn:
    fault = about["fault"]
    if fault == "unknown sheet":
        near = suggestion(nearest_names(choice, about["names"], 2))
        allowed = ", ".join(f"{place} {sheet}" for place, sheet in enumerate(about["seen"][:20], 1))
        raise UnknownWord(what="--sheet", value=choice, nearest=near, allowed=allowed)
    if fault == "damaged":
        raise CannotRead.because(
            "the workbook is damaged or of an unknown kind ({told}); save it again as .xlsx or as CSV",
            name,
            told=about["detail"],
        )
    raise CannotRead(path=name, reason=_FAULTS.get(fault, _DAMAGED))


def _check_archive(binary: BinaryIO, name: str) -> None:
    """Check by its list of parts that an archive is a workbook; raises CannotRead."""
    binary.seek(0)
    if binary.read(2) != b"PK":
        return
    try:
        with zipfile.ZipFile(binary) as archive:
            parts = archive.infolist()
            manifest = "META-INF/manifest.xml"
            has_manifest = any(part.filename == manifest and part.file_size < MOST_BYTES >> 10 for part in parts)
            is_encrypted = has_manifest and b"encryption-data" in archive.read(manifest)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, zlib.error) as error:
        detail = str(error).strip().rstrip(".")[:120]
        raise CannotRead.because(
            "the workbook or archive is damaged ({told}); save it again", name, told=detail
        ) from None
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS:
        raise CannotRead.because(
            "it has {count:,} parts; the maximum is {most:,}", name, count=len(parts), most=MOST_PARTS
        )
    size = sum(part.file_size for part in parts)
    if size > MOST_BYTES:
        values = {"size": size, "most": MOST_BYTES, "save": _SAVE}
        raise CannotRead.because("unpacked, it has {size:,} bytes; the maximum is {most:,}; {save}", name, **values)
    if is_encrypted or any(part.flag_bits & 1 for part in parts):
        raise CannotRead.because(_FAULTS["password"], name)
    if "xl/workbook.bin" in names:
        raise CannotRead.because("it is a binary workbook (.xlsb); save it as .xlsx", name)
    is_excel = "[Content_Types].xml" in names and any(part.startswith("xl/") for part in names)
    if "content.xml" not in names and not is_excel:
        raise CannotRead.because("it is an archive, not a workbook; unpack it first", name)


def _table(sheet: Iterator[list[str]], path: str, chosen: str, query: HeaderQuery) -> SourceTable:
    """Return the table of a sheet: the titles above its header are passed over."""
    first = list(islice(sheet, max(_HEADER_WITHIN, query.rows[1] if query.rows else 0)))
    place, height = _header_in(first, query)
    if place is None and query.rows:
        raise CannotRead.because("it has no header on line {line}", path, line=query.rows[0])
    if place is None:
        raise CannotRead.because(
            "sheet {chosen} has no header in its first {count} rows", path, chosen=chosen, count=_HEADER_WITHIN
        )
    passed = [passed_line(number, row) for number, row in enumerate(first[:place], 1) if any(map(str.strip, row))]
    names = list(header_of(first[place : place + height], query))
    while names and not names[-1]:
        names.pop()
    header = tuple(names)
    rows = _rows(chain(first[place + height :], sheet), header, place + height)
    return table_of(header, rows, passed, path, Phrase("sheet {chosen} has a header but no rows", chosen=chosen))


def _header_in(first: Sequence[Sequence[str]], query: HeaderQuery) -> tuple[int | None, int]:
    """Return at which of the first rows the header begins, None where there is none, and how many rows it has."""
    filled = [sum(cell.strip() != "" for cell in row) for row in first]
    if query.rows:
        place = query.rows[0] - 1
        return place if query.rows[1] <= len(first) and filled[place] else None, query.rows[1] - place
    if header := find_header(first, query.columns):
        return header
    several = (index for least in (2, 1) for index, count in enumerate(filled) if count >= least)
    return next(several, None), 1


def _rows(rows: Iterator[list[str]], header: tuple[str, ...], after: int) -> Iterator[RawRow | Refusal]:
    width = len(header)
    for number, row in enumerate(rows, after + 1):
        cells = row[:width]
        # What stands to the right of the header's last column is a note beside the table.
        if any(cells) and any(map(str.strip, cells)):
            yield RawRow(number, header, cells)


def _cells(row: list[Any]) -> list[str]:
    """Return the cells of a row as texts; a number that no spreadsheet keeps exactly is of no use."""
    return [cell if cell.__class__ is str else _rounded(cell[0]) for cell in row]


def _rounded(text: str) -> Unusable:
    return Unusable(
        text, Phrase("has the number {text}, of which a spreadsheet keeps only 15 digits; enter it as text", text=text)
    )

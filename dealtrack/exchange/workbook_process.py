"""The process that reads a sheet of a workbook: what a stranger's workbook can break or exhaust is this process alone.

Standard input is the workbook; the argument is the sheet that is asked for, or empty. Standard output is lines of
JSON: first what the workbook holds, or the fault, then its rows in batches, and `null` at the end.
"""

import json
import os
import posixpath
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import IO, Any
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile, ZipFile

MEMORY = 1 << 31
"""The bytes of memory that reading a workbook may take, where the system can limit it (Linux)."""

SECONDS = 120
"""The seconds of the processor that reading a workbook may take, where the system can limit it."""

BATCH = 500
EXACT = 10**15
"""From here on a spreadsheet keeps no whole number exactly: it has 15 digits."""

NOISE = 999_000
"""From this microsecond on a moment is the next second: a workbook keeps moments as fractions of a day."""

CONTENTS, LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
ERROR = re.compile(rb"\bt ?= ?[\"']e[\"']")
CHUNK = 1 << 20

ONE_SECOND = timedelta(seconds=1)


def limit() -> None:
    """Limit the memory and the time of this process, as far as the system can."""
    if sys.platform != "win32":
        import resource

        for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
            try:
                resource.setrlimit(kind, (most, most))
            except (ValueError, OSError):
                # What is limited more strictly already stays so.
                continue


def chosen_sheet(wanted: str, names: Sequence[str], seen: Sequence[str]) -> str | None:
    """Return the sheet that a name or a number among the visible ones means, None where it means none."""
    if wanted in names:
        return wanted
    folded = {name.casefold().strip(): name for name in names}
    if wanted.casefold().strip() in folded:
        return folded[wanted.casefold().strip()]
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:4]) <= len(seen):
        return seen[int(wanted[:4]) - 1]
    return None


def cell_text(cell: Any) -> str | list[str]:
    """Return the text by which a cell is read: dates as ISO has them, to the second, numbers without exponents.

    A whole number that no spreadsheet keeps exactly comes in a list.
    """
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int():
            return _whole(cell)
        case float():
            return _whole(int(cell)) if cell.is_integer() else format(cell, "f" if abs(cell) < 1e-4 else "").strip()
        case datetime():
            second = cell.replace(microsecond=0)
            return (second + ONE_SECOND if cell.microsecond >= NOISE else second).isoformat(" ")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("seconds")
        case timedelta():
            return str(cell)
        case _:
            return ""


def _whole(number: int) -> str | list[str]:
    return str(number) if abs(number) < EXACT else [str(number)]


def error_cells(content: bytes, sheet: str) -> dict[int, dict[int, str]]:
    """Return what the cells of a sheet of an .xlsx show that hold an error, as #REF!, by row and column from 0.

    The library reads them as empty. Of a workbook of another kind none is found.
    """
    try:
        with ZipFile(BytesIO(content)) as archive:
            part = _part_of(archive, sheet)
            with archive.open(part) as stream:
                if not _tells_error(stream):
                    return {}
            with archive.open(part) as stream:
                return _ErrorCells().read(stream)
    except (BadZipFile, KeyError, OSError, SyntaxError, ValueError, ExpatError, zlib.error):
        return {}


def _part_of(archive: ZipFile, sheet: str) -> str:
    targets = {about.get("Id"): about.get("Target", "") for about in _elements(archive, LINKS)}
    for about in _elements(archive, CONTENTS):
        if about.tag.rpartition("}")[2] == "sheet" and about.get("name") == sheet:
            link = next(value for name, value in about.items() if name.endswith("}id"))
            return posixpath.normpath(posixpath.join("/xl", targets[link])).lstrip("/")
    raise KeyError(sheet)


def _elements(archive: ZipFile, part: str) -> Iterator[ElementTree.Element]:
    return ElementTree.fromstring(archive.read(part)).iter()  # noqa: S314  # this process is there to be broken


def _tells_error(stream: IO[bytes]) -> bool:
    """Tell whether a sheet may hold an error at all: to look through its text takes a tenth of what its cells do."""
    end = b""
    while chunk := stream.read(CHUNK):
        if ERROR.search(end + chunk):
            return True
        end = chunk[-len(b"t = 'e'") :]
    return False


class _ErrorCells:
    """Finds the cells of a sheet that hold an error."""

    def __init__(self) -> None:
        self._found: dict[int, dict[int, str]] = {}
        self._row = self._column = -1
        self._is_error = self._is_value = False

    def read(self, stream: IO[bytes]) -> dict[int, dict[int, str]]:
        parser = ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._text
        parser.ParseFile(stream)
        return self._found

    def _begin(self, name: str, told: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self._row, self._column = int(told.get("r", self._row + 2)) - 1, -1
            case "c":
                letters = told.get("r", "").rstrip("0123456789")
                self._column = _column(letters) if letters else self._column + 1
                self._is_error = told.get("t") == "e"
            case "v":
                self._is_value = self._is_error

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "v":
            self._is_value = False

    def _text(self, text: str) -> None:
        if self._is_value:
            cells = self._found.setdefault(self._row, {})
            cells[self._column] = cells.get(self._column, "") + text


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def answers(content: bytes, wanted: str) -> Iterator[Any]:
    """Yield what is to be written: what the workbook holds, or the fault, the rows, and None at the end."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        # The rows of a sheet are held by the sheet itself, so that the workbook may be closed.
        with CalamineWorkbook.from_filelike(BytesIO(content)) as workbook:
            tables = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            names = [sheet.name for sheet in tables]
            seen = [sheet.name for sheet in tables if sheet.visible == SheetVisibleEnum.Visible]
            if not names:
                yield {"fault": "no sheet"}
                return
            chosen = chosen_sheet(wanted, names, seen or names) if wanted else None
            if wanted and chosen is None:
                yield {"fault": "unknown sheet", "names": names, "seen": seen or names}
                return
            for name in [chosen] if chosen else seen or names:
                sheet = workbook.get_sheet_by_name(name)
                if chosen or sheet.start is not None:
                    break
            else:
                yield {"fault": "no rows"}
                return
        yield {"sheet": name, "height": sheet.total_height, "others": [other for other in seen if other != name]}
        errors = error_cells(content, name)
        # Rows begin with the first of the sheet, and cells with the first column that holds any.
        left = sheet.start[1] if sheet.start else 0
        rows = enumerate(sheet.iter_rows())
        while batch := list(islice(rows, BATCH)):
            told = []
            for number, row in batch:
                cells = [cell if cell.__class__ is str else cell_text(cell) for cell in row]
                for column, text in errors.get(number, {}).items():
                    if 0 <= column - left < len(cells):
                        cells[column - left] = text
                told.append(cells)
            yield told
        yield None
    except PasswordError:
        yield {"fault": "password"}
    except (CalamineError, OSError, ValueError) as error:
        yield {"fault": "damaged", "detail": str(error).strip().rstrip(".")[:200]}


def main() -> int:
    """Answer on standard output, and return the status: 2 where memory did not do, 1 for another fault."""
    limit()
    try:
        content = sys.stdin.buffer.read()
        for answer in answers(content, sys.argv[1]):
            sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    except MemoryError:
        return 2
    except BaseException:  # noqa: BLE001  # a panic of the Rust library is no Exception
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    # Nothing is left to be done, and nobody may read any more.
    os._exit(status)

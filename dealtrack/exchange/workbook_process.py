"""The process that reads a sheet of a workbook: what a stranger's workbook can break or exhaust is this process alone.

Standard input is the workbook; the argument is the sheet that is asked for, or empty. Standard output is lines of
JSON: first what the workbook holds, or the fault, then its rows in batches, and `null` at the end.
"""

import json
import os
import posixpath
import sys
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import reduce
from io import BytesIO
from itertools import islice
from typing import IO, Any
from xml.etree import ElementTree
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


def chosen_sheet(choice: str, names: Sequence[str], seen: Sequence[str]) -> str | None:
    """Return the sheet that a name or a number among the visible ones means, None where it means none."""
    if choice in names:
        return choice
    folded = {name.casefold().strip(): name for name in names}
    if choice.casefold().strip() in folded:
        return folded[choice.casefold().strip()]
    if choice.isascii() and choice.isdigit() and 1 <= int(choice[:4]) <= len(seen):
        return seen[int(choice[:4]) - 1]
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


def answers(content: bytes, choice: str) -> Iterator[Any]:
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
            chosen = chosen_sheet(choice, names, seen or names) if choice else None
            if choice and chosen is None:
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
            texts = []
            for number, row in batch:
                cells = [cell if cell.__class__ is str else cell_text(cell) for cell in row]
                for column, text in errors.get(number, {}).items():
                    if 0 <= column - left < len(cells):
                        cells[column - left] = text
                texts.append(cells)
            yield texts
        yield None
    except PasswordError:
        yield {"fault": "password"}
    except (CalamineError, OSError, ValueError) as error:
        yield {"fault": "damaged", "detail": str(error).strip().rstrip(".")[:200]}


# What cells show that hold an error, as #REF!: the library that reads workbooks takes them for empty ones. Those of an
# .xlsx and an .ods are found; those of an .xls are not.

Errors = dict[int, dict[int, str]]
"""What cells show, by row and column from 0."""

CONTENTS, LINKS, ODS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "content.xml"
ERROR_TYPES = (b'"e"', b"'e'", b'"error"', b"'error'")
"""How the type of such a cell is written."""

OVERLAP = max(map(len, ERROR_TYPES)) - 1
CHUNK = 1 << 20
MOST_REPEATED = 1000
"""How often a cell or a row may stand for itself again: beyond that nothing but formats does."""


def error_cells(content: bytes, sheet: str) -> Errors:
    """Return the cells of a sheet that hold an error; of a workbook of another kind none is found."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            is_ods = ODS in archive.namelist()
            part = ODS if is_ods else _part_of(archive, sheet)
            with archive.open(part) as stream:
                if not _may_hold_error(stream):
                    return {}
            with archive.open(part) as stream:
                return _ods_errors(stream, sheet) if is_ods else _xlsx_errors(stream)
    except (BadZipFile, KeyError, OSError, StopIteration, SyntaxError, ValueError, zlib.error):
        return {}


def _part_of(archive: ZipFile, sheet: str) -> str:
    # This process is there to be broken.
    links, contents = (ElementTree.fromstring(archive.read(part)) for part in (LINKS, CONTENTS))  # noqa: S314
    targets = {about.get("Id"): about.get("Target", "") for about in links.iter()}
    for about in contents.iter():
        if _local(about.tag) == "sheet" and about.get("name") == sheet:
            link = next(value for name, value in about.items() if name.endswith("}id"))
            return posixpath.normpath(posixpath.join("/xl", targets[link])).lstrip("/")
    raise KeyError(sheet)


def _may_hold_error(stream: IO[bytes]) -> bool:
    """Tell whether a sheet may hold an error at all: to look through its text takes a fifth of what its cells do."""
    end = b""
    while chunk := stream.read(CHUNK):
        text = end + chunk
        if any(sign in text for sign in ERROR_TYPES):
            return True
        end = chunk[-OVERLAP:]
    return False


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _events(stream: IO[bytes]) -> Iterator[tuple[str, str, ElementTree.Element]]:
    """Yield where elements begin and end, each with its name; a row is forgotten once it has ended."""
    for event, element in ElementTree.iterparse(stream, ("start", "end")):  # noqa: S314  # the same
        name = _local(element.tag)
        yield event, name, element
        if event == "end" and name in ("row", "table-row"):
            element.clear()


def _text_of(cell: ElementTree.Element, name: str) -> str:
    return "".join(text for part in cell if _local(part.tag) == name for text in part.itertext())


def _xlsx_errors(stream: IO[bytes]) -> Errors:
    errors: Errors = {}
    row = column = -1
    for event, name, element in _events(stream):
        if event == "start" and name == "row":
            row, column = int(element.get("r", row + 2)) - 1, -1
        elif event == "start" and name == "c":
            column += 1
            if letters := element.get("r", "").rstrip("0123456789"):
                column = reduce(lambda number, letter: number * 26 + ord(letter) - ord("A") + 1, letters, 0) - 1
        elif name == "c" and element.get("t") == "e" and (text := _text_of(element, "v")):
            errors.setdefault(row, {})[column] = text
    return errors


def _ods_errors(stream: IO[bytes], sheet: str) -> Errors:
    """Return the errors of an .ods: its cells have no places, each follows the one before, and may repeat."""
    errors: Errors = {}
    is_sheet, row, rows, column, columns = False, -1, 1, -1, 1
    for event, name, element in _events(stream):
        values = {_local(key): value for key, value in element.items()}
        if event == "start" and name == "table":
            is_sheet, row, rows = values.get("name") == sheet, -1, 1
        elif event == "start" and name == "table-row":
            row, rows = row + rows, int(values.get("number-rows-repeated", 1))
            column, columns = -1, 1
        elif name not in ("table-cell", "covered-table-cell"):
            continue
        elif event == "start":
            column, columns = column + columns, int(values.get("number-columns-repeated", 1))
        elif is_sheet and any(_local(key) == "value-type" and value == "error" for key, value in element.items()):
            # A note at a cell is a part of its own, whose words are none of the cell's.
            text = _text_of(element, "p")
            for place in range(row, row + min(rows, MOST_REPEATED)) if text else ():
                cells = dict.fromkeys(range(column, column + min(columns, MOST_REPEATED)), text)
                errors.setdefault(place, {}).update(cells)
    return errors


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

"""Reading a sheet of a workbook (XLSX, XLS, ODS) row by row, as text, within limits that are checked before."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from dealtrack.errors import CannotRead, UnknownWord, suggestion
from dealtrack.exchange.headers import Columns, clean_names, find_header, merged_header
from dealtrack.exchange.raw import PassedLine, RawRow, Refusal, Unusable, passed_line
from dealtrack.exchange.workbook_limits import check_limits
from dealtrack.phrase import Phrase

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

EXACT = 10**15
"""From here on a spreadsheet keeps no whole number exactly: it has 15 digits."""

_HEADER_WITHIN = 30
_HALF = timedelta(microseconds=500_000)


class Sheet(NamedTuple):
    """A sheet of a workbook: its name, its header, its rows with their numbers from 1, and how many there are.

    `others` are the names of the other sheets that are to be seen.
    """

    name: str
    header: tuple[str, ...]
    rows: Iterator[RawRow | Refusal]
    height: int
    others: tuple[str, ...]
    passed: list[PassedLine]


def open_sheet(
    binary: BinaryIO,
    name: str,
    wanted: str,
    header_rows: tuple[int, int] | None = None,
    columns: Columns | None = None,
) -> Sheet:
    """Return the sheet of this name or number, by default the first that holds a table and is not hidden.

    `header_rows` are the first and the last row of its header; without them it is found by the `columns` looked for.
    Raises CannotRead for what is no workbook, is damaged, is protected or goes beyond the limits, and
    UnknownWord for an unknown sheet.
    """
    check_limits(binary, name)
    binary.seek(0)
    with _refusing(name):
        from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

        # The rows of a sheet are held by the sheet itself, so that the workbook may be closed.
        with CalamineWorkbook.from_filelike(binary) as workbook:
            tables = [held for held in workbook.sheets_metadata if held.typ == SheetTypeEnum.WorkSheet]
            seen = [held.name for held in tables if held.visible == SheetVisibleEnum.Visible]
            chosen, sheet = _choose(workbook, [held.name for held in tables], seen, wanted, name)
        height = sheet.total_height
        header, rows, passed = _table(sheet, name, chosen, header_rows, columns)
    return Sheet(chosen, header, rows, height, tuple(other for other in seen if other != chosen), passed)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn every fault of the reader into CannotRead; a panic of its own is kept from the terminal."""
    from python_calamine import CalamineError, PasswordError

    reason = ""
    with _quiet():
        try:
            yield
        except PasswordError:
            reason = Phrase("it is protected by a password; save it without one")
        except (CalamineError, OSError, ValueError) as error:
            told = str(error).strip().rstrip(".")[:200]
            reason = Phrase(
                "it is a damaged workbook, or none that is known here ({told}); save it anew as .xlsx or as CSV",
                told=told,
            )
        except BaseException as error:
            # A panic of the Rust library is no Exception, and has no name that can be imported.
            if type(error).__name__ != "PanicException":
                raise
            reason = Phrase("it is a damaged workbook; save it anew as .xlsx, or save the sheet as CSV UTF-8")
    if reason:
        raise CannotRead(path=name, reason=reason)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the library prints while it panics from the standard error of the process."""
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _choose(
    workbook: "CalamineWorkbook", names: Sequence[str], seen: Sequence[str], wanted: str, path: str
) -> tuple[str, "CalamineSheet"]:
    if not names:
        raise CannotRead(path=path, reason="it holds no sheet with rows")
    if wanted:
        chosen = _named(wanted, names, seen or names)
        return chosen, workbook.get_sheet_by_name(chosen)
    for chosen in seen or names:
        sheet = workbook.get_sheet_by_name(chosen)
        if sheet.start is not None:
            return chosen, sheet
    raise CannotRead(path=path, reason="its sheets hold no rows")


def _named(wanted: str, names: Sequence[str], seen: Sequence[str]) -> str:
    if wanted in names:
        return wanted
    folded = {name.casefold().strip(): name for name in names}
    if wanted.casefold().strip() in folded:
        return folded[wanted.casefold().strip()]
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:4]) <= len(seen):
        return seen[int(wanted[:4]) - 1]
    from dealtrack.core.text import nearest

    near = suggestion(nearest(wanted, names, 2))
    allowed = ", ".join(f"{place} {name}" for place, name in enumerate(seen[:20], 1))
    raise UnknownWord(what="--sheet", value=wanted, nearest=near, allowed=allowed)


def _table(
    sheet: "CalamineSheet",
    path: str,
    chosen: str,
    header_rows: tuple[int, int] | None,
    columns: Columns | None,
) -> tuple[tuple[str, ...], Iterator[RawRow | Refusal], list[PassedLine]]:
    """Return the header of a sheet, the rows below it, and the titles above it, which are passed over."""
    within = max(_HEADER_WITHIN, header_rows[1] if header_rows is not None else 0)
    first = [[cell_text(cell) for cell in row] for row in islice(sheet.iter_rows(), within)]
    filled = [sum(cell.strip() != "" for cell in row) for row in first]
    place, count = _header_in(first, filled, header_rows, columns)
    if header_rows is not None and place is None:
        raise CannotRead(path=path, reason=Phrase("it has no header on line {line}", line=header_rows[0]))
    if place is None:
        raise CannotRead(
            path=path,
            reason=Phrase(
                "sheet {chosen} has no header in its first {count} rows", chosen=chosen, count=_HEADER_WITHIN
            ),
        )
    passed = [passed_line(number, row) for number, row in enumerate(first[:place], 1) if any(map(str.strip, row))]
    names = list(clean_names(first[place]) if count == 1 else merged_header(first[place : place + count], columns))
    while names and not names[-1]:
        names.pop()
    header = tuple(names)
    rows = _rows(sheet, header, place + count)
    row = next(rows, None)
    if row is None:
        raise CannotRead(path=path, reason=Phrase("sheet {chosen} has a header and no rows", chosen=chosen))
    return header, _with_first(row, rows), passed


def _header_in(
    first: Sequence[Sequence[str]],
    filled: Sequence[int],
    header_rows: tuple[int, int] | None,
    columns: Columns | None,
) -> tuple[int | None, int]:
    """Return at which of the first rows the header begins, None where there is none, and how many rows it has."""
    if header_rows is not None:
        place = header_rows[0] - 1
        return place if header_rows[1] <= len(first) and filled[place] else None, header_rows[1] - place
    found = find_header(first, columns)
    if found is not None:
        return found
    place_ = next((index for index, count in enumerate(filled) if count > 1), None)
    return next((index for index, count in enumerate(filled) if count), None) if place_ is None else place_, 1


def _with_first(row: RawRow | Refusal, rows: Iterator[RawRow | Refusal]) -> Iterator[RawRow | Refusal]:
    yield row
    yield from rows


def _rows(sheet: "CalamineSheet", header: tuple[str, ...], after: int) -> Iterator[RawRow | Refusal]:
    width = len(header)
    for number, row in enumerate(islice(sheet.iter_rows(), after, None), after + 1):
        cells = [cell if cell.__class__ is str else cell_text(cell) for cell in row[:width]]
        # What stands to the right of the header's last column is a note beside the table.
        if any(cells) and any(map(str.strip, cells)):
            yield RawRow(number, header, cells)


def cell_text(cell: Any) -> str:
    """Return the text by which a cell is read: dates as ISO has them, to the second, numbers without exponents."""
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
            return (cell + _HALF).replace(microsecond=0).isoformat(" ")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("seconds")
        case timedelta():
            return str(cell)
        case _:
            return ""


def _whole(number: int) -> str:
    text = str(number)
    if abs(number) < EXACT:
        return text
    return Unusable(
        text,
        Phrase("holds the number {text}, of which a spreadsheet keeps 15 digits alone: enter it as text", text=text),
    )

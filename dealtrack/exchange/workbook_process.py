"""The process that reads a sheet of a workbook: what a stranger's workbook can break or exhaust is this process alone.

Standard input is the workbook; the argument is the sheet that is asked for, or empty. Standard output is lines of
JSON: first what the workbook holds, or the fault, then its rows in batches, and `null` at the end.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import Any

from dealtrack.exchange.workbook_errors import error_cells

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

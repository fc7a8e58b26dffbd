"""Workbooks that are written: an export, which an import reads back; what others are made with."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from io import BytesIO
from typing import Any, BinaryIO

from dealtrack.core.moments import iso_local
from dealtrack.core.text import defuse_formula, escape_controls
from dealtrack.errors import CannotWrite
from dealtrack.exchange.writers import Record, is_due_key
from dealtrack.phrase import Phrase
from dealtrack.register.drafts import draft_folder

LONGEST_CELL = 32_767
"""The characters that a cell holds."""

MOST_ROWS = 1_048_575
"""The rows that a sheet holds below its header."""

SECOND_FORM, MONEY_FORM = "yyyy-mm-dd hh:mm:ss", "0.00"

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_WIDTHS = {"id": 8, "number": 16, "platform": 14, "summary": 50, "history": 30, "provisional": 11}


@contextmanager
def workbook(out: BinaryIO, made_at: datetime, title: str = "", folder: str = "") -> Iterator[Any]:
    """Give a workbook of xlsxwriter's to fill, which goes to `out` when the block ends well.

    A text in it is never taken for a formula, a number or a link. `made_at` is what it says of when it was made, so
    that the same content makes the same bytes. Its rows are held in memory, unless a `folder` for them is given.
    """
    import xlsxwriter

    kept = {"constant_memory": True, "tmpdir": folder} if folder else {"in_memory": True}
    # Otherwise xlsxwriter guesses what texts mean.
    plain = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    # Written to the file only at the end, so that an error of the disk is an OSError and none of the library's.
    content = BytesIO()
    with xlsxwriter.Workbook(content, {**kept, **plain}) as book:
        created = {"created": made_at.astimezone(UTC).replace(tzinfo=None)}
        book.set_properties({**created, "title": title} if title else created)
        yield book
    out.write(content.getbuffer())


def write_export_sheet(
    records: Iterable[Record], keys: Sequence[str], zone: tzinfo, made_at: datetime, out: BinaryIO, name: str
) -> None:
    """Write records under the header of their keys, every value whole; moments in UTC become dates, local to `zone`.

    The rows go to a temporary file one by one. Raises CannotWrite, with the file's `name`.
    """
    from xlsxwriter.exceptions import XlsxFileError

    try:
        with draft_folder() as folder, workbook(out, made_at, folder=str(folder)) as book:
            sheet = book.add_worksheet("complaints")
            sheet.freeze_panes(1, 0)
            bold = book.add_format({"bold": True})
            put = _writer_of_whole_values(book, sheet, zone)
            for column, key in enumerate(keys):
                wide = 19 if is_due_key(key) or key in ("received", "forwarded", "completed") else 12
                sheet.set_column(column, column, _WIDTHS.get(key, wide))
                sheet.write_string(0, column, key, bold)
            row = 0
            for row, record in enumerate(records, 1):
                if row > MOST_ROWS:
                    raise CannotWrite.because(
                        "a sheet holds at most {most:,} complaints; use --format csv or jsonl", name, most=MOST_ROWS
                    )
                for column, key in enumerate(keys):
                    value = record.get(key)
                    if value is not None and value != "" and not put(row, column, key, value):
                        values = {"key": key, "id": record["id"], "longest": LONGEST_CELL}
                        reason = Phrase(
                            "{key} of complaint {id} does not fit a cell (at most {longest:,} characters)", **values
                        )
                        raise CannotWrite.because("{reason}; use --format csv or jsonl", name, reason=reason)
            sheet.autofilter(0, 0, row, len(keys) - 1)
    except XlsxFileError as error:
        raise CannotWrite(path=name, reason=str(error.args[0] if error.args else error)) from None


def _writer_of_whole_values(book: Any, sheet: Any, zone: tzinfo) -> Callable[[int, int, str, Any], bool]:
    """Return what writes a value into a cell as what it is, and tells whether the cell holds all of it."""
    moment, money = (book.add_format({"num_format": form, "align": "left"}) for form in (SECOND_FORM, MONEY_FORM))
    # Excel shows such a text as it stands, and it stays a text when it is edited.
    quoted = book.add_format({"quote_prefix": True})

    def put(row: int, column: int, key: str, value: Any) -> bool:
        if isinstance(value, str) and key != "amount":
            text = escape_controls(value)
            if text.startswith("'"):
                text = defuse_formula(text)
            if len(text) > LONGEST_CELL:
                return False
            sheet.write_string(row, column, text, quoted if _FORMULA.match(text) else None)
        elif isinstance(value, str):
            sheet.write_number(row, column, float(value), money)
        elif isinstance(value, datetime):
            naive = value.astimezone(zone).replace(tzinfo=None)
            if naive.replace(tzinfo=zone, fold=1).utcoffset() == naive.replace(tzinfo=zone, fold=0).utcoffset():
                sheet.write_datetime(row, column, naive, moment)
            else:
                # The hour stands on the clock twice: only its offset tells which one is meant.
                sheet.write_string(row, column, iso_local(value, zone))
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        else:
            sheet.write_number(row, column, value)
        return True

    return put

"""Writing an export as a workbook, row by row: every value whole, so that an import reads it back as it was."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO

from dealtrack.core.moments import iso_local
from dealtrack.core.text import defuse_formula, escape_controls
from dealtrack.errors import CannotWrite
from dealtrack.exchange.writers import Record, due_key
from dealtrack.phrase import Phrase
from dealtrack.register.drafts import draft_folder

MOMENT = "yyyy-mm-dd hh:mm:ss"
MONEY = "0.00"
LONGEST = 32_767
"""The characters that a cell holds."""

MOST_ROWS = 1_048_575
"""The rows that a sheet holds below its header."""

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_WIDTHS = {"id": 8, "number": 16, "platform": 14, "summary": 50, "history": 30, "provisional": 11}


def write_book(
    records: Iterable[Record], keys: Sequence[str], zone: tzinfo, made_at: datetime, out: BinaryIO, name: str
) -> None:
    """Write records under the header of their keys; moments in UTC become real dates, local to `zone`.

    The rows go to a temporary file one by one. `made_at` is what the workbook says of when it was made, so that the
    same records make the same bytes. Raises CannotWrite, with the file's `name`.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxFileError

    # What the file itself cannot take is an error of its own then, and none of the library's.
    made = BytesIO()
    try:
        with draft_folder() as folder:
            _write(xlsxwriter.Workbook, records, keys, zone, made_at, made, name, str(folder))
    except XlsxFileError as error:
        raise CannotWrite(path=name, reason=str(error.args[0] if error.args else error)) from None
    out.write(made.getbuffer())


def _write(
    workbook: Callable[..., Any],
    records: Iterable[Record],
    keys: Sequence[str],
    zone: tzinfo,
    made_at: datetime,
    out: BinaryIO,
    name: str,
    folder: str,
) -> None:
    plain = {
        "constant_memory": True,
        "tmpdir": folder,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with workbook(out, plain) as book:
        book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None)})
        sheet = book.add_worksheet("complaints")
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        moment, money = (book.add_format({"num_format": form, "align": "left"}) for form in (MOMENT, MONEY))
        # Excel shows such a text as it stands, and keeps it one when it is edited.
        quoted = book.add_format({"quote_prefix": True})
        for column, key in enumerate(keys):
            wide = 19 if due_key(key) or key in ("received", "forwarded", "completed") else 12
            sheet.set_column(column, column, _WIDTHS.get(key, wide))
            sheet.write_string(0, column, key, bold)
        put = partial(_put, sheet, zone, moment, money, quoted)
        row = 0
        for row, record in enumerate(records, 1):
            if row > MOST_ROWS:
                reason = Phrase(
                    "a sheet holds {most:,} complaints at most; --format csv or jsonl holds any number", most=MOST_ROWS
                )
                raise CannotWrite(path=name, reason=reason)
            for column, key in enumerate(keys):
                value = record.get(key)
                if value is not None and value != "" and not put(row, column, key, value):
                    reason = Phrase(
                        "the {key} of complaint {id} is longer than a cell holds ({longest:,})",
                        key=key,
                        id=record["id"],
                        longest=LONGEST,
                    )
                    raise CannotWrite(
                        path=name, reason=Phrase("{reason}; --format csv or jsonl takes it", reason=reason)
                    )
        sheet.autofilter(0, 0, row, len(keys) - 1)


def _put(
    sheet: Any, zone: tzinfo, moment: Any, money: Any, quoted: Any, row: int, column: int, key: str, value: Any
) -> bool:
    """Write a value as what it is, and tell whether the cell holds all of it."""
    if isinstance(value, str):
        if key == "amount":
            sheet.write_number(row, column, float(value), money)
            return True
        text = escape_controls(value)
        if text.startswith("'"):
            text = defuse_formula(text)
        if len(text) > LONGEST:
            return False
        sheet.write_string(row, column, text, quoted if _FORMULA.match(text) else None)
    elif isinstance(value, datetime):
        local = value.astimezone(zone)
        naive = local.replace(tzinfo=None)
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

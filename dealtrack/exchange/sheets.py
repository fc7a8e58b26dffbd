"""Writing records as a workbook of one sheet, with real dates and numbers, for people who work in Excel."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, tzinfo
from io import BytesIO
from typing import Any, BinaryIO

from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.text import display_width, safe_text
from dealtrack.exchange.writers import Record

DAY_FORM, MOMENT_FORM, NUMBER_FORM = "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "General"
NARROWEST, WIDEST = 6, 60
A4 = 9
LONGEST_CELL = 32_767
"""The most characters that Excel takes in a cell."""


def write_sheet(
    records: Iterable[Record],
    keys: Sequence[str],
    titles: Mapping[str, str],
    title: str,
    zone: tzinfo,
    made_at: datetime,
    out: BinaryIO,
) -> None:
    """Write records as a workbook; moments in UTC become dates and hours of `zone`, a day's last second its date.

    `titles` head the columns, `title` names the sheet; `made_at` is what the file says of when it was made, so that
    the same records give the same bytes. A text is never taken for a formula, a number or a link.
    """
    import xlsxwriter

    # Without this it would keep its parts in files of their own, and guess at what texts mean.
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    # What the file itself cannot take is an error of its own then, and none of the library's.
    made = BytesIO()
    with xlsxwriter.Workbook(made, plain) as book:
        book.set_properties({"created": made_at.replace(tzinfo=None)})
        sheet = book.add_worksheet(title[:31])
        heading = book.add_format({"bold": True, "bottom": 1})
        forms = {
            form: book.add_format({"num_format": form, "align": "left"})
            for form in (DAY_FORM, MOMENT_FORM, NUMBER_FORM)
        }
        widths = [display_width(titles.get(key, key)) + 2 for key in keys]
        for column, key in enumerate(keys):
            sheet.write_string(0, column, titles.get(key, key), heading)
        row = 0
        for row, record in enumerate(records, 1):
            for column, key in enumerate(keys):
                shown = _write_cell(sheet, row, column, record.get(key), forms, zone)
                widths[column] = max(widths[column], display_width(shown))
        sheet.freeze_panes(1, 0)
        # On paper: across A4, all columns on one page, the headings on every page.
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.autofilter(0, 0, row, max(0, len(keys) - 1))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(WIDEST, max(NARROWEST, width + 1)))
    out.write(made.getbuffer())


def _write_cell(sheet: Any, row: int, column: int, value: Any, forms: Mapping[str, Any], zone: tzinfo) -> str:
    """Write a value as what it is, and return what it takes the width of."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        local = value.astimezone(zone).replace(tzinfo=None)
        if local.time() == LAST_SECOND:
            local = datetime.combine(local.date(), time())
            sheet.write_datetime(row, column, local, forms[DAY_FORM])
            return DAY_FORM
        sheet.write_datetime(row, column, local, forms[MOMENT_FORM])
        return MOMENT_FORM
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, forms[DAY_FORM])
        return DAY_FORM
    if isinstance(value, bool):
        # As the other formats have it: programs differ in how they show a truth value.
        sheet.write_string(row, column, str(value).lower())
        return str(value)
    if isinstance(value, (int, float)):
        sheet.write_number(row, column, value, forms[NUMBER_FORM])
        return str(value)
    text = safe_text(str(value))[:LONGEST_CELL]
    sheet.write_string(row, column, text)
    return text

"""The sheets of a report's workbook: tables with frozen headings, real dates and numbers, and conditional colours."""

from datetime import date, datetime
from typing import Any, NamedTuple

from dealtrack.core.text import display_width, safe_text
from dealtrack.reports.figures import Share
from dealtrack.reports.rounding import NUMBER_PLACES, RATE_PLACES, decimals, readable, rounded
from dealtrack.reports.tables import Col, Table

NARROWEST, WIDEST = 11, 46
LONGEST_NAME = 31
LINE = 16
FORMS = {
    "text": "@",
    "count": "#,##0",
    "number": "#,##0.0",
    "rate": "0.0%",
    "money": '#,##0.00;-#,##0.00;"–"',
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}

RIGHT = ("count", "number", "rate", "money")
STYLES: dict[str, dict[str, Any]] = {
    "left": {"align": "left"},
    "right": {"align": "right"},
    "total": {"bold": True, "top": 1},
}


class Area(NamedTuple):
    """Where the rows of a table stand on a sheet, the total left out; rows from 0, `last` included."""

    sheet: str
    first: int
    last: int

    def cells(self, column: int, most: int | None = None) -> list[Any]:
        """Return a column's cells, at most so many, as charts name them."""
        last = self.last if most is None else min(self.last, self.first + most - 1)
        return [self.sheet, self.first, column, last, column]


class Book:
    """A workbook being written; xlsxwriter's is wrapped, whose texts are written as texts."""

    def __init__(self, book: Any) -> None:
        self.book = book
        # A name that Excel keeps for itself.
        self._names = {"history"}
        self._formats: dict[tuple[str, str], Any] = {}
        heading = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter", "bg_color": "#EEF2F6"}
        self.heading = book.add_format(heading)
        self.right = book.add_format({**heading, "align": "right"})
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.label = book.add_format({"font_color": "#555555"})
        self.note = book.add_format({"italic": True, "font_color": "#555555"})
        self.indented = book.add_format({"italic": True, "font_color": "#555555", "indent": 1})
        self._late = book.add_format({"font_color": "#9C0006", "bg_color": "#FFC7CE"})

    def sheet(self, name: str) -> Any:
        """Add a sheet for A4, its name made one that Excel takes and no other sheet has."""
        clean = "".join(" " if mark in "[]:*?/\\'" else mark for mark in safe_text(name)).strip()[:LONGEST_NAME] or "-"
        unique, place = clean, 2
        while unique.casefold() in self._names:
            unique = f"{clean[: LONGEST_NAME - 4]} {place}"
            place += 1
        self._names.add(unique.casefold())
        sheet = self.book.add_worksheet(unique)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F&R&P / &N")
        sheet.hide_gridlines(2)
        return sheet

    def table(self, sheet: Any, table: Table) -> Area:
        """Write a table, its headings frozen, its total set off; a note goes below."""
        columns, rows = table.columns, table.rows
        widths = [max(map(display_width, column.title.split())) + 3 for column in columns]
        for place, column in enumerate(columns):
            style = self.heading if column.form in ("text", "date") else self.right
            write_text(sheet, 0, place, column.title, style)
        for line, row in enumerate(rows, 1):
            side = "total" if row is table.total and table.groups else ""
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                widths[place] = max(widths[place], self.cell(sheet, line, place, value, column.form, side) + 2)
        last = len(table.groups)
        widths = [min(WIDEST, max(NARROWEST, width)) for width in widths]
        lines = [_lines(column.title, width - 2) for column, width in zip(columns, widths, strict=True)]
        sheet.set_row(0, LINE * max(lines) + 4)
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            sheet.set_column(place, place, width)
            self.paint(sheet, column, (1, place, len(rows), place))
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        if last:
            sheet.autofilter(0, 0, last, len(columns) - 1)
        if table.note:
            write_text(sheet, len(rows) + 2, 0, table.note, self.note)
        return Area(sheet.get_name(), 1, max(last, 1))

    def cell(self, sheet: Any, row: int, column: int, value: Any, form: str, side: str = "") -> int:
        """Write a value as what it is, in a form, and return its width; a text is never a formula.

        `side` is one of STYLES, by default that of the form.
        """
        if isinstance(value, Share):
            value, form = value.rate, "rate"
        value, number_form = shown_in(value, form)
        style = self._format(number_form, side or ("right" if form in RIGHT else "left"))
        if value is None:
            sheet.write_blank(row, column, None, style)
            return 0
        if isinstance(value, (datetime, date)):
            sheet.write_datetime(row, column, value, style)
            return 16 if isinstance(value, datetime) else 10
        if isinstance(value, (int, float)):
            sheet.write_number(row, column, value, style)
            return len(f"{value:,.1f}")
        return write_text(sheet, row, column, str(value), style)

    def _format(self, number_form: str, style: str) -> Any:
        """Return the format of cells that show values so, in a style, one of STYLES."""
        cell_format = self._formats.get((number_form, style))
        if cell_format is None:
            cell_format = self.book.add_format({"num_format": number_form, **STYLES[style]})
            self._formats[number_form, style] = cell_format
        return cell_format

    def paint(self, sheet: Any, column: Col, cells: tuple[int, int, int, int]) -> None:
        """Colour the cells of a column by what they say."""
        if column.colour == "late":
            sheet.conditional_format(*cells, {"type": "cell", "criteria": ">", "value": 0, "format": self._late})
        elif column.colour == "rate":
            bar = {"type": "data_bar", "bar_solid": True, "bar_color": "#A9D8B8", "bar_no_border": True}
            ends = {"min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1}
            sheet.conditional_format(*cells, {**bar, **ends})


def shown_in(value: Any, form: str) -> tuple[Any, str]:
    """Return a value of a form as a cell holds it, and the number format in which it reads as it does elsewhere.

    Excel rounds what it shows half up; what would read as nothing or as all without being it is seen to here.
    """
    if not isinstance(value, (int, float)):
        return value, FORMS[form]
    if form == "rate":
        return float(readable(value, RATE_PLACES, is_share=True)), FORMS[form]
    if form == "number":
        return value, "#,##0." + "0" * max(NUMBER_PLACES, decimals(rounded(value, NUMBER_PLACES)))
    return value, FORMS[form]


def write_text(sheet: Any, row: int, column: int, value: str, style: Any = None) -> int:
    """Write a text of one line as it stands, whoever it comes from, and return its width."""
    text = safe_text(value)
    sheet.write_string(row, column, text, style)
    return display_width(text)


def _lines(text: str, width: int) -> int:
    """Return in how many lines a text stands where each holds so many columns."""
    lines, used = 1, 0
    for word in text.split():
        size = display_width(word)
        if used and used + 1 + size > width:
            lines, used = lines + 1, size
        else:
            used += size + (1 if used else 0)
        while used > width:
            lines, used = lines + 1, used - width
    return lines

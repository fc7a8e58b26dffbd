"""A report as a workbook for Excel: real dates and numbers, frozen headings, conditional colours, native charts."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO, NamedTuple

from dealtrack.core.text import display_width, safe_text
from dealtrack.exchange.xlsx import workbook
from dealtrack.reports import tables, words
from dealtrack.reports.figures import PARTS, TIMED, Report, Share
from dealtrack.reports.tables import Col, Table
from dealtrack.reports.words import Translate

NARROWEST, WIDEST = 11, 46
LONGEST_NAME = 31
LINE = 16
FORMS = {
    "text": "@",
    "id": "0",
    "count": "#,##0",
    "number": "#,##0.0",
    "rate": "0.0%",
    "money": '#,##0.00;-#,##0.00;"–"',
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}

RIGHT = ("id", "count", "number", "rate", "money")
STYLES: dict[str, dict[str, Any]] = {
    "left": {"align": "left", "indent": 1},
    "right": {"align": "right"},
    "total": {"bold": True, "top": 1},
}


GRID = {"visible": True, "line": {"color": "#E2E2E2"}}
AXIS = "[<10]General;#,##0"
"""How an axis of counts or means is written: small ones, which may lie between whole numbers, as they are."""
LABELS = {"value": True, "num_format": "0.0%", "position": "inside_end", "font": {"color": "#FFFFFF", "size": 8}}
COLOURS = {
    "on_time": "#3A9D5D",
    "late": "#C0392B",
    "open_late": "#E67E22",
    "open_in_time": "#8FBFE0",
    "paused": "#B7B7B7",
    "not_started": "#DADADA",
    "cancelled": "#EDEDED",
    "unknown": "#C9B8D8",
}
SERIES = ("#2F6DB5", "#E0A030", "#7A5AA6", "#3A9D5D", "#C0392B", "#777777")


class Area(NamedTuple):
    """Where the rows of a table stand on a sheet, the total left out; rows from 1 to `last`, both included."""

    sheet: Any
    last: int

    def cells(self, column: int, most: int | None = None) -> list[Any]:
        """Return a column's cells, at most so many, as charts name them."""
        return [self.sheet.get_name(), 1, column, self.last if most is None else min(self.last, most), column]

    def series(self, name: Any, column: int, most: int | None = None, **form: Any) -> dict[str, Any]:
        """Return a series of a chart: a column's cells beside the names in the first, drawn in a form."""
        return {"name": name, "categories": self.cells(0, most), "values": self.cells(column, most), **form}


def write_table(table: Table, made_at: datetime, out: BinaryIO) -> None:
    """Write one table as a workbook, drawn as those of a report; `made_at` is what the workbook says of its making."""
    with workbook(out, made_at, safe_text(table.name)) as book:
        Sheets(book).table(table)


def write_workbook(report: Report, out: BinaryIO, _: Translate) -> None:
    """Write a report as a workbook; a text is never taken for a formula, a number or a link."""
    with workbook(out, report.moment, safe_text(words.title_of(report, _))) as book:
        ReportSheets(book, report, _).write()


class Sheets:
    """The sheets of a workbook of xlsxwriter's, each with one table; texts are written as texts."""

    def __init__(self, book: Any) -> None:
        self._book = book
        # A name that Excel keeps for itself.
        self._names = {"history"}
        self._formats: dict[tuple[str, str], Any] = {}
        heading = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter", "bg_color": "#EEF2F6"}
        self._heading = book.add_format({**heading, **STYLES["left"]})
        self._right = book.add_format({**heading, "align": "right"})
        self._note = book.add_format({"italic": True, "font_color": "#555555"})
        self._late = book.add_format({"font_color": "#9C0006", "bg_color": "#FFC7CE"})

    def _sheet(self, name: str) -> Any:
        """Add a sheet for A4, its name made one that Excel takes and no other sheet has."""
        clean = "".join(" " if mark in "[]:*?/\\'" else mark for mark in safe_text(name)).strip()[:LONGEST_NAME] or "-"
        unique, place = clean, 2
        while unique.casefold() in self._names:
            unique = f"{clean[: LONGEST_NAME - 4]} {place}"
            place += 1
        self._names.add(unique.casefold())
        sheet = self._book.add_worksheet(unique)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F&R&P / &N")
        sheet.hide_gridlines(2)
        return sheet

    def table(self, table: Table) -> Area:
        """Write a table on a sheet of its own, its headings frozen, its total set off; a note goes below."""
        sheet, columns, rows = self._sheet(table.name), table.columns, table.rows
        widths = [max(map(display_width, column.title.split())) + 3 for column in columns]
        for place, column in enumerate(columns):
            style = self._right if column.form in RIGHT else self._heading
            write_text(sheet, 0, place, column.title, style)
        for line, row in enumerate(rows, 1):
            side = "total" if row is table.total and table.groups else ""
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                widths[place] = max(widths[place], self._cell(sheet, line, place, value, column.form, side) + 2)
        last = len(table.groups)
        widths = [min(WIDEST, max(NARROWEST, width)) for width in widths]
        lines = [_lines(column.title, width - 2) for column, width in zip(columns, widths, strict=True)]
        sheet.set_row(0, LINE * max(lines) + 4)
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            sheet.set_column(place, place, width)
            self._paint(sheet, column, (1, place, len(rows), place))
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        if last:
            sheet.autofilter(0, 0, last, len(columns) - 1)
        if table.note:
            write_text(sheet, len(rows) + 2, 0, table.note, self._note)
        return Area(sheet, max(last, 1))

    def _cell(self, sheet: Any, row: int, column: int, value: Any, form: str, side: str = "") -> int:
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
        if (number_form, style) not in self._formats:
            self._formats[number_form, style] = self._book.add_format({"num_format": number_form, **STYLES[style]})
        return self._formats[number_form, style]

    def _paint(self, sheet: Any, column: Col, cells: tuple[int, int, int, int]) -> None:
        """Colour the cells of a column by what they say."""
        if column.colour == "late":
            sheet.conditional_format(*cells, {"type": "cell", "criteria": ">", "value": 0, "format": self._late})
        elif column.colour == "rate":
            bar = {"type": "data_bar", "bar_solid": True, "bar_color": "#A9D8B8", "bar_no_border": True}
            ends = {"min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1}
            sheet.conditional_format(*cells, {**bar, **ends})


class ReportSheets(Sheets):
    """The sheets of one report."""

    def __init__(self, book: Any, report: Report, _: Translate) -> None:
        super().__init__(book)
        self._report, self._ = report, _
        # A chart shows weeks and months one beside the other.
        self._is_timed = report.by in TIMED
        self._title = book.add_format({"bold": True, "font_size": 16})
        self._label = book.add_format({"font_color": "#555555"})
        self._indented = book.add_format({"italic": True, "font_color": "#555555", "indent": 1})

    def write(self) -> None:
        """Write all sheets, the summary first."""
        report, _ = self._report, self._
        brief = self._sheet(_("report"))
        rates = self.table(tables.rates_table(report, _))
        for name in tables.clock_names(report):
            self._parts(tables.parts_table(report, name, _))
        self.table(tables.measures_table(report, _))
        daily = tables.days_table(report, _)
        days = self.table(daily) if daily.rows else None
        if report.compared:
            self._compared(tables.compared_table(report, _))
        self._brief(brief, rates, days)

    def _parts(self, table: Table) -> None:
        area, groups = self.table(table), len(table.groups)
        if not groups:
            return
        most = tables.charted(self._report, groups)
        series = [
            area.series([area.sheet.get_name(), 0, place], place, most, fill={"color": COLOURS[part]}, gap=60)
            for place, part in enumerate(PARTS, 1)
        ]
        chart = self._chart({**self._kind("column"), "subtype": "stacked"}, series, table.name, groups)
        area.sheet.insert_chart(len(table.rows) + 5, 0, chart)

    def _compared(self, table: Table) -> None:
        report, area, groups = self._report, self.table(table), len(table.groups)
        if self._is_timed:
            # The weeks of one span are not those of another.
            return
        most = tables.charted(report, groups)
        each = (len(table.columns) - 1) // len(report.sections)
        series = [
            area.series(words.role_words(section.role, self._), 2 + place * each, most, fill={"color": colour}, gap=80)
            for place, (section, colour) in enumerate(zip(report.sections, SERIES, strict=False))
        ]
        chart = self._chart({"type": "column"}, series, self._("complaints per day"), groups, 300)
        area.sheet.insert_chart(len(table.rows) + 4, 0, chart)

    def _brief(self, sheet: Any, rates: Area, days: Area | None) -> None:
        report, _ = self._report, self._
        groups = len(report.main.groups)
        sheet.set_portrait()
        for column, width in enumerate((30, 18, 11, 11, 42)):
            sheet.set_column(column, column, width)
        write_text(sheet, 0, 0, words.title_of(report, _), self._title)
        row = 2
        for label, value, form in tables.brief_lines(report, _):
            write_text(sheet, row, 0, label, self._label)
            self._cell(sheet, row, 1, value, form, "left")
            row += 1
        row = self._shares(sheet, row + 1)
        if left_out := tables.charted_words(report, groups, _):
            write_text(sheet, row, 0, left_out, self._note)
            row += 1
        if groups and (names := tables.clock_names(report)):
            sheet.insert_chart(row + 1, 0, self._rates(names, rates))
            row += self._height() // 20 + 2
        if days is not None:
            kind = "column" if days.last < 93 else "area"
            received = days.series(_("received"), 1, fill={"color": SERIES[0]}, gap=30)
            mean = days.series(_("daily mean"), 2, line={"color": "#C0392B", "width": 1.5})
            chart = self._chart({"type": kind}, [received], _("complaints per day"), height=280)
            line = self._book.add_chart({"type": "line"})
            line.add_series(mean)
            chart.combine(line)
            chart.set_x_axis({"date_axis": True, "num_format": "mm-dd" if days.last < 301 else "yyyy-mm"})
            sheet.insert_chart(row + 1, 0, chart)

    def _rates(self, names: Sequence[str], rates: Area) -> Any:
        """Return the chart of the rates on time: lines with a mark for each week or month, else bars."""
        groups = len(self._report.main.groups)
        labels = LABELS if len(names) < 3 and not self._is_timed else {}
        series = []
        for place, name in enumerate(names):
            colour = SERIES[place % len(SERIES)]
            form: dict[str, Any] = {"fill": {"color": colour}, "gap": 40}
            if self._is_timed:
                marker = {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
                form = {"line": {"color": colour, "width": 1.5}, "marker": marker}
            most = tables.charted(self._report, groups)
            series.append(rates.series(self._(name), 2 + 4 * place, most, **form, data_labels=labels))
        chart = self._chart(self._kind("line"), series, self._("on time"), groups)
        scale = {"min": 0, "max": 1, "num_format": "0%", "major_gridlines": GRID}
        if self._is_timed:
            chart.set_y_axis(scale)
        else:
            chart.set_x_axis({**scale, "label_position": "high"})
        return chart

    def _shares(self, sheet: Any, top: int) -> int:
        """Write the shares of all complaints, each with its whole in words; return the row below them."""
        _, shares = self._, tables.total_shares(self._report, self._)
        for place, title in enumerate((_("figure"), _("count"), _("of"), _("share"))):
            write_text(sheet, top, place, title, self._heading if place == 0 else self._right)
        for row, (title, share) in enumerate(shares, top + 1):
            write_text(sheet, row, 0, title)
            for column, (value, form) in enumerate(
                ((share.count, "count"), (share.whole, "count"), (share, "rate")), 1
            ):
                self._cell(sheet, row, column, value, form)
            whole = words.whole_words(share.of, _)
            write_text(sheet, row, 4, _("share of {whole}").format(whole=whole), self._indented)
        self._paint(sheet, Col("", "rate", "rate"), (top + 1, 3, top + len(shares), 3))
        return top + len(shares) + 1

    def _kind(self, timed: str) -> dict[str, str]:
        """Return the type of a chart of groups: this one of weeks and months, which stand side by side, else bars."""
        return {"type": timed if self._is_timed else "bar"}

    def _height(self) -> int:
        return 320 if self._is_timed else 150 + 38 * tables.charted(self._report, len(self._report.main.groups))

    def _chart(
        self, kind: dict[str, str], series: Iterable[Any], title: str, groups: int = 0, height: int | None = None
    ) -> Any:
        """Return a chart of the first of so many groups, whose title says so where it does not show all."""
        chart = self._book.add_chart(kind)
        for each in series:
            chart.add_series(each)
        count = tables.charted(self._report, groups)
        if count != groups:
            text = self._("{title} (the first {count} of {all})")
            title = text.format(title=title, count=count, all=f"{groups:,}")
        chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
        chart.set_size({"width": 820, "height": height or self._height()})
        chart.set_legend({"position": "bottom"})
        chart.set_chartarea({"border": {"color": "#CCCCCC"}})
        values = {"major_gridlines": GRID, "num_format": AXIS}
        if kind["type"] == "bar":
            chart.set_y_axis({"reverse": True})
            chart.set_x_axis({**values, "label_position": "high"})
        else:
            chart.set_y_axis(values)
        return chart


def shown_in(value: Any, form: str) -> tuple[Any, str]:
    """Return a value of a form as a cell holds it, and the number format in which it reads as it does elsewhere.

    Excel rounds what it shows half up; what would read as nothing or as all without being it is seen to here.
    """
    if isinstance(value, date):
        # A column may hold both: deadlines that end with a day, and others that end at an hour.
        return value, FORMS["moment" if isinstance(value, datetime) else "date"]
    if not isinstance(value, (int, float)):
        return value, FORMS[form]
    if form == "rate":
        return float(words.readable(value, words.RATE_PLACES, is_share=True)), FORMS[form]
    if form == "number":
        return value, "#,##0." + "0" * max(
            words.NUMBER_PLACES, words.decimals(words.rounded(value, words.NUMBER_PLACES))
        )
    return value, FORMS[form]


def write_text(sheet: Any, row: int, column: int, value: str, style: Any = None) -> int:
    """Write a text of one line as it stands, whoever it comes from, and return its width."""
    text = safe_text(value)
    sheet.write_string(row, column, text, style)
    return display_width(text)


def _lines(text: str, width: int) -> int:
    """Return in how many lines a text stands where each holds so many columns."""
    lines, used = 1, 0
    for size in map(display_width, text.split()):
        fits = not used or used + 1 + size <= width
        lines, used = (lines, used + size + bool(used)) if fits else (lines + 1, size)
        while used > width:
            lines, used = lines + 1, used - width
    return lines

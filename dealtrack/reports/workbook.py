"""A report as a workbook for Excel: real dates and numbers, frozen headings, conditional colours, native charts."""

from collections.abc import Sequence
from typing import Any, BinaryIO

from dealtrack.core.text import safe_text
from dealtrack.exchange.xlsx import workbook
from dealtrack.reports.figures import PARTS, TIMED, Report
from dealtrack.reports.sheet_tables import Area, Book, write_text
from dealtrack.reports.tables import (
    Col,
    Table,
    brief_lines,
    charted,
    charted_words,
    clock_names,
    compared_table,
    days_table,
    measures_table,
    parts_table,
    rates_table,
    total_shares,
)
from dealtrack.reports.words import Translate, role_words, title_of, whole_words

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


def write_workbook(report: Report, out: BinaryIO, _: Translate) -> None:
    """Write a report as a workbook; a text is never taken for a formula, a number or a link."""
    with workbook(out, report.moment, safe_text(title_of(report, _))) as book:
        ReportSheets(Book(book), report, _).write()


class ReportSheets:
    """The sheets of one report, which it writes."""

    def __init__(self, book: Book, report: Report, _: Translate) -> None:
        self._book, self._report, self._ = book, report, _

    def write(self) -> None:
        """Write all sheets, the summary first."""
        report, _ = self._report, self._
        names = clock_names(report)
        brief = self._book.sheet(_("report"))
        rates = self._table(rates_table(report, _))
        parts = [self._parts(parts_table(report, name, _)) for name in names]
        self._table(measures_table(report, _))
        daily = days_table(report, _)
        days = self._table(daily) if daily.rows else None
        if report.beside:
            self._compared(compared_table(report, _))
        self._brief(brief, names, rates, days)
        if report.main.groups:
            for chart, sheet in parts:
                sheet.insert_chart(*chart)

    def _table(self, table: Table) -> Area:
        return self._book.table(self._book.sheet(table.name), table)

    def _parts(self, table: Table) -> tuple[tuple[int, int, Any], Any]:
        """Write the parts of a clock; return its chart, with its place, and the sheet that it goes to."""
        sheet = self._book.sheet(table.name)
        area = self._book.table(sheet, table)
        most = self._charted_groups(len(table.groups))
        chart = self._book.book.add_chart({"type": "column" if self._is_timed else "bar", "subtype": "stacked"})
        for place, part in enumerate(PARTS, 1):
            chart.add_series(
                {
                    "name": [area.sheet, 0, place],
                    "categories": area.cells(0, most),
                    "values": area.cells(place, most),
                    "fill": {"color": COLOURS[part]},
                    "gap": 60,
                }
            )
        self._format_chart(
            chart, self._chart_title(table.name, len(table.groups)), self._height(), is_bar=not self._is_timed
        )
        return (len(table.rows) + 5, 0, chart), sheet

    def _compared(self, table: Table) -> None:
        report, _ = self._report, self._
        sheet = self._book.sheet(table.name)
        area = self._book.table(sheet, table)
        if self._is_timed:
            # The weeks of one span are not those of another.
            return
        most = self._charted_groups(len(table.groups))
        chart = self._book.book.add_chart({"type": "column"})
        each = (len(table.columns) - 1) // len(report.sections)
        for place, section in enumerate(report.sections):
            chart.add_series(
                {
                    "name": role_words(section.role, _),
                    "categories": area.cells(0, most),
                    "values": area.cells(2 + place * each, most),
                    "fill": {"color": SERIES[place]},
                    "gap": 80,
                }
            )
        self._format_chart(chart, self._chart_title(_("complaints per day"), len(table.groups)), 300)
        sheet.insert_chart(len(table.rows) + 4, 0, chart)

    def _brief(self, sheet: Any, names: Sequence[str], rates: Area, days: Area | None) -> None:
        report, _ = self._report, self._
        main = report.main
        sheet.set_portrait()
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 18)
        sheet.set_column(2, 3, 11)
        sheet.set_column(4, 4, 42)
        write_text(sheet, 0, 0, title_of(report, _), self._book.title)
        row = 2
        for label, value, form in brief_lines(report, _):
            write_text(sheet, row, 0, label, self._book.label)
            self._book.cell(sheet, row, 1, value, form, "left")
            row += 1
        columns = [_("figure"), _("count"), _("of"), _("share")]
        row = self._shares(sheet, row + 1, columns)
        groups = len(main.groups)
        if left_out := charted_words(report, groups, _):
            write_text(sheet, row, 0, left_out, self._book.note)
            row += 1
        if rates.last >= rates.first and main.groups:
            chart = self._book.book.add_chart({"type": "line" if self._is_timed else "bar"})
            for place, name in enumerate(names):
                column = 2 + 4 * place
                chart.add_series(
                    {
                        "name": _(name),
                        "categories": rates.cells(0, self._charted_groups(groups)),
                        "values": rates.cells(column, self._charted_groups(groups)),
                        **self._series_format(SERIES[place % len(SERIES)]),
                        "data_labels": LABELS if len(names) < 3 and not self._is_timed else {},
                    }
                )
            self._format_chart(
                chart, self._chart_title(_("on time"), groups), self._height(), is_bar=not self._is_timed
            )
            scale = {"min": 0, "max": 1, "num_format": "0%", "major_gridlines": GRID}
            if self._is_timed:
                chart.set_y_axis(scale)
            else:
                chart.set_x_axis({**scale, "label_position": "high"})
            sheet.insert_chart(row + 1, 0, chart)
            row += self._height() // 20 + 2
        if days is not None:
            kind = "column" if days.last - days.first < 92 else "area"
            chart = self._book.book.add_chart({"type": kind})
            named = {"categories": days.cells(0)}
            chart.add_series(
                {"name": _("received"), "values": days.cells(1), "fill": {"color": SERIES[0]}, "gap": 30, **named}
            )
            line = self._book.book.add_chart({"type": "line"})
            line.add_series(
                {"name": _("daily mean"), "values": days.cells(2), "line": {"color": "#C0392B", "width": 1.5}, **named}
            )
            chart.combine(line)
            self._format_chart(chart, _("complaints per day"), 280)
            chart.set_x_axis({"date_axis": True, "num_format": "mm-dd" if days.last - days.first < 300 else "yyyy-mm"})
            sheet.insert_chart(row + 1, 0, chart)

    def _shares(self, sheet: Any, top: int, titles: Sequence[str]) -> int:
        """Write the shares of all complaints, each with its whole in words; return the row below them."""
        _, shares = self._, total_shares(self._report, self._)
        for place, title in enumerate(titles):
            write_text(sheet, top, place, title, self._book.heading if place == 0 else self._book.right)
        for row, (title, share) in enumerate(shares, top + 1):
            write_text(sheet, row, 0, title)
            self._book.cell(sheet, row, 1, share.count, "count")
            self._book.cell(sheet, row, 2, share.whole, "count")
            self._book.cell(sheet, row, 3, share.rate, "rate")
            write_text(sheet, row, 4, _("share of {whole}").format(whole=whole_words(share.of, _)), self._book.indented)
        self._book.paint(sheet, Col("", "rate", "rate"), (top + 1, 3, top + len(shares), 3))
        return top + len(shares) + 1

    @property
    def _is_timed(self) -> bool:
        """Tell whether the groups are weeks or months, which a chart shows one beside the other."""
        return self._report.by in TIMED

    def _charted_groups(self, groups: int) -> int:
        return charted(self._report, groups)

    def _chart_title(self, title: str, groups: int) -> str:
        """Return the title of a chart of the first of so many groups, which says so where it does not show all."""
        count = self._charted_groups(groups)
        if count == groups:
            return title
        return self._("{title} (the first {count} of {all})").format(title=title, count=count, all=f"{groups:,}")

    def _series_format(self, colour: str) -> dict[str, Any]:
        """Return how a series of rates is drawn: a line with a mark for each week or month, else bars."""
        if self._is_timed:
            marker = {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
            return {"line": {"color": colour, "width": 1.5}, "marker": marker}
        return {"fill": {"color": colour}, "gap": 40}

    def _height(self) -> int:
        return 320 if self._is_timed else 150 + 38 * self._charted_groups(len(self._report.main.groups))

    def _format_chart(self, chart: Any, title: str, height: int, *, is_bar: bool = False) -> None:
        chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
        chart.set_size({"width": 820, "height": height})
        chart.set_legend({"position": "bottom"})
        chart.set_chartarea({"border": {"color": "#CCCCCC"}})
        if is_bar:
            chart.set_y_axis({"reverse": True})
            chart.set_x_axis({"major_gridlines": GRID, "num_format": AXIS, "label_position": "high"})
        else:
            chart.set_y_axis({"major_gridlines": GRID, "num_format": AXIS})

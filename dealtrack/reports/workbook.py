"""A report as a workbook for Excel: real dates and numbers, frozen headings, conditional colours, native charts."""

from collections.abc import Sequence
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from dealtrack.core.policy_words import span_of
from dealtrack.core.text import safe_text
from dealtrack.phrase import either, in_language
from dealtrack.reports.figures import PARTS, Group, Report, Share, Whole
from dealtrack.reports.sheet_tables import FORMS, Area, Book, Col
from dealtrack.reports.words import Translate, part_words, role_words, whole_words

CHARTED = 12
"""The most groups in a chart; the tables hold all."""
GRID = {"visible": True, "line": {"color": "#E2E2E2"}}
LABELS = {"value": True, "num_format": "0%", "position": "inside_end", "font": {"color": "#FFFFFF", "size": 8}}
COLOURS = {
    "on_time": "#3A9D5D",
    "late": "#C0392B",
    "open_late": "#E67E22",
    "open_in_time": "#8FBFE0",
    "paused": "#B7B7B7",
    "not_started": "#DADADA",
    "cancelled": "#EDEDED",
}
SERIES = ("#2F6DB5", "#E0A030", "#7A5AA6", "#3A9D5D", "#C0392B", "#777777")


def write_workbook(report: Report, out: BinaryIO, _: Translate) -> None:
    """Write a report as a workbook; a text is never taken for a formula, a number or a link."""
    import xlsxwriter

    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, plain) as book:
        # The same report gives the same bytes.
        book.set_properties({"created": report.moment.replace(tzinfo=None), "title": title_of(report, _)})
        Writer(Book(book, _("all")), report, _).write()


class Writer:
    """Writes the sheets of one report."""

    def __init__(self, book: Book, report: Report, _: Translate) -> None:
        self._book, self._report, self._ = book, report, _

    def write(self) -> None:
        """Write all sheets, the one that says it in brief first."""
        report, _ = self._report, self._
        names = [name for name in report.rules if report.asked.total.clock(name)]
        brief = self._book.sheet(_("report"))
        rates = self._rates(names)
        parts = [self._parts(name) for name in names]
        self._measures()
        days = self._days()
        if report.beside:
            self._compared(names)
        self._brief(brief, names, rates, days)
        if report.asked.groups:
            for chart, sheet in parts:
                sheet.insert_chart(*chart)

    def _groups(self) -> list[tuple[str, Group]]:
        """Return the groups with their names, and at last the total."""
        groups = [(self._key(group.key), group) for group in self._report.asked.groups]
        return [*groups, (self._("all"), self._report.asked.total)]

    def _key(self, key: str | None) -> str:
        if key is None:
            return self._("not stated")
        return self._(key) if self._report.by == "category" else key

    def _by(self) -> Col:
        return Col(self._(self._report.by), "text")

    def _rates(self, names: Sequence[str]) -> Area:
        _ = self._
        sheet = self._book.sheet(_("on time"))
        columns = [self._by(), Col(_("received"))]
        for name in names:
            columns += [
                Col(_("{clock} on time").format(clock=_(name)), "rate", "rate"),
                Col(_("{clock} decided").format(clock=_(name))),
                Col(_("{clock} median, working days").format(clock=_(name)), "number"),
                Col(_("{clock} 90 %, working days").format(clock=_(name))),
            ]
        rows = []
        for key, group in self._groups():
            row: list[Any] = [key, group.complaints]
            for name in names:
                clock = group.clock(name)
                told = (clock.on_time.rate, clock.on_time.whole, clock.median, clock.ninetieth) if clock else [None] * 4
                row += told
            rows.append(row)
        note = _("on time: share of {whole}; 90 %: within so many working days nine tenths were done.")
        return self._book.table(sheet, columns, rows, note.format(whole=whole_words(Whole.DECIDED, _)))

    def _parts(self, name: str) -> tuple[tuple[int, int, Any], Any]:
        """Write the parts of a clock; return its chart, with its place, and the sheet that it goes to."""
        _ = self._
        sheet = self._book.sheet(name)
        late = ("late", "open_late")
        parts = [Col(part_words(part, _), "count", "late" if part in late else "") for part in PARTS]
        columns = [self._by(), *parts, Col(_("all")), Col(_("provisional"))]
        rows = []
        for key, group in self._groups():
            clock = group.clock(name)
            counts = [clock.part(part) for part in PARTS] if clock else [0] * len(PARTS)
            rows.append([key, *counts, clock.runs if clock else 0, clock.provisional if clock else 0])
        rules = in_language(either(map(span_of, self._report.rules[name])), _)
        note = _("{clock}: {rules}. Each run of the clock is in one part; a reopened complaint runs it again.")
        area = self._book.table(sheet, columns, rows, note.format(clock=_(name), rules=rules))
        chart = self._book.book.add_chart({"type": "bar", "subtype": "stacked"})
        for place, part in enumerate(PARTS, 1):
            chart.add_series(
                {
                    "name": [area.sheet, 0, place],
                    "categories": area.cells(0, CHARTED),
                    "values": area.cells(place, CHARTED),
                    "fill": {"color": COLOURS[part]},
                    "gap": 60,
                }
            )
        self._dress(chart, name, self._height(), is_bar=True)
        return (len(rows) + 5, 0, chart), sheet

    def _measures(self) -> None:
        _ = self._
        sheet = self._book.sheet(_("measures"))
        columns = [
            self._by(),
            Col(_("received")),
            Col(_("open")),
            Col(_("provisional")),
            Col(_("completed")),
            Col(_("first contact")),
            Col(_("first contact, of completed"), "rate", "rate"),
            Col(_("third-party sellers")),
            Col(_("advance compensation, of them")),
            Col(_("share of third-party"), "rate", "rate"),
            Col(_("advance compensation, all")),
            Col(_("advance paid"), "money"),
            Col(_("reopened")),
            Col(_("reopened, of all"), "rate"),
            Col(_("backdated")),
            Col(_("backdated, of all"), "rate"),
        ]
        rows = [
            [
                key,
                group.complaints,
                group.open,
                group.provisional,
                group.completed,
                group.first_contact.count,
                group.first_contact.rate,
                group.third_party,
                group.advance.count,
                group.advance.rate,
                group.advanced,
                float(group.advanced_sum),
                group.reopened.count,
                group.reopened.rate,
                group.backdated.count,
                group.backdated.rate,
            ]
            for key, group in self._groups()
        ]
        lacking = self._report.asked.total.advanced_without_amount
        note = _("advance compensation without an amount: {count}.").format(count=lacking) if lacking else ""
        self._book.table(sheet, columns, rows, note)

    def _days(self) -> Area | None:
        asked, _ = self._report.asked, self._
        groups = asked.groups[:CHARTED] if self._report.by not in ("week", "month") else ()
        daily = [list(asked.daily(group)) for group in (asked.total, *groups)]
        if not daily[0]:
            return None
        sheet = self._book.sheet(_("day by day"))
        usual = asked.usual.rate if asked.usual else None
        columns = [Col(_("day"), "date"), Col(_("received")), Col(_("usual a day"), "number")]
        columns += [Col(self._key(group.key)) for group in groups]
        rows = [
            [day, count, usual, *(row[place][1] for row in daily[1:])] for place, (day, count) in enumerate(daily[0])
        ]
        note = _("usual a day: {whole}.").format(whole=self._usual_words(asked.usual)) if asked.usual else ""
        return self._book.table(sheet, columns, rows, note)

    def _usual_words(self, usual: Share) -> str:
        return self._("mean of {whole}").format(whole=whole_words(usual.of, self._))

    def _compared(self, names: Sequence[str]) -> None:
        report, _ = self._report, self._
        sheet = self._book.sheet(_("compared"))
        columns = [self._by()]
        for section in report.sections:
            words = role_words(section.role, _)
            columns += [
                Col(_("{span}, received").format(span=words)),
                Col(_("{span}, a day").format(span=words), "number"),
            ]
            columns += [
                Col(_("{span}, {clock} on time").format(span=words, clock=_(name)), "rate", "rate") for name in names
            ]
        keys = dict.fromkeys(group.key for section in report.sections for group in section.groups)
        rows = [[self._key(key), *self._beside(key, names)] for key in keys]
        rows.append([_("all"), *self._beside(None, names, whole=True)])
        spans = [f"{role_words(s.role, _)}: {s.first} – {s.last}" for s in report.sections if s.first and s.last]
        area = self._book.table(sheet, columns, rows, "; ".join(spans))
        chart = self._book.book.add_chart({"type": "column"})
        for place, section in enumerate(report.sections):
            column = 2 + place * (2 + len(names))
            chart.add_series(
                {
                    "name": role_words(section.role, _),
                    "categories": area.cells(0, CHARTED),
                    "values": area.cells(column, CHARTED),
                    "fill": {"color": SERIES[place]},
                    "gap": 80,
                }
            )
        self._dress(chart, _("complaints a day"), 300)
        sheet.insert_chart(len(rows) + 4, 0, chart)

    def _beside(self, key: str | None, names: Sequence[str], *, whole: bool = False) -> list[Any]:
        row: list[Any] = []
        for section in self._report.sections:
            group = section.total if whole else section.group(key)
            count = group.complaints if group else 0
            clocks = [group.clock(name) if group else None for name in names]
            row += [count, Share(count, section.days, Whole.DAYS).rate]
            row += [clock.on_time.rate if clock else None for clock in clocks]
        return row

    def _brief(self, sheet: Any, names: Sequence[str], rates: Area, days: Area | None) -> None:
        report, _ = self._report, self._
        asked, total, zone = report.asked, report.asked.total, ZoneInfo(report.zone)
        sheet.set_portrait()
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 18)
        sheet.set_column(2, 3, 11)
        sheet.set_column(4, 4, 42)
        sheet.write_string(0, 0, safe_text(title_of(report, _)), self._book.title)
        lines: list[tuple[str, Any, str]] = [
            (_("received from"), asked.first, "date"),
            (_("received to"), asked.last, "date"),
            (_("as of"), report.moment.astimezone(zone).replace(tzinfo=None), "moment"),
            (_("as known at"), report.known and report.known.astimezone(zone).replace(tzinfo=None), "moment"),
            (_("time zone"), report.zone, "text"),
            *((_(name), value, "text") for name, value in report.only.items()),
            (_("complaints"), total.complaints, "count"),
            (_("open"), total.open, "count"),
            (_("with a provisional deadline"), total.provisional, "count"),
            (_("complaints a day"), asked.a_day.rate, "number"),
        ]
        row = 2
        for label, value, form in lines:
            if value is None:
                continue
            sheet.write_string(row, 0, label, self._book.label)
            self._book.cell(
                sheet, row, 1, value, self._book.book.add_format({"num_format": FORMS[form], "align": "left"})
            )
            row += 1
        columns = [_("figure"), _("count"), _("of"), _("share")]
        row = self._shares(sheet, row + 1, columns, names)
        if rates.last >= rates.first and asked.groups:
            chart = self._book.book.add_chart({"type": "bar"})
            for place, name in enumerate(names):
                column = 2 + 4 * place
                chart.add_series(
                    {
                        "name": name,
                        "categories": rates.cells(0, CHARTED),
                        "values": rates.cells(column, CHARTED),
                        "fill": {"color": SERIES[place % len(SERIES)]},
                        "gap": 40,
                        "data_labels": LABELS if len(names) < 3 else {},
                    }
                )
            self._dress(chart, _("on time"), self._height(), is_bar=True)
            chart.set_x_axis(
                {"min": 0, "max": 1, "num_format": "0%", "major_gridlines": GRID, "label_position": "high"}
            )
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
                {"name": _("usual a day"), "values": days.cells(2), "line": {"color": "#C0392B", "width": 1.5}, **named}
            )
            chart.combine(line)
            self._dress(chart, _("complaints a day"), 280)
            chart.set_x_axis({"date_axis": True, "num_format": "mm-dd" if days.last - days.first < 300 else "yyyy-mm"})
            sheet.insert_chart(row + 1, 0, chart)

    def _shares(self, sheet: Any, top: int, titles: Sequence[str], names: Sequence[str]) -> int:
        """Write the shares of all complaints, each with its whole in words; return the row below them."""
        _, total = self._, self._report.asked.total
        shares: list[tuple[str, Share]] = [
            (_("{clock} on time").format(clock=_(name)), clock.on_time)
            for name in names
            if (clock := total.clock(name))
        ]
        shares += [
            (_("first contact"), total.first_contact),
            (_("advance compensation"), total.advance),
            (_("reopened"), total.reopened),
            (_("backdated"), total.backdated),
        ]
        for place, title in enumerate(titles):
            sheet.write_string(top, place, title, self._book.heading if place == 0 else self._book.right)
        for row, (title, share) in enumerate(shares, top + 1):
            sheet.write_string(row, 0, title)
            sheet.write_number(row, 1, share.count, self._book.forms["count"])
            sheet.write_number(row, 2, share.whole, self._book.forms["count"])
            self._book.cell(sheet, row, 3, share.rate, self._book.forms["rate"])
            sheet.write_string(row, 4, _("of {whole}").format(whole=whole_words(share.of, _)), self._book.indented)
        self._book.paint(sheet, Col("", "rate", "rate"), (top + 1, 3, top + len(shares), 3))
        return top + len(shares) + 1

    def _height(self) -> int:
        return 150 + 38 * min(CHARTED, len(self._report.asked.groups))

    def _dress(self, chart: Any, title: str, height: int, *, is_bar: bool = False) -> None:
        chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
        chart.set_size({"width": 820, "height": height})
        chart.set_legend({"position": "bottom"})
        chart.set_chartarea({"border": {"color": "#CCCCCC"}})
        if is_bar:
            chart.set_y_axis({"reverse": True})
            chart.set_x_axis({"major_gridlines": GRID, "num_format": "#,##0", "label_position": "high"})
        else:
            chart.set_y_axis({"major_gridlines": GRID, "num_format": "#,##0"})


def title_of(report: Report, _: Translate) -> str:
    """Return the title of a report: that of its campaign, else what it is about."""
    return report.asked.title or _("complaints received")

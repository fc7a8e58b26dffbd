"""A report on a terminal: its heading, the intake, the rates on time, the parts of each clock, other measures."""

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from dealtrack.cli.language import _, _n, heading
from dealtrack.cli.table import Cell, Column, draw_whole, least_width
from dealtrack.cli.terminal import GAP, draw_bar, draw_spark, print_line, tell_in_style, terminal_width
from dealtrack.core.moments import show_moment
from dealtrack.core.text import display_width, safe_text
from dealtrack.reports import tables, words
from dealtrack.reports.figures import TIMED, Report, Share, Whole
from dealtrack.reports.tables import Col, Table

BAR = 10
SPARK = 40
STYLES = {"met": "green", "late": "bold red"}
NOTHING = Cell.of("–", "dim")


def print_report(report: Report) -> None:
    """Print a report as tables, no wider than the terminal where there is one."""
    room = terminal_width(sys.stdout)
    title, line = heading_lines(report)
    tell_in_style(title, "bold")
    print_line(line)
    if not report.main.total.complaints:
        return
    print_intake(report, room)
    print_rates(report, room)
    for name in tables.clock_names(report):
        print_parts(report, name, room)
    print_measures(report)
    if words.sections_compared(report):
        print_comparison(report)
    for section in report.compared:
        if not section.total.complaints:
            nothing = _("No complaints were received {days}.", days=words.days_of(section, _))
            tell_in_style(words.since_words(report, section, _) or nothing)


def heading_lines(report: Report) -> Iterator[str]:
    """Yield what a report is about, as of when, and of how many complaints."""
    main, total, zone = report.main, report.main.total, ZoneInfo(report.zone)
    span = words.days_of(main, _)
    if main.title:
        yield f"{words.title_of(report, _)}{_(': ')}{span}"
    else:
        yield _("complaints received {span}", span=span) if span else _("all complaints")
    text = _("as of {moment}", moment=show_moment(report.moment, zone))
    if report.known_at is not None:
        text += _(", as known at {moment}", moment=show_moment(report.known_at, zone))
    for field, names in report.only.items():
        text += _(", {field} {value}", field=heading(field), value=tables.group_names(names, field, _))
    text += _(": ") + _n("{count} complaint", "{count} complaints", total.complaints, count=f"{total.complaints:,}")
    text += _(", {count} open", count=f"{total.open:,}")
    if total.provisional:
        text += _(", {count} with a provisional deadline", count=f"{total.provisional:,}")
    yield text


def print_intake(report: Report, room: int | None) -> None:
    """Print how many complaints each group received, a day and day by day, beside the days it is compared with."""
    main, is_timed = report.main, report.by in TIMED
    columns, rows = on_terminal(tables.intake_table(report, _))
    width = room_left(columns, rows, room)
    columns.append(Column("daily", _("in proportion") if is_timed else _("day by day"), 2))
    groups = [main.group(key) for key in tables.intake_keys(report)]
    most = max((group.complaints for group in groups), default=0)
    for group, row in zip([*groups, main.total], rows, strict=True):
        if not is_timed:
            drawing = draw_spark([count for _day, count in main.daily(group)], width)
        else:
            drawing = "".join(draw_bar(group.complaints / most, width)[:2]) if group is not main.total else ""
        row.append(Cell.of(drawing, "cyan"))
    left_out = print_table(columns, rows)
    intake = words.intake_words(report, _)
    if not is_timed and main.days and columns[-1] not in left_out:
        days = -(-main.days // width)
        each = _("one block per day") if days == 1 else _("one block per {days} days", days=days)
        tell_in_style(_("Day by day: {each}, each line has its own scale; {intake}.", each=each, intake=intake))
    else:
        tell_in_style(intake + ".")


def room_left(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int | None) -> int:
    """Return how wide a drawing may be beside the columns of a table."""
    if room is None:
        return SPARK
    widths = [
        max(display_width(column.title), *(display_width(row[place].text) for row in rows))
        for place, column in enumerate(columns)
    ]
    return min(SPARK, max(BAR, room - sum(widths) - len(GAP) * len(columns)))


def print_rates(report: Report, room: int | None) -> None:
    """Print the rate on time of each clock for each group, with the median and the ninth decile of its days."""
    table = tables.rates_table(report, _)
    columns, rows = on_terminal(table, BAR)
    # Bars give way before any figure.
    if room is not None and least_width(columns, rows) > room:
        columns, rows = on_terminal(table, 0)
    print_table(columns, rows)
    tell_in_style(table.note)


def print_parts(report: Report, name: str, room: int | None) -> None:
    """Print into which part the runs of a clock fell, for each group; the parts add up to all."""
    columns, rows = on_terminal(tables.parts_table(report, name, _))
    print()
    tell_in_style(f"{_(name)}{_(': ')}{words.rules_of_clock(report, name, _)}", "bold")
    for places in parts_of_table(columns, rows, room):
        part = [[row[place] for place in places] for row in rows]
        draw_whole([columns[place] for place in places], part)
    total = report.main.total.clock(name)
    if total.runs > total.complaints:
        again = _("{runs} deadlines of {complaints} complaints: a reopened complaint counts again.")
        tell_in_style(again.format(runs=f"{total.runs:,}", complaints=f"{total.complaints:,}"))


def parts_of_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int | None) -> list[list[int]]:
    """Return the places of columns that stand beside one another, the first in each part: no part of all is dropped."""
    parts = [[0]]
    for place in range(1, len(columns)):
        some = [*parts[-1], place]
        width = least_width([columns[n] for n in some], [[row[n] for n in some] for row in rows])
        if room is not None and width > room and len(some) > 2 and not columns[place].rank:
            parts.append([0, place])
        else:
            parts[-1].append(place)
    return parts


def print_measures(report: Report) -> None:
    """Print what else is asked of each group: first contact, advance compensation, reopened, backdated."""
    print_table(*on_terminal(tables.measures_table(report, _)))
    note = _("Resolved at first contact: share of {completed}. Advance compensation: share of {third}.")
    completed, third = (words.whole_words(whole, _) for whole in (Whole.COMPLETED, Whole.THIRD_PARTY))
    tell_in_style(note.format(completed=completed, third=third))
    if unknown := words.unknown_note(report, _):
        tell_in_style(unknown)
    total = report.main.total
    if total.advanced_without_amount:
        lacking = _("Advance compensation without an amount: {count} of {all}.")
        tell_in_style(lacking.format(count=f"{total.advanced_without_amount:,}", all=f"{total.advanced:,}"))


def print_comparison(report: Report) -> None:
    """Print the span beside the days before it and last year's, in whole and for each group."""
    print_table(*on_terminal(tables.spans_table(report, _)))
    for section in (report.main, *words.sections_compared(report)):
        if since := words.since_words(report, section, _):
            tell_in_style(since)
    if report.by not in TIMED:
        columns, rows = on_terminal(tables.compared_table(report, _))
        print_table(columns, rows[:-1])
        tell_in_style(_("Complaints received, and rate on time of each deadline."))


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[Column]:
    """Print a table below an empty line, and return the columns for which there was no room."""
    print()
    return draw_whole(columns, rows)


def on_terminal(table: Table, bar: int | None = None) -> tuple[list[Column], list[list[Cell]]]:
    """Return the columns of a table that a terminal shows, and their cells; rates have bars so wide, 0 for none."""
    shown = [place for place, column in enumerate(table.columns) if column.rank is not None]
    joined = [list(places) for _title, places in groupby(shown, lambda place: table.columns[place].short or place)]
    columns = []
    for first, *_others in joined:
        column = table.columns[first]
        is_right = column.form != "text" and (column.form != "rate" or bar is None)
        least = 8 if first == 0 and table.total is not None else None
        title = column.short or column.title
        columns.append(Column(title, title, column.rank or 0, least, is_right, group=column.group))
    rows = [[joined_cell(table, row, places, bar) for places in joined] for row in table.rows]
    return columns, rows


def joined_cell(table: Table, row: Sequence[Any], places: Sequence[int], bar: int | None) -> Cell:
    """Return what stands in a cell: a value, or several numbers parted by slashes."""
    if len(places) > 1:
        values = [row[place] for place in places]
        return NOTHING if values[0] is None else Cell.of(" / ".join(map(words.number_of, values)))
    cell = value_cell(table.columns[places[0]], row[places[0]], bar)
    return Cell.of(cell.text, "bold") if row is table.total and places[0] == 0 else cell


def value_cell(column: Col, value: Any, bar: int | None) -> Cell:
    """Return a value as its column shows it; a dash for none."""
    if column.form == "text":
        return Cell.of(safe_text(value), "dim" if value == _("not stated") else "")
    if isinstance(value, Share):
        text = _("{rate} of {whole}", rate=words.percent(value.rate), whole=f"{value.whole:,}")
        return NOTHING if value.rate is None else Cell.of(text)
    if value is None or (not value and column.form in ("count", "money")):
        return NOTHING
    if column.form == "rate" and bar is not None:
        pieces = zip(draw_bar(value, bar), ("green", "green on red", "red"), strict=True)
        return Cell((*(pieces if bar else ()), (f"{' ' if bar else ''}{words.percent(value):>6}", "")))
    return Cell.of(words.TEXT_OF[column.form](value), STYLES.get(column.colour, ""))

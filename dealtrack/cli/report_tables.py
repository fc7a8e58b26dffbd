"""A report on a terminal: what it is about, how the clocks did, what became of each run, and what else was asked."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from dealtrack.cli.language import _, _n, say
from dealtrack.cli.table import GAP, Cell, Column, draw_whole, least_width, painter
from dealtrack.cli.terminal import draw_bar, draw_spark, tell, terminal_width, wrap_text
from dealtrack.cli.terms import said
from dealtrack.core.moments import show_moment
from dealtrack.core.text import display_width, safe_text
from dealtrack.phrase import listed
from dealtrack.reports.figures import PARTS, TIMED, ClockFigures, Group, Report, Section, Share, Whole
from dealtrack.reports.words import (
    days_of,
    intake_words,
    number_of,
    part_words,
    percent,
    rate_title,
    role_words,
    rules_of_clock,
    sections_beside,
    since_words,
    unknown_note,
    whole_words,
)

BAR = 10
RECEIVED = 99
"""The rank of a column that stands in another table too."""
DAYS_TITLE = "50/90 %"
SPARK = 40
PART_STYLES = {"on_time": "green", "late": "bold red", "open_late": "bold red"}
NOTHING = Cell((("–", "dim"),))


def print_report(report: Report) -> None:
    """Print a report as tables, no wider than the terminal where there is one."""
    room = terminal_width(sys.stdout)
    paint = painter(sys.stdout)
    heading, *lines = heading_lines(report)
    for text in wrap_text(heading, room):
        print(paint(text, "bold"))
    for line in lines:
        tell(line, sys.stdout)
    if not report.asked.total.complaints:
        return
    print_intake(report, room)
    names = [name for name in report.rules if report.asked.total.clock(name)]
    print_rates(report, names, room)
    for name in names:
        print_parts(report, name, room)
    print_measures(report)
    if sections_beside(report):
        print_beside(report, names)
    for section in report.beside:
        if not section.total.complaints:
            nothing = _("no complaint was received {days}.").format(days=days_of(section, _))
            print_note(since_words(report, section, _) or nothing)


def heading_lines(report: Report) -> Iterator[str]:
    """Yield what a report is about, as of when, and of how many complaints."""
    asked = report.asked
    span = days_of(asked, _)
    if asked.title:
        yield f"{_(asked.title)}{_(': ')}{span}"
    else:
        yield _("complaints received {span}").format(span=span) if span else _("all complaints")
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(report.zone)
    moment = show_moment(report.moment, zone)
    told = _("as of {moment}").format(moment=moment)
    if report.known is not None:
        told += _(", as known at {moment}").format(moment=show_moment(report.known, zone))
    for field, names in report.only.items():
        told += _(", {field} {value}").format(field=_(field), value=say(listed(said(field, name) for name in names)))
    total = asked.total
    told += _(": ") + _n("{count} complaint", "{count} complaints", total.complaints).format(
        count=f"{total.complaints:,}"
    )
    told += _(", {count} of them open").format(count=f"{total.open:,}")
    if total.provisional:
        told += _(", {count} with a provisional deadline").format(count=f"{total.provisional:,}")
    yield told


def print_intake(report: Report, room: int | None) -> None:
    """Print how many complaints each group received, a day and day by day, beside the days it is compared with.

    A group that received some in those days alone has a row too, so that the rows add up to all.
    """
    asked = report.asked
    is_timed = report.by in TIMED
    columns = [group_column(report), Column("received", _("received"), right=True)]
    sections = [asked] if is_timed else [asked, *sections_beside(report)]
    if not is_timed:
        for section in sections:
            words = _("a day") if section is asked else _("{span} a day").format(span=role_words(section.role, _))
            columns.append(Column(f"{section.role}_a_day", words, 1, right=True, folds=True))
    rows = []
    groups = list(titled_groups(report, asked if is_timed else with_those_beside(report)))
    for group, title in groups:
        row = [title, whole_cell(group.complaints)]
        for section in () if is_timed else sections:
            held = section.total if group is asked.total else section.group(group.key)
            share = Share(held.complaints if held else 0, section.days, Whole.DAYS)
            row.append(text_cell(number_of(share.rate)))
        rows.append(row)
    width = room_left(columns, rows, room)
    columns.append(Column("daily", _("in proportion") if is_timed else _("day by day"), 2))
    top = max((group.complaints for group in asked.groups), default=0)
    for (group, _title), row in zip(groups, rows, strict=True):
        if not is_timed:
            drawn = draw_spark([count for _day, count in asked.daily(group)], width)
        else:
            drawn = "".join(draw_bar(group.complaints / top, width)[:2]) if group is not asked.total else ""
        row.append(Cell(((drawn, "cyan"),)))
    print()
    left_out = draw_whole(columns, rows, sys.stdout)
    size = -(-asked.days // width)
    if not is_timed and asked.days and columns[-1] not in left_out:
        each = _("one block a day") if size == 1 else _("one block each {days} days").format(days=size)
        print_note(
            _("day by day: {each}, each line on a scale of its own; {intake}.").format(
                each=each, intake=intake_words(report, _)
            )
        )
    else:
        print_note(intake_words(report, _) + ".")


def with_those_beside(report: Report) -> Section:
    """Return the section asked about with a group, of no complaints, for each that only those beside it have."""
    asked = report.asked
    return replace(asked, groups=tuple(asked.group(key) or Group(key) for key in report.keys))


def room_left(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int | None) -> int:
    """Return how wide a drawing may be beside the columns of a table."""
    if room is None:
        return SPARK
    taken = [
        max(display_width(column.title), *(display_width(row[place].text) for row in rows))
        for place, column in enumerate(columns)
    ]
    return min(SPARK, max(BAR, room - sum(taken) - len(GAP) * len(columns)))


def print_rates(report: Report, names: Sequence[str], room: int | None) -> None:
    """Print the rate on time of each clock for each group, with the median and the ninth decile of its days."""
    head = [group_column(report), Column("received", _("received"), RECEIVED, right=True)]
    groups = list(titled_groups(report, report.asked))
    # Bars give way before any figure, and the two figures of a clock stay beside each other.
    for bar, is_joined, most in ((BAR, False, len(names)), (0, False, len(names)), (0, False, 2), (0, True, 1)):
        columns = [*head, *chain.from_iterable(clock_columns(name, n, is_joined) for n, name in enumerate(names))]
        rows = [
            [title, whole_cell(group.complaints)]
            + [cell for name in names for cell in clock_cells(group.clock(name), bar, is_joined)]
            for group, title in groups
        ]
        shown = [n for n, column in enumerate(columns) if (bar or n != 1) and column.group in ("", *names[:most])]
        if room is None or least_width([columns[n] for n in shown], [[row[n] for n in shown] for row in rows]) <= room:
            break
    print()
    draw_whole(columns, rows, sys.stdout)
    note = _(
        "on time: share of {whole}. 50/90 %: the working days within which half and nine tenths were done."
    ).format(whole=whole_words(Whole.DECIDED, _))
    print_note(note)


def clock_columns(name: str, place: int, is_joined: bool) -> list[Column]:
    """Return the columns of a clock's rate on time and of its days, which may be joined to one."""
    title = rate_title(name, _)
    if is_joined:
        return [Column(name, f"{title}\n{DAYS_TITLE}", place, right=True, group=name, full_title=title)]
    return [
        Column(f"{name}_rate", title, place, group=name),
        Column(f"{name}_days", DAYS_TITLE, place, right=True, group=name, full_title=title),
    ]


def clock_cells(clock: ClockFigures | None, bar: int, is_joined: bool) -> list[Cell]:
    """Return the rate of a clock, with a bar so wide, and the median and the ninth decile of its days."""
    rate = rate_cell(clock.on_time.rate if clock else None, bar)
    has_days = clock is not None and clock.done
    days = text_cell(f"{number_of(clock.median)} / {number_of(clock.ninetieth)}") if clock and has_days else NOTHING
    if is_joined:
        return [text_cell(f"{rate.text:>7}  {days.text:>7}")]
    return [rate, days]


def print_parts(report: Report, name: str, room: int | None) -> None:
    """Print into which part the runs of a clock fell, for each group; the parts add up to all."""
    total = report.asked.total.clock(name)
    assert total is not None
    parts = [part for part in PARTS if total.part(part)]
    columns = [group_column(report), *(Column(part, part_words(part, _), right=True, folds=True) for part in parts)]
    columns.append(Column("runs", _("all"), right=True))
    if total.provisional:
        columns.append(Column("provisional", _("provisional"), 9, right=True))
    rows = []
    for group, title in titled_groups(report, report.asked):
        clock = group.clock(name)
        counts = [(part, clock.part(part) if clock else 0) for part in parts]
        row = [title, *(part_cell(part, count) for part, count in counts), whole_cell(clock.runs if clock else 0)]
        if total.provisional:
            row.append(whole_cell(clock.provisional if clock else 0))
        rows.append(row)
    print()
    rules = rules_of_clock(report, name, _)
    paint = painter(sys.stdout)
    for line in wrap_text(f"{_(name)}{_(': ')}{rules}", room):
        print(paint(line, "bold"))
    for some in parts_of_table(columns, rows, room):
        draw_whole([columns[place] for place in some], [[row[place] for place in some] for row in rows], sys.stdout)
    if total.runs > total.complaints:
        again = _("{runs} runs of {complaints} complaints: one that was reopened runs the clock again.")
        print_note(again.format(runs=f"{total.runs:,}", complaints=f"{total.complaints:,}"))


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
    columns = [
        group_column(report),
        Column("first_contact", _("first contact"), right=True, folds=True),
        Column("advance", _("advance, third-party"), 1, right=True, folds=True),
        Column("advance_sum", _("advance paid, all sellers"), 2, right=True, folds=True),
        Column("reopened", _("reopened"), 3, right=True),
        Column("backdated", _("backdated"), 4, right=True),
    ]
    rows = []
    for group, title in titled_groups(report, report.asked):
        row = [
            title,
            share_cell(group.first_contact),
            share_cell(group.advance),
            text_cell(f"{group.advanced_sum:,.2f}") if group.advanced_amounts else NOTHING,
            whole_cell(group.reopened.count),
            whole_cell(group.backdated.count),
        ]
        rows.append(row)
    print()
    draw_whole(columns, rows, sys.stdout)
    note = _("first contact: of {completed}; advance: advance compensation, of {third}.")
    print_note(note.format(completed=whole_words(Whole.COMPLETED, _), third=whole_words(Whole.THIRD_PARTY, _)))
    if unknown := unknown_note(report, _):
        print_note(unknown)
    total = report.asked.total
    if total.advanced_without_amount:
        lacking = _("advance compensation without an amount: {count} of {all}.")
        print_note(lacking.format(count=f"{total.advanced_without_amount:,}", all=f"{total.advanced:,}"))


def print_beside(report: Report, names: Sequence[str]) -> None:
    """Print the span beside the days before it and last year's, in whole and for each group."""
    columns = [
        Column("span", _("compared")),
        Column("days", _("days"), 9),
        Column("received", _("received"), right=True),
        Column("a_day", _("a day"), 8, right=True),
        *(Column(name, rate_title(name, _), place, right=True, folds=True) for place, name in enumerate(names)),
    ]
    rows = []
    sections = [report.asked, *sections_beside(report)]
    for section in sections:
        clocks = [section.total.clock(name) for name in names]
        row = [
            text_cell(role_words(section.role, _)),
            text_cell(days_of(section, _)),
            whole_cell(section.total.complaints),
            text_cell(number_of(section.a_day.rate)),
        ]
        rows.append([*row, *(text_cell(percent(clock.on_time.rate if clock else None)) for clock in clocks)])
    print()
    draw_whole(columns, rows, sys.stdout)
    for section in sections:
        if since := since_words(report, section, _):
            print_note(since)
    if report.by not in ("", *TIMED):
        print_groups_beside(report, names)


def print_groups_beside(report: Report, names: Sequence[str]) -> None:
    """Print for each group the rates on time of the span and of what it is compared with."""
    columns = [group_column(report)]
    sections = [report.asked, *sections_beside(report)]
    for number, section in enumerate(sections):
        words = role_words(section.role, _)
        beside = section.role.value if number else ""
        columns.append(Column(f"{section.role}_received", words, 20 * number, right=True, group=beside))
        for place, name in enumerate(names):
            whole = f"{words}{_(': ')}{_(name)}"
            rank = 20 * number + place
            columns.append(Column(f"{section.role}_{name}", name, rank, right=True, group=beside, full_title=whole))
    rows = []
    for key in dict.fromkeys(group.key for section in sections for group in section.groups):
        row = [group_cell(key, report.by)]
        for section in sections:
            group = section.group(key)
            clocks = [group.clock(name) if group else None for name in names]
            row.append(whole_cell(group.complaints if group else 0))
            row += [text_cell(percent(clock.on_time.rate if clock else None)) for clock in clocks]
        rows.append(row)
    print()
    draw_whole(columns, rows, sys.stdout)
    print_note(_("the complaints received, and of each clock the rate on time."))


def group_column(report: Report) -> Column:
    """Return the column of the groups' names, which may be cut and is never dropped."""
    return Column("group", _(report.by) if report.by else "", least=8)


def group_cell(key: str | None, by: str) -> Cell:
    """Return the name of a group of what complaints are grouped by."""
    return text_cell(safe_text(said(by, key))) if key is not None else Cell(((_("not stated"), "dim"),))


def titled_groups(report: Report, section: Section) -> Iterator[tuple[Group, Cell]]:
    """Yield the groups of a section with their names, and at last the total."""
    for group in section.groups:
        yield group, group_cell(group.key, report.by)
    yield section.total, Cell(((_("all"), "bold"),))


def part_cell(part: str, count: int) -> Cell:
    """Return the count of a part."""
    return Cell(((f"{count:,}", PART_STYLES.get(part, "")),)) if count else NOTHING


def whole_cell(count: int) -> Cell:
    """Return a count, a dash for none."""
    return text_cell(f"{count:,}") if count else NOTHING


def share_cell(share: Share) -> Cell:
    """Return a share as its rate and its whole."""
    if share.rate is None:
        return NOTHING
    return text_cell(_("{rate} of {whole}").format(rate=percent(share.rate), whole=f"{share.whole:,}"))


def rate_cell(rate: float | None, bar: int) -> Cell:
    """Return a rate with its bar, so wide; 0 is none."""
    if rate is None:
        return NOTHING
    if not bar:
        return text_cell(f"{percent(rate):>7}")
    filled, part, empty = draw_bar(rate, bar)
    return Cell(((filled, "green"), (part, "green on red"), (empty, "red"), (f" {percent(rate):>7}", "")))


def text_cell(text: str) -> Cell:
    """Return a text without a style."""
    return Cell(((text, ""),))


def print_note(text: str) -> None:
    """Print an explanation below a table."""
    paint = painter(sys.stdout)
    for line in wrap_text(text, terminal_width(sys.stdout)):
        print(paint(line, "dim"))

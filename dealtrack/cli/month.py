"""Months of the working calendar as grids, Monday first."""

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple, TextIO

from dealtrack.cli.language import _, _n, say
from dealtrack.cli.terminal import Paint, painter
from dealtrack.core.calendar import WEEKDAY_NAMES, Day, DayKind, reason
from dealtrack.core.day_names import name_of_day
from dealtrack.core.text import display_width, pad_text, safe_text
from dealtrack.phrase import Phrase


class Mark(NamedTuple):
    """How a kind of day is drawn in a month: a sign beside its number, a style, and what it means."""

    sign: str
    style: str
    meaning: str


MARKS = {
    DayKind.WEEKDAY: Mark("", "", Phrase("working day")),
    DayKind.WEEKEND: Mark("·", "dim", Phrase("weekend")),
    DayKind.HOLIDAY: Mark("休", "red", Phrase("holiday")),
    DayKind.MAKE_UP: Mark("班", "bold yellow", Phrase("working day (make-up)")),
    DayKind.AMENDED_OFF: Mark("休!", "bold magenta", Phrase("day off by amendment")),
    DayKind.AMENDED_WORKED: Mark("班!", "bold cyan", Phrase("working day by amendment")),
}
_CELL_WIDTH = 7


def print_month(days: Iterable[Day], *, stream: TextIO | None = None) -> None:
    """Print days as month grids, Monday first, each with its legend and the days that have a name below.

    What a day is shows in a sign beside it, so that nothing hangs on colour; colours come on a terminal only.
    """
    out = sys.stdout if stream is None else stream
    paint = painter(out)
    for place, (_month, month) in enumerate(groupby(days, key=lambda day: (day.day.year, day.day.month))):
        if place:
            out.write("\n")
        _draw_month(list(month), paint, out)


def _draw_month(days: Sequence[Day], paint: Paint, out: TextIO) -> None:
    confirmed = all(day.confirmed for day in days)
    worked = sum(day.worked for day in days)
    first = days[0].day
    title = paint(_("{month} {year}").format(month=_(first.strftime("%B")), year=first.year), "bold")
    count = _n("{count} working day", "{count} working days", worked).format(count=worked)
    out.write(f"{title}  {count}{'' if confirmed else _(', provisional: not officially published yet')}\n\n")
    out.write(paint("".join(map(_weekday_cell, WEEKDAY_NAMES)).rstrip(), "bold") + "\n")
    cells = [" " * _CELL_WIDTH] * days[0].day.weekday() + [_month_cell(day, paint) for day in days]
    for start in range(0, len(cells), 7):
        out.write("".join(cells[start : start + 7]).rstrip() + "\n")
    present = [kind for kind in MARKS if any(day.kind is kind for day in days)]
    legend = [f"{MARKS[kind].sign} {say(MARKS[kind].meaning)}" for kind in present if MARKS[kind].sign]
    if not confirmed:
        legend.append(f"? {_('provisional')}")
    out.write("\n" + paint(" " + "   ".join(legend), "dim") + "\n" if legend else "")
    named = [day for day in days if day.name]
    if named:
        out.write("\n")
    for line in _named_lines(named, paint):
        out.write(line + "\n")


def _weekday_cell(name: str) -> str:
    text = _(name)
    return pad_text(" " * max(0, 4 - display_width(text)) + text, _CELL_WIDTH)


def _month_cell(day: Day, paint: Paint) -> str:
    mark = MARKS[day.kind]
    text = f"{day.day.day:>4}{mark.sign}{'' if day.confirmed else '?'}"
    fill = " " * (_CELL_WIDTH - display_width(text))
    return paint(text, mark.style) + fill if mark.style else text + fill


def _named_lines(days: Sequence[Day], paint: Paint) -> Iterable[str]:
    """Yield a line for each stretch of days that share what they are, then the sources of amendments."""
    stretches: list[list[Day]] = []
    for day in days:
        last = stretches[-1][-1] if stretches else None
        same = last is not None and (last.kind, last.name, last.source) == (day.kind, day.name, day.source)
        if last is not None and same and (day.day - last.day).days == 1:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    for stretch in stretches:
        first, last = stretch[0], stretch[-1]
        span = f"{first.day.day}" if first is last else f"{first.day.day}-{last.day.day}"
        names = _(WEEKDAY_NAMES[first.day.weekday()])
        if first is not last:
            names += f"-{_(WEEKDAY_NAMES[last.day.weekday()])}"
        mark = MARKS[first.kind]
        text = say(reason(first) if first.kind is DayKind.MAKE_UP else name_of_day(first.name))
        sign = paint(pad_text(mark.sign, 3), mark.style) if mark.style else pad_text(mark.sign, 3)
        yield f" {span:>5}  {pad_text(names, 1 + 2 * display_width(_('Mon')))}  {sign}  {safe_text(text)}"
    amended = [day for day in days if day.kind in (DayKind.AMENDED_OFF, DayKind.AMENDED_WORKED)]
    for source in dict.fromkeys(day.source for day in amended if day.source):
        yield " " + _("Source: {source}").format(source=safe_text(_(source)))

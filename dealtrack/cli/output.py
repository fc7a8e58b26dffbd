"""The one place that prints records: as a table, as plain lines, or as CSV, JSON and JSON lines."""

import sys
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

from dealtrack.cli.describe import show_day
from dealtrack.cli.language import say
from dealtrack.cli.terminal import GAP, lines_beside, painter, terminal_width
from dealtrack.core.matching import nearest_names
from dealtrack.core.standing import WATCH_KEYS
from dealtrack.core.text import display_width, pad_text, safe_text
from dealtrack.errors import UnknownWord, suggestion
from dealtrack.exchange import writers
from dealtrack.exchange.writers import Record
from dealtrack.phrase import Phrase, listed

if TYPE_CHECKING:
    from dealtrack.core.explanation import Step

FOR_PROGRAMS = tuple(sorted(writers.WRITERS))
FORMATS = ("table", "plain", *FOR_PROGRAMS)


def check_format(fmt: str | None) -> None:
    """Refuse a format that there is none of; an empty one stands for the usual. Raises UnknownWord."""
    if fmt:
        check_word(Phrase("Format"), fmt, FORMATS)


def check_word(what: str, value: str, allowed: Iterable[str]) -> None:
    """Refuse a word that is none of those allowed, with the nearest; raises UnknownWord."""
    words = tuple(allowed)
    if value not in words:
        near = suggestion(nearest_names(value, words))
        raise UnknownWord(what=what, value=value, nearest=near, allowed=listed(words))


def print_records(
    records: Iterable[Record],
    columns: Sequence[str] | None = None,
    fmt: str | None = None,
    *,
    zone: tzinfo,
    stream: TextIO | None = None,
    watch: bool = False,
    single: bool = False,
) -> None:
    """Print records as they come; moments in UTC are shown in `zone`.

    `columns` are the keys that table, plain and csv print, and their order; without it those of a watched
    clock (`watch`), else those of the first record. JSON prints each record's own keys; `single` prints the
    one record itself rather than a list of it. Keys that begin with an underscore are not printed:
    `_provisional` holds the keys of the deadlines that are provisional.
    Without `fmt` it is a table on a terminal, else plain. Raises UnknownWord for an unknown format.
    """
    check_format(fmt)
    out = sys.stdout if stream is None else stream
    keys, records = _keys(records, columns, watch)
    match fmt or ("table" if out.isatty() else "plain"):
        case "json" if single:
            writers.write_json(records, zone, out, single)
        case "plain":
            writers.write_plain(records, keys, zone, out)
        case "table":
            from dealtrack.cli.table import print_table

            print_table(records, keys, zone, out)
        case other:
            writers.WRITERS[other](records, keys, zone, out)


def step_record(step: "Step") -> dict[str, Any]:
    """Return the record of one day of a count."""
    return {"day": step.day, "counted": step.counted, "reason": step.reason}


def print_steps(steps: Iterable["Step"], fmt: str | None = None, *, zone: tzinfo, stream: TextIO | None = None) -> None:
    """Print the days of a count: each with its place among the counted days, or a dash, and the reason.

    A day that no authority has confirmed yet bears a question mark. Raises UnknownWord for an unknown format.
    """
    check_format(fmt)
    out = sys.stdout if stream is None else stream
    fmt = fmt or ("table" if out.isatty() else "plain")
    if fmt in FOR_PROGRAMS:
        print_records(map(step_record, steps), ("day", "counted", "reason"), fmt, zone=zone, stream=out)
        return
    rows = [
        (
            f"{show_day(step.day)}{'' if step.confirmed else '?'}",
            f"✓ {step.nth}" if step.counted else "–",
            safe_text(say(step.reason)),
        )
        for step in steps
    ]
    if fmt == "plain":
        out.writelines("\t".join(row) + "\n" for row in rows)
        return
    paint, room = painter(out), terminal_width(out)
    days, marks = (max((display_width(row[place]) for row in rows), default=0) for place in (0, 1))
    for day, mark, why in rows:
        style = "dim" if mark == "–" else ""
        for line in lines_beside(f"{pad_text(day, days)}{GAP}{pad_text(mark, marks)}{GAP}", why, room):
            out.write(paint(line, style) + "\n")


def _keys(
    records: Iterable[Record], columns: Sequence[str] | None, watch: bool
) -> tuple[Sequence[str], Iterable[Record]]:
    if columns is not None:
        return columns, records
    if watch:
        return WATCH_KEYS, records
    rest = iter(records)
    first = next(rest, None)
    if first is None:
        return (), ()
    return [key for key in first if not key.startswith("_")], chain((first,), rest)

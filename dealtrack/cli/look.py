"""Commands that look at complaints: lists, one in full, why its deadlines are what they are, and a search."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Annotated, Any

from dealtrack.cli.language import _
from dealtrack.cli.options import (
    ComplaintNames,
    FilterOptions,
    Format,
    PlatformNames,
    ReceivedDays,
    Reveal,
    StatusNames,
    ViewTimes,
    argument,
    flag,
    option,
    read_complaints,
    read_filter,
)
from dealtrack.cli.output import FOR_PROGRAMS, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell, terminal_width
from dealtrack.cli.terms import read_clock
from dealtrack.core.calendar import ONE_DAY
from dealtrack.core.search_text import snippet
from dealtrack.core.standing import record, record_keys
from dealtrack.core.text import clean_input
from dealtrack.errors import MissingValue
from dealtrack.phrase import Phrase

MATCH_KEYS = ("id", "number", "platform", "category", "status", "received", "matched")
WORD_LIMIT = 200
SHOWN_ON_TERMINAL = 20


def list_(
    session: Session,
    status: StatusNames,
    only: FilterOptions,
    received: ReceivedDays,
    backdated: Annotated[bool, flag("Only complaints with an entry recorded on a later day than the event.")],
    times: ViewTimes,
    fmt: Format,
) -> None:
    """List complaints with their deadlines."""
    with session.reading(*times) as (register, view):
        first, last = session.received_days(*received, register.zone)
        since = first and datetime.combine(first, time(), register.zone).astimezone(UTC)
        until = last and datetime.combine(last + ONE_DAY, time(), register.zone).astimezone(UTC)
        query = read_filter(register, *only, status, since=since, until=until, backdated=backdated)
        records = map(record, register.standings(query, view))
        print_records(records, record_keys(register.clock_names(view)), fmt, zone=register.zone)


def show(session: Session, complaints: ComplaintNames, reveal: Reveal, times: ViewTimes, fmt: Format) -> None:
    """Show complaints in full: details, deadlines and history."""
    from dealtrack.cli.complaint_view import complaint_lines, full_complaint

    with session.reading(*times) as (register, view):
        named = read_complaints(register, *complaints)
        shown = [full_complaint(register, id_, view, reveal) for id_ in named]
        if fmt in FOR_PROGRAMS:
            print_records([full.record() for full in shown], fmt=fmt, zone=register.zone, single=len(named) == 1)
            return
        for position, full in enumerate(shown):
            if position:
                print()
            for line in complaint_lines(full, register.zone, fmt, terminal_width(sys.stdout)):
                print(line)


def explain(
    session: Session,
    complaints: ComplaintNames,
    clock: Annotated[str, option("NAME", "Only this stage, e.g. complete.")],
    times: ViewTimes,
    fmt: Format,
) -> None:
    """Explain deadlines day by day: counted or not, and why."""
    from dealtrack.cli.explanation_view import print_explanations

    with session.reading(*times) as (register, view):
        print_explanations(register, read_complaints(register, *complaints), read_clock(clock), view, fmt)


def search(
    session: Session,
    words: Annotated[list[str], argument("WORDS...", "Words that must all occur; quote a phrase.")],
    limit: Annotated[
        int | None, option("N", "Maximum number of results [default: 20 on a terminal, else all].", min=1)
    ],
    status: StatusNames,
    platform: PlatformNames,
    times: ViewTimes,
    fmt: Format,
) -> None:
    """Search summaries, notes, platforms and numbers, most recent complaints first."""
    from dealtrack.register.search import search as find

    terms = [clean_input(word, Phrase("A word"), WORD_LIMIT) for word in words]
    if not any(terms):
        raise MissingValue(what="Words to search for", option="a word, e.g. 'dealtrack search 退款'")
    is_short = sys.stdout.isatty() and fmt in ("", "table")
    most = limit or (SHOWN_ON_TERMINAL if is_short else None)
    with session.reading(*times) as (register, view):
        query = read_filter(register, platform, statuses=status)
        count = 0

        def records() -> Iterator[dict[str, Any]]:
            nonlocal count
            # One more than is shown tells whether there are more.
            for hit in find(register, terms, query, view, most + 1 if most else None):
                count += 1
                if most and count > most:
                    return
                complaint = hit.complaint
                values = {name: getattr(complaint, name) for name in MATCH_KEYS if hasattr(complaint, name)}
                yield {**values, "status": complaint.status.value, "matched": snippet(hit.texts, terms)}

        print_records(records(), MATCH_KEYS, fmt, zone=register.zone)
    if most and count > most and limit is None:
        tell(_("only the latest {count} are shown; --limit N shows more", count=most))

"""Commands that look at complaints: lists, one in full, why its deadlines are what they are, and a search."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from dealtrack.cli.language import _
from dealtrack.cli.options import (
    AsOf,
    CategoryNames,
    Complaints,
    Format,
    KnownAt,
    Numbers,
    OwnerNames,
    PlatformNames,
    ReceivedFrom,
    ReceivedTo,
    Reveal,
    StatusNames,
    read_complaints,
    read_filter,
)
from dealtrack.cli.output import FOR_PROGRAMS, check_format, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell, terminal_width
from dealtrack.cli.terms import read_clock
from dealtrack.core.search_text import snippet
from dealtrack.core.standing import record, record_keys
from dealtrack.core.text import clean_input
from dealtrack.errors import MissingValue
from dealtrack.phrase import Phrase

MATCH_KEYS = ("id", "number", "platform", "category", "status", "received", "matched")
WORD_LIMIT = 200
SHOWN_ON_TERMINAL = 20


def list_(
    context: typer.Context,
    status: StatusNames = None,
    platform: PlatformNames = None,
    category: CategoryNames = None,
    owner: OwnerNames = None,
    first: ReceivedFrom = "",
    last: ReceivedTo = "",
    backdated: Annotated[
        bool, typer.Option("--backdated", help="Only complaints with an entry recorded on a later day than the event.")
    ] = False,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Format = "",
) -> None:
    """List complaints with their deadlines."""
    session: Session = context.obj
    check_format(fmt)
    with session.reading(as_of, known_at) as (register, view):
        since, until = session.received_span(first, last, register.zone)
        received = {"since": since, "until": until, "backdated": backdated}
        query = read_filter(register, platform, category, owner, status, **received)
        standings = register.standings(query, view)
        print_records(
            map(record, standings), fmt=fmt, zone=register.zone, columns=record_keys(register.clock_names(view))
        )


def show(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    reveal: Reveal = False,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Format = "",
) -> None:
    """Show complaints in full: details, deadlines and history."""
    from dealtrack.cli.complaint_view import complaint_lines, full_complaint

    session: Session = context.obj
    check_format(fmt)
    with session.reading(as_of, known_at) as (register, view):
        named = read_complaints(register, ids or (), numbers or ())
        complaints = [full_complaint(register, id_, view, reveal) for id_ in named]
        if fmt in FOR_PROGRAMS:
            records = [full.record() for full in complaints]
            print_records(records, fmt=fmt, zone=register.zone, single=len(named) == 1)
            return
        for position, full in enumerate(complaints):
            if position:
                print()
            for line in complaint_lines(full, register.zone, fmt, terminal_width(sys.stdout)):
                print(line)


def explain(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    clock: Annotated[str, typer.Option("--clock", metavar="NAME", help="Only this stage, e.g. complete.")] = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Format = "",
) -> None:
    """Explain deadlines day by day: counted or not, and why."""
    from dealtrack.cli.explanation_view import print_explanations

    session: Session = context.obj
    check_format(fmt)
    with session.reading(as_of, known_at) as (register, view):
        named = read_complaints(register, ids or (), numbers or ())
        print_explanations(register, named, read_clock(clock), view, fmt)


def search(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS...", help="Words that must all occur; quote a phrase.", show_default=False),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", metavar="N", min=1, help="Maximum number of results [default: 20 on a terminal, else all]."
        ),
    ] = None,
    status: StatusNames = None,
    platform: PlatformNames = None,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Format = "",
) -> None:
    """Search summaries, notes, platforms and numbers, most recent complaints first."""
    from dealtrack.register.search import search as find

    session: Session = context.obj
    check_format(fmt)
    terms = [clean_input(word, Phrase("A word"), WORD_LIMIT) for word in words or ()]
    if not any(terms):
        raise MissingValue(what="Words to search for", option="a word, e.g. 'dealtrack search 退款'")
    is_short = sys.stdout.isatty() and fmt in ("", "table")
    most = limit or (SHOWN_ON_TERMINAL if is_short else None)
    with session.reading(as_of, known_at) as (register, view):
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
        tell(_("only the latest {count} are shown; --limit N shows more").format(count=most))

"""Commands that look at complaints: lists, one in full, and why its deadlines are what they are."""

import sys
from typing import Annotated

import typer

from dealtrack.cli.language import _
from dealtrack.cli.options import (
    AsOf,
    CategoryName,
    Complaints,
    Format,
    KnownAt,
    Numbers,
    OwnerName,
    PlatformName,
    ReceivedFrom,
    ReceivedTo,
    Reveal,
    StatusName,
)
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session, complaints_named, filter_named
from dealtrack.cli.terms import clock_named
from dealtrack.cli.wrapping import terminal_width
from dealtrack.core.lifecycle import Status
from dealtrack.core.standing import record, record_keys
from dealtrack.errors import UnknownWord, suggestion
from dealtrack.phrase import Word, listed

STATUSES = ("open", *(status.value for status in Status))


def status_named(text: str) -> str | None:
    """Return the status that a text means, None for an empty one; raises UnknownWord."""
    if not text:
        return None
    word = text.lower()
    # A status may be named in the user's language too.
    named = next((status for status in STATUSES if word in (status, _(status))), None)
    if named is None:
        from dealtrack.core.text import nearest

        near = suggestion(nearest(text, STATUSES))
        raise UnknownWord(what="The status", value=text, nearest=near, allowed=listed(map(Word, STATUSES)))
    return named


def list_(
    context: typer.Context,
    status: StatusName = "",
    platform: PlatformName = "",
    category: CategoryName = "",
    owner: OwnerName = "",
    first: ReceivedFrom = "",
    last: ReceivedTo = "",
    backdated: Annotated[
        bool, typer.Option("--backdated", help="Only those with an entry made on a later day than what it tells.")
    ] = False,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Format = "",
) -> None:
    """List complaints with their deadlines and verdicts."""
    session: Session = context.obj
    check_format(fmt)
    with session.register(one_state=True) as register:
        since, until = session.received_span(first, last, register.zone)
        received = {"since": since, "until": until, "backdated": backdated}
        wanted = filter_named(register, platform, category, owner, status=status_named(status), **received)
        view = session.view(as_of, known_at, register.zone)
        standings = register.standings(wanted, view)
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
    """Show complaints in full: what is known, their clocks, their history."""
    from dealtrack.cli.portrait import portrait, portrait_lines

    session: Session = context.obj
    check_format(fmt)
    with session.register(one_state=True) as register:
        named = complaints_named(register, ids or (), numbers or ())
        view = session.view(as_of, known_at, register.zone)
        portraits = [portrait(register, id_, view, reveal) for id_ in named]
        if fmt in ("csv", "json", "jsonl"):
            told = [held.record() for held in portraits]
            print_records(told, fmt=fmt, zone=register.zone, single=len(named) == 1)
            return
        for position, held in enumerate(portraits):
            if position:
                print()
            for line in portrait_lines(held, register.zone, fmt, terminal_width(sys.stdout)):
                print(line)


def explain(
    context: typer.Context,
    ids: Complaints = None,
    numbers: Numbers = None,
    clock: Annotated[str, typer.Option("--clock", metavar="NAME", help="Only this clock.")] = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Format = "",
) -> None:
    """Explain deadlines: each day from the start to the deadline, counted or not, and why."""
    from dealtrack.cli.explaining import print_explanations

    session: Session = context.obj
    check_format(fmt)
    with session.register(one_state=True) as register:
        named = complaints_named(register, ids or (), numbers or ())
        print_explanations(register, named, clock_named(clock), session.view(as_of, known_at, register.zone), fmt)

"""Commands that look at complaints: lists, one in full, and why its deadlines are what they are."""

import sys
from typing import Annotated

import typer

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
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import terminal_width
from dealtrack.cli.terms import read_clock
from dealtrack.core.standing import record, record_keys


def list_(
    context: typer.Context,
    status: StatusNames = None,
    platform: PlatformNames = None,
    category: CategoryNames = None,
    owner: OwnerNames = None,
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
        wanted = read_filter(register, platform, category, owner, status, **received)
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
    from dealtrack.cli.complaint_view import portrait, portrait_lines

    session: Session = context.obj
    check_format(fmt)
    with session.register(one_state=True) as register:
        named = read_complaints(register, ids or (), numbers or ())
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
    from dealtrack.cli.explanation_view import print_explanations

    session: Session = context.obj
    check_format(fmt)
    with session.register(one_state=True) as register:
        named = read_complaints(register, ids or (), numbers or ())
        print_explanations(register, named, read_clock(clock), session.view(as_of, known_at, register.zone), fmt)

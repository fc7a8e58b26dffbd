"""Commands that watch the clocks: what is overdue, and what falls due."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from dealtrack.cli.language import sentence
from dealtrack.cli.options import AsOf, CategoryNames, Format, KnownAt, OwnerNames, PlatformNames, read_filter
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import warn
from dealtrack.core.calendar import calendar_reminder, missing_year
from dealtrack.core.deadlines import deadline
from dealtrack.core.moments import Span, local_day, parse_span
from dealtrack.core.standing import Lateness, watch_record
from dealtrack.errors import CHECK_FAILED
from dealtrack.register.queries import View
from dealtrack.register.register import Register


class LatenessCount:
    """Passes records on and remembers whether there were any."""

    def __init__(self, latenesses: Iterable[Lateness]) -> None:
        self._latenesses = latenesses
        self.count = 0

    def passing(self) -> Iterator[Lateness]:
        """Yield what is counted."""
        for lateness in self._latenesses:
            self.count += 1
            yield lateness

    def __iter__(self) -> Iterator[dict[str, object]]:
        return map(watch_record, self.passing())


def _remind(session: Session, register: Register, latenesses: LatenessCount, view: View) -> None:
    """Remind, from 1 November, that next year's official calendar is due; never where all is silent for cron."""
    if view.is_present and (latenesses.count or sys.stderr.isatty()):
        year = missing_year(register.calendar, local_day(session.now, register.zone))
        if year is not None:
            warn(sentence(calendar_reminder(year)))


def overdue(
    context: typer.Context,
    platform: PlatformNames = None,
    category: CategoryNames = None,
    owner: OwnerNames = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with status 1 if anything is overdue.")] = False,
    by: Annotated[
        str, typer.Option("--by", metavar="GROUP", help="Write one list per platform, owner or category into --out.")
    ] = "",
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the lists.")] = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=(
                "Output format: table, plain, csv, json or jsonl [default: table on a terminal, else plain]; of "
                "lists: csv, xlsx or text [default: csv]."
            ),
        ),
    ] = "",
) -> None:
    """List overdue deadlines, most overdue first; with --out, write one list per group."""
    session: Session = context.obj
    if by or out:
        from dealtrack.cli.watch_files import check_lists

        check_lists(by, out, fmt)
    else:
        check_format(fmt)
    with session.reading(as_of, known_at) as (register, view):
        query = read_filter(register, platform, category, owner)
        latenesses = LatenessCount(register.overdue(query, view))
        try:
            if out:
                from dealtrack.cli.watch_files import print_lists

                print_lists(latenesses.passing(), by, Path(out), fmt, register.zone, view.moment)
            else:
                print_records(latenesses, fmt=fmt, zone=register.zone, watch=True)
        finally:
            # So too where whoever reads them has seen enough of them.
            session.status = CHECK_FAILED if check and latenesses.count else 0
        _remind(session, register, latenesses, view)
    raise typer.Exit(session.status)


def due(
    context: typer.Context,
    within: Annotated[
        str | None,
        typer.Option(
            "--within",
            metavar="DURATION",
            help="Time window: hours (4h), days (3d) or working days (2wd) [default: 1wd; no limit with --ics].",
        ),
    ] = None,
    platform: PlatformNames = None,
    category: CategoryNames = None,
    owner: OwnerNames = None,
    ics: Annotated[
        str,
        typer.Option(
            "--ics", metavar="FILE", help="Write a calendar file with one event per deadline; - for standard output."
        ),
    ] = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Format = "",
) -> None:
    """List deadlines that are due soon, earliest first; with --ics, write a calendar file."""
    session: Session = context.obj
    check_format(fmt)
    span = None if ics and within is None else parse_span("1wd" if within is None else within)
    with session.reading(as_of, known_at) as (register, view):
        query = read_filter(register, platform, category, owner)
        ahead = register.due(query, _until(span, register, view), view)
        # Who subscribes to a calendar file must not lose sight of what was not done in time.
        latenesses = LatenessCount(chain(register.overdue(query, view), ahead) if ics else ahead)
        if ics:
            from dealtrack.cli.watch_files import print_events

            print_events(register, latenesses.passing(), view, ics)
        else:
            print_records(latenesses, fmt=fmt, zone=register.zone, watch=True)
        _remind(session, register, latenesses, view)


def _until(span: Span | None, register: Register, view: View) -> datetime:
    """Return the last moment of a span that begins with a view, in UTC; of no span, one after every deadline."""
    if span is None:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)
    if span.working_days is None:
        return view.moment + span.duration
    day = register.calendar_in(view).nth_after(local_day(view.moment, register.zone), span.working_days)
    return deadline(day, None, register.zone)

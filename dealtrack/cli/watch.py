"""Commands that watch the clocks: what is overdue, what falls due, and the board that shows both."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from dealtrack.cli.language import sentence
from dealtrack.cli.options import FilterOptions, Format, ViewTimes, flag, option, read_filter
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import warn
from dealtrack.core.calendar import calendar_reminder, missing_year
from dealtrack.core.deadlines import deadline
from dealtrack.core.moments import Span, local_day, parse_span
from dealtrack.core.standing import Lateness, watch_record
from dealtrack.errors import CHECK_FAILED, MissingExtra, NoTerminal
from dealtrack.register.queries import View
from dealtrack.register.register import Register


class LatenessCount:
    """Passes on what is late or due, and counts it."""

    def __init__(self, latenesses: Iterable[Lateness]) -> None:
        self._latenesses = latenesses
        self.count = 0

    def __iter__(self) -> Iterator[Lateness]:
        for lateness in self._latenesses:
            self.count += 1
            yield lateness


def _remind(session: Session, register: Register, latenesses: LatenessCount, view: View) -> None:
    """Remind, from 1 November, that next year's official calendar is due; never where all is silent for cron."""
    if view.is_present and (latenesses.count or sys.stderr.isatty()):
        year = missing_year(register.calendar, local_day(session.now, register.zone))
        if year is not None:
            warn(sentence(calendar_reminder(year)))


def overdue(
    session: Session,
    only: FilterOptions,
    check: Annotated[bool, flag("Exit with status 1 if anything is overdue.")],
    by: Annotated[str, option("GROUP", "Write one list per platform, owner or category into --out.")],
    out: Annotated[str, option("DIR", "Folder for the lists.")],
    times: ViewTimes,
    fmt: Annotated[
        str,
        option(
            "FORMAT",
            "Output format: table, plain, csv, json or jsonl [default: table on a terminal, else plain]; of lists: "
            "csv, xlsx or text [default: csv].",
            "--format",
        ),
    ],
) -> None:
    """List overdue deadlines, most overdue first; with --out, write one list per group."""
    if by or out:
        from dealtrack.cli.watch_files import check_lists

        check_lists(by, out, fmt)
    else:
        check_format(fmt)
    with session.reading(*times) as (register, view):
        latenesses = LatenessCount(register.overdue(read_filter(register, *only), view))
        try:
            if out:
                from dealtrack.cli.watch_files import print_lists

                print_lists(latenesses, by, Path(out), fmt, register.zone, view.moment)
            else:
                print_records(map(watch_record, latenesses), fmt=fmt, zone=register.zone, watch=True)
        finally:
            # So too where whoever reads them has seen enough of them.
            session.status = CHECK_FAILED if check and latenesses.count else 0
        _remind(session, register, latenesses, view)
    raise typer.Exit(session.status)


def due(
    session: Session,
    within: Annotated[
        str | None,
        option(
            "DURATION", "Time window: hours (4h), days (3d) or working days (2wd) [default: 1wd; no limit with --ics]."
        ),
    ],
    only: FilterOptions,
    ics: Annotated[str, option("FILE", "Write a calendar file with one event per deadline; - for standard output.")],
    times: ViewTimes,
    fmt: Format,
) -> None:
    """List deadlines that are due soon, earliest first; with --ics, write a calendar file."""
    span = None if ics and within is None else parse_span("1wd" if within is None else within)
    with session.reading(*times) as (register, view):
        query = read_filter(register, *only)
        ahead = register.due(query, _until(span, register, view), view)
        # Who subscribes to a calendar file must not lose sight of what was not done in time.
        latenesses = LatenessCount(chain(register.overdue(query, view), ahead) if ics else ahead)
        if ics:
            from dealtrack.cli.watch_files import print_events

            print_events(register, latenesses, view, ics)
        else:
            print_records(map(watch_record, latenesses), fmt=fmt, zone=register.zone, watch=True)
        _remind(session, register, latenesses, view)


def _until(span: Span | None, register: Register, view: View) -> datetime:
    """Return the last moment of a span that begins with a view, in UTC; of no span, one after every deadline."""
    if span is None:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)
    if span.working_days is None:
        return view.moment + span.duration
    day = register.calendar_in(view).nth_after(local_day(view.moment, register.zone), span.working_days)
    return deadline(day, None, register.zone)


def board(session: Session, only: FilterOptions) -> None:
    """Full-screen live board of open complaints."""
    from importlib.util import find_spec

    if find_spec("textual") is None:
        raise MissingExtra(what="The board", package="Textual", extra="board")
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise NoTerminal(what="The board", instead="Use 'dealtrack overdue' and 'dealtrack due'.")
    with session.register() as register:
        query = read_filter(register, *only, statuses=("open",))
    from dealtrack import settings
    from dealtrack.cli.board.app import Board
    from dealtrack.cli.board.feed import Feed

    with Feed(session.path, query, settings.now) as feed:
        Board(feed, session.actor).run()

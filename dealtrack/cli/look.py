"""Commands that look at complaints and their clocks: lists, one in full, a search, what is late or due, the board."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from dealtrack.cli.finding import (
    filter_name,
    narrowed,
    page_rows,
    read_columns,
    read_order,
    tell_left_out,
    tell_nothing,
)
from dealtrack.cli.language import _, _n, read_clock, sentence
from dealtrack.cli.options import (
    FORMATS_TAKEN,
    MORE_COLUMNS,
    Columns,
    ComplaintNames,
    FilterOptions,
    Format,
    PlatformNames,
    ReceivedDays,
    Reveal,
    SavedFilter,
    StatusNames,
    ViewTimes,
    argument,
    flag,
    option,
    read_complaints,
    read_filter,
)
from dealtrack.cli.output import FOR_PEOPLE, FOR_PROGRAMS, LETTER_FORMATS, check_format, check_word, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell, terminal_width, warn
from dealtrack.cli.waiting import tell_waiting
from dealtrack.core.calendar import calendar_reminder, missing_year
from dealtrack.core.clocks import time_left
from dealtrack.core.deadlines import deadline
from dealtrack.core.moments import local_day, show_due
from dealtrack.core.standing import WATCH_KEYS, Lateness, record, record_keys, watch_record
from dealtrack.core.text import clean_input, safe_text
from dealtrack.errors import CHECK_FAILED, MissingExtra, MissingValue, NoTerminal
from dealtrack.phrase import Phrase
from dealtrack.register.queries import NEWEST_FIRST, OPEN, View
from dealtrack.register.register import Register

LIST_FORMATS = FORMATS_TAKEN.replace("].", "]; of lists: xlsx, text or csv [default: CSV for people].")
WINDOW = "Time window: hours (4h), days (3d) or working days (2wd) [default: 1wd; no limit with --ics]."
MATCH_KEYS = ("id", "number", "platform", "category", "status", "received", "matched")
WORD_LIMIT = 200
SHOWN_ON_TERMINAL = 20
LATE = ("working_days_late", "late")


def list_(
    session: Session,
    status: StatusNames,
    only: FilterOptions,
    received: ReceivedDays,
    backdated: Annotated[bool, flag("Only complaints with an entry recorded on a later day than the event.")],
    saved: SavedFilter,
    sort: Annotated[str, option("COLUMN", "Sort by a column, or by due, e.g. platform; -COLUMN reverses.")],
    limit: Annotated[int | None, option("N", "Maximum number of complaints [default: a page on a terminal].", min=1)],
    columns: Columns,
    times: ViewTimes,
    fmt: Format,
) -> None:
    """List complaints with their deadlines.

    On a terminal, the open ones, newest first, and no more than fit on it; --all shows everything.
    """
    is_short = sys.stdout.isatty() and not fmt
    with session.reading(*times) as (register, view):
        since, until = session.received_span(*received, register.zone)
        query = read_filter(register, *only, status, since=since, until=until, backdated=backdated)
        query = narrowed(session, register, query, saved, is_short)
        is_open_only = is_short and not (saved.all or query.statuses)
        if is_open_only:
            query = query._replace(statuses=(OPEN,))
        order = read_order(sort) or (NEWEST_FIRST if is_short else None)
        most = limit or (page_rows(session) if is_short and not saved.all else None)
        keys = record_keys(register.clock_names(view))
        chosen = read_columns(session, "list", columns, keys, is_short)
        standings = register.standings(query, view, order, most)
        records: Iterable[dict[str, Any]] = map(record, standings)
        if "handler" in chosen:
            records = (record(each) | {"handler": each.complaint.handler or each.complaint.owner} for each in standings)
        if is_short:
            records = list(records)
        print_records(records, chosen or keys, fmt, zone=register.zone, is_chosen=bool(chosen))
        if isinstance(records, list):
            tell_left_out(register, query, view, len(records), is_open_only)
            tell_waiting(register, view)


def show(session: Session, complaints: ComplaintNames, reveal: Reveal, times: ViewTimes, fmt: Format) -> None:
    """Show complaints in full: details, deadlines and history."""
    from dealtrack.cli.complaint_view import complaint_lines, full_complaint

    with session.reading(*times) as (register, view):
        named = read_complaints(register, *complaints)
        shown = [full_complaint(register, id_, view, reveal) for id_ in named]
        if fmt in FOR_PROGRAMS:
            print_records([full.record() for full in shown], fmt=fmt, zone=register.zone, single=len(named) == 1)
            return
        room = terminal_width(sys.stdout)
        texts = ["\n".join(complaint_lines(full, register.zone, fmt, room)) for full in shown]
        print("\n\n".join(texts), end="\n" if texts else "")


def explain(
    session: Session,
    complaints: ComplaintNames,
    clock: Annotated[str, option("NAME", "Only this stage, e.g. complete.")],
    times: ViewTimes,
    fmt: Format,
) -> None:
    """Explain deadlines day by day: counted or not, and why."""
    from dealtrack.cli.complaint_view import print_explanations

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
    from dealtrack.core.search_text import snippet
    from dealtrack.register.search import search as find

    terms = [clean_input(word, Phrase("A word"), WORD_LIMIT) for word in words]
    if not any(terms):
        raise MissingValue(what="Words to search for", option="a word, e.g. 'dealtrack search 退款'")
    is_short = sys.stdout.isatty() and fmt in ("", "table")
    most = limit or (SHOWN_ON_TERMINAL if is_short else None)
    with session.reading(*times) as (register, view):
        query = read_filter(register, platform, statuses=status)
        hits = find(register, terms, query, view)
        records = (
            {name: getattr(hit.complaint, name) for name in MATCH_KEYS[:-1]}
            | {"status": hit.complaint.status.value, "matched": snippet(hit.texts, terms)}
            for hit in islice(hits, most)
        )
        first = next(records, None)
        print_records(() if first is None else chain((first,), records), MATCH_KEYS, fmt, zone=register.zone)
        is_cut = most is not None and limit is None and next(hits, None) is not None
    if is_short and first is None:
        tell(_("no complaint contains all the words"))
    if is_cut:
        tell(_("only the latest {count} are shown; --limit N shows more", count=most))


def _remind(session: Session, register: Register, view: View) -> None:
    """Remind a person, from 1 November, that next year's official calendar is due; the daily summary reminds cron."""
    if view.is_present and sys.stderr.isatty():
        year = missing_year(register.calendar, local_day(session.now, register.zone))
        if year is not None:
            warn(sentence(calendar_reminder(year)))


def overdue(
    session: Session,
    only: FilterOptions,
    check: Annotated[bool, flag("Exit with status 1 if anything is overdue.")],
    by: Annotated[str, option("GROUP", "Write one list per platform, owner or category into --out.")],
    out: Annotated[str, option("DIR", "Folder for the lists.")],
    saved: SavedFilter,
    columns: Columns,
    times: ViewTimes,
    fmt: Annotated[str, option("FORMAT", LIST_FORMATS, "--format")],
) -> None:
    """List overdue deadlines, most overdue first; with --out, write one list per group."""
    fmt = "" if fmt == FOR_PEOPLE and (by or out) else fmt
    if by or out:
        _check_lists(by, out, fmt)
    elif fmt != FOR_PEOPLE:
        check_format(fmt)
    letters = None
    with session.reading(*times) as (register, view):
        is_short = sys.stdout.isatty() and not (fmt or out)
        query = narrowed(session, register, read_filter(register, *only), saved, is_short)
        latenesses = register.overdue(query, view)
        first = next(latenesses, None)
        latenesses = chain(() if first is None else (first,), latenesses)
        # So too where whoever reads them has seen enough of them.
        session.status = CHECK_FAILED if check and first else 0
        if out and fmt in LETTER_FORMATS:
            from dealtrack.cli.letters import Letters

            letters = Letters(session, register, view, "reminder", fmt)
            letters.make_by(by, latenesses)
        elif out:
            from dealtrack.cli.lists import print_lists

            print_lists(latenesses, by, Path(out), fmt, register.zone, view.moment)
        else:
            _print_watched(session, register, view, latenesses, "overdue", columns, fmt)
            if is_short and first is None:
                tell_nothing(register, query, view, _("nothing is overdue"))
        tell_waiting(register, view)
        _remind(session, register, view)
    if letters:
        files = letters.files(Path(out))
        letters.write(files)
        letters.print(files)
    raise typer.Exit(session.status)


def _check_lists(by: str, out: str, fmt: str) -> None:
    """Check what was asked of lists; raises MissingValue and UnknownWord."""
    from dealtrack.exchange.files import ENDINGS

    if not out:
        raise MissingValue(what="Folder for the lists", option="--out DIR")
    if not by:
        raise MissingValue(what="Group of the lists", option="--by platform")
    groups = ("platform", "owner") if fmt in LETTER_FORMATS else ("platform", "owner", "category")
    check_word(Phrase("Group of the lists"), by, groups)
    if fmt:
        check_word(Phrase("Format of the lists"), fmt, (*ENDINGS, *LETTER_FORMATS))


def due(
    session: Session,
    within: Annotated[str | None, option("DURATION", WINDOW)],
    only: FilterOptions,
    ics: Annotated[str, option("FILE", "Write a calendar file with one event per deadline; - for standard output.")],
    saved: SavedFilter,
    columns: Columns,
    times: ViewTimes,
    fmt: Format,
) -> None:
    """List deadlines that are due soon, earliest first; with --ics, write a calendar file."""
    span: int | timedelta | None = None if ics else 1
    if within is not None:
        from dealtrack.core.day_times import parse_span  # what a text means is asked only where one was typed

        span = parse_span(within)
    with session.reading(*times) as (register, view):
        is_short = sys.stdout.isatty() and not (fmt or ics)
        query = narrowed(session, register, read_filter(register, *only), saved, is_short)
        until = _until(span, register, view)
        ahead = register.due(query, until, view)
        # Who subscribes to a calendar file must not lose sight of what was not done in time.
        latenesses = chain(register.overdue(query, view), ahead) if ics else ahead
        if ics:
            _print_events(register, latenesses, view, ics)
        else:
            first = next(ahead, None)
            latenesses = chain(() if first is None else (first,), ahead)
            _print_watched(session, register, view, latenesses, "due", columns, fmt)
            if is_short and first is None:
                text = _("nothing is due by {moment}", moment=show_due(until, register.zone))
                tell_nothing(register, query, view, text)
        _remind(session, register, view)


def _print_watched(
    session: Session,
    register: Register,
    view: View,
    latenesses: Iterable[Lateness],
    command: str,
    columns: str,
    fmt: str,
) -> None:
    """Print watched clocks, in the columns that were typed or are set; `due` shows people what is left."""
    is_short = sys.stdout.isatty() and not fmt
    chosen = read_columns(session, command, columns, WATCH_KEYS, is_short)
    shows_left = is_short and command == "due" and not chosen
    usual = [*(key for key in WATCH_KEYS if key not in LATE), "left"] if shows_left else WATCH_KEYS
    calendar = register.calendar_in(view)

    def full_record(lateness: Lateness) -> dict[str, Any]:
        complaint = lateness.complaint
        left = time_left(lateness.clock, view.moment, calendar, register.zone) if command == "due" else None
        more = (complaint.handler or complaint.owner, complaint.received, complaint.summary, left)
        return watch_record(lateness) | dict(zip(MORE_COLUMNS["due"], more, strict=True))

    records = map(full_record if chosen or shows_left else watch_record, latenesses)
    print_records(records, chosen or usual, fmt, zone=register.zone, is_chosen=bool(chosen))


def _until(span: int | timedelta | None, register: Register, view: View) -> datetime:
    """Return the last moment of a span that begins with a view, in UTC; of no span, one after every deadline."""
    if span is None:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)
    if isinstance(span, timedelta):
        return view.moment + span
    day = register.calendar_in(view).nth_after(local_day(view.moment, register.zone), span)
    return deadline(day, None, register.zone)


def _print_events(register: Register, latenesses: Iterable[Lateness], view: View, file: str) -> None:
    """Write clocks as a calendar file, `-` for standard output, and say how many they are; raises CannotWrite."""
    from dealtrack.exchange.files import FileKind, binary_output
    from dealtrack.exchange.ics import Deadline, ics_bytes

    deadlines = [Deadline(each, *register.last_change(each.complaint.id, view)) for each in latenesses]
    data = ics_bytes(deadlines, register.identity(), register.calendar_in(view), register.zone, _)
    if file == "-":
        sys.stdout.write(data.decode())
        return
    with binary_output(Path(file), FileKind.CALENDAR) as stream:
        stream.write(data)
    count = len(deadlines)
    print(safe_text(_n("{count} deadline written to {file}", "{count} deadlines written to {file}", count, file=file)))


def board(session: Session, only: FilterOptions, saved: SavedFilter) -> None:
    """Full-screen live board of open complaints."""
    from importlib.util import find_spec

    if find_spec("textual") is None:
        raise MissingExtra(what="The board", package="Textual", extra="board")
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise NoTerminal(what="The board", instead="Use 'dealtrack overdue' and 'dealtrack due'.")
    with session.reading("", "") as (register, _view):
        query = narrowed(session, register, read_filter(register, *only, statuses=(OPEN,)), saved, True)
    from dealtrack import settings
    from dealtrack.cli.board.app import Board
    from dealtrack.cli.board.feed import Feed

    with Feed(session.address, query, settings.now) as feed:
        Board(feed, session.actor, filter_name(session, saved, True)).run()

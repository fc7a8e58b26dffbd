"""Commands that exchange complaints with other programs."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealtrack import settings
from dealtrack.cli.describe import lookalike_line
from dealtrack.cli.language import _, _n, say
from dealtrack.cli.options import AsOf, DuplicateDays, KnownAt, Reveal, read_policy
from dealtrack.cli.output import check_word
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import print_line, tell, warn
from dealtrack.core.text import first_few, names_within
from dealtrack.errors import ROWS_REFUSED, CannotWrite, MissingValue
from dealtrack.exchange.day_orders import NAMES, DayOrder
from dealtrack.exchange.readers import Refusal, Source
from dealtrack.phrase import Phrase, listed

if TYPE_CHECKING:
    from dealtrack.exchange.importer import ImportSummary

SHOWN_REFUSALS = 10
SHOWN_KEPT = 5


def import_(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A CSV, JSON or JSONL file or a workbook; - for standard input.")
    ],
    mapping: Annotated[
        str,
        typer.Option(
            "--mapping", metavar="NAME", help="How columns are read: 12315, cfpb, nyc311, open311, or a file."
        ),
    ] = "",
    sheet: Annotated[
        str, typer.Option("--sheet", metavar="SHEET", help="The sheet of a workbook, by name or number [the first].")
    ] = "",
    pairs: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from a column; repeatable.")
    ] = None,
    dates: Annotated[
        list[str] | None,
        typer.Option(
            "--date-format", metavar="FORM", help="How dates are written, e.g. %d/%m/%Y, epoch-ms or roc; repeatable."
        ),
    ] = None,
    constants: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Give a field the same value in every row; repeatable."),
    ] = None,
    header: Annotated[
        str,
        typer.Option("--header-row", metavar="N", help="The row that names the columns, or rows, e.g. 2-3 [found]."),
    ] = "",
    encoding: Annotated[
        str,
        typer.Option("--encoding", metavar="NAME", help="How a text is encoded, e.g. gb18030 or cp1252 [recognised]."),
    ] = "",
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Propose a mapping for the file, show its first rows, and import nothing.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Take in the good rows even where others are refused.")
    ] = False,
    rejects: Annotated[
        str, typer.Option("--rejects", metavar="FILE", help="Write the refused rows here, with line and reason.")
    ] = "",
    duplicate_days: DuplicateDays = 7,
) -> None:
    """Import complaints and what happened to them; importing again changes nothing."""
    from dealtrack.exchange.headers import header_rows
    from dealtrack.exchange.importer import import_rows
    from dealtrack.exchange.layout import MappedColumns
    from dealtrack.exchange.mapping import Mapping, find_mapping, with_constants, with_dates, with_pairs
    from dealtrack.exchange.raw import Rejects
    from dealtrack.exchange.readers import open_source

    session: Session = context.obj
    if suggest:
        from dealtrack.cli.import_suggestion import ReadingOptions
        from dealtrack.cli.import_suggestion import suggest as propose

        how = ReadingOptions(sheet, encoding, header_rows(header), pairs or (), constants or (), dates or ())
        propose(session, file, how)
        return
    folders = [settings.user_folder() / "mappings", settings.data_folder() / "mappings"]
    table_mapping = find_mapping(mapping, folders) if mapping else Mapping()
    table_mapping = with_dates(with_constants(with_pairs(table_mapping, pairs or ()), constants or ()), dates or ())
    refused: list[Refusal] = []
    _check_rejects(rejects, file)
    rows, columns = header_rows(header), MappedColumns(table_mapping)
    with (
        session.register() as register,
        open_source(file, sheet, encoding=encoding, header_rows=rows, columns=columns) as source,
    ):
        _tell_encoding(source)
        with Rejects(rejects, source.header, source.format) as kept, _progress(source) as progress:

            def refuse(refusal: Refusal) -> None:
                if len(refused) < SHOWN_REFUSALS:
                    refused.append(refusal)
                kept.write(refusal)

            summary = import_rows(
                register,
                source,
                table_mapping,
                session.now,
                session.actor,
                skip_bad=skip_bad,
                dry_run=dry_run,
                load_policy=read_policy,
                refuse=refuse,
                progress=progress,
                duplicate_days=duplicate_days,
            )
        session.outcome = summary.outcome
        alike = [lookalike_line(like, register.zone) for like in summary.first_alike]
    session.status = ROWS_REFUSED if summary.refused else 0
    if not summary.refused or skip_bad:
        _report_alike(summary, alike)
    if source.other_sheets and not sheet:
        others = ", ".join(source.other_sheets)
        text = _("sheet {sheet} was read; --sheet reads another: {others}").format(sheet=source.sheet, others=others)
        tell(text)
    _report(summary, refused, source.name, skip_bad, dry_run, rejects)
    raise typer.Exit(session.status)


def _tell_encoding(source: Source) -> None:
    if source.also_utf8:
        text = _("{file}: read as {encoding}, as --encoding says, though it is valid UTF-8")
    elif source.encoding and not source.encoding.startswith("utf-8"):
        text = _("{file}: read as {encoding}")
    else:
        return
    tell(text.format(file=_(source.name), encoding=source.encoding.upper()))


def _check_rejects(rejects: str, file: str) -> None:
    """Refuse to write the refused rows over the file that they come from."""
    try:
        source = os.fstat(sys.stdin.fileno()) if file == "-" else os.stat(file)  # noqa: PTH116  # one of both kinds
        same = bool(rejects) and os.path.samestat(source, os.stat(rejects))  # noqa: PTH116  # the same
    except (OSError, ValueError):
        return
    if same:
        raise CannotWrite(path=rejects, reason="it is the file that is imported; name another")


@contextmanager
def _progress(source: Source) -> Iterator[Callable[[int], None]]:
    """Show a bar while a large file is read, on a terminal only."""
    if not sys.stderr.isatty() or source.size < 200_000:
        yield lambda rows: None
        return
    from dealtrack.cli.table import progress_bar

    with progress_bar(_("importing"), source.size) as advance:
        shown = 0

        def show(rows: int) -> None:
            nonlocal shown
            if rows >= shown + 500:
                shown = rows
                advance(source.position())

        yield show


def _report(
    summary: "ImportSummary", refused: list[Refusal], name: str, skip_bad: bool, dry_run: bool, rejects: str
) -> None:
    def note(text: str) -> None:
        tell(text)

    facts = summary.facts
    if facts.ignored:
        note(_("columns not read: {names}").format(names=names_within(facts.ignored)))
    if facts.open_fields:
        text = _("not read, since only you know the column: {fields}; --map {first}=COLUMN names it")
        note(text.format(fields=say(listed(facts.open_fields)), first=facts.open_fields[0]))
    if facts.last_change:
        text = _("completed is {column}, the last change of any kind, where the file tells no moment of closing")
        note(text.format(column=facts.last_change))
    for (column, is_taken), count in sorted(summary.undated.items()):
        note(_undated(column, is_taken, count))
    if facts.order.guessed:
        note(say(_unsettled(facts.order)))
    if facts.order.may_be_swapped:
        note(say(_swapped(facts.order)))
    for line in sorted(summary.passed)[:SHOWN_REFUSALS]:
        passed = _("{file}:{line}: passed over, no row of the table: {text}")
        note(passed.format(file=_(name), line=line.line, text=line.text))
    if len(summary.passed) > SHOWN_REFUSALS:
        left = len(summary.passed) - SHOWN_REFUSALS
        note(_n("... and {count} more line", "... and {count} more lines", left).format(count=left))
    for refusal in refused:
        note(f"{_(name)}:{refusal.line}: {say(refusal.reason)}")
    if summary.refused > len(refused):
        left = summary.refused - len(refused)
        more = _n("... and {count} more refused row", "... and {count} more refused rows", left).format(count=left)
        note(more + ("" if rejects else _("; --rejects FILE keeps all")))
    if rejects and summary.refused:
        note(_("refused rows are in {path}").format(path=rejects))
    if summary.platforms and not (summary.refused and not skip_bad):
        count = len(summary.platforms)
        text = _n("{count} new platform: {names}", "{count} new platforms: {names}", count)
        note(text.format(count=count, names=first_few(summary.platforms)))
    if not (summary.refused and not skip_bad):
        if summary.unknown_words:
            count, words = summary.unknown_words.total(), [word for word, count in summary.unknown_words.most_common()]
            text = _n(
                "{count} row: category other, unknown word: {words}",
                "{count} rows: category other, unknown words ({distinct}): {words}",
                count,
            )
            note(text.format(count=count, distinct=len(words), words=first_few(words)))
        _report_personal(summary, note)
    counts = _n(
        "{rows} row: {added} added, {changed} changed, {unchanged} unchanged, {refused} refused",
        "{rows} rows: {added} added, {changed} changed, {unchanged} unchanged, {refused} refused",
        summary.rows,
    ).format(
        rows=summary.rows,
        added=summary.added,
        changed=summary.changed,
        unchanged=summary.unchanged,
        refused=summary.refused,
    )
    if dry_run:
        counts += _(" (dry run: nothing was written)")
    elif summary.refused and not skip_bad:
        counts += _(" (nothing was written; --skip-bad takes in the good rows)")
    print_line(counts)


def _swapped(order: DayOrder) -> Phrase:
    """Say that the workbook itself may have taken days for months."""
    return Phrase(
        "dates of the workbook may be wrong: {text} stayed a text, so that the program that wrote the others may have "
        "taken their day for the month, as in {real}; compare them with where they come from",
        text=order.text,
        real=order.real,
    )


def _unsettled(order: DayOrder) -> Phrase:
    """Return what is to be said of dates whose day and month may be swapped."""
    other, form = order.otherwise()
    values = {
        "example": order.guessed,
        "order": NAMES[order.read_in],
        "other": NAMES[other],
        "form": f"'{form}'" if " " in form else form,
    }
    if order.against:
        return Phrase(
            "dates such as {example} were read {order}, but {against} is {other}; --date-format {form} reads them so",
            against=order.against,
            **values,
        )
    return Phrase(
        "dates such as {example} were read {order}, and no date of the file settles it; "
        "--date-format {form} reads them {other}",
        **values,
    )


def _undated(column: str, is_taken: bool, count: int) -> str:
    """Say how many rows are closed by a column without a day, and what is made of them."""
    text = _n(
        "{count} row is closed in column {column} and has no day of completion",
        "{count} rows are closed in column {column} and have no day of completion",
        count,
    ).format(count=count, column=column)
    if is_taken:
        return text + _(": taken as closed on an unknown day")
    return text + _(": they count as open; [closed] in a mapping takes them as closed on an unknown day")


def _report_personal(summary: "ImportSummary", say: Callable[[str], None]) -> None:
    for complaint, fields in summary.kept[:SHOWN_KEPT]:
        text = _(
            "complaint {complaint}: {fields} in the file is not what a clerk entered, which stands; amend changes it"
        )
        say(text.format(complaint=complaint, fields=", ".join(fields)))
    if len(summary.kept) > SHOWN_KEPT:
        say(_("... and so for {count} complaints in all").format(count=len(summary.kept)))
    if summary.odd_contacts:
        text = _n(
            "{count} row has a phone that is no number, or an e-mail that is no address; it is kept: line {lines}",
            "{count} rows have a phone that is no number, or an e-mail that is no address; all is kept: lines {lines}",
            summary.odd_contacts,
        )
        say(text.format(count=summary.odd_contacts, lines=first_few(summary.first_odd)))
    if summary.erased:
        text = _n(
            "personal data of {count} complaint was erased, and is not taken in again",
            "personal data of {count} complaints was erased, and is not taken in again",
            summary.erased,
        )
        say(text.format(count=summary.erased))


def _report_alike(summary: "ImportSummary", lines: list[str]) -> None:
    for line in lines:
        tell(line)
    if summary.alike > len(lines):
        more = _("... {count} new complaints in all look like ones entered before").format(count=summary.alike)
        warn(more)


def export(
    context: typer.Context,
    fmt: Annotated[str, typer.Option("--format", metavar="FORMAT", help="csv, jsonl, json or xlsx.")] = "csv",
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="Write to a file [standard output].")] = "",
    reveal: Reveal = False,
    as_of: AsOf = "",
    known_at: KnownAt = "",
) -> None:
    """Write every complaint, to standard output unless told otherwise."""
    from dealtrack.exchange.exporter import FORMATS, write_export, write_export_book
    from dealtrack.exchange.files import FileKind, bytes_beside, written_beside

    session: Session = context.obj
    check_word(Phrase("The format"), fmt, FORMATS)
    is_piped = not to or to == "-"
    if is_piped and fmt == "xlsx":
        raise MissingValue(what="Where to write the workbook", option="--to FILE")
    with session.register(one_state=True) as register:
        view = session.view(as_of, known_at, register.zone)
        if is_piped:
            write_export(register, view, fmt, sys.stdout, reveal)
            return
        if fmt == "xlsx":
            with bytes_beside(Path(to), FileKind.WORKBOOK) as binary:
                count = write_export_book(register, view, session.now, binary, to, reveal)
        else:
            with written_beside(Path(to), FileKind.TABLE if fmt == "csv" else FileKind.JSON) as stream:
                count = write_export(register, view, fmt, stream, reveal)
    text = _n("{count} complaint written to {file}", "{count} complaints written to {file}", count)
    tell(text.format(count=count, file=to))

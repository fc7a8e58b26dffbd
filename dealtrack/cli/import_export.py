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
from dealtrack.exchange.headers import header_rows
from dealtrack.exchange.layout import MappedColumns
from dealtrack.exchange.mapping import Mapping, find_mapping, with_options
from dealtrack.exchange.raw import FIRST_REFUSALS, Refusal, Rejects
from dealtrack.exchange.readers import Source, open_source
from dealtrack.phrase import Phrase, listed

if TYPE_CHECKING:
    from dealtrack.exchange.importer import ImportSummary

SHOWN_KEPT = 5

SourceFile = Annotated[
    str, typer.Argument(metavar="FILE", help="CSV, JSON or JSONL file, or a workbook; - for standard input.")
]
MappingName = Annotated[
    str,
    typer.Option("--mapping", metavar="NAME", help="Column mapping: 12315, cfpb, nyc311, open311 or a mapping file."),
]
SheetName = Annotated[
    str, typer.Option("--sheet", metavar="SHEET", help="Sheet of a workbook, by name or number [default: the first].")
]
ColumnPairs = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from this column; repeatable.")
]
DateForms = Annotated[
    list[str] | None,
    typer.Option("--date-format", metavar="FORM", help="Date format, e.g. %d/%m/%Y, epoch-ms or roc; repeatable."),
]
Constants = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Set a field to this value in every row; repeatable."),
]
HeaderRow = Annotated[
    str, typer.Option("--header-row", metavar="N", help="Header row, e.g. 2, or rows, e.g. 2-3 [default: detected].")
]
EncodingName = Annotated[
    str, typer.Option("--encoding", metavar="NAME", help="Text encoding, e.g. gb18030 or cp1252 [default: detected].")
]
Suggest = Annotated[bool, typer.Option("--suggest", help="Propose a mapping and show the first rows; imports nothing.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Dry run: show what would be done, write nothing.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Import valid rows; skip invalid ones.")]
RejectsFile = Annotated[
    str, typer.Option("--rejects", metavar="FILE", help="Write refused rows to this file, with line and reason.")
]


def import_(
    context: typer.Context,
    file: SourceFile,
    mapping: MappingName = "",
    sheet: SheetName = "",
    pairs: ColumnPairs = None,
    dates: DateForms = None,
    constants: Constants = None,
    header: HeaderRow = "",
    encoding: EncodingName = "",
    suggest: Suggest = False,
    dry_run: DryRun = False,
    skip_bad: SkipBad = False,
    rejects: RejectsFile = "",
    duplicate_days: DuplicateDays = 7,
) -> None:
    """Import complaints and their history; importing a file again changes nothing."""
    from dealtrack.exchange.importer import import_rows

    session: Session = context.obj
    options = pairs or (), constants or (), dates or ()
    if suggest:
        from dealtrack.cli.import_suggestion import propose

        propose(session, file, sheet, encoding, header_rows(header), options)
        return
    file_mapping = with_options(find_mapping(mapping, settings.mapping_folders()) if mapping else Mapping(), *options)
    _check_rejects(rejects, file)
    rows, columns = header_rows(header), MappedColumns(file_mapping)
    with (
        session.register() as register,
        open_source(file, sheet, encoding=encoding, header_rows=rows, columns=columns) as source,
    ):
        _tell_encoding(source)
        with Rejects(rejects, source.header, source.format) as refused, _progress(source) as progress:
            summary = import_rows(
                register,
                source,
                file_mapping,
                session.now,
                session.actor,
                skip_bad=skip_bad,
                dry_run=dry_run,
                load_policy=read_policy,
                refuse=refused.write,
                progress=progress,
                duplicate_days=duplicate_days,
            )
            session.outcome = summary.outcome
        alike = [lookalike_line(like, register.zone) for like in summary.first_alike]
    session.status = ROWS_REFUSED if summary.refused else 0
    if not summary.refused or skip_bad:
        _report_alike(summary, alike)
    if source.other_sheets and not sheet:
        others = _(", ").join(source.other_sheets)
        tell(_("read sheet {sheet}; choose another with --sheet: {others}").format(sheet=source.sheet, others=others))
    _report_file(summary)
    _report_rows(summary, refused.first, source.name, rejects)
    is_written = not summary.refused or skip_bad
    if is_written:
        _report_words(summary)
        _report_personal(summary)
    _report_counts(summary, is_written, dry_run)
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
        raise CannotWrite(path=rejects, reason="it is the file being imported; name another")


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


def _report_file(summary: "ImportSummary") -> None:
    """Say what was learnt of the file: columns that nobody reads, closings without a day, dates that are a guess."""
    facts = summary.facts
    if facts.ignored:
        tell(_("columns not imported: {names}").format(names=names_within(facts.ignored)))
    if facts.open_fields:
        text = _("not imported, because the column is not known: {fields}; name it with --map {first}=COLUMN")
        tell(text.format(fields=say(listed(facts.open_fields)), first=facts.open_fields[0]))
    if facts.last_change:
        text = _("where the file has no completion time, completed is taken from {column}, the last change of any kind")
        tell(text.format(column=facts.last_change))
    for (column, is_closed), count in sorted(summary.undated.items()):
        tell(_undated(column, is_closed, count))
    if facts.order.guessed:
        tell(say(_unsettled(facts.order)))
    if facts.order.may_be_swapped:
        tell(say(_swapped(facts.order)))


def _report_rows(summary: "ImportSummary", refused: list[Refusal], name: str, rejects: str) -> None:
    """Say which lines are no rows, and which rows were refused."""
    for line in sorted(summary.passed)[:FIRST_REFUSALS]:
        passed = _("{file}:{line}: skipped, not a data row: {text}")
        tell(passed.format(file=_(name), line=line.line, text=line.text))
    if len(summary.passed) > FIRST_REFUSALS:
        left = len(summary.passed) - FIRST_REFUSALS
        tell(_n("... and {count} more line", "... and {count} more lines", left).format(count=left))
    for refusal in refused:
        tell(f"{_(name)}:{refusal.line}: {say(refusal.reason)}")
    if summary.refused > len(refused):
        left = summary.refused - len(refused)
        more = _n("... and {count} more refused row", "... and {count} more refused rows", left).format(count=left)
        tell(more + ("" if rejects else _("; write all of them with --rejects FILE")))
    if rejects and summary.refused:
        tell(_("refused rows written to {path}").format(path=rejects))


def _report_words(summary: "ImportSummary") -> None:
    """Say which platforms are new, and which words stand for no category."""
    if summary.platforms:
        count = len(summary.platforms)
        text = _n("{count} platform added: {names}", "{count} platforms added: {names}", count)
        tell(text.format(count=count, names=first_few(summary.platforms)))
    if summary.unknown_words:
        count, words = summary.unknown_words.total(), [word for word, count in summary.unknown_words.most_common()]
        text = _n(
            "{count} row: category other, unknown word: {words}",
            "{count} rows: category other, unknown words ({distinct}): {words}",
            count,
        )
        tell(text.format(count=count, distinct=len(words), words=first_few(words)))


def _report_counts(summary: "ImportSummary", is_written: bool, dry_run: bool) -> None:
    """Print what came of the rows, in one line on standard output."""
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
    elif not is_written:
        counts += _(" (nothing was written; --skip-bad imports the valid rows)")
    print_line(counts)


def _swapped(order: DayOrder) -> Phrase:
    """Say that the workbook itself may have taken days for months."""
    return Phrase(
        (
            "dates of the workbook may be wrong: {text} is text, so the program that wrote the others may have "
            "swapped day and month, e.g. in {real}; compare them with the source"
        ),
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
            (
                "dates such as {example} were read {order}, but {against} is {other}; --date-format {form} reads "
                "them that way"
            ),
            against=order.against,
            **values,
        )
    return Phrase(
        (
            "dates such as {example} were read {order}, but no date in the file confirms it; --date-format "
            "{form} reads them {other}"
        ),
        **values,
    )


def _undated(column: str, is_closed: bool, count: int) -> str:
    """Say how many rows are closed by a column without a day, and what is made of them."""
    text = _n(
        "{count} row is closed in column {column} but has no completion date",
        "{count} rows are closed in column {column} but have no completion date",
        count,
    ).format(count=count, column=column)
    if is_closed:
        return text + _(": counted as closed on an unknown date")
    return text + _(": counted as open; with [closed] in a mapping they count as closed on an unknown date")


def _report_personal(summary: "ImportSummary") -> None:
    """Say which personal data of the file was not taken in as it stands."""
    for complaint, fields in summary.kept[:SHOWN_KEPT]:
        text = _(
            "complaint {complaint}: {fields} in the file differs from what a clerk recorded; the clerk's stays, "
            "use amend to change it"
        )
        tell(text.format(complaint=complaint, fields=_(", ").join(fields)))
    if len(summary.kept) > SHOWN_KEPT:
        tell(_("... the same for {count} complaints in all").format(count=len(summary.kept)))
    if summary.odd_contacts:
        text = _n(
            "{count} row has an invalid phone number or e-mail address; kept as it is: line {lines}",
            "{count} rows have an invalid phone number or e-mail address; kept as they are: lines {lines}",
            summary.odd_contacts,
        )
        tell(text.format(count=summary.odd_contacts, lines=first_few(summary.first_odd)))
    if summary.erased:
        text = _n(
            "personal data of {count} complaint was erased and is not imported again",
            "personal data of {count} complaints was erased and is not imported again",
            summary.erased,
        )
        tell(text.format(count=summary.erased))


def _report_alike(summary: "ImportSummary", lines: list[str]) -> None:
    for line in lines:
        tell(line)
    if summary.alike > len(lines):
        more = _("... {count} new complaints in all may be duplicates").format(count=summary.alike)
        warn(more)


def export(
    context: typer.Context,
    fmt: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Output format: csv, jsonl, json or xlsx.")
    ] = "csv",
    to: Annotated[
        str, typer.Option("--to", metavar="FILE", help="Write to this file [default: standard output].")
    ] = "",
    reveal: Reveal = False,
    as_of: AsOf = "",
    known_at: KnownAt = "",
) -> None:
    """Export every complaint."""
    from dealtrack.exchange.exporter import FORMATS, write_export, write_export_book
    from dealtrack.exchange.files import FileKind, binary_output, text_output

    session: Session = context.obj
    check_word(Phrase("Format"), fmt, FORMATS)
    is_piped = not to or to == "-"
    if is_piped and fmt == "xlsx":
        raise MissingValue(what="File for the workbook", option="--to FILE")
    with session.register(one_state=True) as register:
        view = session.view(as_of, known_at, register.zone)
        if is_piped:
            write_export(register, view, fmt, sys.stdout, reveal)
            return
        if fmt == "xlsx":
            with binary_output(Path(to), FileKind.WORKBOOK) as binary:
                count = write_export_book(register, view, session.now, binary, to, reveal)
        else:
            with text_output(Path(to), FileKind.TABLE if fmt == "csv" else FileKind.JSON) as stream:
                count = write_export(register, view, fmt, stream, reveal)
    text = _n("{count} complaint exported to {file}", "{count} complaints exported to {file}", count)
    tell(text.format(count=count, file=to))

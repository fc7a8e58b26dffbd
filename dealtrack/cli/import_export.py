"""Commands that exchange complaints with other programs."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealtrack import settings
from dealtrack.cli.language import _, _n, say, say_field
from dealtrack.cli.options import DuplicateDays, Encoding, Reveal, ViewTimes, argument, flag, option, read_policy
from dealtrack.cli.output import check_word, lookalike_line
from dealtrack.cli.session import Session, ask_to_go_on, is_agreed
from dealtrack.cli.terminal import print_line, tell, warn
from dealtrack.core.text import first_few, names_within
from dealtrack.errors import ROWS_REFUSED, CannotWrite, MissingValue
from dealtrack.exchange.date_forms import NAMES, DayOrder
from dealtrack.exchange.headers import header_rows
from dealtrack.exchange.layout import MappedColumns
from dealtrack.exchange.mapping import Mapping, find_mapping, with_options
from dealtrack.exchange.raw import FIRST_REFUSALS, Refusal, Rejects
from dealtrack.exchange.readers import Source, open_source
from dealtrack.phrase import Phrase, listed

if TYPE_CHECKING:
    from dealtrack.exchange.importer import CloseName, ImportSummary

SHOWN_KEPT = 5
SHOWN_CLOSE, MOST_ASKED = 9, 20


def import_(
    session: Session,
    *,
    file: Annotated[str, argument("FILE", "CSV, JSON or JSONL file, or a workbook; - for standard input.")],
    mapping: Annotated[str, option("NAME", "Column mapping: 12315, cfpb, nyc311, open311 or a mapping file.")],
    sheet: Annotated[str, option("SHEET", "Sheet of a workbook, by name or number [default: the first].")],
    pairs: Annotated[list[str], option("FIELD=COLUMN", "Read a field from this column; repeatable.", "--map")],
    date_format: Annotated[list[str], option("FORM", "Date format, e.g. %d/%m/%Y, epoch-ms or roc; repeatable.")],
    constants: Annotated[
        list[str], option("FIELD=VALUE", "Set a field to this value in every row; repeatable.", "--set")
    ],
    header_row: Annotated[str, option("N", "Header row, e.g. 2, or rows, e.g. 2-3 [default: detected].")],
    encoding: Encoding,
    suggest: Annotated[bool, flag("Propose a mapping and show the first rows; imports nothing.")],
    dry_run: Annotated[bool, flag("Dry run: show what would be done, write nothing.")],
    skip_bad: Annotated[bool, flag("Import valid rows; skip invalid ones.")],
    rejects: Annotated[str, option("FILE", "Write refused rows to this file, with line and reason.")],
    duplicate_days: DuplicateDays = 7,
) -> None:
    """Import complaints and their history; importing a file again changes nothing."""
    from dealtrack.exchange.importer import import_rows

    options = pairs, constants, date_format
    if suggest:
        from dealtrack.cli.import_suggestion import propose

        propose(session, file, sheet, encoding, header_row, options)
        return
    file_mapping = with_options(find_mapping(mapping, settings.mapping_folders()) if mapping else Mapping(), *options)
    _check_rejects(rejects, file)
    rows, columns = header_rows(header_row), MappedColumns(file_mapping)
    asks = session.asks and not dry_run and file != "-"

    def run(same: dict[str, str] | None) -> "tuple[ImportSummary, Source, Rejects, list[str]]":
        """Import the file; without answers, nothing where a person is to be asked which platforms are meant."""

        def may_write(summary: "ImportSummary") -> bool:
            if same is None and not asks:
                _tell_close(list(summary.close.values()))
            return same is not None or not (asks and summary.close)

        with (
            session.register() as register,
            open_source(file, sheet, encoding=encoding, header_rows=rows, columns=columns) as source,
        ):
            if same is None:
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
                    same=same or {},
                    may_write=may_write,
                )
                session.result = summary.result
            return summary, source, refused, [lookalike_line(like, register.zone) for like in summary.first_alike]

    summary, source, refused, alike = run(None)
    if asks and summary.close and (skip_bad or not summary.refused):
        summary, source, refused, alike = run(_ask_which(list(summary.close.values())))
    session.status = ROWS_REFUSED if summary.refused else 0
    is_written = not summary.refused or skip_bad
    if is_written:
        for line in alike:
            tell(line)
        if summary.alike > len(alike):
            warn(_("... {count} new complaints in all may be duplicates", count=summary.alike))
    if source.other_sheets and not sheet:
        others = _(", ").join(source.other_sheets)
        tell(_("read sheet {sheet}; choose another with --sheet: {others}", sheet=source.sheet, others=others))
    _report_file(summary)
    _report_rows(summary, refused.first, source.name, rejects)
    if is_written:
        _report_changes(summary)
    _report_counts(summary, is_written, dry_run)
    raise typer.Exit(session.status)


def _tell_close(close: "Sequence[CloseName]") -> None:
    """Say which new platforms are close to known ones, before they are written."""
    for each in close[:SHOWN_CLOSE]:
        text = _n(
            "new platform {name} ({count} row): it is close to {known}",
            "new platform {name} ({count} rows): it is close to {known}",
            each.rows,
            name=each.name,
            known=say_field("platform", each.known),
        )
        tell(text)
    if len(close) > SHOWN_CLOSE:
        tell(_("... and {count} more", count=len(close) - SHOWN_CLOSE))
    if close:
        tell(_("if they are the same: [values.platform] in a mapping, or afterwards 'dealtrack platform merge'"))


def _ask_which(close: "Sequence[CloseName]") -> dict[str, str]:
    """Return which new platforms are known ones that they are close to, as a person answers; raises typer.Abort."""
    if len(close) > MOST_ASKED:
        _tell_close(close)
        ask_to_go_on(_("Import all of them as new platforms?"))
        return {}
    same = {}
    for each in close:
        question = _n(
            "{name} ({count} row) is a new platform. Is it {known}?",
            "{name} ({count} rows) is a new platform. Is it {known}?",
            each.rows,
            name=each.name,
            known=say_field("platform", each.known),
        )
        if is_agreed(question):
            same[each.name] = each.known
    return same


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
    """Show a bar while a large file is read, on a terminal only; what is given is told how many rows are read."""
    if not sys.stderr.isatty() or source.size < 200_000:
        yield lambda rows: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(_("importing"), total=source.size)
        shown = 0

        def show(rows: int) -> None:
            nonlocal shown
            if rows >= shown + 500:
                shown = rows
                progress.update(task, completed=min(source.position(), source.size))

        yield show


def _report_file(summary: "ImportSummary") -> None:
    """Say what was learnt of the file: columns that nobody reads, closings without a day, dates that are a guess."""
    facts = summary.facts
    if facts.ignored:
        tell(_("columns not imported: {names}", names=names_within(facts.ignored)))
    if facts.open_fields:
        text = _("not imported, because the column is not known: {fields}; name it with --map {first}=COLUMN")
        tell(text.format(fields=say(listed(facts.open_fields)), first=facts.open_fields[0]))
    if facts.last_change:
        text = _("where the file has no completion time, completed is taken from {column}, the last change of any kind")
        tell(text.format(column=facts.last_change))
    for (column, is_closed), count in sorted(summary.undated.items()):
        text = _n(
            "{count} row is closed in column {column} but has no completion date",
            "{count} rows are closed in column {column} but have no completion date",
            count,
            column=column,
        )
        closed = _(": counted as closed on an unknown date")
        still = _(": counted as open; with [closed] in a mapping they count as closed on an unknown date")
        tell(text + (closed if is_closed else still))
    _report_order(facts.order)


def _report_rows(summary: "ImportSummary", refused: list[Refusal], name: str, rejects: str) -> None:
    """Say which lines are no rows, and which rows were refused."""
    for line in sorted(summary.passed)[:FIRST_REFUSALS]:
        tell(_("{file}:{line}: skipped, not a data row: {text}", file=_(name), line=line.line, text=line.text))
    if len(summary.passed) > FIRST_REFUSALS:
        left = len(summary.passed) - FIRST_REFUSALS
        tell(_n("... and {count} more line", "... and {count} more lines", left))
    for refusal in refused:
        tell(f"{_(name)}:{refusal.line}: {say(refusal.reason)}")
    if summary.refused > len(refused):
        left = summary.refused - len(refused)
        more = _n("... and {count} more refused row", "... and {count} more refused rows", left)
        tell(more + ("" if rejects else _("; write all of them with --rejects FILE")))
    if rejects and summary.refused:
        tell(_("refused rows written to {path}", path=rejects))


def _report_counts(summary: "ImportSummary", is_written: bool, dry_run: bool) -> None:
    """Print what came of the rows, in one line on standard output."""
    values = {name: getattr(summary, name) for name in ("rows", "added", "changed", "unchanged", "refused")}
    counts = _n(
        "{rows} row: {added} added, {changed} changed, {unchanged} unchanged, {refused} refused",
        "{rows} rows: {added} added, {changed} changed, {unchanged} unchanged, {refused} refused",
        summary.rows,
        **values,
    )
    if dry_run:
        counts += _(" (dry run: nothing was written)")
    elif not is_written:
        counts += _(" (nothing was written; --skip-bad imports the valid rows)")
    print_line(counts)


def _report_order(order: DayOrder) -> None:
    """Say which dates may have day and month swapped: by a guess, or by the program that wrote the workbook."""
    if order.guessed:
        other, form = order.otherwise()
        if order.against:
            text = _(
                "dates such as {example} were read {order}, but {against} is {other}; --date-format {form} reads "
                "them that way"
            )
        else:
            text = _(
                "dates such as {example} were read {order}, but no date in the file confirms it; --date-format "
                "{form} reads them {other}"
            )
        values = {"order": say(NAMES[order.read_in]), "other": say(NAMES[other]), "against": order.against}
        tell(text.format(example=order.guessed, form=f"'{form}'" if " " in form else form, **values))
    if order.may_be_swapped:
        text = _(
            "dates of the workbook may be wrong: {text} is text, so the program that wrote the others may have "
            "swapped day and month, e.g. in {real}; compare them with the source"
        )
        tell(text.format(text=order.text, real=order.real))


def _report_changes(summary: "ImportSummary") -> None:
    """Say which platforms are new, which words stand for no category, and which personal data was not taken in."""
    if summary.platforms:
        count, names = len(summary.platforms), first_few(summary.platforms)
        tell(_n("{count} platform added: {names}", "{count} platforms added: {names}", count, names=names))
    if summary.unknown_words:
        words = [word for word, _count in summary.unknown_words.most_common()]
        text = _n(
            "{count} row: category other, unknown word: {words}",
            "{count} rows: category other, unknown words ({distinct}): {words}",
            summary.unknown_words.total(),
            distinct=len(words),
            words=first_few(words),
        )
        tell(text)
    for complaint, fields in summary.differing[:SHOWN_KEPT]:
        text = _(
            "complaint {complaint}: {fields} in the file differs from what a clerk recorded; the clerk's stays, "
            "use amend to change it"
        )
        tell(text.format(complaint=complaint, fields=_(", ").join(fields)))
    if len(summary.differing) > SHOWN_KEPT:
        tell(_("... the same for {count} complaints in all", count=len(summary.differing)))
    if summary.odd_contacts:
        text = _n(
            "{count} row has an invalid phone number or e-mail address; kept as it is: line {lines}",
            "{count} rows have an invalid phone number or e-mail address; kept as they are: lines {lines}",
            summary.odd_contacts,
            lines=first_few(summary.first_odd),
        )
        tell(text)
    if summary.erased:
        text = _n(
            "personal data of {count} complaint was erased and is not imported again",
            "personal data of {count} complaints was erased and is not imported again",
            summary.erased,
        )
        tell(text)


def export(
    session: Session,
    *,
    fmt: Annotated[str, option("FORMAT", "Output format: csv, jsonl, json or xlsx.", "--format")] = "csv",
    to: Annotated[str, option("FILE", "Write to this file [default: standard output].")],
    reveal: Reveal,
    for_people: Annotated[bool, flag("CSV or workbook in your language, for Excel; an import reads the other form.")],
    times: ViewTimes,
) -> None:
    """Export every complaint."""
    from dealtrack.exchange.files import FileKind, binary_output, text_output
    from dealtrack.exchange.histories import EXPORT_FORMATS, write_export, write_export_book

    check_word(Phrase("Format"), fmt, ("csv", "xlsx") if for_people else EXPORT_FORMATS)
    is_piped = to in ("", "-")
    if is_piped and fmt == "xlsx":
        raise MissingValue(what="File for the workbook", option="--to FILE")
    if for_people:
        from dealtrack.cli.lists import write_people_book, write_people_export

        write_export, write_export_book = write_people_export, write_people_book
    with session.reading(*times) as (register, view):
        if is_piped:
            write_export(register, view, fmt, sys.stdout, reveal)
            return
        if fmt == "xlsx":
            with binary_output(Path(to), FileKind.WORKBOOK) as binary:
                count = write_export_book(register, view, session.now, binary, to, reveal)
        else:
            with text_output(Path(to), FileKind.TABLE if fmt == "csv" else FileKind.JSON) as stream:
                count = write_export(register, view, fmt, stream, reveal)
    tell(_n("{count} complaint exported to {file}", "{count} complaints exported to {file}", count, file=to))

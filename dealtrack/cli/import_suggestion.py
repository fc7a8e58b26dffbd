"""Printing the mapping that is proposed for a file, and its first rows as that would read them."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dealtrack import settings
from dealtrack.cli.language import _, say
from dealtrack.cli.output import print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell
from dealtrack.core.personal import PERSONAL, mask
from dealtrack.core.platform import Platform
from dealtrack.core.text import names_within
from dealtrack.errors import MissingColumn, RegisterMissing
from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.layout import lay_out
from dealtrack.exchange.mapping import DEFAULT, EVENTS, FIELDS, Mapping, find_mapping, mapping_names, with_options
from dealtrack.exchange.raw import PassedLine, RawRow
from dealtrack.exchange.readers import Refusal, Source, open_source
from dealtrack.exchange.rows import ComplaintReader
from dealtrack.exchange.suggest import SAMPLE, Suggestion, mapping_toml, suggest_mapping

SHOWN = 5
ON_TERMINAL = ("number", "platform", "category", "received", "forwarded", "completed")
"""What eighty columns hold; through a pipe all fields are shown."""


Options = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""Columns, constants and date forms, as the options of `import` say them."""


def propose(
    session: Session, file: str, sheet: str, encoding: str, header_rows: tuple[int, int] | None, options: Options
) -> None:
    """Print the mapping that is proposed for a file as TOML, and on standard error its first rows as it reads them.

    The register is not needed; where there is one, its platforms and time zone count. Raises CannotRead.
    """
    zone, platforms = _setting(session)
    folders = settings.mapping_folders()
    with open_source(file, sheet, encoding=encoding, header_rows=header_rows) as source:
        sample = list(islice(source.rows, SAMPLE))
        rows = [row for row in sample if isinstance(row, RawRow)]
        if lay_out(Mapping(), source.header).export_places is not None:
            print(_("# an export of dealtrack: no mapping needed"))
            return
        shipped = [find_mapping(name, folders) for name in mapping_names(folders)]
        rest = (row for row in source.rows if isinstance(row, RawRow))
        proposal = suggest_mapping(source.header, rows, shipped, platforms, rest)
        mapping = with_options(proposal.mapping, *options)
        mapping = replace(
            mapping, open_fields=tuple(name for name in mapping.open_fields if name not in mapping.columns)
        )
        print(mapping_toml(mapping, list(_remarks(proposal, mapping, source))), end="")
        sys.stdout.flush()
        _show(mapping, replace(source, rows=iter(sample[:SHOWN])), zone)


def _remarks(proposal: Suggestion, mapping: Mapping, source: Source) -> Iterator[str]:
    """Yield what is to be said of a mapping and the file that it was made for."""
    if proposal.fits == DEFAULT:
        yield _("no mapping needed for this file")
    elif proposal.fits:
        yield _("a bundled mapping fits this file: --mapping {name}", name=proposal.fits)
    yield from map(say, proposal.remarks)
    if source.encoding and not source.encoding.startswith("utf-8"):
        yield _("{file}: read as {encoding}", file=_(source.name), encoding=source.encoding.upper())
    for line in source.passed:
        yield _("{file}:{line}: skipped, not a data row: {text}", file=_(source.name), line=line.line, text=line.text)
    for name in mapping.open_fields:
        yield _("no column found for {field}: name it with --map {field}=COLUMN", field=name)
    layout = lay_out(mapping, source.header)
    if "completed" not in layout.fields and "completed" not in mapping.open_fields:
        yield _("no column found for completed: all become overdue unless you name it with --map completed=COLUMN")
    if layout.ignored:
        yield _("columns that it does not read: {columns}", columns=names_within(layout.ignored))


def _setting(session: Session) -> tuple[tzinfo, Sequence[Platform]]:
    try:
        with session.register() as register:
            return register.zone, register.platforms
    except RegisterMissing:
        from dealtrack.sources.platforms import load_platforms

        return ZoneInfo("Asia/Shanghai"), load_platforms(settings.data_folder() / "platforms.toml")


def _show(mapping: Mapping, source: Source, zone: tzinfo) -> None:
    read = [name for name in FIELDS if name in mapping.columns or name in mapping.constants]
    keys = ["line", *(name for name in read if name in ON_TERMINAL or not sys.stderr.isatty())]
    try:
        rows = list(ComplaintReader(source, mapping, zone).read(source.rows))
    except MissingColumn:
        return
    print_records(_records(rows, keys), keys, zone=zone, stream=sys.stderr)
    for row in rows:
        if isinstance(row, Refusal):
            text = _("{file}:{line}: {reason}", file=source.name, line=row.line, reason=say(row.reason))
            tell(text)


def _records(rows: Sequence[ComplaintRow | Refusal | PassedLine], keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if not isinstance(row, ComplaintRow):
            continue
        values = {name: getattr(row, name) for name in keys if name not in EVENTS}
        for name, moment in row.moments.items():
            values[name] = moment.start
        for name in PERSONAL:
            if name in values:
                values[name] = mask(name, values[name])
        yield values

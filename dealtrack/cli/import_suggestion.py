"""The mapping that `import --suggest` proposes for a file, and how it reads the first rows."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from dealtrack import settings
from dealtrack.cli.language import _, say
from dealtrack.cli.output import print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell
from dealtrack.core.text import names_within
from dealtrack.errors import MissingColumn, RegisterMissing
from dealtrack.exchange.headers import header_rows
from dealtrack.exchange.layout import layout_of_file
from dealtrack.exchange.mapping import DEFAULT, FIELDS, MOMENTS, Mapping, find_mapping, mapping_names, with_options
from dealtrack.exchange.raw import RawRow, Refusal
from dealtrack.exchange.readers import Source, open_source

if TYPE_CHECKING:
    from dealtrack.core.platform import Platform
    from dealtrack.exchange.complaint_row import ComplaintRow
    from dealtrack.exchange.suggest import Suggestion

SHOWN_ROWS = 5
ON_TERMINAL = ("number", "platform", "category", "received", "forwarded", "completed")
"""What eighty columns hold; through a pipe all fields are shown."""


def propose(
    session: Session, file: str, sheet: str, encoding: str, header_row: str, options: tuple[Sequence[str], ...]
) -> None:
    """Print the mapping that is proposed for a file as TOML, and on standard error its first rows as it reads them.

    The register is not needed; where there is one, its platforms and time zone count. Raises CannotRead.
    """
    from dealtrack.exchange.suggest import SAMPLE, mapping_toml, suggest_mapping

    zone, platforms = _setting(session)
    folders = settings.mapping_folders()
    with open_source(file, sheet, encoding=encoding, header_rows=header_rows(header_row)) as source:
        sample = list(islice(source.rows, SAMPLE))
        rows = [row for row in sample if isinstance(row, RawRow)]
        if layout_of_file(Mapping(), source.header, source.name).export_places is not None:
            print(_("# an export of dealtrack: no mapping needed"))
            return
        shipped = [find_mapping(name, folders) for name in mapping_names(folders)]
        rest = (row for row in source.rows if isinstance(row, RawRow))
        proposal = suggest_mapping(source.header, rows, shipped, platforms, rest)
        mapping = with_options(proposal.mapping, *options)
        missing = tuple(name for name in mapping.open_fields if name not in mapping.columns)
        mapping = replace(mapping, open_fields=missing)
        print(mapping_toml(mapping, list(_remarks(proposal, mapping, source))), end="")
        sys.stdout.flush()
        _show_first_rows(mapping, replace(source, rows=iter(sample[:SHOWN_ROWS])), zone)


def _remarks(proposal: "Suggestion", mapping: Mapping, source: Source) -> Iterator[str]:
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
    layout = layout_of_file(mapping, source.header, source.name)
    if "completed" not in layout.fields and "completed" not in mapping.open_fields:
        yield _("no column found for completed: all become overdue unless you name it with --map completed=COLUMN")
    if layout.ignored:
        yield _("columns that it does not read: {columns}", columns=names_within(layout.ignored))


def _setting(session: Session) -> tuple[tzinfo, "Sequence[Platform]"]:
    try:
        with session.register() as register:
            return register.zone, register.platforms
    except RegisterMissing:
        from zoneinfo import ZoneInfo

        from dealtrack.sources.platforms import load_platforms

        return ZoneInfo("Asia/Shanghai"), load_platforms(settings.data_folder() / "platforms.toml")


def _show_first_rows(mapping: Mapping, source: Source, zone: tzinfo) -> None:
    from dealtrack.exchange.complaint_row import ComplaintRow
    from dealtrack.exchange.rows import ComplaintReader

    fields = [name for name in FIELDS if name in mapping.columns or name in mapping.constants]
    keys = ["line", *(name for name in fields if name in ON_TERMINAL or not sys.stderr.isatty())]
    try:
        rows = list(ComplaintReader(source, mapping, zone).read(source.rows))
    except MissingColumn:
        return
    read = [_record(row, keys) for row in rows if isinstance(row, ComplaintRow)]
    print_records(read, keys, zone=zone, stream=sys.stderr)
    for row in rows:
        if isinstance(row, Refusal):
            tell(_("{file}:{line}: {reason}", file=source.name, line=row.line, reason=say(row.reason)))


def _record(row: "ComplaintRow", keys: Sequence[str]) -> dict[str, Any]:
    from dealtrack.core.personal import PERSONAL, mask

    values = {name: getattr(row, name) for name in keys if name not in MOMENTS}
    values |= {name: moment.start for name, moment in row.moments.items()}
    return values | {name: mask(name, values[name]) for name in PERSONAL if name in values}

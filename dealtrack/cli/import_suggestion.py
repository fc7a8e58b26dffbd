"""Printing the mapping that is proposed for a file, and its first rows as that would read them."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import islice
from typing import Any, NamedTuple
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
from dealtrack.exchange.layout import lay_out
from dealtrack.exchange.mapping import (
    DEFAULT,
    EVENTS,
    FIELDS,
    Mapping,
    find_mapping,
    mapping_names,
    with_constants,
    with_dates,
    with_pairs,
)
from dealtrack.exchange.raw import PassedLine, RawRow
from dealtrack.exchange.readers import Refusal, Source, open_source
from dealtrack.exchange.rows import Incoming, RowsReader
from dealtrack.exchange.suggest import SAMPLE, mapping_toml, suggest_mapping

SHOWN = 5
ON_TERMINAL = ("number", "platform", "category", "received", "forwarded", "completed")
"""What eighty columns hold; through a pipe all fields are shown."""


class ReadingOptions(NamedTuple):
    """How a file is to be read, as the options of `import` say it."""

    sheet: str
    encoding: str
    header_rows: tuple[int, int] | None
    pairs: Sequence[str]
    constants: Sequence[str]
    dates: Sequence[str]


def suggest(session: Session, file: str, how: ReadingOptions) -> None:
    """Print the mapping that is proposed for a file as TOML, and on standard error its first rows as it reads them.

    The register is not needed; where there is one, its platforms and time zone count. Raises CannotRead.
    """
    zone, platforms = _setting(session)
    folders = [settings.user_folder() / "mappings", settings.data_folder() / "mappings"]
    with open_source(file, how.sheet, encoding=how.encoding, header_rows=how.header_rows) as source:
        sample = list(islice(source.rows, SAMPLE))
        rows = [row for row in sample if isinstance(row, RawRow)]
        if lay_out(Mapping(), source.header).own is not None:
            print(_("# an export of dealtrack: import reads it without a mapping"))
            return
        shipped = [find_mapping(name, folders) for name in mapping_names(folders)]
        rest = (row for row in source.rows if isinstance(row, RawRow))
        proposal = suggest_mapping(source.header, rows, shipped, platforms, rest)
        mapping = with_dates(with_constants(with_pairs(proposal.mapping, how.pairs), how.constants), how.dates)
        mapping = replace(
            mapping, open_fields=tuple(name for name in mapping.open_fields if name not in mapping.columns)
        )
        remarks = list(map(say, proposal.remarks))
        if source.encoding and not source.encoding.startswith("utf-8"):
            remarks.append(
                _("{file}: read as {encoding}").format(file=_(source.name), encoding=source.encoding.upper())
            )
        remarks += [
            _("{file}:{line}: passed over, no row of the table: {text}").format(
                file=_(source.name), line=line.line, text=line.text
            )
            for line in source.passed
        ]
        if proposal.fits == DEFAULT:
            remarks.insert(0, _("import reads this file without a mapping"))
        elif proposal.fits:
            remarks.insert(0, _("a shipped mapping reads this file: --mapping {name}").format(name=proposal.fits))
        remarks += [
            _("no column was found for {field}: --map {field}=COLUMN names it").format(field=name)
            for name in mapping.open_fields
        ]
        layout = lay_out(mapping, source.header)
        if "completed" not in layout.fields and "completed" not in mapping.open_fields:
            remarks.append(
                _("no column was found for completed: all become overdue unless --map completed=COLUMN names it")
            )
        ignored = layout.ignored
        if ignored:
            remarks.append(_("columns that it does not read: {columns}").format(columns=names_within(ignored)))
        print(mapping_toml(mapping, remarks), end="")
        sys.stdout.flush()
        _show(mapping, replace(source, rows=iter(sample[:SHOWN])), zone)


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
        rows = list(RowsReader(source, mapping, zone).read(source.rows))
    except MissingColumn:
        return
    print_records(_records(rows, keys), keys, zone=zone, stream=sys.stderr)
    for row in rows:
        if isinstance(row, Refusal):
            text = _("{file}:{line}: {reason}").format(file=source.name, line=row.line, reason=row.reason)
            tell(text)


def _records(rows: Sequence[Incoming | Refusal | PassedLine], keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if not isinstance(row, Incoming):
            continue
        values = {name: getattr(row, name) for name in keys if name not in EVENTS}
        for name, moment in row.moments.items():
            values[name] = moment.start
        for name in PERSONAL:
            if name in values:
                values[name] = mask(name, values[name])
        yield values

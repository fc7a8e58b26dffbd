"""Lists that are written to files: one per group of what is overdue, and all complaints for people."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from dealtrack.cli.language import _, _n, say_field
from dealtrack.cli.output import LATE_KEYS, LISTED_KEYS, print_records
from dealtrack.cli.people import BYTE_ORDER_MARK, list_table, write_list, write_records
from dealtrack.core.moments import show_moment
from dealtrack.core.standing import WATCH_KEYS, Lateness, watch_record
from dealtrack.core.text import safe_text
from dealtrack.exchange.files import ENDINGS, FileKind, binary_output, grouped, text_output, write_lists
from dealtrack.exchange.histories import COLUMN, ExportRecords, export_keys
from dealtrack.exchange.writers import write_csv
from dealtrack.register.queries import View
from dealtrack.register.register import Register
from dealtrack.reports.tables import Table

KEYS = (*WATCH_KEYS, "received", "summary")
Records = Sequence[Mapping[str, Any]]


def write_people_export(register: Register, view: View, fmt: str, out: TextIO, reveal: bool = False) -> int:
    """Write every complaint as CSV for people, as `write_export` does; return how many there were."""
    table = _export_table(register, view, reveal)
    write_list(table, out)
    return len(table.groups)


def write_people_book(
    register: Register, view: View, made_at: datetime, out: BinaryIO, name: str, reveal: bool = False
) -> int:
    """Write every complaint as a workbook for people, as `write_export_book` does; return how many there were."""
    from dealtrack.reports.workbook import write_table

    table = _export_table(register, view, reveal)
    write_table(table, made_at, out)
    return len(table.groups)


def _export_table(register: Register, view: View, reveal: bool) -> Table:
    # A history is for programs.
    keys = [key for key in export_keys(register, view) if key != COLUMN]
    return list_table(ExportRecords(register, view, reveal, as_text=True), keys, register.zone, _("all complaints"))


def print_lists(
    latenesses: Iterable[Lateness], by: str, folder: Path, fmt: str, zone: tzinfo, moment: datetime
) -> None:
    """Write one list a group into a folder, and print which were written and which removed; raises CannotWrite."""
    from dataclasses import asdict

    def called(name: str) -> str:
        return name if fmt == "csv" else say_field(by, name)

    def write(path: Path, name: str, group: Sequence[Lateness]) -> None:
        records = [{**watch_record(each), **{key: getattr(each.complaint, key) for key in KEYS[-2:]}} for each in group]
        _WRITERS[fmt](path, called(name), records, zone, moment)

    groups = grouped(latenesses, lambda lateness: getattr(lateness.complaint, by) or _("nobody"))
    lists = write_lists(folder, groups, ENDINGS[fmt or "csv"], write, called)
    named = say_field if sys.stdout.isatty() else lambda by, name: name
    print_records(({**asdict(each), "name": named(by, each.name)} for each in lists), LISTED_KEYS, zone=zone)


def _write_workbook(path: Path, _whose: str, records: Records, zone: tzinfo, moment: datetime) -> None:
    from dealtrack.reports.workbook import write_table

    with binary_output(path, FileKind.WORKBOOK) as book:
        write_table(list_table(records, KEYS, zone, _("overdue")), moment, book)


def _write_text(path: Path, whose: str, records: Records, zone: tzinfo, moment: datetime) -> None:
    from dealtrack.cli.table import print_table

    with text_output(path, FileKind.TEXT) as stream:
        count = _n("{count} deadline overdue", "{count} deadlines overdue", len(records))
        stream.write(f"{safe_text(whose)}{_(': ')}{count}{_(', ')}{show_moment(moment, zone)}\n\n")
        print_table(records, LATE_KEYS, zone, stream)


def _write_csv(path: Path, _whose: str, records: Records, zone: tzinfo, _moment: datetime) -> None:
    with text_output(path, FileKind.TABLE) as stream:
        stream.write(BYTE_ORDER_MARK)
        write_csv(records, KEYS, zone, stream)


def _write_list(path: Path, _whose: str, records: Records, zone: tzinfo, _moment: datetime) -> None:
    with text_output(path, FileKind.TABLE) as stream:
        write_records(records, KEYS, zone, stream)


_WRITERS: Mapping[str, Callable[[Path, str, Records, tzinfo, datetime], None]] = {
    "": _write_list,
    "csv": _write_csv,
    "xlsx": _write_workbook,
    "text": _write_text,
}
"""What writes a list in each format; without one it is CSV for people, with `csv` that of other commands."""

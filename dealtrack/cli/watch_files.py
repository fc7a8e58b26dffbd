"""Deadlines in files: lists of what is overdue for each platform, owner or category, and calendar files."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from dealtrack.cli.language import _, _n
from dealtrack.cli.output import check_word, print_records
from dealtrack.cli.table import print_table
from dealtrack.cli.terms import heading, say_field
from dealtrack.core.moments import show_moment
from dealtrack.core.standing import WATCH_KEYS, Lateness, watch_record
from dealtrack.core.text import safe_text
from dealtrack.errors import MissingValue
from dealtrack.exchange.files import ENDINGS, FileKind, binary_output, grouped, text_output, write_lists
from dealtrack.exchange.ics import Deadline, ics_bytes
from dealtrack.exchange.writers import write_csv
from dealtrack.phrase import Phrase
from dealtrack.register.queries import View
from dealtrack.register.register import Register

GROUPS = ("platform", "owner", "category")
KEYS = (*WATCH_KEYS, "received", "summary")
TEXT_KEYS = ("id", "number", "platform", "category", "owner", "clock", "due", "working_days_late")
LISTED_KEYS = ("name", "overdue", "working_days_late", "file")
BYTE_ORDER_MARK = "\ufeff"
"""What tells Excel that a CSV file is UTF-8: without it, Chinese text opens as gibberish."""


def check_lists(by: str, out: str, fmt: str) -> None:
    """Check what was asked of lists; raises MissingValue and UnknownWord."""
    if not out:
        raise MissingValue(what="Folder for the lists", option="--out DIR")
    if not by:
        raise MissingValue(what="Group of the lists", option="--by platform")
    check_word(Phrase("Group of the lists"), by, GROUPS)
    if fmt:
        check_word(Phrase("Format of the lists"), fmt, ENDINGS)


def print_lists(
    latenesses: Iterable[Lateness], by: str, folder: Path, fmt: str, zone: tzinfo, moment: datetime
) -> None:
    """Write one list a group into a folder, and print which were written and which removed; raises CannotWrite."""
    fmt = fmt or "csv"

    def write(path: Path, name: str, group: Sequence[Lateness]) -> None:
        records = map(_record, group)
        if fmt == "xlsx":
            from dealtrack.exchange.xlsx import write_list

            titles = {key: heading(key.replace("_", " ")) for key in KEYS}
            with binary_output(path, FileKind.WORKBOOK) as book:
                write_list(records, KEYS, titles, _("overdue"), zone, moment, book)
            return
        with text_output(path, FileKind.TABLE if fmt == "csv" else FileKind.TEXT) as stream:
            if fmt == "csv":
                stream.write(BYTE_ORDER_MARK)
                write_csv(records, KEYS, zone, stream)
                return
            count = _n("{count} deadline overdue", "{count} deadlines overdue", len(group))
            whose = safe_text(say_field(by, name))
            stream.write(f"{whose}{_(': ')}{count}{_(', ')}{show_moment(moment, zone)}\n\n")
            print_table(records, TEXT_KEYS, zone, stream)

    groups = grouped(latenesses, lambda lateness: getattr(lateness.complaint, by) or _("nobody"))
    print_records(map(asdict, write_lists(folder, groups, ENDINGS[fmt], write)), LISTED_KEYS, zone=zone)


def _record(lateness: Lateness) -> dict[str, Any]:
    complaint = lateness.complaint
    return {**watch_record(lateness), "received": complaint.received, "summary": complaint.summary}


def print_events(register: Register, latenesses: Iterable[Lateness], view: View, file: str) -> None:
    """Write clocks as a calendar file, `-` for standard output, and say how many they are; raises CannotWrite."""
    deadlines = [Deadline(each, *register.last_change(each.complaint.id, view)) for each in latenesses]
    data = ics_bytes(deadlines, register.identity(), register.calendar_in(view), register.zone, _)
    if file == "-":
        sys.stdout.write(data.decode())
        return
    with binary_output(Path(file), FileKind.CALENDAR) as stream:
        stream.write(data)
    count = len(deadlines)
    print(safe_text(_n("{count} deadline written to {file}", "{count} deadlines written to {file}", count, file=file)))

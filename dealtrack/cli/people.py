"""Lists for people: records as a table in the office's language, for CSV that Excel opens and for workbooks."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, tzinfo
from functools import cache
from typing import Any, TextIO

from dealtrack import settings
from dealtrack.cli.language import _, heading, say_field
from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.lifecycle import STATUS_AFTER
from dealtrack.core.text import defuse_formula, safe_text
from dealtrack.errors import DealtrackError
from dealtrack.exchange.writers import is_due_key, timed_keys
from dealtrack.reports.tables import Col, Table
from dealtrack.sources.policies import load_policy

BYTE_ORDER_MARK = "\ufeff"
"""What tells Excel that a CSV file is UTF-8: without it, Chinese text opens as gibberish."""

EXACT_DIGITS = 11
"""The most digits of a number that Excel shows as they stand in a CSV file."""

FORMS = {"id": "id", "working_days_late": "count", "amount": "money"}
"""The forms of columns that are no text, by key; one that holds a deadline or another moment is known by its name."""

MOMENTS = frozenset(STATUS_AFTER)


def list_table(records: Iterable[Mapping[str, Any]], keys: Sequence[str], zone: tzinfo, name: str) -> Table:
    """Return records as a table in the user's language; moments in UTC become local ones, a day's last second its day.

    `name` is that of the table, which a workbook's sheet bears. The hours by which a clock is late stand in the place
    of working days.
    """
    keys = [key for key in keys if key != "late"]
    rows = [[_value(key, record, zone) for key in keys] for record in records]
    return Table(name, [_column(key) for key in keys], rows)


def _column(key: str) -> Col:
    form = "moment" if is_due_key(key) or key in MOMENTS else FORMS.get(key, "text")
    clock, __, what = key.rpartition("_")
    if clock and what == "due":
        return Col(_("{clock}: due", clock=_(clock)), form)
    if clock and what == "verdict":
        return Col(_("{clock}: deadline status", clock=_(clock)), form)
    return Col(heading(key.replace("_", " ")), form)


def _value(key: str, record: Mapping[str, Any], zone: tzinfo) -> Any:
    value = record.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        local = value.astimezone(zone).replace(tzinfo=None)
        is_day = is_due_key(key) and local.time() == LAST_SECOND and key not in timed_keys(record)
        return local.date() if is_day else local
    if key == "working_days_late" and (late := record.get("late") or "").endswith(" h"):
        return _("{count} h", count=late.removesuffix(" h"))
    if isinstance(value, bool):
        return _("yes") if value else None
    if key == "amount":
        return float(value)
    if key == "policy":
        return _policy_title(value)
    return say_field(key.rpartition("_")[2], value) if isinstance(value, str) else value


@cache
def _policy_title(name: str) -> str:
    """Return the title of a policy in the user's language, its name where it is none of those in the folders."""
    with suppress(DealtrackError):
        return _(load_policy(name, settings.data_folder(), settings.user_folder())[-1].title)
    return name


def write_list(table: Table, out: TextIO) -> None:
    """Write a table as CSV that Excel opens with a double click, whatever its language."""
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.title for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(column.form, value) for column, value in zip(table.columns, row, strict=True)])


def cell_text(form: str, value: Any) -> str:
    """Return a value of a table as text."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value.isoformat()
    if form == "money":
        return f"{value:.2f}"
    return safe_text(str(value))


def _cell(form: str, value: Any) -> str:
    text = cell_text(form, value)
    if form not in ("text", "id"):
        return text
    # Excel would round a long number, and drop the zeros before another one.
    if text.isascii() and text.isdigit() and (len(text) > EXACT_DIGITS or text[0] == "0"):
        return f'="{text}"'
    return defuse_formula(text)


def write_records(records: Iterable[Mapping[str, Any]], keys: Sequence[str], zone: tzinfo, out: TextIO) -> None:
    """Write records as CSV for people."""
    write_list(list_table(records, keys, zone, ""), out)

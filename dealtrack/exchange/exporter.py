"""Writing every complaint of a register to a file that an import reads back."""

from collections.abc import Iterator
from typing import Any, TextIO

from dealtrack.core.standing import record, record_keys
from dealtrack.exchange.writers import write_csv, write_json, write_json_lines
from dealtrack.register.queries import Filter
from dealtrack.register.register import Register
from dealtrack.register.view import View

FORMATS = ("csv", "jsonl", "json")
ENDINGS = ("withdrawn", "rejected")
"""What an import can read beyond the keys of a record."""


class Counted:
    """Yields the records of a register's complaints and counts them."""

    def __init__(self, register: Register, view: View) -> None:
        self._register = register
        self._view = view
        self.count = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for standing in self._register.standings(Filter(), self._view):
            self.count += 1
            yield {**record(standing), **{name: getattr(standing.complaint, name) for name in ENDINGS}}


def write_export(register: Register, view: View, fmt: str, out: TextIO) -> int:
    """Write every complaint in a format of FORMATS, by id, and return how many there were."""
    records = Counted(register, view)
    match fmt:
        case "csv":
            write_csv(records, [*record_keys(register.clock_names(view)), *ENDINGS], register.zone, out)
        case "jsonl":
            write_json_lines(records, register.zone, out)
        case _:
            write_json(records, register.zone, out)
    return records.count

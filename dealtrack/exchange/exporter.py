"""Writing every complaint of a register to a file that an import reads back."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, TextIO, TypeVar

from dealtrack.core.personal import PERSONAL, mask_all
from dealtrack.core.standing import record, record_keys
from dealtrack.exchange.histories import BEYOND_COLUMNS, COLUMN, COLUMN_KINDS, entry_record, history_of, history_text
from dealtrack.exchange.writers import NESTED, WRITERS
from dealtrack.register.queries import Filter, View
from dealtrack.register.register import Register

FORMATS = (*WRITERS, "xlsx")
ENDINGS = ("withdrawn", "rejected")
"""What an import can read beyond the keys of a record, with personal data and the history."""

_NOBODY: dict[str, str | None] = dict.fromkeys(PERSONAL)

_Value = TypeVar("_Value")


class ExportRecords:
    """Yields the records of a register's complaints and counts them; personal data is masked unless `reveal` is set.

    With `as_text` a history is the text of a cell, otherwise a list of records.
    """

    def __init__(self, register: Register, view: View, reveal: bool, as_text: bool) -> None:
        self._register = register
        self._view = view
        self._reveal = reveal
        self._as_text = as_text
        self.count = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        register, view = self._register, self._view
        history_at = _lookup(
            (history[0].complaint, history) for history in register.histories_beyond(COLUMN_KINDS, BEYOND_COLUMNS)
        )
        consumer_at = _lookup((id_, personal._asdict()) for id_, personal in register.all_personal())
        for standing in register.standings(Filter(), view):
            self.count += 1
            complaint = standing.complaint
            values = record(standing)
            for name in ENDINGS:
                values[name] = getattr(complaint, name)
            consumer = consumer_at(complaint.id) or _NOBODY
            values.update(consumer if self._reveal else mask_all(consumer))
            history = history_of(view.seen(history_at(complaint.id) or ()))
            if not history:
                values[COLUMN] = None
            elif self._as_text:
                values[COLUMN] = history_text(history, register.zone)
            else:
                values[COLUMN] = [entry_record(entry) for entry in history]
            yield values


def _lookup(pairs: Iterator[tuple[int, _Value]]) -> Callable[[int], _Value | None]:
    """Return what gives the value of an id from pairs in order of theirs, when asked for ids in order."""
    pair = next(pairs, None)

    def find(id_: int) -> _Value | None:
        nonlocal pair
        while pair is not None and pair[0] < id_:
            pair = next(pairs, None)
        return pair[1] if pair is not None and pair[0] == id_ else None

    return find


def export_keys(register: Register, view: View) -> list[str]:
    """Return the columns of an export: those of a record, the endings, personal data and the history."""
    return [*record_keys(register.clock_names(view)), *ENDINGS, *PERSONAL, COLUMN]


def write_export(register: Register, view: View, fmt: str, out: TextIO, reveal: bool = False) -> int:
    """Write every complaint in one of WRITERS, by id, and return how many there were."""
    records = ExportRecords(register, view, reveal, fmt not in NESTED)
    WRITERS[fmt](records, export_keys(register, view), register.zone, out)
    return records.count


def write_export_book(
    register: Register, view: View, made_at: datetime, out: BinaryIO, name: str, reveal: bool = False
) -> int:
    """Write every complaint as a workbook, by id, and return how many there were; `made_at` is in UTC.

    Raises CannotWrite, with the file's `name`, where a text is too long for a cell or there are too many rows.
    """
    from dealtrack.exchange.xlsx import write_export_sheet

    records = ExportRecords(register, view, reveal, as_text=True)
    write_export_sheet(records, export_keys(register, view), register.zone, made_at, out, name)
    return records.count

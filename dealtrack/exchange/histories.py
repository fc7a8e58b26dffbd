"""What an export holds of each complaint, beyond its columns a history, and how an import reads that back."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, BinaryIO, NamedTuple, TextIO, TypeVar

from dealtrack.core.details import is_detail
from dealtrack.core.lifecycle import (
    ASKED,
    COMMAND,
    DAY_UNKNOWN,
    FIELDS,
    LIMITS,
    MERGING,
    MOMENTS,
    NEEDED,
    RESTART,
    STEPS,
    TRANSFER,
    UNKNOWN_STEPS,
    Kind,
    Transition,
    effective,
)
from dealtrack.core.moments import FIRST_YEAR, HOUR_UNKNOWN, LAST_YEAR, iso_local, to_store
from dealtrack.core.personal import PERSONAL, mask_all
from dealtrack.core.standing import record, record_keys
from dealtrack.core.text import clean_input, parse_amount
from dealtrack.core.vocabulary import CATEGORY, SELLERS, longest
from dealtrack.errors import DealtrackError
from dealtrack.exchange.writers import NESTED, WRITERS
from dealtrack.phrase import BadValue
from dealtrack.register.queries import Filter, View
from dealtrack.register.register import Register

COLUMN = "history"
ID = "id"
OWN = (ID, COLUMN)
"""The columns by which a file is known as an export of dealtrack's own."""

LEAST_EXPORT = (*OWN, "platform", "received")
"""The columns of an export of JSON in which no row names them."""


OWN_WORDS = frozenset({"policy_version", "personal", "source", "line", "import_key", COMMAND, TRANSFER})
"""The keys of a detail that are about the register that holds it, and not about the complaint."""

UNTOLD = frozenset({Kind.EVIDENCE, Kind.VOIDED})
"""The kinds that no export holds: evidence is a file, and what was voided did not happen."""

_RECEIPT = FIELDS - {"policy_version", "outcome", "amount"}
_IN_COLUMNS: Mapping[Kind, frozenset[str]] = {
    Kind.RECEIVED: _RECEIPT,
    Kind.FORWARDED: frozenset(),
    Kind.COMPLETED: frozenset({"outcome", "amount"}),
    Kind.WITHDRAWN: frozenset(),
    Kind.REJECTED: frozenset(),
}
"""The kinds of which the columns of an export hold all, where the detail of an entry has no other keys than these."""

COLUMN_KINDS = tuple(_IN_COLUMNS)

_WORDS: Mapping[Kind, frozenset[str]] = {
    Kind.RECEIVED: _RECEIPT | {"category_word", "kept", UNKNOWN_STEPS, LIMITS},
    Kind.COMPLETED: frozenset({"outcome", "amount", DAY_UNKNOWN}),
    Kind.RESUMED: frozenset({RESTART}),
    Kind.EXTENDED: frozenset({ASKED}),
    **dict.fromkeys(MERGING, frozenset({"other"})),
    Kind.AMENDED: frozenset({*_RECEIPT - {"policy"}, "outcome", "amount", LIMITS, MOMENTS}),
}
_ANYWHERE = frozenset({"note", "reason"})

BEYOND_COLUMNS = (
    *sorted(
        f'"{word}":'
        for word in {
            word for kind in COLUMN_KINDS for word in (_WORDS.get(kind, _ANYWHERE) | _ANYWHERE) - _IN_COLUMNS[kind]
        }
    ),
    f'"{HOUR_UNKNOWN}":false',
)
"""What the detail of an entry of those kinds, as JSON, may hold that says more than the columns of an export.

A moment in them that looks like a day alone is read back as one.
"""

_NEVER_EMPTY = frozenset({"platform", "category"})
_ENTRIES = 1000
_MOST_UNITS = 9999


def is_export(header: Sequence[str]) -> bool:
    """Tell whether a header is that of an export of dealtrack's own, which may hold no rows."""
    return set(OWN) <= set(header)


class HistoryEntry(NamedTuple):
    """An entry of a complaint's history as an export tells it; `at` in UTC."""

    kind: Kind
    at: datetime
    detail: dict[str, Any]


def entry_in_file(entry: Transition) -> HistoryEntry:
    """Return what an export tells of an entry."""
    detail = {key: value for key, value in entry.detail.items() if key not in OWN_WORDS}
    if MOMENTS in detail:
        detail[MOMENTS] = [{key: each[key] for key in each if key != "seq"} for each in detail[MOMENTS]]
    return HistoryEntry(entry.kind, entry.at, detail)


def entries_in_file(entries: Iterable[Transition]) -> list[HistoryEntry]:
    """Return all that an export tells of a complaint's history, whether its columns tell it or not."""
    history = [entry_in_file(entry) for entry in effective(entries) if entry.kind not in UNTOLD]
    return [entry for entry in history if entry.detail or entry.kind is not Kind.AMENDED]


def history_of(entries: Iterable[Transition]) -> list[HistoryEntry]:
    """Return a complaint's history where the columns of an export do not tell all of it, else nothing.

    Voided entries are left out, and so are evidence and what an amendment said of personal data alone.
    """
    told = list(entries)
    history = entries_in_file(told)
    kinds = [entry.kind for entry in history]
    # What a day alone is stored as may follow from a transition that is voided by now.
    allowed = {HOUR_UNKNOWN} if all(entry.kind is not Kind.VOIDED for entry in told) else set()
    in_columns = len(set(kinds)) == len(kinds) and all(
        entry.kind in _IN_COLUMNS
        and entry.detail.get(HOUR_UNKNOWN) is not False
        and entry.detail.keys() <= _IN_COLUMNS[entry.kind] | allowed
        for entry in history
    )
    return [] if in_columns else history


def entry_record(entry: HistoryEntry) -> dict[str, Any]:
    """Return an entry under its fixed keys; moments in UTC."""
    return {"kind": entry.kind.value, "at": entry.at, **({"detail": entry.detail} if entry.detail else {})}


def history_text(history: Sequence[HistoryEntry], zone: tzinfo) -> str:
    """Return a history as the text of a cell: JSON, with moments that carry the offset of `zone`."""
    records = [{**entry_record(entry), "at": iso_local(entry.at, zone)} for entry in history]
    return json.dumps(records, ensure_ascii=False)


def parse_history(text: str) -> tuple[HistoryEntry, ...]:
    """Return the history that a cell of an export holds; raises ValueError with what is wrong about it."""
    try:
        records = json.loads(text)
    except (ValueError, RecursionError):
        raise BadValue("is not JSON as export writes it") from None
    return read_history(records)


def read_history(records: Any) -> tuple[HistoryEntry, ...]:
    """Return the history that JSON holds; raises BadValue with what is wrong about it."""
    if not isinstance(records, list) or not records or len(records) > _ENTRIES:
        raise BadValue("is not a list of 1 to {most} entries", most=_ENTRIES)
    history = tuple(_entry(record) for record in records)
    if history[0].kind is not Kind.RECEIVED or any(entry.kind is Kind.RECEIVED for entry in history[1:]):
        raise BadValue("does not begin with its only receipt")
    return history


def _entry(record: Any) -> HistoryEntry:
    if not isinstance(record, dict) or not record.keys() <= {"kind", "at", "detail"}:
        raise BadValue("has an entry with other keys than kind, at and detail")
    try:
        kind = Kind(str(record.get("kind")))
    except ValueError:
        raise BadValue("has an entry of unknown kind {kind!r}", kind=str(record.get("kind"))[:40]) from None
    if kind in UNTOLD:
        raise BadValue("has an entry of kind {kind}, which cannot be imported", kind=kind)
    detail = record.get("detail", {})
    if not isinstance(detail, dict):
        raise BadValue("has no table of details for {kind}", kind=kind)
    allowed = (NEEDED[kind] - OWN_WORDS) | _WORDS.get(kind, frozenset()) | _ANYWHERE | {HOUR_UNKNOWN}
    if not detail.keys() <= allowed:
        unknown = sorted(str(key)[:40] for key in detail.keys() - allowed)
        raise BadValue("has an unknown detail {unknown!r} for {kind}", unknown=unknown[0], kind=kind)
    values = {key: _value(kind, key, value) for key, value in detail.items()}
    missing = sorted(NEEDED[kind] - OWN_WORDS - values.keys())
    if missing:
        raise BadValue("lacks the {missing} of {kind}", missing=missing[0], kind=kind)
    return HistoryEntry(kind, _moment(record.get("at")), values)


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadValue(
            "has {text!r}, which is not a time such as 2016-11-11T21:30:00+08:00", text=str(text)[:40]
        ) from None
    if moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise BadValue("has the time {text!r}, without an offset or outside the calendar", text=text[:40])
    return moment.astimezone(UTC).replace(microsecond=0)


def _value(kind: Kind, key: str, value: Any) -> Any:
    if key == "kept":
        if not isinstance(value, dict):
            raise BadValue("has kept columns that are not a table")
        return {_text("kept", str(name)): _text("kept", text) for name, text in value.items()}
    if key == LIMITS:
        if not isinstance(value, dict):
            raise BadValue("has limits that are not a table")
        return {_text(LIMITS, str(name)): limit and to_store(_moment(limit)) for name, limit in value.items()}
    if key == UNKNOWN_STEPS:
        if not isinstance(value, list) or not value or not all(step in STEPS for step in value):
            raise BadValue("has a value for {kind} that is not a list of steps", kind=kind)
        return value
    if key == MOMENTS:
        # No number: which entry is meant is for the register to find.
        if not is_detail(kind, {key: value}) or not value or any("seq" in each for each in value):
            raise BadValue("has corrected times that cannot be read")
        return value
    if (key in (DAY_UNKNOWN, RESTART) and value is True) or (
        key in ("final", HOUR_UNKNOWN) and value.__class__ is bool
    ):
        return value
    if key in ("into", "from") and re.fullmatch(r"[1-9][0-9]{0,17}", str(value)):
        return int(value)
    if key in ("received", ASKED):
        return to_store(_moment(value))
    if key == "by":
        if not (str(value).isascii() and str(value).isdigit() and 1 <= int(str(value)[:5]) <= _MOST_UNITS):
            raise BadValue("has an extension whose length is not a whole number")
        return int(value)
    if value is None and kind is Kind.AMENDED and key not in _NEVER_EMPTY:
        return None
    text = "" if key in (DAY_UNKNOWN, HOUR_UNKNOWN, RESTART, "final", "into", "from") else _text(key, value)
    if key == "category":
        text = CATEGORY.match(text) or ""
    elif key == "seller" and text not in SELLERS:
        text = ""
    elif key == "amount":
        try:
            text = parse_amount(text)
        except DealtrackError:
            text = ""
    if not text:
        words = {"value": str(value)[:40], "key": key, "kind": kind}
        raise BadValue("has {value!r} as {key} of {kind}, which is not possible", **words)
    return text


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("has a {key} that is not text", key=key)
    try:
        return clean_input(value, key, longest("summary"))
    except DealtrackError as error:
        raise BadValue("was refused: {reason}", reason=str(error)) from None


def with_platforms(entry: HistoryEntry, name_of: Callable[[str], str]) -> HistoryEntry:
    """Return an entry with the platform that it names under the name that the register knows it by."""
    if "platform" not in entry.detail:
        return entry
    return entry._replace(detail={**entry.detail, "platform": name_of(entry.detail["platform"])})


EXPORT_FORMATS = (*WRITERS, "xlsx")
CLOSING_COLUMNS = ("withdrawn", "rejected")
"""Of an export, the columns that follow those of a record; personal data and the history follow these."""

_NOBODY: dict[str, str | None] = dict.fromkeys(PERSONAL)

_Value = TypeVar("_Value")


@dataclass(slots=True)
class ExportRecords:
    """Yields the records of a register's complaints and counts them; personal data is masked unless `reveal` is set.

    With `as_text` a history is the text of a cell, otherwise a list of records.
    """

    register: Register
    view: View
    reveal: bool
    as_text: bool
    count: int = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        register, view = self.register, self.view
        history_at = _lookup(
            (history[0].complaint, history) for history in register.histories_beyond(COLUMN_KINDS, BEYOND_COLUMNS)
        )
        consumer_at = _lookup((id_, personal._asdict()) for id_, personal in register.all_personal())
        for standing in register.standings(Filter(), view):
            self.count += 1
            complaint = standing.complaint
            values = record(standing)
            for name in CLOSING_COLUMNS:
                values[name] = getattr(complaint, name)
            consumer = consumer_at(complaint.id) or _NOBODY
            values.update(consumer if self.reveal else mask_all(consumer))
            history = history_of(register.named(view.seen(history_at(complaint.id) or ()), view.known_at))
            if not history:
                values[COLUMN] = None
            elif self.as_text:
                values[COLUMN] = history_text(history, register.zone)
            else:
                values[COLUMN] = [entry_record(entry) for entry in history]
            yield values


def _lookup(pairs: Iterator[tuple[int, _Value]]) -> Callable[[int], _Value | None]:
    """Return a function that finds the value of an id in pairs sorted by id; ask it for ids in rising order."""
    pair = next(pairs, None)

    def find(id_: int) -> _Value | None:
        nonlocal pair
        while pair is not None and pair[0] < id_:
            pair = next(pairs, None)
        return pair[1] if pair is not None and pair[0] == id_ else None

    return find


def export_keys(register: Register, view: View) -> list[str]:
    """Return the columns of an export: those of a record, the endings, personal data and the history."""
    return [*record_keys(register.clock_names(view)), *CLOSING_COLUMNS, *PERSONAL, COLUMN]


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

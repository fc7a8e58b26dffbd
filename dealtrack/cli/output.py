"""The one place that prints records: as a table, as plain lines, or as CSV, JSON and JSON lines."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from itertools import chain
from typing import Any, TextIO

from dealtrack.core.calendar import WEEKDAY_NAMES
from dealtrack.core.explanation import Step
from dealtrack.core.moments import iso_local, show_due, show_moment
from dealtrack.core.text import BIDI, defuse_formula, safe_text
from dealtrack.errors import UnknownWord, suggestion

Record = Mapping[str, Any]

FORMATS = ("table", "plain", "csv", "json", "jsonl")
WATCH_KEYS = (
    "id",
    "number",
    "platform",
    "category",
    "status",
    "owner",
    "clock",
    "due",
    "verdict",
    "working_days_late",
    "provisional",
)
_HEAD_KEYS = (
    "id",
    "number",
    "platform",
    "category",
    "seller",
    "status",
    "owner",
    "policy",
    "received",
    "forwarded",
    "completed",
)
DEFAULT_CLOCKS = ("forward", "complete")
_CACHE_LIMIT = 10_000

# What JSON leaves as it is, and a terminal would obey or misread.
_JSON_TABLE = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *BIDI, 0x2028, 0x2029, *range(0xD800, 0xE000))}


def record_keys(clocks: Iterable[str] = DEFAULT_CLOCKS) -> tuple[str, ...]:
    """Return the keys of a complaint's record in order, for policies with these clocks."""
    middle = [f"{clock}_{part}" for clock in dict.fromkeys(clocks) for part in ("due", "verdict")]
    return (*_HEAD_KEYS, *middle, "provisional", "outcome", "amount", "summary")


def check_format(fmt: str | None) -> None:
    """Refuse a format that there is none of; an empty one stands for the usual. Raises UnknownWord."""
    if fmt and fmt not in FORMATS:
        from dealtrack.core.text import nearest

        near = suggestion(nearest(fmt, FORMATS))
        raise UnknownWord(what="The format", value=fmt, nearest=near, allowed=", ".join(FORMATS))


def print_records(
    records: Iterable[Record],
    columns: Sequence[str] | None = None,
    fmt: str | None = None,
    *,
    zone: tzinfo,
    stream: TextIO | None = None,
    watch: bool = False,
    single: bool = False,
) -> None:
    """Print records as they come; moments in UTC are shown in `zone`.

    `columns` are the keys that table, plain and csv print, and their order; without it those of a watched
    clock (`watch`), else those of the first record. JSON prints each record's own keys; `single` prints the
    one record itself rather than a list of it. Keys that begin with an underscore are not printed:
    `_provisional` holds the keys of the deadlines that are provisional.
    Without `fmt` it is a table on a terminal, else plain. Raises UnknownWord for an unknown format.
    """
    check_format(fmt)
    out = sys.stdout if stream is None else stream
    match fmt or ("table" if out.isatty() else "plain"):
        case "json":
            _print_json(records, zone, out, single)
        case "jsonl":
            encode = _json_encoder(zone)
            for record in records:
                out.write(encode(record) + "\n")
        case other:
            keys, records = _keys(records, columns, watch)
            if other == "csv":
                _print_csv(records, keys, zone, out)
            elif other == "plain":
                _print_plain(records, keys, zone, out)
            else:
                from dealtrack.cli.table import print_table

                print_table(records, keys, zone, out)


def step_record(step: Step) -> dict[str, Any]:
    """Return the record of one day of a count."""
    return {"day": step.day, "counted": step.counted, "reason": step.reason}


def print_steps(steps: Iterable[Step], fmt: str | None = None, *, zone: tzinfo, stream: TextIO | None = None) -> None:
    """Print the days of a count: each with its place among the counted days, or a dash, and the reason.

    A day that no authority has confirmed yet bears a question mark. Raises UnknownWord for an unknown format.
    """
    check_format(fmt)
    out = sys.stdout if stream is None else stream
    fmt = fmt or ("table" if out.isatty() else "plain")
    if fmt in ("csv", "json", "jsonl"):
        print_records(map(step_record, steps), ("day", "counted", "reason"), fmt, zone=zone, stream=out)
        return
    rows = [
        (
            f"{WEEKDAY_NAMES[step.day.weekday()]} {step.day.isoformat()}{'' if step.confirmed else '?'}",
            f"✓ {step.nth}" if step.counted else "–",
            safe_text(step.reason),
        )
        for step in steps
    ]
    if fmt == "plain":
        out.writelines("\t".join(row) + "\n" for row in rows)
        return
    from dealtrack.cli.table import print_step_table

    print_step_table(rows, out)


def due_key(key: str) -> bool:
    """Tell whether a key holds a deadline."""
    return key == "due" or key.endswith("_due")


def provisional_keys(record: Record) -> Iterable[str]:
    """Return the keys of a record's deadlines that are provisional; where it does not say which, all of them."""
    if "_provisional" in record:
        keys: Iterable[str] = record["_provisional"]
        return keys
    return [key for key in record if due_key(key)] if record.get("provisional") else ()


def cell_formatters(keys: Iterable[str], zone: tzinfo) -> list[Callable[[Any, bool], str]]:
    """Return for each key the function that writes a value for people, given whether it is provisional."""
    shown: dict[tuple[datetime, bool], str] = {}

    def due(value: Any, provisional: bool) -> str:
        if not isinstance(value, datetime):
            return other(value, provisional)
        known = shown.get((value, provisional))
        if known is None:
            if len(shown) > _CACHE_LIMIT:
                shown.clear()
            known = shown[value, provisional] = show_due(value, zone, provisional)
        return known

    def other(value: Any, provisional: bool) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value if value.isprintable() else safe_text(value)
        if isinstance(value, datetime):
            return show_moment(value, zone)
        return _words(value)

    return [due if due_key(key) else other for key in keys]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        items = value if isinstance(value, (list, tuple)) else sorted(value, key=str)
        return safe_text(", ".join(_words(item) for item in items))
    return safe_text(str(value))


def _keys(
    records: Iterable[Record], columns: Sequence[str] | None, watch: bool
) -> tuple[Sequence[str], Iterable[Record]]:
    if columns is not None:
        return columns, records
    if watch:
        return WATCH_KEYS, records
    rest = iter(records)
    first = next(rest, None)
    if first is None:
        return record_keys(), ()
    return [key for key in first if not key.startswith("_")], chain((first,), rest)


def _print_plain(records: Iterable[Record], keys: Sequence[str], zone: tzinfo, out: TextIO) -> None:
    columns = list(zip(keys, cell_formatters(keys, zone), strict=True))
    for record in records:
        get = record.get
        provisional = provisional_keys(record) if get("provisional") or "_provisional" in record else ()
        out.write("\t".join([write(get(key), key in provisional) for key, write in columns]) + "\n")


def _print_csv(records: Iterable[Record], keys: Sequence[str], zone: tzinfo, out: TextIO) -> None:
    import csv

    on_terminal = out.isatty()
    moments = _moment_writer(zone)

    def write(value: Any) -> Any:
        if value is None:
            return ""
        if isinstance(value, str):
            text = defuse_formula(value)
            return safe_text(text) if on_terminal else text
        if isinstance(value, datetime):
            return moments(value)
        return value if type(value) is int else _words(value)

    # Lines end as RFC 4180 has it.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(keys)
    for record in records:
        get = record.get
        writer.writerow([write(get(key)) for key in keys])


def _print_json(records: Iterable[Record], zone: tzinfo, out: TextIO, single: bool) -> None:
    if single:
        encode = _json_encoder(zone, indent=2)
        out.writelines(encode(record) + "\n" for record in records)
        return
    encode = _json_encoder(zone)
    rest: Iterator[Record] = iter(records)
    first = next(rest, None)
    if first is None:
        out.write("[]\n")
        return
    out.write("[\n  " + encode(first))
    for record in rest:
        out.write(",\n  " + encode(record))
    out.write("\n]\n")


def _json_encoder(zone: tzinfo, indent: int | None = None) -> Callable[[Record], str]:
    from json import JSONEncoder

    moments = _moment_writer(zone)

    def default(value: Any) -> Any:
        if isinstance(value, datetime):
            return moments(value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, (set, frozenset)):
            return sorted(value, key=str)
        return str(value)

    to_json = JSONEncoder(ensure_ascii=False, check_circular=False, default=default, indent=indent).encode

    def encode(record: Record) -> str:
        values = {key: value for key, value in record.items() if not key.startswith("_")}
        amount = values.get("amount")
        if isinstance(amount, str):
            values["amount"] = float(amount)
        text = to_json(values)
        return text if text.isprintable() else text.translate(_JSON_TABLE)

    return encode


def _moment_writer(zone: tzinfo) -> Callable[[datetime], str]:
    written: dict[datetime, str] = {}

    def write(moment: datetime) -> str:
        known = written.get(moment)
        if known is None:
            if len(written) > _CACHE_LIMIT:
                written.clear()
            known = written[moment] = iso_local(moment, zone)
        return known

    return write

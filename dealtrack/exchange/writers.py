"""Writing records as CSV, JSON, JSON lines and plain lines, as they come, for commands and exports alike."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from typing import Any, TextIO

from dealtrack.core.moments import iso_local, show_due, show_moment
from dealtrack.core.text import BIDI, defuse_formula, escape_controls, safe_text

Record = Mapping[str, Any]

_CACHE_LIMIT = 10_000


@cache
def _json_table() -> dict[int, str]:
    """Return the characters that JSON leaves as they are and a terminal would obey or misread, each with its escape."""
    # Made when first needed: it takes 0.6 ms.
    codes = (*range(0x7F, 0xA0), *BIDI, 0x2028, 0x2029, *range(0xD800, 0xE000))
    return {code: f"\\u{code:04x}" for code in codes}


def write_json_lines(records: Iterable[Record], zone: tzinfo, out: TextIO) -> None:
    """Write each record as JSON on a line of its own; moments in UTC carry the offset of `zone`."""
    encode = _json_encoder(zone)
    for record in records:
        out.write(encode(record) + "\n")


def is_due_key(key: str) -> bool:
    """Tell whether a key holds a deadline."""
    return key == "due" or key.endswith("_due")


def provisional_keys(record: Record) -> Iterable[str]:
    """Return the keys of a record's deadlines that are provisional; where it does not say which, all of them."""
    if "_provisional" in record:
        keys: Iterable[str] = record["_provisional"]
        return keys
    return [key for key in record if is_due_key(key)] if record.get("provisional") else ()


def timed_keys(record: Record) -> Iterable[str]:
    """Return the keys of a record's deadlines of clocks of hours, which are shown with their hour."""
    keys: Iterable[str] = record.get("_timed", ())
    return keys


def cell_formatters(keys: Iterable[str], zone: tzinfo) -> list[Callable[[Any, bool, bool], str]]:
    """Return for each key the function that writes a value for people, given whether it is provisional, and timed."""
    show = lru_cache(_CACHE_LIMIT)(lambda value, *marks: show_due(value, zone, *marks))

    def due(value: Any, *marks: bool) -> str:
        return show(value, *marks) if isinstance(value, datetime) else other(value)

    def other(value: Any, *_: bool) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value if value.isprintable() else safe_text(value)
        if isinstance(value, datetime):
            return show_moment(value, zone)
        return _words(value)

    return [due if is_due_key(key) else other for key in keys]


def _words(value: Any) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        items = value if isinstance(value, (list, tuple)) else sorted(value, key=str)
        return safe_text(", ".join(_words(item) for item in items))
    return safe_text(str(value))


def write_plain(records: Iterable[Record], keys: Sequence[str], zone: tzinfo, out: TextIO) -> None:
    """Write each record on a line, its values separated by tabs, moments as people write them."""
    columns = list(zip(keys, cell_formatters(keys, zone), strict=True))
    for record in records:
        get = record.get
        provisional = provisional_keys(record) if get("provisional") or "_provisional" in record else ()
        timed = timed_keys(record)
        out.write("\t".join([write(get(key), key in provisional, key in timed) for key, write in columns]) + "\n")


def write_csv(records: Iterable[Record], keys: Sequence[str], zone: tzinfo, out: TextIO) -> None:
    """Write records as CSV under a header; moments in UTC carry the offset of `zone`."""
    import csv

    on_terminal = out.isatty()
    moments = _moment_writer(zone)

    def write(value: Any) -> Any:
        if value is None:
            return ""
        if isinstance(value, str):
            return safe_text(defuse_formula(value)) if on_terminal else defuse_formula(escape_controls(value))
        if isinstance(value, datetime):
            return moments(value)
        return _words(value)

    # Lines end as RFC 4180 has it.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(keys)
    for record in records:
        get = record.get
        writer.writerow([write(get(key)) for key in keys])


def write_json(records: Iterable[Record], zone: tzinfo, out: TextIO, single: bool = False) -> None:
    """Write records as one JSON array, or with `single` the one record itself; moments carry the offset of `zone`."""
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


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON in which nothing is left that a terminal would obey or misread."""
    from json import dumps

    text = dumps(value, ensure_ascii=False, indent=indent)
    return text if text.isprintable() else text.translate(_json_table())


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
        return text if text.isprintable() else text.translate(_json_table())

    return encode


def _moment_writer(zone: tzinfo) -> Callable[[datetime], str]:
    # Moments repeat: the days of a calendar, the hour at which an office records.
    return lru_cache(_CACHE_LIMIT)(lambda moment: iso_local(moment, zone))


WRITERS: Mapping[str, Callable[[Iterable[Record], Sequence[str], tzinfo, TextIO], None]] = {
    "csv": write_csv,
    "jsonl": lambda records, _keys, zone, out: write_json_lines(records, zone, out),
    "json": lambda records, _keys, zone, out: write_json(records, zone, out),
}
"""The text formats for programs, which commands print and an export writes, each with its function."""

NESTED = ("jsonl", "json")
"""The formats of WRITERS in which a value may hold others."""

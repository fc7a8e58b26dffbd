"""Reading CSV and JSON files row by row, whatever they are encoded in, and workbooks; text is not held in memory."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, TextIO

from dealtrack.errors import CannotRead
from dealtrack.exchange import encodings
from dealtrack.exchange.csv_rows import read_csv
from dealtrack.exchange.headers import HeaderQuery
from dealtrack.exchange.histories import LEAST_EXPORT
from dealtrack.exchange.json_rows import find_array, json_array_rows, json_line_rows
from dealtrack.exchange.layout import MappedColumns
from dealtrack.exchange.raw import MARKS, WORKBOOK, RawRow, Refusal, Source, SourceTable, as_it_was
from dealtrack.phrase import Phrase

__all__ = ["RawRow", "Refusal", "Source", "open_source"]

_CHUNK = 1 << 20
_PEEKED = 1000
JSON_LINES = (".jsonl", ".ndjson")
_SNIFFED = 4096
_HTML = Phrase("a web page (HTML)")
_NO_TABLE = (
    (re.compile(r"<(?:!doctype\s+)?html|<!--|<(?:table|head|body|meta|style|div|form|script)\b", re.IGNORECASE), _HTML),
    (re.compile(r"<\?xml|<(?:\w+:)?Workbook\b"), Phrase("XML")),
    (re.compile(r"MIME-Version:", re.IGNORECASE), Phrase("a web archive (MHTML)")),
    (re.compile(r"\{\\rtf"), Phrase("a text document (RTF)")),
)


@contextmanager
def open_source(
    path: str | Path,
    sheet: str = "",
    *,
    encoding: str = "",
    header_rows: tuple[int, int] | None = None,
    columns: MappedColumns | None = None,
) -> Iterator[Source]:
    """Open a CSV or JSON file or a workbook, `-` for standard input; `sheet` names one of a workbook's, or numbers it.

    `encoding` is that of a text; without it, the one that it is surely in. `header_rows` are the first and the last
    line of the header, counted from 1; without them it is found by the `columns` of a mapping.
    Raises CannotRead, also while the rows are gone through, and UnknownWord for an unknown sheet or encoding.
    """
    codec = encodings.encoding_named(encoding) if encoding else ""
    query = HeaderQuery(header_rows, columns)
    name = "standard input" if str(path) == encodings.STANDARD_INPUT else str(path)
    with ExitStack() as stack:
        try:
            binary = stack.enter_context(encodings.open_bytes(path, name))
            size = os.fstat(binary.fileno()).st_size
            start = binary.read(len(max(encodings.WORKBOOKS, key=len)))
            binary.seek(0)
            if start.startswith(encodings.WORKBOOKS):
                from dealtrack.exchange.workbooks import open_sheet

                source = open_sheet(binary, name, size, stack, sheet, query)
            elif sheet:
                raise CannotRead.because("it is not a workbook; --sheet is for workbooks only", name)
            else:
                source = _text(binary, name, size, stack, codec, query)
        except OSError as error:
            raise CannotRead(path=name, reason=encodings.why_unreadable(error)) from None
        yield _as_it_was(source) if source.header[: len(MARKS)] == MARKS else source


def _as_it_was(source: Source) -> Source:
    """Return a file of refused rows with its header and its rows as they stood in the file that they come from."""
    header = tuple(as_it_was(source.header))

    def restored(row: RawRow) -> RawRow:
        return row._replace(header=header if row.header is source.header else row.header, cells=as_it_was(row.cells))

    def rows() -> Iterator[RawRow | Refusal]:
        for row in source.rows:
            yield row._replace(raw=restored(row.raw)) if isinstance(row, Refusal) else restored(row)

    return replace(source, header=header, rows=rows()) if source.format in ("csv", WORKBOOK) else source


def _text(binary: BinaryIO, name: str, size: int, stack: ExitStack, codec: str, query: HeaderQuery) -> Source:
    if not size and Path(name).suffix.lower() in JSON_LINES:
        # So an export writes that there is nothing to tell.
        return Source(name, "jsonl", "utf-8", LEAST_EXPORT, iter(()), [], 0, 0, binary.tell)
    _refuse_other_kinds(binary.read(_SNIFFED), name)
    binary.seek(0)
    encoding = encodings.encoding_of(binary, name, codec)
    also_utf8 = bool(codec) and not encoding.startswith("utf") and encodings.is_also_utf8(binary)
    binary.seek(0)
    text = stack.enter_context(io.TextIOWrapper(binary, encoding=encoding, errors="strict", newline=""))
    form, table = _table(text, name, query)
    table = table._replace(rows=_guarded(table.rows, name))
    return Source(name, form, encoding, *table, size, binary.tell, also_utf8=also_utf8)


def _refuse_other_kinds(start: bytes, name: str) -> None:
    """Refuse a web page, or XML, that is called a workbook or a table; raises CannotRead."""
    is_wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = start.decode("utf-16" if is_wide else "utf-8", "ignore").lstrip("\ufeff \t\r\n")
    for sign, kind in _NO_TABLE:
        if sign.match(text):
            if kind == "XML":
                kind = Phrase("an XML table of Excel 2003") if "urn:schemas-microsoft-com:office" in text else kind
                kind = _HTML if re.search("<html", text, re.IGNORECASE) else kind
            raise CannotRead.because(
                "it is {kind}, not a workbook or CSV; open it in Excel or LibreOffice and save it as .xlsx",
                name,
                kind=kind,
            )


def _guarded(rows: Iterator[RawRow | Refusal], name: str) -> Iterator[RawRow | Refusal]:
    try:
        yield from rows
    except OSError as error:
        raise CannotRead(path=name, reason=encodings.why_unreadable(error)) from None
    except UnicodeDecodeError:
        raise CannotRead.because("it was changed while being read", name) from None


def _table(text: TextIO, name: str, query: HeaderQuery) -> tuple[str, SourceTable]:
    """Return the format of a text and its table; raises CannotRead."""
    start = text.read(_CHUNK)
    form = _format(start.lstrip("\ufeff \t\r\n"), name)
    text.seek(0)
    # UTF-16 and GB18030 files may begin with a mark that their decoders leave in.
    lines = chain((line.removeprefix("\ufeff") for line in islice(text, 1)), text)
    if form == "csv":
        return form, read_csv(lines, name, query)
    if query.rows is not None:
        raise CannotRead.because("it is JSON, which has no header row; omit --header-row", name)
    envelope = find_array(text, name, query.columns) if form == "jsonl" else None
    text.seek(0)
    is_array = form == "json" or envelope is not None
    rows = json_array_rows(text, name, envelope) if is_array else json_line_rows(lines)
    first = list(islice(rows, _PEEKED))
    if not first and form == "json":
        # So an export writes that there is nothing to tell.
        return form, SourceTable(LEAST_EXPORT, iter(()), [], 0)
    if not first:
        raise CannotRead.because("it has no rows", name)
    if all(isinstance(row, Refusal) for row in first):
        assert isinstance(first[0], Refusal)
        raise CannotRead.because("line {line}: {reason}", name, line=first[0].line, reason=first[0].reason)
    header = tuple(dict.fromkeys(column for row in first if isinstance(row, RawRow) for column in row.header))
    return "json" if is_array else form, SourceTable(header, chain(first, rows), [], first[0].line)


def _format(start: str, name: str) -> str:
    suffix = Path(name).suffix.lower()
    if start.startswith("["):
        return "json"
    if start.startswith("{") or suffix in JSON_LINES:
        return "jsonl"
    if suffix == ".json":
        raise CannotRead.because(
            "it is not JSON of a known form: write one object per line, or one array of objects", name
        )
    return "csv"

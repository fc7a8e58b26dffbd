"""What a workbook may hold: checked before it is read, since a small file can stand for more than memory holds."""

import re
import zipfile
import zlib
from typing import Any, BinaryIO, NoReturn

from dealtrack.errors import CannotRead
from dealtrack.exchange.old_workbooks import try_old_workbook
from dealtrack.phrase import Phrase

MOST_BYTES = 1 << 30
"""What all the parts of a workbook may come to, unpacked."""

MOST_PARTS = 10_000
MOST_CELLS = 30_000_000
"""The cells of the rectangle that holds all of a sheet's: as many are held in memory, empty or not."""

MOST_ROWS = 1 << 20
MOST_COLUMNS = 1 << 14

_CHUNK = 1 << 20
_OVERLAP = 256
_REF = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,8})([0-9]{1,20})["']""")
_CELL = re.compile(rb"""<(?:[\w.-]+:)?c[\s/>]""")
_CELL_REF = re.compile(rb"""<(?:[\w.-]+:)?c\s[^<>]{0,200}?\br\s*=\s*["'][A-Za-z]""")
_SAVE = Phrase("save the sheet as CSV UTF-8")
_USUAL = b'<c r="'
_USUAL_COLUMN = re.compile(rb'<c r="([A-Z]{1,3})[0-9]')
_USUAL_ROW = re.compile(rb'<c r="[A-Z]{1,3}([0-9]{1,20})"')
_LIKE_CELLS = (b"<col", b"<conditionalFormatting", b"<cfRule", b"<cfvo", b"<cellWatch")
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def check_limits(binary: BinaryIO, name: str) -> None:
    """Check that a workbook is whole and holds no more than can be read; raises CannotRead."""
    binary.seek(0)
    if binary.read(2) != b"PK":
        try_old_workbook(binary, name)
        return
    binary.seek(0)
    try:
        with zipfile.ZipFile(binary) as archive:
            _check_archive(archive, name)
    except _FAULTS as error:
        told = str(error).strip().rstrip(".")[:120]
        _refuse(name, Phrase("it is a damaged workbook or archive ({told}); save it anew", told=told))


def _refuse(name: str, reason: str) -> NoReturn:
    raise CannotRead(path=name, reason=reason)


def _check_archive(archive: zipfile.ZipFile, name: str) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS:
        _refuse(name, Phrase("it has {count:,} parts, and {most:,} are the most", count=len(parts), most=MOST_PARTS))
    size = sum(part.file_size for part in parts)
    if size > MOST_BYTES:
        _refuse(
            name,
            Phrase(
                "unpacked it has {size:,} bytes, and {most:,} are the most; {save}",
                size=size,
                most=MOST_BYTES,
                save=_SAVE,
            ),
        )
    if any(part.flag_bits & 1 for part in parts):
        _refuse(name, Phrase("it is protected by a password; save it without one"))
    if "content.xml" in names:
        _check_ods(archive, name)
    elif "xl/workbook.bin" in names:
        _refuse(name, Phrase("it is a binary workbook (.xlsb); save it as .xlsx"))
    elif "[Content_Types].xml" in names and any(part.startswith("xl/") for part in names):
        for part in parts:
            # Whatever the part is called, the sheet's cells are in it.
            if part.filename.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".vml")):
                continue
            _check_part(archive, part, name)
    else:
        _refuse(name, Phrase("it is an archive and no workbook; unpack it first"))


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """Check one part of an XLSX workbook by the references of its cells, or by counting where they have none."""
    last_row, columns, plain, referred, any_cell = 0, {b""}, 0, 0, False
    with archive.open(part) as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            held = rest + chunk
            # What is not yet whole is left for the next turn.
            cut = held.rfind(b"<") if len(held) > _OVERLAP else len(held)
            whole, rest = (held[:cut], held[cut:]) if cut > 0 and len(held) - cut < _CHUNK else (held, b"")
            usual = _usual_cells(whole)
            if usual is not None:
                columns |= usual[0]
                last_row = max(last_row, usual[1])
                any_cell = any_cell or usual[1] > 0
                continue
            found = _REF.findall(whole)
            columns.update({letters for letters, _ in found})
            furthest = max((int(digits) for _, digits in found), default=0)
            last_row = max(last_row, furthest)
            plain += len(_CELL.findall(whole))
            referred += len(_CELL_REF.findall(whole))
    widest = max(map(_column, columns))
    if plain > referred:
        # Cells without references stand one after the other, and so do rows: the rectangle has to be counted.
        box = _Box()
        with archive.open(part) as stream:
            _parse(stream, box.start, name)
        _check_box(name, max(box.rows, last_row), max(box.columns, widest))
    elif plain or any_cell:
        _check_box(name, last_row, widest)


def _usual_cells(part: bytes) -> tuple[set[bytes], int] | None:
    """Return the columns and the last row of the cells in a piece of XML, None where some are not written as usual.

    Every spreadsheet program writes them so; to look for all that XML allows takes three times as long.
    """
    usual = part.count(_USUAL)
    others = sum(part.count(tag) for tag in _LIKE_CELLS)
    if part.count(b"<c") - others != usual or part.count(b":c"):
        return None
    letters = _USUAL_COLUMN.findall(part)
    rows = _USUAL_ROW.findall(part)
    if len(letters) != usual or len(rows) != usual:
        return None
    return set(letters), max(map(int, set(rows)), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _check_box(name: str, rows: int, columns: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        reason = Phrase(
            "a sheet runs over {rows:,} rows and {columns:,} columns, and {most:,} cells are the most",
            rows=rows,
            columns=columns,
            most=MOST_CELLS,
        )
        _refuse(name, Phrase("{reason}; delete what is empty, or {save}", reason=reason, save=_SAVE))


class _Box:
    """Counts the rows of a sheet and the cells of its longest row."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 0
        self._row = 0

    def start(self, tag: str, _: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "row":
            self.rows += 1
            self._row = 0
        elif kind == "c":
            self._row += 1
            self.columns = max(self.columns, self._row)


class _Repeats:
    """Counts the cells of an ODS workbook that hold something, as often as they are said to be repeated."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._times = 1
        self._cells = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "table-row":
            self._times = _repeated(attributes, "number-rows-repeated")
        elif kind == "table-cell" and any(key.endswith("value-type") for key in attributes):
            self._cells += self._times * _repeated(attributes, "number-columns-repeated")
            if self._cells > MOST_CELLS:
                reason = Phrase("its sheets hold more than {most:,} cells, many of them repeated", most=MOST_CELLS)
                _refuse(self._name, f"{reason}; {_SAVE}")


def _repeated(attributes: dict[str, str], wanted: str) -> int:
    text = next((value for key, value in attributes.items() if key.endswith(wanted)), "1")
    return max(1, int(text[:12])) if text.isascii() and text.isdigit() else 1


def _check_ods(archive: zipfile.ZipFile, name: str) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in archive.namelist() and b"encryption-data" in archive.read(manifest):
        _refuse(name, Phrase("it is protected by a password; save it without one"))
    with archive.open("content.xml") as stream:
        _parse(stream, _Repeats(name).start, name)


def _parse(stream: Any, start: Any, name: str) -> None:
    from xml.parsers import expat

    def no_entities(*_: Any) -> None:
        _refuse(name, Phrase("it declares entities, which no spreadsheet program writes; save it anew"))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EntityDeclHandler = no_entities
    try:
        parser.ParseFile(stream)
    except expat.ExpatError as error:
        _refuse(name, Phrase("it is a damaged workbook ({error}); save it anew", error=error))

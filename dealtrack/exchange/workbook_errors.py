"""The cells of a workbook that hold an error, as #REF!: the library that reads it takes them for empty ones.

Those of an .xlsx and an .ods are found, in the process that reads the workbook; those of an .xls are not.
"""

import posixpath
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile, ZipFile

Errors = dict[int, dict[int, str]]
"""What cells show, by row and column from 0."""

CONTENTS, LINKS, ODS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "content.xml"
TELLS_ERROR = (b'"e"', b"'e'", b'"error"', b"'error'")
"""How the type of such a cell is written."""

OVERLAP = max(map(len, TELLS_ERROR)) - 1
CHUNK = 1 << 20
MOST_REPEATED = 1000
"""How often a cell or a row may stand for itself again: beyond that nothing but formats does."""


def error_cells(content: bytes, sheet: str) -> Errors:
    """Return the cells of a sheet that hold an error; of a workbook of another kind none is found."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            is_ods = ODS in archive.namelist()
            part = ODS if is_ods else _part_of(archive, sheet)
            with archive.open(part) as stream:
                if not _tells_error(stream):
                    return {}
            with archive.open(part) as stream:
                return (_OdsErrors(sheet) if is_ods else _XlsxErrors()).read(stream)
    except (BadZipFile, KeyError, OSError, StopIteration, SyntaxError, ValueError, ExpatError, zlib.error):
        return {}


def _part_of(archive: ZipFile, sheet: str) -> str:
    targets = {about.get("Id"): about.get("Target", "") for about in _elements(archive, LINKS)}
    for about in _elements(archive, CONTENTS):
        if _local(about.tag.replace("}", ":")) == "sheet" and about.get("name") == sheet:
            link = next(value for name, value in about.items() if name.endswith("}id"))
            return posixpath.normpath(posixpath.join("/xl", targets[link])).lstrip("/")
    raise KeyError(sheet)


def _elements(archive: ZipFile, part: str) -> Iterator[ElementTree.Element]:
    return ElementTree.fromstring(archive.read(part)).iter()  # noqa: S314  # this process is there to be broken


def _tells_error(stream: IO[bytes]) -> bool:
    """Tell whether a sheet may hold an error at all: to look through its text takes a fifth of what its cells do."""
    end = b""
    while chunk := stream.read(CHUNK):
        text = end + chunk
        if any(sign in text for sign in TELLS_ERROR):
            return True
        end = chunk[-OVERLAP:]
    return False


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _XlsxErrors:
    def __init__(self) -> None:
        self._found: Errors = {}
        self._row = self._column = -1
        self._is_error = self._is_told = False

    def read(self, stream: IO[bytes]) -> Errors:
        parser = ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._text
        parser.ParseFile(stream)
        return self._found

    def _begin(self, name: str, told: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self._row, self._column = int(told.get("r", self._row + 2)) - 1, -1
            case "c":
                letters = told.get("r", "").rstrip("0123456789")
                self._column = _column(letters) if letters else self._column + 1
                self._is_error = told.get("t") == "e"
            case "v":
                self._is_told = self._is_error

    def _end(self, name: str) -> None:
        if _local(name) == "v":
            self._is_told = False

    def _text(self, text: str) -> None:
        if self._is_told:
            cells = self._found.setdefault(self._row, {})
            cells[self._column] = cells.get(self._column, "") + text


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


class _OdsErrors(_XlsxErrors):
    """Cells and rows have no places of their own here: each follows the one before, and may stand for several."""

    def __init__(self, sheet: str) -> None:
        super().__init__()
        self._sheet = sheet
        self._is_sheet = False
        self._rows = self._columns = 1
        self._beside = 0
        """Within how many notes at a cell the parser is: what they say is none of its own."""

    def _begin(self, name: str, told: dict[str, str]) -> None:
        named = {_local(key): value for key, value in told.items()}
        match _local(name):
            case "table":
                self._is_sheet = named.get("name") == self._sheet
                self._row, self._rows = -1, 1
            case "table-row":
                self._row, self._rows = self._row + self._rows, int(named.get("number-rows-repeated", 1))
                self._column, self._columns = -1, 1
            case "table-cell" | "covered-table-cell":
                self._column, self._columns = (
                    self._column + self._columns,
                    int(named.get("number-columns-repeated", 1)),
                )
                self._is_error = self._is_sheet and any(
                    _local(key) == "value-type" and value == "error" for key, value in told.items()
                )
            case "annotation":
                self._beside += 1
            case "p":
                self._is_told = self._is_error and not self._beside

    def _end(self, name: str) -> None:
        match _local(name):
            case "annotation":
                self._beside -= 1
            case "p":
                self._is_told = False

    def _text(self, text: str) -> None:
        if self._is_told:
            for row in range(self._row, self._row + min(self._rows, MOST_REPEATED)):
                cells = self._found.setdefault(row, {})
                for column in range(self._column, self._column + min(self._columns, MOST_REPEATED)):
                    cells[column] = cells.get(column, "") + text

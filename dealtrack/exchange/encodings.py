"""Opening files of unknown encoding: their bytes, and the encoding that all of them are valid in."""

import codecs
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn, cast

from dealtrack.errors import CannotRead, UnknownWord
from dealtrack.exchange.encoding_evidence import ENOUGH, chinese_evidence
from dealtrack.phrase import Phrase

STANDARD_INPUT = "-"

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How the bytes of a workbook begin: a ZIP archive, or an old compound file."""

_CHUNK = 1 << 20
_TELLING = 1 << 14
"""The bytes of lines beyond ASCII that are weighed."""

NAMES = "gb18030, big5, shift_jis, euc-kr, cp1252, cp1251"
_NO_FILES = frozenset(
    "idna punycode unicode_escape unicode-escape raw_unicode_escape raw-unicode-escape utf-7 undefined mbcs oem".split()
)
_WIDEST = {
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "cp950",
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
}  # fmt: skip
"""The encodings that people name for those that hold them and more."""

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_BROKEN_AFTER = 8
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BINARY = {
    b"PK\x05\x06": Phrase("it is an empty archive"),
    b"\xd0\xcf\x11\xe0": Phrase("it is a damaged old document; save the sheet as CSV UTF-8"),
    b"\x1f\x8b": Phrase(
        "it is compressed with gzip; give its content through a pipe: gzip -dc FILE | dealtrack import -"
    ),
    b"%PDF": Phrase("it is a PDF"),
    b"SQLite format 3": Phrase("it is a database"),
}


def why_unreadable(error: OSError) -> str:
    """Return why the system will not read a file, in words."""
    match error:
        case FileNotFoundError():
            return Phrase("there is no such file")
        case PermissionError():
            return Phrase("you have no right to read it")
        case IsADirectoryError():
            return Phrase("it is a folder; name a file in it")
        case _:
            return error.strerror or Phrase("the system will not read it")


@contextmanager
def open_bytes(path: str | Path, name: str) -> Iterator[BinaryIO]:
    """Open a file that can be read twice; what comes through a pipe is set down in a temporary file first."""
    if str(path) == STANDARD_INPUT:
        if sys.stdin is None:
            raise CannotRead(path=name, reason="it is closed")
        with _set_down(sys.stdin.buffer, name) as binary:
            yield binary
        return
    with Path(path).open("rb") as binary:
        mode = os.fstat(binary.fileno()).st_mode
        if stat.S_ISREG(mode):
            yield binary
        else:
            with _set_down(binary, name) as copy:
                yield copy


@contextmanager
def _set_down(stream: BinaryIO, name: str) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as copy:
        while chunk := stream.read(_CHUNK):
            if not copy.tell():
                _refuse_binary(chunk, name)
            copy.write(chunk)
        copy.seek(0)
        # Windows gives a wrapper of it.
        yield cast("BinaryIO", copy)


def encoding_named(text: str) -> str:
    """Return the codec of an encoding's name, its widest form as browsers take it; raises UnknownWord."""
    try:
        # The codecs that are none of text are refused here.
        "a".encode(text)
        codec = codecs.lookup(text).name
    except (LookupError, ValueError):
        codec = ""
    if not codec or codec in _NO_FILES:
        raise UnknownWord(what="--encoding", value=text, nearest="", allowed=Phrase("{names}, ...", names=NAMES))
    return _WIDEST.get(codec, codec)


def encoding_of(binary: BinaryIO, name: str, choice: str = "") -> str:
    """Return the encoding that the whole of a file is valid in: the one that is named, or the one it is surely in.

    That is UTF-8, UTF-16 with a mark, or GB18030 where its characters tell of Chinese. Raises CannotRead with the
    line and byte, counted from 1, at which it is none of them.
    """
    start = binary.read(_CHUNK)
    if not start:
        raise CannotRead(path=name, reason="it is empty")
    if choice:
        return _checked(binary, start, name, choice)
    _refuse_binary(start, name)

    def refuse(fault: _Fault, what: str) -> NoReturn:
        words = {"fault": str(fault), "what": Phrase("holds a NUL") if fault.nul else what}
        raise CannotRead(path=name, reason=Phrase("{fault} {what}; save it as CSV UTF-8", **words))

    if encoding := next((encoding for mark, encoding in _WIDE.items() if start.startswith(mark)), ""):
        if fault := _decoding_fault(binary, encoding):
            refuse(fault, Phrase("is not valid UTF-16"))
        return encoding
    fault = _decoding_fault(binary, "utf-8")
    marked = start.startswith(codecs.BOM_UTF8)
    if not fault:
        return "utf-8-sig" if marked else "utf-8"
    if fault.nul or marked or fault.beyond_ascii >= _BROKEN_AFTER:
        # Text of another encoding hardly begins with several characters of valid UTF-8: such a file is damaged.
        refuse(fault, Phrase("is damaged UTF-8"))
    _check_one_encoding(binary, name)
    other = _decoding_fault(binary, "gb18030")
    if other and other.nul:
        refuse(fault._replace(nul=True), "")
    if other:
        reason = Phrase(
            "{fault} is neither valid UTF-8 nor GB18030; save it as CSV UTF-8, or name its encoding: --encoding",
            fault=str(fault),
        )
        raise CannotRead(path=name, reason=reason)
    if chinese_evidence(_sample(binary)) >= ENOUGH:
        return "gb18030"
    reason = Phrase(
        "it is not UTF-8, and may be GB18030 or another; name its encoding with --encoding: {names}, ...", names=NAMES
    )
    raise CannotRead(path=name, reason=reason)


def _checked(binary: BinaryIO, start: bytes, name: str, choice: str) -> str:
    """Return the encoding that is named, where a file is valid in it, and has no mark of another."""
    mark = next((encoding for sign, encoding in _MARKS.items() if start.startswith(sign)), "")
    if mark and not choice.startswith(mark):
        reason = Phrase("it begins with the mark of {mark}: leave --encoding out", mark=mark.upper())
        raise CannotRead(path=name, reason=reason)
    if not choice.startswith(("utf-16", "utf-32")):
        _refuse_binary(start, name)
    if choice == "gb18030" and _decoding_fault(binary, "utf-8"):
        _check_one_encoding(binary, name)
    if fault := _decoding_fault(binary, choice):
        what = Phrase("holds a NUL") if fault.nul else Phrase("is not valid {encoding}", encoding=choice.upper())
        raise CannotRead(path=name, reason=Phrase("{fault} {what}", fault=str(fault), what=what))
    return choice


def is_also_utf8(binary: BinaryIO) -> bool:
    """Tell whether a file is valid UTF-8 beyond ASCII, whatever it is read as."""
    binary.seek(0)
    return not _decoding_fault(binary, "utf-8") and any(not line.isascii() for line in _lines(binary))


def _check_one_encoding(binary: BinaryIO, name: str) -> None:
    """Check that no line of a file that is not UTF-8 is UTF-8 all the same; raises CannotRead with two lines."""
    utf8 = other = 0
    for number, line in enumerate(_lines(binary), 1):
        if line.isascii():
            continue
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            other = other or number
        else:
            # Two bytes of a Chinese character may be one of another script in UTF-8.
            if not utf8 and (max(text) > "\u07ff" or len(line) - len(text) > 3) and chinese_evidence(line) < ENOUGH:
                utf8 = number
        if utf8 and other:
            raise CannotRead(
                path=name,
                reason=Phrase(
                    "it mixes encodings: line {line} is UTF-8, line {other} is not; save it anew in one",
                    line=utf8,
                    other=other,
                ),
            )


def _sample(binary: BinaryIO) -> bytes:
    """Return the first lines of a file that are beyond ASCII, as many as tell of their language."""
    sample = b""
    for line in _lines(binary):
        if not line.isascii():
            sample += line
            if len(sample) > _TELLING:
                break
    return sample


def _lines(binary: BinaryIO) -> Iterator[bytes]:
    binary.seek(0)
    while line := binary.readline(_CHUNK):
        yield line


def _refuse_binary(start: bytes, name: str) -> None:
    if start.startswith(WORKBOOKS):
        return
    for mark, reason in _BINARY.items():
        if start.startswith(mark):
            raise CannotRead(path=name, reason=reason)
    if not start.startswith(tuple(_WIDE)) and b"\0" in start:
        line = start[: start.index(b"\0")].count(b"\n") + 1
        raise CannotRead(
            path=name,
            reason=Phrase("line {line} holds a NUL: it is no text, or UTF-16; save it as CSV UTF-8", line=line),
        )


class _Fault(NamedTuple):
    line: int
    byte: int
    beyond_ascii: int
    nul: bool = False

    def __str__(self) -> str:
        return Phrase("line {line}, byte {byte},", line=self.line, byte=self.byte)


def _decoding_fault(binary: BinaryIO, encoding: str) -> _Fault | None:
    """Return where a file is not valid in an encoding, or holds a NUL; lines and bytes are counted from 1."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    binary.seek(0)
    lines, done, beyond, pending = 1, 0, 0, b""
    while True:
        chunk = binary.read(_CHUNK)
        try:
            text = decoder.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            good = error.object[: error.start]
            text = good.decode(encoding, "ignore")
            return _Fault(
                lines + text.count("\n"),
                done - len(pending) + error.start + 1,
                beyond + _beyond_ascii(good, text),
                "\0" in text,
            )
        if "\0" in text:
            before = text[: text.index("\0")]
            byte = done - len(pending) + len(before.encode(encoding)) + 1
            return _Fault(lines + before.count("\n"), byte, beyond, nul=True)
        if not chunk:
            return None
        pending = decoder.getstate()[0]
        lines += text.count("\n")
        done += len(chunk)
        beyond += _beyond_ascii(chunk, text)


def _beyond_ascii(data: bytes, text: str) -> int:
    """Return about how many characters beyond ASCII a text has, from the bytes it took as UTF-8."""
    return max(0, len(data) - len(text)) // 2

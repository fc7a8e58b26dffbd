"""Opening files of unknown encoding: their bytes, and the encoding that all of them are valid in."""

import codecs
import math
import os
import re
import stat
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn, cast

from dealtrack.errors import CannotRead, UnknownWord
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
"""For an encoding that people name, the wider one, which has all its characters and more."""

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_BROKEN_AFTER = 8
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BINARY = {
    b"PK\x05\x06": Phrase("it is an empty archive"),
    b"\xd0\xcf\x11\xe0": Phrase("it is a damaged document of an old format; save the sheet as CSV UTF-8"),
    b"\x1f\x8b": Phrase("it is compressed with gzip; unpack it into a pipe: gzip -dc FILE | dealtrack import -"),
    b"%PDF": Phrase("it is a PDF"),
    b"SQLite format 3": Phrase("it is a database"),
}


def why_unreadable(error: OSError) -> str:
    """Return why the system will not read a file, in words."""
    match error:
        case FileNotFoundError():
            return Phrase("there is no such file")
        case PermissionError():
            return Phrase("you have no permission to read it")
        case IsADirectoryError():
            return Phrase("it is a folder; name a file in it")
        case _:
            return error.strerror or Phrase("the system cannot read it")


@contextmanager
def open_bytes(path: str | Path, name: str) -> Iterator[BinaryIO]:
    """Open a file that can be read twice; what comes through a pipe is set down in a temporary file first."""
    with ExitStack() as stack:
        if str(path) != STANDARD_INPUT:
            stream: BinaryIO = stack.enter_context(Path(path).open("rb"))
            if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                yield stream
                return
        elif sys.stdin is not None:
            stream = sys.stdin.buffer
        else:
            raise CannotRead.because("it is closed", name)
        copy = stack.enter_context(tempfile.TemporaryFile())
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
        # This refuses codecs that do not encode text.
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
        raise CannotRead.because("it is empty", name)
    if choice:
        return _checked(binary, start, name, choice)
    _refuse_binary(start, name)

    def refuse(fault: _Fault, what: str) -> NoReturn:
        words = {"fault": str(fault), "what": Phrase("contains a NUL") if fault.nul else what}
        raise CannotRead.because("{fault} {what}; save it as CSV UTF-8", name, **words)

    wide = next((encoding for mark, encoding in _WIDE.items() if start.startswith(mark)), "")
    marked = start.startswith(codecs.BOM_UTF8)
    fault = _decoding_fault(binary, wide or "utf-8")
    if not fault:
        return wide or ("utf-8-sig" if marked else "utf-8")
    if wide:
        refuse(fault, Phrase("is not valid UTF-16"))
    if fault.nul or marked or fault.beyond_ascii >= _BROKEN_AFTER:
        # Text of another encoding hardly begins with several characters of valid UTF-8: such a file is damaged.
        refuse(fault, Phrase("is damaged UTF-8"))
    _check_one_encoding(binary, name)
    other = _decoding_fault(binary, "gb18030")
    if other and other.nul:
        refuse(fault._replace(nul=True), "")
    if other:
        raise CannotRead.because(
            "{fault} is neither valid UTF-8 nor GB18030; save it as CSV UTF-8, or name its encoding with --encoding",
            name,
            fault=str(fault),
        )
    if chinese_likelihood(_sample(binary)) >= ENOUGH:
        return "gb18030"
    raise CannotRead.because(
        "it is not UTF-8; it may be GB18030 or another encoding. Name it with --encoding: {names}, ...",
        name,
        names=NAMES,
    )


def _checked(binary: BinaryIO, start: bytes, name: str, choice: str) -> str:
    """Return the encoding that is named, where a file is valid in it, and has no mark of another."""
    mark = next((encoding for sign, encoding in _MARKS.items() if start.startswith(sign)), "")
    if mark and not choice.startswith(mark):
        raise CannotRead.because(
            "it begins with the byte order mark of {mark}; omit --encoding", name, mark=mark.upper()
        )
    if not choice.startswith(("utf-16", "utf-32")):
        _refuse_binary(start, name)
    if choice == "gb18030" and _decoding_fault(binary, "utf-8"):
        _check_one_encoding(binary, name)
    if fault := _decoding_fault(binary, choice):
        what = Phrase("contains a NUL") if fault.nul else Phrase("is not valid {encoding}", encoding=choice.upper())
        raise CannotRead.because("{fault} {what}", name, fault=str(fault), what=what)
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
            if not utf8 and (max(text) > "\u07ff" or len(line) - len(text) > 3) and chinese_likelihood(line) < ENOUGH:
                utf8 = number
        if utf8 and other:
            raise CannotRead.because(
                "it mixes encodings: line {line} is UTF-8, line {other} is not; save it again in one encoding",
                name,
                line=utf8,
                other=other,
            )


def _sample(binary: BinaryIO) -> bytes:
    """Return the first lines of a file that are beyond ASCII, as many as tell of their language."""
    sample, lines = b"", (line for line in _lines(binary) if not line.isascii())
    while len(sample) <= _TELLING and (line := next(lines, b"")):
        sample += line
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
        raise CannotRead.because(
            "line {line} contains a NUL: it is not text, or it is UTF-16; save it as CSV UTF-8", name, line=line
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
            beyond += _beyond_ascii(good, text)
            return _Fault(lines + text.count("\n"), done - len(pending) + error.start + 1, beyond, "\0" in text)
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


# How likely bytes are Chinese text in GB18030, rather than another encoding whose bytes happen to be valid in it.
#
# Measured on files of one to five rows, with invented names and firms of 20 languages, of those whose bytes are valid
# GB18030 (beside it chardet 7.7, which takes 3.6 MB and 47 ms to import): of 100 Chinese files with firms, 100 are
# known (100), of those with a name or two alone 98 (66); of 100 Korean files of names none is taken for Chinese (7),
# of Shift-JIS, Windows-1251 and Windows-1252 none or one. EUC-JP, KOI8-R and Thai are taken for it in 5 of 100 files
# of a few names, and surnames alone in Big5 in 10. To import this takes 3 ms and a file some 8 ms.

ENOUGH = 1.0
"""From here on a text is more likely Chinese: the logarithm of how many times likelier it is than anything else."""

_BY_CHANCE = math.log(128)
_FREQUENT, _NAME = 0.8, 0.2
_IN_WORD = 5.0
_PUNCTUATION = "，。、；：？！“”‘’（）《》【】—…·　￥％＋－／０１２３４５６７８９×"
_CASED, _LATIN = ("cp1251", "cp1253"), ("cp1252", "cp1250")
_LETTER = 1.2
_WORD = re.compile(r"[^\x00-\x7f]+")
_LONE = re.compile(r"(?<=[a-z])[^\x00-\x7f](?![^\x00-\x7f])|(?<![^\x00-\x7f])[^\x00-\x7f](?=[a-z])")


def chinese_likelihood(data: bytes) -> float:
    """Return how likely bytes are GB18030: the logarithm of how many times likelier than the likeliest of others."""
    others = (("cp949", "korean"), ("euc_jp", "japanese"), ("cp932", "japanese"))
    likeliest = max(_likelihood(data, encoding, language) for encoding, language in others)
    likeliest = max(likeliest, *(_cased_likelihood(data, encoding) for encoding in _CASED))
    mine = _likelihood(data, "gb18030", "chinese")
    if mine > -math.inf:
        # A single character inside a word of Latin letters is an accented letter of theirs.
        lone = [one.encode("gb18030") for one in _LONE.findall(data.decode("gb18030"))]
        mine -= _IN_WORD * sum(any(raw.decode(name, "replace").isalpha() for name in _LATIN) for raw in lone)
    return min(mine, mine - likeliest)


def _cased_likelihood(data: bytes, encoding: str) -> float:
    """Return how likely bytes are words of a script with capitals, each written as words are."""
    try:
        words = _WORD.findall(data.decode(encoding))
    except UnicodeDecodeError:
        return -math.inf
    is_text = all(word.isalpha() and (word.islower() or word.istitle() or word.isupper()) for word in words)
    # Four bytes are as often a Chinese name.
    return _LETTER * sum(map(len, words)) if is_text and max(map(len, words), default=0) > 4 else -math.inf


def _likelihood(data: bytes, encoding: str, language: str) -> float:
    """Return the logarithm of how many times likelier bytes are in a language than by chance."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return -math.inf
    costs, rare = _costs(language), _RARE[language]
    likelihood = 0.0
    for character in text:
        if not character.isascii():
            raw = character.encode(encoding, "ignore")
            cost = costs.get(character)
            likelihood += _BY_CHANCE * len(raw) - (rare(character, raw) if cost is None else cost)
    return likelihood


@cache
def _frequent() -> Mapping[str, str]:
    """Return the frequent characters of each language, the most frequent first."""
    return tomllib.loads(Path(__file__).with_name("frequent_characters.toml").read_text(encoding="utf-8"))


@cache
def _costs(language: str) -> Mapping[str, float]:
    """Return minus the logarithm of the frequency of each frequent character, which falls with its rank (Zipf)."""
    characters, is_chinese = _frequent()[language], language == "chinese"
    shift, share = (60, 0.9 * _FREQUENT) if is_chinese else (30, 0.9)
    total = math.log((len(characters) + shift) / shift)
    frequencies = {one: share / (rank + shift) / total for rank, one in enumerate(characters)}
    names = _frequent()["chinese_names"] if is_chinese else ""
    for one in set(names):
        frequencies[one] = frequencies.get(one, 0) + _NAME / len(names)
    punctuation = dict.fromkeys(_PUNCTUATION if is_chinese else "", 6.0)
    return punctuation | {one: -math.log(frequency) for one, frequency in frequencies.items()}


def _rare_chinese(_: str, raw: bytes) -> float:
    if len(raw) == 4:
        return 24.0
    lead, trail = raw
    if trail < 0x80:
        return 18.0
    if trail >= 0xA1 and 0xB0 <= lead <= 0xF7:
        # The two levels of GB 2312.
        return 11.0 if lead <= 0xD7 else 12.0
    return 13.0


_RARE: Mapping[str, Callable[[str, bytes], float]] = {
    "chinese": _rare_chinese,
    "korean": lambda one, raw: 10.5 if "가" <= one <= "힣" and raw[0] >= 0xB0 and raw[-1] >= 0xA1 else 14.0,
    "japanese": lambda one, raw: 7.0 if len(raw) == 1 else 11.0 if "一" <= one <= "龥" else 13.0,
}
"""Minus the logarithm of the frequency of a character that is not a frequent one of a language, by its bytes."""

"""TOML files written by hand: reading them, checking what they hold, and naming the line of a mistake."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from dealtrack.core.vocabulary import nearest_words
from dealtrack.errors import DealtrackError, suggestion
from dealtrack.phrase import Phrase, as_phrase, listed

DAY = r"\d{4}-\d{2}-\d{2}"

KIND_NAMES: tuple[tuple[type, str], ...] = (
    (bool, Phrase("true or false")),
    (int, Phrase("a whole number")),
    (float, Phrase("a number")),
    (str, Phrase("text")),
    (list, Phrase("a list")),
    (dict, Phrase("a table")),
    (datetime, Phrase("a time")),
    (date, Phrase("a date")),
    (time, Phrase("a time of day")),
)


class TomlTable(NamedTuple):
    """A table of a TOML file, with the place in the text where it begins, None for the whole file."""

    values: Mapping[str, Any]
    text: str
    begins: int | None
    path: Path
    error: type[DealtrackError]

    def refuse(self, template: str, needle: str | None = None, /, **values: object) -> NoReturn:
        """Raise the file's error; the line is that of the first `needle` in this table, else of its beginning.

        A key among the values is looked for first, and the needle from there on.
        """
        reason = as_phrase(template, values)
        if line := _line_of(self.text, self.begins, needle, values.get("key")):
            reason = Phrase("{reason} (line {line})", reason=reason, line=line)
        raise self.error(path=self.path, reason=reason)

    def allow(self, *keys: str) -> None:
        """Refuse any key that is not among these."""
        for key in self.values:
            if key not in keys:
                near = suggestion(nearest_words(key, keys))
                self.refuse("unknown key {key!r};{near} allowed: {names}", key, key=key, near=near, names=listed(keys))

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        """Return the value of a key after checking its type, or the default where the key is not there."""
        if key not in self.values:
            return default
        value = self.values[key]
        if type(value) is not kind:
            kinds = {"wanted": kind_name(kind), "kind": kind_name(type(value))}
            self.refuse("{key} must be {wanted}, not {kind}", key, key=key, **kinds)
        return value

    def text_of(self, key: str, default: str | None = None) -> str:
        """Return the text of a key; one that has no default must be there, and not empty."""
        value: str | None = self.get(key, str, default)
        if value is None:
            self.refuse("{key} is missing", key=key)
        if default is None and not value.strip():
            self.refuse("{key} must not be empty", key, key=key)
        # Texts end up in one line of output: no line breaks, no control characters.
        return " ".join("".join(mark if mark.isprintable() else " " for mark in value).split())

    def texts_of(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the texts of a key that holds a list, or a single text; one without default must be there."""
        if key not in self.values:
            if default is None:
                self.refuse("{key} is missing", key=key)
            return default
        value = self.values[key]
        items = [value] if isinstance(value, str) else self.get(key, list)
        for item in items:
            if not isinstance(item, str):
                self.refuse("{key} must be text, not {kind}", key, key=key, kind=kind_name(type(item)))
        return tuple(items)

    def tables_of(self, key: str) -> "list[TomlTable]":
        """Return the tables of an array of tables (`[[key]]`), in the order of the file."""
        tables = self.get(key, list, [])
        for item in tables:
            if not isinstance(item, dict):
                self.refuse("{key} must be written as [[{key}]] tables", key, key=key)
        header = re.compile(rf"^[ \t]*\[\[[^\]\n]*\b{re.escape(key)}[ \t]*\]\]", re.MULTILINE)
        places = [match.start() for match in header.finditer(self.text, self.begins or 0)]
        places += [self.begins or 0] * (len(tables) - len(places))
        return [self._replace(values=values, begins=place) for values, place in zip(tables, places, strict=False)]

    def table_of(self, key: str) -> "TomlTable":
        """Return the table of a key that the file holds (`[key]`)."""
        header = re.search(rf"^[ \t]*\[[ \t]*{re.escape(key)}[ \t]*\]", self.text, re.MULTILINE)
        return self._replace(values=self.get(key, dict), begins=header.start() if header else 0)

    def words_of(self, key: str, allowed: Iterable[str], default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the texts of a key, each of which must be one of the allowed words."""
        words = list(allowed)
        for value in (values := self.texts_of(key, default)):
            self.check_word(key, value, words, value)
        return values

    def word_of(self, key: str, allowed: Iterable[str], default: str) -> str:
        """Return the text of a key, which must be one of the allowed words."""
        self.check_word(key, word := self.text_of(key, default), list(allowed), key)
        return word

    def check_word(self, key: str, word: str, allowed: Sequence[str], needle: str) -> None:
        """Refuse a word of a key that is not among the allowed ones; the line is that of the needle."""
        if word not in allowed:
            values = {"key": key, "word": word, "nearest": suggestion(nearest_words(word, allowed))}
            self.refuse("{key} cannot be {word!r};{nearest} allowed: {names}", needle, names=listed(allowed), **values)

    def name_of(self, key: str, pattern: str) -> str:
        """Return the name that a key holds, which must be as the pattern says: small letters, digits and hyphens."""
        name = self.text_of(key)
        if not re.fullmatch(pattern, name):
            self.refuse("name cannot be {name!r}: use lower-case letters, digits and single hyphens", key, name=name)
        return name

    def day_of(self, key: str, example: str) -> date | None:
        """Return the day of a key, a TOML date or a text; None where the key is not there."""
        value = self.values.get(key)
        if isinstance(value, str) and re.fullmatch(DAY, value):
            with suppress(ValueError):
                return date.fromisoformat(value)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        values = {"key": key, "example": example, "shown": shown(value)}
        self.refuse("{key} must be a date such as {example}, not {shown}", key, **values)

    def number_of(self, key: str, low: int, high: int, default: int | None = None) -> int | None:
        """Return the whole number of a key, which must lie from `low` to `high`, both included."""
        value: int | None = self.get(key, int, default)
        if value is not None and not low <= value <= high:
            span = {"low": low, "high": high, "value": value}
            self.refuse("{key} must be from {low} to {high}, not {value}", key, key=key, **span)
        return value


def read_table(path: Path, error: type[DealtrackError]) -> TomlTable:
    """Return a TOML file as a table; a file that cannot be read or is not TOML raises `error`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise error(path=path, reason=Phrase("there is no such file")) from None
    except IsADirectoryError:
        raise error(path=path, reason=Phrase("it is a folder, not a file")) from None
    except OSError as fault:
        raise error(path=path, reason=fault.strerror or type(fault).__name__) from None
    except ValueError as fault:
        raise error(path=path, reason=str(fault)) from None
    return parse_table(data, path, error)


def parse_table(data: bytes, path: Path, error: type[DealtrackError]) -> TomlTable:
    """Return what a TOML file holds as a table; what is not TOML raises `error`."""
    try:
        text = data.decode("utf-8-sig")
        values = tomllib.loads(text)
    except UnicodeDecodeError as fault:
        raise error(path=path, reason=Phrase("it is not UTF-8 text (byte {place})", place=fault.start + 1)) from None
    except tomllib.TOMLDecodeError as fault:
        raise error(path=path, reason=Phrase("it is not TOML: {error}", error=fault)) from None
    except RecursionError:
        raise error(path=path, reason=Phrase("it is not TOML: it is nested too deeply")) from None
    except ValueError as fault:
        raise error(path=path, reason=str(fault)) from None
    return TomlTable(values, text.replace("\r\n", "\n"), None, path, error)


def shipped_and_own(kind: str, data_folder: Path, user_folder: Path) -> list[Path]:
    """Return the TOML files of a kind, as `policies`, the shipped ones first, then the user's own."""
    return [file for folder in (data_folder, user_folder) for file in sorted((folder / kind).glob("*.toml"))]


def file_named(name: str, files: Iterable[Path]) -> Path | None:
    """Return the first of the files that has this name, whatever its case."""
    return next((file for file in files if file.stem.casefold() == name.casefold()), None)


def as_path(name: str) -> Path | None:
    """Return the absolute path that a name is, None for a name that has no slash and does not end in .toml."""
    if "/" not in name and "\\" not in name and not name.casefold().endswith(".toml"):
        return None
    path = Path(name)
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        # There is no such user as in ~somebody/file.
        return path.absolute()


def kind_name(kind: type) -> str:
    """Return what a TOML value of this type is called in a message."""
    return next((name for each, name in KIND_NAMES if issubclass(kind, each)), kind.__name__)


def shown(value: Any) -> str:
    """Return a value as a message shows it: a text in quotes, of anything else the name of its type."""
    return repr(value) if isinstance(value, str) else kind_name(type(value))


def _line_of(text: str, begins: int | None, needle: str | None, key: object) -> int | None:
    place = begins
    if needle is not None:
        after = _place_of_key(text, begins or 0, str(key)) or begins or 0
        place = _place_of_key(text, after, needle)
        if place is None:
            value = re.compile(rf"(?<![\w-]){re.escape(needle)}(?![\w-])").search(text, after)
            place = value.start() if value else begins
    return None if place is None else text.count("\n", 0, place) + 1


def _place_of_key(text: str, begins: int, key: str) -> int | None:
    found = re.compile(rf"^[ \t]*\[*[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*[=.\]]", re.MULTILINE).search(text, begins)
    return found.start() if found else None

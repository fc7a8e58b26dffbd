"""What dealtrack says, gathered from its code, and held against the catalogue of each language.

`python -m tests.translations` takes new messages into the catalogues, drops those that are said no more, compiles
them, and lists what is still to be translated.
"""

import ast
import inspect
import re
import string
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from dealtrack import phrase
from dealtrack.cli import commands, usage
from dealtrack.cli.language import CLOCKS, GLOSSARY
from dealtrack.core import explanation, policy_text
from dealtrack.core.calendar import WEEKDAY_NAMES
from dealtrack.core.platform import CHANNELS
from dealtrack.core.vocabulary import CATEGORIES, LETTERS, OUTCOMES
from dealtrack.errors import SPOKEN, all_errors
from tests import pages
from tests.sources import PACKAGE, PROJECT, calls, name_called

LANGUAGES = ("zh_CN",)
CALLS = ("_", "_n", "_p", "Phrase", "Word", "BadValue", "RowRefused", "Contradiction", "because", "refuse")

# Words that stand in no call: they are looked up by what a record, a rule or the system holds.
FORMER_TEXTS = (
    "CFPB company portal practice",
    "company portal: a response within 15 calendar days",
    "company portal: a final response within 60 calendar days",
    "art. 46",
    "12315 online dispute resolution (ODR): the firm settles the complaint itself",
    (
        "notice to e-commerce platforms before Double Eleven, reported by Xinhua on 3 November; "
        "SAMR Order 121 art. 6 names the green channel and sets no days"
    ),
    "SAMR Order 20 art. 31 and the provisions on the procedure for administrative penalties",
    "SAMR Order 121 art. 27 and the provisions on the procedure for administrative penalties",
    "Order 20 art. 31",
    "Order 121 art. 27",
)
"""What shipped policies said once of their sources: registers hold it until they are corrected."""

VICTORY = (
    "70th Anniversary of the Victory of the Chinese People's War of Resistance against Japanese Aggression "
    "and the World Anti-Fascist War"
)
FESTIVALS = (
    "New Year's Day",
    "Spring Festival",
    "Spring Festival Eve",
    "Spring Festival, extended",
    "Tomb-Sweeping Day",
    "Labor Day",
    "Dragon Boat Festival",
    "Mid-Autumn Festival",
    "National Day",
    VICTORY,
)
COLUMNS = (
    *("id", "number", "platform", "category", "seller", "status", "owner", "handed on to", "policy", "received"),
    *("forwarded", "completed", "outcome", "amount", "summary", "clock", "due", "verdict", "late", "provisional"),
    *("matched", "left", "working days late", "complaint", "seq", "name", "size", "sha256", "at", "actor", "present"),
    *("aliases", "green channel", "channels", "last checked", "checked by", "checked", "finding", "title", "in force"),
    *("handler", "clocks", "taken in", "consumer", "phone", "email", "address", "by", "then", "now", "change"),
    *("missed then", "missed now", "overdue then", "overdue now", "now late", "no longer late", "week", "month"),
    *("overdue", "file", "category word", "line", "withdrawn", "rejected", "letter", "to", "complaints"),
    *("key", "value", "origin", "meaning"),
    *("office", "entries", "last", "head", "open", "on time", "done late", "open late", "on time rate"),
    *("transferred", "waiting"),
)
"""The titles of columns and the labels of fields."""

FACTS = (
    *("register", "last backup", "size", "schema", "entries", "head", "calendar", "policy", "time zone", "SQLite"),
    *("file modes", "links", "drive", "arguments"),
)
"""The facts that `doctor` shows."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
FIELDS = ("number", "platform", "category", "summary", "consumer", "phone", "email", "address")
"""The fields that a sentence may name."""

EVENTS = ("completed", "withdrawn", "rejected")
"""The events that a sentence may name."""

ANSWERS = ("true", "false", "yes", "no", "open", "third-party", "e-mail")
SYSTEM = (
    *("No such file or directory", "Permission denied", "Is a directory", "Not a directory", "File exists"),
    *("No space left on device", "Read-only file system", "Input/output error", "File name too long"),
    *("Disk quota exceeded", "File too large", "Too many open files", "Too many levels of symbolic links"),
    *("Operation not permitted", "Device or resource busy", "Bad file descriptor"),
)
"""What the system says of files that it will not open, read or write."""


class Message(NamedTuple):
    """A message: its text, that for several where it has one, the context that tells its meaning."""

    text: str
    many: str = ""
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Return what a catalogue knows it by."""
        return self.context, self.text


def _texts(call: ast.Call) -> list[str] | None:
    """Return the fixed texts that a call begins with, None where one is put together."""
    name = name_called(call)
    wanted = call.args[: 2 if name in ("_n", "_p") else 1]
    texts = [node.value for node in wanted if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return texts if len(texts) == len(wanted) else None


def said_in_code() -> Iterator[Message]:
    """Yield what the code marks as said, by CALLS, and what is handed to an error to be spoken."""
    errors = {error.__name__ for error in all_errors()}
    for _, call in calls():
        name = name_called(call)
        if name in CALLS and call.args and (texts := _texts(call)) and texts[0]:
            match name:
                case "_n":
                    yield Message(texts[0], texts[1])
                case "_p":
                    yield Message(texts[1], context=texts[0])
                case _:
                    yield Message(texts[0])
        elif name in errors:
            for keyword in call.keywords:
                value = keyword.value
                either = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                for said in either if keyword.arg in SPOKEN else ():
                    if isinstance(said, ast.Constant) and isinstance(said.value, str):
                        yield Message(said.value)


def put_together() -> Iterator[str]:
    """Yield the places where a text to be spoken is an f-string, which nobody can translate."""
    errors = {error.__name__ for error in all_errors()}
    for place, call in calls():
        name = name_called(call)
        spoken = call.args[:2] if name in CALLS else []
        if name in errors:
            spoken = [keyword.value for keyword in call.keywords if keyword.arg in SPOKEN]
        for value in spoken:
            joined = isinstance(value, (ast.JoinedStr, ast.BinOp))
            if joined and any(_has_words(part) for part in ast.walk(value)):
                yield place


def _has_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and any(map(str.isalpha, node.value))


def said_in_help() -> Iterator[Message]:
    """Yield the help of commands, arguments and options, and the names of what they take."""
    root: Any = commands.top_command()
    groups = [commands.load_command(name) for name in commands.GROUP_HELP]
    for command in (root, *groups, *(command for _, command in pages.commands())):
        yield Message(inspect.cleandoc(command.help))
        yield Message(command.options_metavar)
        if hasattr(command, "subcommand_metavar"):
            yield Message(command.subcommand_metavar)
        for param in command.params:
            yield Message(param.help)
            if param.metavar:
                yield Message(param.metavar, context=param.name if param.name in usage.METAVAR_CONTEXTS else "")
    for entry in commands.COMMANDS.values():
        yield Message(entry.section)


def said_of_data() -> Iterator[Message]:
    """Yield the words that records hold and tables head their columns with."""
    for module in ("calendar", "clocks", "runs", "lifecycle", "policy"):
        for value in vars(import_module(f"dealtrack.core.{module}")).values():
            if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum:
                for member in value:
                    yield Message(member.value, context=value.__name__.lower())
    for template in (
        phrase.LIST,
        phrase.CHOICE,
        phrase.SUM,
        phrase.ORDER,
        *explanation.TEMPLATES,
        *(text for pair in policy_text.UNITS.values() for text in pair),
    ):
        yield Message(template)
    for word in (
        *(*CATEGORIES, *OUTCOMES, *CHANNELS, *CLOCKS, *FORMER_TEXTS, *FESTIVALS, *FACTS),
        *(*WEEKDAY_NAMES, *MONTHS, *ANSWERS, *FIELDS, *EVENTS, *SYSTEM),
    ):
        yield Message(word)
    for title in COLUMNS:
        yield Message(title, context="heading")
    for term in GLOSSARY:
        yield Message(term, context="term")
    for seller in ("platform", "third-party"):
        yield Message(seller, context="seller")
    for letter in LETTERS:
        yield Message(letter, context="letter")
    for origin in ("option", "environment", "user", "office", "default"):
        yield Message(origin, context="origin")


def said_in_data() -> Iterator[Message]:
    """Yield the titles and sources that the shipped rules hold, those of other countries' calendars aside."""
    paths = [
        *PROJECT.glob("data/policies/*.toml"),
        *PROJECT.glob("data/calendars/cn*.toml"),
        PROJECT / "data/campaigns.toml",
    ]
    for path in sorted(paths):
        for key, text in _texts_in(tomllib.loads(path.read_text())):
            if key in ("title", "authority", "source", "article", "unverified", "notice") or (
                key == "name" and " " in text
            ):
                yield Message(text)


def _texts_in(table: Any) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from _texts_in(item)


@cache
def messages() -> tuple[Message, ...]:
    """Return all that dealtrack says, each once, in the order of the code."""
    errors = (Message(error.template()) for error in all_errors())
    found: dict[tuple[str, str], Message] = {}
    for message in (*errors, *said_in_help(), *said_in_code(), *said_of_data(), *said_in_data()):
        if message.text:
            held = found.setdefault(message.key, message)
            if message.many and not held.many:
                found[message.key] = message
    return tuple(found.values())


def catalogue_path(language: str) -> Path:
    """Return the catalogue of a language, as it is written."""
    return PACKAGE / "locale" / language / "LC_MESSAGES" / "dealtrack.po"


def read_catalogue(language: str) -> Catalog:
    """Return the catalogue of a language, empty where there is none."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as gettext reads it, the same bytes whenever it is made."""
    catalogue.creation_date = catalogue.revision_date = datetime(2016, 11, 1, tzinfo=UTC)
    held = BytesIO()
    write_mo(held, catalogue)
    return held.getvalue()


def content(compiled_catalogue: bytes) -> dict[Any, str]:
    """Return the messages of a compiled catalogue, without its head, which names the version of Babel."""
    told: dict[Any, str] = dict(GNUTranslations(BytesIO(compiled_catalogue))._catalog)  # type: ignore[attr-defined]
    told.pop("")
    return told


def translations(catalogue: Catalog) -> dict[tuple[str, str], Any]:
    """Return the messages of a catalogue by what they are known by."""
    return {
        (str(message.context or ""), message.id if isinstance(message.id, str) else message.id[0]): message
        for message in catalogue
        if message.id
    }


def placeholders(text: str) -> set[str]:
    """Return the names of the placeholders of a message."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def update(language: str) -> list[str]:
    """Take what is said into a catalogue, drop what is not, compile it, and return what is not translated."""
    held = translations(read_catalogue(language))
    new = Catalog(
        locale=language,
        project="dealtrack",
        version=" ",
        header_comment=f"# dealtrack in {language}: written by hand, kept in step by tests/translations.py.",
        fuzzy=False,
        # Of dates that change with every run, none is kept.
        revision_date=datetime(2016, 11, 1, tzinfo=UTC),
        creation_date=datetime(2016, 11, 1, tzinfo=UTC),
    )
    missing = []
    for message in messages():
        known = held.get(message.key)
        text: Any = known.string if known is not None else ""
        if message.many and isinstance(text, str):
            text = (text,)
        elif not message.many and isinstance(text, tuple):
            text = text[0]
        new.add(
            (message.text, message.many) if message.many else message.text,
            text,
            context=message.context or None,
        )
        if not (text[0] if isinstance(text, tuple) and text else text):
            missing.append(message.text)
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        text = BytesIO()
        write_po(text, new, width=110, no_location=True)
        # The head keeps what says something: no dates of the day, no version of Babel, no addresses of nobody.
        head, blank, rest = text.getvalue().partition(b"\n\n")
        head = re.sub(rb'^"(?!Project|Language:|Plural|MIME|Content)[A-Z].*\n', b"", head, flags=re.MULTILINE)
        stream.write(head + blank + rest)
    with path.open("rb") as stream:
        path.with_suffix(".mo").write_bytes(compiled(read_po(stream, locale=language)))
    return missing


if __name__ == "__main__":
    for language in LANGUAGES:
        left = update(language)
        print(f"{language}: {len(left)} to be translated", *left, sep="\n  ")
    sys.exit(0)

"""The words that records hold, in the user's language: verdicts, categories, holidays, and the keys of columns.

They are English in the register, in JSON, in CSV and in plain lines, which programs read; a person's tables and
sentences say them.
"""

from collections.abc import Callable, Iterator

from dealtrack.cli.language import _, is_english
from dealtrack.core.calendar import WEEKDAY_NAMES
from dealtrack.core.platform import CHANNELS
from dealtrack.core.standing import FIRST_KEYS, LAST_KEYS
from dealtrack.core.vocabulary import CATEGORIES, OUTCOMES
from dealtrack.phrase import Word, in_context, in_language, listed

CLOCKS = ("accept", "complete", "final", "forward", "handle", "mediate", "respond", "verify")
"""The clocks of the policies that are shipped; a policy of the user's own may have others, which stay as they are."""

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
    *(*FIRST_KEYS, *LAST_KEYS, "clock", "due", "verdict", "late", "provisional", "matched"),
    "working days late",
    *("complaint", "seq", "name", "size", "sha256", "at", "actor", "present", "aliases", "green channel", "channels"),
    *("last checked", "checked by", "checked", "finding", "title", "in force", "clocks", "taken in"),
    *("consumer", "phone", "email", "address", "by", "then", "now", "change"),
    *("missed then", "missed now", "overdue then", "overdue now", "now late", "no longer late", "month"),
)
FACTS = (
    *("register", "last backup", "size", "schema", "entries", "head", "calendar", "policy", "time zone", "SQLite"),
    *("file modes", "links", "drive", "arguments"),
)
"""What `doctor` tells."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ANSWERS = ("true", "false", "yes", "no", "open", "third-party", "e-mail")
SYSTEM = (
    *("No such file or directory", "Permission denied", "Is a directory", "Not a directory", "File exists"),
    *("No space left on device", "Read-only file system", "Input/output error", "File name too long"),
    *("Disk quota exceeded", "File too large", "Too many open files", "Too many levels of symbolic links"),
    *("Operation not permitted", "Device or resource busy", "Bad file descriptor"),
)
"""What the system says of files that it will not open, read or write."""

GLOSSARY = (
    *("received", "accept", "forward", "complete", "withdrawn", "rejected", "reopened", "paused", "resumed"),
    *("extended", "handed-on", "evidence", "overdue", "met", "missed", "running", "projected", "provisional"),
    *("working day", "make-up working day", "public holiday", "owner", "clock", "due", "verdict", "policy"),
    *("advance-compensation", "refund", "quality", "delivery", "mismatch", "cancelled-order", "advertising"),
)
"""The terms of the field, in the order in which a complaint meets them."""


def all_words() -> Iterator[str]:
    """Yield every word that is looked up by what a record holds."""
    yield from (
        *CATEGORIES,
        *OUTCOMES,
        *CHANNELS,
        *CLOCKS,
        *FORMER_TEXTS,
        *FESTIVALS,
        *COLUMNS,
        *FACTS,
        *WEEKDAY_NAMES,
        *MONTHS,
        *ANSWERS,
        *SYSTEM,
    )


WORDS = frozenset("title category outcome status clock verdict kind present taken_in green_channel provisional".split())
"""The keys whose values are such words."""

LISTS = frozenset(("channels", "clocks"))
"""The keys whose values are lists of such words."""


def say_field(key: str, text: str, translate: Callable[[str], str] = _) -> str:
    """Return what stands under a key of a record, in the user's language where it is a word of dealtrack's own."""
    if is_english() or not text:
        return text
    if key == "seller":
        return in_context("seller", text, translate)
    if key in LISTS:
        return str(in_language(listed(map(Word, text.split(", "))), translate))
    return translate(text) if key in WORDS else text


def heading(title: str) -> str:
    """Return the title of a column in the user's language."""
    return title if is_english() else _(title)


def read_clock(text: str) -> str:
    """Return the clock that a word means: a shipped one by its name in the user's language, any other as it is."""
    return next((clock for clock in CLOCKS if text == _(clock)), text)

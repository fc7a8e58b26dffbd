"""The words that records hold, in the user's language: verdicts, categories, holidays, and the keys of columns.

They are English in the register, in JSON, in CSV and in plain lines, which programs read; a person's tables and
sentences say them.
"""

from collections.abc import Callable, Iterable, Iterator

from dealtrack.cli.language import _, add_words
from dealtrack.core.calendar import WEEKDAY_NAMES
from dealtrack.core.platform import CHANNELS, Platform
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
    *("id", "number", "platform", "category", "seller", "status", "owner", "handed on to", "policy", "received"),
    *("forwarded", "completed", "outcome", "amount", "summary", "clock", "due", "verdict", "late", "provisional"),
    *("matched", "left", "working days late", "complaint", "seq", "name", "size", "sha256", "at", "actor", "present"),
    *("aliases", "green channel", "channels", "last checked", "checked by", "checked", "finding", "title", "in force"),
    *("clocks", "taken in", "consumer", "phone", "email", "address", "by", "then", "now", "change"),
    *("missed then", "missed now", "overdue then", "overdue now", "now late", "no longer late", "week", "month"),
    *("overdue", "file", "category word", "line"),
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

GLOSSARY = (
    *("received", "accepted", "not accepted", "forwarded", "completed", "closed", "withdrawn", "paused", "resumed"),
    *("no pause stops it", "extended", "reassigned", "reopened", "noted", "corrected", "undone"),
    *("owner", "handler", "resolved at first contact", "stage (clock)", "deadline", "due", "deadline status (verdict)"),
    *("on time (met)", "late (missed)", "overdue", "not yet due (running)", "expected (projected)"),
    *("not counted (cancelled)", "provisional", "done or past due", "daily mean"),
    *("seller (platform)", "seller (third-party)", "quality", "delivery", "not as described (mismatch)"),
    *(
        "cancelled by seller (cancelled-order)",
        "advertising",
        "ID",
        "number",
        "summary",
        "consumer",
        "phone",
        "address",
    ),
    *("amount", "no agreement", "advance compensation", "refund", "platform", "policy", "calendar", "working day"),
    *("working day (make-up)", "day off (made up on another day)", "holiday", "register", "journal", "entry"),
    *("checksum", "evidence", "daily summary", "live board"),
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
        *FACTS,
        *WEEKDAY_NAMES,
        *MONTHS,
        *ANSWERS,
        *FIELDS,
        *EVENTS,
        *SYSTEM,
    )


WORDS = frozenset("title category outcome clock present taken_in green_channel provisional".split())
"""The keys whose values are such words."""

CONTEXTS = frozenset("seller status verdict kind platform".split())
"""The keys whose values are words whose meaning hangs on the key, and the names of platforms."""

LISTS = frozenset(("channels", "clocks"))
"""The keys whose values are lists of such words."""


def say_field(key: str, text: str, translate: Callable[[str], str] = _) -> str:
    """Return what stands under a key of a record, in the user's language where it is a word of dealtrack's own."""
    if not text:
        return text
    if key in CONTEXTS:
        return in_context(key, text, translate)
    if key in LISTS:
        return str(in_language(listed(map(Word, text.split(", "))), translate))
    # English shows some keys as words, other languages look them up as they are.
    return translate(in_context(key, text, translate)) if key in WORDS else text


def heading(title: str, translate: Callable[[str], str] = _) -> str:
    """Return the title of a column in the user's language."""
    return in_context("heading", title, translate)


def name_platforms(platforms: Iterable[Platform]) -> None:
    """Show platforms by their first Chinese names, where dealtrack does not speak English."""
    for platform in platforms:
        # As a pattern the span of characters takes 3 ms to compile, for every command in Chinese.
        chinese = (name for name in platform.names if any("\u4e00" <= sign <= "\u9fff" for sign in name))
        add_words({f"platform\x04{platform.name}": next(chinese, platform.name)})


def read_clock(text: str) -> str:
    """Return the clock that a word means: a shipped one by its name in the user's language, any other as it is."""
    return next((clock for clock in CLOCKS if text == _(clock)), text)

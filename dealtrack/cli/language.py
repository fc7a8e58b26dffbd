"""The language in which dealtrack speaks: English is written in the code, other languages are looked up by it.

English loads nothing. Another language loads its one compiled catalogue when the first message is said. The words that
records hold are English in the register, in JSON, in CSV and in plain lines, which programs read; a person's tables and
sentences say them in the user's language.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dealtrack.errors import UnknownLanguage
from dealtrack.phrase import Phrase, Word, in_context, in_language, listed
from dealtrack.settings import LANGUAGE_VARIABLE

if TYPE_CHECKING:
    from gettext import GNUTranslations

    from dealtrack.core.platform import Platform

LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


ENGLISH, CHINESE = "en", "zh"
LANGUAGES = {
    ENGLISH: ("en", "english", "c", "posix", "英文", "英语"),
    CHINESE: ("zh-CN", "chinese", "中文", "汉语", "简体中文"),
}
"""The languages by their code of two letters, which names the folder of their guides: their tag, and other names."""

ENGLISH_WORDS: Mapping[str, str] = {
    "verdict\x04met": "on time",
    "verdict\x04missed": "late",
    "verdict\x04running": "not yet due",
    "verdict\x04projected": "expected",
    "verdict\x04cancelled": "not counted",
    "kind\x04rejected": "not accepted",
    "kind\x04handed-on": "reassigned",
    "kind\x04amended": "corrected",
    "kind\x04voided": "undone",
    "heading\x04id": "ID",
    "heading\x04clock": "stage",
    "heading\x04clocks": "deadlines",
    "heading\x04verdict": "deadline status",
    "heading\x04at": "time",
    "heading\x04seq": "entry",
    "heading\x04actor": "user",
    "heading\x04present": "on file",
    "heading\x04handed on to": "handler",
    "heading\x04taken in": "adopted",
    "heading\x04missed then": "late then",
    "heading\x04missed now": "late now",
    "heading\x04category word": "category in the file",
    "origin\x04user": "your file",
    "origin\x04office": "office's file",
    "day unknown": "date unknown",
    "(entered {moment}, 1 day later)": "(recorded {moment}, 1 day later)",
    "(entered {moment}, {count} days later)": "(recorded {moment}, {count} days later)",
    "(voided)": "(undone)",
    "category\x04mismatch": "not as described",
    "category\x04cancelled-order": "cancelled by seller",
    "outcome\x04advance-compensation": "advance compensation",
    "outcome\x04no-agreement": "no agreement",
}
"""What English shows for keys that records hold, after their contexts, where that is not the key itself."""

CLOCKS = (
    "accept", "acknowledge", "agree", "answer", "assist", "check", "complete", "decide", "final", "forward", "handle",
    "mediate", "notify", "publish", "push", "refer", "remove", "resolve", "respond", "review", "submit", "update",
    "verify",
)  # fmt: skip
"""The clocks of the policies that are shipped; a policy of the user's own may have others, which stay as they are."""

GLOSSARY = (
    *("received", "accepted", "not accepted", "forwarded", "completed", "closed", "withdrawn", "paused", "resumed"),
    *("no pause stops it", "extended", "reassigned", "transferred", "reopened", "noted", "corrected", "undone"),
    *("owner", "handler", "resolved at first contact", "stage (clock)", "deadline", "due", "deadline status (verdict)"),
    *("on time (met)", "late (missed)", "overdue", "not yet due (running)", "expected (projected)"),
    *("not counted (cancelled)", "provisional", "done or past due", "daily mean"),
    *("seller (platform)", "seller (third-party)", "quality", "delivery", "not as described (mismatch)"),
    *("cancelled by seller (cancelled-order)", "advertising", "ID", "number", "summary"),
    *("consumer", "phone", "address"),
    *("amount", "no agreement", "advance compensation", "refund", "platform", "policy", "calendar", "working day"),
    *("working day (make-up)", "day off (made up on another day)", "holiday", "register", "journal", "entry"),
    *("checksum", "evidence", "daily summary", "live board"),
)
"""The terms of the field, in the order in which a complaint meets them."""


WORDS = frozenset("meaning title category outcome clock present taken_in green_channel provisional".split())
"""The keys whose values are such words."""

CONTEXTS = frozenset("seller status verdict kind platform letter origin".split())
"""The keys whose values are words whose meaning hangs on the key, and the names of platforms."""

LISTS = frozenset(("channels", "clocks"))
"""The keys whose values are lists of such words."""

_current = [ENGLISH]
_names: dict[str, str] = {}


def language_named(text: str) -> str | None:
    """Return the language that a name such as zh, zh_CN.UTF-8 or English means; None where it is not spoken.

    Traditional Chinese (zh_TW, zh_HK) is not written yet: it is answered in simplified characters.
    """
    name = text.strip().lower().replace("-", "_").partition(".")[0].partition("@")[0]
    code = name.partition("_")[0]
    return next((each for each, names in LANGUAGES.items() if code == each or name in names), None)


def choose_language(option: str, environment: Mapping[str, str] = os.environ) -> None:
    """Speak from now on the language given, else that of DEALTRACK_LANG, else the locale's, else English.

    Raises UnknownLanguage for one that was asked for and is not spoken; of a locale, English is made do with.
    """
    locale = next(filter(None, (environment.get(name, "").strip() for name in LOCALE_VARIABLES)), "")
    _current[0] = language_named(locale) or ENGLISH
    name = option.strip() or environment.get(LANGUAGE_VARIABLE, "").strip()
    if name:
        named = language_named(name)
        if named is None:
            raise UnknownLanguage(name=name)
        _current[0] = named


def current_language() -> str:
    """Return the language that is spoken, as one of LANGUAGES."""
    return _current[0]


def is_english() -> bool:
    """Tell whether messages are said as they are written in the code."""
    return _current[0] == ENGLISH


def help_text(name: str) -> str:
    """Return a file of the help in the user's language; in English where that language lacks it."""
    folder = Path(__file__).parent.parent / "help"
    file = folder / _current[0] / name
    return (file if file.exists() else folder / ENGLISH / name).read_text(encoding="utf-8")


@cache
def _catalogue(language: str) -> "GNUTranslations":
    from gettext import GNUTranslations

    folder = Path(__file__).parent.parent / "locale" / LANGUAGES[language][0].replace("-", "_")
    with (folder / "LC_MESSAGES" / "dealtrack.mo").open("rb") as stream:
        return GNUTranslations(stream)


def _(message: str, /, **values: object) -> str:
    """Return a message in the user's language, its placeholders in braces filled in where values are given."""
    text = translated(message, _current[0])
    return text.format(**values) if values else text


def translated(message: str, language: str) -> str:
    """Return a message in a language, ENGLISH or CHINESE."""
    if language == ENGLISH or not message:
        return ENGLISH_WORDS.get(message, message)
    if message in _names:
        return _names[message]
    catalogue = _catalogue(language)
    text = catalogue.gettext(message)
    # The first releases of Python 3.11, Debian 12's among them, do not find so a message that has a plural.
    return catalogue.ngettext(message, message, 1) if text == message else text


def _n(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the message for this count in the user's language, filled in with the count and the values."""
    is_one, language = count == 1, _current[0]
    text = (one if is_one else many) if language == ENGLISH else _catalogue(language).ngettext(one, many, count)
    return text.format(**{"count": count, **values})


def _p(context: str, message: str) -> str:
    """Return a word in the user's language whose meaning hangs on where it stands, as `now` of a moment."""
    return in_context(context, message, _)


def sentence(value: object) -> str:
    """Return a phrase in the user's language as a sentence, with a capital and a full stop."""
    text = say(value)
    first = re.match(r"{(\w+)", value.template) if isinstance(value, Phrase) else None
    # A value that stands first, such as a path, stays as it is written.
    if not (isinstance(value, Phrase) and first) or isinstance(value.values[first[1]], (Phrase, Word)):
        text = text[:1].upper() + text[1:]
    return text + ("" if text.endswith((".", "。")) else _("."))


def say(value: object) -> str:
    """Return a phrase, or any other value, in the user's language as text."""
    return str(value if _current[0] == ENGLISH else in_language(value, _))


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


def say_length(text: str) -> str:
    """Return a length of time such as 2 wd, 3 h or 40 min in the user's language; nothing for nothing."""
    count, _space, unit = text.partition(" ")
    return {"wd": _("{count} wd"), "h": _("{count} h"), "min": _("{count} min")}.get(unit, text).format(count=count)


def heading(title: str, translate: Callable[[str], str] = _) -> str:
    """Return the title of a column in the user's language."""
    return in_context("heading", title, translate)


def name_platforms(platforms: "Iterable[Platform]") -> None:
    """Show platforms by their first Chinese names, where dealtrack does not speak English."""
    for platform in platforms:
        # As a pattern the span of characters takes 3 ms to compile, for every command in Chinese.
        chinese = (name for name in platform.names if any("\u4e00" <= sign <= "\u9fff" for sign in name))
        _names[f"platform\x04{platform.name}"] = next(chinese, platform.name)


def read_clock(text: str) -> str:
    """Return the clock that a word means: a shipped one by its name in the user's language, any other as it is."""
    return next((clock for clock in CLOCKS if text == _(clock)), text)

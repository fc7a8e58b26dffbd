"""Messages that are composed below the command line, and can still be translated there."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from typing import Self


class Word(str):
    """A word of a fixed list or of shipped data, which is translated as it stands."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return the word itself, so that it stays one."""
        return self


class Phrase(str):
    """A text in English that remembers the template and the values it was made of.

    Used as a text, in JSON, in a test or in a message, it is the English text. `in_language` translates it: it looks
    the template up and fills in the values, of which those that are phrases are translated first.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Fill in a template, whose placeholders are named."""
        phrase = super().__new__(cls, template.format(**values))
        phrase.template = template
        phrase.values = values
        return phrase

    def __str__(self) -> str:
        """Return the phrase itself, so that `str` of an exception made with it is the phrase."""
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        return (self.template,), self.values


class BadValue(ValueError):
    """What is wrong with a value that someone wrote, as a phrase."""

    def __init__(self, template: str, /, **values: object) -> None:
        super().__init__(as_phrase(template, values))


def as_phrase(template: str, values: dict[str, object]) -> str:
    """Return the phrase of a template and its values; a phrase stays as it is."""
    return template if isinstance(template, Phrase) else Phrase(template, **values)


def in_language(value: object, translate: Callable[[str], str]) -> object:
    """Return a phrase, or a word of a fixed list, as `translate` has it; anything else as it is."""
    if isinstance(value, Phrase):
        values = {name: in_language(each, translate) for name, each in value.values.items()}
        # A list of one word is that word: there is nothing to look up.
        return (value.template if value.template == "{word}" else translate(value.template)).format(**values)
    if isinstance(value, Exception):
        return in_language(str(value), translate)
    if isinstance(value, StrEnum):
        # A word such as `paused` names an event, a status and a verdict, which other languages tell apart.
        return in_context(type(value).__name__.lower(), str(value), translate)
    return translate(str.__str__(value)) if isinstance(value, Word) else value


def in_context(context: str, word: str, translate: Callable[[str], str]) -> str:
    """Return a word whose meaning hangs on where it stands, as `platform` of a seller, as `translate` has it."""
    # So gettext itself joins a message to its context.
    return translate(f"{context}\x04{word}").rpartition("\x04")[2]


LIST, CHOICE, SUM, ORDER = "{some}, {other}", "{some} or {other}", "{some} and {other}", "{some}; {other}"


def listed(words: Iterable[str], template: str = LIST) -> Phrase:
    """Return words as a list in a sentence: `one, two, three`; empty without any."""
    joined = [Phrase("{word}", word=word) for word in words]
    # By halves: one phrase inside another for each word would need as many nested calls to translate.
    while len(joined) > 1:
        pairs = [
            Phrase(template, some=some, other=other) for some, other in zip(joined[::2], joined[1::2], strict=False)
        ]
        joined = pairs + joined[len(pairs) * 2 :]
    return joined[0] if joined else Phrase("")


either = partial(listed, template=CHOICE)
"""Return words as a choice: `one or two or three`; empty without any."""

both = partial(listed, template=SUM)
"""Return words as a sum: `one and two and three`; empty without any."""

in_order = partial(listed, template=ORDER)
"""Return texts that follow one another: `one; two; three`; empty without any."""

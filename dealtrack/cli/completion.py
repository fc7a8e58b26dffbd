"""Completion by the Tab key: the answers to what a shell asks.

The words of the line go through a pipe, each ended by a NUL: the arguments of a process are everybody's to see.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dealtrack import settings
from dealtrack.cli.candidates import FILES, Candidate, CompletionQuery, values
from dealtrack.cli.commands import COMMANDS
from dealtrack.cli.language import _
from dealtrack.cli.session import Session
from dealtrack.cli.usage import translate, what_it_takes
from dealtrack.settings import Settings

QUOTES = ("'", '"')
TYPED = re.compile(r"""(\s+)|('([^']*)'?|"((?:\\.|[^"\\])*\\?)"?|((?:\\.|\\\Z|[^'"\s\\])+))""", re.DOTALL)
"""A stretch of what bash is given: blanks between words, or a part of a word in quotes or without them."""


@dataclass
class Place:
    """Where the word that is being typed stands: after which names, in which command, as the value of which option."""

    command: Any
    prefix: str
    names: tuple[str, ...] = ()
    option: Any = None
    used: frozenset[str] = frozenset()
    only_arguments: bool = False
    argument: int = 0
    db: str = ""

    def is_option(self, word: str) -> bool:
        """Tell whether a word is, or begins, an option."""
        return word.startswith("-") and word != "-" and not self.only_arguments


def answer(shell: str, words: Sequence[str], top: Any) -> None:
    """Print how the last of the words of a command line may go on, one a line; nothing where nothing is known."""
    kept, raw = "", ""
    if shell == "bash":
        words, raw, kept = split_line(*(*words, "", "")[:2])
        if quoting(raw) is None:
            return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        try:
            place = find_place(words, top)
            lines = list(_lines(shell, _possible(place), place.prefix, kept, raw)) if place else []
        except Exception:  # noqa: BLE001 - whatever is wrong, the line that is typed stays as it is
            return
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _lines(shell: str, candidates: list[Candidate], prefix: str, kept: str, raw: str) -> Iterator[str]:
    if candidates is FILES:
        yield FILES[0].value
        return
    is_ascii = shell == "bash" and not _reads_utf8()
    for value, text in candidates:
        if not (value.startswith(prefix) and value.isprintable()) or value == FILES[0].value:
            continue
        if is_ascii and not value.isascii():
            continue
        meaning = " ".join(text.split())
        if shell == "bash":
            yield for_bash(value.removeprefix(kept), quoting(raw) or "")
        elif shell == "zsh":
            value = value.replace("\\", "\\\\").replace(":", "\\:")
            yield f"{value}:{meaning}" if meaning else value
        else:
            yield f"{value}\t{meaning}" if meaning else value


def quoting(raw: str) -> str | None:
    """Return the quote that a word, as it is typed for bash, has opened at its beginning; empty where it has none.

    None where quotes stand in its middle, so that what is added would be read one way by bash and another way here.
    """
    if re.fullmatch(r"""'[^']*|"(?:\\.|[^"\\])*\\?|(?:\\.|[^'"\\])*\\?""", raw, re.DOTALL):
        return raw[0] if raw.startswith(QUOTES) else ""
    return None


def for_bash(value: str, quote: str) -> str:
    """Return a value as it is to be typed after a quote, or without one, so that bash takes it for itself."""
    if not quote:
        return re.sub(r"(?![\w./:,+@%=-])[\0-\x7f]", r"\\\g<0>", value)
    # An exclamation mark calls up an earlier command inside double quotes too, whatever stands before it.
    in_double = re.sub(r'[\\"$`]', r"\\\g<0>", value).replace("!", '"\\!"')
    text = value.replace("'", "'\\''") if quote == "'" else in_double
    # Bash closes the quote itself, but for a text that ends as if it were closed.
    return text + quote if text.endswith(quote) else text


def _reads_utf8() -> bool:
    """Tell whether the shell reads bytes as UTF-8, or one by one; GBK takes what follows a byte for a part of it."""
    locale = next(filter(None, map(settings.variable, ("LC_ALL", "LC_CTYPE", "LANG"))), "C")
    return locale in ("C", "POSIX") or locale.partition(".")[2].partition("@")[0].lower().replace("-", "") == "utf8"


def words_from_input() -> list[str]:
    """Return the words that a shell hands over: through a pipe, each ended by a NUL."""
    if sys.stdin is None or sys.stdin.isatty():
        return []
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")[:-1]


def _possible(place: Place) -> list[Candidate]:
    command, prefix = place.command, place.prefix

    def values_of(param: Any, option: str, prefix: str) -> list[Candidate]:
        session = Session(Settings({"register": place.db}))
        return values(CompletionQuery(session, " ".join(place.names), option, what_it_takes(param), prefix))

    if place.option is not None:
        return values_of(place.option, max(place.option.opts, key=len), prefix)
    written, equals, value = prefix.partition("=")
    if place.is_option(prefix) and prefix.startswith("--") and equals:
        option = _option(command, written)
        candidates = values_of(option, written, value) if option else []
        if candidates is FILES:
            return FILES
        return [Candidate(written + equals + each.value, each.meaning) for each in candidates]
    if place.is_option(prefix):
        return _options(command, place.used)
    if hasattr(command, "list_commands"):
        if command.commands:
            return [Candidate(name, part.get_short_help_str(80)) for name, part in command.commands.items()]
        # A word on each would take loading them all.
        return [Candidate(name, _(entry.section)) for name, entry in COMMANDS.items()]
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    if not arguments:
        return _options(command, place.used) if not prefix else []
    argument = arguments[min(place.argument, len(arguments) - 1)]
    if place.argument >= len(arguments) and argument.nargs != -1:
        return []
    return values_of(argument, "", prefix)


def _options(command: Any, used: Iterable[str]) -> list[Candidate]:
    translate(command)
    candidates = [
        Candidate(max(param.opts, key=len), param.help or "")
        for param in command.params
        if param.param_type_name == "option" and (param.multiple or not set(param.opts).intersection(used))
    ]
    return [*candidates, Candidate("--help", _("Show this message and exit."))]


def _option(command: Any, word: str) -> Any:
    return next((param for param in command.params if param.param_type_name == "option" and word in param.opts), None)


def find_place(words: Sequence[str], top: Any) -> Place | None:
    """Return where the last of the words stands, None where those before it lead to no command."""
    place = Place(top, words[-1] if words else "")
    for word in words[:-1]:
        written, has_value, value = word.partition("=")
        if place.option is not None:
            place.db = word if "--db" in place.option.opts else place.db
            place.option = None
        elif word == "--" and not place.only_arguments:
            place.only_arguments = True
        elif place.is_option(word):
            option = _option(place.command, written)
            place.used |= {written}
            if option is not None and not option.is_flag:
                if not has_value:
                    place.option = option
                elif "--db" in option.opts:
                    place.db = value
        elif hasattr(place.command, "get_command"):
            place.command = place.command.get_command(None, word)
            if place.command is None:
                return None
            place.names, place.used = (*place.names, word), frozenset()
        else:
            place.argument += 1
    return place


def split_line(line: str, breaks: str) -> tuple[list[str], str, str]:
    """Return the words after the first of a line that bash is given, its last word as typed, and what of it is kept.

    Bash replaces only what follows the last of its `breaks` (= and :) in a word without quotes: what stands before
    is kept.
    """
    words, raws = [""], [""]
    for blank, typed, single, double, bare in TYPED.findall(line.lstrip()):
        if blank:
            words.append("")
            raws.append("")
        words[-1] += single or re.sub(r"\\(.)", r"\1", double or bare, flags=re.DOTALL)
        raws[-1] += typed
    last, raw = words[-1], raws[-1]
    places = [last.rfind(mark) for mark in "=:" if mark in breaks]
    kept = "" if raw.startswith(QUOTES) else last[: max(places, default=-1) + 1]
    return [*words[1:-1], last], raw[len(kept) :], kept

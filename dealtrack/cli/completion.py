"""Completion by the Tab key: the answers to what a shell asks.

The words of the line go through a pipe, each ended by a NUL: the arguments of a process are everybody's to see.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from dealtrack import settings
from dealtrack.cli.commands import COMMANDS
from dealtrack.cli.language import LANGUAGES, _, is_english, name_platforms, say_field
from dealtrack.cli.options import STATUSES
from dealtrack.cli.output import FORMATS, LETTER_FORMATS
from dealtrack.cli.session import Session
from dealtrack.cli.usage import translate, what_it_takes
from dealtrack.core.lifecycle import ALLOWED, ANY, COMMAND_OF
from dealtrack.core.moments import show_due
from dealtrack.core.platform import CHANNELS, NO_CHANNEL
from dealtrack.core.vocabulary import CATEGORY, LETTERS, OUTCOME, SELLERS, Vocabulary
from dealtrack.exchange.writers import WRITERS
from dealtrack.register.opening import open_register
from dealtrack.register.queries import View
from dealtrack.register.register import Register
from dealtrack.register.waiting import briefs, frequent_owners, wait_briefly
from dealtrack.settings import KEYS, Settings

SHELLS = ("bash", "zsh", "fish")
"""The shells that there is a script for, beside this file."""

QUOTES = ("'", '"')
TYPED = re.compile(r"""(\s+)|('([^']*)'?|"((?:\\.|[^"\\])*\\?)"?|((?:\\.|\\\Z|[^'"\s\\])+))""", re.DOTALL)
"""A stretch of what bash is given: blanks between words, or a part of a word in quotes or without them."""

MOST = 50
"""The most complaints that are offered."""


class Candidate(NamedTuple):
    """A word that may stand there, and what it means."""

    value: str
    meaning: str = ""


FILES = [Candidate("@files")]
"""Stands for files and folders, which the shell itself knows best."""


class CompletionQuery(NamedTuple):
    """What is asked for: by which command, for which option (empty for an argument) and metavar, after what."""

    session: Session
    command: str
    option: str
    metavar: str
    prefix: str


CandidateSource = Callable[[CompletionQuery], Iterable[str | Candidate]]


def values(query: CompletionQuery) -> list[Candidate]:
    """Return what may stand there: candidates, or FILES."""
    source = (
        _BY_COMMAND.get((query.command, query.option)) or _BY_OPTION.get(query.option) or _BY_METAVAR.get(query.metavar)
    )
    names = source(query) if source else ()
    return FILES if names is FILES else [each if isinstance(each, Candidate) else Candidate(each) for each in names]


@contextmanager
def _register(query: CompletionQuery) -> Iterator[Register]:
    with open_register(query.session.path, read_only=True) as register:
        wait_briefly(register)
        yield register


def _complaints(query: CompletionQuery) -> Iterator[Candidate]:
    """Complaints of which the command allows something: by number, or by id, the last of a list that is typed."""
    kinds = {command: kind for kind, command in COMMAND_OF.items()}
    statuses = ALLOWED[kinds[query.command]] if query.command in kinds else ANY
    by_number = query.option == "--number"
    earlier, comma, prefix = ("", "", query.prefix) if by_number else query.prefix.rpartition(",")
    with _register(query) as register:
        for brief in briefs(register, statuses, prefix, MOST, by_number):
            parts = [brief.number, say_field("platform", brief.platform), _(brief.category or "")]
            parts.append(say_field("status", brief.status))
            if brief.due:
                parts.append(_("due {moment}", moment=show_due(brief.due, register.zone)))
            value = str(brief.number if by_number else brief.id)
            if value not in earlier.split(","):
                yield Candidate(earlier + comma + value if earlier else value, " ".join(filter(None, parts)))


def _platforms(query: CompletionQuery) -> Iterator[str | Candidate]:
    with _register(query) as register:
        name_platforms([] if is_english() else register.platforms)
        for platform in register.platforms:
            yield (name := say_field("platform", platform.name))
            # Another name may be what is typed, as 京 for JD.
            yield from (Candidate(other, name) for other in platform.names if query.prefix and other != name)


def _words_of(vocabulary: Vocabulary) -> CandidateSource:
    def read(query: CompletionQuery) -> Iterator[Candidate]:
        yield from (Candidate(word, others[0]) for word, others in vocabulary.others.items())
        for word, others in vocabulary.others.items() if query.prefix else ():
            yield from (Candidate(other, word) for other in others)

    return read


def _policies_and_files(query: CompletionQuery) -> Iterable[str | Candidate]:
    names = _names(query._replace(option="--policy"))
    return [name for name in names if str(name).startswith(query.prefix)] or FILES


def _names(query: CompletionQuery) -> Iterable[str | Candidate]:
    """Return the names that rules, files or packages hold, each loaded when it is asked for."""
    folders = settings.data_folder(), settings.user_folder()
    match query.option:
        case "--calendar":
            from dealtrack.sources.calendars import calendar_names

            return calendar_names(*folders)
        case "--campaign":
            from dealtrack.sources.campaigns import load_campaigns

            return [Candidate(name, _(campaign.title)) for name, campaign in load_campaigns(*folders).items()]
        case "--mapping":
            from dealtrack.exchange.mapping import mapping_names

            return mapping_names(settings.mapping_folders())
        case "--encoding":
            from dealtrack.exchange.encodings import NAMES

            return NAMES.split(", ")
        case "--policy":
            from dealtrack.sources.policies import policy_names

            return policy_names(*folders)
    from dealtrack.cli.help import TOPICS

    return dict.fromkeys((*TOPICS, *COMMANDS))


def _stored(query: CompletionQuery) -> Iterator[str]:
    """What the register holds: its clocks, the events of its policies, or the owners of its complaints."""
    with _register(query) as register:
        policies = [policy for versions in register.policies.values() for policy in versions]
        names = dict.fromkeys(name for policy in policies for name in policy.events)
        is_clock = query.option == "--clock"
        stored = register.clock_names(View.of(query.session.now)) if is_clock else frequent_owners(register)
        yield from names if query.option == "--name" else stored


def _channels(query: CompletionQuery) -> list[str]:
    earlier, _, _ = query.prefix.rpartition(",")
    left = [channel for channel in CHANNELS if channel not in earlier.split(",")]
    return [f"{earlier},{channel}" for channel in left] if earlier else [*left, NO_CHANNEL]


def _fixed(*words: str) -> CandidateSource:
    return lambda query: words


_BY_COMMAND: Mapping[tuple[str, str], CandidateSource] = {
    ("overdue", "--by"): _fixed("platform", "owner", "category"),
    ("policy try", "--by"): _fixed("platform", "category", "month"),
    ("report", "--by"): _fixed("platform", "category", "seller", "owner", "week", "month"),
    ("overdue", "--format"): _fixed(*FORMATS, "xlsx", "text", *LETTER_FORMATS),
    **{("letter", name): _fixed(*words) for name, words in (("--format", LETTER_FORMATS), ("--kind", LETTERS))},
    ("export", "--format"): _fixed(*WRITERS, "xlsx"),
    ("add", "--number"): _fixed(),
    ("event", "--name"): _stored,
    **{(f"platform {n}", o): _platforms for n in "show edit check rename merge remove".split() for o in ("", "--into")},
    ("completion", ""): _fixed(*SHELLS),
}
_BY_OPTION: Mapping[str, CandidateSource] = {
    **dict.fromkeys(("--number", "--into"), _complaints),
    "--platform": _platforms,
    "--category": _words_of(CATEGORY),
    **dict.fromkeys(("--policy", "--calendar", "--campaign", "--mapping", "--encoding"), _names),
    **dict.fromkeys(("--clock", "--owner"), _stored),
    "--outcome": _words_of(OUTCOME),
    "--seller": _fixed(*SELLERS),
    "--channels": _channels,
    "--lang": _fixed(*LANGUAGES),
}
_BY_METAVAR: Mapping[str, CandidateSource] = {
    "[ID]...": _complaints,
    "FORMAT": _fixed(*FORMATS),
    "STATUS": _fixed(*STATUSES),
    "TIME": _fixed("now", "today", "yesterday"),
    "DAY": _fixed("today", "yesterday"),
    "DURATION": _fixed("4h", "1wd", "2wd"),
    "KEY": lambda query: [key for key in KEYS if key != "filters.NAME"] + ["filters."],
    "ZONE": lambda query: sorted(available_timezones()),
    "WHO": _stored,
    "YES_OR_NO": _fixed("yes", "no"),
    "[TOPIC]...": _names,
    **dict.fromkeys(("FILE_OR_NAME", "[FILE_OR_NAME]"), _policies_and_files),
    **dict.fromkeys(("FILE", "[FILE]", "PATH", "DIR"), lambda query: FILES),
}


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

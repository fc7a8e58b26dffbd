"""What may stand at a place of a command line: the values of options and arguments, with a word on each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple
from zoneinfo import available_timezones

from dealtrack import settings
from dealtrack.cli.language import LANGUAGES, _, say_field
from dealtrack.cli.options import STATUSES
from dealtrack.cli.output import FORMATS
from dealtrack.cli.session import Session
from dealtrack.core.lifecycle import ALLOWED, ANY, COMMAND_OF
from dealtrack.core.moments import show_due
from dealtrack.core.platform import CHANNELS, NO_CHANNEL
from dealtrack.core.vocabulary import CATEGORY, OUTCOME, SELLERS, Vocabulary
from dealtrack.exchange.writers import WRITERS
from dealtrack.register.opening import open_register
from dealtrack.register.queries import View
from dealtrack.register.register import Register
from dealtrack.register.waiting import briefs, frequent_owners, hurry

MOST = 50


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


Source = Callable[[CompletionQuery], Iterable[str | Candidate]]


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
        hurry(register)
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
        yield from (platform.name for platform in register.platforms)
        # Another name may be what is typed, as 京 for JD.
        for platform in register.platforms if query.prefix else ():
            yield from (Candidate(alias, platform.name) for alias in platform.aliases)


def _words_of(vocabulary: Vocabulary) -> Source:
    def read(query: CompletionQuery) -> Iterator[Candidate]:
        yield from (Candidate(word, others[0]) for word, others in vocabulary.others.items())
        for word, others in vocabulary.others.items() if query.prefix else ():
            yield from (Candidate(other, word) for other in others)

    return read


def _policies_and_files(query: CompletionQuery) -> list[Candidate]:
    names = [name for name in _names("policies")(query) if str(name).startswith(query.prefix)]
    return list(map(Candidate, map(str, names))) or FILES


def _names(kind: str) -> Source:
    """Return what gives the names of a kind that rules, files or packages hold, each loaded when it is asked for."""

    def read(query: CompletionQuery) -> Iterable[str | Candidate]:
        folders = settings.data_folder(), settings.user_folder()
        match kind:
            case "policies":
                from dealtrack.sources.policies import policy_names

                return policy_names(*folders)
            case "calendars":
                from dealtrack.sources.calendars import calendar_names

                return calendar_names(*folders)
            case "campaigns":
                from dealtrack.sources.campaigns import load_campaigns

                return [Candidate(name, _(campaign.title)) for name, campaign in load_campaigns(*folders).items()]
            case "mappings":
                from dealtrack.exchange.mapping import mapping_names

                return mapping_names(settings.mapping_folders())
            case "encodings":
                from dealtrack.exchange.encodings import NAMES

                return NAMES.split(", ")
            case _topics:
                from dealtrack.cli.commands import COMMANDS
                from dealtrack.cli.help import TOPICS

                return dict.fromkeys((*TOPICS, *COMMANDS))

    return read


def _stored(query: CompletionQuery) -> Iterator[str]:
    """What the register holds: its clocks, or the owners of its complaints."""
    with _register(query) as register:
        is_clock = query.option == "--clock"
        yield from register.clock_names(View.of(query.session.now)) if is_clock else frequent_owners(register)


def _channels(query: CompletionQuery) -> list[str]:
    earlier, _, _ = query.prefix.rpartition(",")
    left = [channel for channel in CHANNELS if channel not in earlier.split(",")]
    return [f"{earlier},{channel}" for channel in left] if earlier else [*left, NO_CHANNEL]


def _fixed(*words: str) -> Source:
    return lambda query: words


_BY_COMMAND: Mapping[tuple[str, str], Source] = {
    ("overdue", "--by"): _fixed("platform", "owner", "category"),
    ("policy try", "--by"): _fixed("platform", "category", "month"),
    ("report", "--by"): _fixed("platform", "category", "seller", "owner", "week", "month"),
    ("overdue", "--format"): _fixed(*FORMATS, "xlsx", "text"),
    ("export", "--format"): _fixed(*WRITERS, "xlsx"),
    ("add", "--number"): _fixed(),
    **{(f"platform {name}", ""): _platforms for name in ("show", "edit", "check")},
    ("completion", ""): _fixed("bash", "zsh", "fish"),
}
_BY_OPTION: Mapping[str, Source] = {
    "--number": _complaints,
    "--platform": _platforms,
    "--category": _words_of(CATEGORY),
    "--policy": _names("policies"),
    "--calendar": _names("calendars"),
    "--campaign": _names("campaigns"),
    "--mapping": _names("mappings"),
    "--clock": _stored,
    "--owner": _stored,
    "--outcome": _words_of(OUTCOME),
    "--seller": _fixed(*SELLERS),
    "--channels": _channels,
    "--lang": _fixed(*LANGUAGES),
    "--encoding": _names("encodings"),
}
_BY_METAVAR: Mapping[str, Source] = {
    "[ID]...": _complaints,
    "FORMAT": _fixed(*FORMATS),
    "STATUS": _fixed(*STATUSES),
    "TIME": _fixed("now", "today", "yesterday"),
    "DAY": _fixed("today", "yesterday"),
    "DURATION": _fixed("4h", "1wd", "2wd"),
    "ZONE": lambda query: sorted(available_timezones()),
    "WHO": _stored,
    "YES_OR_NO": _fixed("yes", "no"),
    "FILE_OR_NAME": _policies_and_files,
    "[TOPIC]...": _names("topics"),
    "[FILE_OR_NAME]": _policies_and_files,
    **dict.fromkeys(("FILE", "PATH", "DIR"), lambda query: FILES),
}

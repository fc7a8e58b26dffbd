"""What the Tab key offers: the values that an option or argument may take, from fixed words, files and the register."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from zoneinfo import available_timezones

from dealtrack import settings
from dealtrack.cli.commands import COMMANDS
from dealtrack.cli.language import LANGUAGES, _, is_english, name_platforms, say, say_field
from dealtrack.cli.options import MORE_COLUMNS, STATUSES
from dealtrack.cli.output import FORMATS, LETTER_FORMATS
from dealtrack.cli.session import Session
from dealtrack.core.lifecycle import ALLOWED, ANY, COMMAND_OF
from dealtrack.core.moments import show_due
from dealtrack.core.platform import CHANNELS, NO_CHANNEL
from dealtrack.core.standing import WATCH_KEYS, record_keys
from dealtrack.core.vocabulary import CATEGORY, LETTERS, OUTCOME, SELLERS, Vocabulary
from dealtrack.exchange.writers import WRITERS
from dealtrack.register.opening import open_register
from dealtrack.register.queries import SORTED_BY, View
from dealtrack.register.register import Register
from dealtrack.register.waiting import briefs, frequent_owners, wait_briefly
from dealtrack.settings import KEYS

SHELLS = ("bash", "zsh", "fish")
"""The shells that there is a script for, beside this file."""

MOST = 50
"""The most complaints that are offered."""


PATIENCE_SECONDS = "1"
"""How long a server is waited for that does not answer, for each of its machines."""


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
    address = query.session.address
    if not isinstance(address, Path):
        address = address._replace(parameters={**address.parameters, "connect_timeout": PATIENCE_SECONDS})
    with open_register(address, read_only=True) as register:
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

            with _register(query) as register:
                campaigns = load_campaigns(*folders, register.calendar, query.session.now.year)
            return [Candidate(name, say(campaign.title)) for name, campaign in campaigns.items()]
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


def _other_offices(query: CompletionQuery) -> list[str]:
    """Return the offices to which a complaint can go from the one that is asked."""
    with _register(query) as register:
        mailbox = register.engine.mailbox(register)
        return [name for name in mailbox.offices() if name != mailbox.office] if mailbox is not None else []


def _channels(query: CompletionQuery) -> list[str]:
    earlier, _, _ = query.prefix.rpartition(",")
    left = [channel for channel in CHANNELS if channel not in earlier.split(",")]
    return [f"{earlier},{channel}" for channel in left] if earlier else [*left, NO_CHANNEL]


def _columns(query: CompletionQuery) -> list[str]:
    earlier, comma, _typed = query.prefix.rpartition(",")
    with _register(query) as register:
        of_list = record_keys(register.clock_names(View.of(query.session.now)))
    keys = [*(of_list if query.command == "list" else WATCH_KEYS), *MORE_COLUMNS[query.command]]
    return [f"{earlier}{comma}{key}" for key in keys if key not in earlier.split(",")]


def _filters(query: CompletionQuery) -> list[str]:
    return query.session.settings.names("filters")


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
    ("transfer", "--to"): _other_offices,
    ("office grant", "--role"): _fixed("clerk", "keeper", "reader"),
    ("office revoke", "--role"): _fixed("clerk", "keeper", "reader"),
    **{(f"platform {n}", o): _platforms for n in "show edit check rename merge remove".split() for o in ("", "--into")},
    ("completion", ""): _fixed(*SHELLS),
}
_BY_OPTION: Mapping[str, CandidateSource] = {
    **dict.fromkeys(("--number", "--into"), _complaints),
    "--platform": _platforms,
    "--category": _words_of(CATEGORY),
    **dict.fromkeys(("--policy", "--calendar", "--campaign", "--mapping", "--encoding"), _names),
    **dict.fromkeys(("--clock", "--owner"), _stored),
    "--filter": _filters,
    "--sort": _fixed(*SORTED_BY),
    "--columns": _columns,
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
    **dict.fromkeys(("FILE", "[FILE]", "PATH", "DIR", "FROM", "TO"), lambda query: FILES),
}

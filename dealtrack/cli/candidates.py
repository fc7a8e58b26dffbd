"""What may stand at a place of a command line: the values of options and arguments, with a word on each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from dealtrack import settings
from dealtrack.cli.language import LANGUAGES, _
from dealtrack.cli.options import STATUSES
from dealtrack.cli.session import Session
from dealtrack.cli.terms import say_field
from dealtrack.core.lifecycle import ALLOWED, ANY, COMMAND_OF, Status
from dealtrack.core.moments import show_due
from dealtrack.core.platform import CHANNELS, NO_CHANNEL
from dealtrack.core.vocabulary import CATEGORY, OUTCOME, SELLERS, Vocabulary
from dealtrack.register.opening import open_register
from dealtrack.register.queries import View
from dealtrack.register.register import Register

if TYPE_CHECKING:
    from dealtrack.register.waiting import Brief

MOST = 50


class Candidate(NamedTuple):
    """A word that may stand there, and what it means."""

    value: str
    meaning: str = ""


FILES = [Candidate("@files")]
"""Stands for files and folders, which the shell itself knows best."""


class CompletionQuery(NamedTuple):
    """What is asked for: by which command, for which option (empty for an argument) and metavar, begun with what."""

    session: Session
    command: str
    option: str
    metavar: str
    begun: str


Source = Callable[[CompletionQuery], list[Candidate]]


def values(query: CompletionQuery) -> list[Candidate]:
    """Return what may stand there: candidates, or FILES."""
    source = (
        _BY_COMMAND.get((query.command, query.option)) or _BY_OPTION.get(query.option) or _BY_METAVAR.get(query.metavar)
    )
    return source(query) if source else []


def plain(words: Iterable[str]) -> list[Candidate]:
    """Return words as candidates with nothing to be said of them."""
    return [Candidate(word) for word in words]


@contextmanager
def _register(query: CompletionQuery) -> Iterator[Register]:
    from dealtrack.register.waiting import hurry

    with open_register(query.session.path, read_only=True) as register:
        hurry(register)
        yield register


def _complaints(query: CompletionQuery) -> list[Candidate]:
    """Complaints by id, those of which the command allows something; the last of a list that is begun."""
    from dealtrack.register.waiting import briefs

    earlier, _, begun = query.begun.rpartition(",")
    named = set(earlier.split(","))
    with _register(query) as register:
        matches = [brief for brief in briefs(register, _statuses(query), begun, MOST) if str(brief.id) not in named]
        before = f"{earlier}," if earlier else ""
        return [Candidate(f"{before}{brief.id}", _meaning(brief, register)) for brief in matches]


def _numbers(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.register.waiting import briefs

    with _register(query) as register:
        matches = briefs(register, _statuses(query), query.begun, MOST, by_number=True)
        return [Candidate(str(brief.number), _meaning(brief, register)) for brief in matches]


def _statuses(query: CompletionQuery) -> frozenset[Status]:
    kinds = {command: kind for kind, command in COMMAND_OF.items()}
    return ALLOWED[kinds[query.command]] if query.command in kinds else ANY


def _meaning(brief: "Brief", register: Register) -> str:
    parts = [
        brief.number,
        say_field("platform", brief.platform),
        _(brief.category or ""),
        say_field("status", brief.status),
    ]
    if brief.due:
        parts.append(_("due {moment}", moment=show_due(brief.due, register.zone)))
    return " ".join(part for part in parts if part)


def _platforms(query: CompletionQuery) -> list[Candidate]:
    with _register(query) as register:
        candidates = plain(platform.name for platform in register.platforms)
        if query.begun:
            # Another name is what was begun, as 京 for JD.
            candidates += [
                Candidate(alias, platform.name) for platform in register.platforms for alias in platform.aliases
            ]
        return candidates


def _words_of(vocabulary: Vocabulary) -> Source:
    def read(query: CompletionQuery) -> list[Candidate]:
        candidates = [Candidate(word, others[0]) for word, others in vocabulary.others.items()]
        if query.begun:
            candidates += [Candidate(other, word) for word, others in vocabulary.others.items() for other in others]
        return candidates

    return read


def _policies(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.sources.policies import policy_names

    return plain(policy_names(settings.data_folder(), settings.user_folder()))


def _policies_and_files(query: CompletionQuery) -> list[Candidate]:
    candidates = _policies(query)
    return candidates if any(candidate.value.startswith(query.begun) for candidate in candidates) else FILES


def _calendars(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.sources.calendars import calendar_names

    return plain(calendar_names(settings.data_folder(), settings.user_folder()))


def _campaigns(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.sources.campaigns import load_campaigns

    campaigns = load_campaigns(settings.data_folder(), settings.user_folder())
    return [Candidate(name, _(campaign.title)) for name, campaign in campaigns.items()]


def _mappings(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.exchange.mapping import mapping_names

    return plain(mapping_names(settings.mapping_folders()))


def _clocks(query: CompletionQuery) -> list[Candidate]:
    with _register(query) as register:
        return plain(register.clock_names(View.of(query.session.now)))


def _encodings(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.exchange.encodings import NAMES

    return plain(NAMES.split(", "))


def _words(field: str) -> Source:
    def read(query: CompletionQuery) -> list[Candidate]:
        from dealtrack.register.waiting import words

        with _register(query) as register:
            return plain(words(register, field))

    return read


def _fixed(*words: str) -> Source:
    return lambda query: plain(words)


def _formats(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.cli.output import FORMATS

    return plain(FORMATS)


def _export_formats(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.exchange.histories import FORMATS

    return plain(FORMATS)


def _zones(query: CompletionQuery) -> list[Candidate]:
    from zoneinfo import available_timezones

    return plain(sorted(available_timezones()))


def _channels(query: CompletionQuery) -> list[Candidate]:
    earlier, _, _ = query.begun.rpartition(",")
    left = [channel for channel in CHANNELS if channel not in earlier.split(",")]
    return plain([f"{earlier},{channel}" for channel in left] if earlier else [*left, NO_CHANNEL])


def _topics(query: CompletionQuery) -> list[Candidate]:
    from dealtrack.cli.commands import COMMANDS
    from dealtrack.cli.help import TOPICS

    return plain(dict.fromkeys((*TOPICS, *COMMANDS)))


_BY_COMMAND: Mapping[tuple[str, str], Source] = {
    ("overdue", "--by"): _fixed("platform", "owner", "category"),
    ("policy try", "--by"): _fixed("platform", "category", "month"),
    ("report", "--by"): _fixed("platform", "category", "seller", "owner", "week", "month"),
    ("overdue", "--format"): _fixed("table", "plain", "csv", "json", "jsonl", "xlsx", "text"),
    ("export", "--format"): _export_formats,
    ("add", "--number"): _fixed(),
    **{(f"platform {name}", ""): _platforms for name in ("show", "edit", "check")},
    ("completion", ""): _fixed("bash", "zsh", "fish"),
}
_BY_OPTION: Mapping[str, Source] = {
    "--number": _numbers,
    "--platform": _platforms,
    "--category": _words_of(CATEGORY),
    "--policy": _policies,
    "--calendar": _calendars,
    "--campaign": _campaigns,
    "--mapping": _mappings,
    "--clock": _clocks,
    "--owner": _words("owner"),
    "--outcome": _words_of(OUTCOME),
    "--seller": _fixed(*SELLERS),
    "--channels": _channels,
    "--lang": _fixed(*LANGUAGES),
    "--encoding": _encodings,
}
_BY_METAVAR: Mapping[str, Source] = {
    "[ID]...": _complaints,
    "FORMAT": _formats,
    "STATUS": _fixed(*STATUSES),
    "TIME": _fixed("now", "today", "yesterday"),
    "DAY": _fixed("today", "yesterday"),
    "DURATION": _fixed("4h", "1wd", "2wd"),
    "ZONE": _zones,
    "WHO": _words("owner"),
    "YES_OR_NO": _fixed("yes", "no"),
    "FILE_OR_NAME": _policies_and_files,
    "[TOPIC]...": _topics,
    "[FILE_OR_NAME]": _policies_and_files,
    **dict.fromkeys(("FILE", "PATH", "DIR"), lambda query: FILES),
}

"""What may stand at a place of a command line: the values of options and arguments, with a word on each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from dealtrack import settings
from dealtrack.cli.language import _
from dealtrack.cli.session import Session
from dealtrack.core.lifecycle import ALLOWED, ANY, COMMAND_OF, Status
from dealtrack.register.register import Register

if TYPE_CHECKING:
    from dealtrack.register.completing import Brief

MOST = 50


class Candidate(NamedTuple):
    """A word that may stand there, and what it means."""

    value: str
    told: str = ""


FILES = [Candidate("@files")]
"""Stands for files and folders, which the shell itself knows best."""


class Asked(NamedTuple):
    """What is asked for: by which command, for which option (empty for an argument) and metavar, begun with what."""

    session: Session
    command: str
    option: str
    metavar: str
    begun: str


Source = Callable[[Asked], list[Candidate]]


def values(asked: Asked) -> list[Candidate]:
    """Return what may stand there: candidates, or FILES."""
    source = (
        _BY_COMMAND.get((asked.command, asked.option)) or _BY_OPTION.get(asked.option) or _BY_METAVAR.get(asked.metavar)
    )
    return source(asked) if source else []


def plain(words: Iterable[str]) -> list[Candidate]:
    """Return words as candidates with nothing to be said of them."""
    return [Candidate(word) for word in words]


@contextmanager
def _register(asked: Asked) -> Iterator[Register]:
    from dealtrack.register.completing import hurry

    with Register.open(asked.session.path, read_only=True) as register:
        hurry(register)
        yield register


def _complaints(asked: Asked) -> list[Candidate]:
    """Complaints by id, those of which the command allows something; the last of a list that is begun."""
    from dealtrack.register.completing import briefs

    held, _, begun = asked.begun.rpartition(",")
    named = set(held.split(","))
    with _register(asked) as register:
        found = briefs(register, _statuses(asked), begun, MOST)
        before = f"{held}," if held else ""
        return [
            Candidate(f"{before}{brief.id}", _told(brief, register)) for brief in found if str(brief.id) not in named
        ]


def _numbers(asked: Asked) -> list[Candidate]:
    from dealtrack.register.completing import briefs

    with _register(asked) as register:
        found = briefs(register, _statuses(asked), asked.begun, MOST, by_number=True)
        return [Candidate(str(brief.number), _told(brief, register)) for brief in found]


def _statuses(asked: Asked) -> frozenset[Status]:
    kinds = {command: kind for kind, command in COMMAND_OF.items()}
    return ALLOWED[kinds[asked.command]] if asked.command in kinds else ANY


def _told(brief: "Brief", register: Register) -> str:
    from dealtrack.core.moments import show_due

    parts = [brief.number, brief.platform, _(brief.category or ""), _(brief.status.value)]
    if brief.due:
        parts.append(_("due {moment}").format(moment=show_due(brief.due, register.zone)))
    return " ".join(part for part in parts if part)


def _platforms(asked: Asked) -> list[Candidate]:
    with _register(asked) as register:
        found = plain(platform.name for platform in register.platforms)
        if asked.begun:
            # Another name is what was begun, as 京 for JD.
            found += [Candidate(alias, platform.name) for platform in register.platforms for alias in platform.aliases]
        return found


def _categories(asked: Asked) -> list[Candidate]:
    from dealtrack.core.category import WORDS

    found = [Candidate(category, other[0]) for category, other in WORDS.items()]
    if asked.begun:
        found += [Candidate(word, category) for category, other in WORDS.items() for word in other]
    return found


def _policies(asked: Asked) -> list[Candidate]:
    from dealtrack.sources.policies import policy_names

    return plain(policy_names(settings.data_folder(), settings.user_folder()))


def _policies_and_files(asked: Asked) -> list[Candidate]:
    found = _policies(asked)
    begun = any(candidate.value.startswith(asked.begun) for candidate in found)
    return found if begun else FILES


def _calendars(asked: Asked) -> list[Candidate]:
    from dealtrack.sources.calendars import calendar_names

    return plain(calendar_names(settings.data_folder(), settings.user_folder()))


def _campaigns(asked: Asked) -> list[Candidate]:
    from dealtrack.sources.campaigns import load_campaigns

    known = load_campaigns(settings.data_folder(), settings.user_folder())
    return [Candidate(name, _(campaign.title)) for name, campaign in known.items()]


def _mappings(asked: Asked) -> list[Candidate]:
    from dealtrack.exchange.mapping import mapping_names

    return plain(mapping_names([settings.user_folder() / "mappings", settings.data_folder() / "mappings"]))


def _clocks(asked: Asked) -> list[Candidate]:
    from dealtrack.register.view import View

    with _register(asked) as register:
        return plain(register.clock_names(View.of(asked.session.now)))


def _encodings(asked: Asked) -> list[Candidate]:
    from dealtrack.exchange.encodings import NAMES

    return plain(NAMES.split(", "))


def _words(field: str) -> Source:
    def read(asked: Asked) -> list[Candidate]:
        from dealtrack.register.completing import words

        with _register(asked) as register:
            return plain(words(register, field))

    return read


def _outcomes(asked: Asked) -> list[Candidate]:
    from dealtrack.core.outcome import WORDS

    found = [Candidate(outcome, other[0]) for outcome, other in WORDS.items()]
    if asked.begun:
        found += [Candidate(word, outcome) for outcome, other in WORDS.items() for word in other]
    return found


def _fixed(*words: str) -> Source:
    return lambda asked: plain(words)


def _formats(asked: Asked) -> list[Candidate]:
    from dealtrack.cli.output import FORMATS

    return plain(("csv", "jsonl", "json", "xlsx") if asked.command == "export" else FORMATS)


def _states(asked: Asked) -> list[Candidate]:
    from dealtrack.cli.options import STATUSES

    return plain(STATUSES)


def _zones(asked: Asked) -> list[Candidate]:
    from zoneinfo import available_timezones

    return plain(sorted(available_timezones()))


def _channels(asked: Asked) -> list[Candidate]:
    from dealtrack.core.platform import CHANNELS, NO_CHANNEL

    held, _, _ = asked.begun.rpartition(",")
    left = [channel for channel in CHANNELS if channel not in held.split(",")]
    return plain([f"{held},{channel}" for channel in left] if held else [*left, NO_CHANNEL])


def _files(asked: Asked) -> list[Candidate]:
    return FILES


def _topics(asked: Asked) -> list[Candidate]:
    from dealtrack.cli.commands import COMMANDS
    from dealtrack.cli.help import TOPICS

    return plain(dict.fromkeys((*TOPICS, *COMMANDS)))


_MOMENTS = _fixed("now", "today", "yesterday")

_BY_COMMAND: Mapping[tuple[str, str], Source] = {
    ("overdue", "--by"): _fixed("platform", "owner", "category"),
    ("policy try", "--by"): _fixed("platform", "category", "month"),
    ("report", "--by"): _fixed("platform", "category", "seller", "owner", "week", "month"),
    ("overdue", "--format"): _fixed("table", "plain", "csv", "json", "jsonl", "xlsx", "text"),
    ("add", "--number"): _fixed(),
    ("platform show", ""): _platforms,
    ("platform edit", ""): _platforms,
    ("platform check", ""): _platforms,
    ("completion", ""): _fixed("bash", "zsh", "fish"),
}
_BY_OPTION: Mapping[str, Source] = {
    "--number": _numbers,
    "--platform": _platforms,
    "--category": _categories,
    "--policy": _policies,
    "--calendar": _calendars,
    "--campaign": _campaigns,
    "--mapping": _mappings,
    "--clock": _clocks,
    "--owner": _words("owner"),
    "--outcome": _outcomes,
    "--seller": _fixed("platform", "third-party"),
    "--channels": _channels,
    "--lang": _fixed("en", "zh"),
    "--encoding": _encodings,
}
_BY_METAVAR: Mapping[str, Source] = {
    "[ID]...": _complaints,
    "FORMAT": _formats,
    "STATUS": _states,
    "MOMENT": _MOMENTS,
    "DAY": _fixed("today", "yesterday"),
    "SPAN": _fixed("4h", "1wd", "2wd"),
    "ZONE": _zones,
    "WHOM": _words("owner"),
    "YES_OR_NO": _fixed("yes", "no"),
    "FILE_OR_NAME": _policies_and_files,
    "[TOPIC]...": _topics,
    "[FILE_OR_NAME]": _policies_and_files,
    "FILE": _files,
    "PATH": _files,
    "DIR": _files,
}

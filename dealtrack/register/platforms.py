"""Changes of what is known of platforms: new ones, aliases, the green channel, checks of their contact channels."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from dealtrack.core.platform import Check, Platform, check_names_free, match_platform
from dealtrack.core.text import first_few
from dealtrack.core.vocabulary import fold, nearest_words
from dealtrack.errors import (
    BadText,
    InFuture,
    PlatformExists,
    UnknownPlatform,
    UnknownWord,
    suggestion,
)
from dealtrack.phrase import Phrase, Word, listed
from dealtrack.register import journal
from dealtrack.register.journal import Event
from dealtrack.register.recorder import Recorder
from dealtrack.register.register import Register


def add_platform(recorder: Recorder, platform: Platform) -> None:
    """Enter a new platform; raises PlatformExists for a name that stands for one."""
    check_names_free(platform.names, recorder.register.platforms)
    recorder.enter_platform(platform)


def edit_platform(
    recorder: Recorder,
    name: str,
    *,
    added: Iterable[str] = (),
    dropped: Iterable[str] = (),
    green_channel: bool | None = None,
) -> Platform | None:
    """Add and drop aliases of a platform, and tell whether it has opened the green channel, in one journal entry.

    Returns the platform as it then is, None where nothing of it changes. Raises PlatformExists for a name that
    stands for another platform, UnknownWord for an alias to drop that it does not have.
    """
    register = recorder.register
    before = _platform(register, name)
    after = before._replace(aliases=_aliases(before, added, dropped, register.platforms))
    if green_channel is not None:
        after = after._replace(green_channel=green_channel)
    old, new = before.to_data(), after.to_data()
    changed = {key: value for key, value in new.items() if value != old[key]}
    if not changed:
        return None
    recorder.event(Event.PLATFORM_EDITED, {"name": before.name, **changed})
    return after


def _aliases(
    platform: Platform, added: Iterable[str], dropped: Iterable[str], platforms: Sequence[Platform]
) -> tuple[str, ...]:
    aliases = list(platform.aliases)
    for name in dropped:
        present = next((alias for alias in aliases if fold(alias) == fold(name)), None)
        if present is None:
            near = suggestion(nearest_words(name, aliases))
            raise UnknownWord(
                what="The alias to remove", value=name, nearest=near, allowed=listed(aliases or [Word("none")])
            )
        aliases.remove(present)
    others = [other for other in platforms if other.name != platform.name]
    for name in added:
        check_names_free([name], others)
        if fold(name) not in map(fold, (platform.name, *aliases)):
            aliases.append(name)
    return tuple(aliases)


def check_platform(recorder: Recorder, name: str, at: datetime, channels: Sequence[str], finding: str) -> Platform:
    """Record which contact channels a platform was found to show at a moment, in UTC, and return it as it then is.

    Raises InFuture.
    """
    if at > recorder.now:
        raise InFuture(at=at, now=recorder.now)
    name = _platform(recorder.register, name).name
    recorder.event(Event.PLATFORM_CHECKED, {"name": name, "channels": list(channels), "finding": finding}, at)
    return _platform(recorder.register, name)


def platform_checks(register: Register, name: str) -> list[Check]:
    """Return all checks of a platform's contact channels, the earliest first."""
    entries = journal.events(register.database, [Event.PLATFORM_CHECKED, Event.PLATFORM_REMOVED])
    checks: list[journal.Entry] = []
    for entry in entries:
        if register.platform_name(entry.detail["name"], entry.seq) == name:
            # One that was removed and entered again begins anew.
            checks = [*checks, entry] if entry.kind is Event.PLATFORM_CHECKED else []
    checks.sort(key=lambda entry: (entry.at, entry.seq))
    return [Check.of(entry.at, entry.actor, entry.detail) for entry in checks]


class ListedPlatform(NamedTuple):
    """What a list of platforms says of one: the platform that it is in the register, None for a new one, and news.

    `added` are the names that the register's platform lacks, `green_channel` is None where it is as it was.
    """

    listed: Platform
    present: Platform | None
    added: tuple[str, ...] = ()
    green_channel: bool | None = None

    @property
    def is_news(self) -> bool:
        """Tell whether the register lacks something of it."""
        return self.present is None or bool(self.added) or self.green_channel is not None


def compare_list(listed: Iterable[Platform], platforms: Sequence[Platform]) -> list[ListedPlatform]:
    """Return what a list of platforms adds to those of a register; what channels they show, only checks tell.

    Raises PlatformExists where one of the list is several of the register's.
    """
    compared = []
    for each in listed:
        found = {match.name: match for name in each.names if (match := match_platform(name, platforms))}
        if len(found) > 1:
            known = list(found.values())[1]
            shared = next(name for name in each.names if match_platform(name, [known]))
            raise PlatformExists(name=shared, known=known.name)
        present = next(iter(found.values()), None)
        folded = [fold(name) for name in present.names] if present else []
        added = tuple(name for name in each.names if fold(name) not in folded) if present else ()
        opened = each.green_channel if present and each.green_channel != present.green_channel else None
        compared.append(ListedPlatform(each, present, added, opened))
    return compared


def import_platforms(recorder: Recorder, listed: Iterable[Platform]) -> list[ListedPlatform]:
    """Enter the platforms of a list, and add to those of the register what it says; return what was done."""
    compared = compare_list(listed, recorder.register.platforms)
    for each in compared:
        if each.present is None:
            recorder.enter_platform(each.listed)
        elif each.is_news:
            edit_platform(recorder, each.present.name, added=each.added, green_channel=each.green_channel)
    return compared


def rename_platform(recorder: Recorder, name: str, new: str) -> Platform | None:
    """Give a platform another name, which may be an alias of it; return it as it then is, None where nothing changes.

    Its former name stays an alias, so that files which say it are still read. Raises PlatformExists.
    """
    register = recorder.register
    before, other = _platform(register, name), match_platform(new, register.platforms)
    if other is not None and other.name != before.name:
        raise PlatformExists(name=new, known=other.name)
    if new == before.name:
        return None
    recorder.event(Event.PLATFORM_RENAMED, {"name": before.name, "to": new})
    return _platform(register, new)


def merge_platforms(recorder: Recorder, names: Iterable[str], into: str) -> Platform:
    """Make platforms, each named by its name, one with another, which has their names and complaints from then on."""
    register = recorder.register
    merged = list(dict.fromkeys(_platform(register, name).name for name in names))
    target = _platform(register, into).name
    if target in merged:
        raise BadText(what="--into", reason="names one of the platforms to merge")
    recorder.event(Event.PLATFORM_MERGED, {"name": target, "merged": merged})
    return _platform(register, target)


def remove_platform(recorder: Recorder, name: str) -> str:
    """Remove a platform that no entry of a complaint names, and return its name; raises BadText."""
    platform = _platform(recorder.register, name).name
    if ids := complaints_naming(recorder.register, platform):
        reason = Phrase(
            "has complaints (IDs {ids}): merge it into another, 'dealtrack platform merge'", ids=first_few(ids)
        )
        raise BadText(what=platform, reason=reason)
    recorder.event(Event.PLATFORM_REMOVED, {"name": platform})
    return platform


def complaint_count(register: Register, name: str) -> int:
    """Return how many complaints there are about a platform."""
    ((number,),) = register.database.rows("SELECT count(*) FROM complaint WHERE platform = ?", (name,))
    return int(number)


def complaints_naming(register: Register, name: str) -> list[int]:
    """Return the complaints of which some entry names a platform, also one that was corrected or undone since."""
    dialect = register.database.dialect
    platform = dialect.detail("detail", "platform")
    former = {name, *(old for _seq, old, _new in register.renamings)}
    rows = register.database.rows(
        f"SELECT complaint, seq, {platform} FROM transition WHERE complaint IS NOT NULL "
        f"AND {dialect.among(platform)} ORDER BY seq",
        (register.database.listed(sorted(former)),),
    )
    return list(dict.fromkeys(id_ for id_, seq, named in rows if register.platform_name(named, seq) == name))


def _platform(register: Register, name: str) -> Platform:
    """Return a platform as it stands while nobody else writes; raises UnknownPlatform."""
    platform = match_platform(name, register.platforms)
    if platform is None:
        raise UnknownPlatform(name=name, nearest="")
    return platform

"""Changes of what is known of platforms: new ones, aliases, the green channel, checks of their contact channels."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dealtrack.core.platform import Check, Platform, check_names_free, match_platform
from dealtrack.core.vocabulary import fold, nearest_words
from dealtrack.errors import InFuture, UnknownPlatform, UnknownWord, suggestion
from dealtrack.phrase import Word, listed
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
    entries = journal.events(register.connection, [Event.PLATFORM_CHECKED])
    checks = [entry for entry in entries if entry.detail["name"] == name]
    checks.sort(key=lambda entry: (entry.at, entry.seq))
    return [Check.of(entry.at, entry.actor, entry.detail) for entry in checks]


def _platform(register: Register, name: str) -> Platform:
    """Return a platform as it stands while nobody else writes; raises UnknownPlatform."""
    platform = match_platform(name, register.platforms)
    if platform is None:
        raise UnknownPlatform(name=name, nearest="")
    return platform

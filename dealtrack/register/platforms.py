"""What is known of platforms: names corrected, the green channel opened, their contact channels looked at."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from dealtrack.core.matching import fold, nearest_words
from dealtrack.core.platform import Check, Platform, check_names_free, match_platform, with_check
from dealtrack.errors import InFuture, UnknownPlatform, UnknownWord, suggestion
from dealtrack.phrase import Word, listed
from dealtrack.register import journal, projection
from dealtrack.register.journal import Entry, Event
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
    seq = recorder.event(Event.PLATFORM_EDITED, {"name": before.name, **changed})
    projection.write_platform(register.connection, after, seq)
    register.forget("platforms")
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
    register = recorder.register
    platform = with_check(_platform(register, name), Check(at, recorder.actor, tuple(channels), finding))
    detail = {"name": platform.name, "channels": list(channels), "finding": finding}
    seq = recorder.event(Event.PLATFORM_CHECKED, detail, at)
    projection.write_platform(register.connection, platform, seq)
    register.forget("platforms")
    return platform


def platform_checks(register: Register, name: str) -> list[Check]:
    """Return all checks of a platform's contact channels, the earliest first."""
    entries = journal.events(register.connection, [Event.PLATFORM_CHECKED])
    checks = [entry for entry in entries if entry.detail["name"] == name]
    return [_check_of(entry) for entry in sorted(checks, key=lambda entry: (entry.at, entry.seq))]


def apply_entry(connection: sqlite3.Connection, entry: Entry) -> None:
    """Write to the projection what a journal entry tells of a platform; other entries tell nothing of one."""
    detail = entry.detail
    match entry.kind:
        case Event.PLATFORM_ENTERED:
            platform = Platform.from_data(detail)
        case Event.PLATFORM_EDITED:
            before = _stored(connection, detail).to_data()
            platform = Platform.from_data({**before, **detail})
        case Event.PLATFORM_CHECKED:
            platform = with_check(_stored(connection, detail), _check_of(entry))
        case _:
            return
    projection.write_platform(connection, platform, entry.seq)


def _check_of(entry: Entry) -> Check:
    return Check(entry.at, entry.actor, tuple(entry.detail["channels"]), entry.detail["finding"])


def _stored(connection: sqlite3.Connection, detail: Mapping[str, Any]) -> Platform:
    row = connection.execute("SELECT definition FROM platform WHERE name = ?", (detail["name"],)).fetchone()
    return Platform.from_data(json.loads(row[0]))


def _platform(register: Register, name: str) -> Platform:
    """Return a platform as it stands while nobody else writes; raises UnknownPlatform."""
    platform = match_platform(name, register.platforms)
    if platform is None:
        raise UnknownPlatform(name=name, nearest="")
    return platform

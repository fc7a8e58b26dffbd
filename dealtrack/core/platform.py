"""Platforms: the marketplaces that complaints are about, what the notice asks of them, and finding one by name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from dealtrack.core.moments import from_store, to_store
from dealtrack.core.vocabulary import Vocabulary, fold, nearest_meanings
from dealtrack.errors import PlatformExists, UnknownWord, suggestion
from dealtrack.phrase import Phrase, Word, listed

CHANNEL = Vocabulary(
    {
        "phone": ("telephone", "tel", "电话", "热线", "客服电话"),
        "wechat": ("weixin", "微信", "微信公众号"),
        "qq": ("qq号",),
        "email": ("e-mail", "mail", "邮箱", "电子邮箱", "邮件", "电子邮件"),
    }
)
"""The contact channels that the notice wants shown prominently."""

SHORTEST_LATIN, SHORTEST_CHINESE = 4, 2
"""How long a name must be for another that holds it to be close."""

LONGEST_COMPARED = 100

CHANNELS = tuple(CHANNEL.others)
NO_CHANNEL = "none"
_NO_CHANNEL_WORDS = frozenset({NO_CHANNEL, "无", "没有"})


class Check(NamedTuple):
    """What a look at a platform's contact channels found: which it showed, when, who looked; `at` in UTC."""

    at: datetime
    by: str
    channels: tuple[str, ...]
    finding: str

    @classmethod
    def of(cls, at: datetime, by: str, detail: Mapping[str, Any]) -> "Check":
        """Return a check of its moment, of who looked, and of what plain data says that was found."""
        return cls(at, by, tuple(detail["channels"]), detail["finding"])


class Platform(NamedTuple):
    """A marketplace; `green_channel` is None where it is not known, `channels` are the contacts that it shows.

    `last_check` is the latest look at those, None where nobody has looked yet.
    """

    name: str
    aliases: tuple[str, ...] = ()
    green_channel: bool | None = None
    channels: tuple[str, ...] = ()
    last_check: Check | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the platform's name and aliases."""
        return (self.name, *self.aliases)

    def to_data(self) -> dict[str, Any]:
        """Return the platform as plain data that canonical JSON can hold."""
        data = self._asdict() | {"aliases": list(self.aliases), "channels": list(self.channels)}
        check = data.pop("last_check")
        return data if check is None else data | {"last_check": check._asdict() | {"at": to_store(check.at)}}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Platform":
        """Return the platform that `to_data` wrote."""
        last = data.get("last_check")
        check = Check.of(from_store(last["at"]), last["by"], last) if last else None
        return cls(data["name"], tuple(data["aliases"]), data["green_channel"], tuple(data["channels"]), check)


def match_platform(text: str, platforms: Iterable[Platform]) -> Platform | None:
    """Return the platform of this name or alias, whatever its case and width; a name goes before an alias."""
    folded = fold(text)
    candidates = list(platforms)
    by_name = next((platform for platform in candidates if fold(platform.name) == folded), None)
    return by_name or next((platform for platform in candidates if folded in map(fold, platform.aliases)), None)


def nearest_platforms(text: str, platforms: Sequence[Platform]) -> list[str]:
    """Return the names of the platforms that a text comes nearest to, by name or alias, best first."""
    name_of = {fold(name): platform.name for platform in platforms for name in platform.names}
    near = nearest_meanings(text, name_of)
    close = None if near else close_platform(text, platforms)
    return [close.name] if close else near


def close_platform(text: str, platforms: Sequence[Platform]) -> Platform | None:
    """Return the platform that a new name may be a slip or another form of, None where none is close; it is a guess.

    One name holds the other, or few of their characters differ: of three Chinese ones, one.
    """
    folded = fold(text)[:LONGEST_COMPARED]
    if len(folded) < SHORTEST_CHINESE:
        return None
    owner = {fold(name): platform for platform in platforms for name in platform.names}
    parts = [name for name in owner if (name in folded or folded in name) and _tells(min(name, folded, key=len))]
    if parts:
        return owner[max(parts, key=len)]
    from difflib import get_close_matches

    is_short = len(folded) <= SHORTEST_LATIN and not folded.isascii()
    close = get_close_matches(folded, owner, n=1, cutoff=0.5 if is_short else 0.75)
    return owner[close[0]] if close else None


def _tells(name: str) -> bool:
    return len(name) >= (SHORTEST_LATIN if name.isascii() else SHORTEST_CHINESE)


def shared_name(platforms: Sequence[Platform]) -> tuple[int, str, str] | None:
    """Return the first name that an earlier platform has too: the place of the later one, the name, and the earlier's.

    None where each name stands for one platform only.
    """
    owner: dict[str, str] = {}
    for place, platform in enumerate(platforms):
        for name in platform.names:
            if fold(name) in owner:
                return place, name, owner[fold(name)]
        owner.update({fold(name): platform.name for name in platform.names})
    return None


def check_names_free(names: Iterable[str], platforms: Sequence[Platform]) -> None:
    """Check that names stand for no platform yet; raises PlatformExists."""
    for name in names:
        owner = match_platform(name, platforms)
        if owner is not None:
            raise PlatformExists(name=name, known=owner.name)


def with_check(platform: Platform, check: Check) -> Platform:
    """Return a platform after a check: it shows what the latest one found, whatever the order of entry.

    Of two checks at one moment the one entered later is the latest.
    """
    if platform.last_check is not None and check.at < platform.last_check.at:
        return platform
    return platform._replace(channels=check.channels, last_check=check)


def renamed_platform(platform: Platform, name: str) -> Platform:
    """Return a platform under another name; the name that it had becomes its first alias."""
    aliases = (alias for alias in platform.names if fold(alias) != fold(name))
    return platform._replace(name=name, aliases=tuple(aliases))


def merged_platform(into: Platform, others: Iterable[Platform]) -> Platform:
    """Return a platform into which others are merged: it has their names too, and the latest check of all."""
    for other in others:
        added = (name for name in other.names if fold(name) not in map(fold, into.names))
        opened = other.green_channel if into.green_channel is None else into.green_channel
        into = into._replace(aliases=(*into.aliases, *added), green_channel=opened)
        into = into if other.last_check is None else with_check(into, other.last_check)
    return into


def unchecked_since(platforms: Iterable[Platform], moment: datetime) -> list[Platform]:
    """Return the platforms whose channels nobody has looked at from a moment on, itself included."""
    return [platform for platform in platforms if platform.last_check is None or platform.last_check.at < moment]


def parse_channels(text: str) -> tuple[str, ...]:
    """Return the contact channels that a list of words means, each once and in their usual order; none for `none`.

    Raises UnknownWord with the nearest channel.
    """
    words = [word for word in text.replace("，", ",").replace("、", ",").split(",") if word.strip()]
    if len(words) == 1 and fold(words[0]) in _NO_CHANNEL_WORDS:
        return ()
    channels = set()
    for word in words:
        channel = CHANNEL.match(word)
        if channel is None:
            offered = suggestion(CHANNEL.nearest(word))
            allowed = Phrase(
                "{words}, separated by commas, or {none}", words=listed(map(Word, CHANNELS)), none=Word(NO_CHANNEL)
            )
            raise UnknownWord(what="The channel", value=word.strip(), nearest=offered, allowed=allowed)
        channels.add(channel)
    return tuple(channel for channel in CHANNELS if channel in channels)


def platform_record(platform: Platform) -> dict[str, Any]:
    """Return the record of a platform under its fixed keys; moments in UTC, None for what is not known."""
    check = platform.last_check
    return {
        "name": platform.name,
        "aliases": list(platform.aliases),
        "green_channel": platform.green_channel,
        "channels": list(platform.channels),
        "last_checked": check.at if check else None,
        "checked_by": check.by if check else None,
        "finding": check.finding if check else None,
    }


PLATFORM_KEYS = tuple(platform_record(Platform("")))


def check_record(check: Check) -> dict[str, Any]:
    """Return the record of a check under its fixed keys; moments in UTC."""
    return dict(zip(CHECK_KEYS, (check.at, check.by, list(check.channels), check.finding), strict=True))


CHECK_KEYS = ("checked", "checked_by", "channels", "finding")

"""Platforms: the marketplaces that complaints are about, and finding one by what a clerk types."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dealtrack.core.matching import fold, nearest_words


@dataclass(frozen=True, slots=True)
class Platform:
    """A marketplace; `green_channel` is None where it is not known, `channels` are the contacts that it shows."""

    name: str
    aliases: tuple[str, ...] = ()
    green_channel: bool | None = None
    channels: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the platform's name and aliases."""
        return (self.name, *self.aliases)


def match_platform(text: str, platforms: Iterable[Platform]) -> Platform | None:
    """Return the platform of this name or alias, whatever its case and width; a name goes before an alias."""
    wanted = fold(text)
    known = list(platforms)
    by_name = next((platform for platform in known if fold(platform.name) == wanted), None)
    return by_name or next((platform for platform in known if wanted in map(fold, platform.aliases)), None)


def nearest_platforms(text: str, platforms: Sequence[Platform], count: int = 2) -> list[str]:
    """Return the names of the platforms that a text comes nearest to, by name or alias, best first."""
    name_of = {fold(name): platform.name for platform in platforms for name in platform.names}
    close = nearest_words(text, name_of, count * 3)
    return list(dict.fromkeys(name_of[fold(word)] for word in close))[:count]

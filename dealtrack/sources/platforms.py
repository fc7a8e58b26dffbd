"""The list of platforms with which a new register begins: data/platforms.toml."""

from pathlib import Path

from dealtrack.core.platform import Platform, shared_name
from dealtrack.core.policy import Policy
from dealtrack.core.vocabulary import fold
from dealtrack.errors import BadPlatformFile
from dealtrack.sources.toml_files import read_table

FILE_NAME = "platforms.toml"
PLATFORM_KEYS = ("name", "aliases", "green_channel", "channels")


def first_platforms(path: Path, policy: Policy) -> list[Platform]:
    """Return the platforms of a file with which a register of a policy begins; raises BadPlatformFile.

    None where the policy is about any business, unless the file names it.
    """
    named = read_table(path, BadPlatformFile).texts_of("policies", ())
    return load_platforms(path) if policy.name in named or not policy.is_open else []


def load_platforms(path: Path) -> list[Platform]:
    """Return the platforms of a file, in its order; a name or alias can stand for one only. Raises BadPlatformFile."""
    table = read_table(path, BadPlatformFile)
    table.allow("policies", "platform")
    entries = table.tables_of("platform")
    platforms: list[Platform] = []
    for entry in entries:
        entry.allow(*PLATFORM_KEYS)
        platform = Platform(
            name=entry.text_of("name"),
            aliases=entry.texts_of("aliases", ()),
            green_channel=entry.get("green_channel", bool),
            channels=entry.texts_of("channels", ()),
        )
        if not all(map(fold, platform.names)):
            entry.refuse("an alias must not be empty", "aliases")
        platforms.append(platform)
    if shared := shared_name(platforms):
        place, name, owner = shared
        entries[place].refuse("{name!r} already belongs to {owner}", name, name=name, owner=owner)
    return platforms

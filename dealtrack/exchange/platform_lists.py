"""Lists of platforms, as files: TOML as the shipped one, or a table with English or Chinese headings."""

from collections.abc import Iterator
from pathlib import Path

from dealtrack.core.platform import Platform, parse_channels, shared_name
from dealtrack.core.text import clean_input, restore_formula, unescape_controls
from dealtrack.core.vocabulary import NAME, fold
from dealtrack.errors import BadPlatformFile, CannotRead, DealtrackError
from dealtrack.exchange.raw import RawRow
from dealtrack.exchange.readers import open_source
from dealtrack.phrase import Phrase
from dealtrack.sources.platforms import load_platforms

HEADINGS = {
    "name": ("name", "platform", "平台", "平台名称", "名称", "被投诉平台"),
    "aliases": (
        "aliases",
        "alias",
        "chinese name",
        "other names",
        "别名",
        "中文名",
        "中文名称",
        "英文名",
        "其他名称",
        "简称",
    ),
    "green_channel": ("green channel", "绿色通道"),
    "channels": ("channels", "contact channels", "联系渠道", "渠道"),
}
"""What the columns of a table may be called; several may hold aliases."""

ANSWERS = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False, "": None}
SEPARATORS = str.maketrans("，、；;", ",,,,")


def read_platforms(path: str) -> list[Platform]:
    """Return the platforms of a file, in its order; `-` is standard input. Raises BadPlatformFile."""
    if path.lower().endswith(".toml"):
        return load_platforms(Path(path))
    platforms: dict[int, Platform] = {}
    try:
        with open_source(path) as source:
            columns = {
                place: field
                for place, title in enumerate(source.header)
                for field, titles in HEADINGS.items()
                if fold(title).replace("_", " ") in titles
            }
            if "name" not in columns.values():
                raise BadPlatformFile(path=source.name, reason=Phrase("it has no column name (名称)"))
            for row in source.rows:
                if not isinstance(row, RawRow):
                    raise _refused(source.name, row.reason, row.line)
                platforms[row.line] = _platform(row, columns, source.name)
            listed = list(platforms.values())
            if shared := shared_name(listed):
                place, name, owner = shared
                reason = Phrase("{name!r} already belongs to {owner}", name=name, owner=owner)
                raise _refused(source.name, reason, list(platforms)[place])
            return listed
    except CannotRead as error:
        raise BadPlatformFile(path=error.values["path"], reason=error.values["reason"]) from None


def _refused(path: str, reason: object, line: int) -> BadPlatformFile:
    return BadPlatformFile(path=path, reason=Phrase("{reason} (line {line})", reason=reason, line=line))


def _platform(row: RawRow, columns: dict[int, str], path: str) -> Platform:
    texts: dict[str, list[str]] = {field: [] for field in HEADINGS}
    for place, field in columns.items():
        texts[field].append(restore_formula(unescape_controls(str(row.cells[place]))).strip())
    try:
        name, *aliases = _names(texts)
        channels = parse_channels("".join(texts["channels"]))
    except DealtrackError as error:
        raise _refused(path, Phrase(error.template(), **error.values), row.line) from None
    if not name:
        raise _refused(path, Phrase("{key} must not be empty", key="name"), row.line)
    opened = "".join(texts["green_channel"]).lower()
    if opened not in ANSWERS:
        raise _refused(path, Phrase("green_channel must be yes or no, not {text!r}", text=opened), row.line)
    return Platform(name, tuple(aliases), ANSWERS[opened], channels)


def _names(texts: dict[str, list[str]]) -> Iterator[str]:
    """Yield the name and the aliases of a row, each once."""
    name = clean_input("".join(texts["name"]), "name", NAME)
    yield name
    aliases = ",".join(texts["aliases"]).translate(SEPARATORS).split(",")
    distinct = {
        fold(alias): clean_input(alias, "name", NAME) for alias in aliases if fold(alias) not in ("", fold(name))
    }
    yield from distinct.values()

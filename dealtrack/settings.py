"""Where things are, who acts, what time it is, and the settings: all that dealtrack takes from its surroundings.

A setting is that of an option, else of the environment, else of the user's file, else of the office's file, which lies
beside the register. The office's file comes from whoever made the register: it sets no command, server, path or name.
"""

import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from dealtrack.core.text import safe_text
from dealtrack.core.vocabulary import OFFICE_SUFFIX, nearest_names
from dealtrack.errors import BadMoment, BadSettings, HomeUnknown, NoOfficeFile, UnknownSetting, suggestion
from dealtrack.phrase import BadValue, Phrase, listed
from dealtrack.register.address import check_setting, is_server

DB_VARIABLE = "DEALTRACK_DB"
NOW_VARIABLE = "DEALTRACK_NOW"
ACTOR_VARIABLE = "DEALTRACK_ACTOR"
HOME_VARIABLE = "DEALTRACK_HOME"
LANGUAGE_VARIABLE = "DEALTRACK_LANG"
COLOUR_VARIABLE = "NO_COLOR"

REGISTER_NAME = "register.db"
USER_FILE = "config.toml"

LARGEST_FILE = 1 << 14
LONGEST_TEXT = 1000
MOST_TEXTS = 100
_NAME = r"[\w-]{1,40}"


def variable(name: str) -> str:
    """Return what an environment variable holds, without white space around it; empty counts as unset."""
    return os.environ.get(name, "").strip()


def data_folder() -> Path:
    """Return the folder of the shipped data: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "data"
    return installed if installed.is_dir() else package.parent / "data"


def user_folder() -> Path:
    """Return the folder of the user's own data: register, settings, policies, calendars. Raises HomeUnknown."""
    home = variable(HOME_VARIABLE)
    if home:
        return Path(home)
    if sys.platform == "linux":
        # As platformdirs says, which would take every command 4 ms.
        shared = Path(os.environ.get("XDG_DATA_HOME", ""))
        folder = shared if shared.is_absolute() else Path(os.path.expanduser("~/.local/share"))  # noqa: PTH111
        if folder.is_absolute():
            return folder / "dealtrack"
    from platformdirs import user_data_path

    try:
        return user_data_path("dealtrack", appauthor=False)
    except RuntimeError:
        raise HomeUnknown from None


def mapping_folders() -> list[Path]:
    """Return where mappings stand, the user's own first, then those that are shipped."""
    return [user_folder() / "mappings", data_folder() / "mappings"]


def now() -> datetime:
    """Return the present moment in UTC, to the second; DEALTRACK_NOW sets it for tests. Raises BadMoment."""
    text = variable(NOW_VARIABLE)
    if not text:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
        utc = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise BadMoment(text=text, reason=Phrase(" (in {name})", name=NOW_VARIABLE)) from None
    if moment.tzinfo is None:
        raise BadMoment(text=text, reason=Phrase(" (in {name}: an offset is needed, as in +08:00)", name=NOW_VARIABLE))
    return utc


def _login_name() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        # Windows has neither a list of users nor user ids.
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"


# What a key may hold: each function returns the value that a file or a command line gives, or raises BadValue.


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("it must be text")
    if not (text := value.strip()):
        raise BadValue("it is empty")
    if safe_text(text) != text:
        raise BadValue("it contains a control character")
    if len(text) > LONGEST_TEXT:
        raise BadValue("it has {count:,} characters; the maximum is {limit:,}", count=len(text), limit=LONGEST_TEXT)
    return text


def _register(value: Any) -> str:
    check_setting(text := _text(value))
    return text


def _texts(value: Any, parts: Callable[[str], list[str]] = str.splitlines) -> tuple[str, ...]:
    values = parts(value) if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)):
        raise BadValue("it must be a list of texts")
    if len(values) > MOST_TEXTS:
        raise BadValue("it has {count:,} parts; the maximum is {limit:,}", count=len(values), limit=MOST_TEXTS)
    return tuple(map(_text, values))


def _names(value: Any) -> tuple[str, ...]:
    return _texts(value, lambda text: re.split(r"\s*[,，、]\s*", text.strip()))


def _flag(value: Any) -> bool:
    words = {"true": True, "yes": True, "on": True, "是": True, "false": False, "no": False, "off": False, "否": False}
    if isinstance(value, bool):
        return value
    if (flag := words.get(str(value).strip().casefold())) is None:
        raise BadValue("it must be {names}", names="true / false")
    return flag


def _rows(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not _is_number(text, 9999):
        raise BadValue("it must be a whole number from {low} to {high}", low=1, high=9999)
    return int(text)


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and 0 < int(text) <= most


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if (text := str(value).strip().casefold()) not in words:
            raise BadValue("it must be {names}", names=" / ".join(words))
        return text

    return read


def _server(value: Any) -> str:
    host, _colon, port = (text := _text(value)).rpartition(":")
    is_bare = (host.startswith("[") and host.endswith("]")) or ":" not in host
    if not (host.strip("[]") and is_bare and " " not in host and "/" not in host and _is_number(port, 65535)):
        raise BadValue("it must be a host and a port, e.g. mail.example.org:587")
    return text


def _address(value: Any) -> str:
    user, _at, host = (text := _text(value)).partition("@")
    if not (user and host) or any(mark in "@<> \u3000" for mark in user + host):
        raise BadValue("it must be an e-mail address, e.g. desk@example.org")
    return text


class SettingKey(NamedTuple):
    """A key of the settings, what reads its value, what it means, and where it may be set."""

    name: str
    read: Callable[[Any], Any]
    meaning: str
    default: Any = ""
    variable: str = ""
    option: str = ""
    is_office: bool = True
    """Whether the office's file may set it."""
    is_path: bool = False
    """Whether it is a path, which in a file goes on from the file's folder; the address of a server is none."""


KEYS: dict[str, SettingKey] = {
    key.name: key
    for key in (
        SettingKey("register", _register, Phrase("Register: file or server."), "", DB_VARIABLE, "--db", False, True),
        SettingKey("language", _one_of("en", "zh"), Phrase("Language of messages."), "", LANGUAGE_VARIABLE, "--lang"),
        SettingKey(
            "actor", _text, Phrase("Your name, as the journal records it."), "", ACTOR_VARIABLE, is_office=False
        ),
        SettingKey("section", _text, Phrase("Your section, as an owner or handler is named."), is_office=False),
        SettingKey("filters.NAME", _text, Phrase("A saved filter: options of list, e.g. --owner 朝阳所.")),
        SettingKey("columns.list", _names, Phrase("Columns of list on a terminal."), ()),
        SettingKey("columns.overdue", _names, Phrase("Columns of overdue on a terminal."), ()),
        SettingKey("columns.due", _names, Phrase("Columns of due on a terminal."), ()),
        SettingKey("page", _rows, Phrase("Rows per page on a terminal."), None),
        SettingKey("colours", _one_of("auto", "on", "off"), Phrase("Colours on a terminal."), "auto", COLOUR_VARIABLE),
        SettingKey("letterhead", _texts, Phrase("Lines at the head of letters; or a .txt file in your folder."), ()),
        SettingKey("templates", _text, Phrase("Folder of your own letter templates."), is_office=False, is_path=True),
        SettingKey(
            "mail.sendmail", _text, Phrase("Program that sends mail, e.g. /usr/sbin/sendmail."), is_office=False
        ),
        SettingKey("mail.smtp", _server, Phrase("Mail server, e.g. mail.example.org:587."), is_office=False),
        SettingKey("mail.from", _address, Phrase("Sender of mail."), is_office=False),
        SettingKey("mail.user", _text, Phrase("User name at the mail server."), is_office=False),
        SettingKey(
            "mail.password_file",
            _text,
            Phrase("File with the password for the mail server."),
            is_office=False,
            is_path=True,
        ),
        SettingKey("ask.owner", _flag, Phrase("Ask for the owner when a complaint is added."), False),
        SettingKey("ask.note", _flag, Phrase("Ask for a note when a complaint is added."), False),
    )
}
"""The keys of the settings; .NAME stands for any name."""


def setting_key(name: str) -> SettingKey:
    """Return the key of this name; raises UnknownSetting with the nearest."""
    group, _dot, own_name = name.partition(".")
    key = KEYS.get(name) or (KEYS.get(f"{group}.NAME") if re.fullmatch(_NAME, own_name) else None)
    if key is None:
        raise UnknownSetting(name=name, nearest=suggestion(nearest_names(name, KEYS)))
    return key._replace(name=name)


class Setting(NamedTuple):
    """What applies for a key, and where that stands: option, environment, user, office or default."""

    key: str
    value: Any
    origin: str


class Settings:
    """What applies in one call of dealtrack. The files are read when a value of theirs is first asked for."""

    def __init__(self, options: Mapping[str, str], on_fault: "Callable[[BadSettings], None] | None" = None) -> None:
        """`options` has values by key; `on_fault` is given what is wrong with a file, which then counts as empty."""
        self.options = options
        self._on_fault = on_fault

    def value(self, name: str) -> Any:
        """Return what applies for a key; of one that is set nowhere its default. Raises BadSettings."""
        return self.setting(name).value

    def setting(self, name: str) -> Setting:
        """Return what applies for a key, and from where; raises BadSettings."""
        key = setting_key(name)
        if option := self.options.get(name, ""):
            return Setting(name, option, "option")
        if key.variable and (text := variable(key.variable)):
            return Setting(name, "off" if key.variable == COLOUR_VARIABLE else text, "environment")
        if name in self.user_file:
            return Setting(name, self.user_file[name], "user")
        if key.is_office and name in self.office_file:
            return Setting(name, self.office_file[name], "office")
        match name:
            case "register":
                return Setting(name, str(user_folder() / REGISTER_NAME), "default")
            case "actor":
                return Setting(name, _login_name(), "default")
        return Setting(name, key.default, "default")

    def names(self, group: str) -> list[str]:
        """Return the names that the files set in a group such as filters; raises BadSettings."""
        keys = dict.fromkeys((*self.user_file, *self.office_file))
        return [key.partition(".")[2] for key in keys if key.startswith(f"{group}.")]

    def path(self, is_office: bool) -> Path:
        """Return where a file of settings is: the user's, or the office's. Raises HomeUnknown and NoOfficeFile."""
        if not is_office:
            return user_folder() / USER_FILE
        if is_server(register := self.value("register")):
            raise NoOfficeFile
        # Beside the register itself, whatever link leads there, as its evidence is.
        register = os.path.realpath(register)
        return Path(f"{register}{OFFICE_SUFFIX}")

    @cached_property
    def user_file(self) -> Mapping[str, Any]:
        """The settings of the user's file by key; raises BadSettings."""
        try:
            return self._read(self.path(is_office=False), is_office=False)
        except HomeUnknown:
            return {}

    @cached_property
    def office_file(self) -> Mapping[str, Any]:
        """The settings of the office's file by key; raises BadSettings."""
        return {} if is_server(self.value("register")) else self._read(self.path(is_office=True), is_office=True)

    def _read(self, path: Path, is_office: bool) -> Mapping[str, Any]:
        try:
            data = file_bytes(path, is_office)
            return {} if data is None else parse_settings(data, path, is_office)
        except BadSettings as fault:
            if self._on_fault is None:
                raise
            self._on_fault(fault)
            return {}


def file_bytes(path: Path, is_office: bool) -> bytes | None:
    """Return what a file of settings holds, None where there is none; raises BadSettings."""
    follow = getattr(os, "O_NOFOLLOW", 0) if is_office else 0
    try:
        # Not to wait for the other end of a pipe that stands in its place.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | follow)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as fault:
        if not os.path.lexists(path):
            # In a folder that is closed to this user, as another user's home.
            return None
        is_link = is_office and path.is_symlink()
        reason = Phrase("it is a link; put the file itself there") if is_link else fault.strerror or str(fault)
        raise BadSettings(path=path, reason=reason) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise BadSettings.because("it is not a file", path)
    with os.fdopen(handle, "rb") as stream:
        data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise BadSettings.because("it is larger than {size} KiB", path, size=LARGEST_FILE >> 10)
    return data


def parse_settings(data: bytes, path: Path, is_office: bool) -> dict[str, Any]:
    """Return the settings that a file holds by key, each checked; paths go on from the file's folder.

    Raises BadSettings, which names the line.
    """
    from dealtrack.sources.toml_files import parse_table

    table = parse_table(data, path, BadSettings)
    groups = {name.partition(".")[0] for name in KEYS if "." in name}
    inner = {name: value for name, value in table.values.items() if name in groups and type(value) is dict}
    stated = [("", name, value) for name, value in table.values.items() if name not in inner]
    stated += [(group, name, value) for group, part in inner.items() for name, value in part.items()]
    values = {}
    for group, own_name, value in stated:
        name = f"{group}.{own_name}" if group else own_name
        template, more = "{key}: {reason}", dict[str, object](key=name)
        try:
            key = setting_key(name)
            if key.is_office or not is_office:
                values[name] = setting_value(key, value, path, is_office)
                continue
            template = Phrase("the office's file may not set {key}; it belongs in your own settings", key=name)
        except UnknownSetting as fault:
            template = "unknown key {key!r};{near} allowed: {names}"
            more |= {"near": fault.values["nearest"], "names": listed(KEYS)}
        except BadValue as fault:
            more["reason"] = fault.args[0]
        # Where a table begins is looked for only where a line is to be named.
        (table.table_of(group) if group else table).refuse(template, own_name, **more)
    return values


def setting_value(key: SettingKey, value: Any, path: Path, is_office: bool) -> Any:
    """Return the value that a key has in a file; raises BadValue and BadSettings."""
    value = key.read(value)
    if key.is_path and not is_server(value):
        try:
            return str(path.parent / Path(value).expanduser())
        except RuntimeError:
            raise BadValue("there is no such user") from None
    if key.name == "letterhead" and len(value) == 1 and value[0].endswith(".txt"):
        if is_office:
            raise BadValue("the office's file gives the lines themselves, not a file")
        return _letterhead(value[0], path.parent)
    return value


def _letterhead(name: str, folder: Path) -> tuple[str, ...]:
    if Path(name).name != name:
        raise BadValue("the file must be in the same folder: give its name alone")
    data = file_bytes(folder / name, is_office=True)
    if data is None:
        raise BadValue("there is no file {name} in the same folder", name=name)
    try:
        return _texts([line for line in data.decode("utf-8-sig").splitlines() if line.strip()])
    except UnicodeDecodeError:
        raise BadValue("the file {name} is not UTF-8 text", name=name) from None

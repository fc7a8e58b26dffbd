"""The commands that show and change settings: the user's own, and those of the office, which lie beside a register."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

from dealtrack.cli.filters import parse_filter
from dealtrack.cli.language import CLOCKS, _, current_language, language_named, say_field
from dealtrack.cli.options import MORE_COLUMNS, Format, argument, flag, read_key
from dealtrack.cli.output import print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import print_line, tell_fields
from dealtrack.core.standing import WATCH_KEYS, record_keys
from dealtrack.errors import (
    BadFilter,
    BadSettings,
    CannotWrite,
    NoOfficeFile,
    NotForOffice,
    SettingRefused,
    UnknownSetting,
)
from dealtrack.phrase import BadValue, Phrase
from dealtrack.register.address import is_server, read_address
from dealtrack.settings import KEYS, Setting, Settings, file_bytes, setting_key, setting_value

SETTING_KEYS = ("key", "value", "origin", "meaning")

Key = Annotated[str, argument("KEY", "Setting, e.g. language or columns.list; 'dealtrack config list' shows all.")]
Office = Annotated[bool, flag("The office's settings, in the file beside the register, instead of your own.")]


def list_(session: Session, office: Office, fmt: Format) -> None:
    """List settings: what applies, and from where."""
    settings = session.settings
    if office:
        settings.path(office)
        shown = [Setting(name, value, "office") for name, value in settings.office_file.items()]
    else:
        shown = [settings.setting(name) for name in _names(settings)]
    print_records(map(_record, shown), SETTING_KEYS, fmt, zone=UTC)
    if sys.stdout.isatty():
        own = short_path(settings.path(is_office=False))
        try:
            offices = short_path(settings.path(is_office=True))
            session.advise(_("your settings: {own}; the office's: {offices}", own=own, offices=offices))
        except NoOfficeFile:
            session.advise(_("your settings: {own}", own=own))


def short_path(path: Path) -> str:
    """Return a path as a shell takes it, that of the user's home as ~."""
    home = os.path.expanduser("~")  # noqa: PTH111  # there may be none
    return f"~{str(path).removeprefix(home)}" if str(path).startswith(f"{home}{os.sep}") else str(path)


def _names(settings: Settings) -> Iterator[str]:
    for name in KEYS:
        own = [f"filters.{each}" for each in settings.names("filters")] if name == "filters.NAME" else []
        yield from own or [name]


def _record(setting: Setting) -> dict[str, Any]:
    value = setting.value or (current_language() if setting.key == "language" else setting.value)
    if setting.key == "register" and is_server(value):
        # One with a password is not shown.
        value = str(read_address(value))
    return {"key": setting.key, "value": value, "origin": setting.origin, "meaning": setting_key(setting.key).meaning}


def get(session: Session, key: Key) -> None:
    """Print what applies for a setting, the parts of a list on a line each; nothing where nothing is set."""
    for part in _parts(_record(session.settings.setting(key))["value"]):
        tell_fields([part])


def _parts(value: Any) -> list[str]:
    parts = value if isinstance(value, (list, tuple)) else [value]
    return [str(part).lower() if isinstance(part, bool) else str(part) for part in parts if part not in ("", None)]


def set_(
    session: Session,
    key: Key,
    value: Annotated[list[str], argument("VALUE...", "Its value, e.g. zh; of a list, each part.")],
    office: Office,
) -> None:
    """Change a setting, of your own or of the office."""
    known = setting_key(key)
    if office and not known.is_office:
        raise NotForOffice(key=key)
    path = session.settings.path(office)
    typed = _typed(key, value)
    try:
        setting_value(known, typed, path, office)
        stored = _checked(key, known.read(typed))
    except BadValue as fault:
        raise SettingRefused(key=key, value=" ".join(value), reason=fault.args[0]) from None
    if isinstance(stored, tuple):
        # A lone .txt is the name of a file.
        stored = typed if typed == stored[0] and typed.endswith(".txt") else list(stored)

    def put(document: Any) -> None:
        group, _dot, name = key.partition(".")
        if name and group not in document:
            document[group] = {}
        (document[group] if name else document)[name or group] = stored

    _rewrite(session, key, office, put)
    print_line(_("{key}: {value} (in {path})", key=key, value=_(", ").join(_parts(stored)), path=short_path(path)))
    _tell_applied(session, key, "office" if office else "user")


def _typed(key: str, values: Sequence[str]) -> Any:
    """Return the value that words of a command line are, as a file would hold it."""
    if key.startswith("filters.") and len(values) > 1:
        return " ".join(map(quoted_word, values))
    text = " ".join(values)
    if key == "language":
        return language_named(text) or text
    if key == "letterhead" and len(values) > 1:
        return list(values)
    if key == "register" and is_server(text):
        return str(read_address(text))
    if setting_key(key).is_path and not text.startswith("~"):
        return os.path.abspath(text)  # noqa: PTH100  # without following links
    return ",".join(values) if key.startswith("columns.") else text


def _checked(key: str, value: Any) -> Any:
    """Return a value with its columns as keys; raises BadFilter and UnknownWord for what no list could be made by."""
    group, _dot, name = key.partition(".")
    if group == "filters":
        try:
            parse_filter(value)
        except BadValue as fault:
            raise BadFilter(name=name, reason=fault.args[0]) from None
    if group != "columns":
        return value
    keys = (*(record_keys(CLOCKS) if name == "list" else WATCH_KEYS), *MORE_COLUMNS[name])
    # A policy of one's own may have other stages.
    return tuple(
        text if name == "list" and text.endswith(("_due", "_verdict")) else read_key(Phrase("Column"), text, keys)
        for text in value
    )


def quoted_word(word: str) -> str:
    """Return a word as it is typed: with quotes where it holds what a shell or a saved filter would read otherwise."""
    from shlex import quote

    return quote(word) if re.search(r"[^\w./:,+@%=-]", word) else word


def unset(session: Session, key: Key, office: Office) -> None:
    """Remove a setting, of your own or of the office."""
    path = session.settings.path(office)
    group, _dot, name = key.partition(".")
    removed = []

    def remove(document: Any) -> None:
        table = document.get(group, {}) if name else document
        if isinstance(table, dict) and (name or group) in table:
            removed.append(table.pop(name or group))

    if path.exists():
        _rewrite(session, key, office, remove)
    if not removed:
        setting_key(key)
        print_line(_("{key} is not set in {path}; nothing was changed", key=key, path=short_path(path)))
        return
    print_line(_("{key}: no longer set in {path}", key=key, path=short_path(path)))
    _tell_applied(session, key)


def _tell_applied(session: Session, key: str, written: str = "") -> None:
    """Say what applies now and from where, unless that is what was written."""
    settings = Settings(session.settings.options, lambda fault: None)
    with suppress(UnknownSetting):
        record = _record(settings.setting(key))
        origin, value = record["origin"], _(", ").join(_parts(record["value"]))
        if value and origin != written:
            session.advise(_("now: {value} ({origin})", value=value, origin=say_field("origin", origin)))


def _rewrite(session: Session, key: str, office: bool, change: Callable[[Any], None]) -> None:
    """Change a file of settings in one step, comments and all else in it kept; raises BadSettings and CannotWrite."""
    import tomllib

    import tomlkit

    from dealtrack.register.drafts import disk_faults, make_folder, new_file, write_all
    from dealtrack.sources.toml_files import parse_table

    path = session.settings.path(office)
    data = file_bytes(path, office) or b""
    expected = dict(parse_table(data, path, BadSettings).values)
    try:
        document = tomlkit.parse(data.decode("utf-8-sig"))
        change(document)
        change(expected)
        text = tomlkit.dumps(document)
        is_changed = _without_empty(tomllib.loads(text)) == _without_empty(expected)
    except (tomlkit.exceptions.TOMLKitError, AttributeError, TypeError, ValueError):
        is_changed = False
    if not is_changed:
        raise BadSettings.because("{key} cannot be changed by this command", path, key=key)
    if not office and (reason := make_folder(path.parent)):
        raise CannotWrite(path=path, reason=reason)
    # Where a link leads: the link itself stays.
    with disk_faults(CannotWrite, path=path), new_file(Path(os.path.realpath(path))) as handle:
        write_all(handle, text.encode())
        # The office's is its group's too, in a folder that a group shares.
        if not office and sys.platform != "win32":
            os.fchmod(handle, 0o600)


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value != {}}

"""Policies by name: files in data/policies and the user's own, each with all the versions of one policy."""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import time
from pathlib import Path

from dealtrack.core.lifecycle import Kind
from dealtrack.core.policy import ENDED, EVENT_NAMED, HOURS, OPEN, REPLIES, ClockRule, Policy, Roll, Unit, as_trigger
from dealtrack.core.vocabulary import nearest_words
from dealtrack.errors import BadPolicyFile, UnknownPolicy, suggestion
from dealtrack.phrase import listed
from dealtrack.sources.toml_files import TomlTable, as_path, file_named, read_table, shipped_and_own, shown

FOLDER = "policies"
FILE_KEYS = ("name", "title", "platforms", "version")
VERSION_KEYS = (
    "in_force",
    "authority",
    "source",
    "unverified",
    "restart",
    "restart_on_merge",
    "working_days_for",
    "clock",
)
CLOCK_KEYS = (
    "name", "start", "stop", "only_if", "length", "unit", "working_days_for", "counts_first_day", "counts_first_hour",
    "roll", "closes", "pausable", "extensions", "extension_by", "asked_before", "article",
)  # fmt: skip
STARTS = (Kind.RECEIVED, Kind.ACCEPTED, Kind.FORWARDED, Kind.REOPENED)
STOPS = (Kind.ACCEPTED, Kind.FORWARDED, Kind.COMPLETED, Kind.REJECTED, Kind.WITHDRAWN)
REPLIED = Kind.REPLIED.value
"""A reply of either kind."""
NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
CLOSING_TIME = r"\d{2}:\d{2}(:\d{2})?"
LONGEST = 3650
LISTED = "listed"
"""What a policy says of its platforms, unless it says `open`: only those of the register's list are meant."""


def policy_names(data_folder: Path, user_folder: Path) -> list[str]:
    """Return the names of the shipped policies and the user's own."""
    return sorted({file.stem for file in shipped_and_own(FOLDER, data_folder, user_folder)})


def load_policy(name: str, data_folder: Path, user_folder: Path) -> list[Policy]:
    """Return all versions of a policy, earliest first; a name with a slash or ending in .toml is a path.

    A shipped policy goes before the user's of the same name. Raises UnknownPolicy or BadPolicyFile.
    """
    path = as_path(name)
    if path is not None:
        return read_policy_file(path)
    path = file_named(name, shipped_and_own(FOLDER, data_folder, user_folder))
    if path is None:
        near = nearest_words(name, policy_names(data_folder, user_folder))
        raise UnknownPolicy(name=name, nearest=suggestion(near))
    versions = read_policy_file(path)
    if versions[0].name != path.stem:
        raise BadPolicyFile.because(
            "the policy is named {name!r}, but the file {stem!r}", path, name=versions[0].name, stem=path.stem
        )
    return versions


def read_policy_file(path: Path) -> list[Policy]:
    """Return all versions of the policy in a file, earliest first; raises BadPolicyFile."""
    table = read_table(path, BadPolicyFile)
    table.allow(*FILE_KEYS)
    name = table.name_of("name", NAME)
    title = table.text_of("title", name)
    is_open = table.word_of("platforms", (LISTED, OPEN), LISTED) == OPEN
    entries = table.tables_of("version")
    if not entries:
        table.refuse("it has no [[version]]: add one, with in_force, authority, source and its clocks")
    versions: list[Policy] = []
    for entry in entries:
        version = _version(entry, name, title, is_open)
        if any(other.in_force == version.in_force for other in versions):
            entry.refuse("two versions come into force on {in_force}", "in_force", in_force=version.in_force)
        versions.append(version)
    return sorted(versions, key=lambda version: version.in_force)


def _version(entry: TomlTable, name: str, title: str, is_open: bool) -> Policy:
    entry.allow(*VERSION_KEYS)
    by_length = _working_days_for(entry)
    clocks: tuple[ClockRule, ...] = ()
    for table in entry.tables_of("clock"):
        clocks += (_clock(table, by_length, [clock.name for clock in clocks]),)
    if not clocks:
        entry.refuse("the version has no [[version.clock]]: add at least one")
    for clock, count in Counter(clock.name for clock in clocks).items():
        if count > 1:
            entry.refuse("two clocks are named {clock!r}", clock, clock=clock)
    authority, source, restart = entry.text_of("authority"), entry.text_of("source"), entry.get("restart", bool, False)
    in_force = entry.day_of("in_force", "2020-01-01")
    if in_force is None:
        entry.refuse("in_force is missing: give the first day of the version, e.g. 2020-01-01")
    unverified = entry.text_of("unverified", "")
    restart_on_merge = entry.get("restart_on_merge", bool, False)
    return Policy(
        *(name, title, in_force, authority, source, clocks, restart, is_open),
        unverified=unverified,
        restart_on_merge=restart_on_merge,
    )


def _clock(entry: TomlTable, by_length: tuple[int, ...], above: Sequence[str]) -> ClockRule:
    """Return a clock; it may start where one ends that stands above it, so that none waits for itself."""
    entry.allow(*CLOCK_KEYS)
    start = _triggers(entry, "start", (*STARTS, *(f"{ENDED}{name}" for name in above)))
    stop = _triggers(entry, "stop", STOPS)
    only_if = _triggers(entry, "only_if", ()) if "only_if" in entry.values else frozenset()
    if both := start & stop:
        entry.refuse("{kind!r} cannot both start and stop a clock", "stop", kind=str(min(both)))
    if both := start & only_if:
        entry.refuse("{kind!r} cannot both start a stage and be its condition", "only_if", kind=str(min(both)))
    length = entry.number_of("length", 0, LONGEST)
    if length is None:
        entry.refuse("length is missing: give the number of units")
    if "unit" in entry.values and "working_days_for" in entry.values:
        entry.refuse("unit and working_days_for exclude each other: the length then says the unit", "working_days_for")
    by_length = () if "unit" in entry.values else _working_days_for(entry) or by_length
    unit = Unit.CALENDAR_DAY if by_length and length not in by_length else Unit.WORKING_DAY
    unit = Unit(entry.word_of("unit", [unit.value for unit in Unit], unit))
    roll = Roll(entry.word_of("roll", [roll.value for roll in Roll], Roll.NONE))
    if roll is not Roll.NONE and unit is Unit.WORKING_DAY:
        entry.refuse("roll does not apply to working days, which never end on a rest day", "roll")
    counts_first_day = entry.get("counts_first_day", bool, False)
    if unit in HOURS:
        for key in ("roll", "closes", "counts_first_day"):
            if key in entry.values:
                entry.refuse("{key} does not apply to hours, which end at a moment", key, key=key)
    elif "counts_first_hour" in entry.values:
        entry.refuse(
            "counts_first_hour applies to hours alone; allowed with unit: {names}",
            "counts_first_hour",
            names=listed(sorted(unit.value for unit in HOURS)),
        )
    if length == 0 and (unit in HOURS or counts_first_day):
        key = "counts_first_day" if counts_first_day else "unit"
        entry.refuse("length 0 means the same day: it does not go with {key}", key, key=key)
    return ClockRule(
        name=entry.name_of("name", NAME),
        start=start,
        stop=stop,
        length=length,
        unit=unit,
        roll=roll,
        closes=_closes(entry),
        pausable=entry.get("pausable", bool, True),
        extensions=entry.number_of("extensions", 0, LONGEST),
        extension_by=entry.number_of("extension_by", 1, LONGEST),
        article=entry.text_of("article", ""),
        counts_first_day=counts_first_day,
        counts_first_hour=entry.get("counts_first_hour", bool, True),
        working_days_for=by_length,
        only_if=only_if,
        asked_before=entry.number_of("asked_before", 0, LONGEST, 0) or 0,
    )


def _working_days_for(entry: TomlTable) -> tuple[int, ...]:
    """Return the lengths that are counted in working days, all others being calendar days; none where it says none."""
    lengths = entry.get("working_days_for", list, [])
    if any(type(length) is not int or not 1 <= length <= LONGEST for length in lengths):
        entry.refuse("working_days_for must be a list of whole numbers, such as [2, 3, 5, 7]", "working_days_for")
    if "working_days_for" in entry.values and not lengths:
        entry.refuse("{key} is empty; allowed: {names}", "working_days_for", key="working_days_for", names="[2, 3, 5]")
    return tuple(sorted(set(lengths)))


def _triggers(entry: TomlTable, key: str, kinds: Sequence[str]) -> frozenset[str]:
    """Return what starts or stops a clock: kinds, replies, and events by their names."""
    words = entry.texts_of(key)
    allowed = [*map(str, kinds), REPLIED, *REPLIES, f"{EVENT_NAMED}NAME"]
    for word in words:
        if not word.startswith(EVENT_NAMED):
            entry.check_word(key, word, allowed, word)
        elif not re.fullmatch(EVENT_NAMED + NAME, word):
            name = word.removeprefix(EVENT_NAMED)
            entry.refuse(
                "an event cannot be named {name!r}: use lower-case letters, digits and single hyphens", word, name=name
            )
    if not words:
        entry.refuse("{key} is empty; allowed: {names}", key, key=key, names=listed(allowed))
    return frozenset(as_trigger(each) for word in words for each in (REPLIES if word == REPLIED else (word,)))


def _closes(entry: TomlTable) -> time | None:
    value = entry.values.get("closes")
    if isinstance(value, str) and re.fullmatch(CLOSING_TIME, value):
        with suppress(ValueError):
            return time.fromisoformat(value)
    if value is None or (isinstance(value, time) and not value.microsecond):
        return value
    entry.refuse("closes must be a time of day such as 17:30, not {shown}", "closes", shown=shown(value))

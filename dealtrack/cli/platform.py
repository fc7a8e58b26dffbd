"""Commands about the platforms that complaints are about."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Annotated

from dealtrack.cli.language import _, say, say_field
from dealtrack.cli.options import At, Format, argument, option, read_platform
from dealtrack.cli.output import print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import print_line
from dealtrack.core.day_times import parse_day
from dealtrack.core.moments import show_moment
from dealtrack.core.platform import (
    CHECK_KEYS,
    PLATFORM_KEYS,
    Platform,
    check_record,
    match_platform,
    parse_channels,
    platform_record,
)
from dealtrack.core.platform import unchecked_since as platforms_unchecked
from dealtrack.core.text import clean_input
from dealtrack.core.vocabulary import NAME, TEXT, fold
from dealtrack.errors import MissingValue, UnknownWord
from dealtrack.phrase import Word, listed
from dealtrack.register import platforms

ANSWERS = {"yes": True, "no": False, "是": True, "否": False}

PlatformName = Annotated[str, argument("NAME", "Platform, by name or alias.")]
GreenChannel = Annotated[str, option("YES_OR_NO", "Green channel opened: yes or no.")]


def _names(texts: Iterable[str]) -> list[str]:
    return [clean_input(text, "name", NAME) for text in texts]


def _yes_or_no(text: str) -> bool | None:
    if not text:
        return None
    answer = ANSWERS.get(text.strip().lower())
    if answer is None:
        raise UnknownWord(what="Green channel", value=text, nearest="", allowed=listed(map(Word, ("yes", "no"))))
    return answer


def _summary(platform: Platform) -> str:
    """Return what a platform is known by and whether it has opened the green channel, in a line."""
    others = _(" ({aliases})", aliases=_(", ").join(platform.aliases)) if platform.aliases else ""
    opened = {True: _(", green channel opened"), False: _(", green channel not opened"), None: ""}
    line = _("platform {name}{others}{opened}")
    return line.format(name=platform.name, others=others, opened=opened[platform.green_channel])


def _channels(channels: Iterable[str]) -> str:
    return say(listed(map(Word, channels))) or _("no contact channel")


def list_(
    session: Session,
    unchecked_since: Annotated[str, option("DAY", "Only platforms not checked since this date.")],
    fmt: Format,
) -> None:
    """List platforms with their names, green channel, contact channels and last check."""
    with session.register() as register:
        listing = register.platforms
        if unchecked_since:
            day = parse_day(unchecked_since, session.now, register.zone)
            listing = platforms_unchecked(listing, datetime.combine(day, time(), register.zone))
        print_records(map(platform_record, listing), PLATFORM_KEYS, fmt, zone=register.zone)


def show(session: Session, name: PlatformName, fmt: Format) -> None:
    """Show a platform with all checks of its contact channels."""
    with session.register() as register:
        platform_name = read_platform(register, name)
        platform = next(entry for entry in register.platforms if entry.name == platform_name)
        checks = [check_record(check) for check in platforms.platform_checks(register, platform_name)]
        if fmt in ("json", "jsonl"):
            record = {**platform_record(platform), "checks": checks}
            print_records([record], fmt=fmt, zone=register.zone, single=True)
            return
        if fmt != "csv":
            print_line(_summary(platform))
            shown = _("displays: {channels}", channels=_channels(platform.channels))
            print_line(shown if checks or platform.channels else _("never checked"))
        if checks or fmt == "csv":
            print_records(checks, CHECK_KEYS, fmt, zone=register.zone)


def add(
    session: Session,
    name: Annotated[str, argument("NAME", "Name of the platform.")],
    alias: Annotated[list[str], option("NAME", "Alias; repeatable.")],
    green_channel: GreenChannel,
) -> None:
    """Add a platform."""
    # Of names that are compared as the same, such as pdd and PDD, the first is kept.
    distinct: dict[str, str] = {}
    for text in _names((name, *alias)):
        distinct.setdefault(fold(text), text)
    name, *others = distinct.values()
    platform = Platform(name, tuple(others), _yes_or_no(green_channel))
    with session.register() as register, session.recording(register) as recorder:
        platforms.add_platform(recorder, platform)
    print_line(_("{platform} added", platform=_summary(platform)))


def edit(
    session: Session,
    name: PlatformName,
    alias: Annotated[list[str], option("NAME", "Alias to add; repeatable.")],
    drop_alias: Annotated[list[str], option("NAME", "Alias to remove; repeatable.")],
    green_channel: GreenChannel,
) -> None:
    """Edit a platform; its name stays."""
    if not (alias or drop_alias or green_channel):
        raise MissingValue(what="Change", option="--alias NAME, --drop-alias NAME or --green-channel yes")
    answer = _yes_or_no(green_channel)
    with session.register() as register:
        platform = read_platform(register, name)
        with session.recording(register) as recorder:
            names = {"added": _names(alias), "dropped": _names(drop_alias)}
            edited = platforms.edit_platform(recorder, platform, **names, green_channel=answer)
        result = edited or match_platform(platform, register.platforms)
    assert result is not None
    print_line(_summary(result) if edited else _("{platform}: nothing to change", platform=_summary(result)))


def check(
    session: Session,
    name: PlatformName,
    channels: Annotated[str, option("LIST", "Channels displayed (required), e.g. phone,wechat,qq,email, or none.")],
    finding: Annotated[str, option("TEXT", "Finding (required).")],
    at: At,
) -> None:
    """Record a check of a platform's contact channels."""
    shown = parse_channels(channels)
    if not shown and not channels.strip(" ,，、"):
        raise MissingValue(what="Channels displayed", option="--channels phone,wechat,qq,email or none")
    text = clean_input(finding, "finding", TEXT)
    if not text:
        raise MissingValue(what="Finding", option="--finding TEXT")
    with session.register() as register:
        platform_name = read_platform(register, name)
        moment = session.moment(at, register.zone).start
        with session.recording(register) as recorder:
            platform = platforms.check_platform(recorder, platform_name, moment, shown, text)
        line = _("platform {name}: checked {moment} by {actor}, displays {channels}")
        name, checked = say_field("platform", platform.name), show_moment(moment, register.zone)
        print_line(line.format(name=name, moment=checked, actor=session.actor, channels=_channels(shown)))
        last = platform.last_check
        if last is not None and last.at > moment:
            later = show_moment(last.at, register.zone)
            line = _("displayed channels stay as last checked on {moment} by {actor}: {channels}")
            print_line(line.format(moment=later, actor=last.by, channels=_channels(last.channels)))

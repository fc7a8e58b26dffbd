"""Commands about the platforms that complaints are about."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Annotated

import typer
from typer import Argument, Option

from dealtrack.cli.language import _, say
from dealtrack.cli.options import At, Format, read_platform
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import print_line
from dealtrack.core.matching import fold
from dealtrack.core.moments import parse_day, show_moment
from dealtrack.core.platform import (
    CHECK_KEYS,
    PLATFORM_KEYS,
    Platform,
    check_record,
    match_platform,
    parse_channels,
    platform_record,
    unchecked_since,
)
from dealtrack.core.text import clean_input
from dealtrack.core.vocabulary import NAME, TEXT
from dealtrack.errors import MissingValue, UnknownWord
from dealtrack.phrase import Word, in_context, listed
from dealtrack.register import platforms

ANSWERS = {"yes": True, "no": False, "是": True, "否": False}

PlatformArgument = Annotated[str, Argument(metavar="NAME", help="Platform, by name or alias.")]
GreenChannel = Annotated[str, Option("--green-channel", metavar="YES_OR_NO", help="Green channel opened: yes or no.")]


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
    others = _(" ({aliases})").format(aliases=_(", ").join(platform.aliases)) if platform.aliases else ""
    opened = {True: _(", green channel opened"), False: _(", green channel not opened"), None: ""}
    line = _("platform {name}{others}{opened}")
    return line.format(name=platform.name, others=others, opened=opened[platform.green_channel])


def _channels(channels: Iterable[str]) -> str:
    return say(listed(map(Word, channels))) or _("no contact channel")


def list_(
    context: typer.Context,
    since: Annotated[
        str, Option("--unchecked-since", metavar="DAY", help="Only platforms not checked since this date.")
    ] = "",
    fmt: Format = "",
) -> None:
    """List platforms with their names, green channel, contact channels and last check."""
    session: Session = context.obj
    check_format(fmt)
    with session.register() as register:
        listing = register.platforms
        if since:
            day = parse_day(since, session.now, register.zone)
            listing = unchecked_since(listing, datetime.combine(day, time(), register.zone))
        print_records(map(platform_record, listing), PLATFORM_KEYS, fmt, zone=register.zone)


def show(context: typer.Context, name: PlatformArgument, fmt: Format = "") -> None:
    """Show a platform with all checks of its contact channels."""
    session: Session = context.obj
    check_format(fmt)
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
            shown = _("displays: {channels}").format(channels=_channels(platform.channels))
            print_line(shown if checks or platform.channels else _("never checked"))
        if checks or fmt == "csv":
            print_records(checks, CHECK_KEYS, fmt, zone=register.zone)


def add(
    context: typer.Context,
    name: Annotated[str, Argument(metavar="NAME", help="Name of the platform.")],
    aliases: Annotated[list[str] | None, Option("--alias", metavar="NAME", help="Alias; repeatable.")] = None,
    green_channel: GreenChannel = "",
) -> None:
    """Add a platform."""
    session: Session = context.obj
    names = _names((name, *(aliases or ())))
    # Of names that are compared as the same, such as pdd and PDD, the first is kept.
    distinct: dict[str, str] = {}
    for text in names:
        distinct.setdefault(fold(text), text)
    name, *others = distinct.values()
    platform = Platform(name, tuple(others), _yes_or_no(green_channel))
    with session.register() as register, session.recording(register) as recorder:
        platforms.add_platform(recorder, platform)
    print_line(_("{platform} added").format(platform=_summary(platform)))


def edit(
    context: typer.Context,
    name: PlatformArgument,
    aliases: Annotated[list[str] | None, Option("--alias", metavar="NAME", help="Alias to add; repeatable.")] = None,
    dropped: Annotated[
        list[str] | None, Option("--drop-alias", metavar="NAME", help="Alias to remove; repeatable.")
    ] = None,
    green_channel: GreenChannel = "",
) -> None:
    """Edit a platform; its name stays."""
    session: Session = context.obj
    if not (aliases or dropped or green_channel):
        raise MissingValue(what="Change", option="--alias NAME, --drop-alias NAME or --green-channel yes")
    answer = _yes_or_no(green_channel)
    with session.register() as register:
        platform_name = read_platform(register, name)
        with session.recording(register) as recorder:
            edited = platforms.edit_platform(
                recorder,
                platform_name,
                added=_names(aliases or ()),
                dropped=_names(dropped or ()),
                green_channel=answer,
            )
        result = edited or match_platform(platform_name, register.platforms)
    assert result is not None
    print_line(_summary(result) if edited else _("{platform}: nothing to change").format(platform=_summary(result)))


def check(
    context: typer.Context,
    name: PlatformArgument,
    channels: Annotated[
        str, Option(metavar="LIST", help="Channels displayed (required), e.g. phone,wechat,qq,email, or none.")
    ] = "",
    finding: Annotated[str, Option(metavar="TEXT", help="Finding (required).")] = "",
    at: At = "",
) -> None:
    """Record a check of a platform's contact channels."""
    session: Session = context.obj
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
        checked = show_moment(moment, register.zone)
        line = _("platform {name}: checked {moment} by {actor}, displays {channels}")
        shown_name = in_context("platform", platform.name, _)
        values = {"name": shown_name, "moment": checked, "actor": session.actor, "channels": _channels(shown)}
        print_line(line.format(**values))
        last = platform.last_check
        if last is not None and last.at > moment:
            later = show_moment(last.at, register.zone)
            line = _("displayed channels stay as last checked on {moment} by {actor}: {channels}")
            print_line(line.format(moment=later, actor=last.by, channels=_channels(last.channels)))

"""Commands about the platforms that complaints are about."""

import sys
from collections.abc import Iterable
from datetime import datetime, time
from typing import Annotated

import typer

from dealtrack import settings
from dealtrack.cli.language import _, _n, is_english, name_platforms, say, say_field
from dealtrack.cli.options import At, Format, Yes, argument, option, read_platform
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
from dealtrack.errors import BAD_INPUT, MissingValue, UnknownWord
from dealtrack.phrase import Word, listed
from dealtrack.register import platforms
from dealtrack.sources.platforms import FILE_NAME

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


def _shown(platform: Platform) -> tuple[str, list[str]]:
    """Return the name by which the user's language shows a platform, and its other names."""
    name_platforms([] if is_english() else [platform])
    name = say_field("platform", platform.name)
    return name, [other for other in platform.names if other != name]


def _summary(platform: Platform) -> str:
    """Return what a platform is known by and whether it has opened the green channel, in a line."""
    name, aliases = _shown(platform)
    others = _(" ({aliases})", aliases=_(", ").join(aliases)) if aliases else ""
    opened = {True: _(", green channel opened"), False: _(", green channel not opened"), None: ""}
    line = _("platform {name}{others}{opened}")
    return line.format(name=name, others=others, opened=opened[platform.green_channel])


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
        records = list(map(platform_record, listing))
        if fmt == "table" or (not fmt and sys.stdout.isatty()):
            for record, platform in zip(records, listing, strict=True):
                record["name"], record["aliases"] = _shown(platform)
        print_records(records, PLATFORM_KEYS, fmt, zone=register.zone)


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


def rename(
    session: Session,
    name: PlatformName,
    new: Annotated[str, argument("NEW", "New name; the former one stays an alias.")],
) -> None:
    """Rename a platform; its complaints follow."""
    (new,) = _names([new])
    with session.register() as register:
        before = read_platform(register, name)
        with session.recording(register) as recorder:
            renamed = platforms.rename_platform(recorder, before, new)
        count = platforms.complaint_count(register, new)
        platform = match_platform(new, register.platforms)
    assert platform is not None
    if renamed is None:
        print_line(_("{platform}: nothing to change", platform=_summary(platform)))
        return
    names = {"name": before, "new": new}
    print_line(_n("{name} is now {new}: {count} complaint", "{name} is now {new}: {count} complaints", count, **names))


def merge(
    session: Session,
    names: Annotated[list[str], argument("NAME...", "Platforms to merge, by name or alias.")],
    into: Annotated[str, option("NAME", "Platform that takes over their names and complaints (required).")],
    yes: Yes,
) -> None:
    """Merge platforms that are one and the same; this cannot be undone."""
    if not into:
        raise MissingValue(what="Platform to merge into", option="--into NAME")
    if not names:
        raise MissingValue(
            what="Platform to merge", option="its name, e.g. 'dealtrack platform merge JDMall --into JD'"
        )
    with session.register() as register:
        target = read_platform(register, into)
        merged = list(dict.fromkeys(read_platform(register, name) for name in names))
        for name in merged if target not in merged else ():
            count = platforms.complaint_count(register, name)
            shown = {"name": say_field("platform", name), "into": say_field("platform", target)}
            line = _n("{name} -> {into}: {count} complaint", "{name} -> {into}: {count} complaints", count, **shown)
            print_line(line)
        if target not in merged and not session.may_apply(_("Merge for good?"), yes):
            raise typer.Exit(BAD_INPUT)
        with session.recording(register) as recorder:
            platform = platforms.merge_platforms(recorder, merged, target)
    print_line(_summary(platform))


def remove(session: Session, name: PlatformName) -> None:
    """Remove a platform without complaints."""
    with session.register() as register:
        platform = read_platform(register, name)
        with session.recording(register) as recorder:
            platforms.remove_platform(recorder, platform)
    print_line(_("platform {name} removed", name=say_field("platform", platform)))


def import_(
    session: Session,
    yes: Yes,
    file: Annotated[
        str, argument("[FILE]", "List of platforms: TOML, CSV or workbook [default: the list bundled with dealtrack].")
    ] = "",
) -> None:
    """Import a list of platforms: new ones are added, others get the names they lack."""
    from dealtrack.exchange.platform_lists import read_platforms

    listed = read_platforms(file or str(settings.data_folder() / FILE_NAME))
    with session.register() as register:
        compared = platforms.compare_list(listed, register.platforms)
        for each in compared:
            if each.present is None:
                print_line(_("new: {platform}", platform=_summary(each.listed)))
            elif each.is_news:
                opened = {True: _(", green channel opened"), False: _(", green channel not opened"), None: ""}
                words = {"name": _shown(each.present)[0], "names": _(", ").join(each.added)}
                print_line(_("{name}: also called {names}", **words) + opened[each.green_channel])
        count = sum(each.is_news for each in compared)
        if not count:
            print(_("platforms are unchanged"))
            return
        if not session.may_apply(_("Import these platforms?"), yes):
            raise typer.Exit(BAD_INPUT)
        with session.recording(register) as recorder:
            platforms.import_platforms(recorder, listed)
    added = sum(each.present is None for each in compared)
    line = _("platforms: {added} added, {changed} changed, {unchanged} unchanged")
    print_line(line.format(added=added, changed=count - added, unchanged=len(compared) - count))

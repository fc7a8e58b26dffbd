"""Commands that create, check, back up and restore a register."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from dealtrack import settings
from dealtrack.cli.describe import next_line
from dealtrack.cli.language import _, _n, say, sentence
from dealtrack.cli.session import Session, is_agreed, tell_changes
from dealtrack.cli.terminal import print_line, tell_fields, warn
from dealtrack.cli.terms import say_field
from dealtrack.core.matching import nearest_names
from dealtrack.core.moments import show_moment
from dealtrack.core.policy import are_same
from dealtrack.core.text import first_few, fit_text
from dealtrack.errors import (
    CHECK_FAILED,
    BadCopies,
    BadHead,
    BadPolicyFile,
    BadTimezone,
    DealtrackError,
    NoTerminal,
    RegisterAltered,
    RegisterExists,
    suggestion,
)
from dealtrack.phrase import Phrase, listed
from dealtrack.register.recorder import Outcome
from dealtrack.register.register import Register
from dealtrack.sources.policies import load_policy, policy_names

if TYPE_CHECKING:
    from dealtrack.register.evidence import CopiedEvidence
    from dealtrack.register.restore import CheckedBackup


LONGEST_HEAD = 64
HEX = frozenset("0123456789abcdef")
SEEN_ARGUMENTS = Phrase(
    "visible to other users while a command runs: enter personal data by import or when add prompts for it"
)


def backup(
    context: typer.Context,
    target: Annotated[str, Argument(metavar="FILE", help="Backup file, or with --keep the folder of backups.")],
    keep: Annotated[str, Option(metavar="N", help="Add a backup named by its time; keep the last N.")] = "",
    no_evidence: Annotated[bool, Option("--no-evidence", help="Leave out the evidence files.")] = False,
) -> None:
    """Back up the register and its evidence (verified, readable only by you)."""
    from dealtrack.register.backup import LastBackup, back_up, back_up_in, note_backup
    from dealtrack.register.evidence import copy_evidence, evidence_folder, folder_of

    session: Session = context.obj
    if keep and not (keep.isascii() and keep.isdigit() and len(keep) <= 4 and int(keep)):
        raise BadCopies(text=keep)
    with session.register() as register:
        own = evidence_folder(register)
        if keep:
            path, dropped, (seq, head) = back_up_in(register, Path(target), int(keep), session.now)
            line = _("backup {path}").format(path=path)
            if dropped:
                line += _(", {count} older removed").format(count=len(dropped))
            print_line(line)
            # The copies in a folder share their evidence: a file of it is kept once, by its content.
            beside = path.with_name(own.name)
        else:
            path = Path(target)
            seq, head = back_up(register, path)
            line = _("backup {path}: {count} entries, checksum {head}")
            print_line(line.format(path=target, count=seq, head=head))
            beside = folder_of(path)
        copied = None if no_evidence else copy_evidence(register, [own], beside)
        is_whole = copied is not None and not copied.faults
        note_backup(register, LastBackup(session.now, path, seq, head, is_whole))
    if copied:
        if copied.count:
            text = _n(
                "{count} evidence file, {new} new, in {folder}",
                "{count} evidence files, {new} new, in {folder}",
                copied.count,
            )
            print_line(text.format(count=copied.count, new=copied.new, folder=beside))
        _refuse_faults(copied)


def _refuse_faults(copied: "CopiedEvidence") -> None:
    """Name the evidence that could not be copied, and end with the status of a check that failed."""
    for fault in copied.faults:
        warn(sentence(fault))
    if copied.faults:
        raise typer.Exit(CHECK_FAILED)


def restore(
    context: typer.Context,
    source: Annotated[str, Argument(metavar="FILE", help="Backup made by 'dealtrack backup'.")],
    yes: Annotated[bool, Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Restore the register from a verified backup; the previous file is kept."""
    from dealtrack.register.evidence import copy_evidence, evidence_folder, folder_of
    from dealtrack.register.restore import checked_backup, put_in_place

    session: Session = context.obj
    if not yes and not session.asks:
        raise NoTerminal(what="restore", instead="To restore without a prompt, use --yes.")
    place, file = session.path, Path(source)
    with checked_backup(place, file) as checked:
        session.advise(f"dealtrack: {_restore_message(checked)}")
        tell_changes(checked.changes)
        if not yes and not is_agreed(_("Replace the current register with this backup?")):
            raise typer.Abort
        kept = put_in_place(checked, session.now)
    session.outcome = Outcome(is_change=True)
    if kept:
        text = _("previous register kept at {path}")
        session.advise(text.format(path=kept))
    with session.register() as register:
        own = evidence_folder(register)
        copied = copy_evidence(register, [folder_of(file), file.with_name(own.name)], own)
        seq, head = register.head()
    text = _("register {path} restored from {backup}: {count} entries, checksum {head}")
    print_line(text.format(path=place, backup=file, count=seq, head=head))
    if copied.new:
        text = _n("{count} evidence file restored", "{count} evidence files restored", copied.new)
        print_line(text.format(count=copied.new))
    _refuse_faults(copied)


def _restore_message(backup: "CheckedBackup") -> str:
    """Say what the backup holds, and what it would replace."""
    end, present = backup.end, backup.present
    if backup.is_free:
        text = _("{backup} is intact: {count} entries, the last of {last}. There is no register at {path}.")
    elif present is None:
        text = _("{backup} is intact: {count} entries, the last of {last}. The file at {path} cannot be read.")
    elif backup.loses is None:
        text = _(
            "{backup} is intact: {count} entries, the last of {last}. The register at {path} has a different "
            "journal, of {present} entries."
        )
    elif backup.loses == 0:
        text = _(
            "{backup} is intact: {count} entries, the last of {last}. The register at {path} has the same entries."
        )
    else:
        text = _(
            "{backup} is intact: {count} entries, the last of {last}. The register at {path} has {loses} more "
            "entries, which the backup lacks."
        )
    return text.format(
        backup=backup.source,
        count=end.entries,
        last=show_moment(end.last, backup.zone),
        path=backup.place,
        present=present.entries if present else 0,
        loses=backup.loses,
    )


def _calendar_warnings(register: Register) -> Iterator[str]:
    """Yield what there is to say where the register's calendar is not the one that would be shipped now."""
    from dealtrack.register.calendar_revision import is_as_shipped
    from dealtrack.sources.calendars import load_calendar

    try:
        shipped = load_calendar(register.calendar.rules.name, settings.data_folder(), settings.user_folder())
        if not is_as_shipped(register, shipped):
            yield Phrase(
                "the calendar differs from the bundled one; 'dealtrack calendar refresh' shows which days and "
                "deadlines change"
            )
    except DealtrackError as error:
        yield str(error)


def doctor(context: typer.Context) -> None:
    """Diagnose the register and its environment; exits with 1 on warnings."""
    from dealtrack.cli.arguments import can_hide
    from dealtrack.register.doctor import facts, shortfalls, warnings

    session: Session = context.obj
    with session.register() as register:
        shown = [*facts(register), *shortfalls()]
        if not can_hide():
            shown.append(("arguments", SEEN_ARGUMENTS))
        for name, value in shown:
            tell_fields((_(name), say(value)))
        texts = [*warnings(register, session.now), *_calendar_warnings(register), *_policy_warnings(register)]
    for text in texts:
        warn(sentence(text))
    if texts:
        raise typer.Exit(CHECK_FAILED)


def init(
    context: typer.Context,
    calendar: Annotated[
        str, Option(metavar="NAME", help="Bundled calendar, country code, e.g. US-NY, or calendar file.")
    ] = "cn-beijing",
    policy: Annotated[str, Option(metavar="NAME", help="Default policy of complaints.")] = "green-channel",
    timezone: Annotated[str, Option(metavar="ZONE", help="Time zone that days follow [default: the calendar's].")] = "",
) -> None:
    """Create a register."""
    from dealtrack.register.create import Setup, create_register
    from dealtrack.sources.calendar_files import is_timezone
    from dealtrack.sources.calendars import differs_by_subdivision, load_calendar
    from dealtrack.sources.platforms import first_platforms

    session: Session = context.obj
    if session.path.exists():
        raise RegisterExists(path=session.path)
    data, user = settings.data_folder(), settings.user_folder()
    rules = load_calendar(calendar, data, user)
    zone = timezone or rules.timezone or "Asia/Shanghai"
    if not is_timezone(zone):
        from zoneinfo import available_timezones

        raise BadTimezone(name=zone, nearest=suggestion(nearest_names(zone, sorted(available_timezones()), 2)))
    versions = load_policy(policy, data, user)
    name = versions[0].name
    platforms = first_platforms(data / "platforms.toml", versions[-1])
    setup = Setup(rules, versions, name, platforms, zone)
    create_register(session.path, setup, session.now, session.actor)
    session.outcome = Outcome(is_change=True)
    line = _("register {path}: calendar {calendar}, policy {policy}, time zone {zone}")
    print_line(line.format(path=session.path, calendar=rules.name, policy=name, zone=zone))
    parts = differs_by_subdivision(calendar)
    if parts:
        line = _(
            "{name} has only the holidays that all its regions share; for the others name a region ({some}), "
            "e.g. --calendar {name}-{part}."
        )
        warn(line.format(name=rules.name, some=first_few(parts), part=parts[0]))
    if not timezone and not rules.timezone:
        line = _("no time zone is known for {name}; using {zone} (change with --timezone).")
        warn(line.format(name=rules.name, zone=zone))
    session.advise(next_line(f"dealtrack add --platform {_('NAME')}"))


def verify(
    context: typer.Context,
    head: Annotated[str, Option(metavar="HASH", help="Checksum noted earlier; must still occur in the journal.")] = "",
) -> None:
    """Verify journal integrity; print its entry count and checksum."""
    from dealtrack.register.verification import SHORTEST_HEAD
    from dealtrack.register.verification import verify as verify_register

    session: Session = context.obj
    if head and not (SHORTEST_HEAD <= len(head.strip()) <= LONGEST_HEAD and HEX.issuperset(head.strip().lower())):
        raise BadHead(text=fit_text(head, LONGEST_HEAD))
    try:
        with session.register() as register:
            report = verify_register(register, head)
    except RegisterAltered as error:
        # It cannot be used, and has failed the check.
        warn(say(error.message(str, _)))
        raise typer.Exit(CHECK_FAILED) from None
    if report.foreign:
        line = _("tables of other programs in the register are not checked: {names}")
        warn(line.format(names=first_few(report.foreign)))
    for fault in report.faults:
        warn(sentence(fault))
    if report.faults:
        next_step = (
            _("the journal is intact: 'dealtrack recheck --rebuild' rebuilds the tables from it")
            if report.rebuilds
            else _("keep this file as evidence, and restore the last backup that 'dealtrack verify' finds intact")
        )
        warn(next_step)
        raise typer.Exit(CHECK_FAILED)
    print_line(_("journal intact: {count} entries, checksum {head}").format(count=report.entries, head=report.head))


def recheck(
    context: typer.Context,
    rebuild: Annotated[bool, Option("--rebuild", help="Rebuild the tables from the journal.")] = False,
    include_closed: Annotated[
        bool,
        Option(
            "--include-closed",
            help="Re-evaluate ended deadlines by the current calendar and policies; recorded in the journal.",
        ),
    ] = False,
) -> None:
    """Compare tables with the journal."""
    from dealtrack.register.rebuild import judge_anew
    from dealtrack.register.rebuild import rebuild as rebuild_register
    from dealtrack.register.verification import table_faults

    session: Session = context.obj
    with session.register() as register:
        faults = list(table_faults(register))
        for text in faults:
            print_line(sentence(text))
        if rebuild:
            rebuild_register(register)
            session.outcome = Outcome(is_change=True)
            print(_("tables rebuilt from the journal"))
        if include_closed:
            with session.recording(register) as recorder:
                changes = judge_anew(recorder)
            for change in changes:
                line = _("complaint {id} {clock}: {before} -> {after}")
                before = say_field("verdict", change.stands)
                after = say_field("verdict", change.would_be) if change.would_be else _("no deadline")
                print_line(line.format(id=change.complaint.id, clock=_(change.after.name), before=before, after=after))
    if faults and not rebuild:
        raise typer.Exit(CHECK_FAILED)
    if not faults:
        print(_("tables match the journal"))


def datasette(context: typer.Context) -> None:
    """Print the Datasette settings for showing the register."""
    from dealtrack.exchange.datasette import load_template, metadata
    from dealtrack.exchange.writers import json_text
    from dealtrack.register.sqlite.schema import tables_and_views

    session: Session = context.obj
    template = load_template(settings.data_folder() / "datasette.toml")
    with session.register() as register:
        tables, views = tables_and_views(register.connection)
        document = metadata(template, register.path.stem, tables, views, register.zone.key)
    sys.stdout.write(json_text(document, indent=2) + "\n")


def _policy_warnings(register: Register) -> Iterator[str]:
    """Yield the sentence that names the policies that the register has in another text than their files."""
    data, user = settings.data_folder(), settings.user_folder()
    names = []
    for name in sorted({*register.policies} & {*policy_names(data, user)}):
        with suppress(BadPolicyFile):
            if not are_same(register.policies[name], load_policy(name, data, user)):
                names.append(name)
    if names:
        yield Phrase(
            (
                "policies that differ from the bundled text: {names}; 'dealtrack policy adopt NAME --corrected' "
                "shows what would move"
            ),
            names=listed(names),
        )

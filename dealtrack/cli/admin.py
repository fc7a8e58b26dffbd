"""Commands that create, check, back up and restore a register."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealtrack import settings
from dealtrack.cli.describe import next_line
from dealtrack.cli.language import _, _n, say, sentence
from dealtrack.cli.options import Yes, argument, flag, option, read_policy
from dealtrack.cli.session import Session, ask_to_go_on, tell_changes
from dealtrack.cli.terminal import print_line, tell_fields, warn
from dealtrack.core.matching import nearest_names
from dealtrack.core.moments import from_store, show_moment
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
from dealtrack.sources.policies import policy_names

if TYPE_CHECKING:
    from dealtrack.register.evidence import CopiedEvidence
    from dealtrack.register.restore import CheckedBackup


LONGEST_HEAD = 64
HEX = frozenset("0123456789abcdef")
SEEN_ARGUMENTS = Phrase(
    "visible to other users while a command runs: enter personal data by import or when add prompts for it"
)


def backup(
    session: Session,
    target: Annotated[str, argument("FILE", "Backup file, or with --keep the folder of backups.")],
    keep: Annotated[str, option("N", "Add a backup named by its time; keep the last N.")],
    no_evidence: Annotated[bool, flag("Leave out the evidence files.")],
) -> None:
    """Back up the register and its evidence (verified, readable only by you)."""
    from dealtrack.register.backup import LastBackup, back_up, back_up_in, note_backup
    from dealtrack.register.evidence import copy_evidence, evidence_folder, folder_of

    if keep and not (keep.isascii() and keep.isdigit() and len(keep) <= 4 and int(keep)):
        raise BadCopies(text=keep)
    with session.register() as register:
        own = evidence_folder(register)
        if keep:
            path, dropped, (seq, head) = back_up_in(register, Path(target), int(keep), session.now)
            line = _("backup {path}", path=path)
            if dropped:
                line += _(", {count} older removed", count=len(dropped))
            print_line(line)
            # The copies in a folder share their evidence: a file of it is kept once, by its content.
            beside = path.with_name(own.name)
        else:
            path = Path(target)
            seq, head = back_up(register, path)
            print_line(_("backup {path}: {count} entries, checksum {head}", path=target, count=seq, head=head))
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
                new=copied.new,
                folder=beside,
            )
            print_line(text)
        _refuse_faults(copied)


def _refuse_faults(copied: "CopiedEvidence") -> None:
    """Name the evidence that could not be copied, and end with the status of a check that failed."""
    for fault in copied.faults:
        warn(sentence(fault))
    if copied.faults:
        raise typer.Exit(CHECK_FAILED)


def restore(
    session: Session, source: Annotated[str, argument("FILE", "Backup made by 'dealtrack backup'.")], yes: Yes
) -> None:
    """Restore the register from a verified backup; the previous file is kept."""
    from dealtrack.register.evidence import copy_evidence, evidence_folder, folder_of
    from dealtrack.register.restore import checked_backup, put_in_place

    if not yes and not session.asks:
        raise NoTerminal(what="restore", instead="To restore without a prompt, use --yes.")
    place, file = session.path, Path(source)
    with checked_backup(place, file) as checked:
        session.advise(f"dealtrack: {_restore_message(checked)}")
        tell_changes(checked.changes)
        if not yes:
            ask_to_go_on(_("Replace the current register with this backup?"))
        kept = put_in_place(checked, session.now)
    session.outcome = Outcome(is_change=True)
    if kept:
        session.advise(_("previous register kept at {path}", path=kept))
    with session.register() as register:
        own = evidence_folder(register)
        copied = copy_evidence(register, [folder_of(file), file.with_name(own.name)], own)
        seq, head = register.head()
    text = _("register {path} restored from {backup}: {count} entries, checksum {head}")
    print_line(text.format(path=place, backup=file, count=seq, head=head))
    if copied.new:
        print_line(_n("{count} evidence file restored", "{count} evidence files restored", copied.new))
    _refuse_faults(copied)


def _restore_message(backup: "CheckedBackup") -> str:
    """Say what the backup holds, and what it would replace."""
    last, present = backup.last, backup.present
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
        count=last.seq,
        last=show_moment(from_store(last.recorded_at), backup.zone),
        path=backup.place,
        present=present.seq if present else 0,
        loses=backup.loses,
    )


def _outdated_rules(register: Register) -> Iterator[str]:
    """Yield what there is to say where the register's calendar or policies are not those that would be shipped now."""
    from dealtrack.register.revisions import is_as_shipped
    from dealtrack.sources.calendars import load_calendar

    folders = settings.data_folder(), settings.user_folder()
    try:
        if not is_as_shipped(register, load_calendar(register.calendar.rules.name, *folders)):
            yield _(
                "the calendar differs from the bundled one; 'dealtrack calendar refresh' shows which days and "
                "deadlines change"
            )
    except DealtrackError as error:
        yield say(error)
    names = []
    for name in sorted({*register.policies} & {*policy_names(*folders)}):
        with suppress(BadPolicyFile):
            if not are_same(register.policies[name], read_policy(name)):
                names.append(name)
    if names:
        text = _(
            "policies that differ from the bundled text: {names}; 'dealtrack policy adopt NAME --corrected' "
            "shows what would move"
        )
        yield text.format(names=say(listed(names)))


def doctor(session: Session) -> None:
    """Diagnose the register and its environment; exits with 1 on warnings."""
    from dealtrack.cli.arguments import can_hide
    from dealtrack.register.doctor import facts, shortfalls, warnings

    with session.register() as register:
        shown = [*facts(register), *shortfalls()]
        if not can_hide():
            shown.append(("arguments", SEEN_ARGUMENTS))
        for name, value in shown:
            tell_fields((_(name), say(value)))
        texts = [*warnings(register, session.now), *_outdated_rules(register)]
    for text in texts:
        warn(sentence(text))
    if texts:
        raise typer.Exit(CHECK_FAILED)


def init(
    session: Session,
    *,
    calendar: Annotated[
        str, option("NAME", "Bundled calendar, country code, e.g. US-NY, or calendar file.")
    ] = "cn-beijing",
    policy: Annotated[str, option("NAME", "Default policy of complaints.")] = "green-channel",
    timezone: Annotated[str, option("ZONE", "Time zone that days follow [default: the calendar's].")],
) -> None:
    """Create a register."""
    from dealtrack.register.create import Setup, create_register
    from dealtrack.sources.calendars import differs_by_subdivision, is_timezone, load_calendar
    from dealtrack.sources.platforms import first_platforms

    if session.path.exists():
        raise RegisterExists(path=session.path)
    data, user = settings.data_folder(), settings.user_folder()
    rules = load_calendar(calendar, data, user)
    zone = timezone or rules.timezone or "Asia/Shanghai"
    if not is_timezone(zone):
        from zoneinfo import available_timezones

        raise BadTimezone(name=zone, nearest=suggestion(nearest_names(zone, sorted(available_timezones()), 2)))
    versions = read_policy(policy)
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
        warn(_("no time zone is known for {name}; using {zone} (change with --timezone).", name=rules.name, zone=zone))
    session.advise(next_line(f"dealtrack add --platform {_('NAME')}"))


def verify(
    session: Session, head: Annotated[str, option("HASH", "Checksum noted earlier; must still occur in the journal.")]
) -> None:
    """Verify journal integrity; print its entry count and checksum."""
    from dealtrack.register.verification import SHORTEST_HEAD
    from dealtrack.register.verification import verify as verify_register

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
        warn(_("tables of other programs in the register are not checked: {names}", names=first_few(report.foreign)))
    for fault in report.faults:
        warn(sentence(fault))
    if report.faults:
        if report.rebuilds:
            warn(_("the journal is intact: 'dealtrack recheck --rebuild' rebuilds the tables from it"))
        else:
            warn(_("keep this file as evidence, and restore the last backup that 'dealtrack verify' finds intact"))
        raise typer.Exit(CHECK_FAILED)
    print_line(_("journal intact: {count} entries, checksum {head}", count=report.entries, head=report.head))


def recheck(
    session: Session,
    rebuild: Annotated[bool, flag("Rebuild the tables from the journal.")],
    include_closed: Annotated[
        bool, flag("Re-evaluate ended deadlines by the current calendar and policies; recorded in the journal.")
    ],
) -> None:
    """Compare tables with the journal."""
    from dealtrack.cli.calendar_revision import show_replaced, verdicts_of
    from dealtrack.register.rebuild import judge_anew
    from dealtrack.register.rebuild import rebuild as rebuild_register
    from dealtrack.register.verification import table_faults

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
                show_replaced(change.complaint.id, change.after, *verdicts_of(change))
    if faults and not rebuild:
        raise typer.Exit(CHECK_FAILED)
    if not faults:
        print(_("tables match the journal"))


def datasette(session: Session) -> None:
    """Print the Datasette settings for showing the register."""
    from dealtrack.exchange.datasette import load_template, metadata
    from dealtrack.exchange.writers import json_text
    from dealtrack.register.sqlite.schema import tables_and_views

    template = load_template(settings.data_folder() / "datasette.toml")
    with session.register() as register:
        tables, views = tables_and_views(register.connection)
        document = metadata(template, register.path.stem, tables, views, register.zone.key)
    sys.stdout.write(json_text(document, indent=2) + "\n")

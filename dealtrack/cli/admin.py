"""Commands that check, back up, move and restore a register."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealtrack import settings
from dealtrack.cli.config import quoted_word
from dealtrack.cli.language import _, _n, say, sentence
from dealtrack.cli.options import Format, Yes, argument, flag, option, read_policy
from dealtrack.cli.output import next_line, print_records
from dealtrack.cli.session import Session, ask_to_go_on, tell_changes
from dealtrack.cli.terminal import print_line, tell_fields, warn
from dealtrack.cli.waiting import waiting_text
from dealtrack.core.moments import from_store, show_moment
from dealtrack.core.policy import are_same
from dealtrack.core.text import first_few, fit_text
from dealtrack.errors import (
    CHECK_FAILED,
    REGISTER_UNUSABLE,
    BadCopies,
    BadHead,
    BadPolicyFile,
    DealtrackError,
    NoTerminal,
    RegisterAltered,
)
from dealtrack.phrase import Phrase, listed
from dealtrack.register.address import read_address
from dealtrack.register.mailbox import waiting
from dealtrack.register.recorder import RecordingResult
from dealtrack.register.register import Register
from dealtrack.sources.policies import policy_names

if TYPE_CHECKING:
    from dealtrack.register.engine import Address, Finding
    from dealtrack.register.sqlite.restore import CheckedBackup


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
    from dealtrack.register.evidence import copy_evidence
    from dealtrack.register.sqlite.backup import LastBackup, back_up_in, note_backup, shared_evidence
    from dealtrack.register.sqlite.evidence_folder import EvidenceFolder, folder_of

    if keep and not (keep.isascii() and keep.isdigit() and len(keep) <= 4 and int(keep)):
        raise BadCopies(text=keep)
    with session.register() as register:
        if keep:
            path, dropped, (seq, head) = back_up_in(register, Path(target), int(keep), session.now)
            more = _(", {count} older removed", count=len(dropped)) if dropped else ""
            print_line(_("backup {path}", path=path) + more)
            # The copies in a folder share their evidence: a file of it is kept once, by its content.
            beside = path.with_name(shared_evidence(register.address))
        else:
            path = Path(target)
            seq, head = register.engine.back_up(register, path)
            print_line(_("backup {path}: {count} entries, checksum {head}", path=target, count=seq, head=head))
            beside = folder_of(path)
        copied = (
            None
            if no_evidence
            else copy_evidence(register, [register.engine.evidence(register)], EvidenceFolder(beside))
        )
        is_whole = copied is not None and not copied.faults
        note_backup(register, LastBackup(session.now, path, seq, head, is_whole))
        if mails := waiting(register):
            warn(_("Not in the backup: {text}.", text=waiting_text(mails)))
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
        _report_faults(copied.faults)


def move(
    session: Session,
    source: Annotated[str, argument("FROM", "Register to move: file or server address.")],
    target: Annotated[str, argument("TO", "Where to: a new file, or a server address with a new office.")],
) -> None:
    """Move a register from a file to a server, or back: copied whole and verified, with its evidence."""
    from dealtrack.register.moving import move as move_register

    session.address, place = read_address(source), read_address(target)
    with session.register() as register:
        moved = move_register(register, place)
    session.result = RecordingResult(is_change=True)
    text = _("register {path} moved to {place}: {count} entries, checksum {head}")
    print_line(text.format(path=session.address, place=place, count=moved.entries, head=moved.head))
    if moved.evidence.count:
        print_line(_n("{count} evidence file moved", "{count} evidence files moved", moved.evidence.count))
    advise = session.advise if moved.is_closed else warn
    advise(_after_move(session.address, moved.is_closed))
    session.advise(next_line(f"dealtrack config set register {quoted_word(str(place))}"))
    _report_faults(moved.evidence.faults)


def _after_move(source: "Address", is_closed: bool) -> str:
    """Return what to do with the register that was moved, so that nobody records in both."""
    if not isinstance(source, Path):
        text = _(
            "Record in {path} no more, or the two part: ask who manages the server to take the clerks' rights away."
        )
    elif is_closed:
        text = _("{path} is read-only now, so that nobody records in both. Keep it as a backup, in another folder.")
    else:
        text = _(
            "{path} still takes entries, and the two would part: as root or its owner, run 'chmod a-w {word}', and "
            "keep it as a backup."
        )
    return text.format(path=source, word=quoted_word(str(source)))


def _report_faults(faults: Sequence[object], *advice: str) -> None:
    """Say what is wrong and what to do, and end with the status of a check that failed, if anything is."""
    for fault in faults:
        warn(sentence(fault))
    if faults:
        for text in advice:
            warn(text)
        raise typer.Exit(CHECK_FAILED)


def restore(
    session: Session, source: Annotated[str, argument("FILE", "Backup made by 'dealtrack backup'.")], yes: Yes
) -> None:
    """Restore the register from a verified backup; the previous file is kept."""
    from dealtrack.register.evidence import copy_evidence
    from dealtrack.register.sqlite.evidence_folder import EvidenceFolder, evidence_folder, folder_of
    from dealtrack.register.sqlite.restore import checked_backup, put_in_place

    if not yes and not session.asks:
        raise NoTerminal(what="restore", instead="To restore without a prompt, use --yes.")
    place, file = session.path, Path(source)
    with checked_backup(place, file) as checked:
        session.advise(f"dealtrack: {_restore_message(checked)}")
        tell_changes(checked.changes)
        if not yes:
            ask_to_go_on(_("Replace the current register with this backup?"))
        kept = put_in_place(checked, session.now)
    session.result = RecordingResult(is_change=True)
    if kept:
        session.advise(_("previous register kept at {path}", path=kept))
    with session.register() as register:
        own = evidence_folder(place)
        places = dict.fromkeys((folder_of(file), evidence_folder(file), file.with_name(own.name)))
        copied = copy_evidence(register, list(map(EvidenceFolder, places)), EvidenceFolder(own))
        seq, head = register.head()
    text = _("register {path} restored from {backup}: {count} entries, checksum {head}")
    print_line(text.format(path=place, backup=file, count=seq, head=head))
    if copied.new:
        print_line(_n("{count} evidence file restored", "{count} evidence files restored", copied.new))
    _report_faults(copied.faults)


def _restore_message(backup: "CheckedBackup") -> str:
    """Say what the backup holds, and what it would replace."""
    last, present = backup.last, backup.present
    holds = _("{backup} is intact: {count} entries, the last of {last}.")
    if backup.is_free:
        there = _(" There is no register at {path}.")
    elif present is None:
        there = _(" The file at {path} cannot be read.")
    elif backup.loses is None:
        there = _(" The register at {path} has a different journal, of {present} entries.")
    elif backup.loses == 0:
        there = _(" The register at {path} has the same entries.")
    else:
        there = _n(
            " The register at {path} has {count} more entry, which the backup lacks.",
            " The register at {path} has {count} more entries, which the backup lacks.",
            backup.loses,
            path=backup.place,
        )
    moment = show_moment(from_store(last.recorded_at), backup.zone)
    holds = holds.format(backup=backup.source, count=last.seq, last=moment)
    return holds + there.format(path=backup.place, present=present and present.seq)


def _missing_platforms(register: Register) -> int:
    """Return how many platforms of the bundled list a register lacks, with which one of its policy would begin now."""
    from dealtrack.register.platforms import compare_list
    from dealtrack.sources.platforms import first_platforms

    try:
        policy = register.policies[register.facts["policy"]][-1]
        shipped = first_platforms(settings.data_folder() / "platforms.toml", policy)
        return sum(each.present is None for each in compare_list(shipped, register.platforms))
    except DealtrackError:
        return 0


def _outdated_rules(register: Register) -> Iterator["Finding"]:
    """Yield what there is to say where the register's calendar or policies are not those that would be shipped now."""
    from dealtrack.register.engine import Finding
    from dealtrack.register.revisions import is_as_shipped
    from dealtrack.sources.calendars import load_calendar

    folders = settings.data_folder(), settings.user_folder()
    try:
        if not is_as_shipped(register, load_calendar(register.calendar.rules.name, *folders)):
            words = Phrase(
                "the calendar differs from the bundled one; 'dealtrack calendar refresh' shows which days and "
                "deadlines change"
            )
            yield Finding("calendar-differs", words)
    except DealtrackError as error:
        yield Finding("calendar-missing", error.args[0])
    names = []
    for name in sorted({*register.policies} & {*policy_names(*folders)}):
        with suppress(BadPolicyFile):
            names += [] if are_same(register.policies[name], read_policy(name)) else [name]
    if names:
        words = Phrase(
            "policies that differ from the bundled text: {names}; 'dealtrack policy adopt NAME --corrected' "
            "shows what would move",
            names=listed(names),
        )
        yield Finding("policy-differs", words)


def doctor(session: Session, fmt: Format) -> None:
    """Diagnose the register and its environment; exits with 1 if something can be mended."""
    from dealtrack.cli.arguments import can_hide
    from dealtrack.register.doctor import facts, findings
    from dealtrack.register.engine import Finding

    with session.register() as register:
        shown = [*facts(register)]
        if not can_hide():
            shown.append(("arguments", SEEN_ARGUMENTS))
        if missing := _missing_platforms(register):
            words = Phrase(
                "{count} of the bundled list are not in the register; 'dealtrack platform import' shows them",
                count=missing,
            )
            shown.append(("platform", words))
        found = [*findings(register, session.now), *_outdated_rules(register)]
        zone = register.zone
    if fmt:
        print_records((each._asdict() for each in found), Finding._fields, fmt, zone=zone)
    else:
        for name, value in shown:
            tell_fields((_(name), say(value)))
        for each in found:
            warn(sentence(each.message))
    if any(each.can_be_mended for each in found):
        raise typer.Exit(CHECK_FAILED)


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
        warn(_("Tables of other programs in the register are not checked: {names}.", names=first_few(report.foreign)))
    if report.rebuilds:
        advice = _("The journal is intact: 'dealtrack recheck --rebuild' rebuilds the tables from it.")
    elif not isinstance(session.address, Path):
        advice = _(
            "Keep the server's data as evidence, and have the server administrator restore the last intact backup."
        )
    else:
        advice = _("Keep this file as evidence, and restore the last backup that 'dealtrack verify' finds intact.")
    for fault in report.unchecked:
        warn(_("Not checked: {fault}.", fault=say(fault)))
    _report_faults(report.faults, advice)
    print_line(_("journal intact: {count} entries, checksum {head}", count=report.entries, head=report.head))
    if report.unchecked:
        raise typer.Exit(REGISTER_UNUSABLE)


def recheck(
    session: Session,
    rebuild: Annotated[bool, flag("Rebuild the tables from the journal.")],
    include_closed: Annotated[
        bool, flag("Re-evaluate ended deadlines by the current calendar and policies; recorded in the journal.")
    ],
) -> None:
    """Compare tables with the journal."""
    from dealtrack.cli.revisions import show_replaced, verdicts_of
    from dealtrack.register.rebuild import judge_anew
    from dealtrack.register.rebuild import rebuild as rebuild_register
    from dealtrack.register.verification import table_faults

    with session.register() as register:
        faults = list(table_faults(register))
        for text in faults:
            print_line(sentence(text))
        if rebuild:
            rebuild_register(register)
            session.result = RecordingResult(is_change=True)
            print(_("tables rebuilt from the journal"))
        if include_closed:
            with session.recording(register) as recorder:
                changes = judge_anew(recorder)
            for change in changes:
                show_replaced(change.complaint.id, change.after.name, *verdicts_of(change))
    if faults and not rebuild:
        raise typer.Exit(CHECK_FAILED)
    if not faults:
        print(_("tables match the journal"))


CATALOGUE = ("sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema")
"""SQLite's list of what a file holds, by all its names."""


def datasette(session: Session) -> None:
    """Print the Datasette settings for showing the register."""
    import tomllib

    from dealtrack.exchange.writers import json_text
    from dealtrack.register.sqlite.schema import tables_and_views

    path = session.path
    template = tomllib.loads((settings.data_folder() / "datasette.toml").read_text(encoding="utf-8"))
    with session.register() as register:
        tables, views = tables_and_views(register.database)
        database, zone = path.stem, register.zone.key
    shown = template["views"]
    # No other view or table is to be seen, also where Datasette serves the register by another name.
    shut = {name: {"allow": False, "hidden": True} for name in (*CATALOGUE, *tables, *views) if name not in shown}
    open_views = {name: {**shown[name], "sortable_columns": list(views[name])} for name in shown if name in views}
    queries = {name: {**query, "sql": query["sql"].strip()} for name, query in template["queries"].items()}
    about = {"title": template["title"], "description": template["description"].format(zone=zone)}
    # Visitors cannot run SQL; for releases from 0.65.5.
    whole = {**about, "allow_sql": False, "allow_download": False}
    databases = {database: {**whole, "tables": {**open_views, **shut}, "queries": queries}}
    sys.stdout.write(json_text({**whole, "tables": shut, "databases": databases}, indent=2) + "\n")

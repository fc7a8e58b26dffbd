"""Commands that keep a register safe: copies of it, the way back to one, and what may be wrong around it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealtrack import settings
from dealtrack.cli.consent import is_agreed
from dealtrack.cli.language import _, _n, say
from dealtrack.cli.session import Session, tell_changes
from dealtrack.cli.terminal import tell, tell_fields
from dealtrack.core.moments import show_moment
from dealtrack.core.text import safe_text
from dealtrack.errors import CHECK_FAILED, BadCopies, DealtrackError, NoTerminal
from dealtrack.phrase import Phrase

SEEN_ARGUMENTS = Phrase("seen by other users while a command runs: give personal data by import, or where add asks")

if TYPE_CHECKING:
    from dealtrack.register.evidence_copies import Copied
    from dealtrack.register.register import Register
    from dealtrack.register.restoring import Draft


def backup(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="FILE", help="The copy, or with --keep the folder of copies.")],
    keep: Annotated[
        str, typer.Option("--keep", metavar="N", help="Add a copy named by its moment, and keep the last N.")
    ] = "",
    no_evidence: Annotated[bool, typer.Option("--no-evidence", help="Leave out the evidence files.")] = False,
) -> None:
    """Copy the register and its evidence while others write: whole, its journal checked, its owner's alone."""
    from dealtrack.register.backup import LastBackup, back_up, back_up_in, note_backup
    from dealtrack.register.evidence import evidence_folder
    from dealtrack.register.evidence_copies import copy_evidence, folder_of

    session: Session = context.obj
    if keep and not (keep.isascii() and keep.isdigit() and len(keep) <= 4 and int(keep)):
        raise BadCopies(text=keep)
    with session.register() as register:
        own = evidence_folder(register)
        if keep:
            path, dropped, (seq, head) = back_up_in(register, Path(target), int(keep), session.now)
            line = _("backup {path}").format(path=path)
            if dropped:
                line += _(", {count} older dropped").format(count=len(dropped))
            tell(line, sys.stdout)
            # The copies in a folder share their evidence: a file of it is kept once, by its content.
            beside = path.with_name(own.name)
        else:
            path = Path(target)
            seq, head = back_up(register, path)
            line = _("backup {path}: {count} entries, head {head}")
            tell(line.format(path=target, count=seq, head=head), sys.stdout)
            beside = folder_of(path)
        copied = None if no_evidence else copy_evidence(register, [own], beside)
        is_whole = copied is not None and not copied.faults
        note_backup(register, LastBackup(session.now, path, seq, head, is_whole))
    if copied:
        if copied.held:
            text = _n(
                "{count} evidence file, {new} new, in {folder}",
                "{count} evidence files, {new} new, in {folder}",
                copied.held,
            )
            tell(safe_text(text.format(count=copied.held, new=copied.new, folder=beside)), sys.stdout)
        _refuse_faults(copied)


def _refuse_faults(copied: "Copied") -> None:
    """Name the evidence that could not be copied, and end with the status of a check that failed."""
    for fault in copied.faults:
        tell(f"dealtrack: {safe_text(say(fault))}")
    if copied.faults:
        raise typer.Exit(CHECK_FAILED)


def restore(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FILE", help="A copy that 'dealtrack backup' made.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a backup in the register's place, once it is found whole; what stood there is kept beside it."""
    from dealtrack.register.evidence import evidence_folder
    from dealtrack.register.evidence_copies import copy_evidence, folder_of
    from dealtrack.register.restoring import drafted, put_in_place

    session: Session = context.obj
    if not yes and not session.asks:
        raise NoTerminal(what="restore", instead="Where nobody can be asked, --yes does it.")
    place, file = session.path, Path(source)
    with drafted(place, file) as draft:
        session.advise(f"dealtrack: {_told(draft)}")
        tell_changes(draft.changes)
        if not yes and not is_agreed(_("Put the backup in the register's place?")):
            raise typer.Abort
        kept = put_in_place(draft, session.now)
    session.done = []
    if kept:
        text = _("what stood there is kept: {path}")
        session.advise(safe_text(text.format(path=kept)))
    with session.register() as register:
        own = evidence_folder(register)
        copied = copy_evidence(register, [folder_of(file), file.with_name(own.name)], own)
        seq, head = register.head()
    text = _("register {path}: restored from {backup}: {count} entries, head {head}")
    tell(safe_text(text.format(path=place, backup=file, count=seq, head=head)), sys.stdout)
    if copied.new:
        text = _n("{count} evidence file brought back", "{count} evidence files brought back", copied.new)
        tell(text.format(count=copied.new), sys.stdout)
    _refuse_faults(copied)


def _told(draft: "Draft") -> str:
    """Say what the backup holds, and what it would replace."""
    holds, replaces = draft.holds, draft.replaces
    if draft.is_free:
        text = _("{backup} is whole: {count} entries, the last of {last}. There is no register at {path}.")
    elif replaces is None:
        text = _("{backup} is whole: {count} entries, the last of {last}. What stands at {path} cannot be read.")
    elif draft.loses is None:
        text = _(
            "{backup} is whole: {count} entries, the last of {last}. "
            "The register at {path} has another journal, of {present} entries."
        )
    elif draft.loses == 0:
        text = _("{backup} is whole: {count} entries, the last of {last}. The register at {path} has the same.")
    else:
        text = _(
            "{backup} is whole: {count} entries, the last of {last}. "
            "The register at {path} has {loses} more, which the backup lacks."
        )
    return safe_text(
        text.format(
            backup=draft.backup,
            count=holds.entries,
            last=show_moment(holds.last, draft.zone),
            path=draft.place,
            present=replaces.entries if replaces else 0,
            loses=draft.loses,
        )
    )


def _calendar_warnings(register: "Register") -> Iterator[str]:
    """Yield what there is to say where the register's calendar is not the one that would be shipped now."""
    from dealtrack.register.revising import is_as_shipped
    from dealtrack.sources.calendars import load_calendar

    try:
        shipped = load_calendar(register.facts["calendar"], settings.data_folder(), settings.user_folder())
        if not is_as_shipped(register, shipped):
            yield Phrase(
                "the calendar is not what is shipped now; "
                "'dealtrack calendar refresh' shows which days and deadlines change"
            )
    except DealtrackError as error:
        yield str(error)


def doctor(context: typer.Context) -> None:
    """Tell what the register is, and warn of what may be wrong around it; exits with 1 when it warns."""
    from dealtrack.cli.arguments import can_hide
    from dealtrack.cli.shipped import policy_warnings
    from dealtrack.register.health import facts, shortfalls, warnings

    session: Session = context.obj
    with session.register() as register:
        shown = [*facts(register), *shortfalls()]
        if not can_hide():
            shown.append(("arguments", SEEN_ARGUMENTS))
        for name, value in shown:
            tell_fields((_(name), say(value)))
        found = [*warnings(register, session.now), *_calendar_warnings(register), *policy_warnings(register)]
    for text in found:
        tell(f"dealtrack: {say(text)}")
    if found:
        raise typer.Exit(CHECK_FAILED)

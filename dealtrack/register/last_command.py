"""The last command of a user that can be undone, as the journal tells it."""

from collections.abc import Iterator

from dealtrack.core.lifecycle import COMMAND, TRANSFER, UNDO, Kind, Transition, effective
from dealtrack.errors import CannotUndo, NothingToUndo
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.engine import Database
from dealtrack.register.journal import COLUMNS, Entry
from dealtrack.register.register import Register


def last_command(register: Register, actor: str) -> list[Transition]:
    """Return the entries that count of the last command by which a user recorded something, the latest first.

    Commands that were undone already are passed over. The entries of one command are those of one transaction: each
    but the first bears the number of the first, so that two commands of one second are never taken for one. Of an
    earlier dealtrack each entry counts as a command. Raises NothingToUndo and CannotUndo.
    """
    passed: set[int] = set()
    skipped: Entry | Transition | None = None
    for entry in _entries_by(register.database, actor):
        if entry.seq in passed:
            skipped = entry
            continue
        if isinstance(entry, Entry):
            # A platform or policy that came in with a complaint is no command of its own.
            if skipped and (entry.seq, entry.recorded_at) == (skipped.seq - 1, skipped.recorded_at):
                skipped = entry
                continue
            reason = Phrase("it changed the register itself (entry {seq}, {kind})", seq=entry.seq, kind=entry.kind)
            raise CannotUndo(reason=reason)
        command = _command_of(register, entry)
        if transfer := command[-1].detail.get(TRANSFER):
            raise CannotUndo(
                reason=Phrase(
                    "it took over what office {office} transferred; give it back: 'dealtrack transfer'",
                    office=transfer["office"],
                )
            )
        if file := _imported_from(register, entry):
            raise CannotUndo(
                reason=Phrase("it was an import of {file}. Correct the file, or undo entries one by one", file=file)
            )
        passed.update(each.seq for each in command)
        skipped = entry
        for each in command:
            if each.kind is Kind.VOIDED and not each.detail.get(UNDO):
                raise CannotUndo(reason=Phrase("it undid entry {seq}", seq=each.detail["seq"]))
        complaints = {each.complaint for each in command}
        counted = {each.seq for id_ in complaints for each in effective(register.history(id_))}
        if entries := [each for each in command if each.seq in counted]:
            return entries
    raise NothingToUndo(actor=actor)


def _entries_by(database: Database, actor: str) -> Iterator[Entry | Transition]:
    """Yield what a user recorded, the latest first."""
    rows = database.stream(f"SELECT {COLUMNS} FROM transition WHERE actor = ? ORDER BY seq DESC", (actor,))
    for row in rows:
        yield journal.entry_of(row) if row[1] is None else journal.transition_of(row)


def _command_of(register: Register, last: Transition) -> list[Transition]:
    """Return the entries of the command that ends with this one, the latest first."""
    first = last.detail.get(COMMAND)
    if first is None:
        return [last]
    rows = register.database.rows(
        f"SELECT {COLUMNS} FROM transition WHERE seq BETWEEN ? AND ? AND complaint IS NOT NULL ORDER BY seq DESC",
        (first, last.seq),
    )
    entries = map(journal.transition_of, rows)
    own = (entry for entry in entries if entry.actor == last.actor)
    return [entry for entry in own if entry.seq == first or entry.detail.get(COMMAND) == first]


def _imported_from(register: Register, entry: Transition) -> str:
    """Return the file that an entry was imported from, nothing where it was not.

    Of a new complaint the receipt alone names it, which all else that its row tells follows at once.
    """
    history = register.history(entry.complaint)
    received, place = history[0], history.index(entry)
    is_same = (received.recorded_at, received.actor) == (entry.recorded_at, entry.actor)
    follows = is_same and entry.seq == received.seq + place
    return str(entry.detail.get("source") or (follows and received.detail.get("source")) or "")

"""Copies of the register: taken while others write, checked, and put in place whole."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from functools import partial
from glob import escape
from pathlib import Path
from typing import NamedTuple, TypeVar

from dealtrack.core import chain
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, from_store, to_store
from dealtrack.core.text import safe_text
from dealtrack.errors import BackupFailed, CannotRead, DealtrackError
from dealtrack.phrase import Phrase
from dealtrack.register import drafts, journal
from dealtrack.register.engine import UNFORESEEN, VERSION, Address, Database, EngineFault, faults_of
from dealtrack.register.personal import personal_faults
from dealtrack.register.sqlite.connection import Connection, connect, in_words, pragma
from dealtrack.register.sqlite.evidence_folder import evidence_folder, folder_of
from dealtrack.register.sqlite.file import FOLDER, NO_FILE, SQLITE_MAGIC, beside, real_path
from dealtrack.register.sqlite.schema import check_schema, create_from, schema_faults
from dealtrack.register.store import Store

STAMP = "%Y%m%dT%H%M%SZ"
MODE_OFFSET, ROLLBACK_MODE = 18, b"\x01\x01"
"""Where a database's header says how it is written, and what stands there of one without a write-ahead log.

https://sqlite.org/fileformat2.html#file_format_version_numbers
"""

Result = TypeVar("Result")


def back_up(database: Database, address: Address, target: Path) -> tuple[int, str]:
    """Copy a register, as it stands at one moment, to a new file or over an earlier backup of it.

    The copy takes its place when it is whole and checked, and is its owner's alone. Returns the number and hash of its
    last entry. Raises BackupFailed.
    """
    if not target.parent.is_dir():
        raise BackupFailed(path=target, reason="there is no such folder")
    place = real_path(target)
    with drafts.disk_faults(BackupFailed, path=target):
        reason = _why_not_over(database, address, place)
        if reason:
            raise BackupFailed(path=target, reason=reason)
        return copy_database(database, place, partial(_check, path=target))


def copy_database(database: Database, place: Path, check: Callable[[Connection], Result]) -> Result:
    """Copy the database of a register to a file, in one step once it is whole; return what the check of it returns.

    Others may write meanwhile: one state of it is copied. Where the system has files without a name, a killed process
    leaves nothing of the copy behind. Raises OSError, what the check raises, and the faults of SQLite as errors.
    """
    with drafts.new_file(place) as whole, drafts.draft_file(place) as path, ExitStack() as stack:
        with faults_of(place), in_words(), closing(connect(path, create=True)) as copy:
            draft = stack.enter_context(drafts.closing_file(os.open(path, os.O_RDONLY | drafts.BYTES)))
            # SQLite goes on with the file, and asks for the rights of whatever bears its name.
            stack.enter_context(drafts.replaced_by_empty(path))
            copy.execute("PRAGMA locking_mode=EXCLUSIVE")
            copy.execute("PRAGMA journal_mode=MEMORY")
            with database.one_state():
                if isinstance(database, Connection):
                    # From the first read on the state stays the same: otherwise the copy begins again at each write.
                    database.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
                    database.backup(copy, pages=1000)
                else:
                    with copy.transaction():
                        create_from(database, copy)
            result = check(copy)
        drafts.copy_bytes(draft, whole)
        # It needs no other file; it gets a write-ahead file again when it is opened to write.
        os.lseek(whole, MODE_OFFSET, os.SEEK_SET)
        os.write(whole, ROLLBACK_MODE)
    drafts.sync(place.parent)
    return result


def _why_not_over(database: Database, address: Address, place: Path) -> str:
    """Return why no backup may be written to a place, nothing where it is free or an earlier backup of the register."""
    part = drafts.part_of_register(place)
    if part:
        return part
    if isinstance(address, Path) and place.exists() and address.exists() and place.samefile(address):
        return Phrase("it is the register itself; name another file")
    if other := drafts.left_beside(place):
        return Phrase("{name} is beside it; name a new file, or move that one away first", name=other.name)
    if not os.path.lexists(place):
        return ""
    if not place.is_file():
        # A copy that takes its place would do away with a device for everybody.
        return FOLDER if place.is_dir() else NO_FILE
    if reach(database, place) is None:
        return Phrase("it is not an earlier backup of this register; name a new file")
    return ""


def reach(database: Database, copy: Path) -> int | None:
    """Return how many entries a backup of the register of a connection has; None where it is none, or is in use.

    What was opened to write since it was made is a register by now.
    """
    try:
        with copy.open("rb") as file:
            head = file.read(MODE_OFFSET + len(ROLLBACK_MODE))
        if not head.startswith(SQLITE_MAGIC) or head[MODE_OFFSET:] != ROLLBACK_MODE:
            return None
        with closing(connect(copy, read_only=True)) as opened:
            check_schema(opened, copy)
            last = journal.LastEntry.of(opened)
            first = journal.hash_at(opened, 1)
    except (DealtrackError, EngineFault, OSError, *UNFORESEEN):
        return None
    is_ours = first and first == journal.hash_at(database, 1) and last.hash == journal.hash_at(database, last.seq)
    return last.seq if is_ours else None


def back_up_in(register: Store, folder: Path, keep: int, now: datetime) -> tuple[Path, list[Path], tuple[int, str]]:
    """Add a copy named by its moment in UTC to a folder, and drop the oldest so that `keep` remain.

    The oldest are those with the fewest entries, whatever moments a wrong clock gave them; the new copy always stays,
    and so does what is no copy of this register. Returns the copy, those dropped, and the number and hash of the copy's
    last entry. Raises BackupFailed.
    """
    stem = name_of(register.address)
    reason = drafts.make_folder(folder)
    if reason:
        raise BackupFailed(path=folder, reason=reason)
    target = folder / f"{stem}-{now.strftime(STAMP)}.db"
    head = register.engine.back_up(register, target)
    # Other copies may stand in the same folder, such as the one from before an upgrade.
    others = [path for _, path in _stamped(folder, stem) if path != target]
    reaches = ((reach(register.database, path), path.name, path) for path in others)
    copies = sorted((entries, name, path) for entries, name, path in reaches if entries is not None)
    dropped = [path for _, _, path in copies[: max(0, len(copies) + 1 - keep)]]
    for path in dropped:
        path.unlink(missing_ok=True)
    return target, dropped, head


def _stamped(folder: Path, stem: str) -> Iterator[tuple[datetime, Path]]:
    """Yield the files of a folder that bear a register's name and a moment, as `back_up_in` names its copies."""
    for path in folder.glob(f"{escape(stem)}-*Z.db"):
        with suppress(ValueError):
            yield datetime.strptime(path.stem.removeprefix(f"{stem}-"), STAMP).replace(tzinfo=UTC), path


def name_of(address: Address) -> str:
    """Return the name by which copies of a register are called: that of its file, or of its office."""
    return address.stem if isinstance(address, Path) else address.office


def shared_evidence(address: Address) -> str:
    """Return the name of the folder in which the copies of a register that stand together share their evidence."""
    return evidence_folder(address).name if isinstance(address, Path) else folder_of(Path(f"{address.office}.db")).name


class LastBackup(NamedTuple):
    """What is known of the last backup: when, in UTC, where, the copy's last entry, and whether evidence went along."""

    at: datetime
    path: Path
    entries: int
    head: str
    evidence: bool


def note_backup(register: Store, backup: LastBackup) -> None:
    """Note a backup in a small file next to the register's, if it has one, and that can be written."""
    if not isinstance(register.address, Path):
        return
    note = backup._asdict() | {"at": to_store(backup.at), "path": os.fsdecode(backup.path.absolute())}
    with suppress(OSError), drafts.new_file(beside(register.path, drafts.NOTE_SUFFIX)) as handle:
        os.write(handle, (json.dumps(note) + "\n").encode())


def last_backup(path: Path) -> LastBackup | None:
    """Return what was last noted of a backup, None where nothing was, or nothing that a backup notes."""
    try:
        note = json.loads(beside(path, drafts.NOTE_SUFFIX).read_text(encoding="utf-8"))
        at, place = from_store(note["at"]), str(note["path"])
        if safe_text(place) != place or not FIRST_YEAR <= at.year <= LAST_YEAR:
            return None
        return LastBackup(at, Path(place), int(note["entries"]), str(note["head"]), bool(note["evidence"]))
    except (OSError, *UNFORESEEN):
        return None


def draft_folders(path: Path) -> list[Path]:
    """Return the folders in which a killed command may have left a draft.

    They are the register's own, that of its evidence, that of its last backup, and the system's for temporary files.
    """
    backup = last_backup(path)
    evidence = beside(path, drafts.EVIDENCE_SUFFIX)
    folders = [evidence.parent, evidence, *([backup.path.parent] if backup else []), drafts.draft_place()]
    return list(dict.fromkeys(folders))


def newest_backup(register: Store, place: Path, now: datetime) -> datetime | None:
    """Return when the newest copy of a register in a folder of `back_up_in` was made, or the one file; in UTC.

    None where there is no copy, or none that was made by now. Raises CannotRead.
    """
    with drafts.disk_faults(CannotRead, path=place), suppress(FileNotFoundError):
        if not place.is_dir():
            return datetime.fromtimestamp(place.stat().st_mtime, UTC) if _is_database(place) else None
        copies = _stamped(place, name_of(register.address))
        return max((at for at, path in copies if at <= now and _is_database(path)), default=None)
    return None


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC


def _check(copy: Connection, *, path: Path) -> tuple[int, str]:
    """Return the head of a copy that is whole; raises BackupFailed."""
    if reason := _fault_in(copy, check_schema(copy, path) == VERSION):
        raise BackupFailed(path=path, reason=Phrase("{reason}; run 'dealtrack verify'", reason=reason))
    last = journal.LastEntry.of(copy)
    return last.seq, last.hash.hex()


def _fault_in(copy: Connection, is_present: bool) -> str:
    """Return why a restore would refuse a copy, of the present schema or an older one; nothing where it is whole."""
    sound = pragma(copy, "integrity_check(1)")
    if sound != "ok":
        return Phrase("the register is damaged ({fault})", fault=sound)
    if fault := chain.first_fault(journal.link_rows(copy)):
        return Phrase("entry {seq}: {reason}", seq=fault.seq, reason=fault.reason)
    try:
        altered = personal_faults(copy, keys=is_present)
    except UNFORESEEN:
        return Phrase("the table of personal data is invalid")
    return next(iter(altered or (schema_faults(copy) if is_present else ())), "")

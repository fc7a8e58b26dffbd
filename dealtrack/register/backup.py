"""Copies of the register: taken while others write, checked, and put in place whole."""

import json
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from dealtrack.core import chain
from dealtrack.core.moments import from_store, to_store
from dealtrack.errors import BackupFailed, CannotRead
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.connection import SQLITE_MAGIC, UNFORESEEN, connect, faults_of, sync
from dealtrack.register.schema import VERSION, check_version, schema_faults
from dealtrack.register.store import Store

STAMP = "%Y%m%dT%H%M%SZ"


def back_up(register: Store, target: Path) -> tuple[int, str]:
    """Copy a register, as it stands at one moment, to a file that takes its place when it is whole and checked.

    Returns the number and hash of the copy's last entry. The file is its owner's alone. Raises BackupFailed.
    """
    return copy_whole(register.connection, target)


def copy_whole(connection: sqlite3.Connection, target: Path) -> tuple[int, str]:
    """Copy what a connection reads, as `back_up` does; raises BackupFailed."""
    if not target.parent.is_dir():
        raise BackupFailed(path=target, reason="there is no such folder")
    if target.exists() and not target.is_file():
        # A copy that takes its place would do away with a device for everybody.
        reason = Phrase("it is a folder") if target.is_dir() else Phrase("it is not a plain file")
        raise BackupFailed(path=target, reason=reason)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        draft.unlink(missing_ok=True)
        with faults_of(draft), closing(connect(draft, create=True)) as copy:
            connection.backup(copy, pages=1000)
            # One file that needs no other beside it: the write-ahead log comes back when it is opened to write.
            copy.execute("PRAGMA journal_mode=DELETE")
            head = _check(copy, draft)
        sync(draft)
        draft.replace(target)
        sync(target.parent)
    except OSError as error:
        raise BackupFailed(path=target, reason=error.strerror or str(error)) from None
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            # What is not there cannot be done away with either where nothing can be written.
            if os.path.lexists(f"{draft}{suffix}"):
                Path(f"{draft}{suffix}").unlink()
    return head


def back_up_in(register: Store, folder: Path, keep: int, now: datetime) -> tuple[Path, list[Path], tuple[int, str]]:
    """Add a copy named by its moment in UTC to a folder, and drop the oldest so that `keep` remain.

    Returns the copy, those dropped, and the number and hash of the copy's last entry. Raises BackupFailed.
    """
    stem = register.path.stem
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupFailed(path=folder, reason=error.strerror or str(error)) from None
    target = folder / f"{stem}-{now.strftime(STAMP)}.db"
    head = back_up(register, target)
    # Other copies may stand in the same folder, such as the one from before an upgrade.
    made = [path for path in folder.glob(f"{escape(stem)}-*Z.db") if _made_at(path.stem.removeprefix(f"{stem}-"))]
    copies = sorted(made)
    dropped = copies[: max(0, len(copies) - keep)]
    for path in dropped:
        path.unlink(missing_ok=True)
    return target, dropped, head


@dataclass(frozen=True, slots=True)
class LastBackup:
    """What is known of the last backup: when, in UTC, where, the copy's last entry, and whether evidence went along."""

    at: datetime
    path: Path
    entries: int
    head: str
    evidence: bool


def _note_of(register: Store) -> Path:
    place = Path(os.path.realpath(register.path))
    return place.with_name(f"{place.name}.last-backup")


def note_backup(register: Store, made: LastBackup) -> None:
    """Note a backup in a small file beside the register, as far as that can be written."""
    note = _note_of(register)
    draft = note.with_name(f".{note.name}.{os.getpid()}.part")
    told = {
        "at": to_store(made.at),
        "path": os.fsdecode(made.path.absolute()),
        "entries": made.entries,
        "head": made.head,
        "evidence": made.evidence,
    }
    with suppress(OSError):
        try:
            draft.touch(0o600)
            draft.write_text(json.dumps(told) + "\n", encoding="utf-8")
            draft.replace(note)
        finally:
            draft.unlink(missing_ok=True)


def last_backup(register: Store) -> LastBackup | None:
    """Return what was last noted of a backup, None where nothing was, or nothing that can be read."""
    try:
        told = json.loads(_note_of(register).read_text(encoding="utf-8"))
        at, path = from_store(told["at"]), Path(told["path"])
        return LastBackup(at, path, int(told["entries"]), str(told["head"]), bool(told["evidence"]))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def newest_backup(register: Store, place: Path) -> datetime | None:
    """Return when the newest copy of a register in a folder of `back_up_in` was made, or the one file; in UTC.

    None where there is no copy. Raises CannotRead.
    """
    try:
        if not place.is_dir():
            return datetime.fromtimestamp(place.stat().st_mtime, UTC) if _is_database(place) else None
        stem = register.path.stem
        found = [path for path in place.glob(f"{escape(stem)}-*Z.db") if _is_database(path)]
        return max(filter(None, (_made_at(path.stem.removeprefix(f"{stem}-")) for path in found)), default=None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotRead(path=place, reason=error.strerror or str(error)) from None


def _made_at(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _is_database(path: Path) -> bool:
    with path.open("rb") as held:
        return held.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC


def _check(copy: sqlite3.Connection, path: Path) -> tuple[int, str]:
    """Return the head of a copy that is whole; raises BackupFailed."""
    is_present = check_version(copy, path) == VERSION
    (sound,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    fault = chain.first_fault(journal.link_rows(copy)) if sound == "ok" else None
    if sound != "ok" or fault is not None:
        reason = (
            Phrase("the register is damaged ({fault})", fault=sound)
            if fault is None
            else Phrase("entry {seq}: {reason}", seq=fault.seq, reason=fault.reason)
        )
        raise BackupFailed(path=path, reason=Phrase("{reason}; run 'dealtrack verify'", reason=reason))
    from dealtrack.register.erasure import personal_faults

    try:
        altered = personal_faults(Store(path, copy), keys=is_present)
    except UNFORESEEN:
        altered = [Phrase("the table of personal data holds what no register can")]
    if is_present and not altered:
        # A restore would refuse it.
        altered = schema_faults(copy)
    if altered:
        raise BackupFailed(path=path, reason=Phrase("{reason}; run 'dealtrack verify'", reason=altered[0]))
    tail = journal.Tail.of(copy)
    return tail.seq, tail.hash.hex()

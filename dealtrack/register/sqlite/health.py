"""What may be wrong with what a register's file lies on: its disk, its rights, its backups, the SQLite below it."""

import sqlite3
import stat
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from dealtrack.core.moments import local_day, show_moment
from dealtrack.phrase import Phrase
from dealtrack.register.drafts import drafts_in, is_shared
from dealtrack.register.engine import EngineFault, FaultKind, Finding
from dealtrack.register.evidence import evidence_entries
from dealtrack.register.sqlite.backup import draft_folders, last_backup
from dealtrack.register.sqlite.connection import Connection, pragma
from dealtrack.register.sqlite.erasures import is_erasure_open
from dealtrack.register.sqlite.evidence_folder import evidence_folder
from dealtrack.register.sqlite.folder import holds_folders
from dealtrack.register.store import Store

RESET_FIXED = (3, 51, 3)
"""The SQLite release that mended the WAL-reset bug, by which two checkpoints at once could lose a commit."""

OLDEST_BACKUP = 7
"""How many days old the last backup may be."""
MOST_LOOSE = 3
SHOWN_DAMAGE = 3
MOUNTS = Path("/proc/mounts")
"""Where Linux tells which drive a folder lies on."""

NETWORK_DRIVES = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}


def damage_of(connection: Connection) -> str:
    """Return what SQLite finds wrong in the form of the file, in one line, nothing where it is sound."""
    try:
        rows = connection.rows(f"PRAGMA integrity_check({SHOWN_DAMAGE})")
    except EngineFault as fault:
        if fault.kind is FaultKind.DAMAGED:
            return str(fault.__cause__)
        raise
    lines = [line.strip() for (text,) in rows for line in str(text).splitlines() if not line.startswith("***")]
    return "" if lines == ["ok"] else "; ".join(lines[:SHOWN_DAMAGE])


def findings(register: Store, connection: Connection, now: datetime) -> Iterator[Finding]:
    """Yield what a keeper of the register's files should mend, and what there is only to know."""
    if pragma(connection, "journal_mode") == "delete":
        words = Phrase("the register is a copy without new entries: until the next entry, readers make writers wait")
        yield Finding("copy-unused", words, can_be_mended=False)
    if is_erasure_open(register.path):
        words = Phrase("erased data may remain in the register's files until the next entry")
        yield Finding("erasure-open", words)
    for path in (path for folder in draft_folders(register.path) for path in drafts_in(folder)):
        words = Phrase("{path} was left behind by a command that was killed; remove it", path=path)
        yield Finding("draft-left", words)
    drive = _drive(str(register.path.resolve()))
    if drive in NETWORK_DRIVES:
        words = Phrase(
            "the register is on a network drive ({drive}), where SQLite's locks are not reliable; move it "
            "to a local disk",
            drive=drive,
        )
        yield Finding("network-drive", words)
    yield from _rights(register) if sys.platform != "win32" else ()
    yield from _of_backup(register, now)
    sound = pragma(connection, "integrity_check(1)")
    if sound != "ok":
        yield Finding("file-damaged", Phrase("the file is damaged ({fault}); restore the last backup", fault=sound))
    if sqlite3.sqlite_version_info < RESET_FIXED:
        version, fixed = sqlite3.sqlite_version, ".".join(map(str, RESET_FIXED))
        words = Phrase(
            "SQLite {version} has a rare data-loss bug, fixed in {fixed}; upgrade Python or SQLite when you can, and "
            "back up daily",
            version=version,
            fixed=fixed,
        )
        yield Finding("sqlite-old", words, can_be_mended=False)


def _of_backup(register: Store, now: datetime) -> Iterator[Finding]:
    backup = last_backup(register.path)
    if backup is None:
        yield Finding(
            "backup-none", Phrase("no backup has been made; make one with 'dealtrack backup --keep 30 FOLDER'")
        )
        return
    days = (local_day(now, register.zone) - local_day(backup.at, register.zone)).days
    if days > OLDEST_BACKUP:
        yield Finding("backup-old", Phrase("the last backup is {days} days old", days=days))
    if not backup.path.exists():
        yield Finding("backup-gone", Phrase("the last backup is no longer at {path}", path=backup.path))
    if not backup.evidence and any(True for _ in evidence_entries(register.database)):
        yield Finding("backup-partial", Phrase("the last backup does not include the evidence files"))


def _rights(register: Store) -> Iterator[Finding]:
    """Yield where others than the keeper, or the group that shares the register's folder, can read what is there.

    And where that group can not: a file that was made before the folder was shared.
    """
    folder = register.path.parent
    group = stat.S_IRWXG if is_shared(folder) else 0
    faults = 0
    for path in _private(register):
        mode, is_folder = stat.S_IMODE(path.stat().st_mode), path.is_dir()
        right = 0o700 if is_folder else 0o600
        if group:
            right = 0o2770 if is_folder else 0o660
        values = {"path": path, "mode": mode, "wanted": f"{right:o}"}
        if mode & 0o077 & ~group:
            words = Phrase("{path} can be read by others (mode {mode:o}); run chmod {wanted} on it", **values)
            yield Finding("rights-wide", words)
        elif right & ~mode & group:
            words = Phrase("{path} cannot be written by its group (mode {mode:o}); run chmod {wanted} on it", **values)
            yield Finding("rights-narrow", words)
        else:
            continue
        faults += path not in (register.path, folder)
        if faults == MOST_LOOSE:
            return


def _private(register: Store) -> Iterator[Path]:
    """Yield a register's file, its folder, what SQLite keeps beside it, and its evidence."""
    yield register.path
    yield register.path.parent
    for suffix in ("-wal", "-shm"):
        beside = Path(f"{register.path}{suffix}")
        # SQLite gives them the rights of the register's own file.
        if beside.exists() and beside.stat().st_mode != register.path.stat().st_mode:
            yield beside
    evidence = evidence_folder(register.path)
    if evidence.is_dir():
        yield evidence
        yield from (path for path in evidence.rglob("*") if not path.is_symlink())


def facts(register: Store) -> Iterator[tuple[str, str]]:
    """Yield what a register's file is, as name and value."""
    yield "register", str(register.path.absolute())
    yield "size", Phrase("{count} bytes", count=register.path.stat().st_size)
    backup = last_backup(register.path)
    if backup is not None:
        moment, (seq, _) = show_moment(backup.at, register.zone), register.head()
        count = max(seq - backup.entries, 0)
        words = Phrase("{moment}, {count} entries since, {path}", moment=moment, count=count, path=backup.path)
        yield "last backup", words
    yield "SQLite", sqlite3.sqlite_version
    yield from _shortfalls()


def _shortfalls() -> Iterator[tuple[str, str]]:
    """Yield what the guide `keeping` promises of a register and this system cannot keep, as name and sentence."""
    if sys.platform == "win32":
        yield (
            "file modes",
            Phrase("not on this system: whoever can read the folder can read the register; use a folder of your own"),
        )
    if not holds_folders():
        yield "links", Phrase("checked before evidence is read or written, not while")
    if not MOUNTS.exists():
        yield "drive", Phrase("unknown on this system: make sure that the register is on a local disk")


def _drive(path: str) -> str:
    """Return the kind of file system that a path lies on, empty where the system does not tell."""
    try:
        lines = [line.split() for line in MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    best = ("", "")
    for fields in lines:
        point = fields[1].rstrip("/")
        if (path == point or path.startswith(f"{point}/")) and len(point) >= len(best[0]):
            best = (point, fields[2])
    return best[1]

"""Restoring a backup: checked whole first, then put in the register's place; what it replaces is kept beside it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dealtrack.core.moments import from_store
from dealtrack.errors import (
    CannotRead,
    DealtrackError,
    NotARegister,
    NotRestored,
    RegisterAltered,
    RegisterLocked,
    RegisterUnusable,
)
from dealtrack.phrase import Phrase
from dealtrack.register import drafts
from dealtrack.register.engine import VERSION, WAIT_SECONDS, EngineFault, FaultKind, faults_of
from dealtrack.register.journal import LastEntry, hash_at
from dealtrack.register.opening import open_register
from dealtrack.register.sqlite import schema, upgrade
from dealtrack.register.sqlite.backup import STAMP, copy_database
from dealtrack.register.sqlite.connection import APPLICATION_ID, check_names, connect, in_words, pragma
from dealtrack.register.sqlite.engine import FileEngine
from dealtrack.register.sqlite.file import FOLDER, NO_FILE, real_path
from dealtrack.register.verification import verify


class CheckedBackup(NamedTuple):
    """A backup that is whole, copied beside the register's place and brought to the present schema.

    `path` is the copy, `place` the register's and `source` the backup's own. `last` is the copy's last entry, `present`
    that of the register there, None where there is none that can be read; `loses` is how many of its entries the backup
    lacks, None where the backup is not of its journal. `changes` tells what rules that changed since a backup of an
    older schema was made do to its complaints.
    """

    path: Path
    place: Path
    source: Path
    last: LastEntry
    present: LastEntry | None
    loses: int | None
    is_free: bool
    zone: ZoneInfo
    changes: Sequence[Phrase] = ()


@contextmanager
def checked_backup(place: Path, backup: Path) -> Iterator[CheckedBackup]:
    """Copy a backup beside the register's place and check it; the copy is gone after the block, unless it was placed.

    An older schema is brought to the present one in the copy. Raises CannotRead, NotARegister, RegisterNewer and
    NotRestored.
    """
    real = real_path(place)
    if real.exists() and not real.is_file():
        raise NotARegister(path=place, reason=FOLDER if real.is_dir() else NO_FILE)
    if not backup.is_file():
        raise CannotRead(path=backup, reason=NO_FILE if backup.exists() else Phrase("there is no such file"))
    if real.exists() and real.samefile(backup):
        raise NotRestored(path=place, backup=backup, reason="it is the same file")
    reason = drafts.part_of_register(real) or drafts.make_folder(real.parent)
    if reason:
        raise NotRestored(path=place, backup=backup, reason=reason)
    with drafts.disk_faults(NotRestored, path=place, backup=backup), drafts.draft_file(real) as path:
        last, zone, changes = _copied(backup, path, place)
        present, loses = _present(place, last)
        yield CheckedBackup(path, place, backup, last, present, loses, not os.path.lexists(real), zone, changes)


def _copied(backup: Path, path: Path, place: Path) -> tuple[LastEntry, ZoneInfo, Sequence[Phrase]]:
    """Copy a backup, upgrade the copy and check it; return what `CheckedBackup` says of it."""

    def refuse(reason: Phrase) -> NotRestored:
        return NotRestored(path=place, backup=backup, reason=reason)

    changes: Sequence[Phrase] = ()
    with ExitStack() as opened:
        try:
            source = opened.enter_context(closing(connect(backup, read_only=True)))
            with faults_of(backup):
                version = schema.check_schema(source, backup)
        except NotARegister as error:
            raise CannotRead(path=backup, reason=error.values["reason"]) from None
        except RegisterAltered as error:
            fault = Phrase("the schema was altered at {name}", name=error.values["names"])
            raise refuse(Phrase("the backup is not intact: {fault}", fault=fault)) from None
        opened.enter_context(faults_of(backup))
        opened.enter_context(in_words())
        copy = opened.enter_context(closing(connect(path, create=True)))
        source.backup(copy)
        sound = pragma(copy, "quick_check(1)")
        if sound != "ok":
            raise refuse(Phrase("the backup is damaged ({fault})", fault=sound))
        if version < VERSION:
            with upgrade.changing(copy):
                changes = upgrade.change(copy, FileEngine(backup), version)
        copy.execute("PRAGMA journal_mode=WAL")
    with open_register(path) as register:
        check = verify(register, evidence=False)
        last, zone = LastEntry.of(register.database), register.zone
    if check.faults:
        reason = Phrase("the backup is not intact: {fault}", fault=check.faults[0])
        if check.rebuilds:
            reason = Phrase(
                "{reason}. Its journal is intact: 'dealtrack --db {backup} recheck --rebuild' rebuilds the rest",
                reason=reason,
                backup=backup,
            )
        raise refuse(reason)
    return last, zone, changes


def _present(place: Path, last: LastEntry) -> tuple[LastEntry | None, int | None]:
    """Return the last entry of the register at the place, and how many of its entries a journal lacks that ends so."""
    try:
        with closing(connect(place, read_only=True)) as connection:
            schema.check_schema(connection, place)
            present = LastEntry.of(connection)
            from_store(present.recorded_at)
            is_ours = hash_at(connection, last.seq) == last.hash
    except (DealtrackError, EngineFault, ValueError):
        return None, None
    return present, present.seq - last.seq if is_ours else None


def put_in_place(backup: CheckedBackup, now: datetime, wait_seconds: float = WAIT_SECONDS) -> Path | None:
    """Put a checked backup in the register's place; return where what stood there is kept, None for nothing.

    Where a register stands, its content is replaced in one step while nobody else has it open; killed at any
    moment, it is the one or the other, whole. What cannot be opened is moved aside. Raises NotRestored, and
    NotARegister for another program's database.
    """
    real = real_path(backup.place)
    kept = _free_name(real, now)
    with drafts.disk_faults(NotRestored, path=backup.place, backup=backup.source):
        if real.exists() and _is_replaced(backup, real, kept, wait_seconds):
            return kept
        is_kept = _set_aside(real, kept)
        # Not over what somebody else has put there meanwhile.
        os.link(backup.path, real)
        drafts.sync(real.parent)
    return kept if is_kept else None


def _free_name(real: Path, now: datetime) -> Path:
    stem = f"{real.stem}-replaced-{now.strftime(STAMP)}"
    kept, turn = real.with_name(f"{stem}.db"), 1
    while os.path.lexists(kept) or drafts.left_beside(kept):
        kept, turn = real.with_name(f"{stem}-{turn}.db"), turn + 1
    return kept


def _is_replaced(backup: CheckedBackup, real: Path, kept: Path, wait_seconds: float) -> bool:
    """Replace the content of a database that can be opened, and keep a copy of it; False where it cannot."""
    try:
        opened = connect(real)
    except (NotARegister, RegisterUnusable):
        return False
    try:
        with in_words(), closing(opened) as register:
            # Once locked it stays so until it is closed: what anybody else writes is kept, or comes afterwards.
            register.patience(wait_seconds)
            register.execute("PRAGMA locking_mode = EXCLUSIVE")
            register.execute("BEGIN EXCLUSIVE")
            register.execute("COMMIT")
            if pragma(register, "application_id") != APPLICATION_ID:
                raise NotARegister(path=backup.place, reason="it is another program's database")
            check_names(register)
            copy_database(register, kept, lambda _: None)
            with closing(connect(backup.path)) as source:
                if pragma(source, "page_size") != pragma(register, "page_size"):
                    # With a write-ahead log SQLite keeps the size that a file has.
                    register.execute("PRAGMA journal_mode = DELETE")
                source.backup(register)
            register.execute("PRAGMA journal_mode = WAL")
    except EngineFault as fault:
        if fault.kind is FaultKind.DAMAGED:
            return False
        raise NotRestored(path=backup.place, backup=backup.source, reason=fault.reason) from None
    except (RegisterLocked, RegisterUnusable) as error:
        cause = error.__cause__
        if isinstance(cause, EngineFault) and cause.kind is FaultKind.DAMAGED:
            return False
        why = error.values.get("reason", Phrase("it is open in another program; close that first"))
        raise NotRestored(path=backup.place, backup=backup.source, reason=why) from None
    real.chmod(drafts.mode_in(real.parent))
    return True


def _set_aside(real: Path, kept: Path) -> bool:
    """Move what stands at a place, with the files that SQLite keeps beside it; tell whether there was a register."""
    # The log goes first: left beside another register, SQLite would write it into that.
    for suffix in (*drafts.SQLITE_SUFFIXES, ""):
        if os.path.lexists(f"{real}{suffix}"):
            moved = Path(f"{kept}{suffix}")
            Path(f"{real}{suffix}").rename(moved)
            moved.chmod(drafts.mode_in(moved.parent))
    return kept.exists()

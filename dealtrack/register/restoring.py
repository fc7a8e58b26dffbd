"""A backup put in the register's place: checked whole first, and what it replaces kept beside it."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
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
from dealtrack.register import schema, upgrade
from dealtrack.register.backup import STAMP, copy_database
from dealtrack.register.connection import (
    APPLICATION_ID,
    PATIENCE_SECONDS,
    check_names,
    connect,
    faults_of,
    sync,
    translate,
)
from dealtrack.register.drafts import SQLITE_SUFFIXES, draft_file, make_folder, part_of_register
from dealtrack.register.journal import Tail
from dealtrack.register.opening import open_register
from dealtrack.register.verification import verify


@dataclass(frozen=True, slots=True)
class Journal:
    """How far a journal reaches: its number of entries, the moment of the last in UTC, and its head in hexadecimal."""

    entries: int
    last: datetime
    head: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A backup that was found whole, copied beside the register's place and of the present schema.

    `replaces` is how far the register there reaches, None where there is none that can be read; `loses` is how many
    of its entries the backup lacks, None where the backup is not of its journal. `changes` tells what rules that
    changed since a backup of an older schema was made do to its complaints.
    """

    path: Path
    place: Path
    backup: Path
    holds: Journal
    replaces: Journal | None
    loses: int | None
    is_free: bool
    zone: ZoneInfo
    changes: Sequence[Phrase] = ()


@contextmanager
def drafted(place: Path, backup: Path) -> Iterator[Draft]:
    """Copy a backup beside the register's place and check it; the copy is gone after the block, unless it was placed.

    An older schema is brought to the present one in the copy. Raises CannotRead, NotARegister, RegisterNewer and
    NotRestored.
    """
    real = Path(os.path.realpath(place))
    if real.is_dir() or (real.exists() and not real.is_file()):
        raise NotARegister(
            path=place, reason=Phrase("it is a folder") if real.is_dir() else Phrase("it is not a plain file")
        )
    if not backup.is_file():
        raise CannotRead(
            path=backup, reason=Phrase("it is no plain file") if backup.exists() else Phrase("there is no such file")
        )
    if real.exists() and real.samefile(backup):
        raise NotRestored(path=place, backup=backup, reason="it is that file itself")
    reason = part_of_register(real) or make_folder(real.parent)
    if reason:
        raise NotRestored(path=place, backup=backup, reason=reason)
    try:
        with draft_file(real) as path:
            holds, zone, changes = _copied(backup, path, place)
            replaces, loses = _present(place, holds)
            yield Draft(path, place, backup, holds, replaces, loses, not os.path.lexists(real), zone, changes)
    except OSError as error:
        raise NotRestored(path=place, backup=backup, reason=error.strerror or str(error)) from None


def _copied(backup: Path, path: Path, place: Path) -> tuple[Journal, ZoneInfo, Sequence[Phrase]]:
    changes: Sequence[Phrase] = ()
    with ExitStack() as opened:
        try:
            source = opened.enter_context(closing(connect(backup, read_only=True)))
            with faults_of(backup):
                found = schema.check_version(source, backup)
        except NotARegister as error:
            raise CannotRead(path=backup, reason=error.values["reason"]) from None
        except RegisterAltered as error:
            reason = Phrase("the schema was altered at {name}", name=error.values["names"])
            reason = Phrase("the backup is not whole: {fault}", fault=reason)
            raise NotRestored(path=place, backup=backup, reason=reason) from None
        opened.enter_context(faults_of(backup))
        copy = opened.enter_context(closing(connect(path, create=True)))
        source.backup(copy)
        (sound,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise NotRestored(path=place, backup=backup, reason=Phrase("the backup is damaged ({fault})", fault=sound))
        if found < schema.VERSION:
            with upgrade.changing(copy):
                changes = upgrade.change(copy, backup, found)
        copy.execute("PRAGMA journal_mode=WAL")
    with open_register(path) as register:
        found_wrong = verify(register, evidence=False)
        tail, zone = Tail.of(register.connection), register.zone
    if found_wrong.faults:
        reason = Phrase("the backup is not whole: {fault}", fault=found_wrong.faults[0])
        if found_wrong.rebuilds:
            reason = Phrase(
                "{reason}. Its journal is: 'dealtrack --db {backup} recheck --rebuild' makes the rest again",
                reason=reason,
                backup=backup,
            )
        raise NotRestored(path=place, backup=backup, reason=reason)
    return Journal(tail.seq, from_store(tail.recorded_at), tail.hash.hex()), zone, changes


def _present(place: Path, holds: Journal) -> tuple[Journal | None, int | None]:
    """Return how far the register at the place reaches, and how many of its entries another journal lacks."""
    try:
        with closing(connect(place, read_only=True)) as connection:
            schema.check_version(connection, place)
            tail = Tail.of(connection)
            row = connection.execute("SELECT hash FROM transition WHERE seq = ?", (holds.entries,)).fetchone()
            reaches = Journal(tail.seq, from_store(tail.recorded_at), tail.hash.hex())
    except (DealtrackError, sqlite3.Error, ValueError):
        return None, None
    return reaches, tail.seq - holds.entries if row and row[0].hex() == holds.head else None


def put_in_place(draft: Draft, now: datetime, patience: float = PATIENCE_SECONDS) -> Path | None:
    """Put a checked backup in the register's place; return where what stood there is kept, None for nothing.

    Where a register stands, its content is replaced in one step while nobody else has it open; killed at any
    moment, it is the one or the other, whole. What cannot be opened is moved aside. Raises NotRestored, and
    NotARegister for another program's database.
    """
    real = Path(os.path.realpath(draft.place))
    kept = _free_name(real, now)
    try:
        if real.exists() and _is_replaced(draft, real, kept, patience):
            return kept
        is_kept = _set_aside(real, kept)
        # Not over what somebody else has put there meanwhile.
        os.link(draft.path, real)
        sync(real.parent)
    except OSError as error:
        raise NotRestored(path=draft.place, backup=draft.backup, reason=error.strerror or str(error)) from None
    return kept if is_kept else None


def _free_name(real: Path, now: datetime) -> Path:
    stem = f"{real.stem}-replaced-{now.strftime(STAMP)}"
    kept, turn = real.with_name(f"{stem}.db"), 1
    while any(os.path.lexists(f"{kept}{suffix}") for suffix in ("", *SQLITE_SUFFIXES)):
        kept, turn = real.with_name(f"{stem}-{turn}.db"), turn + 1
    return kept


def _is_replaced(draft: Draft, real: Path, kept: Path, patience: float) -> bool:
    """Replace the content of a database that can be opened, and keep what it held; False where it cannot."""
    try:
        opened = connect(real)
    except (NotARegister, RegisterUnusable):
        return False
    try:
        with closing(opened) as held:
            # Once locked it stays so until it is closed: what anybody else writes is kept, or comes afterwards.
            held.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
            held.execute("PRAGMA locking_mode = EXCLUSIVE")
            held.execute("BEGIN EXCLUSIVE")
            held.execute("COMMIT")
            (application,) = held.execute("PRAGMA application_id").fetchone()
            if application != APPLICATION_ID:
                raise NotARegister(path=draft.place, reason="it is another program's database")
            check_names(held)
            copy_database(held, kept, lambda _: None)
            with closing(connect(draft.path)) as source:
                if _page_size(source) != _page_size(held):
                    # With a write-ahead log SQLite keeps the size that a file has.
                    held.execute("PRAGMA journal_mode = DELETE")
                source.backup(held)
            held.execute("PRAGMA journal_mode = WAL")
    except (sqlite3.Error, RegisterLocked, RegisterUnusable) as error:
        cause = error if isinstance(error, sqlite3.Error) else error.__cause__
        if _is_damage(cause):
            return False
        told = translate(cause, draft.place) if isinstance(cause, sqlite3.Error) else error
        reason = str(getattr(told, "values", {}).get("reason", Phrase("somebody has it open; end that first")))
        raise NotRestored(path=draft.place, backup=draft.backup, reason=reason) from None
    real.chmod(0o600)
    return True


def _is_damage(error: BaseException | None) -> bool:
    return str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))


def _page_size(connection: sqlite3.Connection) -> int:
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(size)


def _set_aside(real: Path, kept: Path) -> bool:
    """Move what stands at a place, with the files that SQLite keeps beside it; tell whether there was a register."""
    # The log goes first: left beside another register, SQLite would write it into that.
    for suffix in (*SQLITE_SUFFIXES, ""):
        if os.path.lexists(f"{real}{suffix}"):
            moved = Path(f"{kept}{suffix}")
            Path(f"{real}{suffix}").rename(moved)
            moved.chmod(0o600)
    return kept.exists()

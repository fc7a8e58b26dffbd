"""Making a register: wholly, or not at all."""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealtrack.core.calendar import CalendarRules
from dealtrack.core.platform import Platform
from dealtrack.core.policy import Policy
from dealtrack.errors import RegisterExists, RegisterUnusable
from dealtrack.register import schema
from dealtrack.register.connection import connect, faults_of, sync

if TYPE_CHECKING:
    from dealtrack.register.register import Register


@dataclass(frozen=True, slots=True)
class Setup:
    """What a register is made with."""

    calendar: CalendarRules
    policies: Sequence[Policy]
    policy: str
    platforms: Sequence[Platform]
    timezone: str

    def to_data(self) -> Mapping[str, Any]:
        """Return what the journal's first entry says."""
        return {"calendar": self.calendar.to_data(), "timezone": self.timezone, "policy": self.policy}


def found(kind: type["Register"], path: Path, setup: Setup, now: datetime, actor: str) -> None:
    """Make a register beside its place and move it there when whole; raises RegisterExists or RegisterUnusable."""
    if os.path.lexists(path):
        raise RegisterExists(path=path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        connection = _created(draft, path)
        try:
            with faults_of(path):
                connection.execute("PRAGMA journal_mode=WAL")
                schema.migrate(connection)
                _write(kind(path, connection), setup, now, actor)
                # All of it must stand in the file itself: what is beside it is not moved with it.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
        os.link(draft, path)
        sync(path.parent)
    except FileExistsError:
        raise RegisterExists(path=path) from None
    except OSError as error:
        raise RegisterUnusable(path=path, reason=error.strerror or str(error)) from None
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)


def _created(draft: Path, path: Path) -> sqlite3.Connection:
    try:
        return connect(draft, create=True)
    except RegisterUnusable as error:
        # The draft is of no concern to who asked for a register at its place.
        raise RegisterUnusable(path=path, reason=error.values["reason"]) from None


def _write(register: "Register", setup: Setup, now: datetime, actor: str) -> None:
    with register.recording(now, actor) as recorder:
        recorder.make(setup.to_data())
        for policy in setup.policies:
            recorder.take_in(policy)
        for platform in setup.platforms:
            recorder.enter_platform(platform)

"""Making a register: wholly, or not at all."""

import os
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from dealtrack.core.calendar import CalendarRules
from dealtrack.core.platform import Platform
from dealtrack.core.policy import Policy
from dealtrack.errors import RegisterExists, RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register.drafts import disk_faults, draft_file, left_beside, make_folder, part_of_register, sync
from dealtrack.register.journal import Event
from dealtrack.register.recorder import recording
from dealtrack.register.register import Register
from dealtrack.register.sqlite import schema
from dealtrack.register.sqlite.connection import connect, faults_of


class Setup(NamedTuple):
    """What a register is made with."""

    calendar: CalendarRules
    policies: Sequence[Policy]
    policy: str
    platforms: Sequence[Platform]
    timezone: str


def create_register(path: Path, setup: Setup, now: datetime, actor: str) -> None:
    """Make a register in a draft, and move it to its place when it is whole.

    Raises RegisterExists or RegisterUnusable.
    """
    if os.path.lexists(path):
        raise RegisterExists(path=path)
    reason: str = part_of_register(path)
    if not reason and (left := left_beside(path)):
        reason = Phrase(
            "{name} is there, perhaps with entries of an earlier register; move it away, or name another place with "
            "--db",
            name=left.name,
        )
    if reason := reason or make_folder(path.parent):
        raise RegisterUnusable(path=path, reason=reason)
    with disk_faults(RegisterUnusable, path=path), draft_file(path) as draft:
        with closing(connect(draft, create=True)) as connection, faults_of(path):
            connection.execute("PRAGMA journal_mode=WAL")
            schema.create(connection)
            with recording(Register(path, connection), now, actor) as recorder:
                first = {"calendar": setup.calendar.to_data(), "timezone": setup.timezone, "policy": setup.policy}
                recorder.event(Event.MADE, first)
                for policy in setup.policies:
                    recorder.take_in(policy)
                for platform in setup.platforms:
                    recorder.enter_platform(platform)
            # All of it must stand in the file itself: SQLite's other files are not moved with it.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            os.link(draft, path)
        except FileExistsError:
            raise RegisterExists(path=path) from None
        sync(path.parent)

"""The data of the board: open complaints, read again when the register's file or the time changes them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from dealtrack.cli.terms import name_platforms
from dealtrack.core.standing import AgendaItem, Standing, by_urgency, next_change
from dealtrack.errors import DealtrackError, RegisterMissing
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Filter, View
from dealtrack.register.recorder import Work, recording
from dealtrack.register.register import Register
from dealtrack.register.sqlite.connection import faults_of
from dealtrack.register.waiting import Follower

WAIT_SECONDS = 0.2
"""How long to wait for another process's lock. Meanwhile the screen does not react; the next attempt comes soon."""


class Feed:
    """The open complaints of a register; `items` are those of the last `look`, the most urgent first."""

    def __init__(self, path: Path, query: Filter, clock: Callable[[], datetime]) -> None:
        self.path = path
        self.clock = clock
        self.items: list[AgendaItem] = []
        self.register: Register
        self._query = query
        self._open = ExitStack()
        self._standings: dict[int, Standing] = {}
        self._turn: datetime | None = None
        self._file = (0, 0)

    def __enter__(self) -> Self:
        self._reopen()
        self._arrange()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def look(self) -> bool:
        """Read what others wrote and apply the present time; tell whether `items` changed.

        Raises what opening and reading a register raises; the next look tries anew.
        """
        with faults_of(self.path):
            changed = self._take_in()
        if not changed and self._turn is not None and self.clock() <= self._turn:
            return False
        self._arrange()
        return True

    def standing(self, complaint: int) -> Standing | None:
        """Return how a complaint stands at this moment, projected clocks included; None for one that is gone."""
        with faults_of(self.path):
            return next(self.register.standings(Filter(ids=(complaint,)), View.of(self.clock())), None)

    def record(self, works: Sequence[Work], actor: str) -> list[Standing]:
        """Record transitions, all or none, and return how their complaints stand then.

        It is done on the feed's own connection: to open the file once more in this process, and to close it, would
        drop the locks by which other processes know that it is read. Raises what `Recorder.record` raises, and
        RegisterLocked soon: the caller may try again.
        """
        now = self.clock()
        with faults_of(self.path):
            with recording(self.register, now, actor) as recorder:
                recorded = [recorder.record(work) for work in works]
            self._read([each.complaint.id for each in recorded])
            standings = [self.register.standing(each.complaint, each.clocks, View.of(now)) for each in recorded]
        self._arrange()
        return standings

    def _take_in(self) -> bool:
        if self._file != self._identity():
            # Another file stands in its place, as after going back to a backup.
            self._reopen()
            return True
        changes = self._follower.changes()
        if changes is None:
            return False
        if changes.is_whole:
            self._reopen()
        else:
            self._read(changes.complaints)
        return True

    def _identity(self) -> tuple[int, int]:
        try:
            file = self.path.stat()
        except OSError:
            self._file = (0, 0)
            raise RegisterMissing(path=self.path) from None
        return file.st_dev, file.st_ino

    def _reopen(self) -> None:
        self._open.close()
        try:
            identity = self._identity()
            self.register = self._open.enter_context(open_register(self.path))
            with faults_of(self.path):
                name_platforms(self.register.platforms)
                self._follower = Follower(self.register, WAIT_SECONDS)
                self._standings = {}
                self._read(None)
        except DealtrackError:
            self._file = (0, 0)
            raise
        self._file = identity

    def _read(self, ids: Sequence[int] | None) -> None:
        query = self._query if ids is None else self._query._replace(ids=tuple(ids))
        for id_ in ids or ():
            self._standings.pop(id_, None)
        for standing in self.register.standings(query, View.of(self.clock())):
            self._standings[standing.complaint.id] = standing

    def _arrange(self) -> None:
        now = self.clock()
        self.items = by_urgency(self._standings.values(), now, self.register.zone)
        self._turn = next_change(self.items, now, self.register.zone)

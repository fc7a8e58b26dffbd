"""Asking again and again what others wrote to a register, without reading all of it each time."""

from typing import NamedTuple

from dealtrack.register.store import Store


class Changes(NamedTuple):
    """What was written since the last look: to which complaints, and whether to what all of them rest on."""

    complaints: tuple[int, ...]
    is_whole: bool


class Follower:
    """Tells what other connections wrote since it was made, or since the last question.

    It waits for another's lock for up to `wait_seconds` seconds only, so that a screen does not stand still.
    """

    def __init__(self, store: Store, wait_seconds: float) -> None:
        self._connection = store.connection
        self._connection.execute(f"PRAGMA busy_timeout = {round(wait_seconds * 1000)}")
        self._version = self._read_version()
        self._seq = self._last_seq()

    def changes(self) -> Changes | None:
        """Return what was written since the last look, None where nothing was: then the journal is not read at all."""
        version = self._read_version()
        if version == self._version:
            return None
        # Read in this order, what is written in between is reported twice rather than never.
        last = self._last_seq()
        rows = self._connection.execute("SELECT DISTINCT complaint FROM transition WHERE seq > ?", (self._seq,))
        complaints = {complaint for (complaint,) in rows}
        # A commit that adds no entry made the tables again from the journal, say, and may have moved anything.
        is_whole = None in complaints or not complaints
        self._version, self._seq = version, last
        return Changes(tuple(sorted(id_ for id_ in complaints if id_ is not None)), is_whole)

    def _read_version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _last_seq(self) -> int:
        (last,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM transition").fetchone()
        return int(last)

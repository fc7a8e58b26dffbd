"""Which complaint of the register a row of a file tells of."""

from hashlib import sha256

from dealtrack.core.chain import canonical
from dealtrack.core.lifecycle import fold
from dealtrack.core.platform import match_platform
from dealtrack.errors import UnknownComplaint
from dealtrack.exchange.incoming import Incoming
from dealtrack.exchange.news import Contradiction
from dealtrack.phrase import Phrase
from dealtrack.register.recorder import Recorder
from dealtrack.register.register import Register


class Recognition:
    """Finds for the rows of one file, in their order, the complaints that they tell of.

    A row is known by its number; in an export of dealtrack's own also by its id, which keeps complaints apart that
    share a number. A row without a number is known by its words on the receipt, and its place among its like.
    """

    def __init__(self, register: Register, recorder: Recorder) -> None:
        self._register = register
        self._recorder = recorder
        self._seen: dict[str, int] = {}
        self._told_by: dict[int, int] = {}

    def find(self, row: Incoming, key: str | None) -> int | None:
        """Return the complaint that a row tells of, None for a new one; `key` is what a row without number is known by.

        Raises Contradiction where its number stands for several.
        """
        if row.number is None:
            assert key is not None
            return self._recorder.find_import_key(key) or self._by_id(row)
        found = self._recorder.find_number(row.number)
        if row.id is None:
            if len(found) > 1:
                ids = ", ".join(map(str, found))
                raise Contradiction(
                    Phrase(
                        "the number {number} stands for {count} complaints of the register: {ids}",
                        number=row.number,
                        count=len(found),
                        ids=ids,
                    )
                )
            return found[0] if found else None
        # One row of an export is one complaint: none is told of by two of them.
        free = [id_ for id_ in found if self._told_by.get(id_, row.id) == row.id]
        if not free:
            return None
        return self.claim(row, row.id if row.id in free else free[0])

    def claim(self, row: Incoming, complaint: int) -> int:
        """Keep in mind that a complaint is told of by a row, and return it."""
        if row.id is not None:
            self._told_by[complaint] = row.id
        return complaint

    def key(self, row: Incoming) -> str:
        """Return what a row without a number is known by: its words on the receipt, and its place among its like."""
        said = [row.moments["received"].start.isoformat(), row.platform, row.category_word, row.seller, row.summary]
        text = canonical(said)
        count = self._seen[text] = self._seen.get(text, 0) + 1
        return sha256(f"{text}{count}".encode()).hexdigest()[:32]

    def _by_id(self, row: Incoming) -> int | None:
        """Return the complaint with the id of a row of an export, where it is the one that was exported."""
        if row.id is None:
            return None
        try:
            held = fold(row.id, self._recorder.history(row.id))
        except UnknownComplaint:
            return None
        platform = match_platform(row.platform, self._register.platforms)
        is_it = (
            held.number is None
            and held.received == row.moments["received"].start
            and platform is not None
            and held.platform == platform.name
        )
        return row.id if is_it else None

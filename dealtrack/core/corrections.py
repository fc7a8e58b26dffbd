"""Corrections of policies: another text in the place of one by which complaints are handled already."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

from dealtrack.core.policy import Policy, version_for


class Correction(NamedTuple):
    """Another text put in place of all versions of a policy by a journal entry."""

    seq: int
    versions: tuple[Policy, ...]


PolicyAt = Callable[[int | None], Policy]
"""Gives the text of a complaint's policy in force when the journal held this many entries; None asks for the last."""


def policy_at(first: Policy, corrections: Iterable[Correction], received: date, rejudged: Iterable[int]) -> PolicyAt:
    """Return the texts by which a complaint is handled that was received on a day under `first`, and corrected since.

    `rejudged` are the entries at which what had ended was judged anew.
    """
    texts = [(0, first), *((each.seq, version_for(each.versions, received)) for each in corrections)]
    anew = list(rejudged)

    def at(seq: int | None) -> Policy:
        if seq is None:
            return texts[-1][1]
        judged = max([seq, *(later for later in anew if later > seq)])
        return [text for since, text in texts if since <= judged][-1]

    return at

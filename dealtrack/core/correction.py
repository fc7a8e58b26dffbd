"""A complaint judged by a policy whose text was corrected: what has ended keeps the text by which it was judged."""

from collections.abc import Callable, Iterable
from datetime import date, tzinfo
from typing import NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import CalendarAt, Clock, judge
from dealtrack.core.lifecycle import CLOSING, Transition, effective
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


def judge_corrected(
    history: Iterable[Transition], texts: PolicyAt, is_open: bool, calendar_at: CalendarAt, zone: tzinfo
) -> tuple[Policy, list[Clock]]:
    """Return the text that a complaint is handled by, and every run of its clocks.

    A complaint that has closed keeps the text that it closed under, and a run that has ended the one that it ended
    under, which it then names as its `version`; all else is counted by the last.
    """
    entries = effective(history)
    closing = None if is_open else next((entry.seq for entry in reversed(entries) if entry.kind in CLOSING), None)
    policy = texts(closing)
    runs = {(clock.name, clock.round): clock for _, clock in _judged(entries, policy, calendar_at, zone)}
    earlier = dict.fromkeys(text for text in (texts(entry.seq) for entry in entries) if text != policy)
    for text in earlier:
        for seq, clock in _judged(entries, text, calendar_at, zone):
            if seq is not None and texts(seq) == text:
                runs[clock.name, clock.round] = clock._replace(version=text.version)
    return policy, list(runs.values())


def _judged(
    entries: Iterable[Transition], policy: Policy, calendar_at: CalendarAt, zone: tzinfo
) -> list[tuple[int | None, Clock]]:
    """Return every run with the entry that ended it, by which its calendar is asked for; None while it runs."""
    seqs: list[int | None] = []

    def calendar_of(seq: int | None) -> WorkingCalendar:
        seqs.append(seq)
        return calendar_at(seq)

    clocks = judge(entries, policy, calendar_of, zone)
    return list(zip(seqs, clocks, strict=True))

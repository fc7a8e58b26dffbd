"""What the same kinds of transitions, one after another, make of any new complaint: all but its moments and words."""

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, NamedTuple

from dealtrack.core.clocks import Run, runs_of
from dealtrack.core.lifecycle import STATUS_AFTER, ComplaintState, Kind, Transition
from dealtrack.core.limits import check_next
from dealtrack.core.policy import ClockRule, Policy
from dealtrack.errors import DealtrackError

_ANY_DAY = datetime(2016, 11, 11, tzinfo=UTC)


class Course(NamedTuple):
    """Where kinds of transitions lead; `runs` are those of the policy's clocks by name, none paused or extended.

    `names` are those of its kinds. `moments` picks, from what stands for the moments in order and None after them, that
    of each kind of STATUS_AFTER.
    """

    names: tuple[str, ...]
    status: str
    first_contact: bool | None
    runs: tuple[tuple[ClockRule, Run], ...]
    moments: "itemgetter[tuple[Any, ...]]"


def course_of(kinds: Sequence[Kind], policy: Policy) -> Course | None:
    """Return the course that a new complaint takes by these kinds, None where it may not, or is not plain.

    It is found by living it once. Plain are courses in which each transition moves the complaint on, none twice.
    """
    if (
        not kinds
        or kinds[0] is not Kind.RECEIVED
        or not STATUS_AFTER.keys() >= set(kinds)
        or len(set(kinds)) < len(kinds)
    ):
        return None
    state = ComplaintState(1)
    try:
        for seq, kind in enumerate(kinds, 1):
            check_next(state, kind, _ANY_DAY, _ANY_DAY)
            state.add(Transition(seq, 1, kind, _ANY_DAY, _ANY_DAY, ""))
    except DealtrackError:
        return None
    lived = state.complaint()
    runs = sorted(
        ((rule, run) for rule in policy.clocks for run in runs_of(rule, kinds)),
        key=lambda pair: (pair[0].name, pair[1].round),
    )
    places = [kinds.index(kind) if kind in kinds else -1 for kind in STATUS_AFTER]
    names = tuple([kind.value for kind in kinds])
    return Course(names, lived.status.value, lived.first_contact, tuple(runs), itemgetter(*places))

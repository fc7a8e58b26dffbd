"""The lifecycle of a complaint: what may follow what, when, and what a history makes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.complaint_state import ComplaintState, make_complaint
from dealtrack.core.lifecycle import ALLOWED, ANNOTATIONS, COMMAND_OF, Kind, Status, Transition, done, effective
from dealtrack.core.limits import allowed_kinds, check_next, moment_to_store, previous_transition
from dealtrack.core.moments import Moment
from dealtrack.errors import BadHistory, BeforePrevious, InFuture, NotAllowed

START = datetime(2016, 11, 11, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RECEIVED = {
    "platform": "JD",
    "category": "quality",
    "policy": "green-channel",
    "policy_version": "2016-11-01",
    "owner": "A",
}


def history(*kinds: Kind | tuple[Kind, dict[str, Any]], hours: int = 1) -> list[Transition]:
    """Make a history, an hour between its entries, that begins with a receipt."""
    entries = [Transition(1, 1, Kind.RECEIVED, START, START, "clerk", RECEIVED)]
    for place, told in enumerate(kinds, 1):
        kind, detail = told if isinstance(told, tuple) else (told, {})
        at = START + place * hours * HOUR
        entries.append(Transition(place + 1, 1, kind, at, at, "clerk", detail))
    return entries


# What each status allows, written out.
MOVING = {
    *(Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED, Kind.EXTENDED, Kind.HANDED_ON, Kind.REPLIED, Kind.EVENT),
    *(Kind.MERGED, Kind.JOINED, Kind.TRANSFERRED),
}
TOLD = {
    Status.RECEIVED: {Kind.ACCEPTED, Kind.FORWARDED, Kind.PAUSED, *MOVING, *ANNOTATIONS},
    Status.ACCEPTED: {Kind.FORWARDED, Kind.PAUSED, *MOVING, *ANNOTATIONS},
    Status.FORWARDED: {Kind.PAUSED, *MOVING, *ANNOTATIONS},
    Status.PAUSED: {Kind.RESUMED, *MOVING, *ANNOTATIONS},
    Status.CLOSED: {Kind.REOPENED, *ANNOTATIONS},
}
REACHED = {
    Status.RECEIVED: (),
    Status.ACCEPTED: (Kind.ACCEPTED,),
    Status.FORWARDED: (Kind.FORWARDED,),
    Status.PAUSED: (Kind.FORWARDED, Kind.PAUSED),
    Status.CLOSED: (Kind.FORWARDED, Kind.COMPLETED),
}


@pytest.mark.parametrize("status", TOLD)
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.RECEIVED])
def test_what_each_status_allows(status: Status, kind: Kind) -> None:
    entries = history(*REACHED[status])
    assert make_complaint(1, entries).status is status
    later = START + 9 * HOUR
    if kind in TOLD[status]:
        check_next(ComplaintState(1, entries), kind, later, later)
    else:
        with pytest.raises(NotAllowed) as caught:
            check_next(ComplaintState(1, entries), kind, later, later)
        told, _, commands = str(caught.value).partition(" Possible now: ")
        assert told == f"Complaint 1 is {status} and cannot be {done(kind)}."
        assert set(commands.rstrip(".").split(", ")) == {COMMAND_OF[allowed] for allowed in TOLD[status]}
    assert set(allowed_kinds(status)) == TOLD[status]


@pytest.mark.parametrize("ending", [Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED])
def test_each_ending_closes(ending: Kind) -> None:
    ended = make_complaint(1, history(ending))
    assert ended.status is Status.CLOSED and not ended.is_open
    moments = {Kind.COMPLETED: ended.completed, Kind.WITHDRAWN: ended.withdrawn, Kind.REJECTED: ended.rejected}
    assert moments.pop(ending) == START + HOUR and set(moments.values()) == {None}


def test_nothing_is_made_of_no_history() -> None:
    assert make_complaint(1, []).status is Status.VOIDED
    with pytest.raises(NotAllowed, match="Possible now: nothing"):
        check_next(ComplaintState(1, []), Kind.FORWARDED, START, START)


def test_first_contact_is_completed_straight_from_received() -> None:
    assert make_complaint(1, history(Kind.COMPLETED)).first_contact
    assert make_complaint(1, history(Kind.NOTED, Kind.COMPLETED)).first_contact
    assert not make_complaint(1, history(Kind.FORWARDED, Kind.COMPLETED)).first_contact
    assert not make_complaint(1, history(Kind.WITHDRAWN)).first_contact
    # A pause does not make it another contact, resumed or not.
    assert make_complaint(1, history(Kind.PAUSED, Kind.COMPLETED)).first_contact
    assert make_complaint(1, history(Kind.PAUSED, Kind.RESUMED, Kind.COMPLETED)).first_contact
    assert not make_complaint(1, history(Kind.FORWARDED, Kind.PAUSED, Kind.COMPLETED)).first_contact


def test_first_contact_is_not_known_of_a_file_without_the_step() -> None:
    def told(*kinds: Kind) -> bool | None:
        entries = history(*kinds)
        entries[0] = entries[0]._replace(detail={**RECEIVED, "unknown_steps": ["forwarded"]})
        return make_complaint(1, entries).first_contact

    assert told(Kind.COMPLETED) is None
    assert told(Kind.FORWARDED, Kind.COMPLETED) is False
    assert told(Kind.COMPLETED, Kind.REOPENED) is False


def test_reopening_returns_to_the_state_before_it_closed() -> None:
    for kinds, status in (
        ((Kind.WITHDRAWN,), Status.RECEIVED),
        ((Kind.PAUSED, Kind.REJECTED), Status.RECEIVED),
        ((Kind.ACCEPTED, Kind.WITHDRAWN), Status.ACCEPTED),
        ((Kind.FORWARDED, Kind.PAUSED, Kind.WITHDRAWN), Status.FORWARDED),
        ((Kind.COMPLETED,), Status.FORWARDED),
        ((Kind.WITHDRAWN, Kind.REOPENED, Kind.COMPLETED), Status.FORWARDED),
    ):
        assert make_complaint(1, history(*kinds, Kind.REOPENED)).status is status, kinds


def test_completed_on_a_day_that_nobody_wrote_down() -> None:
    held = make_complaint(1, history((Kind.COMPLETED, {"day_unknown": True})))
    assert (held.status, held.completed, held.is_completed) == (Status.CLOSED, None, True)
    assert not make_complaint(1, history(Kind.WITHDRAWN)).is_completed


def test_an_ending_states_outcome_and_amount() -> None:
    ended = make_complaint(1, history(Kind.FORWARDED, (Kind.COMPLETED, {"outcome": "refund", "amount": "199.00"})))
    assert (ended.outcome, ended.amount, ended.owner, ended.platform) == ("refund", "199.00", "A", "JD")


def test_notes_move_nothing() -> None:
    before = make_complaint(1, history(Kind.FORWARDED))
    assert make_complaint(1, history(Kind.FORWARDED, (Kind.NOTED, {"note": "x", "owner": "B"}))) == before


def test_the_moment_of_the_one_before_is_allowed_and_a_second_earlier_not() -> None:
    entries = history(Kind.FORWARDED)
    at = START + HOUR
    check_next(ComplaintState(1, entries), Kind.COMPLETED, at, at)
    with pytest.raises(BeforePrevious) as caught:
        check_next(ComplaintState(1, entries), Kind.COMPLETED, at - timedelta(seconds=1), at)
    assert "cannot be completed" in str(caught.value) and "it was forwarded later" in str(caught.value)


def test_now_is_allowed_and_a_second_later_is_the_future() -> None:
    entries = history()
    now = START + HOUR
    check_next(ComplaintState(1, entries), Kind.FORWARDED, now, now)
    with pytest.raises(InFuture, match="is in the future"):
        check_next(ComplaintState(1, entries), Kind.FORWARDED, now + timedelta(seconds=1), now)
    with pytest.raises(InFuture):
        check_next(ComplaintState(1, []), Kind.RECEIVED, now + timedelta(seconds=1), now)


def test_a_note_may_be_dated_before_what_happened_but_not_before_the_receipt() -> None:
    entries = history(Kind.FORWARDED, hours=3)
    check_next(ComplaintState(1, entries), Kind.NOTED, START + HOUR, START + 9 * HOUR)
    check_next(ComplaintState(1, entries), Kind.NOTED, START, START + 9 * HOUR)
    with pytest.raises(BeforePrevious, match="it was received later"):
        check_next(ComplaintState(1, entries), Kind.NOTED, START - HOUR, START + 9 * HOUR)


def test_a_later_note_does_not_bar_what_happened_before_it() -> None:
    check_next(ComplaintState(1, history(Kind.NOTED, hours=5)), Kind.FORWARDED, START + HOUR, START + 9 * HOUR)


def test_histories_are_folded_in_order_of_what_happened() -> None:
    forwarded = Transition(5, 1, Kind.FORWARDED, START + HOUR, START + 9 * HOUR, "clerk")
    completed = Transition(6, 1, Kind.COMPLETED, START + 2 * HOUR, START + 9 * HOUR, "clerk")
    for entries in ([*history(), forwarded, completed], [completed, forwarded, *history()]):
        assert [entry.kind for entry in effective(entries)] == [Kind.RECEIVED, Kind.FORWARDED, Kind.COMPLETED]
        assert make_complaint(1, entries).status is Status.CLOSED


def test_a_history_that_contradicts_itself_is_told_of() -> None:
    with pytest.raises(BadHistory) as caught:
        make_complaint(1, history(Kind.COMPLETED, Kind.FORWARDED))
    assert caught.value.exit_code == 3 and "entry 3" in str(caught.value)


DAY = (datetime(2016, 11, 10, 16, tzinfo=UTC), datetime(2016, 11, 11, 16, tzinfo=UTC))


def test_a_day_alone_is_its_first_second_or_the_moment_before_on_the_same_day() -> None:
    def stored(moment: Moment, kind: Kind, entries: list[Transition]) -> datetime:
        previous = previous_transition(entries, kind)
        return moment_to_store(moment, previous and previous.at)

    next_day = (DAY[1], DAY[1] + 24 * HOUR)
    assert stored(Moment(*DAY, True), Kind.RECEIVED, []) == DAY[0]
    assert stored(Moment(*DAY, True), Kind.FORWARDED, history()) == START
    assert stored(Moment(*next_day, True), Kind.FORWARDED, history()) == next_day[0]
    assert stored(Moment(*DAY, True), Kind.COMPLETED, history(Kind.FORWARDED)) == START + HOUR
    assert stored(Moment(*DAY, True), Kind.FORWARDED, history(Kind.NOTED)) == START
    assert stored(Moment(*DAY, True), Kind.NOTED, history(Kind.FORWARDED)) == START
    # A day before the last transition's stays what it is, for check_next to refuse.
    earlier = (DAY[0] - 24 * HOUR, DAY[0])
    assert stored(Moment(*earlier, True), Kind.FORWARDED, history()) == earlier[0]


UNTRIED = (Kind.RECEIVED, Kind.VOIDED, Kind.HANDED_ON, Kind.TRANSFERRED)
"""The kinds whose detail says what becomes of the complaint."""


@given(
    st.lists(
        st.sampled_from([kind for kind in Kind if kind not in UNTRIED]),
        max_size=12,
    )
)
def test_whatever_is_asked_only_what_is_allowed_happens(kinds: list[Kind]) -> None:
    """A history grown through check_next can always be folded, and its status follows the table."""
    entries = history()
    now = START + 99 * HOUR
    for place, kind in enumerate(kinds, 1):
        at = START + place * HOUR
        status = make_complaint(1, entries).status
        try:
            check_next(ComplaintState(1, entries), kind, at, now)
        except NotAllowed:
            assert kind not in TOLD[status] and status not in ALLOWED[kind]
        else:
            assert kind in TOLD[status]
            entries.append(Transition(len(entries) + 1, 1, kind, at, now, "clerk", {}))
        make_complaint(1, entries)


def test_what_was_voided_counts_no_more_and_neither_does_the_voiding() -> None:
    entries = history(Kind.FORWARDED, (Kind.VOIDED, {"seq": 2}))
    assert [entry.kind for entry in effective(entries)] == [Kind.RECEIVED]
    assert make_complaint(1, entries).status is Status.RECEIVED


def test_entries_count_in_the_order_of_what_happened() -> None:
    entries = history(Kind.FORWARDED, Kind.NOTED)
    entries[-1] = entries[-1]._replace(at=START + HOUR / 2)
    assert [entry.kind for entry in effective(entries)] == [Kind.RECEIVED, Kind.NOTED, Kind.FORWARDED]


@pytest.mark.parametrize(("step", "expected"), [((), True), ((Kind.ACCEPTED,), False), ((Kind.FORWARDED,), False)])
def test_only_what_is_completed_straight_from_its_receipt_is_resolved_at_first_contact(
    step: tuple[Kind, ...], expected: bool
) -> None:
    assert make_complaint(1, history(*step, Kind.COMPLETED)).first_contact is expected


def test_what_is_opened_again_has_no_outcome() -> None:
    completed = (Kind.COMPLETED, {"outcome": "refund", "amount": "12.50"})
    assert make_complaint(1, history(Kind.FORWARDED, completed)).outcome == "refund"
    again = make_complaint(1, history(Kind.FORWARDED, completed, Kind.REOPENED))
    assert (again.outcome, again.amount, again.completed) == (None, None, None)

"""The order in which open complaints want attention, and when time alone may change it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.agenda import Urgency, by_urgency, item_of, next_change
from dealtrack.core.clocks import Clock
from dealtrack.core.lifecycle import Complaint, Status
from dealtrack.core.moments import local_day
from dealtrack.core.runs import End
from dealtrack.core.standing import Standing

BEIJING = ZoneInfo("Asia/Shanghai")
NOON = datetime(2016, 11, 15, 4, tzinfo=UTC)
START = datetime(2016, 11, 1, tzinfo=UTC)
MIDNIGHT = datetime(2016, 11, 15, 16, tzinfo=UTC)


def clock(due: datetime | None, name: str = "complete", ended: datetime | None = None) -> Clock:
    return Clock(
        name, 1, START, due, local_day(due, BEIJING) if due else None, ended, End.STOPPED if ended else None,
        paused=due is None,
    )  # fmt: skip


def standing(*clocks: Clock, id_: int = 1) -> Standing:
    return Standing(Complaint(id_, status=Status.FORWARDED), clocks, NOON, clocks)


def urgency(*clocks: Clock, at: datetime = NOON) -> Urgency:
    return item_of(standing(*clocks), at, BEIJING).urgency


def test_by_the_clock_that_is_due_first() -> None:
    day = timedelta(days=1)
    assert urgency(clock(NOON + day), clock(NOON - day)) is Urgency.OVERDUE
    assert urgency(clock(NOON + 9 * day), clock(NOON + timedelta(hours=1))) is Urgency.DUE_TODAY
    assert urgency(clock(NOON - day, ended=NOON), clock(NOON + day)) is Urgency.RUNNING
    # One clock of two is paused: the other still runs.
    assert urgency(clock(None), clock(NOON + day)) is Urgency.RUNNING
    assert urgency(clock(None), clock(NOON - day, ended=NOON)) is Urgency.PAUSED
    # Open, with no clock that runs: it is not forgotten.
    assert urgency(clock(NOON - day, ended=NOON)) is Urgency.RUNNING
    assert urgency(Clock("complete", 1, None, NOON - day, None)) is Urgency.RUNNING


def test_on_time_at_the_very_deadline_and_today_by_the_registers_own_day() -> None:
    last = MIDNIGHT - timedelta(seconds=1)
    assert urgency(clock(last), at=last) is Urgency.DUE_TODAY
    assert urgency(clock(last), at=MIDNIGHT) is Urgency.OVERDUE
    assert urgency(clock(last), at=datetime(2016, 11, 14, 15, 59, 59, tzinfo=UTC)) is Urgency.RUNNING
    assert urgency(clock(last), at=datetime(2016, 11, 14, 16, tzinfo=UTC)) is Urgency.DUE_TODAY


moments = st.integers(-400_000, 400_000).map(lambda seconds: NOON + timedelta(seconds=seconds))
clocks = st.one_of(st.none(), moments).map(clock)


@given(st.lists(st.lists(clocks, max_size=3), max_size=8), st.floats(0, 1))
def test_nothing_moves_before_the_next_change(held: list[list[Clock]], part: float) -> None:
    standings = [standing(*those, id_=place) for place, those in enumerate(held, 1)]
    items = by_urgency(standings, NOON, BEIJING)
    assert sorted(item.complaint.id for item in items) == list(range(1, len(held) + 1))
    assert [item.urgency for item in items] == sorted((item.urgency for item in items), key=list(Urgency).index)
    turn = next_change(items, NOON, BEIJING)
    assert NOON <= turn <= MIDNIGHT
    # Up to the turn, itself included where a deadline is on time, and at midnight's last second.
    until = min(turn, MIDNIGHT - timedelta(seconds=1))
    assert by_urgency(standings, NOON + (until - NOON) * part, BEIJING) == items

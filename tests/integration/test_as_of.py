"""What is told of an earlier moment, partly by the tables as they are, beside what all histories alone tell of it."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.clocks import Clock
from dealtrack.core.lifecycle import Kind, effective
from dealtrack.core.moments import Moment
from dealtrack.core.standing import Standing
from dealtrack.errors import DealtrackError
from dealtrack.register.ordering import KEPT, in_order
from dealtrack.register.queries import Filter
from dealtrack.register.recorder import Draft, Work
from dealtrack.register.register import Register
from dealtrack.register.view import View
from dealtrack.reports.compliance import Question, make_report
from dealtrack.reports.figures import GROUPINGS
from tests import varied
from tests.conftest import Clerk

WEEKS = tuple(timedelta(days=days) for days in (0, 40, 90))
END = varied.NOW + WEEKS[-1]
MOMENTS = (
    varied.START - timedelta(days=1),
    *(varied.START + timedelta(days=days, hours=7) for days in range(3, 190, 11)),
    datetime(2099, 12, 1, tzinfo=UTC),
)
KNOWN = tuple(varied.NOW + timedelta(days=days) for days in (-3, 1, 41, 70, 91))
FILTERS = (
    Filter(),
    Filter(statuses=("open",)),
    Filter(statuses=("closed",)),
    Filter(statuses=("voided",)),
    Filter(statuses=("paused",), platforms=("JD",)),
    Filter(statuses=("open", "voided")),
    Filter(statuses=("received", "closed"), categories=("quality", "other")),
    Filter(platforms=("JD", "Tmall"), owners=("朝阳所", "clerk")),
    Filter(owners=("朝阳所",), backdated=True),
    Filter(since=varied.START + timedelta(days=20), until=varied.START + timedelta(days=60)),
    Filter(ids=(3, 4, 5, 60, 61, 62, 130, 999)),
)


class Folding(Register):
    """A register that tells of an earlier moment by all histories."""

    def parted(self, wanted: Filter, view: View) -> tuple[Filter | None, Sequence[int] | None]:
        """Leave nothing to the tables."""
        return (wanted, ()) if view.is_present else (None, wanted.ids)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, made_register: Path) -> Path:
    """A register into which was written three times, and whose calendar was changed after the second."""
    folder = tmp_path_factory.mktemp("as-of")
    path = folder / "register.db"
    shutil.copy(made_register, path)
    clerk = Clerk(folder / "home", path)
    for place, later in enumerate(WEEKS):
        with Register.open(path) as register:
            varied.write_varied(register, 60, seed=place, later=later)
            go_on(register, varied.NOW + later)
        if place == 1:
            day = (varied.NOW + timedelta(days=3)).date()
            amended = ["--name", "storm", "--source", "the city's notice", "--yes"]
            clerk("calendar", "amend", day, "--off", *amended, now=(varied.NOW + later).isoformat()).ok()
    return path


def told(standings: Iterable[Standing]) -> list[tuple[Any, ...]]:
    """What the tables hold of complaints and their clocks: no more is listed."""
    return [
        (
            standing.complaint,
            standing.moment,
            *(sorted(map(shown, clocks)) for clocks in (standing.clocks, standing.runs)),
        )
        for standing in standings
    ]


def shown(clock: Clock) -> tuple[Any, ...]:
    fields = clock.started, clock.due, clock.due_day, clock.ended, clock.end, clock.paused, clock.provisional
    return clock.name, clock.round, *map(str, fields)


def go_on(register: Register, now: datetime) -> None:
    """Record what the courses of the first complaints allow, one day and a hundred days before."""
    kinds = Kind.NOTED, Kind.FORWARDED, Kind.COMPLETED, Kind.REOPENED, Kind.PAUSED, Kind.VOIDED
    with register.recording(now, "clerk") as recorder:
        for id_ in range(1, 61, 2):
            at = now - timedelta(days=(1, 100)[id_ % 3 == 0])
            kind = kinds[id_ % len(kinds) if id_ % 5 else -1]
            held = effective(register.history(id_))
            detail = {"seq": held[-1].seq} if held and kind is Kind.VOIDED else {}
            with suppress(DealtrackError):
                recorder.record(Work(id_, (Draft(kind, Moment(at, at, False), {"reason": "x", **detail}),)))


@pytest.mark.parametrize("known", [None, *KNOWN], ids=lambda known: known and known.date().isoformat())
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.date().isoformat())
def test_standings_reports_and_what_is_due_are_as_all_histories_tell(
    path: Path, moment: datetime, known: datetime | None
) -> None:
    view = View.of(END, moment, known)
    until = min(moment, END) + timedelta(days=9)
    questions = [Question(by) for by in ("", *GROUPINGS)]
    questions += [
        Question(first=date(2016, 11, 1), last=date(2016, 11, 20)),
        Question(wanted=Filter(platforms=("JD",))),
    ]
    with Register.open(path) as register, Folding.open(path) as folding:
        for wanted in FILTERS:
            assert told(register.standings(wanted, view)) == told(folding.standings(wanted, view))
            assert list(register.due(wanted, until, view)) == list(folding.due(wanted, until, view))
            assert list(register.overdue(wanted, view)) == list(folding.overdue(wanted, view))
        for question in questions:
            assert make_report(register, question, view) == make_report(folding, question, view)


def test_a_part_is_told_by_the_tables(path: Path) -> None:
    with Register.open(path) as register:
        parts = [register.parted(Filter(), View.of(END, moment)) for moment in MOMENTS]
        counts = [len(moved or ()) for _, moved in parts]
        shown = [sum(1 for _ in register.standings(Filter(), View.of(END, moment))) for moment in MOMENTS]
    assert counts[-1] == 0
    assert all(0 < count < all_ for count, all_ in zip(counts[6:16], shown[6:16], strict=True))
    assert shown == sorted(shown)


def test_what_was_known_is_told_by_the_tables_unless_the_calendar_was_changed_since(path: Path) -> None:
    with Register.open(path) as register:
        views = [View.of(END, None, known) for known in KNOWN]
        parts = [register.parted(Filter(), view) for view in views]
        shown = [sum(1 for _ in register.standings(Filter(), view)) for view in views]
    assert parts[:2] == [(None, None)] * 2
    two, three, none = (len(changed or ()) for _, changed in parts[2:])
    assert two == three > none == 0
    assert 0 == shown[0] < shown[1] < shown[2] == shown[3] < shown[4]


def test_after_a_change_of_the_time_zone_s_rules_no_deadline_is_told_by_two_of_them(path: Path, tmp_path: Path) -> None:
    moved = tmp_path / "register.db"
    shutil.copy(path, moved)
    with closing(sqlite3.connect(moved, isolation_level=None)) as db:
        db.execute("UPDATE zone_offset SET seconds = seconds + 3600 WHERE since > '1991'")
    with Register.open(moved) as register:
        assert register.parted(Filter(), View.of(END, MOMENTS[5])) == (None, None)
        assert register.parted(Filter(), View.of(END))[0] == Filter()


def test_more_lines_than_are_held_are_told_as_those_of_the_present_are(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    count = KEPT + 50
    moments = [f"2016-11-14 {number % 24:02}:{number % 60:02}" for number in range(count)]
    rows = [f"{number},JD,{moment},the {number % 7}th of its kind" for number, moment in enumerate(moments)]
    path = clerk.db.with_suffix(".csv")
    path.write_text("\n".join(["number,platform,received,summary", *rows]), encoding="utf-8")
    clerk("init").ok()
    clerk("import", path).ok()
    asked = [["due"], ["search", "KIND"]]
    told = [clerk(*words, "--format", "jsonl").ok() for words in asked]
    assert [len(lines.splitlines()) for lines in told] == [count, count]
    assert [clerk(*words, "--format", "jsonl", "--as-of", "2016-11-15 09:00").ok() for words in asked] == told


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), unique=True), st.integers(0, 20), st.booleans())
def test_values_come_in_the_order_of_their_keys_and_no_more_than_so_many_are_held(
    keys: list[tuple[int, int]], kept: int, falling: bool
) -> None:
    told_again: list[tuple[int, int]] = []

    def again(key: tuple[int, int]) -> str:
        told_again.append(key)
        return str(key)

    ordered = list(in_order(((key, str(key)) for key in keys), again, falling=falling, kept=kept))
    assert ordered == list(map(str, sorted(keys, reverse=falling)))
    assert sorted(told_again) == sorted(keys[kept:])

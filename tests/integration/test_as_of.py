"""What is told of an earlier moment by tables that are projected for it, beside what each history alone tells of it."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core.clocks import Clock
from dealtrack.core.lifecycle import Kind, effective
from dealtrack.core.moments import Moment
from dealtrack.core.standing import Standing
from dealtrack.errors import DealtrackError
from dealtrack.register.engine import Address
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Filter, View
from dealtrack.register.recorder import Proposal, Work, recording
from dealtrack.register.register import Register
from tests import varied
from tests.conftest import IS_LONG, Clerk
from tests.registers import copy_register, new_place

WEEKS = tuple(timedelta(days=days) for days in (0, 40, 90))
END = varied.NOW + WEEKS[-1]
MOMENTS = (
    varied.START - timedelta(days=1),
    *(varied.START + timedelta(days=days, hours=7) for days in range(3, 190, 11 if IS_LONG else 33)),
    datetime(2099, 12, 1, tzinfo=UTC),
)
KNOWN = tuple(varied.NOW + timedelta(days=days) for days in (-3, 1, 41, 70, 91))
FILTERS = (
    Filter(),
    Filter(statuses=("open",)),
    Filter(statuses=("closed",)),
    Filter(statuses=("paused",), platforms=("JD",)),
    Filter(statuses=("open", "closed")),
    Filter(statuses=("received", "closed"), categories=("quality", "other")),
    Filter(platforms=("JD", "Tmall"), owners=("朝阳所", "clerk")),
    Filter(owners=("朝阳所",), backdated=True),
    Filter(since=varied.START + timedelta(days=20), until=varied.START + timedelta(days=60)),
    Filter(ids=(3, 4, 5, 60, 61, 62, 130, 999)),
)


def is_meant(standing: Standing, wanted: Filter) -> bool:
    """Tell whether a filter means a complaint, by its fields alone."""
    complaint = standing.complaint
    assert complaint.received is not None
    names = {complaint.status.value, "open"} if complaint.is_open else {complaint.status.value}
    return (
        (not wanted.statuses or bool(names & {*wanted.statuses}))
        and (not wanted.platforms or complaint.platform in wanted.platforms)
        and (not wanted.categories or complaint.category in wanted.categories)
        and (not wanted.owners or complaint.owner in wanted.owners)
        and (wanted.since is None or complaint.received >= wanted.since)
        and (wanted.until is None or complaint.received < wanted.until)
        and (wanted.ids is None or complaint.id in wanted.ids)
        and (not wanted.backdated or complaint.backdated > 0)
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, full_register: Address) -> Address:
    """A register into which was written three times, and whose calendar was changed after the second."""
    folder = tmp_path_factory.mktemp("as-of")
    clerk = Clerk(folder / "home", new_place(folder))
    copy_register(full_register, clerk.address)
    for place, later in enumerate(WEEKS):
        with open_register(clerk.address) as register:
            varied.write_varied(register, 60, seed=place, later=later)
            go_on(register, varied.NOW + later)
        if place == 1:
            day = (varied.NOW + timedelta(days=3)).date()
            amended = ["--name", "storm", "--source", "the city's notice", "--yes"]
            clerk("calendar", "amend", day, "--off", *amended, now=(varied.NOW + later).isoformat()).ok()
    return clerk.address


def told(standings: Iterable[Standing]) -> list[tuple[Any, ...]]:
    """What the tables hold of complaints and their clocks: no more is listed."""
    return [
        (
            standing.complaint,
            standing.moment,
            *(sorted(map(shown, clocks)) for clocks in (standing.clocks, standing.runs)),
        )
        for standing in standings
        if standing.complaint.received is not None
    ]


def shown(clock: Clock) -> tuple[Any, ...]:
    fields = clock.started, clock.due, clock.due_day, clock.ended, clock.end, clock.paused, clock.provisional
    return clock.name, clock.round, *map(str, fields)


def go_on(register: Register, now: datetime) -> None:
    """Record what the courses of the first complaints allow, one day and a hundred days before."""
    kinds = Kind.NOTED, Kind.FORWARDED, Kind.COMPLETED, Kind.REOPENED, Kind.PAUSED, Kind.VOIDED
    with recording(register, now, "clerk") as recorder:
        for id_ in range(1, 61, 2):
            at = now - timedelta(days=(1, 100)[id_ % 3 == 0])
            kind = kinds[id_ % len(kinds) if id_ % 5 else -1]
            held = effective(register.history(id_))
            detail = {"seq": held[-1].seq} if held and kind is Kind.VOIDED else {}
            with suppress(DealtrackError):
                recorder.record(Work(id_, (Proposal(kind, Moment(at, at, False), {"reason": "x", **detail}),)))


@pytest.mark.parametrize("known", [None, *KNOWN], ids=lambda known: known and known.date().isoformat())
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.date().isoformat())
def test_lists_are_as_the_histories_tell_one_by_one(path: Path, moment: datetime, known: datetime | None) -> None:
    view = View.of(END, moment, known)
    until = min(moment, END) + timedelta(days=9)
    with open_register(path) as register:
        each = [standing for entries in register.histories() if (standing := register.standing_of(entries, view))]
        for wanted in FILTERS:
            meant = [standing for standing in each if is_meant(standing, wanted)]
            assert told(register.standings(wanted, view)) == told(meant)
            for verdict, listed in (
                ("overdue", register.overdue(wanted, view)),
                ("running", register.due(wanted, until, view)),
            ):
                expected = sorted(
                    (clock.due, standing.complaint.id, clock.name)
                    for standing in meant
                    for clock in standing.clocks
                    if clock.started and clock.due and standing.verdict(clock) == verdict
                    if verdict == "overdue" or clock.due <= until
                )
                assert [(late.clock.due, late.complaint.id, late.clock.name) for late in listed] == expected


def test_what_is_written_meanwhile_is_in_the_tables_of_an_earlier_moment(made_register: Path, tmp_path: Path) -> None:
    place = new_place(tmp_path)
    copy_register(made_register, place)
    moment = varied.NOW - timedelta(days=30)
    view = View.of(varied.NOW, moment)
    with open_register(place) as register:
        assert list(register.standings(Filter(), view)) == []
        varied.write_varied(register, 20)
        received = [life[0].at for life in register.histories() if life[0].at <= moment]
        assert len(received) > 5
        shown = [standing.complaint.received for standing in register.standings(Filter(), view)]
        assert {*shown} <= {*received} and shown


def test_searches_tell_the_latest_received_first_at_an_earlier_moment_too(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    count = 50
    moments = [f"2016-11-14 {number * 7 % 24:02}:{number % 60:02}" for number in range(count)]
    rows = [f"{number},JD,{moment},the {number % 7}th of its kind" for number, moment in enumerate(moments)]
    path = clerk.home.with_name("rows.csv")
    path.write_text("\n".join(["number,platform,received,summary", *rows]), encoding="utf-8")
    clerk("init").ok()
    clerk("import", path).ok()
    asked = [["due"], ["search", "KIND"]]
    present = [clerk(*words, "--format", "jsonl").ok() for words in asked]
    assert [len(lines.splitlines()) for lines in present] == [count, count]
    assert [clerk(*words, "--format", "jsonl", "--as-of", "2016-11-15 09:00").ok() for words in asked] == present

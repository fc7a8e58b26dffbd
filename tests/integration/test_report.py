"""Reports of registers with lives of every kind: no complaint is missing, and each run of a clock counts once."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealtrack.core.clocks import Verdict
from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment, to_store
from dealtrack.errors import DealtrackError, OutsideCalendar, RegisterUnusable
from dealtrack.register.counts import day_function
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Filter, View
from dealtrack.register.recorder import Proposal, Work, recording
from dealtrack.register.register import Register
from dealtrack.reports.compliance import ReportQuery, last_years, make_report, spans_of
from dealtrack.reports.figures import GROUPINGS, PARTS, Group, Report, Role, Section, Whole
from dealtrack.sources.campaigns import Campaign
from tests.conftest import connection_of, tries

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2016, 12, 1, 1, tzinfo=UTC)
BEGIN = datetime(2016, 10, 20, tzinfo=UTC)
YEARS_END = datetime(2026, 12, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)

Step = tuple[Kind, int]
Life = tuple[dict[str, Any], int, list[Step]]

OF_OTHERS = (Kind.RECEIVED, Kind.EVIDENCE, Kind.EVENT, Kind.MERGED, Kind.JOINED, Kind.LETTER)
"""What hangs on files, on other complaints, or on events that the policy does not name."""
LATER = [kind for kind in Kind if kind not in OF_OTHERS]
DETAILS: dict[Kind, dict[str, Any]] = {
    Kind.COMPLETED: {"outcome": "advance-compensation", "amount": "12.35"},
    Kind.PAUSED: {"reason": "appraisal"},
    Kind.REOPENED: {"reason": "not resolved"},
    Kind.EXTENDED: {"reason": "many parties", "clock": "complete", "by": 2},
    Kind.HANDED_ON: {"to": "海淀所"},
    Kind.REPLIED: {"final": False},
    Kind.TRANSFERRED: {"to": "朝阳", "sha256": "0" * 64},
    Kind.AMENDED: {"category": "other", "owner": "朝阳所"},
}
LIVES = st.tuples(
    st.fixed_dictionaries(
        {
            "platform": st.sampled_from(["JD", "Tmall", "Amazon"]),
            "category": st.sampled_from(["quality", "delivery"]),
            "seller": st.sampled_from([None, "platform", "third-party"]),
            "owner": st.sampled_from([None, "网监科", "消保科"]),
        }
    ),
    st.integers(0, 24 * 40),
    st.lists(st.tuples(st.sampled_from(LATER), st.integers(0, 200)), max_size=6),
)


def at(moment: datetime) -> Moment:
    return Moment(moment, moment, False)


def live(register: Register, life: Life, begin: datetime = BEGIN, now: datetime = NOW) -> None:
    """Record a life, without the steps that are refused."""
    stated, hours, steps = life
    moment = min(begin + hours * HOUR, now)
    detail = {"policy": "green-channel", **{name: value for name, value in stated.items() if value is not None}}
    with recording(register, min(now, moment + 3 * HOUR), "c") as recorder:
        id_ = recorder.record(Work(None, [Proposal(Kind.RECEIVED, at(moment), detail)])).complaint.id
    for kind, gap in steps:
        moment += gap * HOUR
        told = DETAILS.get(kind, {"note": "called"})
        if kind is Kind.VOIDED:
            told = {"reason": "slip", "seq": register.history(id_)[-1].seq}
        try:
            with recording(register, now, "c") as recorder:
                recorder.record(Work(id_, [Proposal(kind, at(moment), told)]))
        except DealtrackError:
            continue


@contextmanager
def register_of(
    lives: list[Life], made_register: Path, begin: datetime = BEGIN, now: datetime = NOW
) -> Iterator[Register]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "register.db"
        shutil.copyfile(made_register, path)
        with open_register(path) as register:
            for life in lives:
                live(register, life, begin, now)
            yield register


def numbers(group: Group) -> dict[str, Any]:
    held = {field.name: getattr(group, field.name) for field in fields(group)}
    return {name: value for name, value in held.items() if name not in ("key", "clocks", "intake")}


def check_adds_up(section: Section) -> None:
    total = section.total
    if section.groups:
        summed: Counter[str] = Counter()
        for group in section.groups:
            summed.update(numbers(group))
        assert {name: summed[name] for name in numbers(total)} == numbers(total)
    for group in (total, *section.groups):
        assert group.intake.total() == group.complaints
        for clock in group.clocks.values():
            assert sum(clock.part(name) for name in PARTS) == clock.verdicts.total() == clock.runs
            assert clock.complaints <= clock.runs and clock.provisional <= clock.runs
            assert clock.on_time.whole == sum(clock.part(name) for name in ("on_time", "late", "open_late"))
            assert clock.done <= clock.runs
    for name, clock in total.clocks.items():
        parts = [group.clock(name) for group in section.groups]
        if section.groups:
            assert sum(held.runs for held in parts) == clock.runs
            assert sum(held.complaints for held in parts) == clock.complaints
            assert sum((held.days for held in parts), Counter()) == clock.days
    assert sum(count for _, count in section.daily()) == total.complaints


@settings(max_examples=tries(30))
@given(st.lists(LIVES, min_size=1, max_size=10), st.integers(0, 24 * 45))
def test_totals_add_up_in_every_grouping(made_register: Path, lives: list[Life], back: int) -> None:
    with register_of(lives, made_register) as register:
        views = [View.of(NOW), View.of(NOW, NOW - back * HOUR), View.of(NOW, None, NOW - back * HOUR)]
        for view in views:
            standings = list(register.standings(Filter(), view))
            for by in GROUPINGS:
                report = make_report(register, ReportQuery(by), view)
                total = report.main.total
                assert total.complaints == len(standings)
                assert total.open == sum(standing.complaint.is_open for standing in standings)
                for name, clock in total.clocks.items():
                    runs = [
                        standing.verdict(run)
                        for standing in standings
                        for run in standing.runs_and_waiting
                        if run.name == name
                    ]
                    assert Counter(runs) == clock.verdicts
                check_adds_up(report.main)
            split = date(2016, 11, 5)
            early, late = (
                make_report(register, ReportQuery("platform", *days), view)
                for days in ((None, split), (split + timedelta(1), None))
            )
            assert early.main.total.complaints + late.main.total.complaints == len(standings)


@pytest.mark.parametrize(("begin", "now"), [(BEGIN, NOW), (YEARS_END, YEARS_END + timedelta(days=25))], ids=str)
@settings(max_examples=tries(30))
@given(st.lists(LIVES, min_size=1, max_size=10), st.sampled_from(GROUPINGS))
def test_the_tables_tell_what_the_journal_tells(
    made_register: Path, begin: datetime, now: datetime, lives: list[Life], by: str
) -> None:
    """The present report is counted from the register's tables, one as of now from those that are projected for it.

    At the end of 2026 deadlines are provisional, since the official calendar of 2027 is not published.
    """
    first = begin.date() + timedelta(days=10)
    campaign = Campaign("sale", "Sale", first, first + timedelta(days=15))
    with register_of(lives, made_register, begin, now) as register:
        for question in (
            ReportQuery(by),
            ReportQuery(by, campaign=campaign),
            ReportQuery(by, complaints=Filter(platforms=("JD",))),
        ):
            present = make_report(register, question, View.of(now))
            assert present == make_report(register, question, View(now, None, is_present=False))


@pytest.fixture
def register(made_register: Path) -> Iterator[Register]:
    with register_of([], made_register) as made:
        yield made


def receive(register: Register, day: str, *steps: Step, **stated: str) -> None:
    hours = (datetime.fromisoformat(day).replace(tzinfo=SHANGHAI) - BEGIN) // HOUR
    live(register, ({"platform": "JD", "category": "quality", **stated}, hours, list(steps)))


def asked(register: Register, by: str = "platform", **question: Any) -> Report:
    return make_report(register, ReportQuery(by, **question), View.of(NOW))


def test_a_complaint_done_late_and_reopened_stays_late(register: Register) -> None:
    receive(register, "2016-11-01 09:00", (Kind.FORWARDED, 1), (Kind.COMPLETED, 24 * 7), (Kind.REOPENED, 1), (Kind.COMPLETED, 2))  # fmt: skip
    receive(register, "2016-11-01 09:00", (Kind.COMPLETED, 1))
    total = asked(register).main.total
    forward, complete = total.clocks.values()
    assert (complete.complaints, complete.runs) == (2, 3)
    assert (complete.part("late"), complete.part("on_time"), forward.part("cancelled")) == (1, 2, 1)
    assert complete.on_time.rate == 2 / 3 and complete.on_time.of is Whole.DECIDED
    assert complete.days == {0: 2, 5: 1} and complete.median == 0 and complete.ninetieth == 5
    assert (total.reopened.count, total.reopenings, total.reopened.whole) == (1, 1, 2)
    assert (total.first_contact.count, total.first_contact.whole) == (1, 2)


def test_overdue_counts_against_the_rate_and_withdrawn_does_not(register: Register) -> None:
    receive(register, "2016-11-29 09:00", (Kind.FORWARDED, 2))
    receive(register, "2016-11-28 09:00", (Kind.WITHDRAWN, 2))
    receive(register, "2016-11-28 09:00")
    receive(register, "2016-11-30 09:00", (Kind.PAUSED, 2))
    forward, complete = asked(register).main.total.clocks.values()
    assert +forward.verdicts == {
        Verdict.MET: 1, Verdict.CANCELLED: 1, Verdict.OVERDUE: 1, Verdict.PAUSED: 1,
    }  # fmt: skip
    assert (forward.on_time.count, forward.on_time.whole) == (1, 2)
    assert +complete.verdicts == {
        Verdict.RUNNING: 1, Verdict.CANCELLED: 1, Verdict.PROJECTED: 2,
    }  # fmt: skip
    assert complete.on_time.rate is None and complete.median is None and complete.ninetieth is None


def test_advance_compensation(register: Register) -> None:
    receive(register, "2016-11-01 09:00", (Kind.COMPLETED, 1), seller="third-party")
    receive(register, "2016-11-01 09:00", seller="third-party")
    receive(register, "2016-11-02 09:00", (Kind.COMPLETED, 1), seller="platform")
    total = asked(register).main.total
    assert (total.advanced, str(total.advanced_sum)) == (2, "24.70")
    assert (total.advance.count, total.advance.whole, total.advance.of) == (1, 2, Whole.THIRD_PARTY)


def test_a_campaign_beside_the_days_before_and_last_years(register: Register) -> None:
    campaign = Campaign("sale-2016", "Sale", date(2016, 11, 1), date(2016, 11, 10))
    for day in ("2016-10-22", "2016-10-31", "2016-11-01", "2016-11-10", "2016-11-11"):
        receive(register, f"{day} 00:00")
        receive(register, f"{day} 23:00")
    report = asked(register, campaign=campaign)
    assert [(s.role, str(s.first), str(s.last), s.total.complaints) for s in report.sections] == [
        (Role.MAIN, "2016-11-01", "2016-11-10", 4),
        (Role.BEFORE, "2016-10-22", "2016-10-31", 4),
    ]
    assert report.main.usual is not None
    assert (report.main.usual.count, report.main.usual.whole, report.main.usual.of) == (4, 10, Whole.DAYS_BEFORE)
    other = Campaign("sale-2015", "Sale of 2015", date(2015, 11, 5), date(2015, 11, 8))
    known = {"sale-2016": campaign, "sale-2015": other}
    assert last_years(campaign, known) is other and last_years(other, known) is None
    spans = spans_of(ReportQuery(campaign=campaign, last_year=other))
    assert [(span.role, str(span.first)) for span in spans] == [
        (Role.MAIN, "2016-11-01"), (Role.BEFORE, "2016-10-22"), (Role.LAST_YEAR, "2015-11-05"),
    ]  # fmt: skip
    leap = spans_of(ReportQuery(campaign=campaign._replace(first=date(2016, 2, 1), last=date(2016, 2, 29))))
    assert (str(leap[2].first), str(leap[2].last)) == ("2015-02-01", "2015-02-28")


def test_weeks_and_months_without_complaints_are_there(register: Register) -> None:
    receive(register, "2016-10-31 09:00")
    receive(register, "2016-11-28 00:00")
    weeks = asked(register, "week").main
    assert [(group.key, group.complaints) for group in weeks.groups] == [
        ("2016-W44", 1), ("2016-W45", 0), ("2016-W46", 0), ("2016-W47", 0), ("2016-W48", 1),
    ]  # fmt: skip
    assert [(group.key, group.complaints) for group in asked(register, "month").main.groups] == [
        ("2016-10", 1), ("2016-11", 1),
    ]  # fmt: skip
    assert weeks.days == 29 and sum(1 for _ in weeks.daily()) == 29


def test_a_span_that_is_not_over_counts_its_days_so_far(register: Register) -> None:
    receive(register, "2016-11-30 09:00")
    section = asked(register, first=date(2016, 11, 28), last=date(2016, 12, 31)).main
    assert (section.days, str(section.until), str(section.last)) == (4, "2016-12-01", "2016-12-31")
    ahead = asked(register, first=date(2017, 1, 1), last=date(2017, 1, 31)).main
    assert (ahead.days, list(ahead.daily()), ahead.a_day.rate, ahead.usual) == (0, [], None, None)


@pytest.mark.parametrize("is_open_beside", [False, True])
def test_provisional_deadlines_are_counted_of_closed_complaints_too(made_register: Path, is_open_beside: bool) -> None:
    now = datetime(2026, 12, 31, 8, tzinfo=UTC)
    stated = {"platform": "JD", "category": "quality"}
    eve = 24 * 25 + 1
    lives: list[Life] = [(stated, eve, [(Kind.FORWARDED, 1), (Kind.COMPLETED, 1)]), (stated, 0, [(Kind.COMPLETED, 1)])]
    if is_open_beside:
        lives.append((stated, eve + 2, []))
    with register_of(lives, made_register, YEARS_END, now) as register:
        for view in (View.of(now), View(now, None, is_present=False)):
            total = make_report(register, ReportQuery("platform"), view).main.total
            assert (total.complaints, total.provisional) == ((3, 2) if is_open_beside else (2, 1))
            forward, complete = total.clocks.values()
            assert (forward.provisional, complete.provisional) == (0, 2 if is_open_beside else 1)


@pytest.mark.parametrize(
    "name", ["Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Monrovia"]
)
def test_the_day_of_a_stored_moment_is_that_of_the_zone(name: str) -> None:
    zone = ZoneInfo(name)
    day = day_function(zone, lambda day: day)
    for begin in (datetime(1971, 12, 30, tzinfo=UTC), datetime(2016, 10, 30, tzinfo=UTC)):
        for minutes in range(0, 60 * 24 * 9, 7):
            moment = begin + timedelta(minutes=minutes)
            assert day(to_store(moment)) == moment.astimezone(zone).date()


def test_a_run_that_was_stopped_after_the_calendar_s_end_is_refused_in_words(made_register: Path) -> None:
    stated = {"platform": "JD", "category": "quality"}
    with register_of([(stated, 1, [(Kind.COMPLETED, 1)])], made_register) as register:
        connection_of(register).execute("UPDATE clock SET \"end\" = 'stopped', ended_at = '2029-01-02T00:00:00Z'")
        with pytest.raises(OutsideCalendar, match="2029-01-02"):
            asked(register)


def test_an_empty_register_has_an_empty_report(register: Register) -> None:
    for by in GROUPINGS:
        report = asked(register, by)
        assert report.main == Section(Role.MAIN, "", None, None, None, Group(None))


def test_a_report_of_a_text_that_cannot_be_read_is_refused_in_words(made_register: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    shutil.copyfile(made_register, path)
    detail = {"platform": "JD", "category": "quality", "policy": "green-channel"}
    with open_register(path) as register, recording(register, NOW, "clerk") as recorder:
        recorder.record(Work(None, [Proposal(Kind.RECEIVED, Moment(NOW, NOW, False), detail)]))
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("UPDATE complaint SET platform = CAST(x'ff' AS TEXT)")
    with (
        pytest.raises(RegisterUnusable, match="damaged"),
        open_register(path, read_only=True) as register,
    ):
        make_report(register, ReportQuery("platform"), View.of(NOW))

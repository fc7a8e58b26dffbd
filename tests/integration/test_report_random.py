"""Every figure of reports on random registers, now and at past moments, beside one that shares no code with them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dealtrack.core.standing import record
from dealtrack.register.queries import Filter, View
from dealtrack.reports.compliance import ReportQuery, make_report
from dealtrack.reports.figures import GROUPINGS
from dealtrack.reports.records import report_record
from dealtrack.sources.campaigns import Campaign
from tests import plain_figures
from tests.conftest import tries
from tests.integration.test_report import BEGIN, HOUR, LIVES, NOW, Life, register_of
from tests.plain_figures import Seen, Span, mean

SHIFT = timedelta(hours=8)
SPANS = (
    Span(None, None),
    Span(date(2016, 11, 1), date(2016, 11, 20)),
    Span(date(2016, 11, 8), None),
    Span(None, date(2016, 11, 12)),
    Span(date(2016, 12, 20), None),
)
MOMENTS = st.one_of(
    st.integers(0, 24 * 45).map(lambda back: NOW - back * HOUR),
    # The first second of a day in Beijing, and the last before it.
    st.tuples(st.integers(0, 40), st.integers(0, 1)).map(lambda day: BEGIN - SHIFT + timedelta(day[0], -day[1])),
)


def check_section(told: dict[str, Any], expected: dict[str, Any], by: str) -> None:
    for name in ("first", "last", "days", "a_day"):
        assert told[name] == expected[name], name
    check_whole(told["total"], expected["total"])
    groups = {group[by]: group for group in told["groups"]}
    assert {key for key, group in groups.items() if group["complaints"]} == expected["groups"].keys()
    for key, whole in expected["groups"].items():
        check_whole(groups[key], whole)
    assert {row["day"]: row["complaints"] for row in told["intake"] if row["complaints"]} == expected["intake"]
    assert len(told["intake"]) == expected["days"]


def check_whole(told: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {key: told[key] for key in expected if key != "clocks"} == {
        key: value for key, value in expected.items() if key != "clocks"
    }
    assert told["clocks"].keys() == expected["clocks"].keys()
    for name, clock in expected["clocks"].items():
        held = told["clocks"][name]
        # A verdict that a release does not know yet is in no part.
        assert held == {key: value for key, value in clock.items() if key in held or value}, name


def beijing(moment: datetime) -> datetime:
    return (moment + SHIFT).replace(tzinfo=None)


@settings(max_examples=tries(40))
@given(
    st.lists(LIVES, min_size=1, max_size=8),
    st.sampled_from(GROUPINGS),
    st.sampled_from(SPANS),
    MOMENTS,
    st.booleans(),
)
def test_every_figure_is_its_definition(
    made_register: Path, lives: list[Life], by: str, span: Span, moment: datetime, is_known: bool
) -> None:
    with register_of(lives, made_register) as register:
        model = plain_figures.read_model(register.path, beijing(NOW))
        views = [
            (View.of(NOW), None, None),
            (View.of(NOW, None, moment) if is_known else View.of(NOW, moment), moment, moment if is_known else None),
        ]
        for view, at, known in views:
            plain_at = beijing(at) if at else None
            plain_known = beijing(known) if known else None
            seen = plain_figures.seen_at(model, plain_at, plain_known)
            check_deadlines(register, view, seen)
            told = report_record(make_report(register, ReportQuery(by, span.first, span.last), view))
            whole = plain_figures.section(seen, by, span, model, plain_known, plain_at or beijing(NOW))
            check_section(told, whole, by)
            assert told["register_begins"] == whole["begun"]
            check_usual(told, whole, seen, span, (plain_at or beijing(NOW)) - timedelta(seconds=1))


def check_deadlines(register: Any, view: View, seen: list[Seen]) -> None:
    """Hold the deadline and the verdict of every clock against the plain model's."""
    for standing, expected in zip(register.standings(Filter(), view), seen, strict=True):
        held = record(standing)
        for run in expected.current:
            due = held[f"{run.rule.name}_due"]
            assert (due and beijing(due)) == run.due
            assert held[f"{run.rule.name}_verdict"] == run.verdict(beijing(view.moment))


def check_usual(told: dict[str, Any], whole: dict[str, Any], seen: list[Seen], span: Span, begun: datetime) -> None:
    """Hold the usual number of complaints per day: of the same number of days before where there were any, else of the span."""
    count, days, of = whole["total"]["complaints"], whole["known_days"], "days"
    if span.first and span.last:
        first = span.first - (span.last - span.first) - timedelta(1)
        received = [each.life.received.date() for each in seen if each.life.received]
        before = [day for day in received if first <= day < span.first]
        (section,) = told["beside"]
        assert section["total"]["complaints"] == len(before)
        if before:
            count, of = len(before), "days-before"
            until = min(span.first - timedelta(1), max([begun.date(), *before]))
            days = (until - max(first, whole["begun"])).days + 1
    expected = (mean(count, days), days, of) if days else (None, None, None)
    assert (told["usual_a_day"], told["usual_days"], told["usual_of"]) == expected


@settings(max_examples=tries(20))
@given(st.lists(LIVES, min_size=1, max_size=8), st.sampled_from(["platform", "category", "seller", "owner"]))
def test_rows_of_all_spans_add_up_to_all(made_register: Path, lives: list[Life], by: str) -> None:
    """Every group of any span has a row where spans stand beside each other."""
    campaign = Campaign("sale", "Sale", date(2016, 11, 5), date(2016, 11, 14))
    with register_of(lives, made_register) as register:
        report = make_report(register, ReportQuery(by, campaign=campaign), View.of(NOW))
        for section in report.sections:
            groups = [section.group(key) for key in report.keys]
            assert sum(group.complaints for group in groups) == section.total.complaints
        assert replace(report, by="").keys == report.keys

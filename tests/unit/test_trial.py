"""A policy on trial, over histories small enough to judge by eye; November 2016 has no holiday."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from dealtrack.core.calendar import CalendarRules, WorkingCalendar
from dealtrack.core.clocks import Verdict
from dealtrack.core.lifecycle import Complaint, Kind, Transition
from dealtrack.core.policy import ClockRule, Policy
from dealtrack.reports.trial import (
    Basis,
    Trial,
    allowed_history,
    changes_by_clock,
    changes_by_group,
    group_by,
    record_keys,
    records,
    sentences,
    try_policy,
)

ZONE = timezone(timedelta(hours=8))
RULES = CalendarRules(
    "plain", "Plain", "Asia/Shanghai", date(2016, 1, 1), date(2017, 12, 31), frozenset({5, 6}), {}, frozenset({2016})
)
CALENDAR = WorkingCalendar(RULES, 1)
NOON = datetime(2016, 11, 14, 4, tzinfo=UTC)
BENCH = Basis(lambda _: CALENDAR, ZONE, NOON)

RECEIVED, FORWARDED, COMPLETED = Kind.RECEIVED, Kind.FORWARDED, Kind.COMPLETED


def rule(name: str, start: Kind, stop: Kind, length: int, **more: int) -> ClockRule:
    return ClockRule(name, frozenset({start}), frozenset({stop}), length, **more)  # type: ignore[arg-type]


def policy(*rules: ClockRule, name: str = "own", in_force: date = date(2016, 1, 1)) -> Policy:
    return Policy(name, name, in_force, "authority", "source", rules)


FORWARD = rule("forward", RECEIVED, FORWARDED, 1)
OWN = policy(FORWARD, rule("complete", FORWARDED, COMPLETED, 2))
STRICT = policy(FORWARD, rule("complete", FORWARDED, COMPLETED, 1), name="strict")


def history(id_: int, told: str, platform: str = "JD") -> list[Transition]:
    """`received 1, forwarded 2, extended 3 complete 1`: what happened on which day of November, at ten."""
    entries = []
    for place, part in enumerate(told.split(", ")):
        kind, day, *rest = part.split(" ")
        at = datetime(2016, 11, int(day), 10, place, tzinfo=ZONE).astimezone(UTC)
        detail: dict[str, object] = {"platform": platform, "category": "quality"} if kind == "received" else {}
        if kind == "extended":
            detail = {"clock": rest[0], "by": int(rest[1])}
        if kind == "voided":
            detail = {"seq": id_ * 100 + int(rest[0])}
        entries.append(Transition(id_ * 100 + place, id_, Kind(kind), at, at, "clerk", detail))
    return entries


def tried(histories: Sequence[list[Transition]], *versions: Policy, by: str = "", own: Policy = OWN) -> Trial:
    return try_policy(histories, versions, lambda _: own, BENCH, group_by(by, ZONE))


# Forwarded Wed 2: two working days end on Fri 4, one on Thu 3.
MET_BY_BOTH = history(1, "received 1, forwarded 2, completed 3")
MET_BY_TWO = history(2, "received 1, forwarded 2, completed 4")
MISSED_BY_BOTH = history(3, "received 1, forwarded 2, completed 7", "Tmall")
# Forwarded Fri 11: due Tue 15 and Mon 14, which has not ended at noon.
RUNNING = history(4, "received 11, forwarded 11")
# Forwarded Thu 10: due Mon 14, still running, and Fri 11, overdue.
BETWEEN = history(5, "received 10, forwarded 10", "Tmall")
ALL = [MET_BY_BOTH, MET_BY_TWO, MISSED_BY_BOTH, RUNNING, BETWEEN]


def test_a_restart_that_the_policy_on_trial_does_not_know_is_the_mere_end_of_a_pause() -> None:
    told = history(1, "received 1, forwarded 1, paused 2, resumed 10")
    told[3] = told[3]._replace(detail={"restart": True})
    # Begun anew on Thu 10 it is due on Mon 14; else the second day is Fri 11.
    trial = tried([told], OWN)
    assert changes_by_clock(trial)["complete"] == {(Verdict.RUNNING, Verdict.OVERDUE): 1}
    assert changes_by_clock(tried([told], OWN._replace(restart=True)))["complete"] == {
        (Verdict.RUNNING, Verdict.RUNNING): 1
    }


def test_verdicts_then_and_now() -> None:
    trial = tried(ALL, STRICT)
    told = changes_by_clock(trial)["complete"]
    assert {verdict: (told.then(verdict), told.now(verdict)) for verdict in Verdict} == {
        Verdict.RUNNING: (2, 1),
        Verdict.OVERDUE: (0, 1),
        Verdict.MET: (2, 1),
        Verdict.MISSED: (1, 2),
        Verdict.PAUSED: (0, 0),
        Verdict.PROJECTED: (0, 0),
        Verdict.CANCELLED: (0, 0),
        Verdict.UNKNOWN: (0, 0),
    }
    assert (told.now_late, told.no_longer_late) == (2, 0)
    assert (trial.complaints, trial.refused, trial.versions) == (5, 0, (STRICT,))
    assert sentences(trial) == {
        "forward": "forward within 1 working day: nothing would change",
        "complete": (
            "complete within 1 working day: 1 more would be late, 1 more would be overdue, 2 open deadlines would move"
        ),
    }


def test_the_reverse_trial_says_the_reverse() -> None:
    trial = tried(ALL, OWN, own=STRICT)
    assert sentences(trial)["complete"] == (
        "complete within 2 working days: 1 fewer would be late, 1 fewer would be overdue, 2 open deadlines would move"
    )
    assert changes_by_clock(trial)["complete"].no_longer_late == 2


def test_a_policy_tried_on_its_own_complaints_changes_nothing() -> None:
    extended = history(6, "received 1, forwarded 2, extended 3 complete 2, completed 8")
    trial = tried([*ALL, extended], OWN._replace(name="again"))
    assert all(before is after for moves in trial.moves.values() for before, after in moves)
    assert trial.refused == 0
    assert set(sentences(trial).values()) == {
        "forward within 1 working day: nothing would change",
        "complete within 2 working days: nothing would change",
    }


def test_groups_sum_to_the_whole() -> None:
    for by, names in (("platform", ["JD", "Tmall"]), ("category", ["quality"]), ("month", ["2016-11"])):
        trial = tried(ALL, STRICT, by=by)
        told = changes_by_group(trial, "complete")
        assert list(told) == names
        whole = changes_by_clock(trial)["complete"]
        for verdict in Verdict:
            assert sum(changes.now(verdict) for changes in told.values()) == whole.now(verdict)
    by_platform = changes_by_group(tried(ALL, STRICT, by="platform"), "complete")
    assert [by_platform[name].change(Verdict.MISSED) for name in ("JD", "Tmall")] == [1, 0]
    assert [by_platform[name].change(Verdict.OVERDUE) for name in ("JD", "Tmall")] == [0, 1]


def test_records_hold_every_verdict_of_every_clock() -> None:
    trial = tried(ALL, STRICT, by="platform")
    made = records(trial, "platform")
    assert [(record["platform"], record["clock"], record["runs"]) for record in made] == [
        ("JD", "forward", 3),
        ("Tmall", "forward", 2),
        ("JD", "complete", 3),
        ("Tmall", "complete", 2),
    ]
    for record in made:
        assert list(record) == record_keys("platform")
        assert sum(record[f"{verdict}_now"] for verdict in Verdict) == record["runs"]
    assert made[2]["rule"] == "1 working day from forwarding to completion"
    assert record_keys("")[0] == "clock"
    assert records(tried([], STRICT), "") == []


def test_clocks_that_only_one_of_both_has() -> None:
    trial = tried(ALL, policy(rule("close", RECEIVED, COMPLETED, 3)))
    told = sentences(trial)
    # Three working days from Tue 1: Fri 4. From Thu 10 and Fri 11: Tue 15 and Wed 16.
    assert list(told) == ["close", "forward", "complete"]
    assert told["close"].endswith("no such deadline in the current policies; 1 late, 0 overdue")
    assert told["complete"] == "complete: no such deadline in this policy; 1 late, 0 overdue under the current policies"
    assert records(trial, "")[1]["rule"] is None


def test_each_complaint_is_judged_by_the_version_of_its_receipt() -> None:
    later = STRICT._replace(in_force=date(2016, 11, 10))
    trial = tried(ALL, OWN._replace(name="strict"), later)
    assert [version.in_force for version in trial.versions] == [date(2016, 1, 1), date(2016, 11, 10)]
    assert changes_by_clock(trial)["complete"].change(Verdict.MISSED) == 0
    assert changes_by_clock(trial)["complete"].change(Verdict.OVERDUE) == 1
    assert sentences(trial)["complete"].startswith("complete within 2 working days or 1 working day: 1 more would be")


def test_every_round_of_a_reopened_complaint_counts() -> None:
    own = OWN._replace(clocks=(FORWARD, OWN.clocks[1]._replace(start=frozenset({FORWARDED, Kind.REOPENED}))))
    strict = own._replace(clocks=(FORWARD, own.clocks[1]._replace(length=1)))
    # Two days each time, from Wed 2 and from Tue 8.
    twice = history(1, "received 1, forwarded 2, completed 4, reopened 8, completed 10")
    told = changes_by_clock(tried([twice], strict, own=own))["complete"]
    assert (told.then(Verdict.MET), told.now(Verdict.MISSED)) == (2, 2)


def test_voided_complaints_and_voided_transitions_do_not_count() -> None:
    gone = history(1, "received 1, voided 1 0")
    undone = history(2, "received 1, forwarded 2, completed 7, voided 7 2, completed 3")
    trial = tried([gone, undone, []], STRICT)
    assert trial.complaints == 1
    assert changes_by_clock(trial)["complete"].now(Verdict.MET) == 1


@pytest.mark.parametrize(
    ("limits", "kept", "told"),
    [
        ({}, 2, Verdict.MET),
        ({"extensions": 1}, 1, Verdict.MISSED),
        ({"extensions": 0}, 0, Verdict.MISSED),
        ({"extension_by": 1}, 2, Verdict.MET),
    ],
)
def test_extensions_that_the_policy_would_have_refused_are_left_out(
    limits: dict[str, int], kept: int, told: Verdict
) -> None:
    # Due Fri 4, then Mon 7, then Tue 8.
    extended = history(1, "received 1, forwarded 2, extended 3 complete 1, extended 4 complete 1, completed 8")
    own = OWN
    on_trial = policy(FORWARD, rule("complete", FORWARDED, COMPLETED, 2, **limits), name="limited")
    trial = tried([extended], on_trial, own=own)
    assert trial.refused == 2 - kept
    assert changes_by_clock(trial)["complete"].now(told) == 1
    remaining = allowed_history(Complaint(1, status=None), extended, on_trial, BENCH)  # type: ignore[arg-type]
    assert sum(entry.kind is Kind.EXTENDED for entry in remaining) == kept


def test_an_extension_after_the_tried_deadline_excuses_nothing() -> None:
    # By two days due Fri 4, extended on Fri 4 to Mon 7; by one day due Thu 3, past by then.
    extended = history(1, "received 1, forwarded 2, extended 4 complete 1, completed 7")
    trial = tried([extended], STRICT)
    assert trial.refused == 1
    told = changes_by_clock(trial)["complete"]
    assert (told.then(Verdict.MET), told.now(Verdict.MISSED)) == (1, 1)


def test_verdicts_that_change_without_lateness_are_said() -> None:
    assert sentences(tried([], STRICT)) == {}
    unpausable = policy(FORWARD, OWN.clocks[1]._replace(pausable=False))
    paused = history(1, "received 11, forwarded 11, paused 11")
    told = sentences(tried([paused], unpausable))["complete"]
    assert told.endswith("1 open deadline would move")
    accepting = policy(rule("forward", RECEIVED, Kind.ACCEPTED, 1))
    today = history(1, "received 14, forwarded 14")
    told = sentences(tried([today], accepting))["forward"]
    assert told == "forward within 1 working day: the same ones would be late, but other statuses would change"
    exchange = [history(1, "received 1, forwarded 2, completed 4"), history(2, "received 1, forwarded 7, completed 8")]
    swapped = policy(FORWARD, rule("complete", RECEIVED, COMPLETED, 5))
    # From Tue 1 in five working days: Tue 8. Both met: what is met by either rule stays met.
    assert sentences(tried(exchange, swapped))["complete"] == "complete within 5 working days: nothing would change"
    tight = policy(FORWARD, rule("complete", RECEIVED, COMPLETED, 3))
    late_then = history(3, "received 1, forwarded 1, completed 4")
    late_now = history(4, "received 1, forwarded 7, completed 8")
    told = sentences(tried([late_then, late_now], tight))["complete"]
    assert told == "complete within 3 working days: the same number would be late, but not the same ones"

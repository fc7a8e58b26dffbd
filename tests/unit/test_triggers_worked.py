"""What starts and stops clocks beside the steps, case by case: each deadline is counted by hand, the count in its comment.

Counted days stand in the comments as `day(nth)`. China 2026: Sat 14 Feb worked, 15-23 Feb off, Sat 28 Feb worked;
4-6 Apr off; 1-5 May off, Sat 9 May worked. United States 2024: Mon 27 May, Wed 19 Jun, Thu 4 Jul.
"""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.clocks import Clock, Verdict, current, judge, verdict
from dealtrack.core.complaint_state import make_complaint
from dealtrack.core.lifecycle import CLOSING, Kind, Transition
from dealtrack.core.moments import show_due
from dealtrack.core.policy import Policy
from dealtrack.core.policy_text import clock_words
from dealtrack.errors import BadPolicyFile
from dealtrack.sources.policies import read_policy_file
from tests.unit.test_policies_worked import calendar_named, moment

PLACES = {
    "order-121": ("cn-beijing", "Asia/Shanghai"),
    "cfpb": ("US", "America/New_York"),
    "us-dot": ("US", "America/New_York"),
    "penalty": ("cn-beijing", "Asia/Shanghai"),
}

POLICIES = {
    # SAMR Order 121 art. 23: mediation within 60 days of acceptance; art. 27: the parties are told within 7 working
    # days of its end.
    "order-121": """
[[version.clock]]
name = "mediate"
start = ["accepted", "reopened"]
stop = ["event:mediation-ended", "completed"]
length = 60
unit = "calendar-day"
[[version.clock]]
name = "tell"
start = ["ended:mediate"]
stop = ["completed", "replied:final"]
length = 7
""",
    # Company portal manual: a response within 15 days; 60 for those that were answered "In progress" within them.
    "cfpb": """
[[version.clock]]
name = "respond"
start = ["forwarded"]
stop = ["replied", "completed"]
length = 15
unit = "calendar-day"
[[version.clock]]
name = "final"
start = ["forwarded"]
stop = ["replied:final", "completed"]
only_if = ["replied:interim"]
length = 60
unit = "calendar-day"
""",
    # 14 CFR 259.7(c): acknowledged within 30 days of receipt, a substantive response within 60.
    "us-dot": """
[[version.clock]]
name = "acknowledge"
start = ["received"]
stop = ["replied", "completed"]
length = 30
unit = "calendar-day"
[[version.clock]]
name = "answer"
start = ["received"]
stop = ["replied:final", "completed"]
length = 60
unit = "calendar-day"
""",
    # Provisions on the procedure for administrative penalties art. 18: 15 working days from the discovery; art. 64: 90
    # days from the opening of the case.
    "penalty": """
[[version.clock]]
name = "open"
start = ["event:discovered"]
stop = ["event:case-opened"]
length = 15
[[version.clock]]
name = "decide"
start = ["event:case-opened"]
stop = ["completed"]
length = 90
unit = "calendar-day"
""",
}

HEAD = 'name = "made-up"\n[[version]]\nin_force = 2016-01-01\nauthority = "a"\nsource = "s"\n'


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Policy]:
    folder = tmp_path_factory.mktemp("policies")
    return {name: read(folder / f"{name}.toml", text) for name, text in POLICIES.items()}


def read(path: Path, clocks: str) -> Policy:
    path.write_text(HEAD + clocks, encoding="utf-8")
    (policy,) = read_policy_file(path)
    assert Policy.from_data(policy.to_data()) == policy
    return policy


def history_of(text: str, zone: ZoneInfo) -> list[Transition]:
    """`received 2016-11-01, replied 2016-11-02 final, event 2016-11-03 17:00 discovered`."""
    entries = []
    for seq, part in enumerate(text.split(", "), 1):
        kind, day, *rest = part.split(" ")
        at = moment(f"{day} {rest.pop(0)}" if rest and ":" in rest[0] else day, zone)
        detail: dict[str, object] = {}
        if kind == "replied":
            detail = {"final": rest == ["final"]}
        elif kind == "event":
            detail = {"name": rest[0]}
        entries.append(Transition(seq, 1, Kind(kind), at, at, "clerk", detail))
    return entries


def shown(
    policy: Policy, place: tuple[str, str], history: list[Transition], at: datetime
) -> dict[str, tuple[str, str]]:
    """Return the deadline and the verdict of the last run of each clock, or of what stands in for it."""
    calendar, zone = calendar_named(place[0]), ZoneInfo(place[1])
    runs = judge(history, policy, lambda _: calendar, zone)
    clocks = current(runs, policy, make_complaint(1, history).status, calendar, zone, at)
    return {each.name: (show_due(each.due, zone) if each.due else "none", str(verdict(each, at))) for each in clocks}


CASES = [
    # Acceptance Mon 2 Mar, + 60 days: Fri 1 May. What follows its end is projected from that day, a holiday until
    # Tue 5 May: Wed 6(1), 7(2), 8(3), Sat 9(4), Mon 11(5), 12(6), Wed 13(7).
    ("order-121", "received 2026-02-26, accepted 2026-03-02", "mediate", "2026-05-01", "running"),
    ("order-121", "received 2026-02-26, accepted 2026-03-02", "tell", "2026-05-13", "projected"),
    # Mediation ended Fri 20 Mar: Mon 23(1) ... Fri 27(5), Mon 30(6), Tue 31(7).
    ("order-121", "received 2026-02-26, accepted 2026-03-02, event 2026-03-20 mediation-ended", "tell", "2026-03-31", "running"),
    ("order-121", "received 2026-02-26, accepted 2026-03-02, event 2026-03-20 mediation-ended", "mediate", "2026-05-01", "met"),
    # Completed without an end of mediation told before: nothing is left to tell, however late.
    ("order-121", "received 2026-02-26, accepted 2026-03-02, completed 2026-03-20", "tell", "none", "cancelled"),
    # Told on the day itself, completed a month later.
    (
        "order-121",
        "received 2026-02-26, accepted 2026-03-02, event 2026-03-20 mediation-ended, replied 2026-04-01 final, completed 2026-04-30",
        "tell",
        "2026-03-31",
        "missed",
    ),
    # An event of before the acceptance ends nothing: the mediation runs from the acceptance all the same.
    ("order-121", "received 2026-02-26, event 2026-02-27 mediation-ended, accepted 2026-03-02", "mediate", "2026-05-01", "running"),
    # Paused when the mediation ends on 20 Mar: what begins then is paused too, until Wed 25. Thu 26(1), 27(2), Mon 30(3),
    # 31(4), Wed 1 Apr(5), 2(6), 3(7).
    (
        "order-121",
        "received 2026-02-26, accepted 2026-03-02, paused 2026-03-19, event 2026-03-20 mediation-ended",
        "tell",
        "none",
        "paused",
    ),
    (
        "order-121",
        "received 2026-02-26, accepted 2026-03-02, paused 2026-03-19, event 2026-03-20 mediation-ended, resumed 2026-03-25",
        "tell",
        "2026-04-03",
        "running",
    ),
    # The mediation's own clock ended in the pause: the day from 19 to 20 Mar is taken out of it, 2 May.
    (
        "order-121",
        "received 2026-02-26, accepted 2026-03-02, paused 2026-03-19, event 2026-03-20 mediation-ended, resumed 2026-03-25",
        "mediate",
        "2026-05-02",
        "met",
    ),
    # Sent 1 May 2024: 16 May, and no 60 days until it is answered "In progress".
    ("cfpb", "received 2024-05-01, forwarded 2024-05-01", "respond", "2024-05-16", "running"),
    ("cfpb", "received 2024-05-01, forwarded 2024-05-01", "final", "none", "projected"),
    # Answered so on the 15th day: kept, and 60 days from 1 May, 30 June.
    ("cfpb", "received 2024-05-01, forwarded 2024-05-01, replied 2024-05-16", "respond", "2024-05-16", "met"),
    ("cfpb", "received 2024-05-01, forwarded 2024-05-01, replied 2024-05-16", "final", "2024-06-30", "running"),
    # A day late; the 60 days run all the same.
    ("cfpb", "received 2024-05-01, forwarded 2024-05-01, replied 2024-05-17", "respond", "2024-05-16", "missed"),
    # A final answer at once: 60 days never ran. Completed without any answer: neither.
    ("cfpb", "received 2024-05-01, forwarded 2024-05-01, completed 2024-05-10", "final", "none", "cancelled"),
    ("cfpb", "received 2024-05-01, forwarded 2024-05-01, replied 2024-05-10, completed 2024-07-01", "final", "2024-06-30", "missed"),
    # An answer told before it was sent on is one to nothing that runs yet.
    ("cfpb", "received 2024-05-01, replied 2024-05-02, forwarded 2024-05-03", "respond", "2024-05-18", "running"),
    ("cfpb", "received 2024-05-01, replied 2024-05-02, forwarded 2024-05-03", "final", "none", "projected"),
    # Never sent on and completed late: the handling counts from the receipt, 16 May.
    ("cfpb", "received 2024-05-01, completed 2024-05-17", "respond", "2024-05-16", "missed"),
    # 1 May + 30: 31 May; + 60: 30 June.
    ("us-dot", "received 2024-05-01, replied 2024-05-31 23:59", "acknowledge", "2024-05-31", "met"),
    ("us-dot", "received 2024-05-01, replied 2024-05-31", "answer", "2024-06-30", "running"),
    ("us-dot", "received 2024-05-01, replied 2024-05-20 final, completed 2024-08-01", "answer", "2024-06-30", "met"),
    ("us-dot", "received 2024-05-01, replied 2024-06-01 final", "acknowledge", "2024-05-31", "missed"),
    # Reopened after the answer: what was answered stays answered.
    ("us-dot", "received 2024-05-01, replied 2024-05-20 final, withdrawn 2024-05-21, reopened 2024-06-03", "answer", "2024-06-30", "met"),
    # Reopened before any answer: both run anew from Mon 3 June, to 3 July.
    ("us-dot", "received 2024-05-01, withdrawn 2024-05-21, reopened 2024-06-03", "acknowledge", "2024-07-03", "running"),
    # Nothing runs, nor has a deadline to come, before the discovery.
    ("penalty", "received 2026-03-02", "open", "none", "projected"),
    ("penalty", "received 2026-03-02", "decide", "none", "projected"),
    # Discovered Mon 2 Mar: Tue 3(1) - Fri 6(4), 9(5) - 13(9), 16(10) - 20(14), Mon 23(15). The decision is projected from
    # then: 23 Mar + 90 = 21 June.
    ("penalty", "received 2026-03-02, event 2026-03-02 discovered", "open", "2026-03-23", "running"),
    ("penalty", "received 2026-03-02, event 2026-03-02 discovered", "decide", "2026-06-21", "projected"),
    # Opened Tue 10 Mar: + 90 = 8 June.
    ("penalty", "received 2026-03-02, event 2026-03-02 discovered, event 2026-03-10 case-opened", "decide", "2026-06-08", "running"),
    # Completed with no case: not counted, and no count from the receipt.
    ("penalty", "received 2026-03-02, completed 2026-12-01", "decide", "none", "cancelled"),
    # A case opened that nobody said was discovered: the clock that it would have stopped never ran.
    ("penalty", "received 2026-03-02, event 2026-03-10 case-opened", "open", "none", "projected"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "history", "clock", "due", "told"), CASES)
def test_each_deadline_is_the_one_counted_by_hand(
    policy: str, history: str, clock: str, due: str, told: str, policies: dict[str, Policy]
) -> None:
    place = PLACES[policy]
    entries = history_of(history, ZoneInfo(place[1]))
    assert shown(policies[policy], place, entries, entries[-1].at)[clock] == (due, told)


@cache
def _made_up(name: str) -> Policy:
    with TemporaryDirectory() as folder:
        return read(Path(folder) / "made-up.toml", POLICIES[name])


KINDS = [
    kind
    for kind in Kind
    if kind not in (Kind.JOINED, Kind.RECEIVED, Kind.VOIDED, Kind.EXTENDED, Kind.REPLIED, Kind.EVENT)
]


@given(
    st.sampled_from(sorted(POLICIES)),
    st.lists(
        st.sampled_from(
            [*map(str, KINDS), "replied", "replied final", *(f"event {n}" for n in ("mediation-ended", "discovered", "case-opened"))]
        ),
        max_size=8,
    ),
)  # fmt: skip
def test_no_course_of_events_makes_a_run_end_before_it_began_or_two_run_at_once(name: str, course: list[str]) -> None:
    policy = _made_up(name)
    zone = ZoneInfo("Asia/Shanghai")
    parts = ["received 2026-03-02"]
    for place, step in enumerate(course):
        kind, *rest = step.split(" ")
        parts.append(" ".join([kind, f"2026-03-{3 + 2 * place:02d}", *rest]))
    entries = history_of(", ".join(parts), zone)
    calendar = calendar_named("cn-beijing")
    by_clock: dict[str, list[Clock]] = {}
    for run in judge(entries, policy, lambda _: calendar, zone):
        by_clock.setdefault(run.name, []).append(run)
    for runs in by_clock.values():
        assert [run.round for run in runs] == list(range(1, len(runs) + 1))
        for run, later in zip(runs, [*runs[1:], None], strict=True):
            assert run.started is not None and (run.ended is None or run.started < run.ended)
            assert not (run.ended is None and later is not None), "two runs of one clock at once"
            assert not (run.paused and run.ended), "a run that has ended is paused no more"
            assert run.due is not None or run.paused
            assert later is None or (run.ended is not None and later.started is not None and run.ended <= later.started)
        if entries[-1].kind in CLOSING:
            assert all(run.ended for run in runs)


def test_words_of_what_starts_and_stops(policies: dict[str, Policy]) -> None:
    said = {rule.name: str(clock_words(rule)) for policy in policies.values() for rule in policy.clocks}
    assert said["tell"] == "7 working days from the end of stage mediate to completion or a final reply"
    assert said["acknowledge"] == "30 calendar days from receipt to completion or any reply"
    assert said["decide"] == "90 calendar days from the event case-opened to completion"
    assert said["final"] == (
        "60 calendar days from forwarding to completion or a final reply; "
        "it applies only after an interim reply within that time"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('start = ["event:Case Opened"]', "an event cannot be named 'Case Opened': use lower-case letters"),
        ('start = ["event:"]', "an event cannot be named ''"),
        ('start = ["event:NAME"]', "an event cannot be named 'NAME'"),
        ('start = ["replied:soon"]', "start cannot be 'replied:soon'; Did you mean"),
        ('start = ["ended:later"]', "start cannot be 'ended:later';"),
        ('start = ["ended:second"]', "start cannot be 'ended:second';"),
        ('start = ["replied"]\nonly_if = ["replied:final"]', "'replied:final' cannot both start a stage and be its"),
        ('start = ["completed"]', "start cannot be 'completed';"),
        ('start = ["accepted"]\nonly_if = ["received"]', "only_if cannot be 'received';"),
        ('start = ["received"]\nonly_if = []', "only_if is empty; allowed: replied, replied:interim, replied:final"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_trigger_names_the_line_and_what_is_allowed(line: str, told: str, tmp_path: Path) -> None:
    first = '[[version.clock]]\nname = "first"\nstart = ["received"]\nstop = ["replied"]\nlength = 1\n'
    second = f'[[version.clock]]\nname = "second"\n{line}\nstop = ["completed", "event:x"]\nlength = 1\n'
    third = '[[version.clock]]\nname = "later"\nstart = ["received"]\nstop = ["completed"]\nlength = 1\n'
    with pytest.raises(BadPolicyFile) as caught:
        read(tmp_path / "made-up.toml", first + second + third)
    assert told in str(caught.value)
    assert f"(line {13 + line.count(chr(10))})" in str(caught.value)


def test_a_text_without_new_keys_is_written_as_it_was(tmp_path: Path) -> None:
    clock = '[[version.clock]]\nname = "first"\nstart = ["received"]\nstop = ["completed"]\nlength = 1\n'
    data = read(tmp_path / "made-up.toml", clock).to_data()
    assert "only_if" not in data["clocks"][0]
    assert data["clocks"][0]["start"] == ["received"] and type(data["clocks"][0]["start"][0]) is str


def test_moments_of_a_reply_at_the_deadline_and_a_second_later(policies: dict[str, Policy]) -> None:
    zone = ZoneInfo("America/New_York")
    entries = history_of("received 2024-05-01, replied 2024-05-31", zone)
    last = datetime(2024, 6, 1, 3, 59, 59, tzinfo=UTC)
    for at, told in ((last, Verdict.MET), (last.replace(hour=4, minute=0, second=0), Verdict.MISSED)):
        moved = [entries[0], entries[1]._replace(at=at)]
        assert shown(policies["us-dot"], PLACES["us-dot"], moved, at)["acknowledge"] == ("2024-05-31", told)

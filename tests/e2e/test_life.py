"""What befalls fewer complaints, each with what `show` and `explain` say of it. All days are of November 2016:
Tue 1, Fri 4, Tue 8, Fri 11, Mon 14, and National Day (1 to 7 October) before.
"""

import json
from typing import Any

import pytest

from dealtrack.core.lifecycle import COMMAND_OF, Kind
from tests.conftest import Clerk


class Case:
    """One complaint, received at a moment, and what is done to it at others."""

    def __init__(self, clerk: Clerk, received: str, *words: str) -> None:
        self.clerk = clerk
        self("add", received, "--platform", "JD", *words)

    def __call__(self, command: str, at: str, *words: object) -> str:
        self.clerk.now = f"{at.replace(' ', 'T')}:00+08:00"
        named = () if command == "add" else (1,)
        return self.clerk(command, *named, *words).ok()

    def refused(self, command: str, at: str, *words: object) -> str:
        told = self.clerk(command, 1, *words, now=f"{at.replace(' ', 'T')}:00+08:00")
        assert told.status == 2 and not told.out
        return told.err

    def show(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.clerk("show", 1, "--format", "json").ok())
        return told

    def clocks(self) -> list[tuple[str, int, str | None, str]]:
        """Return each run of a clock: name, round, due day, verdict."""
        return [(c["clock"], c["round"], c["due"] and c["due"][:10], c["verdict"]) for c in self.show()["clocks"]]

    def explained(self, clock: str) -> list[str]:
        """Return the lines of a clock's explanation, the conclusion last."""
        return self.clerk("explain", 1, "--clock", clock).ok().splitlines()[1:]

    def history(self) -> list[list[str]]:
        lines = self.clerk("show", 1, "--format", "plain").ok().splitlines()
        return [line.split("\t")[1:] for line in lines if line.startswith("history")]


REASON = ("--reason", "appraisal")


def test_a_pause_that_ends_on_its_own_day_moves_nothing(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-08 09:00")
    case("pause", "2016-11-08 10:00", *REASON)
    assert case.clocks() == [("forward", 1, None, "paused"), ("complete", 1, None, "projected")]
    assert "forward: no deadline, at 2016-11-08 10:00: paused" in case.explained("forward")[-1]
    told = case("resume", "2016-11-08 16:00")
    assert "forward   not yet due  due Wed 2016-11-09 24:00" in told
    assert case.explained("forward") == [
        "Tue 2016-11-08\t–\tthe day of receipt is not counted (General Principles of the Civil Law art. 154)",
        "Wed 2016-11-09\t✓ 1\tworking day",
        "forward: due Wed 2016-11-09 24:00, at 2016-11-08 16:00: not yet due",
    ]
    assert [line[1] for line in case.history()] == ["received", "paused", "resumed"]
    assert case.history()[1][:4] == ["2016-11-08 10:00", "paused", "clerk", "appraisal"]


def test_a_pause_over_a_holiday_spares_its_working_days_alone(clerk: Clerk) -> None:
    case = Case(clerk, "2016-09-28 09:00")
    case("forward", "2016-09-29 09:00")
    assert case.clocks()[1] == ("complete", 1, "2016-10-08", "running")
    case("pause", "2016-09-29 12:00", *REASON)
    case("resume", "2016-10-08 12:00")
    # Friday 30 September and Saturday 8 October, worked, fell into the pause; the holiday would not have counted anyway.
    assert case.clocks()[1] == ("complete", 1, "2016-10-10", "running")
    lines = case.explained("complete")
    assert lines[1:3] == ["Fri 2016-09-30\t–\tpaused: appraisal", "Sat 2016-10-01\t–\tpaused: appraisal"]
    assert lines[-4:-1] == [
        "Sat 2016-10-08\t–\tpaused: appraisal",
        "Sun 2016-10-09\t✓ 1\tmake-up working day for Fri 2016-10-07 (National Day)",
        "Mon 2016-10-10\t✓ 2\tworking day",
    ]


def test_a_pause_still_open_at_completion_ends_with_it(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-07 09:00")
    case("forward", "2016-11-08 09:00")
    case("pause", "2016-11-09 09:00", *REASON)
    told = case("complete", "2016-11-17 09:00")
    # Of Wed 9 the count is 1; Thu 10 to Thu 17 were paused; Fri 18 would have been the second day.
    assert "complete  on time      due Fri 2016-11-18 24:00" in told
    assert case.show()["status"] == "closed"
    assert "complete: due Fri 2016-11-18 24:00, ended 2016-11-17 09:00: on time" in case.explained("complete")
    assert "cannot be resumed" in case.refused("resume", "2016-11-17 10:00")


def test_two_pauses_are_both_spared(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-07 09:00")
    case("forward", "2016-11-08 09:00")
    case("pause", "2016-11-08 10:00", *REASON)
    case("resume", "2016-11-09 10:00")
    assert case.clocks()[1] == ("complete", 1, "2016-11-11", "running")
    case("pause", "2016-11-10 10:00", "--reason", "the seller is away")
    case("resume", "2016-11-14 10:00")
    assert case.clocks()[1] == ("complete", 1, "2016-11-15", "running")
    assert [line.split("\t")[1:] for line in case.explained("complete")[1:-1]] == [
        ["–", "paused: appraisal"],
        ["✓ 1", "working day"],
        ["–", "paused: the seller is away"],
        ["–", "paused: the seller is away"],
        ["–", "paused: the seller is away"],
        ["–", "paused: the seller is away"],
        ["✓ 2", "working day"],
    ]


def test_a_pause_on_the_due_day_gives_it_back_and_one_after_it_excuses_nothing(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-08 09:00")
    case("pause", "2016-11-09 23:00", *REASON)
    assert case.clocks()[0] == ("forward", 1, None, "paused")
    case("resume", "2016-11-10 09:00")
    assert case.clocks()[0] == ("forward", 1, "2016-11-10", "running")
    case("pause", "2016-11-11 10:00", *REASON)
    # The complaint is paused; the clock, past its deadline, is not.
    assert case.show()["status"] == "paused"
    assert case.clocks()[0] == ("forward", 1, "2016-11-10", "overdue")
    assert "forward: due Thu 2016-11-10 24:00, at 2016-11-11 10:00: overdue" in case.explained("forward")
    assert "forward\t2016-11-10" in clerk("overdue").ok()


def test_a_pause_at_the_very_deadline_still_holds_it(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-08 09:00")
    clerk.now = "2016-11-10T09:00:00+08:00"
    clerk("pause", 1, *REASON, "--at", "2016-11-09 23:59:59").ok()
    assert case.clocks()[0] == ("forward", 1, None, "paused")
    clerk("void", 1, "--reason", "one second later, it was").ok()
    clerk("pause", 1, *REASON, "--at", "2016-11-10 00:00:00").ok()
    assert case.clocks()[0] == ("forward", 1, "2016-11-09", "overdue")


def test_a_paused_clock_can_be_extended(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-07 09:00")
    case("forward", "2016-11-08 09:00")
    case("pause", "2016-11-09 09:00", *REASON)
    told = case("extend", "2016-11-09 12:00", "--clock", "complete", "--by", 2, "--reason", "intricate")
    assert "complete  paused" in told
    case("resume", "2016-11-11 09:00")
    # Wed 9 is the first of four; Thu 10 and Fri 11 were paused.
    assert case.clocks()[1] == ("complete", 1, "2016-11-16", "running")
    assert [line.split("\t")[1] for line in case.explained("complete")[1:-1]] == ["✓ 1", *"––––", "✓ 2", "✓ 3", "✓ 4"]
    assert case.history()[3][3] == "clock complete; by 2; intricate"
    assert "had already passed" in case.refused(
        "extend", "2016-11-17 09:00", "--clock", "complete", "--by", 1, "--reason", "too late"
    )
    assert "it has not begun, or has ended" in case.refused(
        "extend", "2016-11-11 10:00", "--clock", "forward", "--by", 1, "--reason", "no"
    )


def test_reopening_after_a_late_completion_keeps_the_breach(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-01 09:00")
    case("forward", "2016-11-02 09:00")
    case("complete", "2016-11-08 09:00", "--outcome", "refund", "--amount", "20")
    assert case.clocks() == [("forward", 1, "2016-11-02", "met"), ("complete", 1, "2016-11-04", "missed")]
    told = case("reopen", "2016-11-11 09:00", "--reason", "the refund never came")
    assert "complete  not yet due  due Tue 2016-11-15 24:00" in told
    assert case.clocks()[1:] == [("complete", 1, "2016-11-04", "missed"), ("complete", 2, "2016-11-15", "running")]
    assert (case.show()["status"], case.show()["completed"], case.show()["outcome"]) == ("forwarded", None, None)
    shown = case.explained("complete")
    assert "complete: due Fri 2016-11-04 24:00, ended 2016-11-08 09:00: late" in shown
    assert (
        "Fri 2016-11-11\t–\tthe day of reopening is not counted (General Principles of the Civil Law art. 154)" in shown
    )
    case("complete", "2016-11-14 09:00")
    assert case.clocks()[1:] == [("complete", 1, "2016-11-04", "missed"), ("complete", 2, "2016-11-15", "met")]
    assert "cannot be paused" in case.refused("pause", "2016-11-14 10:00", *REASON)


def test_handing_on_after_a_breach_keeps_the_owner_and_moves_no_clock(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-01 09:00", "--owner", "window 3")
    before = case.clocks()
    case("hand-on", "2016-11-04 09:00", "--to", "bureau of Haidian")
    assert before[0][:3] == case.clocks()[0][:3] == ("forward", 1, "2016-11-02")
    assert case.clocks()[0][3] == "overdue"
    assert case.show()["owner"] == "window 3"
    assert case.show()["history"][1]["detail"]["to"] == "bureau of Haidian"
    assert "bureau of Haidian" in "\t".join(case.history()[1])
    (late,) = json.loads(clerk("overdue", "--format", "json").ok())
    assert (late["owner"], late["due"][:10], late["working_days_late"]) == ("window 3", "2016-11-02", 2)
    assert len(json.loads(clerk("list", "--owner", "window 3", "--format", "json").ok())) == 1


LIFE = (
    ("accept", ()),
    ("pause", REASON),
    ("resume", ()),
    ("forward", ()),
    ("hand-on", ("--to", "bureau")),
    ("extend", ("--clock", "complete", "--by", "1", "--reason", "intricate")),
    ("note", ("--note", "called")),
    ("amend", ("--category", "quality")),
    ("complete", ("--outcome", "refund")),
    ("reopen", ("--reason", "not done")),
    ("withdraw", ("--reason", "settled")),
    ("reopen", ("--reason", "not settled")),
    ("reject", ("--reason", "not ours")),
)


@pytest.mark.parametrize("length", range(len(LIFE) + 1))
def test_the_last_entry_of_each_kind_can_be_taken_back(clerk: Clerk, length: int) -> None:
    case = Case(clerk, "2016-11-08 09:00")
    state: dict[str, Any] = {}
    for hour, (command, words) in enumerate(LIFE[:length]):
        state = case.show()
        case(command, f"2016-11-08 {hour + 10}:00", *words)
    case.clerk.now = "2016-11-08T23:30:00+08:00"
    if not length:
        case("void", "2016-11-08 23:30", "--reason", "entered twice")
        assert clerk("list", "--format", "json").ok() == "[]\n"
        assert "recorded by mistake and undone" in case.refused("show", "2016-11-08 23:40")
        assert "cannot be forwarded" in case.refused("forward", "2016-11-08 23:40")
        return
    entered = case.show()["history"][-1]
    assert COMMAND_OF[Kind(entered["kind"])] == LIFE[length - 1][0]
    assert case("void", "2016-11-08 23:30", "--reason", "slip")
    after = case.show()
    kept = ("status", "category", "forwarded", "completed", "outcome", "owner", "forward_due", "complete_due")
    if after["complete_verdict"] != "projected":
        assert {name: after[name] for name in kept} == {name: state[name] for name in kept}
    assert after["status"] == state["status"]
    assert after["history"][:-1] == [*state["history"], entered]
    assert after["history"][-1]["kind"] == "voided" and after["history"][-1]["detail"]["seq"] == entered["seq"]
    assert "slip" in "\t".join(case.history()[-1])
    # A thing taken back can be entered anew, and the taking back cannot be taken back.
    voided = after["history"][-1]["seq"]
    assert "it undoes another" in case.refused("void", "2016-11-08 23:40", "--seq", voided, "--reason", "no")
    assert " cannot be undone: it is already undone." in case.refused(
        "void", "2016-11-08 23:40", "--seq", entered["seq"], "--reason", "no"
    )
    command, words = LIFE[length - 1]
    case(command, "2016-11-08 23:45", *words)
    clerk("verify").ok()


def test_an_entry_on_which_others_rest_is_not_taken_back(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-08 09:00")
    case("pause", "2016-11-08 10:00", *REASON)
    case("resume", "2016-11-08 11:00")
    case("complete", "2016-11-08 12:00")
    case("reopen", "2016-11-08 13:00", "--reason", "not done")
    seqs = {entry["kind"]: entry["seq"] for entry in case.show()["history"]}
    for kind in ("received", "paused", "completed"):
        told = case.refused("void", "2016-11-08 14:00", "--seq", seqs[kind], "--reason", "slip")
        assert "undo that first" in told
    # The end of a pause can go: the complaint was then completed while paused.
    case("void", "2016-11-08 14:00", "--seq", seqs["resumed"], "--reason", "slip")
    assert case.show()["status"] == "forwarded"


def test_an_amendment_shows_who_corrected_what_and_moves_no_clock(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-08 09:00", "--summary", "late")
    before = case.clocks()
    case(
        "amend",
        "2016-11-08 10:00",
        "--platform",
        "京东",
        "--category",
        "质量",
        "--summary",
        "broken",
        "--to-number",
        "BJ-9",
    )
    shown = case.show()
    assert (shown["platform"], shown["category"], shown["summary"], shown["number"]) == (
        "JD",
        "quality",
        "broken",
        "BJ-9",
    )
    assert case.clocks() == before
    assert shown["history"][0]["detail"]["summary"] == "late"
    assert shown["history"][1]["detail"]["summary"] == "broken"
    case("amend", "2016-11-08 11:00", "--summary", "-", "--to-number", "-")
    assert (case.show()["summary"], case.show()["number"]) == (None, None)
    assert "Field to correct is missing" in case.refused("amend", "2016-11-08 12:00")
    # As it stood before the correction, the complaint reads as it did.
    old = json.loads(clerk("show", 1, "--as-of", "2016-11-08 09:30", "--format", "json").ok())
    assert (old["summary"], old["number"]) == ("late", None)


def test_a_withdrawal_cancels_what_runs_and_leaves_what_was_missed(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-08 09:00")
    case("withdraw", "2016-11-09 23:59", "--reason", "settled")
    assert case.clocks() == [("forward", 1, "2016-11-09", "cancelled"), ("complete", 1, None, "cancelled")]
    case("void", "2016-11-10 09:00", "--reason", "slip")
    case("withdraw", "2016-11-10 10:00", "--reason", "settled")
    assert case.clocks()[0] == ("forward", 1, "2016-11-09", "missed")
    assert clerk("overdue").ok() == ""


def test_completing_without_forwarding_leaves_the_forward_clock_missed_past_its_deadline(clerk: Clerk) -> None:
    case = Case(clerk, "2016-11-08 09:00")
    case("complete", "2016-11-11 09:00")
    assert case.clocks() == [("forward", 1, "2016-11-09", "missed"), ("complete", 1, "2016-11-10", "missed")]
    assert "complete: due Thu 2016-11-10 24:00, ended 2016-11-11 09:00: late" in case.explained("complete")


def test_every_status_word_and_every_filter_lists_what_was_voided(clerk: Clerk) -> None:
    """A complaint whose receipt was voided has neither platform nor policy; it was a traceback."""
    for hour in ("09:00", "10:00"):
        clerk("add", "--platform", "JD", "--category", "quality", "--at", f"2016-11-01 {hour}").ok()
    clerk("void", 1, "--reason", "twice", now="2016-11-15T12:00:00+08:00").ok()
    clerk.now = "2016-11-16T09:00:00+08:00"
    views = ((), ("--as-of", "2016-11-15 13:00"), ("--known-at", "2016-11-15 13:00"), ("--as-of", "2016-11-01 09:30"))
    narrowed = (("--platform", "JD"), ("--owner", "x"), ("--backdated",), ("--from", "2016-11-01"))
    for view in views:
        for status in ("open", "received", "accepted", "forwarded", "paused", "closed", "voided"):
            clerk("list", "--status", status, *view).ok()
            clerk("search", "JD", "--status", status, *view).ok()
        for extra in narrowed:
            clerk("list", "--status", "voided", *extra, *view).ok()
        for fmt in ("table", "plain", "csv", "jsonl"):
            clerk("--lang", "zh", "list", "--status", "作废", *view, "--format", fmt).ok()
        (voided,) = json.loads(clerk("list", "--status", "voided", *view, "--format", "json").ok())
        assert (voided["id"], voided["status"], voided["received"]) == (1, "voided", None)
    before = ("--known-at", "2016-11-15 11:00")
    assert json.loads(clerk("list", "--status", "voided", *before, "--format", "json").ok()) == []
    assert [r["id"] for r in json.loads(clerk("list", *before, "--format", "json").ok())] == [1, 2]

"""A moment that was recorded wrong and is corrected counts as if it had happened then (DESIGN rule 7)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Clerk


def _shown(clerk: Clerk, *options: object, complaint: int = 1) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(clerk("show", complaint, "--format", "json", *options).ok())
    return shown


def _record(clerk: Clerk, *options: object) -> dict[str, Any]:
    (record,) = json.loads(clerk("list", "--format", "json", *options).ok())
    assert isinstance(record, dict)
    return record


@pytest.fixture
def desk(clerk: Clerk) -> Clerk:
    """Give a clerk with a complaint of Thu 10 November 2016, forwarded on Monday 14 and completed on Tuesday 15."""
    clerk("add", "--platform", "JD", "--at", "2016-11-10 20:15").ok()
    clerk("forward", 1, "--at", "2016-11-14 10:00").ok()
    clerk("complete", 1, "--at", "2016-11-15 08:00").ok()
    return clerk


def test_deadlines_and_verdicts_follow_the_right_moments(desk: Clerk) -> None:
    """Green channel, one working day and two: received on Thursday 10, due on Friday 11; on Friday 11, on Monday 14."""
    before = _record(desk)
    assert (before["forward_due"], before["forward_verdict"]) == ("2016-11-11T23:59:59+08:00", "missed")
    told = desk("amend", 1, "--received", "2016-11-11 08:00").ok()
    assert "\n  received: 2016-11-10 20:15 -> 2016-11-11 08:00\n" in told
    assert "\n  forward: Fri 2016-11-11 24:00 -> Mon 2016-11-14 24:00\n" in told
    record = _record(desk)
    assert record["received"] == "2016-11-11T08:00:00+08:00"
    assert (record["forward_due"], record["forward_verdict"]) == ("2016-11-14T23:59:59+08:00", "met")
    # Forwarded on Friday 11: complete is due on Tuesday 15. Completed on Wednesday 16 that would be late.
    desk("amend", 1, "--forwarded", "2016-11-11 17:00").ok()
    assert _record(desk)["complete_due"] == "2016-11-15T23:59:59+08:00"
    desk.now = "2016-11-17T09:00:00+08:00"
    desk("amend", 1, "--completed", "2016-11-16 09:00").ok()
    assert _record(desk)["complete_verdict"] == "missed"
    # What is taken back gives the moment back, the last first.
    for _count in range(3):
        desk("undo").ok()
    assert _record(desk) == before
    desk("verify").ok()


def test_both_values_stay_in_the_journal_and_in_the_history(desk: Clerk) -> None:
    desk("amend", 1, "--forwarded", "2016-11-11 17:00", "--note", "misread").ok()
    received, forwarded, _completed, amended = _shown(desk)["history"]
    seq = forwarded["seq"]
    assert (received["seq"], forwarded["at"]) == (seq - 1, "2016-11-14T10:00:00+08:00")
    assert amended["detail"] == {
        "moments": [{"seq": seq, "kind": "forwarded", "was": "2016-11-14T02:00:00Z", "at": "2016-11-11T09:00:00Z"}],
        "note": "misread",
    }
    shown = desk("show", 1).ok()
    late = "(entered 2016-11-15 09:00, 1 day later)"
    assert f"history\t2016-11-14 10:00\tforwarded\tclerk\t{late} (time corrected)\t{seq}\n" in shown
    assert f"\tamended\tclerk\tforwarded 2016-11-14 10:00 -> 2016-11-11 17:00; misread\t{seq + 2}\n" in shown
    # Undone, neither is said any more.
    desk("undo").ok()
    assert "(time corrected)" not in desk("show", 1).ok()


def test_the_order_of_what_happened_stays(desk: Clerk) -> None:
    before = desk("verify").ok()
    first = _shown(desk)["history"][0]["seq"]
    for words, told in (
        (("--forwarded", "2016-11-10 20:14"), "cannot be forwarded at 2016-11-10 20:14: it was received later"),
        (("--forwarded", "2016-11-15 08:01"), "cannot be completed at 2016-11-15 08:00: it was forwarded later"),
        (("--received", "2016-11-14 10:01"), "cannot be forwarded at 2016-11-14 10:00: it was received later"),
        (("--completed", "2016-11-15 09:01"), "is in the future"),
        (("--accepted", "2016-11-14"), "The time (accepted) of complaint 1 cannot be corrected: it has no such entry"),
        (
            ("--received", "2016-11-11", "--entry", first + 1),
            f"entry {first + 1} is not of that kind; those that are: {first}",
        ),
        (("--received", "soon"), "Invalid time 'soon'"),
    ):
        refused = desk("amend", 1, *words)
        assert (refused.status, refused.out) == (2, ""), words
        assert told in refused.err, refused.err
    assert desk("verify").ok() == before
    # Together they are moved past one another.
    desk("amend", 1, "--received", "2016-11-14 11:00", "--forwarded", "2016-11-14 12:00").ok()
    assert _record(desk)["forwarded"] == "2016-11-14T12:00:00+08:00"
    # What was recorded since, on the ground of the right moment, bars taking the correction back.
    desk("add", "--platform", "JD", "--at", "2016-11-14 10:00").ok()
    desk("amend", 2, "--received", "2016-11-11 10:00").ok()
    desk("forward", 2, "--at", "2016-11-12 10:00").ok()
    refused = desk("void", 2, "--entry", first + 5, "--reason", "slip")
    assert "a later entry (forwarded) depends on it" in refused.err


def test_a_day_alone_and_a_moment_with_its_hour(desk: Clerk) -> None:
    desk("amend", 1, "--forwarded", "2016-11-10").ok()
    assert _record(desk)["forwarded"] == "2016-11-10T20:15:00+08:00"
    assert _shown(desk)["history"][-1]["detail"]["moments"][0]["hour_unknown"] is True
    desk("amend", 1, "--forwarded", "2016-11-11 00:00").ok()
    assert _shown(desk)["history"][-1]["detail"]["moments"][0]["hour_unknown"] is False


def test_pauses_and_reopenings_are_corrected_the_last_of_each_or_the_one_named(clerk: Clerk) -> None:
    """Received on Tue 1 November, and paused until the 3rd: due on the 4th, and with the pause of that day on Mon 7."""
    clerk("add", "--platform", "JD", "--at", "2016-11-01 09:00").ok()
    for command, moment in (("pause", "2016-11-01 10:00"), ("resume", "2016-11-03 09:00"),
                            ("pause", "2016-11-04 09:00"), ("resume", "2016-11-07 09:00")):  # fmt: skip
        clerk(command, 1, "--at", moment, *(["--reason", "r"] if command == "pause" else [])).ok()
    first = _shown(clerk)["history"][0]["seq"]
    assert _record(clerk)["forward_due"] == "2016-11-07T23:59:59+08:00"
    clerk("amend", 1, "--resumed", "2016-11-08 10:00").ok()
    assert _record(clerk)["forward_due"] == "2016-11-08T23:59:59+08:00"
    clerk("amend", 1, "--resumed", "2016-11-02 10:00", "--entry", first + 2).ok()
    # Due on the 3rd then: a pause of the day after excuses nothing.
    assert _record(clerk)["forward_due"] == "2016-11-03T23:59:59+08:00"
    refused = clerk("amend", 1, "--resumed", "2016-11-03", "--entry", first + 3).err
    assert f"entry {first + 3} is not of that kind; those that are: {first + 2}, {first + 4}" in refused
    clerk("undo").ok()
    clerk("complete", 1, "--at", "2016-11-10 09:00").ok()
    clerk("reopen", 1, "--at", "2016-11-14 09:00", "--reason", "r").ok()
    clerk("amend", 1, "--reopened", "2016-11-11 09:00").ok()
    assert _shown(clerk)["clocks"][-1]["due"] == "2016-11-15T23:59:59+08:00"


def test_views_of_earlier_moments(desk: Clerk) -> None:
    """As of a moment all that is known now counts; as known at a moment the correction is not known yet."""
    desk.now = "2016-11-16T09:00:00+08:00"
    desk("amend", 1, "--forwarded", "2016-11-11 17:00").ok()
    assert _record(desk, "--as-of", "2016-11-12 09:00")["status"] == "forwarded"
    assert _record(desk, "--as-of", "2016-11-11 16:59")["status"] == "received"
    known = ("--as-of", "2016-11-12 09:00", "--known-at", "2016-11-15 10:00")
    assert _record(desk, *known)["status"] == "received"
    assert _record(desk, "--known-at", "2016-11-15 10:00")["forward_verdict"] == "missed"
    assert _record(desk, "--known-at", "2016-11-16 09:00")["forward_verdict"] == "met"
    desk("amend", 1, "--received", "2016-11-11 08:00").ok()
    assert json.loads(desk("list", "--format", "json", "--as-of", "2016-11-11 07:59").ok()) == []
    # Undone today, it was never so.
    desk("undo").ok()
    assert _record(desk, "--as-of", "2016-11-10 21:00")["received"] == "2016-11-10T20:15:00+08:00"


@pytest.mark.parametrize("numbers", [True, False])
def test_the_old_file_imported_again_changes_nothing(clerk: Clerk, tmp_path: Path, numbers: bool) -> None:
    files = tmp_path / "old.csv", tmp_path / "new.csv", tmp_path / "other.csv"
    for file, forwarded in zip(files, ("2016-11-03 10:00", "2016-11-02 10:00", "2016-11-04 10:00"), strict=True):
        number = "A" if numbers else ""
        file.write_text(f"number,platform,received,forwarded\n{number},JD,2016-11-01 09:00,{forwarded}\n")
    old, new, other = files
    clerk("import", old).ok()
    export = tmp_path / "export.csv"
    clerk("export", "--to", export).ok()
    clerk("amend", 1, "--forwarded", "2016-11-02 10:00").ok()
    clerk("amend", 1, "--received", "2016-11-01 08:00").ok()
    before = clerk("verify").ok()
    for file in (old, old, export):
        assert "1 row: 0 added, 0 changed, 1 unchanged, 0 refused" in clerk("import", file).ok()
    assert clerk("verify").ok() == before
    if numbers:
        assert clerk("import", new).ok()
        assert clerk("verify").ok() == before
        assert "forwarded is 2016-11-04 10:00 in the file but 2016-11-02 10:00" in clerk("import", other).err


def test_an_export_is_read_back_and_corrects_what_was_known(desk: Clerk, new_clerk: Any, tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.csv"
    desk("note", 1, "--note", "n", "--at", "2016-11-15 08:30").ok()
    desk("export", "--format", "jsonl", "--to", old).ok()
    desk("amend", 1, "--forwarded", "2016-11-11 17:00", "--received", "2016-11-11").ok()
    desk("amend", 1, "--forwarded", "2016-11-11 16:00").ok()
    desk("export", "--to", new).ok()
    wanted = _record(desk)
    fresh, earlier = new_clerk(), new_clerk()
    for other in (fresh, earlier):
        other("init").ok()
    earlier("import", old).ok()
    for other in (fresh, earlier):
        assert "0 refused" in other("import", new).ok()
        record = _record(other)
        assert {key: record[key] for key in wanted if key != "owner"} == {
            key: wanted[key] for key in wanted if key != "owner"
        }
        before = other("verify").ok()
        for file in (new, old):
            assert "1 unchanged, 0 refused" in other("import", file).ok()
        assert other("verify").ok() == before
        again = tmp_path / "again.csv"
        other("export", "--to", again).ok()
        assert again.read_text() == new.read_text()
        again.unlink()


def test_what_was_decided_before_a_correction_is_read_back(clerk: Clerk, new_clerk: Any, tmp_path: Path) -> None:
    """A note stands before the receipt as it is now, and an extension of Tuesday 15 after the deadline of Monday 14."""
    file = tmp_path / "all.csv"
    clerk("add", "--platform", "JD", "--at", "2016-11-10 10:00").ok()
    clerk("note", 1, "--note", "n", "--at", "2016-11-10 11:00").ok()
    clerk("forward", 1, "--at", "2016-11-11 09:00").ok()
    clerk("extend", 1, "--clock", "complete", "--by", 1, "--reason", "r", "--at", "2016-11-15 08:00").ok()
    clerk("amend", 1, "--forwarded", "2016-11-10 12:00", "--received", "2016-11-10 11:30").ok()
    record = _record(clerk)
    assert record["complete_due"] == "2016-11-15T23:59:59+08:00"
    clerk("export", "--to", file).ok()
    other = new_clerk()
    other("init").ok()
    assert "1 added, 0 changed, 0 unchanged, 0 refused" in other("import", file).ok()
    assert _record(other) == record
    assert "1 unchanged, 0 refused" in other("import", file).ok()


def test_the_policy_is_the_one_in_force_on_the_right_day(full_clerk: Clerk) -> None:
    """Order 121 came into force on 15 April 2026: mediation in 60 calendar days, and in 45 working days before."""
    clerk = full_clerk
    clerk.now = "2026-04-20T09:00:00+08:00"
    clerk("add", "--platform", "JD", "--policy", "samr-complaint", "--at", "2026-04-15 09:00").ok()
    clerk("accept", 1, "--at", "2026-04-16 09:00").ok()
    assert _record(clerk)["mediate_due"] == "2026-06-15T23:59:59+08:00"
    told = clerk("amend", 1, "--received", "2026-04-14 16:00").ok()
    # 45 working days after 16 April, with 1 to 5 May and 19 June off and 9 May worked: 23 June.
    assert "mediate: Mon 2026-06-15 24:00 -> Tue 2026-06-23 24:00" in told
    before = clerk("list", "--format", "json").ok()
    clerk("recheck", "--rebuild").ok()
    assert clerk("list", "--format", "json").ok() == before
    clerk("undo").ok()
    assert _record(clerk)["mediate_due"] == "2026-06-15T23:59:59+08:00"


def test_a_receipt_is_not_corrected_to_a_moment_after_a_limit_on_the_complaint(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-10 09:00", "--limit", "forward=2016-11-11T12:00").ok()
    refused = clerk("amend", 1, "--received", "2016-11-11 13:00")
    assert refused.status == 2
    assert "2016-11-11 12:00" in refused.err
    clerk("amend", 1, "--received", "2016-11-11 11:00").ok()


def test_the_deadlines_that_move_are_shown_before_it_is_asked(desk: Clerk) -> None:
    before = desk("verify").ok()
    words = ("amend", 1, "--received", "2016-11-11 08:00")
    refused = desk.at_terminal(*words, typed=b"n\n")
    assert refused.status == 2
    assert "  forward: Fri 2016-11-11 24:00 -> Mon 2016-11-14 24:00\n" in refused.out
    assert "Correct this? [y/N]" in refused.out
    assert desk("verify").ok() == before
    assert desk.at_terminal(*words, typed=b"y\n").status == 0
    assert desk.at_terminal("amend", 1, "--received", "2016-11-11 08:30", "--yes").status == 0
    assert _record(desk)["received"] == "2016-11-11T08:30:00+08:00"

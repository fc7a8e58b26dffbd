"""Deadlines as a calendar file, read by another library than the one that wrote it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import vobject

from tests.conftest import Clerk

POLICY = """
name = "closing"
title = "Until half past five"

[[version]]
in_force = 2000-01-01
authority = "nobody"
source = "invented"

[[version.clock]]
name = "forward"
start = ["received"]
stop = ["forwarded"]
length = 1
unit = "working-day"
closes = "17:30"
"""


def events(clerk: Clerk, *words: object, now: str | None = None) -> list[Any]:
    """Return the events of a calendar file, which must hold to RFC 5545."""
    text = clerk("due", "--ics", "-", *words, now=now).ok()
    lines = text.encode().split(b"\r\n")
    assert lines.pop() == b"" and b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    calendar = vobject.readOne(text)
    calendar.validate(raiseException=True)
    assert calendar.version.value == "2.0" and calendar.prodid.value.startswith("-//dealtrack//")
    held: list[Any] = calendar.contents.get("vevent", [])
    return held


def test_one_event_a_deadline(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--number", "BJ;1,2\\n", "--category", "quality", "--at", "2016-11-14 10:00").ok()
    clerk("add", "--platform", "京东到家" * 9, "--at", "2016-11-15 08:00")
    clerk("platform", "add", "京东到家" * 9).ok()
    clerk("add", "--platform", "京东到家" * 9, "--at", "2016-11-15 08:00").ok()
    first, second = events(clerk)
    assert first.summary.value == "forward due: 1 BJ;1,2\\n JD quality"
    assert first.description.value.splitlines() == ["status: received", "owner: clerk", "dealtrack explain 1"]
    assert (first.dtstart.value, first.dtend.value) == (date(2016, 11, 15), date(2016, 11, 16))
    assert first.dtstamp.value == datetime(2016, 11, 15, 1, tzinfo=UTC)
    assert (first.status.value, first.transp.value, first.categories.value) == ("CONFIRMED", "TRANSPARENT", ["JD"])
    assert second.summary.value == f"forward due: 2 {'京东到家' * 9} other"
    assert first.uid.value.startswith("1.forward.1@") and second.uid.value.startswith("2.forward.1@")


def test_alarms_ring_on_the_working_day_before_and_on_the_day(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-11 10:00", now="2016-11-11T10:00:00+08:00").ok()
    (event,) = events(clerk, now="2016-11-11T10:00:00+08:00")
    assert event.dtstart.value == date(2016, 11, 14)
    # Friday at nine, seen from the first second of Monday; Monday at nine.
    assert [alarm.trigger.value for alarm in event.valarm_list] == [timedelta(days=-3, hours=9), timedelta(hours=9)]
    assert {alarm.action.value for alarm in event.valarm_list} == {"DISPLAY"}


def test_an_event_keeps_its_name_and_grows_when_it_moves(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-14 10:00").ok()
    clerk("forward", 1).ok()
    clerk("add", "--platform", "JD", "--at", "2016-11-15 08:00").ok()
    before = events(clerk)
    text = clerk("due", "--ics", "-").out
    assert clerk("due", "--ics", "-", now="2016-11-15T18:00:00+08:00").out == text
    clerk("extend", 1, "--clock", "complete", "--by", 1, "--reason", "x", now="2016-11-15T12:00:00+08:00").ok()
    after = events(clerk, now="2016-11-15T12:00:00+08:00")
    moved, same = ({event.uid.value: event for event in held} for held in (after, before))
    assert moved.keys() == same.keys()
    (one,) = [uid for uid in moved if uid.startswith("1.")]
    (two,) = [uid for uid in moved if uid.startswith("2.")]
    assert (same[one].dtstart.value, moved[one].dtstart.value) == (date(2016, 11, 17), date(2016, 11, 18))
    assert int(moved[one].sequence.value) > int(same[one].sequence.value)
    assert moved[one].dtstamp.value == datetime(2016, 11, 15, 4, tzinfo=UTC)
    assert moved[two].serialize() == same[two].serialize()


def test_a_revision_of_the_calendar_is_a_change_too(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    (before,) = events(clerk)
    noon = "2016-11-15T12:00:00+08:00"
    clerk("calendar", "amend", "2016-11-16", "--off", "--name", "x", "--source", "y", "--yes", now=noon).ok()
    (after,) = events(clerk, now=noon)
    assert after.uid.value == before.uid.value
    assert (before.dtstart.value, after.dtstart.value) == (date(2016, 11, 16), date(2016, 11, 17))
    assert int(after.sequence.value) > int(before.sequence.value)
    # As it was known before, it was not changed.
    (known,) = events(clerk, "--known-at", "2016-11-15 09:00", now=noon)
    assert known.serialize() == before.serialize()


def test_a_new_run_of_a_clock_is_another_event(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("forward", 1).ok()
    (first,) = events(clerk)
    clerk("complete", 1).ok()
    assert events(clerk) == []
    clerk("reopen", 1, "--reason", "x").ok()
    (second,) = events(clerk)
    assert first.uid.value.startswith("1.complete.1@") and second.uid.value.startswith("1.complete.2@")


def test_two_registers_do_not_take_each_other_s_events(new_clerk: Callable[..., Clerk]) -> None:
    uids = []
    for moment in ("2016-11-15T09:00:00+08:00", "2016-11-15T09:00:01+08:00"):
        clerk = new_clerk(now=moment)
        clerk("init").ok()
        clerk("add", "--platform", "JD").ok()
        uids.append(events(clerk)[0].uid.value)
    assert len(set(uids)) == 2
    assert all(re.fullmatch(r"1\.forward\.1@[0-9a-f]{16}\.dealtrack", uid) for uid in uids)


def test_a_deadline_with_an_hour_is_a_moment(clerk: Clerk) -> None:
    (clerk.home / "policies").mkdir(parents=True)
    (clerk.home / "policies" / "closing.toml").write_text(POLICY)
    clerk("policy", "adopt", "closing").ok()
    clerk("add", "--platform", "JD", "--policy", "closing", "--at", "2016-11-14 10:00").ok()
    (event,) = events(clerk)
    assert event.dtstart.value == datetime(2016, 11, 15, 9, 30, tzinfo=UTC)
    assert "dtend" not in event.contents and "transp" not in event.contents
    assert [alarm.trigger.value for alarm in event.valarm_list] == [
        -timedelta(hours=32, minutes=30),
        -timedelta(hours=2),
    ]


def test_a_provisional_deadline_is_tentative(clerk: Clerk) -> None:
    now = "2026-12-31T10:00:00+08:00"
    clerk("add", "--platform", "JD", now=now).ok()
    (event,) = events(clerk, now=now)
    assert event.status.value == "TENTATIVE" and event.summary.value.endswith(" ?")
    assert "provisional" in event.description.value


def test_all_that_runs_or_what_is_asked_for(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-11-14 10:00").ok()
    # What is overdue stays, however far ahead is looked.
    clerk("add", "--platform", "Amazon", "--at", "2016-11-01 10:00").ok()
    assert [event.categories.value for event in events(clerk)] == [["Amazon"], ["Tmall"], ["JD"]]
    assert len(events(clerk, "--within", "20h")) == 2
    assert len(events(clerk, "--platform", "jd")) == 1
    assert len(clerk("due").out.splitlines()) == 2  # the usual working day


def test_what_is_overdue_stays_on_its_day_and_is_marked(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", now="2016-11-10T09:00:00+08:00").ok()
    (before,) = events(clerk, now="2016-11-10T09:00:00+08:00")
    (after,) = events(clerk, now="2016-11-14T09:00:00+08:00")
    assert before.uid.value == after.uid.value
    assert before.dtstart.value == after.dtstart.value == date(2016, 11, 11)
    assert (before.summary.value, after.summary.value) == ("forward due: 1 JD other", "forward OVERDUE: 1 JD other")
    # Newer than the event that it replaces, and the same from then on.
    assert int(after.sequence.value) > int(before.sequence.value)
    assert after.dtstamp.value == datetime(2016, 11, 11, 16, tzinfo=UTC)
    assert after.priority.value == "1" and "valarm" not in after.contents
    (later,) = events(clerk, now="2016-11-18T09:00:00+08:00")
    assert later.serialize() == after.serialize()
    clerk("forward", 1, now="2016-11-18T09:00:00+08:00").ok()
    (complete,) = events(clerk, now="2016-11-18T09:00:00+08:00")
    assert complete.summary.value.startswith("complete due")


def test_the_file_says_how_often_it_changes(clerk: Clerk) -> None:
    lines = clerk("due", "--ics", "-").ok().splitlines()
    assert {"REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"} <= set(lines)


def test_the_file_takes_its_place_whole(clerk: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "due.ics"
    assert clerk("due", "--ics", file).ok() == f"0 deadlines written to {file}\n"
    assert events(clerk) == []
    clerk("add", "--platform", "JD").ok()
    assert clerk("due", "--ics", file).ok() == f"1 deadline written to {file}\n"
    assert file.read_bytes().decode() == clerk("due", "--ics", "-").out
    assert file.stat().st_mode & 0o777 == 0o600
    assert clerk("due", "--ics", tmp_path).status == 3
    assert clerk("due", "--ics", tmp_path / "no" / "folder.ics").status == 3


@pytest.mark.parametrize("text", ["a\x1b[31mb", "x\nEND:VCALENDAR", "x\r\nBEGIN:VALARM"])
def test_a_text_cannot_break_out_of_its_line(clerk: Clerk, text: str) -> None:
    clerk("add", "--platform", "JD", "--number", text, "--owner", text).ok()
    (event,) = events(clerk)
    assert len(event.valarm_list) == 2
    assert "\x1b" not in event.summary.value + event.description.value

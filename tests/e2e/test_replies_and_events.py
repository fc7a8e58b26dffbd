"""Replies and events as a clerk records them, under a policy of the register's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Clerk

POLICY = """
name = "airline"
title = "An invented policy: acknowledged, then answered"
platforms = "open"

[[version]]
in_force = 2016-01-01
authority = "nobody"
source = "invented"

[[version.clock]]
name = "acknowledge"
start = ["received"]
stop = ["replied", "completed"]
length = 3

[[version.clock]]
name = "answer"
start = ["ended:acknowledge"]
stop = ["replied:final", "completed"]
length = 5

[[version.clock]]
name = "decide"
start = ["event:case-opened"]
stop = ["completed"]
length = 10
"""


@pytest.fixture
def airline(clerk: Clerk, tmp_path: Path) -> Clerk:
    path = tmp_path / "airline.toml"
    path.write_text(POLICY, encoding="utf-8")
    clerk("policy", "adopt", path, "--yes").ok()
    clerk(
        "add", "--platform", "JD", "--policy", "airline", "--at", "2016-11-11 10:00", now="2016-11-11T10:00:00+08:00"
    ).ok()
    return clerk


def clocks(clerk: Clerk, at: str = "") -> dict[str, tuple[str | None, str]]:
    shown = json.loads(clerk("show", 1, "--format", "json", *(("--as-of", at) if at else ())).ok())
    return {each["clock"]: (each["due"] and each["due"][:10], each["verdict"]) for each in shown["clocks"]}


def test_a_reply_stops_a_stage_and_starts_the_one_that_waits_for_its_end(airline: Clerk) -> None:
    # Fri 11 Nov: 14(1), 15(2), 16(3); projected from there: 17(1), 18(2), 21(3), 22(4), 23(5).
    assert clocks(airline) == {
        "acknowledge": ("2016-11-16", "running"), "answer": ("2016-11-23", "projected"), "decide": (None, "projected"),
    }  # fmt: skip
    told = airline("reply", 1, "--note", "in progress", now="2016-11-15T12:00:00+08:00").ok()
    assert "received 2016-11-11 10:00" in told, "a reply changes no status"
    # Tue 15 Nov: 16(1), 17(2), 18(3), 21(4), 22(5).
    assert clocks(airline)["acknowledge"] == ("2016-11-16", "met")
    assert clocks(airline)["answer"] == ("2016-11-22", "running")
    airline("reply", 1, "--final", now="2016-11-23T09:00:00+08:00").ok()
    assert clocks(airline)["answer"] == ("2016-11-22", "missed")
    # As it stood before, and as it was known before.
    assert clocks(airline, "2016-11-15 11:00")["answer"] == ("2016-11-23", "projected")
    shown = airline("show", 1).ok().splitlines()
    assert [line.split("\t")[2:-1] for line in shown if line.startswith("history")][1:] == [
        ["replied", "clerk", "interim reply; in progress"], ["replied", "clerk", "final reply"],
    ]  # fmt: skip
    # Taken back: the stage runs again, and nothing waits for the second reply.
    airline(
        "void",
        1,
        "--seq",
        json.loads(airline("show", 1, "--format", "json").ok())["history"][1]["seq"],
        "--reason",
        "slip",
        now="2016-11-23T10:00:00+08:00",
    ).ok()
    assert clocks(airline)["acknowledge"] == ("2016-11-16", "missed")
    assert clocks(airline)["answer"] == ("2016-11-30", "running")
    # Straight to the end, whatever was replied: resolved at first contact.
    airline("complete", 1, now="2016-11-23T11:00:00+08:00").ok()
    assert json.loads(airline("report", "--format", "json").ok())["total"]["first_contact"] == 1
    airline("verify").ok()
    assert airline("recheck").ok() == "tables match the journal\n"
    refused = airline("reply", 1, now="2016-11-23T12:00:00+08:00")
    assert refused.status == 2 and "is closed and cannot be replied to" in refused.err


def test_an_event_must_be_one_that_the_policy_names(airline: Clerk) -> None:
    refused = airline("event", 1, "--name", "case-open")
    assert (refused.status, refused.err) == (
        2, "dealtrack: Policy airline names no event 'case-open'. Did you mean case-opened? Its events: case-opened.\n",
    )  # fmt: skip
    airline("add", "--platform", "JD").ok()
    refused = airline("event", 2, "--name", "case-opened")
    assert "Policy green-channel names no event 'case-opened'. Its events: nothing." in refused.err
    assert "Name of the event is missing. Give --name NAME." in airline("event", 1).err
    assert "--interim/--final was given 2 times" in airline("reply", 1, "--interim", "--final").err
    airline("event", 1, "--name", "case-opened", "--at", "2016-11-14").ok()
    # Mon 14 Nov: 15(1) - 18(4), 21(5) - 25(9), Mon 28(10).
    assert clocks(airline)["decide"] == ("2016-11-28", "running")
    assert "case-opened" in airline("show", 1).ok()
    assert json.loads(airline("explain", 1, "--clock", "decide", "--format", "json").ok())["clocks"][0]["steps"][0][
        "reason"
    ].startswith("the day of the event is not counted")


def test_an_export_brings_replies_and_events_to_another_register(
    airline: Clerk, new_clerk: Any, tmp_path: Path
) -> None:
    for words in (
        "reply 1 --at 2016-11-14T10:00",
        "event 1 --name case-opened --at 2016-11-14T11:00",
        "reply 1 --final",
    ):
        airline(*words.split()).ok()
    other = new_clerk()
    other("init", "--policy", tmp_path / "airline.toml").ok()
    for fmt in ("csv", "jsonl"):
        file = tmp_path / f"all.{fmt}"
        airline("export", "--format", fmt, "--to", file).ok()
        told = other("import", file).ok()
        assert told.startswith("1 row: 1 added" if fmt == "csv" else "1 row: 0 added, 0 changed, 1 unchanged"), told
    assert clocks(other) == clocks(airline)
    text = (tmp_path / "all.csv").read_text(encoding="utf-8").replace('""final"": true', '""final"": ""yes""')
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    refused = other("import", tmp_path / "bad.csv")
    assert refused.status == 4 and "has 'yes' as final of replied, which is not possible" in refused.err


def test_a_policy_on_trial_is_judged_by_replies(airline: Clerk, tmp_path: Path) -> None:
    airline("reply", 1, now="2016-11-15T12:00:00+08:00").ok()
    other = tmp_path / "short.toml"
    other.write_text(POLICY.replace("length = 3", "length = 1"), encoding="utf-8")
    (row, *_) = json.loads(airline("policy", "try", other, "--format", "json").ok())
    assert (row["clock"], row["met_then"], row["missed_now"]) == ("acknowledge", 1, 1)

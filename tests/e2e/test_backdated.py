"""What was entered later than it happened, taken back, or handed on: shown, and found by `list --backdated`."""

import json
from pathlib import Path

from tests.conftest import Clerk, prepared


def _ids(clerk: Clerk, *words: str) -> list[int]:
    return [record["id"] for record in json.loads(clerk("list", "--format", "json", *words).ok())]


@prepared
def busy(clerk: Clerk) -> None:
    """Give a clerk with four complaints: with a late note, with a late forwarding, received before, of today."""
    clerk("add", "--platform", "Tmall", now="2016-11-14T09:00:00+08:00").ok()
    clerk("add", "--platform", "JD", now="2016-11-14T23:30:00+08:00").ok()
    clerk("add", "--platform", "JD", "--at", "2016-11-11 10:00").ok()
    clerk("add", "--platform", "JD", "--at", "2016-11-15 00:00").ok()
    clerk("note", 1, "--note", "wrong", "--at", "2016-11-14 10:00").ok()
    clerk("forward", 2, "--at", "2016-11-14 23:59").ok()


def test_found(busy: Clerk) -> None:
    assert _ids(busy, "--backdated") == [1, 2, 3]
    assert _ids(busy, "--backdated", "--platform", "Tmall") == [1]
    busy("void", 1, "--reason", "slip").ok()
    assert _ids(busy, "--backdated") == [2, 3]
    assert _ids(busy) == [1, 2, 3, 4]
    assert busy("verify").status == 0


def test_found_in_the_past(busy: Clerk) -> None:
    busy.now = "2016-11-18T09:00:00+08:00"
    busy("complete", 4, "--at", "2016-11-16 10:00").ok()
    busy("void", 1, "--reason", "slip").ok()
    assert _ids(busy, "--backdated") == [2, 3, 4]
    assert _ids(busy, "--backdated", "--known-at", "2016-11-17") == [1, 2, 3]
    assert _ids(busy, "--backdated", "--known-at", "2016-11-15 08:00") == []
    # What was done later is left out, but that an entry was a slip is known.
    assert _ids(busy, "--backdated", "--as-of", "2016-11-15 12:00") == [2, 3]


def test_days_are_those_of_the_register(clerk: Clerk) -> None:
    # Both moments lie on the 15th in Beijing, on different days in UTC.
    clerk("add", "--platform", "JD", "--at", "2016-11-15 07:30", now="2016-11-15T08:30:00+08:00").ok()
    assert _ids(clerk, "--backdated") == []
    # On one day in UTC, on two in Beijing.
    clerk("add", "--platform", "JD", "--at", "2016-11-15 23:30", now="2016-11-16T00:30:00+08:00").ok()
    assert _ids(clerk, "--backdated") == [2]


def test_an_import_is_backdated_where_it_is(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("number,platform,received\nA,JD,2016-11-15\nB,JD,2016-11-14\n")
    clerk("import", path).ok()
    assert _ids(clerk, "--backdated") == [2]


def test_history_tells_delay_voids_and_hand_ons(busy: Clerk) -> None:
    busy("hand-on", 1, "--to", "消保科", "--note", "转办").ok()
    busy("hand-on", 1, "--to", "法制科").ok()
    note = next(
        e["seq"] for e in json.loads(busy("show", 1, "--format", "json").ok())["history"] if e["kind"] == "noted"
    )
    busy("void", 1, "--seq", note, "--reason", "slip").ok()
    lines = busy("show", 1).ok().splitlines()
    # The number of the entry stands last.
    history = [line.split("\t")[1:-1] for line in lines if line.startswith("history")]
    assert history == [
        ["2016-11-14 09:00", "received", "clerk", ""],
        ["2016-11-14 10:00", "noted", "clerk", "wrong; (entered 2016-11-15 09:00, 1 day later) (voided)"],
        ["2016-11-15 09:00", "handed-on", "clerk", "to 消保科; 转办"],
        ["2016-11-15 09:00", "handed-on", "clerk", "to 法制科"],
        ["2016-11-15 09:00", "voided", "clerk", f"seq {note}; slip"],
    ]
    assert "field\towner\tclerk" in lines
    assert "field\thanded on to\t法制科" in lines
    assert "(entered 2016-11-15 09:00, 4 days later)" in busy("show", 3).ok()
    assert "handed on to" not in busy("show", 3).ok()
    assert json.loads(busy("show", 1, "--format", "json").ok())["handler"] == "法制科"

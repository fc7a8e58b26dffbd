"""What takes entries back: `undo` of one's own last command, and `void`, which shows what it takes back and asks."""

import json
from typing import Any

from tests.conftest import Clerk

AS_IT_WAS = ("status", "owner", "category", "summary", "forwarded", "complete_due")


def _listed(clerk: Clerk) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(clerk("list", "--format", "json").ok())
    return records


def _first(clerk: Clerk) -> int:
    """Return the number of the first entry of a complaint."""
    shown = json.loads(clerk("show", 1, "--format", "json").ok())
    return int(shown["history"][0]["seq"])


def _undone(clerk: Clerk) -> str:
    return clerk("undo").ok()


def _refused(clerk: Clerk) -> str:
    before = clerk("verify").ok()
    result = clerk("undo")
    assert (result.status, result.out) == (2, "")
    assert clerk("verify").ok() == before
    return result.err


def test_each_undo_takes_back_one_command_the_last_first(clerk: Clerk) -> None:
    states = []
    for words in (
        ("add", "--platform", "JD"),
        ("add", "--platform", "Tmall"),
        ("forward", "1-2"),
        ("extend", 1, "--clock", "complete", "--by", 2, "--reason", "r"),
        ("amend", "1，２", "--category", "quality", "--summary", "x"),
        ("hand-on", 2, "--to", "海淀所"),
        ("complete", 2, "--outcome", "refund"),
    ):
        states.append(_listed(clerk))
        clerk(*words).ok()
    for state in reversed(states):
        _undone(clerk)
        assert _listed(clerk) == state
    assert "it changed the register itself (entry " in _refused(clerk)
    clerk("verify").ok()
    before = _journal(clerk)
    clerk("recheck", "--rebuild").ok()
    assert _journal(clerk) == before


def _journal(clerk: Clerk) -> list[tuple[Any, ...]]:
    return [
        row
        for table in ("transition", "complaint", "clock")
        for row in clerk.rows(f"SELECT * FROM {table} ORDER BY 1, 2")
    ]


def test_two_commands_of_one_second_are_not_taken_for_one(clerk: Clerk) -> None:
    """The clock of these tests stands still: all of this is recorded at one second, by one user, without a gap."""
    clerk("add", "--platform", "JD").ok()
    clerk("add", "--platform", "JD").ok()
    clerk("add", "--platform", "JD").ok()
    clerk("forward", 1).ok()
    clerk("forward", 2, 3).ok()
    clerk("note", 1, 2, 3, "--note", "n").ok()
    first = _first(clerk)
    assert [line for line in _undone(clerk).splitlines() if "undone" in line] == [
        f"  undone: entry {first + place}, noted 2016-11-15 09:00" for place in (6, 7, 8)
    ]
    assert f"entry {first + 4}," in (second := _undone(clerk))
    assert f"entry {first + 5}," in second
    assert f"entry {first + 3}," not in second
    assert [record["status"] for record in _listed(clerk)] == ["forwarded", "received", "received"]


def test_what_another_recorded_stays(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("pause", 1, "--reason", "appraisal").ok()
    clerk.actor = "colleague"
    clerk("note", 1, "--note", "seen").ok()
    clerk.actor = "clerk"
    # The note stays, and so does what depends on one's own entry.
    assert f"undone: entry {_first(clerk) + 1}, paused" in _undone(clerk)
    clerk("pause", 1, "--reason", "appraisal").ok()
    clerk.actor = "colleague"
    clerk("resume", 1).ok()
    clerk.actor = "clerk"
    assert "a later entry (resumed) depends on it" in _refused(clerk)
    clerk.actor = "colleague"
    assert f"undone: entry {_first(clerk) + 5}, resumed" in _undone(clerk)
    clerk.actor = "nobody"
    assert "No entry by nobody is left to undo" in _refused(clerk)


def test_an_import_is_refused_and_so_is_what_it_adds_to_a_known_complaint(clerk: Clerk, tmp_path: Any) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("number,platform,received,forwarded\nA,JD,2016-11-01,\nB,JD,2016-11-01,2016-11-02\n")
    second.write_text("number,platform,received,forwarded\nA,JD,2016-11-01,2016-11-02\n")
    clerk("import", first).ok()
    assert f"it was an import of {first}" in _refused(clerk)
    clerk("import", second).ok()
    assert f"it was an import of {second}" in _refused(clerk)
    clerk("note", 1, "--note", "n", now="2016-11-15T09:00:01+08:00").ok()
    assert "noted" in _undone(clerk)
    assert f"it was an import of {second}" in _refused(clerk)


def test_entries_of_the_register_and_a_void_are_refused(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("platform", "add", "Shop", now="2016-11-15T09:00:01+08:00").ok()
    assert f"it changed the register itself (entry {_first(clerk) + 1}, platform-entered)" in _refused(clerk)
    clerk("note", 1, "--note", "n").ok()
    clerk("void", 1, "--reason", "slip").ok()
    assert "'undo' does not take back your last command: " in _refused(clerk)
    assert f"it undid entry {_first(clerk) + 2}" in _refused(clerk)


def test_a_platform_that_came_with_a_complaint_does_not_bar_the_command_before(full_clerk: Clerk) -> None:
    clerk = full_clerk
    clerk("add", "--platform", "JD").ok()
    clerk("add", "--platform", "Corner shop", "--policy", "samr-complaint", "--new-platform").ok()
    assert "complaint 2: undone" in _undone(clerk)
    assert "complaint 1: undone" in _undone(clerk)


def test_personal_data_that_was_corrected_stays_and_that_is_said(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--phone", "13912345678").ok()
    clerk("amend", 1, "--phone", "13987654321").ok()
    assert "Personal data stays as it was corrected" in clerk("undo").err
    assert "139****4321" in clerk("show", 1).ok()


def test_void_shows_the_entry_and_the_deadlines_and_asks_on_a_terminal(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("forward", 1).ok()
    forwarded = _first(clerk) + 1
    before = clerk("verify").ok()
    refused = clerk.at_terminal("void", 1, "--reason", "slip", typed=b"\n")
    assert refused.status == 2
    assert "Preview:\n" in refused.out
    assert f"  undone: entry {forwarded}, forwarded 2016-11-15 09:00\n" in refused.out
    assert "  complete  expected     due Fri 2016-11-18 24:00\n" in refused.out
    assert "Undo this entry? [y/N]" in refused.out
    assert clerk("verify").ok() == before
    agreed = clerk.at_terminal("void", 1, "--entry", forwarded, "--reason", "slip", typed=b"y\n")
    assert agreed.status == 0
    assert agreed.out.count(f"undone: entry {forwarded}, forwarded 2016-11-15 09:00") == 2
    # What cannot be is refused before anything is asked.
    late = clerk.at_terminal("void", 1, "--entry", forwarded, "--reason", "slip")
    assert (late.status, "Undo this entry?" in late.out) == (2, False)
    assert "already undone" in late.out


def test_undo_asks_on_a_terminal_unless_told_to_do_it(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("forward", 1).ok()
    assert clerk.at_terminal("undo", typed=b"n\n").status == 2
    assert _listed(clerk)[0]["status"] == "forwarded"
    assert clerk.at_terminal("undo", "--yes").status == 0
    assert _listed(clerk)[0]["status"] == "received"


def test_a_missing_reason_is_asked_for_on_a_terminal_alone(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    asked = clerk.at_terminal("extend", 1, "--by", 1, "--clock", "forward", typed=b"\nthe seller is abroad\n")
    assert asked.status == 0
    assert asked.out.count("Reason: ") == 2
    assert clerk("undo").status == 0
    whole = clerk.at_terminal("extend", 1, typed="转办\n0\n1\n外地商家\n".encode(), DEALTRACK_LANG="zh")
    assert whole.status == 0, whole.out
    assert "外地商家" in clerk("show", 1).ok()
    for command in ("reject", "pause", "hand-on", "note"):
        assert clerk.at_terminal(command, 1, "--no-input").status == 2
        assert clerk.at_terminal(command, 1, typed=b"\x04").status == 2
        assert "is missing" in clerk(command, 1).err


def test_commands_that_move_nothing_say_what_they_changed(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--owner", "网监科").ok()
    assert "\n  handler: – -> 海淀所\n" in clerk("hand-on", 1, "--to", "海淀所").ok()
    assert "\n  note: called back\n" in clerk("note", 1, "--note", "called back").ok()
    amended = clerk("amend", 1, "--category", "quality", "--owner", "-", "--phone", "13912345678").ok()
    assert "\n  category: other -> quality\n" in amended
    assert "\n  owner: 网监科 -> –\n" in amended
    assert "\n  personal data: corrected\n" in amended
    assert "13912345678" not in amended
    extended = clerk("extend", 1, "--clock", "forward", "--by", 2, "--reason", "r").ok()
    assert "\n  forward: Wed 2016-11-16 24:00 -> Fri 2016-11-18 24:00\n" in extended


def test_show_numbers_the_entries(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("forward", 1).ok()
    forwarded = _first(clerk) + 1
    assert f"  {forwarded}  2016-11-15 09:00  forwarded" in clerk.at_terminal("show", 1).out
    assert clerk("show", 1).ok().endswith(f"history\t2016-11-15 09:00\tforwarded\tclerk\t\t{forwarded}\n")


def test_a_merge_is_undone_on_both_sides(clerk: Clerk) -> None:
    for _count in range(3):
        clerk("add", "--platform", "JD").ok()
    clerk("merge", 1, 2, "--into", 3).ok()
    told = _undone(clerk)
    assert told.count("undone: entry") == 4
    assert [record["status"] for record in _listed(clerk)] == ["received"] * 3
    clerk("verify").ok()
    clerk("merge", 1, "--into", 3).ok()
    assert clerk.at_terminal("void", 3, "--reason", "slip", typed=b"y\n").status == 0
    assert [record["status"] for record in _listed(clerk)] == ["received"] * 3

"""Many complaints at once, all or none; what the options --quiet, --yes and --no-input do wherever they are."""

import json
from pathlib import Path

import pytest

from dealtrack.cli.commands import QUIET
from tests import pages
from tests.conftest import IS_LONG, Clerk, prepared

MANY = 33_000 if IS_LONG else 2_000
"""More than SQLite takes values in one statement, unless it is built to take more; so many in a long run alone."""


@prepared
def nine(clerk: Clerk) -> None:
    """Give a clerk with nine complaints, all received."""
    for number in range(1, 10):
        clerk("add", "--platform", "JD", "--number", f"N-{number}", "--at", "2016-11-14 10:00").ok()


def _statuses(clerk: Clerk) -> dict[int, str]:
    return {record["id"]: record["status"] for record in json.loads(clerk("list", "--format", "json").ok())}


def _forwarded(clerk: Clerk) -> list[int]:
    return [id_ for id_, status in _statuses(clerk).items() if status == "forwarded"]


def test_ranges_and_lists(nine: Clerk) -> None:
    printed = nine("forward", "3-5", "7,9", "--number", "N-1", "4").ok()
    assert _forwarded(nine) == [1, 3, 4, 5, 7, 9]
    lines = [line for line in printed.splitlines() if line.startswith("complaint")]
    assert [line.split()[1] for line in lines] == ["3", "4", "5", "7", "9", "1"]


def test_one_refused_and_none_is_written(nine: Clerk) -> None:
    nine("complete", 6).ok()
    before = nine("verify").ok()
    refused = nine("forward", "3-9")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith("dealtrack: Complaint 6 is closed and cannot be forwarded.")
    assert len(refused.err.splitlines()) == 1
    assert _forwarded(nine) == []
    assert nine("verify").ok() == before


def test_the_end_of_a_range_may_not_lie_beyond_the_register(nine: Clerk) -> None:
    refused = nine("forward", "1-99999999999")
    assert (refused.status, refused.out) == (2, "")
    assert "There is no complaint 99999999999 in the register. The register holds 1 to 9." in refused.err


@pytest.mark.parametrize("fmt", ["plain", "json", "jsonl"])
def test_what_list_prints_can_be_acted_on(nine: Clerk, fmt: str) -> None:
    nine("amend", "2,4", "--category", "delivery").ok()
    listed = nine("list", "--category", "delivery", "--format", fmt).ok()
    assert nine.process("forward", "-", stdin=listed.encode()).status == 0
    assert _forwarded(nine) == [2, 4]


def test_what_overdue_prints_can_be_acted_on(nine: Clerk) -> None:
    late = "2016-11-16T09:00:00+08:00"
    listed = nine("overdue", now=late).ok()
    done = nine.process("note", "-", "--note", "asked why", "--format", "jsonl", stdin=listed.encode(), now=late)
    assert len(done.ok().splitlines()) == 9


def test_an_empty_input_names_nothing(nine: Clerk) -> None:
    before = nine("verify").ok()
    for command in (["forward"], ["show"], ["explain"], ["erase", "--reason", "x"], ["evidence", "--save", "3"]):
        ran = nine.process(*command, "-")
        assert (ran.status, ran.out, ran.err) == (0, "", ""), command
    assert nine.process("note", "-", "--note", "x", "--format", "json").ok() == "[]\n"
    assert nine("verify").ok() == before


def test_input_that_is_no_list_of_complaints(nine: Clerk) -> None:
    for stdin in (b"three\n", b"\xff\xfe\n", b'{"id": "3"}\n', b"1\n2\nx\n"):
        ran = nine.process("forward", "-", stdin=stdin)
        assert (ran.status, ran.out) == (2, "")
        assert "is not a complaint" in ran.err
    assert _forwarded(nine) == []


def test_more_at_once_than_a_statement_takes_values(nine: Clerk, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("platform,received\n" + "JD,2016-11-14\n" * MANY)
    nine("import", rows).ok()
    done = nine("note", f"10-{MANY + 9}", "--note", "the same", "--format", "jsonl")
    assert len(done.ok().splitlines()) == MANY


def test_quiet_prints_nothing_but_errors(nine: Clerk, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("number,platform,received\nX,JD,2016-11-14\n")
    for command in (
        ["add", "--platform", "JD"],
        ["forward", "1-3"],
        ["complete", "1"],
        ["note", "1", "--note", "x", "--format", "json"],
        ["erase", "1", "--reason", "x"],
        ["import", str(rows)],
        ["backup", str(tmp_path / "copy.db")],
        ["platform", "add", "New"],
        ["calendar", "amend", "2016-12-01", "--off", "--name", "x", "--source", "y", "--yes"],
    ):
        ran = nine.process(*command, "--quiet")
        if command[0] == "erase":
            assert (ran.status, ran.out) == (2, "")
            assert "no personal data" in ran.err
        else:
            assert (ran.status, ran.out, ran.err) == (0, "", ""), command
    assert _statuses(nine)[1] == "closed"
    refused = nine.process("forward", "1", "--quiet")
    assert (refused.status, refused.out) == (2, "")
    assert "Complaint 1 is closed" in refused.err


ASKING = {
    *(
        "add",
        "extend",
        "erase",
        "restore",
        "policy adopt",
        "amend",
        "void",
        "undo",
        "letter",
        "platform merge",
        "platform import",
    ),
    *("calendar amend", "calendar import", "calendar refresh"),
}


PROMPTING = ASKING | {"reject", "reopen", "pause", "hand-on", "event", "note"}
"""The commands that ask for what must be given too."""


def test_every_command_that_writes_can_be_quiet_and_every_one_that_asks_can_be_told_not_to() -> None:
    known = {name: {opt for option in pages.options(command) for opt in option.opts} for name, command in COMMANDS}
    assert known.keys() >= QUIET >= ASKING
    for name, options in known.items():
        assert ("--quiet" in options) == (name in QUIET), name
        assert ("--no-input" in options) == (name in PROMPTING), name
        assert ("--yes" in options) == (name in ASKING), name


COMMANDS = list(pages.commands())


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ("add --no-input", 2, "The platform is missing"),
        ("erase 1 --reason asked --no-input", 0, "erased"),
        ("erase 1 --reason asked --yes", 0, "erased"),
        ("calendar amend 2016-12-01 --off --name x --source y --no-input", 0, "Preview only"),
        ("calendar amend 2016-12-01 --off --name x --source y --yes", 0, "calendar revision"),
    ],
)
def test_nothing_is_asked_where_that_is_forbidden(clerk: Clerk, words: str, status: int, told: str) -> None:
    clerk("add", "--platform", "JD", "--phone", "13912345678").ok()
    # What asks on a terminal where nothing is typed waits for ever.
    ran = clerk.at_terminal(*words.split())
    assert ran.status == status
    assert told in ran.out

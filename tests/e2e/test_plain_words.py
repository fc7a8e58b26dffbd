"""What is said where something is slightly wrong, or the terminal narrow: to the point, and whole."""

import csv
import io
import sys
from pathlib import Path

import pytest

from dealtrack.cli.commands import COMMANDS, GROUP_HELP, load_command
from dealtrack.cli.terminal import share_room, wrap_text
from dealtrack.core.text import display_width
from tests.conftest import PROJECT, Clerk
from tests.terminal import Terminal


@pytest.mark.parametrize("width", [40, 80, 100, 200])
@pytest.mark.parametrize("words", ["policy list", "platform list", "calendar next 2 --from 2026-12-31", "explain 1"])
def test_a_narrow_terminal_cuts_nothing(clerk: Clerk, width: int, words: str) -> None:
    finding = "no e-mail address on the page, and the number of the hotline leads nowhere"
    clerk("platform", "check", "JD", "--channels", "phone", "--finding", finding).ok()
    clerk("add", "--platform", "JD", "--at", "2016-11-14").ok()
    lines = clerk.at_terminal(*words.split(), width=width, NO_COLOR="1").ok().splitlines()
    text = " ".join(" ".join(lines).split())
    assert "…" not in text
    if "list" in words or width >= 80:
        assert max(map(display_width, lines)) <= width
    if words == "platform list":
        for word in finding.split():
            assert word in text or width == 40
    if words.startswith("calendar"):
        assert text.endswith("the official calendar is not published yet)")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize(
    "words", ["add --platform Jingdongg", "list --status x", "reopen 1 --reason x", "list --as-of 2016-02-30"]
)
def test_messages_break_between_words_on_a_terminal_alone(clerk: Clerk, language: str, width: int, words: str) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-14").ok()
    arguments = ["--lang", language, *words.split()]
    (sentence,) = clerk(*arguments).err.splitlines()
    lines = clerk.at_terminal(*arguments, width=width).out.splitlines()
    assert max(map(display_width, lines)) <= width
    if language == "en":
        assert " ".join(lines) == sentence
    else:
        assert "".join(lines).replace(" ", "") == sentence.replace(" ", "")
        assert not [line for line in lines if line[0] in "，。、；：？）"]


def test_messages_fit_the_terminal_where_results_go_elsewhere(clerk: Clerk) -> None:
    command = f"{sys.executable} -m dealtrack add --platform Jingdongg > /dev/null"
    with Terminal([], clerk.environment(), PROJECT, width=50, shell=command) as terminal:
        assert terminal.end() == 2
        lines = terminal.screen.splitlines()
    assert len(lines) > 1 and max(map(display_width, lines)) <= 50


def test_a_line_never_ends_within_its_indent_nor_before_what_has_no_width() -> None:
    assert wrap_text("    " + "x" * 30, 20) == ["    " + "x" * 16, "x" * 14]
    assert wrap_text("投诉👩\u200d👧投诉", 5) == ["投诉", "👩\u200d👧", "投诉"]


@pytest.mark.parametrize("words", ["verify", "calendar next 1 --from 2014-10-31", "explain 1", "note 1 --note x"])
def test_results_break_between_words_on_a_terminal_alone(clerk: Clerk, words: str) -> None:
    number = "BJ-2016-" + "0" * 40
    clerk("add", "--platform", "JD", "--category", "cancelled-order", "--number", number, "--at", "2014-10-31").ok()
    whole = clerk(*words.split()).ok()
    assert max(map(len, whole.splitlines())) > 80
    lines = clerk.at_terminal(*words.split(), NO_COLOR="1").ok().splitlines()
    assert max(map(display_width, lines)) <= 80
    assert set(" ".join(lines).split()) >= set(whole.split())


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize(
    "note",
    ["The consumer telephoned  again about the refund promised for Friday. " * 4, "消费者再次来电，询问退款。" * 12],
)
def test_a_history_goes_on_below_itself_on_a_terminal_alone(clerk: Clerk, width: int, note: str) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-14").ok()
    clerk("note", 1, "--note", note).ok()
    whole = clerk("show", 1, "--format", "table").ok().splitlines()[-1]
    assert whole.endswith(note.strip())
    lines = clerk.at_terminal("show", 1, width=width).ok().splitlines()
    assert max(map(display_width, lines)) <= width < display_width(whole)
    first, *others = lines[next(place for place, line in enumerate(lines) if "noted" in line) :]
    assert "".join([first, *others]).replace(" ", "") == whole.replace(" ", "")
    assert set(" ".join([first, *others]).split()) >= set(note.split() if note.isascii() else ())
    # A terminal of 40 columns has no room beside the moment and the name.
    indent = whole.index(note[:3]) if width > 40 else 0
    assert all(line[:indent].strip() == "" and line[indent] not in " ，。" for line in others)


def test_columns_share_what_room_there_is() -> None:
    assert share_room([["id", "1"], ["a text of many words", "x"]], 80) == [2, 20]
    assert share_room([["id", "1"], ["a text of many words", "x"]], 14) == [2, 12]
    assert share_room([["one word", "x"], ["another"], ["亚马逊, 当当"]], 18) == [4, 7, 7]
    # Where words do not fit they break, the longest first.
    assert share_room([["x" * 30], ["y" * 20], ["short"]], 30) == [12, 13, 5]
    assert share_room([["x" * 30], ["y" * 20], ["short"]], 12) == [4, 4, 4]


def test_summaries_of_commands_are_whole(clerk: Clerk) -> None:
    for words in [(), *((name,) for name in GROUP_HELP)]:
        told = clerk(*words, "--help")
        assert told.status == 0 and "..." not in told.out.replace("[ARGS]...", ""), told.out
    text = " ".join(clerk("--help").out.split())
    for name in COMMANDS:
        if name not in GROUP_HELP:
            assert " ".join(str(load_command(name).help).split()).partition(". ")[0] in text


def test_one_header_for_all_that_is_explained_as_csv(clerk: Clerk) -> None:
    for day in ("14", "11"):
        clerk("add", "--platform", "JD", "--at", f"2016-11-{day} 10:00").ok()
    clerk("forward", 1).ok()
    rows = list(csv.DictReader(io.StringIO(clerk("explain", 1, 2, "--format", "csv").ok(), newline="")))
    assert list(rows[0]) == ["id", "clock", "round", "day", "counted", "reason"]
    assert {(row["id"], row["clock"]) for row in rows} == {
        (id_, name) for id_ in "12" for name in ("forward", "complete")
    }
    assert [row["day"] for row in rows if row["id"] == "1" and row["clock"] == "forward"] == [
        "2016-11-14",
        "2016-11-15",
    ]
    assert not [row for row in rows if row["day"] == "day"]
    assert clerk("explain", 1, "--clock", "forward", "--format", "csv").ok().count("reason") == 1


@pytest.mark.parametrize("head", ["x", "abcdef1", "g" * 64, "a" * 65, "0x123456789", "12345678 9", "头" * 8])
def test_a_head_that_can_be_none_is_bad_input(clerk: Clerk, head: str) -> None:
    told = clerk("verify", "--head", head)
    assert (told.status, told.out) == (2, "")
    assert "It has 64 digits" in told.err


@pytest.mark.parametrize("head", ["a" * 64, "abcdef12", "A" * 64])
def test_a_head_that_is_not_there_is_a_failed_check(clerk: Clerk, head: str) -> None:
    told = clerk("verify", "--head", head)
    assert (told.status, told.out) == (1, "")
    assert "its last entries were cut off, or this is another register" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", ""], "FILE is empty. Give a value."),
        (["show", "--number", ""], "--number is empty. Give a value or omit it."),
        (["forward", "--number", " "], "--number is empty."),
        (
            ["list", "--from", "2016-11-20", "--to", "2016-11-01"],
            "The period ends on 2016-11-01, before it begins on 2016-11-20. Give the earlier day with --from.",
        ),
    ],
)
def test_what_is_missing_or_the_wrong_way_round_is_named(clerk: Clerk, words: list[str], said: str) -> None:
    told = clerk(*words)
    assert (told.status, told.out) == (2, "") and said in told.err


def test_a_register_that_cannot_be_made_is_named_as_it_was_asked_for(clerk: Clerk) -> None:
    place = Path("/proc/self/register.db")
    if not place.parent.is_dir():
        pytest.skip("there is no /proc here, in which nobody can write")
    told = clerk("--db", place, "init")
    assert told.status == 3 and f"The register {place} cannot be used" in told.err

"""`dealtrack` alone: on a terminal what is overdue, due today and one's own; elsewhere, and without a register, its help."""

import re
from pathlib import Path

import pytest

from dealtrack.core.text import display_width
from tests.conftest import Clerk, prepared
from tests.registers import is_there, remove_register


@prepared
def busy(clerk: Clerk) -> None:
    """Give a clerk with five complaints overdue, one due today, and one that another section handles."""
    for number in range(1, 6):
        clerk(
            "add", "--platform", "JD", "--number", f"O-{number}", "--owner", "网监科", "--at", "2016-11-07 10:00"
        ).ok()
    clerk("add", "--platform", "Tmall", "--number", "D-6", "--owner", "消保科", "--at", "2016-11-14 10:00").ok()
    clerk("add", "--platform", "Amazon", "--number", "H-7", "--owner", "消保科", "--at", "2016-11-15 08:00").ok()
    clerk("hand-on", 7, "--to", "朝阳所", "--at", "2016-11-15 08:30").ok()
    clerk("add", "--platform", "Amazon", "--number", "C-8", "--owner", "朝阳所", "--at", "2016-11-14 08:00").ok()
    clerk("complete", 8, "--at", "2016-11-15 08:30").ok()


def parts(shown: str) -> dict[str, list[str]]:
    """Return the numbers of the complaints under the heading of each part."""
    blocks = re.split(r"\n\n", shown.replace("\r", ""))[1:]
    return {block.partition("\n")[0]: re.findall(r"\b[ODHC]-\d", block) for block in blocks}


def test_today_is_what_is_overdue_due_and_of_ones_own(busy: Clerk) -> None:
    shown = busy.at_terminal(NO_COLOR="1").ok()
    assert shown.splitlines()[0] == "Tue 2016-11-15 09:00: 5 deadlines overdue, 1 deadline due today"
    assert parts(shown) == {
        "5 deadlines overdue: dealtrack overdue": ["O-1", "O-2", "O-3", "O-4", "O-5"],
        "1 deadline due today: dealtrack due": ["D-6"],
    }
    low = busy.at_terminal(NO_COLOR="1", LINES="20").ok()
    assert list(parts(low).values()) == [["O-1", "O-2", "O-3"], ["D-6"]]


@pytest.mark.parametrize(("name", "own"), [("朝阳所", ["H-7"]), ("消保科", ["D-6", "H-7"]), ("nobody", [])])
def test_ones_own_are_the_open_ones_whose_owner_or_handler_one_or_ones_section_is(
    name: str, own: list[str], busy: Clerk
) -> None:
    busy("config", "set", "section", name).ok()
    shown = busy.at_terminal(NO_COLOR="1").ok()
    assert [numbers for text, numbers in parts(shown).items() if "yours" in text] == ([own] if own else [])
    assert (f"yours: dealtrack list --status open --owner {name}\n" in shown) is bool(own)
    busy("config", "unset", "section").ok()
    busy.actor = name
    assert parts(busy.at_terminal(NO_COLOR="1").ok()) == parts(shown)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_today_fits_a_terminal_in_both_languages(width: int, language: str, busy: Clerk) -> None:
    busy("config", "set", "section", "消保科").ok()
    shown = busy.at_terminal("--lang", language, width=width, NO_COLOR="1", LINES="24").ok()
    lines = shown.splitlines()
    assert all(display_width(line) <= width for line in lines)
    assert len(lines) <= 27
    assert ("本人未结 2 件" in shown) is (language == "zh")
    assert ("网监科" in shown) and ("消保科" in shown)


def test_a_quiet_day_and_a_register_alone_named(clerk: Clerk) -> None:
    shown = clerk.at_terminal("--db", clerk.address, NO_COLOR="1").ok()
    assert shown.splitlines()[0] == "Tue 2016-11-15 09:00: nothing overdue or due"
    assert "next: dealtrack add" in shown


def test_off_a_terminal_without_a_register_and_with_help_it_is_as_before(busy: Clerk) -> None:
    alone = busy()
    assert (alone.status, alone.err) == (2, "")
    assert alone.out.startswith("Usage: dealtrack")
    assert busy.process().out == alone.out
    named = busy("--db", busy.address)
    assert (named.status, named.out, named.err) == (2, "", "dealtrack: Missing command. See 'dealtrack --help'.\n")
    assert busy.at_terminal("--help").ok().startswith("Usage: dealtrack")
    remove_register(busy.address)
    nothing = busy.at_terminal()
    # Of a server it is not known beforehand whether the office is there.
    is_file = isinstance(busy.address, Path)
    assert (nothing.status, nothing.out.startswith("Usage: dealtrack")) == (2 if is_file else 3, is_file)
    assert not is_there(busy.address)

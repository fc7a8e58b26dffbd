"""`add` on a terminal without a platform: questions, both deadlines, and only then the entry."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Clerk

NOW = "2016-11-21T09:00:00+08:00"
Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(clerk: Clerk) -> Typed:
    """Give a way to run `add` on a terminal and to type an answer to each question as it comes."""
    clerk.now = NOW

    def run(arguments: list[str], answers: dict[str, list[str]]) -> tuple[int, str]:
        with clerk.terminal("add", *arguments, TERM="xterm") as terminal:
            answered = 0
            for screen in terminal.screens():
                # A question stands in the last line and ends with a colon and a space; its answer is echoed after it.
                question = screen.rpartition("\n")[2]
                if question.endswith(": ") and len(screen) > answered:
                    left = next((given for label, given in answers.items() if question.startswith(label)), [])
                    terminal.type(f"{left.pop(0) if left else ''}\n".encode())
                    answered = len(screen)
            return terminal.end(), terminal.screen

    return run


def _complaints(clerk: Clerk) -> list[dict[str, object]]:
    held: list[dict[str, object]] = json.loads(clerk("list", "--format", "json").ok())
    return held


def test_answers_are_checked_one_by_one_and_deadlines_shown_before_it_is_entered(clerk: Clerk, typed: Typed) -> None:
    clerk("add", "--platform", "Tmall", "--number", "N-1", now="2016-11-18T09:00:00+08:00").ok()
    answers = {
        "Platform": ["", "Jingdon", "京东"],
        "Category": ["质粮", "质量"],
        "Received": ["tomorrow", "yesterday 20:15"],
        "External number": ["N-1"],
        "Seller": ["nobody", "第三方"],
        "Summary": ["手机屏幕碎裂"],
        "Consumer's name": ["张三"],
        "Consumer's phone number": ["13912345678"],
    }
    status, screen = typed([], answers)
    assert status == 0, screen
    assert not any(answers.values())
    for told in ("Unknown platform: Jingdon", "Unknown category: 质粮", "is in the future", "complaint 1 has this number",
                 "Seller cannot be 'nobody'"):  # fmt: skip
        assert told in screen
    before, after = screen.split("Save this complaint? [Y/n]")
    assert "N-1, JD, quality: received 2016-11-20 20:15\n" in before
    # The deadlines that are shown are those that follow.
    deadlines = "  forward   not yet due  due Mon 2016-11-21 24:00\n  complete  expected     due Wed 2016-11-23 24:00\n"
    assert deadlines in before
    assert deadlines in after
    entered = _complaints(clerk)[1]
    assert (entered["platform"], entered["category"], entered["seller"]) == ("JD", "quality", "third-party")
    assert (entered["received"], entered["summary"]) == ("2016-11-20T20:15:00+08:00", "手机屏幕碎裂")
    shown = clerk("show", 2).ok()
    assert "consumer\t张*\n" in shown
    assert "phone\t139****5678\n" in shown


def test_a_no_writes_nothing(clerk: Clerk, typed: Typed) -> None:
    before = clerk("verify").ok()
    status, screen = typed([], {"Platform": ["JD"], "Save this complaint?": ["n"]})
    assert status == 2
    assert screen.endswith("dealtrack: cancelled; nothing was written.\n")
    assert clerk("verify").ok() == before


def test_the_end_of_input_writes_nothing(clerk: Clerk, typed: Typed) -> None:
    before = clerk("verify").ok()
    status, screen = typed([], {"Platform": ["JD"], "Category": ["\x04"]})
    assert status == 2
    assert "cancelled; nothing was written" in screen
    assert clerk("verify").ok() == before


def test_what_was_given_is_not_asked_and_yes_asks_nothing_at_the_end(clerk: Clerk, typed: Typed) -> None:
    given = ["--category", "delivery", "--number", "X", "--seller", "platform", "--at", "yesterday", "--yes"]
    status, screen = typed(given, {"Platform": ["JD"], "Summary": ["late"]})
    assert status == 0, screen
    assert "Category:" not in screen
    assert "Save this complaint?" not in screen
    assert _complaints(clerk)[0]["category"] == "delivery"


def test_with_a_platform_nothing_is_asked(clerk: Clerk, typed: Typed) -> None:
    status, screen = typed(["--platform", "JD"], {})
    assert status == 0
    assert screen.startswith("complaint 1 (JD, other)")
    assert len(_complaints(clerk)) == 1

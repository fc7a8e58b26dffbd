"""`add` on a terminal without a platform: questions, both deadlines, and only then the entry."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dealtrack.core.vocabulary import OFFICE_SUFFIX
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
                if question.endswith((": ", "：")) and len(screen) > answered:
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


def test_one_can_go_back_and_what_was_typed_stays(clerk: Clerk, typed: Typed) -> None:
    answers = {
        "Platform": ["Tmall", "JD"],
        "Category": ["＜", "质量"],
        "Summary": ["late", "<", ""],
        "Seller": ["platform", ""],
        "Consumer's name": ["<", "张三"],
        "Save this complaint?": ["99", "６", "y"],
        "Owner": [],
    }
    # Back from the name to the summary, which keeps its text, from there to the seller, and on again.
    answers["Summary"] = ["late", "<", "", "never came"]
    status, screen = typed([], answers)
    assert status == 0, screen
    assert "Platform [Tmall]: JD" in screen
    assert screen.count("Summary [late]: ") == 3
    assert "Seller (platform or third-party), if known [platform]: " in screen
    assert "Answer y for yes or n for no." in screen
    (entered,) = _complaints(clerk)
    assert (entered["platform"], entered["seller"], entered["summary"]) == ("JD", "platform", "never came")


def test_in_chinese_a_platform_that_was_answered_is_offered_by_its_chinese_name(clerk: Clerk, typed: Typed) -> None:
    clerk.extra["DEALTRACK_LANG"] = "zh"
    status, screen = typed([], {"平台": ["JD"], "类别": ["<"]})
    assert status == 0, screen
    assert "平台：JD\n" in screen and "平台 [京东]：\n" in screen
    assert _complaints(clerk)[0]["platform"] == "JD"


def test_all_answers_are_shown_and_each_can_be_changed_or_emptied(clerk: Clerk, typed: Typed) -> None:
    answers = {
        "Platform": ["JD"],
        "Summary": ["late", "-"],
        "Save this complaint?": ["6", "11", "12", ""],
        "Owner [clerk]": ["网监科"],
        "Note, if any": ["by phone"],
    }
    status, screen = typed(["--phone", "13912345678"], answers)
    assert status == 0, screen
    first, _second, _third, last, _saved = screen.split("To change an answer, enter its number.")
    for line in ("1   Platform                                    JD", "6   Summary                                     late",
                 "11  Owner                                       clerk", "12  Note, if any                                –"):  # fmt: skip
        assert f"  {line}\n" in first
    for line in ("6   Summary                                     –", "8   Consumer's phone number, if known           13912345678",
                 "11  Owner                                       网监科", "12  Note, if any                                by phone"):  # fmt: skip
        assert f"  {line}\n" in last
    (entered,) = _complaints(clerk)
    assert (entered["owner"], entered["summary"]) == ("网监科", None)
    assert "by phone" in clerk("show", 1).ok()


@pytest.mark.file_only("the office's file of settings")
def test_owner_and_note_are_asked_where_the_office_wants_it(clerk: Clerk, typed: Typed) -> None:
    Path(f"{clerk.db}{OFFICE_SUFFIX}").write_text("[ask]\nowner = true\nnote = true\n", encoding="utf-8")
    status, screen = typed([], {"Platform": ["JD"], "Owner [clerk]": ["-"], "Note, if any": ["by phone"]})
    assert status == 0, screen
    assert screen.index("Owner [clerk]: ") < screen.index("Note, if any: ") < screen.index("Save this complaint?")
    assert _complaints(clerk)[0]["owner"] is None
    assert "by phone" in clerk("show", 1).ok()


def test_a_platform_that_is_not_known_is_entered_when_told_to(clerk: Clerk, typed: Typed) -> None:
    question = "Jingdon is not in the list of platforms. Did you mean JD? Add it?"
    status, screen = typed([], {"Platform": ["Jingdon", "Jingdon"], question: ["n", "y"]})
    assert status == 0, screen
    assert screen.count(f"{question} [y/N]: ") == 2
    assert "dealtrack: platform added: Jingdon\n" in screen
    assert _complaints(clerk)[0]["platform"] == "Jingdon"
    assert "Jingdon" in clerk("platform", "list").ok()


def test_ids_are_read_as_a_chinese_keyboard_types_them(clerk: Clerk) -> None:
    for _count in range(6):
        clerk("add", "--platform", "JD").ok()
    clerk("forward", "1，2、３", "５－6").ok()
    assert [record["status"] for record in _complaints(clerk)] == [*["forwarded"] * 3, "received", *["forwarded"] * 2]
    refused = clerk("forward", "４；1")
    assert (refused.status, "'４；1' is not a complaint" in refused.err) == (2, True)

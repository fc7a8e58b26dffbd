"""What a command line gives: nothing empty becomes a default, nothing given twice is dropped in silence."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from dealtrack.cli.commands import app
from dealtrack.core.personal import is_email, is_phone
from dealtrack.core.vocabulary import (
    CATEGORIES,
    CATEGORY,
    OUTCOME,
    OUTCOMES,
    SELLER,
    SELLERS,
    longest,
)
from dealtrack.errors import BadEmail, BadPhone, EmptyValue, GivenTwice, UnknownOutcome
from tests import pages, processes
from tests.conftest import PROJECT, Clerk, prepared
from tests.registers import content

COMMANDS: list[tuple[str, Any]] = [("", typer.main.get_command(app)), *pages.commands()]
FILTERS = {
    "list": {"--status", "--platform", "--category", "--owner", "--handler"},
    "search": {"--status", "--platform"},
    **{
        name: {"--platform", "--category", "--owner", "--handler"}
        for name in ("overdue", "due", "digest", "report", "board", "office overdue", "office report")
    },
    "office complaints": {"--status", "--platform", "--category", "--owner", "--handler"},
}
"""The filters of each command: of several values any one does."""

NAMED_ONE_BY_ONE = {"import": {"--map", "--date-format", "--set"}, "evidence": {"--file"}}
NAMED_ONE_BY_ONE |= {"platform add": {"--alias"}, "platform edit": {"--alias", "--drop-alias"}}
NAMED_ONE_BY_ONE |= {"add": {"--limit"}, "amend": {"--limit"}, "digest": {"--mail"}}
"""Options that take part of a list each time."""


def _valued() -> Iterator[tuple[str, str, bool]]:
    for name, command in COMMANDS:
        for param in pages.options(command):
            if not param.is_flag:
                yield name, max(param.opts, key=len), param.multiple


VALUED = list(_valued())


def _first_words(name: str) -> list[str]:
    return name.split()


def test_the_table_of_options_is_not_empty() -> None:
    assert len(VALUED) > 150


def test_every_option_given_empty_is_refused(clerk: Clerk) -> None:
    before = content(clerk.address)
    for name, option, _ in VALUED:
        for words in ([option, ""], [f"{option}="], [option, " \u3000"]):
            told = clerk(*_first_words(name), *words)
            assert told.status == EmptyValue.exit_code == 2 and told.out == "", (name, words, told)
            assert f"{option} is empty. Give a value or omit it." in told.err, (name, words, told)
    assert content(clerk.address) == before


def test_every_argument_given_empty_is_refused(clerk: Clerk) -> None:
    for name, command in COMMANDS[1:]:
        for place, argument in enumerate(pages.arguments(command)):
            told = clerk(*_first_words(name), *["page"] * place, "")
            shown = argument.metavar.strip("[].")
            assert (told.status, told.out) == (2, ""), (name, told)
            assert f"dealtrack: {shown} is empty." in told.err, (name, told)
            if argument.nargs == -1:
                told = clerk(*_first_words(name), "1", "")
                assert told.status == 2 and "is empty" in told.err, (name, told)


def test_every_option_given_twice_is_refused_or_means_either(clerk: Clerk) -> None:
    for name, option, multiple in VALUED:
        repeats = option in FILTERS.get(name, set()) | NAMED_ONE_BY_ONE.get(name, set())
        # A complaint by its number is named like one by its id: there may be several.
        is_reference = option == "--number" and name != "add"
        assert multiple == (repeats or is_reference), f"{name} {option}"
        if multiple:
            # An empty one among others is not overlooked.
            told = clerk(*_first_words(name), option, "x", option, "")
            assert told.status == 2 and f"{option} is empty" in told.err, (name, option, told)
            continue
        value = "en" if option == "--lang" else "1"
        for words in ([option, value, option, value], [f"{option}={value}", option, value]):
            told = clerk(*_first_words(name), *words)
            assert told.status == GivenTwice.exit_code == 2 and told.out == "", (name, words, told)
            assert f"{option} was given 2 times, but takes one value." in told.err, (name, words, told)


def test_a_flag_says_the_same_however_often_it_is_given(clerk: Clerk) -> None:
    clerk("overdue", "--check", "--check").ok()


def test_it_is_said_in_chinese_too(clerk: Clerk) -> None:
    assert "--at" in (told := clerk("--lang", "zh", "add", "--at", "")).err and "empty" not in told.err
    assert "--at" in (told := clerk("--lang", "zh", "add", "--at", "1", "--at", "2")).err and "twice" not in told.err
    assert "DAYS" not in clerk("--lang", "zh", "calendar", "amend", "").err


def test_help_and_completion_are_given_all_the_same(clerk: Clerk) -> None:
    assert "Usage" in clerk("add", "--help").ok()
    asked = clerk.process("list", "--platform", "JD", "--platform", "", _DEALTRACK_COMPLETE="fish")
    assert "Tmall" in asked.ok()


VARIABLES = ("DEALTRACK_ACTOR", "DEALTRACK_LANG", "NO_COLOR", "LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS", "TZ")


@pytest.mark.parametrize("text", ["", "  "], ids=["empty", "spaces"])
def test_an_empty_variable_counts_as_unset(clerk: Clerk, text: str) -> None:
    for variable in VARIABLES:
        clerk.extra[variable] = text
    told = clerk.process("list")
    assert (told.status, told.out, told.err) == (0, "", "")


@pytest.mark.parametrize("text", ["", "  "], ids=["empty", "spaces"])
def test_an_empty_place_or_moment_counts_as_unset(tmp_path: Path, text: str) -> None:
    names = ("DEALTRACK_DB", "DEALTRACK_NOW", "DEALTRACK_HOME", "DEALTRACK_LANG", "DEALTRACK_ACTOR")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **dict.fromkeys(names, text)}
    command = [sys.executable, "-m", "dealtrack"]
    made = subprocess.run([*command, "init"], env=environment, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert str(tmp_path) in made.stdout
    added = subprocess.run(
        [*command, "add", "--platform", "JD"], env=environment, cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert added.stdout.startswith("complaint 1 (JD, other): received 2")


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name or "dealtrack" for name, _ in COMMANDS])
def test_commands_need_nothing_of_the_environment(name: str, command: Any, tmp_path: Path) -> None:
    # As under `env -i`: not even a HOME; where the register is not there, that is told.
    words = [*name.split(), *("1" for argument in pages.arguments(command) if argument.required)]
    db = tmp_path / "none.db"
    unasked = [option for param in pages.options(command) for option in param.opts if option == "--no-input"]
    status, _, err = processes.run(["--db", str(db), *words, *unasked], {}, PROJECT)
    assert status in (0, 2, 3), (name, status, err)
    assert b"Traceback" not in err, (name, err)


@prepared
def four(clerk: Clerk) -> None:
    """Give a clerk with four complaints about three platforms, the second completed, the fourth withdrawn."""
    early = "2016-11-01 10:00"
    clerk("add", "--platform", "JD", "--category", "quality", "--owner", "甲", "--summary", "退货", "--at", early).ok()
    clerk(
        "add", "--platform", "Tmall", "--category", "delivery", "--owner", "乙", "--summary", "退货", "--at", early
    ).ok()
    clerk(
        "add", "--platform", "Amazon", "--category", "quality", "--owner", "丙", "--summary", "退货", "--at", early
    ).ok()
    clerk("add", "--platform", "JD", "--category", "other", "--owner", "乙", "--summary", "退货", "--at", early).ok()
    clerk("complete", 2, now="2016-11-16T10:00:00+08:00").ok()
    clerk("withdraw", 4, now="2016-11-16T11:00:00+08:00").ok()


LATER = "2016-11-17T10:00:00+08:00"


def _ids(told: Any) -> list[int]:
    return sorted({row["id"] for row in json.loads(told.ok())})


@pytest.mark.parametrize(
    "past",
    [[], ["--as-of", "2016-11-16 18:00"], ["--known-at", "2016-11-16 18:00"]],
    ids=["now", "as of", "known at"],
)
def test_a_filter_given_twice_means_either(four: Clerk, past: list[str]) -> None:
    def ids(*words: str) -> list[int]:
        return _ids(four(*words, *past, "--format", "json", now=LATER))

    for command in (["list"], ["search", "退货"]):
        assert ids(*command, "--platform", "JD", "--platform", "天猫") == [1, 2, 4]
        assert ids(*command, "--platform", "天猫", "--platform", "Tmall") == [2]
        assert ids(*command, "--status", "closed", "--status", "received") == [1, 2, 3, 4]
        assert ids(*command, "--status", "closed", "--platform", "JD", "--platform", "Amazon") == [4]
        assert ids(*command, "--status", "open", "--status", "closed") == [1, 2, 3, 4]
    assert ids("list", "--category", "质量", "--category", "其他") == [1, 3, 4]
    assert ids("list", "--owner", "甲", "--owner", "丙", "--category", "quality") == [1, 3]
    assert ids("overdue", "--platform", "JD", "--platform", "Tmall") == [1]
    assert ids("overdue", "--owner", "甲", "--owner", "丙") == [1, 3]
    assert ids("overdue", "--category", "quality", "--category", "other") == [1, 3]
    report = json.loads(
        four("report", "--platform", "JD", "--platform", "Tmall", *past, "--format", "json", now=LATER).ok()
    )
    assert report["only"] == {"platform": ["JD", "Tmall"]}
    assert {group["platform"]: group["complaints"] for group in report["groups"]} == {"JD": 2, "Tmall": 1}
    page = json.loads(four("digest", "--owner", "甲", "--owner", "乙", *past, "--format", "json", now=LATER).ok())
    assert [row["id"] for row in page["still_overdue"] + page["newly_overdue"]] == [1]


def test_due_means_either_too(four: Clerk) -> None:
    told = four("due", "--platform", "JD", "--platform", "Amazon", "--as-of", "2016-11-02 10:00", "--format", "json")
    assert _ids(told) == [1, 3, 4]


def test_a_report_names_all_that_it_is_narrowed_to(four: Clerk, tmp_path: Path) -> None:
    words = ["report", "--platform", "JD", "--platform", "Tmall"]
    assert "platform JD, Tmall" in four(*words, "--format", "table").ok()
    assert "京东、天猫" in four("--lang", "zh", *words, "--format", "table").ok()
    one = json.loads(four("report", "--platform", "JD", "--format", "json").ok())
    assert one["only"] == {"platform": "JD"}
    four(*words, "--html", tmp_path / "report.html").ok()
    assert "JD, Tmall" in (tmp_path / "report.html").read_text()


def test_voided_complaints_are_among_several_statuses(four: Clerk) -> None:
    four("void", 4, "--reason", "x").ok()
    four("void", 4, "--reason", "x").ok()
    told = json.loads(four("show", 4, "--format", "json").out or "{}")
    assert told == {} or told["status"] == "voided"


def test_an_outcome_is_one_of_the_list(four: Clerk) -> None:
    told = four("complete", 1, "--outcome", "refunded")
    assert told.status == UnknownOutcome.exit_code == 2
    assert "Unknown outcome: refunded. Did you mean refund?" in told.err and "--outcome other" in told.err
    assert four("amend", 2, "--outcome", "赔付了").status == 2
    four("complete", 1, "--outcome", "other", "--note", "store credit").ok()
    four("amend", 2, "--outcome", "其他").ok()
    assert [json.loads(four("show", id_, "--format", "json").ok())["outcome"] for id_ in (1, 2)] == ["other", "other"]


def test_an_imported_outcome_keeps_its_own_word(clerk: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("number,platform,received,completed,outcome\nA-1,JD,2016-11-01,2016-11-02,Closed with relief\n")
    clerk("import", file).ok()
    assert json.loads(clerk("show", 1, "--format", "json").ok())["outcome"] == "Closed with relief"


@pytest.mark.parametrize("text", ["abc", "12", "无", "BJ-2016-001", "a1380013@example.com", "one-two-three", "＊＊"])
def test_a_phone_that_is_none_is_refused(clerk: Clerk, text: str) -> None:
    assert not is_phone(text)
    clerk("add", "--platform", "JD").ok()
    for words in (["add", "--platform", "JD"], ["amend", "1"]):
        told = clerk(*words, "--phone", text)
        assert told.status == BadPhone.exit_code == 2 and "Invalid phone number" in told.err
        # What was typed there may be somebody's.
        assert text in ("12", "无") or text not in told.err
    assert len(clerk("list").ok().splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "138****8000",
        "+86 138-0013-8000",
        "(010) 6512 3456 ext. 12",
        "010-65123456转8",
        "0571-88886666x12",
        "１３８００１３８０００",
        "13800138000 / 13900139000",
        "13800138000（白天）",
        "tel 020 7946 0018",
        "12315",
    ],
)
def test_phones_as_people_write_them_are_taken(clerk: Clerk, text: str) -> None:
    assert is_phone(text)
    clerk("add", "--platform", "JD", "--phone", text).ok()


@pytest.mark.parametrize("text", ["abc", "a@b", "@example.com", "a@", "a b@c", "a@b@c.d", "13800138000", "a@b.", "无"])
def test_an_email_that_is_none_is_refused(clerk: Clerk, text: str) -> None:
    assert not is_email(text)
    clerk("add", "--platform", "JD").ok()
    for words in (["add", "--platform", "JD"], ["amend", "1"]):
        told = clerk(*words, "--email", text)
        assert told.status == BadEmail.exit_code == 2 and "Invalid e-mail address" in told.err


@pytest.mark.parametrize(
    "text", ["a@b.cn", "w***@qq.com", "张三@例子.公司", "ａ＠ｂ.ｃｎ", "a@b.cn; c@d.org", "x.y+z@a.b.co.uk"]
)
def test_emails_as_people_write_them_are_taken(clerk: Clerk, text: str) -> None:
    assert is_email(text)
    clerk("add", "--platform", "JD", "--email", text).ok()


def test_a_lone_dash_is_nothing(clerk: Clerk, tmp_path: Path) -> None:
    clerk("add", "--platform", "JD", "--owner", "-", "--number", "-", "--summary", "-", "--seller", "-").ok()
    shown = json.loads(clerk("show", 1, "--format", "json").ok())
    assert [shown[name] for name in ("owner", "number", "summary", "seller")] == [None] * 4
    for words in (["hand-on", 1, "--to", "-"], ["pause", 1, "--reason", "-"], ["note", 1, "--note", "-"]):
        told = clerk(*words)
        assert told.status == 2 and "is missing" in told.err
    file = tmp_path / "rows.csv"
    file.write_text("number,platform,received,owner,summary\nA-1,JD,2016-11-01,-,—\nA-2,JD,2016-11-01,——,x - y\n")
    clerk("import", file).ok()
    rows = json.loads(clerk("list", "--format", "json").ok())
    assert [(row["owner"], row["summary"]) for row in rows[1:]] == [(None, None), (None, "x - y")]


def _words() -> Iterator[tuple[str, str, str]]:
    for field, names, table in (
        ("category", CATEGORIES, CATEGORY.others),
        ("outcome", OUTCOMES, OUTCOME.others),
        ("seller", SELLERS, SELLER.others),
    ):
        for name in names:
            for word in (name, *table[name], name.upper()):
                yield field, word, name


def test_typed_and_imported_words_are_the_same(clerk: Clerk, tmp_path: Path) -> None:
    words = list(_words())
    lines = ["number,platform,received,completed,category,outcome,seller"]
    for place, (field, word, _) in enumerate(words):
        cells = {name: word if name == field else "" for name in ("category", "outcome", "seller")}
        lines.append(f"A-{place},JD,2016-11-01,2016-11-02,{','.join(cells.values())}")
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    clerk("import", tmp_path / "rows.csv").ok()
    rows = json.loads(clerk("list", "--format", "json").ok())
    for row, (field, word, name) in zip(rows, words, strict=True):
        assert row[field] == name, (field, word)
    for field, word, name in words:
        clerk("amend", 1, f"--{field}", word).ok()
        assert json.loads(clerk("show", 1, "--format", "json").ok())[field] == name, (field, word)


@pytest.mark.parametrize("field", ["number", "owner", "consumer", "address", "summary", "phone", "outcome"])
def test_typed_and_imported_texts_may_be_as_long(clerk: Clerk, tmp_path: Path, field: str) -> None:
    most = longest(field)
    text = "1" * most
    option = "--to-number" if field == "number" else f"--{field}"
    for more, status in (("", 0), ("1", 4)):
        file = tmp_path / f"rows{more}.csv"
        file.write_text(f"platform,received,completed,{field}\nJD,2016-11-01,2016-11-02,{text}{more}\n")
        assert clerk("import", file).status == status
    if field == "number":
        assert json.loads(clerk("show", "--number", text, "--format", "json").ok())["id"] == 1
    clerk("add", "--platform", "JD").ok()
    if field != "outcome":
        clerk("amend", 2, option, text).ok()
    assert clerk("amend", 2, option, text + "1").status == 2


def test_odd_moments_are_refused_in_words(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    odd = ["soon", "-", "0", "2016", "2016-02-30", "2016-11-11 25:00", "11-11 12:60", "1e9", "\x00", "now now"]
    odd += ["99999999", "2016-11-11T10:00:00+99:00", "9" * 500, "٢٠١٦-١١-١١", "--", "now\n", "\u202e2016-11-11"]
    for text in odd:
        for words in (["forward", 1, "--at", text], ["list", "--as-of", text], ["show", 1, "--known-at", text]):
            told = clerk(*words)
            assert told.status in (0, 2) and "Traceback" not in told.err, (words, told)
            assert told.status == 2 or text == "now\n", (words, told)


def test_imported_contacts_are_kept_with_a_remark(clerk: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    rows = ["A-1,JD,2016-11-01,座机,", "A-2,JD,2016-11-01,13800138000,a@b.cn", "A-3,JD,2016-11-01,,none given"]
    file.write_text("\n".join(["number,platform,received,phone,email", *rows]) + "\n")
    told = clerk("import", file)
    assert told.status == 0
    assert "2 rows have an invalid phone number or e-mail address; kept as they are: lines 2, 4" in told.err
    assert json.loads(clerk("show", 1, "--reveal", "--format", "json").ok())["phone"] == "座机"
    assert "no number" not in clerk("import", file).err

"""`dealtrack help`: guides in both languages, as they are in a pipe and drawn on a terminal; the help of commands."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from dealtrack.cli.commands import COMMANDS
from dealtrack.cli.help import TOPICS
from dealtrack.cli.language import choose_language, say_field
from dealtrack.core.text import display_width
from dealtrack.errors import UnknownTopic
from tests import pages
from tests.conftest import PROJECT, Clerk, Result
from tests.registers import copy_register, is_there, new_place

LANGUAGES = tuple(pages.GUIDES)

TERMS = {
    "received": "收到",
    "accepted": "受理",
    "not accepted": "不予受理",
    "forwarded": "转办（总局令的“分送”）",
    "completed": "办结",
    "closed": "已结",
    "withdrawn": "撤回投诉",
    "paused": "中止计时",
    "resumed": "恢复计时",
    "no pause stops it": "中止期间照常计时",
    "extended": "延期",
    "reassigned": "转派",
    "transferred": "移送",
    "reopened": "重新办理",
    "noted": "备注",
    "corrected": "更正",
    "undone": "作废",
    "owner": "首问责任单位（人）",
    "handler": "现承办",
    "resolved at first contact": "直接办结（未经转办）",
    "stage (clock)": "环节",
    "deadline": "时限",
    "due": "到期日",
    "deadline status (verdict)": "时限状态",
    "on time (met)": "按时",
    "late (missed)": "逾期已办",
    "overdue": "逾期未办",
    "not yet due (running)": "未到期",
    "expected (projected)": "预计",
    "not counted (cancelled)": "不再计时",
    "provisional": "暂定",
    "done or past due": "应办数（已办的和逾期未办的）",
    "daily mean": "日均",
    "quality": "质量",
    "delivery": "物流",
    "not as described (mismatch)": "与描述不符",
    "cancelled by seller (cancelled-order)": "单方取消订单",
    "advertising": "广告",
    "ID": "序号",
    "number": "登记编号",
    "summary": "投诉内容",
    "consumer": "投诉人",
    "phone": "联系电话",
    "address": "联系地址",
    "amount": "退赔金额",
    "no agreement": "未达成调解协议",
    "advance compensation": "先行赔付",
    "refund": "退款",
    "platform": "平台",
    "policy": "办理规则",
    "calendar": "工作日历",
    "working day": "工作日",
    "working day (make-up)": "上班（调休）",
    "day off (made up on another day)": "放假调休",
    "holiday": "放假",
    "register": "台账",
    "journal": "操作日志",
    "entry": "记录",
    "checksum": "校验值",
    "evidence": "附件",
    "daily summary": "每日提醒",
    "live board": "全屏看板",
    "seller (platform)": "自营（经营者类型）",
    "seller (third-party)": "平台内经营者（经营者类型）",
}
"""Each term of the field with its one rendering in Chinese."""

SHOWN_AS = {
    ("status", "closed"): "closed",
    ("kind", "withdrawn"): "withdrawn",
    ("kind", "paused"): "paused",
    ("kind", "resumed"): "resumed",
    ("kind", "extended"): "extended",
    ("kind", "handed-on"): "reassigned",
    ("kind", "transferred"): "transferred",
    ("kind", "reopened"): "reopened",
    ("kind", "amended"): "corrected",
    ("kind", "voided"): "undone",
    ("kind", "evidence"): "evidence",
    ("verdict", "met"): "on time (met)",
    ("verdict", "missed"): "late (missed)",
    ("verdict", "overdue"): "overdue",
    ("verdict", "running"): "not yet due (running)",
    ("verdict", "projected"): "expected (projected)",
    ("verdict", "cancelled"): "not counted (cancelled)",
    ("category", "mismatch"): "not as described (mismatch)",
    ("category", "cancelled-order"): "cancelled by seller (cancelled-order)",
    ("outcome", "no-agreement"): "no agreement",
    ("outcome", "advance-compensation"): "advance compensation",
}
"""What records hold, by key, and the term that screens show for it."""


def _title(topic: str, language: str) -> str:
    return pages.guide(topic, language).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_alone_lists_the_guides_with_a_line_each(clerk: Clerk, language: str) -> None:
    shown = clerk("--lang", language, "help")
    assert shown.status == 0 and "dealtrack help" in shown.err
    assert [tuple(line.split(None, 1)) for line in shown.out.splitlines()] == [
        (topic, _title(topic, language)) for topic in TOPICS
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", TOPICS)
def test_a_guide_in_a_pipe_is_its_page_without_what_made_it(clerk: Clerk, topic: str, language: str) -> None:
    shown = clerk("--lang", language, "help", topic)
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith(f"# {_title(topic, language)}\n\n")
    assert "<!--" not in shown.out and "[[[" not in shown.out and "\n\n\n" not in shown.out
    written = re.sub(r"<!--.*?-->", "", pages.guide(topic, language).read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = iter(shown.out.splitlines())
    assert all(line in lines for line in written.splitlines() if line)


def test_the_language_is_chosen_as_everywhere(clerk: Clerk) -> None:
    assert clerk.process("help", "start", LC_ALL="zh_CN.UTF-8").ok() == clerk("--lang", "zh", "help", "start").ok()
    assert clerk.process("help", "start", DEALTRACK_LANG="en", LC_ALL="zh_CN.UTF-8").ok() == clerk("help", "start").ok()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_of_words_is_the_glossary(clerk: Clerk, language: str) -> None:
    rows = re.findall(r"^- (.+?)(?:: |：)(.+)$", clerk("--lang", language, "help", "words").ok(), re.MULTILINE)
    assert dict(rows if language == "en" else [row[::-1] for row in rows]) == TERMS


def test_screens_show_the_terms_of_the_glossary() -> None:
    for (key, word), term in SHOWN_AS.items():
        choose_language("en", {})
        assert say_field(key, word) == term.partition(" (")[0]
        choose_language("zh", {})
        assert say_field(key, word) == TERMS[term]


NOTICE = "国务院办公厅关于2016年元旦放假的通知\n1月1日（星期五）至3日（星期日）放假，共3天。\n"

NEEDED = {
    "resume": "pause 12 --reason sent",
    "reopen": "complete 12",
    "extend": "forward 12",
    "event": "policy adopt green-channel.toml --corrected --yes",
    "undo": "add --platform JD",
    "erase": "amend 12 --phone 13800138000",
}
"""What must have happened before an example runs."""

NEED_A_PERSON = ("add", "board", "restore", "calendar import")
"""The commands whose examples are refused where there is no person to ask, or no terminal to draw on."""

NEED_A_SERVER = ("transfer", *(f"office {member}" for member in COMMANDS["office"].members))
"""The commands whose examples are refused where the register is a file."""

NEEDS_A_FILE = "move"
"""The command whose example is refused where the file that it names is not there, before any server is asked."""


@pytest.mark.file_only("the examples name files")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_ends_its_help_with_examples_that_run(
    clerk: Clerk, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("SHELL", "/bin/bash")
    rows = [f"BJ-2016-{number:03},JD,2016-11-14,refund not delivered 退款\n" for number in range(1, 13)]
    for name in ("complaints.csv", "投诉.csv", "12315.csv", "photo.jpg", "照片.jpg"):
        Path(name).write_text("number,platform,received,summary\n" + "".join(rows))
    Path("notice.html").write_text(NOTICE, encoding="utf-8")
    rules = (PROJECT / "data" / "policies" / "green-channel.toml").read_text(encoding="utf-8")
    Path("green-channel.toml").write_text(rules.replace('["completed"]', '["completed", "event:case-opened"]'))
    clerk("import", "complaints.csv").ok()
    for name in ("backup.db", "备份.db"):
        clerk("backup", name).ok()
    kept = new_place(tmp_path, "kept.db")
    copy_register(clerk.address, kept)
    seen = []
    for name, _command in pages.commands():
        shown = clerk("--lang", language, *name.split(), "--help").ok()
        examples = shown.partition({"en": "Examples:\n", "zh": "示例：\n"}[language])[2].splitlines()
        assert 1 <= len(examples) <= 2, name
        for example in examples:
            words = shlex.split(example)[1:]
            assert words[: len(name.split())] == name.split()
            copy_register(kept, clerk.address)
            if name in NEEDED:
                clerk(*NEEDED[name].split()).ok()
            place = ["--db", "other.db"] if name == "init" else []
            Path("other.db").unlink(missing_ok=True)
            ran = clerk("--lang", language, *place, *words)
            needs_more = name in (*NEED_A_PERSON, *NEED_A_SERVER) and (name != "add" or len(words) == 1)
            # The system on which a test runs may well deserve a warning.
            expected = 2 if needs_more else 3 if name == NEEDS_A_FILE else name == "doctor" and ran.status
            assert ran.status == expected, (example, ran.err)
            seen.append(example.strip())
    shipped = PROJECT / "dealtrack" / "help" / language / "examples.txt"
    assert sorted(seen) == sorted(shipped.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_says_a_default_once_and_no_two_options_mean_the_same(clerk: Clerk, language: str) -> None:
    for name in ("amend", "void", "digest"):
        shown = clerk("--lang", language, *name.split(), "--help").ok()
        meanings = re.findall(r"^  --[a-z-]+ \S+ +(\S.*(?:\n {8,}.*)*)", shown, re.MULTILINE)
        assert len(set(meanings)) == len(meanings) > 2, name
        for meaning in meanings:
            assert len(re.findall(r"\[default:|\[默\s*认：", meaning)) <= 1, meaning


def test_headings_of_a_group_are_chinese_in_chinese(clerk: Clerk) -> None:
    for name in ("calendar", "policy", "platform"):
        shown = clerk("--lang", "zh", name, "--help").ok()
        assert "\n命令：\n" in shown
        assert "Commands" not in shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["add", "calendar next", "platform"])
def test_help_of_a_command_is_its_help(clerk: Clerk, name: str, language: str) -> None:
    words = name.split()
    assert clerk("--lang", language, "help", *words).ok() == clerk("--lang", language, *words, "--help").ok()


@pytest.mark.parametrize("topic", ["calendar", "import", "datasette", "board"])
def test_a_guide_named_like_a_command_says_where_its_options_are(clerk: Clerk, topic: str) -> None:
    for language in LANGUAGES:
        assert f"`dealtrack {topic} --help`" in clerk("--lang", language, "help", topic).ok()


@pytest.mark.parametrize(
    ("words", "nearest"), [("clander", "calendar"), ("explian", "explain"), ("calendar nxt", ""), ("start now", "")]
)
def test_what_is_neither_guide_nor_command_is_refused_with_the_nearest(clerk: Clerk, words: str, nearest: str) -> None:
    told = clerk("help", *words.split())
    assert (told.status, told.out) == (UnknownTopic.exit_code, "")
    assert f"There is no guide or command named {words}." in told.err
    assert f"Did you mean {nearest}" in told.err


def test_help_needs_no_register_and_makes_none(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    assert clerk("help", "day").status == 0
    assert not is_there(clerk.address)


def _at_terminal(clerk: Clerk, topic: str, width: int = 80, colour: bool = False, language: str = "en") -> Result:
    no_color = "" if colour else "1"
    return clerk.at_terminal("--lang", language, "help", topic, width=width, PAGER="cat", NO_COLOR=no_color)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", ["start", "cron", "keeping", "commands"])
def test_a_guide_on_a_terminal_fits_it(clerk: Clerk, topic: str, language: str) -> None:
    shown = _at_terminal(clerk, topic, 50, language=language).ok()
    assert "```" not in shown and "**" not in shown and "\n## " not in shown and "\x1b" not in shown
    page = clerk("--lang", language, "help", topic).ok()
    outputs = {
        line
        for block in re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    }
    assert outputs <= set(shown.splitlines())
    assert all(display_width(line) <= 50 for line in shown.splitlines() if line not in outputs)
    # Nothing is lost but the marks of Markdown and where lines end.
    plain = re.sub(r"^```.*\n|\*\*", "", page, flags=re.MULTILINE)
    assert re.sub(r"[\s#]", "", shown) == re.sub(r"[\s#]", "", plain)


def test_headings_are_bold_where_there_are_colours(clerk: Clerk) -> None:
    assert _at_terminal(clerk, "start", colour=True).ok().startswith("\x1b[1mFirst steps")


def test_a_guide_on_a_terminal_goes_through_the_pager(clerk: Clerk, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    shown = clerk.at_terminal("help", "start", PAGER=f"cat > {seen}", NO_COLOR="1")
    assert (shown.status, shown.out) == (0, "")
    assert seen.read_text(encoding="utf-8").startswith("First steps")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_of_policies_lists_every_bundled_one(language: str) -> None:
    guide = pages.guide("policies", language).read_text(encoding="utf-8")
    names = {path.stem for path in (PROJECT / "data/policies").glob("*.toml")}
    assert names <= set(re.findall(r"`([a-z0-9-]+)`", guide))

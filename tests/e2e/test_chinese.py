"""Dealtrack in Chinese: chosen by option, variable or locale; all that a clerk reads, and nothing that a program reads."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dealtrack.cli.commands import COMMANDS, GROUP_HELP
from dealtrack.cli.language import CLOCKS, _, choose_language, read_clock
from dealtrack.core.platform import CHANNELS, parse_channels
from dealtrack.core.text import display_width
from dealtrack.core.vocabulary import CATEGORIES, CATEGORY, OUTCOME, OUTCOMES
from dealtrack.errors import DealtrackError, UnknownLanguage, all_errors
from tests import pages
from tests.conftest import PROJECT, Clerk

ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}[,;:]? [a-z]{2,}")
"""Three English words in a row: a sentence that nobody translated."""

# What stays as it is: commands in quotes and after "next", examples of them, and the names of a platform.
VERBATIM = re.compile(r"'[^']*'|dealtrack [a-z-]+( [^ ：，。；]+)*|gzip -dc|Gome online, gome")


def english_in(text: str) -> list[str]:
    """Return what was left in English."""
    return [line for line in text.splitlines() if ENGLISH.search(VERBATIM.sub("", line))]


@pytest.fixture
def chinese(clerk: Clerk) -> Clerk:
    clerk.extra["DEALTRACK_LANG"] = "zh"
    return clerk


@pytest.mark.parametrize(
    ("options", "environment", "is_chinese"),
    [
        ("", {}, False),
        ("", {"LANG": "C"}, False),
        ("", {"LANG": "POSIX"}, False),
        ("", {"LANG": "en_US.UTF-8"}, False),
        ("", {"LANG": "fr_FR.UTF-8"}, False),
        ("", {"LANG": "zh_CN.UTF-8"}, True),
        ("", {"LANG": "zh_TW.UTF-8"}, True),
        ("", {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, False),
        ("", {"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_CN"}, True),
        ("", {"LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "zh_CN.GB18030"}, True),
        ("", {"LC_ALL": "", "LANG": "zh_CN"}, True),
        ("", {"LANG": "zh_CN.UTF-8", "DEALTRACK_LANG": "en"}, False),
        ("", {"LANG": "en_GB.UTF-8", "DEALTRACK_LANG": "zh"}, True),
        ("--lang en", {"DEALTRACK_LANG": "zh"}, False),
        ("--lang zh", {"DEALTRACK_LANG": "en"}, True),
        ("--lang=zh_CN", {}, True),
        ("--lang 中文", {}, True),
        ("--db elsewhere.db --lang zh-Hans", {}, True),
    ],
)
def test_the_language_is_chosen(options: str, environment: dict[str, str], is_chinese: bool, clerk: Clerk) -> None:
    clerk.extra.update(environment)
    told = clerk.process(*options.split(), "list", "--format", "tabel")
    assert told.status == 2
    assert ("格式不能是" in told.err) is is_chinese
    assert ("Format cannot be" in told.err) is not is_chinese


@pytest.mark.parametrize("words", ["--lang fr list", "--lang=tlh list", "--lang zx --help"])
def test_a_language_that_is_not_spoken_is_refused(words: str, clerk: Clerk) -> None:
    told = clerk(*words.split())
    assert (told.status, told.out) == (2, "")
    assert "Unknown language" in told.err
    assert issubclass(UnknownLanguage, DealtrackError)
    told = clerk.process("list", DEALTRACK_LANG="klingon", LANG="zh_CN.UTF-8")
    assert told.status == 2
    assert told.err == "dealtrack: 不支持语言“klingon”。可选：en（英文）、zh（中文）。\n"


def test_a_clerks_day_has_no_word_of_english(chinese: Clerk, tmp_path: Path) -> None:
    (tmp_path / "票据.txt").write_text("票据")
    told: list[str] = []

    def do(words: str, status: int = 0) -> str:
        result = chinese(*words.split())
        assert result.status == status, f"{words}: {result.err}"
        told.append(result.out + result.err)
        return result.out

    assert "投诉 1（京东，质量）：已收到 2016-11-15 09:00" in do(
        "add --platform 京东 --category 质量 --phone 13912345678"
    )
    do("add --platform 天猫 --category 物流 --seller 第三方 --phone 13912345678 --at 2016-11-01")
    do("add --platform 亚马逊 --number BJ-1 --at 昨天")
    do("add --platform 亚马逊 --number BJ-1")
    do("add --platform 国美在线 --at 2016-11-03")
    assert "转办" in do("forward 1 2")
    do("pause 1 --reason 送检")
    do("resume 1")
    do("extend 1 --clock 办结 --by 1 --reason 商家在外地")
    do("hand-on 1 --to 质量科")
    do("note 1 --note 已电话联系")
    do("amend 1 --outcome 退款 --category 广告")
    assert "办结 2016-11-15" in do("complete 1 --outcome 先行赔付 --amount 100")
    do("withdraw 3 --reason 和解")
    do("reopen 3 --reason 又来投诉")
    do("void 3 --reason 误登")
    do(f"evidence 2 --file {tmp_path / '票据.txt'}")
    do("evidence 2 --format table")
    do("erase 2 --reason 本人要求 --yes")
    assert "首问责任" in do("show 1 --format table")
    do("show 2 --format table")
    assert "《民法通则》第一百五十四条" in do("explain 1")
    assert "逾期" in do("overdue --format table")
    do("overdue --check", status=1)
    do("due --within 2wd --format table")
    do("list --status 未结 --format table")
    do("search 亚马逊 --format table")
    assert "1. 逾期" not in do("digest")
    do("report --by category --format table")
    do("report --campaign double-eleven-2016 --format table")
    for month in ("2016-10", "2014-11", "2027-02"):
        do(f"calendar show {month}")
    assert "国庆节" in do("calendar next 2 --from 2016-09-30")
    do("calendar amend 2016-12-01 --off --name 停电 --source 通知 --yes")
    do("policy show")
    do("policy show samr-complaint")
    do("policy list --format table")
    do("policy try odr --by platform --format table")
    do("policy adopt odr")
    do("platform list --format table")
    do("platform add 某平台 --green-channel 否")
    do("platform check 某平台 --channels 电话,微信 --finding 首页可见")
    do("platform show 某平台 --format table")
    do("verify")
    do("recheck")
    do(f"backup {tmp_path / 'copy.db'}")
    tmp_path.chmod(0o700)
    chinese("doctor")
    for words in (
        "lst", "add --bad", "add --at", "show x", "show 99", "add --platform 京西", "add --platform JD --category 质",
        "forward 1", "complete 1 --amount 很多", "list --from 后年", "list --status 好", "list --format tabel",
        "extend 2 --clock 办结 --by 零 --reason 长", "pause 2", "calendar show 2016-13", "explain 1 --clock 没有",
        "report --campaign 双十", "import 没有.csv", "policy show 没有", "init", "void 1 --seq 1 --reason 误", "search",
        "calendar next 0", "due --within 很久", "platform check 某平台", "export --format xml", "evidence 2 --save 9",
        "backup /没有/copy.db", "search --limit 零 质量", "search --limit 0 质量", "verify 多余",
    ):  # fmt: skip
        do(words, status=3 if words.startswith("backup") else 2)
    left = english_in("\n".join(told))
    assert not left, "\n".join(left)


def test_numbers_stages_and_platforms_read_as_chinese_within_sentences(chinese: Clerk) -> None:
    chinese("add", "--platform", "京东").ok()
    chinese("forward", 1).ok()
    extension = chinese("extend", 1, "--clock", "办结", "--by", 50, "--reason", "境外", "--no-input").err
    assert "“办结”环节延长 50 个工作日，远超原时限（2 个工作日）。" in extension
    assert "没有“调解”环节。可选：转办、办结。" in chinese("explain", 1, "--clock", "调解").err
    assert "没有“调解”环节" in chinese("extend", 1, "--clock", "调解", "--by", 1, "--reason", "境外").err
    checked = chinese("platform", "check", "JD", "--channels", "电话", "--finding", "首页公示").ok()
    assert checked.startswith("平台“京东”：")
    options = chinese("amend", "--help").ok()
    assert "更正后的电子邮箱。" in options
    assert "更正后的联系地址。" in options
    assert "（2016年11月只有 30 天）" in chinese("add", "--platform", "京东", "--at", "2016-11-31").err


@pytest.mark.parametrize("name", COMMANDS)
def test_all_help_is_in_chinese(name: str, chinese: Clerk) -> None:
    names = [name]
    if name in GROUP_HELP:
        names += [full for full, _command in pages.commands() if full.startswith(f"{name} ")]
    for words in names:
        shown = chinese(*words.split(), "--help").ok()
        assert "用法：" in shown
        assert "显示本说明并退出。" in shown
        assert not english_in(shown)
        assert max(map(display_width, shown.splitlines())) <= 100


def test_the_top_help_is_in_chinese(chinese: Clerk) -> None:
    shown = chinese("--help").ok()
    assert {"登记：", "查看：", "到期与逾期：", "设置："} <= set(shown.splitlines())
    assert "--lang 语言" in shown
    assert not english_in(shown)


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_error_is_said_in_chinese(error: type[DealtrackError]) -> None:
    fields = re.findall(r"\{(\w+)", error.template())
    choose_language("zh", {})
    told = error(**dict.fromkeys(fields, "甲")).message(translate=_)
    assert told.count("甲") >= len(set(fields))
    assert not english_in(told)
    assert re.search("[一-龥]", told)


def test_words_are_taken_in_the_language_in_which_they_are_shown() -> None:
    choose_language("zh", {})
    assert [CATEGORY.match(_(word)) for word in CATEGORIES] == list(CATEGORIES)
    assert [OUTCOME.match(_(word)) for word in OUTCOMES] == list(OUTCOMES)
    assert [parse_channels(_(word)) for word in CHANNELS] == [(word,) for word in CHANNELS]
    assert [read_clock(_(word)) for word in CLOCKS] == list(CLOCKS)
    choose_language("en", {})
    assert OUTCOME.match("Refund") == "refund"
    assert OUTCOME.match("赠券") is None


def test_what_programs_read_is_the_same_in_both_languages(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--category", "质量", "--at", "2016-11-01 10:00").ok()
    clerk("complete", 1, "--outcome", "退款").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-11-02 10:00").ok()
    clerk("add", "--platform", "Amazon").ok()
    for command in ("list", "show 1", "overdue", "due --within 99wd", "explain 2", "platform list", "policy list"):
        for form in ("csv", "json", "jsonl", "plain"):
            if command.startswith("explain") and form == "plain":
                continue
            words = [*command.split(), "--format", form]
            english, chinese = clerk(*words).ok(), clerk("--lang", "zh", *words).ok()
            assert english, words
            assert chinese == english, words
    assert json.loads(clerk("--lang", "zh", "show", 1, "--format", "json").out)["outcome"] == "refund"


def test_an_outcome_imported_in_chinese_is_the_word_that_is_counted(clerk: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("number,received,platform,completed,outcome\nA1,2016-11-01,京东,2016-11-02,先行赔付\n")
    assert "1 added" in clerk("import", file).ok()
    assert "1 unchanged" in clerk("import", file).ok()
    file.write_text(file.read_text().replace("先行赔付", "advance-compensation"))
    assert "1 unchanged" in clerk("import", file).ok()
    assert json.loads(clerk("show", 1, "--format", "json").ok())["outcome"] == "advance-compensation"


@pytest.fixture(scope="module")
def sample_desk() -> pages.Desk:
    desk = pages.Desk("2016-11-21")
    desk.environment["DEALTRACK_LANG"] = "zh"
    desk.quietly("dealtrack init", "dealtrack import data/samples/double-eleven-2016.csv")
    return desk


@pytest.mark.parametrize(
    "command", ["overdue", "list", "due --within 99wd --as-of 2016-11-15", "search 双十一", "platform list"]
)
@pytest.mark.parametrize("columns", [80, 120])
def test_chinese_tables_line_up(command: str, columns: int, sample_desk: pages.Desk) -> None:
    status, shown = sample_desk.run(f"COLUMNS={columns} dealtrack {command} --format table")
    assert status == 0
    lines = [line for line in shown.splitlines() if line]
    rule = next(line for line in lines if line.startswith("──"))
    starts = [found.start() for found in re.finditer("─+", rule)]
    assert len(starts) >= 2
    for line in lines[lines.index(rule) - 1 :]:
        assert display_width(line) <= columns
        wide = "".join(character + "\0" * (display_width(character) - 1) for character in line)
        # Between two columns there is a space, at the same place in every line.
        assert all(wide[start - 1] == " " for start in starts[1:] if start < len(wide)), line


@pytest.mark.parametrize(("columns", "ends"), [(80, "到期日在法定休假日的，顺延"), (76, "到期日在法定休假日的，")])
def test_chinese_sentences_fill_their_lines(chinese: Clerk, columns: int, ends: str) -> None:
    lines = chinese.at_terminal("policy", "show", "penalty-procedure", width=columns).ok().splitlines()
    assert max(map(display_width, lines)) <= columns
    first = next(place for place, line in enumerate(lines) if "到期日" in line)
    # No line begins with the comma.
    assert lines[first].endswith(ends)
    assert "".join(line.strip() for line in lines[first:]).endswith("可以延长三十日）")


LISTEN = """
import sys
opened = []
sys.addaudithook(lambda name, told: opened.append(str(told[0])) if name == "open" else None)
from dealtrack.cli.main import main
status = main(sys.argv[1:])
print(status, sum(name.endswith(".mo") for name in opened), file=sys.stderr)
"""


@pytest.mark.parametrize(("language", "catalogues"), [("en", 0), ("zh", 1)])
def test_english_reads_no_catalogue_and_chinese_reads_one(language: str, catalogues: int, clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    ran = subprocess.run(
        [sys.executable, "-c", LISTEN, "--lang", language, "forward", "1"],
        env={"PATH": "/usr/bin:/bin", **clerk.environment()},
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr.splitlines()[-1] == f"0 {catalogues}", ran.stderr

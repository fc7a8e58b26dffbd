"""Platforms that get another name, are merged, removed or imported: the journal keeps the names of then."""

import csv
import io
import json
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealtrack.core.platform import Platform, close_platform
from dealtrack.errors import DealtrackError
from dealtrack.register import platforms
from dealtrack.register.opening import open_register
from dealtrack.register.rebuild import differences
from dealtrack.register.recorder import recording
from tests.conftest import MORNING, PROJECT, Clerk, prepared
from tests.e2e.test_platform_commands import entries, listed, refused
from tests.registers import copy_register, new_place

FILE = """\
number,platform,received,forwarded,completed,outcome
BJ-1,JD,2016-11-01 09:00,2016-11-01 10:00,2016-11-02 10:00,refund
BJ-2,京东,2016-11-02 09:00,2016-11-02 10:00,,
,jd.com,2016-11-03 09:00,,,
BJ-4,Tmall,2016-11-04 09:00,,,
BJ-5,Amazon,2016-11-05 09:00,,,
"""


@prepared
def desk(clerk: Clerk) -> None:
    """Give a clerk with three complaints about JD, one about Tmall, one about Amazon that was first entered as JD's."""
    imported_again(clerk)
    clerk("amend", 5, "--platform", "JD").ok()
    clerk("amend", 5, "--platform", "Amazon").ok()


def by_platform(clerk: Clerk, *words: str) -> dict[str, int]:
    groups = json.loads(clerk("report", "--format", "json", *words).ok())["groups"]
    return {group["platform"]: group["complaints"] for group in groups}


def rows_of(clerk: Clerk, *words: str) -> list[tuple[int, str]]:
    records = json.loads(clerk("list", "--format", "json", *words).ok())
    return [(record["id"], record["platform"]) for record in records]


def is_sound(clerk: Clerk) -> None:
    """Check that the journal is whole, and that the tables are those which are made of it again."""
    clerk("verify").ok()
    clerk("recheck").ok()
    before = clerk("export", "--format", "jsonl").ok()
    clerk("recheck", "--rebuild").ok()
    clerk("recheck").ok()
    assert clerk("export", "--format", "jsonl").ok() == before


def imported_again(clerk: Clerk, file: Path | None = None) -> str:
    return clerk("import", file or written(clerk.home.parent / "file.csv", FILE)).ok()


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# names


def test_complaints_follow_a_new_name_and_the_old_one_is_still_known(desk: Clerk) -> None:
    assert desk("platform", "rename", "jd", "京东商城").ok() == "JD is now 京东商城: 3 complaints\n"
    assert listed(desk)["京东商城"]["aliases"] == ["JD", "京东", "jingdong", "jd.com"]
    expected = [(1, "京东商城"), (2, "京东商城"), (3, "京东商城")]
    assert rows_of(desk, "--platform", "JD") == rows_of(desk, "--platform", "京东商城") == expected
    assert by_platform(desk) == {"京东商城": 3, "Amazon": 1, "Tmall": 1}
    overdue = json.loads(desk("overdue", "--platform", "jd", "--format", "json").ok())
    assert {record["platform"] for record in overdue} == {"京东商城"}
    assert "(京东商城, other)" in desk("add", "--platform", "JD").ok()
    is_sound(desk)


def test_the_journal_keeps_what_was_written(desk: Clerk) -> None:
    before = json.loads(desk("show", 1, "--format", "json").ok())["history"]
    desk("platform", "rename", "JD", "京东商城").ok()
    shown = json.loads(desk("show", 1, "--format", "json").ok())
    assert shown["history"] == before
    assert shown["platform"] == "京东商城"


def test_what_was_known_then_has_the_names_of_then(desk: Clerk) -> None:
    desk.now = "2016-11-16T09:00:00+08:00"
    desk("platform", "rename", "JD", "京东商城").ok()
    desk("platform", "merge", "Amazon", "--into", "Tmall", "--yes").ok()
    then = ("--known-at", "2016-11-15 12:00")
    assert by_platform(desk, *then) == {"JD": 3, "Amazon": 1, "Tmall": 1}
    assert rows_of(desk, "--platform", "京东商城", *then) == [(1, "JD"), (2, "JD"), (3, "JD")]
    # Those that were merged later are asked for by the name that they have now.
    assert rows_of(desk, "--platform", "tmall", *then) == [(4, "Tmall"), (5, "Amazon")]
    assert by_platform(desk, "--platform", "Tmall", *then) == {"Tmall": 1, "Amazon": 1}
    # At an earlier moment, known now, a platform is what it is called now, as the calendar is the present one.
    assert by_platform(desk, "--as-of", "2016-11-15 12:00") == {"京东商城": 3, "Tmall": 2}


def test_a_file_with_the_old_name_is_no_contradiction(desk: Clerk, tmp_path: Path) -> None:
    desk("platform", "rename", "JD", "京东商城").ok()
    assert imported_again(desk) == "5 rows: 0 added, 0 changed, 5 unchanged, 0 refused\n"
    desk("platform", "edit", "京东商城", "--drop-alias", "JD").ok()
    assert imported_again(desk) == "5 rows: 0 added, 0 changed, 5 unchanged, 0 refused\n"
    new = tmp_path / "new.csv"
    new.write_text(
        FILE.replace("BJ-1,JD", "BJ-1,京东商城").replace("2016-11-02 10:00,,", "2016-11-02 10:00,2016-11-03,refund")
    )
    assert imported_again(desk, new) == "5 rows: 0 added, 1 changed, 4 unchanged, 0 refused\n"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(FILE.replace("BJ-1,JD", "BJ-1,Taobao"))
    result = desk("import", wrong)
    assert result.status == 4 and "platform is 'Taobao' in the file but '京东商城' in the register" in result.err


@pytest.mark.parametrize("fmt", ["csv", "jsonl", "json", "xlsx"])
def test_an_export_is_read_back(desk: Clerk, new_clerk: Callable[..., Clerk], made_register: Path, fmt: str) -> None:
    earlier, later = (desk.home.parent / f"{name}.{fmt}" for name in ("earlier", "later"))
    desk("export", "--format", fmt, "--to", earlier).ok()
    desk("platform", "rename", "JD", "京东商城").ok()
    desk("platform", "merge", "Amazon", "--into", "Tmall", "--yes").ok()
    desk("export", "--format", fmt, "--to", later).ok()
    for file in (earlier, later):
        assert imported_again(desk, file) == "5 rows: 0 added, 0 changed, 5 unchanged, 0 refused\n"
    other = new_clerk(made_register)
    assert imported_again(other, later) == "5 rows: 5 added, 0 changed, 0 unchanged, 0 refused\n"
    assert by_platform(other) == by_platform(desk)
    is_sound(other)


def test_entries_are_undone_and_corrected_across_a_new_name(desk: Clerk) -> None:
    desk("platform", "rename", "JD", "京东商城").ok()
    # The last correction goes: the one before it said JD.
    desk("void", 5, "--reason", "x").ok()
    assert rows_of(desk, "--platform", "JD")[-1] == (5, "京东商城")
    desk("amend", 4, "--platform", "jd").ok()
    assert rows_of(desk, "--platform", "JD")[-2:] == [(4, "京东商城"), (5, "京东商城")]
    desk("platform", "rename", "京东", "JD").ok()
    assert by_platform(desk) == {"JD": 5}
    assert imported_again(desk) == "5 rows: 0 added, 0 changed, 5 unchanged, 0 refused\n"
    is_sound(desk)


def test_words_are_found_by_any_name_of_the_platform(desk: Clerk) -> None:
    def found(*words: str) -> list[int]:
        return [row["id"] for row in json.loads(desk("search", *words, "--format", "json").ok())]

    assert found("京东") == found("jingdong") == [3, 2, 1]
    assert found("京东", "BJ-2") == [2]
    desk("platform", "rename", "JD", "Joybuy").ok()
    assert found("joybuy") == found("JD") == found("京东") == [3, 2, 1]
    desk("platform", "merge", "joybuy", "--into", "亚马逊", "--yes").ok()
    assert found("amazon") == [5, 3, 2, 1]
    assert "«京东»" in desk("search", "京东", "BJ-2").ok()
    assert found("joybuy", "--known-at", "2016-11-01") == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rename", "JD", "天猫"), "The name 天猫 already belongs to the platform Tmall. To join the two"),
        (("rename", "JDD", "x"), "Unknown platform: JDD."),
        (("rename", "JD", "  "), "NEW is empty."),
        (("rename", "JD", "x" * 301), "name has 301 characters; the maximum is 300"),
        (("merge", "JD", "--into", "京东"), "--into names one of the platforms to merge."),
        (("merge", "JD", "Tmall", "--into", "JD"), "--into names one of the platforms to merge."),
        (("merge", "JD"), "Platform to merge into is missing."),
        (("merge", "--into", "JD"), "Platform to merge is missing."),
        (("merge", "JD", "Tmal", "--into", "Amazon"), "Unknown platform: Tmal. Did you mean Tmall?"),
        (("remove", "JD"), "JD has complaints (IDs 1, 2, 3, 5): merge it into another"),
        (("import", "nothing.csv"), "List of platforms nothing.csv: there is no such file."),
    ],
)
def test_what_is_refused_writes_nothing(desk: Clerk, words: tuple[str, ...], told: str) -> None:
    assert told in refused(desk, "platform", *words)


def test_the_name_that_it_has_is_no_change(desk: Clerk) -> None:
    before = entries(desk)
    assert "nothing to change" in desk("platform", "rename", "京东", "JD").ok()
    assert entries(desk) == before
    desk("platform", "rename", "JD", "jd").ok()
    assert listed(desk)["jd"]["aliases"] == ["京东", "jingdong", "jd.com"]


def test_platforms_are_merged_once_it_is_agreed_to(desk: Clerk) -> None:
    desk("platform", "check", "Amazon", "--channels", "phone", "--finding", "a", "--at", "11-14 10:00").ok()
    desk("platform", "check", "Tmall", "--channels", "qq", "--finding", "t", "--at", "11-13 10:00").ok()
    before = entries(desk)
    shown = desk("platform", "merge", "Amazon", "京东", "--into", "天猫")
    assert (shown.status, entries(desk)) == (2, before)
    assert shown.out == "Amazon -> Tmall: 1 complaint\nJD -> Tmall: 3 complaints\n"
    assert "Preview only. Re-run with --yes to apply." in shown.err
    refusal = desk.at_terminal("platform", "merge", "Amazon", "--into", "Tmall", typed=b"n\n", width=100)
    assert refusal.status != 0 and entries(desk) == before
    agreed = desk.at_terminal("platform", "merge", "Amazon", "jd", "--into", "Tmall", typed=b"y\n", width=100)
    assert agreed.status == 0 and "Merge for good?" in agreed.out
    assert by_platform(desk) == {"Tmall": 5}
    assert "JD" not in listed(desk) and listed(desk)["Tmall"]["finding"] == "a"
    checks = json.loads(desk("platform", "show", "jd", "--format", "json").ok())["checks"]
    assert [check["finding"] for check in checks] == ["t", "a"]
    assert imported_again(desk) == "5 rows: 0 added, 0 changed, 5 unchanged, 0 refused\n"
    is_sound(desk)


def test_a_platform_without_complaints_is_removed(desk: Clerk) -> None:
    assert desk("platform", "remove", "国美在线").ok() == "platform Gome online removed\n"
    assert "Gome online" not in listed(desk)
    # One of which an undone or corrected entry tells may be needed again.
    desk("amend", 4, "--platform", "Amazon").ok()
    assert "Tmall has complaints (IDs 4)" in refused(desk, "platform", "remove", "Tmall")
    desk("platform", "check", "Taobao", "--channels", "qq", "--finding", "first life").ok()
    desk("platform", "rename", "Taobao", "淘宝").ok()
    desk("platform", "remove", "淘宝").ok()
    desk("platform", "add", "Taobao").ok()
    desk("add", "--platform", "Taobao").ok()
    assert rows_of(desk, "--platform", "Taobao") == [(6, "Taobao")]
    assert desk("platform", "show", "Taobao").ok() == "platform Taobao\nnever checked\n"
    is_sound(desk)


NAMES = ("a", "b", "c", "d")
CHANGES = st.lists(
    st.tuples(st.sampled_from(("add", "rename", "merge", "remove", "file", "amend")), *[st.sampled_from(NAMES)] * 2),
    max_size=12,
)


@settings(max_examples=25)
@given(CHANGES)
def test_the_tables_are_always_those_that_the_journal_makes(
    tmp_path_factory: pytest.TempPathFactory, made_register: Path, changes: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("changes")
    clerk = Clerk(folder / "home", new_place(folder))
    copy_register(made_register, clerk.address)
    with open_register(clerk.address) as register:
        for kind, name, other in changes:
            now = datetime.fromisoformat(MORNING)
            try:
                with recording(register, now, "clerk") as recorder:
                    match kind:
                        case "add":
                            platforms.add_platform(recorder, Platform(name))
                        case "rename":
                            platforms.rename_platform(recorder, name, other)
                        case "merge":
                            platforms.merge_platforms(recorder, [name], other)
                        case "remove":
                            platforms.remove_platform(recorder, name)
            except DealtrackError:
                continue
            if kind == "file":
                clerk("add", "--platform", name)
            elif kind == "amend":
                clerk("amend", 1, "--platform", name)
            register.forget()
            named = {platform.name for platform in register.platforms}
            assert {row[0] for row in register.database.rows("SELECT DISTINCT platform FROM complaint")} <= named
            assert list(differences(register)) == []


# lists


def test_a_list_is_shown_and_then_imported(desk: Clerk, tmp_path: Path) -> None:
    path = written(
        tmp_path / "list.csv",
        "平台,中文名,别名,联系渠道,绿色通道\n淘集集,,tjj、淘集,电话、微信,是\nJD,京东商城,,,\nTmall,天猫,,,\n",
    )
    before = entries(desk)
    shown = desk("platform", "import", path)
    assert (shown.status, entries(desk)) == (2, before)
    assert shown.out == "new: platform 淘集集 (tjj, 淘集), green channel opened\nJD: also called 京东商城\n"
    assert "Preview only" in shown.err
    assert (
        desk("platform", "import", path, "--yes").ok().splitlines()[-1] == "platforms: 1 added, 1 changed, 1 unchanged"
    )
    assert listed(desk)["淘集集"]["channels"] == ["phone", "wechat"]
    assert listed(desk)["JD"]["aliases"][-1] == "京东商城"
    assert desk("platform", "import", path).ok() == "platforms are unchanged\n"
    is_sound(desk)


def test_a_workbook_and_what_platform_list_writes_are_lists_too(
    desk: Clerk, new_clerk: Callable[..., Clerk], tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    for row in (["名称", "别名"], ["淘集集", "tjj，淘集"], ["每日优鲜", None]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    assert "2 added" in desk("platform", "import", tmp_path / "list.xlsx", "--yes").ok()
    path = written(tmp_path / "all.csv", desk("platform", "list", "--format", "csv").ok())
    other = new_clerk()
    other("init", "--calendar", "US", "--policy", "cfpb").ok()
    assert listed(other) == {}
    other("platform", "import", path, "--yes").ok()
    names = {name: record["aliases"] for name, record in listed(other).items()}
    assert names == {name: record["aliases"] for name, record in listed(desk).items()}


def test_a_register_of_before_takes_the_shipped_list_in_where_it_is_told_to(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    clerk("init", "--calendar", "US", "--policy", "cfpb").ok()
    clerk("platform", "add", "抖音").ok()
    shown = clerk("platform", "import")
    assert shown.status == 2 and "抖音: also called Douyin, 抖音电商" in shown.out
    assert list(listed(clerk)) == ["抖音"]
    assert "platform import" not in clerk("doctor").out
    clerk("platform", "import", "--yes").ok()
    assert {"抖音", "Pinduoduo", "JD"} <= listed(clerk).keys()
    assert clerk("add", "--platform", "拼多多").ok().startswith("complaint 1 (Pinduoduo, other)")


def test_the_doctor_tells_what_a_chinese_register_lacks_of_the_list(desk: Clerk) -> None:
    assert "platform import" not in desk("doctor").out
    for name in ("Taobao", "Douyin"):
        desk("platform", "remove", name).ok()
    told = desk("doctor")
    assert "platform\t2 of the bundled list are not in the register; 'dealtrack platform import' shows them" in told.out


def test_lists_are_named_in_chinese_on_a_terminal_alone(desk: Clerk, tmp_path: Path) -> None:
    words = ("--lang", "zh", "overdue", "--by", "platform", "--out", tmp_path / "lists")
    assert desk(*words).ok().splitlines()[0].startswith("Amazon\t")
    shown = desk.at_terminal(*words, width=120).out
    assert "亚马逊" in shown and "Amazon" not in shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("names,aliases\nA,b\n", "it has no column name (名称)."),
        ("name,aliases\nA,b\nB,c\n", "'B' already belongs to A (line 3)."),
        ("name,aliases\n,b\n", "name must not be empty (line 2)."),
        ("name,channels\nA,radio\n", "The channel cannot be 'radio'."),
        ("name,green_channel\nA,perhaps\n", "green_channel must be yes or no, not 'perhaps' (line 2)."),
        ("name,aliases\nA,京东、天猫\n", "The name 天猫 already belongs to the platform Tmall. To join"),
        (f"name\n{'x' * 301}\n", "name has 301 characters; the maximum is 300"),
        ("", "it is empty."),
    ],
)
def test_a_list_that_is_refused(desk: Clerk, tmp_path: Path, text: str, told: str) -> None:
    assert told in refused(desk, "platform", "import", str(written(tmp_path / "list.csv", text)), "--yes")


# names that come close


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("京东商城", "JD"), ("北京京东世纪贸易有限公司", "JD"), ("京洞", "JD"), ("天描", "Tmall"), ("拼夕多", "Pinduoduo"),
        ("amazom", "Amazon"), ("Amazon Web Services", "Amazon"), ("美团优选", "Meituan"),
        ("老王五金店", None), ("EXAMPLE BANK", None), ("工商银行", None), ("J", None), ("网", None),
    ],
)  # fmt: skip
def test_which_names_come_close(name: str, known: str | None) -> None:
    from dealtrack.sources.platforms import load_platforms

    close = close_platform(name, load_platforms(PROJECT / "data" / "platforms.toml"))
    assert (close and close.name) == known


CLOSE = "number,platform,received\nA-1,京东商城,2016-11-14\nA-2,京东商城,2016-11-14\nA-3,老王店,2016-11-14\n"


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_off_a_terminal_a_close_name_is_named_before_it_is_written(
    desk: Clerk, tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = desk("import", written(tmp_path / "close.csv", CLOSE), *words)
    assert result.status == 0
    first, second, *_ = result.err.splitlines()
    assert first == "new platform 京东商城 (2 rows): it is close to JD"
    assert second == "if they are the same: [values.platform] in a mapping, or afterwards 'dealtrack platform merge'"
    assert ("京东商城" in listed(desk)) == (not words)
    again = desk("import", tmp_path / "close.csv", *words)
    assert ("close to" in again.err) == bool(words)


def test_a_mapping_says_which_platform_is_meant(desk: Clerk, tmp_path: Path) -> None:
    columns = "[columns]\nnumber = 'number'\nplatform = 'platform'\nreceived = 'received'\n"
    mapping = written(tmp_path / "own.toml", columns + "[values.platform]\n'京东商城' = 'JD'\n")
    result = desk("import", written(tmp_path / "close.csv", CLOSE), "--mapping", mapping)
    assert result.status == 0 and "close to" not in result.err
    assert rows_of(desk, "--platform", "JD")[-1] == (7, "JD")


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_a_close_name_is_asked_about(desk: Clerk, tmp_path: Path, answer: str) -> None:
    path = written(tmp_path / "close.csv", CLOSE)
    told = desk.at_terminal("import", path, typed=f"{answer}\n".encode(), width=120)
    assert told.status == 0, told.out
    assert "京东商城 (2 rows) is a new platform. Is it JD? [y/N]" in told.out
    assert ("京东商城" in listed(desk)) == (answer == "n")
    assert ("京东商城" in listed(desk)["JD"]["aliases"]) == (answer == "y")
    assert [name for _, name in rows_of(desk)[5:]] == [["京东商城", "JD"][answer == "y"]] * 2 + ["老王店"]
    again = desk("import", path)
    assert again.ok() == "3 rows: 0 added, 0 changed, 3 unchanged, 0 refused\n"
    is_sound(desk)


def test_an_answer_of_neither_writes_nothing(desk: Clerk, tmp_path: Path) -> None:
    before = entries(desk)
    told = desk.at_terminal("import", written(tmp_path / "close.csv", CLOSE), typed=b"\x04", width=120)
    assert told.status != 0 and entries(desk) == before


# hostile names

HOSTILE = (
    "=cmd|' /C calc'!A1", "<script>alert(1)</script>", "\x1b[31mred\x1b[0m", "\u202eevil\u2066", "../../etc/passwd",
    "$(touch /tmp/dealtrack-ran-a-name)`id`", "a\tb\nc", "-rf", "'; DROP TABLE platform; --", "{name}", "%s%n", "好" * 200, "nul\\..\\x",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_a_name(desk: Clerk, tmp_path: Path, name: str) -> None:
    desk("platform", "rename", "--", "JD", name).ok()
    stored = name.strip()
    assert rows_of(desk, "--platform", stored)[0][1] == stored
    shown = [desk("list"), desk("platform", "list"), desk("platform", "show", "--", stored), desk("report")]
    shown.append(desk("platform", "merge", "--into", "Tmall", "--", stored))
    assert all("\x1b" not in each.out + each.err and "\u202e" not in each.out + each.err for each in shown)
    desk("report", "--html", tmp_path / "page.html", "--xlsx", tmp_path / "book.xlsx").ok()
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and "\x1b" not in page
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        sheets = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert not any(cell.data_type == "f" for sheet in sheets for row in sheet for cell in row)
    rows = list(csv.reader(io.StringIO(desk("platform", "list", "--format", "csv").ok())))
    assert not any(cell.startswith(("=", "-")) for row in rows for cell in row)
    path = written(tmp_path / "all.csv", desk("platform", "list", "--format", "csv").ok())
    assert "platforms are unchanged" in desk("platform", "import", path).ok()
    assert not Path("/tmp/dealtrack-ran-a-name").exists()
    desk("platform", "merge", "--yes", "--into", "Tmall", "--", stored).ok()
    is_sound(desk)

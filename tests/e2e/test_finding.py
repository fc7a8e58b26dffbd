"""Finding complaints: lists on a terminal and in a pipe, order, columns, filters typed and saved, what is left."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dealtrack.core.text import display_width
from tests.conftest import Clerk, prepared

OPEN = ["12", "11", "10", "9", "8", "7", "6", "5", "4", "3"]


@prepared
def desk(clerk: Clerk) -> None:
    """Give a clerk with twelve complaints, entered in the order of receipt but for the first, which came last."""
    for number in range(1, 13):
        at = "2016-11-14 23:00" if number == 1 else f"2016-11-14 {8 + number}:00"
        platform, owner = ("JD", "Tmall")[number % 2], ("网监科", "朝阳所")[number % 3 == 0]
        told = ("--platform", platform, "--owner", owner, "--summary", f"第{number}件", "--number", f"BJ-{number}")
        clerk("add", *told, "--at", at, now="2016-11-15T08:00:00+08:00").ok()
    clerk("hand-on", 3, 5, "--to", "海淀所").ok()
    clerk("complete", 1, 2, "--outcome", "refund", "--amount", "100").ok()


def settings(clerk: Clerk, text: str) -> None:
    """Write the user's settings."""
    clerk.home.mkdir(exist_ok=True)
    (clerk.home / "config.toml").write_text(text, encoding="utf-8")


def shown(clerk: Clerk, *words: object, width: int = 80, lines: int = 50) -> tuple[list[str], list[str], list[str]]:
    """Return what a table on a terminal shows: its titles, the ids of its rows, and the lines below it."""
    ran = clerk.at_terminal(*words, width=width, NO_COLOR="1", PAGER="cat", LINES=str(lines))
    assert ran.status == 0, ran.out
    said = ran.out.splitlines()
    assert max(map(display_width, said)) <= width
    rule = next((place for place, line in enumerate(said) if line.startswith("──")), -1)
    rows = [line.split()[0] for line in said[rule + 1 :] if line.split()[0].isdigit() and line.count("  ") > 1]
    return " ".join(said[: rule + 1]).split(), rows, said[rule + 1 + len(rows) :]


def ids(clerk: Clerk, *words: object) -> list[str]:
    """Return the ids that a command prints in a pipe."""
    return [line.partition("\t")[0] for line in clerk(*words).ok().splitlines()]


def test_a_list_on_a_terminal_has_the_open_ones_the_latest_received_first(desk: Clerk) -> None:
    titles, rows, below = shown(desk, "list")
    assert rows == OPEN
    assert {"platform", "owner", "forward", "complete"} <= set(titles)
    assert below == ["open complaints only; --all shows closed ones too"]
    assert shown(desk, "list", "--all")[1:] == (["1", *OPEN, "2"], [])
    assert shown(desk, "list", "--status", "closed")[1:] == (["1", "2"], [])


def test_a_list_in_a_pipe_or_in_a_format_has_every_row_by_id_and_says_nothing(desk: Clerk) -> None:
    every = [str(number) for number in range(1, 13)]
    assert ids(desk, "list") == every
    assert desk("list").err == ""
    assert [record["id"] for record in json.loads(desk("list", "--format", "json").ok())] == [*range(1, 13)]
    assert shown(desk, "list", "--format", "table")[1:] == (every, [])


@pytest.mark.parametrize("lines", [14, 50])
def test_a_page_is_as_long_as_the_terminal_or_as_the_settings_say(desk: Clerk, lines: int) -> None:
    most = {14: 10, 50: 11}[lines]
    desk("reopen", 1, "--reason", "x").ok()
    _titles, rows, below = shown(desk, "list", lines=lines)
    assert len(rows) == most
    cut = "10 of 11 open complaints are shown; --limit N shows more, --all closed ones too"
    assert below == ([cut] if lines == 14 else ["open complaints only; --all shows closed ones too"])
    settings(desk, "page = 3\n")
    assert shown(desk, "list")[1] == ["1", "12", "11"]
    assert len(ids(desk, "list")) == 12, "a pipe has every row, whatever the settings"


def test_a_longer_list_goes_through_the_pager(desk: Clerk, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    paged = desk.at_terminal("list", "--all", LINES="10", PAGER=f"cat > {seen}", NO_COLOR="1")
    assert (paged.status, paged.out) == (0, "")
    assert [line.split()[0] for line in seen.read_text().splitlines()[2:]] == ["1", *OPEN, "2"]
    assert "BJ-3" in desk.at_terminal("list", PAGER=f"cat > {seen}").out


def test_sort_and_limit(desk: Clerk) -> None:
    assert ids(desk, "list", "--sort", "received", "--limit", 3) == ["2", "3", "4"]
    assert ids(desk, "list", "--sort", "-received", "--limit", 3) == ["1", "12", "11"]
    assert ids(desk, "list", "--sort", "-id", "--limit", 2) == ["12", "11"]
    assert ids(desk, "list", "--limit", 2) == ["1", "2"]
    # Those without a value come last either way.
    assert ids(desk, "list", "--sort", "amount")[:2] == ["1", "2"]
    assert ids(desk, "list", "--sort", "-amount")[:2] == ["2", "1"]
    by_handler = [record["handler"] for record in json.loads(
        desk("list", "--sort", "handler", "--columns", "handler", "--format", "json").ok()
    )]  # fmt: skip
    assert by_handler == sorted(by_handler)
    assert set(ids(desk, "list", "--sort", "due", "--limit", 10)) == set(OPEN)
    assert shown(desk, "list", "--sort", "id", "--limit", "2")[1:] == (
        ["3", "4"],
        ["2 of 10 open complaints are shown; --limit N shows more, --all closed ones too"],
    )
    assert ids(desk, "list", "--sort", "-received", "--limit", 1, "--as-of", "2016-11-14 12:30") == ["4"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sort", "ownr"), "Sort key cannot be 'ownr'. Did you mean owner?"),
        (("--columns", "id,handlr"), "Column cannot be 'handlr'. Did you mean handler?"),
        (("--columns", ","), "Column cannot be ''."),
        (("--limit", "0"), "0 is not in the range"),
        (("--platform", "Tmal"), "Unknown platform: Tmal. Did you mean Tmall?"),
        (("--filter", "nobody"), "There is no filter nobody."),
    ],
)
def test_what_there_is_none_of_is_refused(desk: Clerk, words: tuple[str, ...], said: str) -> None:
    ran = desk("list", *words)
    assert ran.status == 2
    assert said in " ".join(ran.err.split())


def test_columns_that_are_chosen(desk: Clerk) -> None:
    assert desk("list", "--columns", "id,handler", "--limit", 3).ok() == "1\t网监科\n2\t网监科\n3\t海淀所\n"
    assert (
        desk("list", "--columns", "handler，id", "--limit", 1, "--format", "csv").ok() == "handler,id\r\n网监科,1\r\n"
    )
    record = json.loads(desk("list", "--columns", "id,forward", "--limit", 1, "--format", "jsonl").ok())
    assert list(record) == ["id", "forward_due"]
    titles, _rows, below = shown(desk, "list", "--columns", "序号,handler,complete,summary", "--limit", 1)
    assert titles[:4] == ["ID", "handler", "complete", "summary"]
    titles, _rows, below = shown(desk, "list", "--columns", "id,platform,owner,forward,complete,received,number")
    # What has room behind it stays.
    assert "number" in titles and "received" not in titles
    assert below[0] == "Not shown at this width: received."
    assert desk("due", "--within", "3wd", "--columns", "id,left", "--owner", "朝阳所").ok().splitlines()[0] == "3\t15 h"
    assert desk("overdue", "--columns", "id,handler", now="2016-11-16T09:00:00+08:00").ok().startswith("3\t海淀所\n")


def test_columns_of_the_settings_are_for_a_terminal(desk: Clerk) -> None:
    settings(desk, '[columns]\nlist = ["id", "现承办"]\ndue = ["id", "left"]\n')
    assert shown(desk, "list")[0][:2] == ["ID", "handler"]
    assert shown(desk, "due", "--within", "2wd")[0][:2] == ["ID", "left"]
    assert desk("list", "--limit", 1).ok().count("\t") > 10
    settings(desk, '[columns]\nlist = ["id", "nix"]\n')
    assert "Column of columns.list cannot be 'nix'." in desk.at_terminal("list").out
    assert desk("list").status == 0


def test_who_handles_a_complaint_now(desk: Clerk) -> None:
    assert ids(desk, "list", "--handler", "海淀所") == ["3", "5"]
    assert ids(desk, "list", "--handler", "朝阳所") == ["6", "9", "12"]
    assert ids(desk, "list", "--owner", "朝阳所") == ["3", "6", "9", "12"]
    assert set(ids(desk, "due", "--within", "3wd", "--handler", "海淀所")) == {"3", "5"}
    assert ids(desk, "list", "--handler", "海淀所", "--as-of", "2016-11-14 20:00") == []
    assert json.loads(desk("report", "--handler", "海淀所", "--format", "json").ok())["total"]["complaints"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--owner", "朝阳"), "No complaint belongs to 朝阳. Did you mean 朝阳所?"),
        (("list", "--handler", "朝阳"), "No complaint belongs to 朝阳. Did you mean 朝阳所?"),
        (("list", "--platform", "Amazon"), "no open complaints found; --all shows closed ones too"),
        (("list", "--all", "--platform", "Amazon"), "no complaints found"),
        (("overdue",), "nothing is overdue"),
        (("due", "--within", "1h"), "nothing is due by 2016-11-15 10:00"),
        (("search", "nothing"), "no complaint contains all the words"),
    ],
)
def test_nothing_found_is_said_on_a_terminal_alone(desk: Clerk, words: tuple[str, ...], said: str) -> None:
    assert shown(desk, *words)[2] == [said]
    ran = desk(*words)
    assert (ran.status, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize(
    ("hour", "language", "left"),
    [("09:00", "en", "15 h"), ("22:15", "en", "1 h"), ("22:15", "zh", "1 小时"), ("23:15", "en", "45 min"),
     ("23:59", "en", "1 min")],
)  # fmt: skip
def test_due_shows_what_is_left(desk: Clerk, hour: str, language: str, left: str) -> None:
    desk.now = f"2016-11-15T{hour}:00+08:00"
    rows = desk.at_terminal("--lang", language, "due", NO_COLOR="1").out.splitlines()
    assert rows[-1].endswith(f"  {left}")
    assert "late" not in rows[0] + rows[1]
    assert "wd" not in desk("due").ok(), "the keys of a pipe are fixed"


def test_days_that_are_left(desk: Clerk) -> None:
    desk("forward", "3-12").ok()
    rows = desk.at_terminal("due", "--within", "3wd", NO_COLOR="1").out.splitlines()
    assert rows[-1].endswith("  2 wd")


def test_a_saved_filter_is_options_of_list_by_a_name(desk: Clerk) -> None:
    settings(desk, """[filters]
mine = "--owner 朝阳所"
moved = '--handler=海淀所 --status open --from "2016-11-14" --to 2016-11-14 --platform 天猫 --platform JD'
""")  # fmt: skip
    assert ids(desk, "list", "--filter", "mine") == ["3", "6", "9", "12"]
    assert ids(desk, "list", "--filter", "moved") == ["3", "5"]
    # What is typed goes before what the filter says of the same.
    assert ids(desk, "list", "--filter", "moved", "--handler", "朝阳所") == ["6", "9", "12"]
    assert ids(desk, "list", "--filter", "mine", "--platform", "Tmall") == ["3", "9"]
    assert set(ids(desk, "due", "--within", "3wd", "--filter", "mine")) == {"3", "6", "9", "12"}
    assert shown(desk, "list", "--filter", "mine")[1] == ["12", "9", "6", "3"]


def test_the_default_filter_is_for_a_terminal(desk: Clerk) -> None:
    settings(desk, '[filters]\ndefault = "--owner 朝阳所"\n')
    titles, rows, _below = shown(desk, "list")
    assert rows == ["12", "9", "6", "3"]
    assert " ".join(titles).startswith("filter default: --owner 朝阳所; --all ignores it")
    assert shown(desk, "list", "--owner", "网监科")[1] == [each for each in OPEN if int(each) % 3]
    assert len(shown(desk, "list", "--all")[1]) == 12
    assert shown(desk, "due", "--within", "3wd")[1] == ["3", "6", "9", "12"]
    assert len(shown(desk, "due", "--within", "3wd", "--all")[1]) == 10
    assert len(ids(desk, "list")) == 12
    assert len(ids(desk, "due", "--within", "3wd")) == 10
    assert desk("digest").ok().count("网监科") > 0


@pytest.mark.file_only("the office's file of settings")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--exec 'touch {file}'", "--exec is not allowed in a filter. Allowed: --platform"),
        ("--columns id", "--columns is not allowed in a filter."),
        ("--ownr x", "--ownr is not allowed in a filter. Did you mean --owner or --to?"),
        ("--owner $(touch {file})", "--owner"),
        ("; touch {file}", "; is not allowed in a filter."),
        ("--owner 'x", "a quotation mark is not closed."),
        ("--owner", "--owner takes one value."),
        ("--from today --from today", "--from takes one value."),
        ("--platform Tmal", "Unknown platform: Tmal. Did you mean Tmall?"),
        ("--from 2016-13-01", "Invalid date '2016-13-01'"),
    ],
)
def test_a_filter_that_says_something_else_is_refused_and_nothing_is_run(
    desk: Clerk, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "touched"
    office = Path(f"{desk.db}.office.toml")
    office.write_text(f"[filters]\nx = {json.dumps(text.format(file=file))}\n", encoding="utf-8")
    ran = desk("list", "--filter", "x")
    assert not file.exists()
    assert ran.status == 2
    told = " ".join(ran.err.split())
    assert told.startswith("dealtrack: Filter x: ")
    assert "Correct it: dealtrack config set filters." in told
    assert said in told


def test_a_column_that_says_one_thing_gives_way_before_owner_and_category(desk: Clerk) -> None:
    clerk = desk
    clerk.now = "2016-11-21T09:00:00+08:00"
    for language, wanted in (
        ("en", {"category", "owner", "platform", "due"}),
        ("zh", {"类别", "首问责任", "平台", "到期日"}),
    ):
        titles, _rows, _below = shown(clerk, "--lang", language, "overdue")
        assert wanted <= set(titles)
        titles, _rows, _below = shown(clerk, "--lang", language, "list")
        assert {"en": {"owner", "platform", "forward"}, "zh": {"首问责任", "平台", "转办"}}[language] <= set(titles)


def test_search_keeps_the_match_in_sight(clerk: Clerk, new_clerk: Callable[..., Clerk]) -> None:
    clerk("add", "--platform", "JD", "--summary", f"{'前' * 40}退款{'后' * 40}").ok()
    clerk("add", "--platform", "JD", "--summary", "手机屏幕有裂纹，商家拒绝退款").ok()
    for language in ("en", "zh"):
        ran = clerk.at_terminal("--lang", language, "search", "退款")
        rows = ran.out.splitlines()[2:4]
        assert all("\x1b[1m退款\x1b[0m" in row for row in rows), ran.out
    assert "…前" in rows[1] and "后…" in rows[1]


def test_long_owners_give_way_to_a_column_that_was_chosen_and_what_is_constant_to_an_owner(desk: Clerk) -> None:
    owner = "朝阳区市场监督管理局消费者权益"
    desk("add", "--platform", "JD", "--owner", owner, "--summary", "冰箱未发货").ok()
    desk.now = "2016-11-18T09:00:00+08:00"
    titles, _rows, below = shown(desk, "list", "--columns", "id,platform,owner,handler,summary", "--limit", 1)
    assert titles[:5] == ["ID", "platform", "owner", "handler", "summary"] and "Not shown" not in " ".join(below)
    alone = desk.at_terminal("--lang", "zh", "overdue", "--owner", owner, NO_COLOR="1").out
    assert owner in alone and "时限状态" not in alone and "转办" in alone


@pytest.mark.parametrize("language", ["en", "zh"])
def test_owner_platform_and_deadline_stay_on_80_columns_however_long(desk: Clerk, language: str) -> None:
    owner, platform = "朝阳区市场监督管理局消费者权益保护科", "阿里巴巴国际站速卖通全球旗舰店"
    desk("platform", "add", platform).ok()
    desk("add", "--platform", platform, "--owner", owner, "--number", "BJ-12315-2016-000001-7").ok()
    desk.now = "2016-11-18T09:00:00+08:00"
    desk("add", "--platform", "JD", "--category", "quality").ok()
    for words in (("list",), ("overdue",), ("due", "--within", "3wd")):
        ran = desk.at_terminal("--lang", language, *words, NO_COLOR="1")
        lines = ran.out.splitlines()
        assert max(map(display_width, lines)) <= 80
        row = next(line for line in lines if ("朝阳区" in line or words[0] == "due") and "2016-11-" in line)
        titles = " ".join(lines[:3]).split()
        assert {"en": "owner", "zh": "首问责任"}[language] in titles
        assert {"en": "platform", "zh": "平台"}[language] in titles
        assert words[0] == "due" or "阿里巴巴" in row


def test_a_filter_is_checked_as_it_is_saved(desk: Clerk) -> None:
    ran = desk("config", "set", "filters.mine", "--owner 朝阳所 --columns id")
    assert ran.status == 2
    assert "--columns is not allowed in a filter." in " ".join(ran.err.split())
    desk("config", "set", "filters.mine", "--owner", "朝阳所", "--status", "open").ok()
    assert ids(desk, "list", "--filter", "mine") == ["3", "6", "9", "12"]

"""Both engines keep the same register: the same deeds give the same rows, the same head, and the same words."""

import os
from collections.abc import Callable
from hashlib import shake_256
from pathlib import Path

import pytest

from dealtrack.register.engine import Address
from dealtrack.register.opening import open_register
from tests.conftest import Clerk, make_small_register, tries
from tests.postgres import Server
from tests.registers import content, copy_register
from tests.varied import NOW, write_varied

DEEDS = """
2016-10-31T08:00 init
2016-11-01T09:00 add --platform JD --category quality --number BJ-1 --seller third-party --owner 网监科 --summary 运动鞋有明显异味 --consumer 张三 --phone 13800001234 --email zhang@example.org --address 北京市某路1号
2016-11-01T09:10 add --platform Tmall --category delivery --number BJ-2 --consumer 李四 --phone 13900005678
2016-11-01T09:20 add --platform Amazon --category mismatch --summary 收到的商品与描述不符
2016-11-01T09:30 add --platform JD --policy samr-complaint --phone 13800001234
2016-11-01T09:40 add --platform Tmall --policy odr --number BJ-5
2016-11-01T09:50 add --platform JD --at 2016-10-31
2016-11-01T10:00 add --platform 淘集集 --policy samr-complaint --new-platform
2016-11-01T10:10 add --platform Gome --number BJ-2 --note it's_100%_"new"
2016-11-01T10:20 ! add --platform Nowhere
2016-11-01T10:30 import {folder}/rows.csv --skip-bad
2016-11-01T10:31 import {folder}/rows.csv --skip-bad
2016-11-02T10:00 forward 1 2 3
2016-11-02T10:05 ! forward 99
2016-11-02T10:10 accept 4
2016-11-02T10:20 note 1 --note 消费者将寄来照片
2016-11-02T10:30 hand-on 2 --to 消保科
2016-11-03T09:00 pause 2 --reason 商品送检
2016-11-03T09:10 reply 1 --interim
2016-11-03T09:30 complete 3 --outcome refund --amount 199.00
2016-11-03T09:40 ! complete 3 --outcome refund
2016-11-07T09:00 resume 2
2016-11-07T09:10 extend 2 --clock complete --by 1 --reason 卖家在国外
2016-11-07T09:20 complete 1 --outcome advance-compensation --amount 88.50
2016-11-07T09:30 letter 1 --kind result --out {folder}/letters --format html
2016-11-08T09:00 reopen 1 --reason 退款未到账
2016-11-08T09:10 withdraw 5 --reason 已和解
2016-11-08T09:20 reject 6 --reason 无明确被投诉人
2016-11-08T09:30 evidence 1 --file {folder}/receipt.txt
2016-11-08T09:40 amend 2 --category cancelled-order --phone 13700001111
2016-11-08T09:45 amend 8 --platform JD --limit forward=2016-11-12T12:00
2016-11-08T09:50 void 3 --reason 误录
2016-11-08T10:00 add --platform JD --number BJ-9
2016-11-08T10:01 undo --yes
2016-11-08T10:02 ! undo --yes
2016-11-08T10:10 merge 8 --into 3 --note 同一件
2016-11-09T09:00 platform add 小店 --green-channel yes
2016-11-09T09:10 platform edit 小店 --alias Xiaodian
2016-11-09T09:20 platform check JD --channels phone,wechat --finding 页面上没有邮箱
2016-11-09T09:30 platform rename 淘集集 Taojiji
2016-11-09T09:40 platform merge Taojiji --into 小店 --yes
2016-11-09T09:50 platform add 空店
2016-11-09T09:51 platform remove 空店
2016-11-10T09:00 calendar amend 2016-11-14 --off --name 大风 --source 通知七 --yes
2016-11-10T09:05 calendar import {folder}/days.csv --source 通知八 --yes
2016-11-10T09:10 recheck --include-closed
2016-11-10T09:20 erase 2 --reason 消费者申请 --yes
2016-11-10T09:30 policy adopt samr-report
2016-11-10T09:40 policy adopt {folder}/green-channel.toml --corrected --yes
2016-11-10T09:50 recheck --rebuild
2016-11-11T09:00 add --platform 小店 --number BJ-7 --seller platform --owner 朝阳所
2016-11-11T09:10 pause 4 --reason 检测
2016-11-11T09:20 amend 1 --received 2016-11-01T08:00 --note 抄录有误
2016-11-11T09:30 amend 1 --phone 13600002222
2016-11-11T09:40 note 1 7 --note 一起
2016-11-11T09:50 undo --yes
2016-11-11T10:00 erase 1 --reason 消费者申请 --yes
2016-11-11T10:10 import {folder}/export.jsonl
"""
"""All kinds of deeds; those after ! are refused. The moments are Beijing's."""

LOOKS = """
list
list --status closed --format json
list --known-at 2016-11-08T09:30 --as-of 2016-11-09 --format csv
show 1 2 4 7
show 1 --format json
explain 1 2
explain 4 --format json
overdue
due --as-of 2016-11-02 --within 9wd
due --ics -
search JD
search 商品
digest
digest --format json
report
report --by platform --format json
report --from 2016-11-01 --to 2016-11-10 --by owner
export --reveal
export --format jsonl
platform list
platform show 小店
policy list
policy try odr
calendar show 2016-11
evidence 1
verify
recheck
"""

ROWS = """number,platform,category,received,forwarded,completed,consumer,phone,summary
K-1,JD,quality,2016-10-20,2016-10-21,2016-10-24,王五,13811112222,屏幕有划痕
K-2,Tmall,other,2016-10-21,2016-10-24,,,,"a, ""quoted"" text"
K-3,Nowhere,other,2016-10-21,,,,,
K-4,JD,delivery,2016-10-25,,,赵六,13833334444,
"""


@pytest.fixture(autouse=True)
def same_salts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system give the same bytes at random, so that the salted digests of the journal are the same."""
    monkeypatch.setattr(os, "urandom", lambda size: shake_256(b"salt").digest(size))


@pytest.fixture
def desks(server: Server, tmp_path: Path) -> list[Clerk]:
    """Give a clerk with a register in a file and one with a register on a server, neither made yet."""
    server.add_login("clerk")
    places: list[Address] = [tmp_path / "register.db", server.address(server.new_name("register"), "clerk")]
    return [Clerk(tmp_path / f"home{number}", place) for number, place in enumerate(places)]


OF_ONE_ENGINE = ("The server's log (WAL)", "dealtrack: Keep this file", "dealtrack: Keep the server's data")
"""How the lines begin that say what to do with a file, or with a server."""


def said(clerk: Clerk, *words: str, now: str) -> tuple[int, str, list[str]]:
    """Return what a command did and said, without the name of its register and what is true of a server alone."""
    result = clerk(*words, now=f"{now}:00+08:00")
    out, err = (text.replace(str(clerk.address), "REGISTER") for text in (result.out, result.err))
    return result.status, out, [line for line in err.splitlines() if not line.startswith(OF_ONE_ENGINE)]


def test_the_same_deeds_make_the_same_register_and_are_told_in_the_same_words(
    desks: list[Clerk], tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "rows.csv").write_text(ROWS)
    (folder / "receipt.txt").write_text("an invented receipt")
    (folder / "days.csv").write_text("date,name,isOffDay\n2016-11-26,补班,false\n2016-11-28,补休,true\n")
    text = (Path(__file__).parents[2] / "data" / "policies" / "green-channel.toml").read_text(encoding="utf-8")
    (folder / "green-channel.toml").write_text(text.replace("[[", "# corrected\n[[", 1), encoding="utf-8")
    (folder / "export.jsonl").write_text(
        '{"number": "K-4", "platform": "JD", "received": "2016-10-25", "completed": "2016-10-27"}\n'
    )
    for line in DEEDS.strip().splitlines():
        now, *words = line.format(folder=folder).split()
        is_refused = words[0] == "!"
        first, second = (said(clerk, *words[is_refused:], now=now) for clerk in desks)
        assert first == second, line
        assert first[0] == 2 * is_refused, (line, first)
    for line in LOOKS.strip().splitlines():
        first, second = (said(clerk, *line.split(), now="2016-11-16T09:00") for clerk in desks)
        assert first == second and first[:2] != (0, ""), line
        assert first[0] == 0, (line, first)
    first_rows, second_rows = (content(clerk.address) for clerk in desks)
    assert first_rows == second_rows


@pytest.fixture(scope="module")
def empty(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], list[Clerk]]:
    """Give a way to make a clerk with an empty register in a file and one with an empty register on a server."""
    server.add_login("clerk")
    folder = tmp_path_factory.mktemp("empty")
    made: list[Address] = [folder / "made.db", server.address(server.new_name("register"), "clerk")]
    for place in made:
        make_small_register(place)

    def make() -> list[Clerk]:
        places: list[Address] = [
            folder / f"{server.new_name('register')}.db",
            server.address(server.new_name("register"), "clerk"),
        ]
        for source, place in zip(made, places, strict=True):
            copy_register(source, place)
        return [Clerk(folder / "home", place, NOW.isoformat()) for place in places]

    return make


@pytest.mark.parametrize("seed", range(tries(48)))
def test_varied_complaints_make_the_same_register(seed: int, empty: Callable[[], list[Clerk]]) -> None:
    pair = empty()
    for clerk in pair:
        with open_register(clerk.address) as register:
            write_varied(register, 12, seed)
    first, second = (content(clerk.address) for clerk in pair)
    assert first == second
    for words in (
        "verify",
        "recheck",
        "list",
        "list --status voided",
        "report --by platform",
        "export --reveal --format jsonl",
    ):
        first_said, second_said = (said(clerk, *words.split(), now="2017-01-03T09:00") for clerk in pair)
        assert first_said == second_said, words

"""Finding complaints by what is written of them, in Chinese and English, now and in the past."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core.search_text import snippet
from dealtrack.register.journal import FIRST_BATCH
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Filter, View
from dealtrack.register.search import search
from tests.conftest import Clerk, connection_of, prepared
from tests.registers import alter


def _found(clerk: Clerk, *words: object) -> list[int]:
    return [record["id"] for record in json.loads(clerk("search", *words, "--format", "json").ok())]


def _records(clerk: Clerk, *words: object) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(clerk("search", *words, "--format", "json").ok())
    return records


@prepared
def told(clerk: Clerk) -> None:
    """Give a clerk with four complaints, entered in another order than they were received in."""
    clerk("add", "--platform", "JD", "--number", "BJ-2016-001", "--summary", "手机屏幕有裂纹，商家拒绝退货",
          "--at", "2016-11-12 10:00", "--consumer", "王小明", "--phone", "13800138000",
          "--email", "wang@example.com", "--address", "朝阳区建国路").ok()  # fmt: skip
    clerk("add", "--platform", "Tmall", "--number", "BJ-2016-002", "--summary", "Seller cancelled the order",
          "--at", "2016-11-13 10:00").ok()  # fmt: skip
    clerk(
        "add", "--platform", "JD", "--number", "BJ-2016-003", "--summary", "退款迟迟不到账", "--at", "2016-11-11 10:00"
    ).ok()
    clerk("add", "--platform", "Amazon", "--summary", "ＦＵＬＬ　width Refund", "--at", "2016-11-14 10:00").ok()
    clerk("note", 2, "--note", "卖家称缺货").ok()
    clerk("withdraw", 3, "--reason", "双方和解").ok()


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["退"], [1, 3]),
        (["退款"], [3]),
        (["拒绝退货"], [1]),
        (["裂纹", "商家"], [1]),
        (["裂纹", "退款"], []),
        (["cancel"], [2]),
        (["CANCELLED", "order"], [2]),
        (["order", "cancelled"], [2]),
        (["the order"], [2]),
        (["order the"], []),
        (["refund"], [4]),
        (["full width"], [4]),
        (["ｒｅｆｕｎｄ"], [4]),
        (["BJ-2016"], [2, 1, 3]),
        (["bj-2016-003"], [3]),
        (["003"], [3]),
        (["jd"], [1, 3]),
        (["缺货"], [2]),
        (["和解"], [3]),
        (["不存在"], []),
        (["zz"], []),
        (["退", "JD", "BJ"], [1, 3]),
    ],
)
def test_words_are_found_the_latest_received_first(words: list[str], ids: list[int], told: Clerk) -> None:
    assert _found(told, *words) == ids


@pytest.mark.parametrize(
    "word",
    ['"', '""', "'", "*", "refund*", "NEAR(a b)", "AND", "OR x", "NOT x", "-x", "--", "text:refund", "^a", "(", ")", "a\"b", "+",
     "{text}", "a AND", "%", "_", "re%nd", "re_und", "\\", "a\tb", ";", "😀", "a" * 200],
)  # fmt: skip
def test_no_sign_is_a_query_language(word: str, told: Clerk) -> None:
    ran = told("search", "--format", "json", "--", word)
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == []


def test_a_sign_stands_for_itself(told: Clerk) -> None:
    told("note", 4, "--note", 'he said "100% OR NOT" (twice) a*b 50_50').ok()
    for word in ('"100%', "OR NOT", "(twice)", "a*b", "0%", "50_50", '"'):
        assert _found(told, word) == [4], word


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "Words to search for is missing"), ([""], "WORDS is empty"), (["  "], "WORDS is empty")],
)
def test_something_must_be_searched_for(words: list[str], said: str, told: Clerk) -> None:
    ran = told("search", *words)
    assert ran.status == 2
    assert said in ran.err


@pytest.mark.parametrize("word", ["王小明", "13800138000", "wang@example", "建国路", "王"])
def test_personal_data_is_not_searched(word: str, told: Clerk) -> None:
    assert _found(told, word) == []
    texts = "".join(text for (text,) in told.rows("SELECT text FROM search_text"))
    assert "手机屏幕" in texts
    assert word not in texts


def test_filters(told: Clerk) -> None:
    assert _found(told, "退", "--platform", "京东") == [1, 3]
    assert _found(told, "退", "--platform", "Tmall") == []
    assert _found(told, "退", "--status", "closed") == [3]
    assert _found(told, "退", "--status", "open") == [1]
    assert _found(told, "BJ", "--limit", 2) == [2, 1]
    assert told("search", "退", "--status", "opne").status == 2
    assert told("search", "退", "--platform", "nowhere").status == 2


def test_records(told: Clerk) -> None:
    (record,) = _records(told, "拒绝", "JD")
    assert list(record) == ["id", "number", "platform", "category", "status", "received", "matched"]
    assert record["received"] == "2016-11-12T10:00:00+08:00"
    assert record["matched"] == "«JD» · 手机屏幕有裂纹，商家«拒绝»退货"
    plain = told("search", "拒绝").ok()
    assert plain == "1\tBJ-2016-001\tJD\tother\treceived\t2016-11-12 10:00\t手机屏幕有裂纹，商家«拒绝»退货\n"
    assert told("search", "拒绝", "--format", "csv").ok().splitlines()[0] == ",".join(record)
    assert told("search", "nothing").ok() == ""


def test_what_is_corrected_or_voided_is_found_no_more(told: Clerk) -> None:
    told("amend", 1, "--summary", "耳机没有声音").ok()
    assert (_found(told, "屏幕有"), _found(told, "屏幕"), _found(told, "没有声音"), _found(told, "耳机")) == (
        [],
        [],
        [1],
        [1],
    )
    told("void", 2, "--reason", "记错了").ok()
    assert (_found(told, "缺货"), _found(told, "记错了")) == ([], [2])
    told("void", 4, "--reason", "entered twice").ok()
    assert _found(told, "refund") == []
    assert _found(told, "entered twice") == []
    assert told("verify").status == 0


def test_the_past_is_searched_as_it_was(told: Clerk) -> None:
    told("amend", 1, "--summary", "耳机没有声音", now="2016-11-20T09:00:00+08:00").ok()
    told("void", 4, "--reason", "entered twice", now="2016-11-20T09:00:00+08:00").ok()
    told.now = "2016-11-21T09:00:00+08:00"
    assert _found(told, "屏幕有") == []
    assert _found(told, "屏幕有", "--known-at", "2016-11-19") == [1]
    assert _found(told, "屏幕", "--as-of", "2016-11-19") == [1]
    assert _found(told, "耳机没", "--known-at", "2016-11-19") == []
    assert _found(told, "refund", "--known-at", "2016-11-19") == [4]
    assert _found(told, "refund", "--as-of", "2016-11-14 09:00") == []
    # Withdrawn on the 15th: on the 14th it stood open.
    assert _found(told, "退", "--status", "closed", "--as-of", "2016-11-14") == []
    assert _found(told, "退款", "--status", "open", "--as-of", "2016-11-14") == [3]
    assert _found(told, "BJ", "--as-of", "2016-11-20", "--limit", 1) == [2]


def test_imported_rows_are_found(clerk: Clerk, tmp_path: Any) -> None:
    rows = [f"N-{number},JD,2016-11-{number % 9 + 1:02},第{number}号投诉" for number in range(1, 2501)]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["number,platform,received,summary", *rows]), encoding="utf-8")
    clerk("import", path).ok()
    assert _found(clerk, "第2345号") == [2345]
    assert _found(clerk, "N-77,", "x") == []
    assert len(_found(clerk, "号投诉")) == len(_found(clerk, "投诉")) == 2500
    assert len(_found(clerk, "投诉", "--limit", 3)) == 3


def test_the_texts_are_made_again_from_the_journal(told: Clerk) -> None:
    before = told.rows("SELECT * FROM search_text ORDER BY complaint")
    alter(told.address, "UPDATE search_text SET text = 'nothing' WHERE complaint = 1")
    ran = told("verify")
    assert ran.status == 1
    assert "search_text differs from the journal at complaint 1" in ran.err
    told("recheck", "--rebuild").ok()
    assert told("verify").status == 0
    assert _found(told, "裂纹，商") == [1]
    assert told.rows("SELECT * FROM search_text ORDER BY complaint") == before


@pytest.mark.file_only("asks SQLite for its tables")
def test_no_table_keeps_an_index_of_words(told: Clerk) -> None:
    assert told.rows("SELECT name FROM sqlite_schema WHERE sql LIKE '%VIRTUAL%' OR name LIKE '%index_%'") == []


def test_a_word_on_the_border_of_two_texts_is_not_found(told: Clerk) -> None:
    assert _found(told, "001jd") == _found(told, "001 jd") == []


@pytest.mark.file_only("counts what SQLite reads")
def test_the_first_complaints_are_found_before_the_others_are_looked_at(told: Clerk, tmp_path: Path) -> None:
    rows = "".join(f"EARLY-{number},JD,2016-11-02,quality\n" for number in range(2 * FIRST_BATCH))
    (tmp_path / "more.csv").write_text("number,platform,received,category\n" + rows)
    told("import", tmp_path / "more.csv").ok()
    asked: list[str] = []
    with open_register(told.address) as register:
        connection_of(register).set_trace_callback(asked.append)
        hits = search(register, ["j"], Filter(), View.of(datetime(2016, 11, 15, tzinfo=UTC)))
        assert next(hits).complaint.id == 2
        assert len([statement for statement in asked if "FROM transition WHERE complaint IN" in statement]) == 1
        later = [hit.complaint.id for hit in hits]
        assert later[:2] == [1, 3] and len(later) == 2 + 2 * FIRST_BATCH
        assert len([statement for statement in asked if "FROM transition WHERE complaint IN" in statement]) == 2


@pytest.mark.file_only("what is left in files")
def test_what_was_erased_leaves_nothing_in_the_texts(told: Clerk) -> None:
    told("erase", 1, "--reason", "asked", "--yes").ok()
    for rebuild in (False, True):
        if rebuild:
            told("recheck", "--rebuild").ok()
        with closing(sqlite3.connect(told.db)) as held:
            held.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            texts = "".join(text for (text,) in held.execute("SELECT text FROM search_text"))
        content = told.db.read_bytes()
        for word in ("王小明", "13800138000", "wang@example", "建国路"):
            assert word not in texts
            assert word.encode() not in content
    assert _found(told, "裂纹") == [1]


@pytest.mark.parametrize(
    ("texts", "words", "shown"),
    [
        (["短文"], ["短"], "«短»文"),
        (["aXbXc"], ["x"], "a«X»b«X»c"),
        (["aaaa"], ["aa"], "«aaaa»"),
        (["一" * 30 + "退款" + "二" * 30], ["退款"], "…" + "一" * 16 + "«退款»" + "二" * 16 + "…"),
        (["退" + "一" * 60 + "款"], ["退", "款"], "«退»" + "一" * 16 + "… · …" + "一" * 16 + "«款»"),
        (["甲乙", "乙丙"], ["甲", "丙"], "«甲»乙 · 乙«丙»"),
        (["甲", "甲"], ["甲"], "«甲»"),
        (["ＪＤ　商城"], ["jd 商"], "«ＪＤ 商»城"),
        (["a\n  b"], ["a b"], "«a b»"),
        (["ß"], ["ss"], "«ß»"),
        (["abc"], ["ab", "bc"], "«abc»"),
        (["nothing"], ["x"], ""),
    ],
)
def test_snippets(texts: list[str], words: list[str], shown: str) -> None:
    assert snippet(texts, words) == shown

"""Personal data erased for good, said in the journal, and what is left held against its digests."""

import json
import sqlite3
from pathlib import Path

import pytest

from dealtrack.errors import NothingToErase
from tests.conftest import Clerk, prepared
from tests.registers import alter, content, copy_register, new_place

PHONE, NAME, EMAIL, ADDRESS = "13912345678", "欧阳测试", "ouyang@example.com", "朝阳区建国路一百号"
LATER = "2016-11-16T10:30:00+08:00"


def _held(clerk: Clerk) -> str:
    """Return all that the register's files hold, or its tables on a server."""
    if isinstance(clerk.address, Path):
        return _bytes(clerk).decode(errors="replace")
    return repr(content(clerk.address))


def _bytes(clerk: Clerk) -> bytes:
    """Return all that the register's files hold."""
    paths = [Path(f"{clerk.db}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]
    return b"".join(path.read_bytes() for path in paths if path.exists())


@prepared
def told(clerk: Clerk) -> None:
    """Give a clerk with two complaints of consumers who gave all that is asked."""
    clerk("add", "--platform", "JD", "--consumer", NAME, "--phone", PHONE, "--email", EMAIL, "--address", ADDRESS,
          "--at", "2016-11-11 10:00").ok()  # fmt: skip
    clerk("add", "--platform", "JD", "--consumer", "某某某", "--phone", "13887654321", "--at", "2016-11-01 10:00").ok()


@pytest.mark.file_only("what is left in files")
def test_gone_from_every_file(told: Clerk) -> None:
    values = [text.encode() for text in (PHONE, NAME, EMAIL, ADDRESS)]
    # Another program keeps the register open, so that no closing tidies up.
    other = sqlite3.connect(told.db)
    other.execute("SELECT count(*) FROM fact").fetchone()
    # Its row stands in the page that this change writes to the -wal file.
    told("amend", 2, "--address", "海淀区").ok()
    assert all(value in _bytes(told) for value in values)
    assert PHONE.encode() in Path(f"{told.db}-wal").read_bytes()
    ran = told("erase", 1, "--reason", "消费者申请", now=LATER)
    assert ran.ok() == "complaint 1: consumer, phone, email, address erased\n"
    held = _bytes(told)
    assert not [value for value in values if value in held]
    assert b"13887654321" in held
    other.close()
    assert not [value for value in values if value in _bytes(told)]
    assert told("verify").status == 0


@pytest.mark.file_only("what is left in files")
def test_gone_though_rows_were_moved_about(clerk: Clerk, tmp_path: Path) -> None:
    phones = [f"139{number * 7919 % 100_000_000:08}" for number in range(1, 1201)]
    rows = [f"N-{number},JD,2016-11-01,{phone}" for number, phone in enumerate(phones)]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["number,platform,received,phone", *rows]))
    clerk("import", path).ok()
    changed = sorted(range(1, 1201), key=lambda id_: id_ * 7907 % 1201)[:500]
    clerk("amend", *changed, "--address", "朝阳区建国路一百号" * 12).ok()
    clerk("amend", *changed[:250], "--phone", "13500000001").ok()
    gone = range(1, 1201, 2)
    clerk("erase", *gone, "--reason", "asked for").ok()
    held = _bytes(clerk)
    assert not [id_ for id_ in gone if phones[id_ - 1].encode() in held]
    kept = [id_ for id_ in range(2, 1201, 2) if id_ not in changed[:250]]
    assert all(phones[id_ - 1].encode() in held for id_ in kept)
    assert clerk("verify").status == 0


def test_the_journal_says_that_when_and_by_whom(told: Clerk) -> None:
    before = told("show", 1).ok()
    assert all(f"field\t{name}\t" in before for name in ("consumer", "phone", "email", "address"))
    told.actor = "主任"
    told("erase", 1, "--reason", "消费者申请", now=LATER).ok()
    shown = told("show", 1).ok()
    assert "field\tpersonal\terased 2016-11-16 10:30 by 主任: 消费者申请\n" in shown
    assert not any(f"field\t{name}\t" in shown for name in ("consumer", "phone", "email", "address"))
    record = json.loads(told("show", 1, "--format", "json").ok())
    assert record["personal_erased"] == "2016-11-16T10:30:00+08:00"
    assert json.loads(told("show", 2, "--format", "json").ok())["personal_erased"] is None
    assert "erased" not in told("show", 2).ok()
    assert "erased" not in told("show", 1, "--known-at", "2016-11-15 12:00", now=LATER).ok()
    (entry,) = told.rows("SELECT complaint, at, actor, detail FROM transition WHERE kind = 'erased'")
    assert entry == (None, "2016-11-16T02:30:00Z", "主任", '{"complaint":1,"reason":"消费者申请"}')


def test_all_or_none(told: Clerk) -> None:
    told("add", "--platform", "JD").ok()
    ran = told("erase", 1, 3, "--reason", "x")
    assert (ran.status, ran.err) == (2, f"dealtrack: {NothingToErase(complaint=3, hint='')}\n")
    assert PHONE in _held(told)
    assert told("erase", 1, 77, "--reason", "x").status == 2
    assert told("erase", 1).status == 2
    told("erase", 1, 2, "--reason", "x").ok()
    again = told("erase", 1, "--reason", "x")
    assert again.err == f"dealtrack: {NothingToErase(complaint=1, hint=' It has already been erased.')}\n"


def test_what_the_journal_itself_holds_is_said(told: Clerk) -> None:
    told("note", 1, "--note", f"打过 {PHONE}").ok()
    ran = told("erase", 1, 2, "--reason", "x")
    assert ran.status == 0
    assert "the phone of complaint 1 also occurs in its entries" in ran.err
    assert "of complaint 2 also" not in ran.err


def test_new_data_after_an_erasure(told: Clerk) -> None:
    told("erase", 1, "--reason", "x").ok()
    told("amend", 1, "--phone", "13700001111").ok()
    assert "field\tphone\t137****1111" in told("show", 1).ok()
    assert "field\tconsumer" not in told("show", 1).ok()
    assert told("verify").status == 0
    kept = new_place(told.home.parent, "kept.db")
    copy_register(told.address, kept)
    alter(told.address, "DELETE FROM personal WHERE complaint = 1")
    assert "of complaint 1 is missing" in told("verify").err
    copy_register(kept, told.address)
    told("erase", 1, "--reason", "again").ok()
    assert "13700001111" not in _held(told)
    assert told("verify").status == 0


def test_an_erased_contact_is_no_duplicate(told: Clerk) -> None:
    told("erase", 1, "--reason", "x").ok()
    assert "may duplicate" not in told("add", "--platform", "JD", "--phone", PHONE).err


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE personal SET consumer = 'X' WHERE complaint = 1", "of complaint 1 was altered"),
        ("UPDATE personal SET phone = NULL WHERE complaint = 1", "of complaint 1 was altered"),
        ("UPDATE personal SET email = 'x@y.cn' WHERE complaint = 2", "of complaint 2 was altered"),
        ("UPDATE personal SET address = '' WHERE complaint = 2", "of complaint 2 was altered"),
        ("UPDATE personal SET salt = (SELECT salt FROM personal WHERE complaint = 2) WHERE complaint = 1", "of complaint 1 was altered"),
        ("UPDATE personal SET phone_key = '1' WHERE complaint = 1", "of complaint 1 was altered"),
        ("UPDATE personal SET email_key = NULL WHERE complaint = 1", "of complaint 1 was altered"),
        ("UPDATE personal SET complaint = 3 WHERE complaint = 1", "of complaint 1 is missing"),
        ("UPDATE personal SET complaint = 9 WHERE complaint = 2", "of complaint 9 was put in"),
        ("DELETE FROM personal WHERE complaint = 1", "of complaint 1 is missing"),
        ("DELETE FROM personal", "of complaint 2 is missing"),
        ("INSERT INTO personal SELECT 0, consumer, phone, email, address, salt, phone_key, email_key FROM personal "
         "WHERE complaint = 1", "of complaint 0 was put in"),
        ("INSERT INTO personal SELECT 3, consumer, phone, email, address, salt, phone_key, email_key FROM personal "
         "WHERE complaint = 1", "of complaint 3 was put back after it had been erased"),
    ],
)  # fmt: skip
def test_verify_finds_what_was_done_to_personal_data(statement: str, said: str, told: Clerk) -> None:
    told("add", "--platform", "JD", "--phone", "13600001111").ok()
    told("erase", 3, "--reason", "x").ok()
    assert told("verify").status == 0
    alter(told.address, statement)
    ran = told("verify")
    assert ran.status == 1
    assert said in ran.err


def test_a_clerk_at_a_terminal_is_asked(told: Clerk) -> None:
    assert told.at_terminal("erase", "1", "--reason", "x", typed=b"n\n").status == 2
    assert PHONE in _held(told)
    assert told.at_terminal("erase", "2", "--reason", "x", "--yes", typed=b"").status == 0
    assert told.at_terminal("erase", "1", "--reason", "x", typed=b"y\n").status == 0
    assert PHONE not in _held(told)

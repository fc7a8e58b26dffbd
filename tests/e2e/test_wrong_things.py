"""Wrong things that a clerk may type or a file may hold: one or two lines, the right exit status, nothing written."""

import os
import shlex
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from dealtrack.register.engine import Address
from tests.conftest import PROJECT, Clerk, Result, run_bare
from tests.processes import write_program
from tests.registers import content, copy_register, is_there, locked, new_place

LONG = "很长" * 6000
# An argument that is not UTF-8, as a terminal set to GB18030 passes it on.
NOT_UTF8 = os.fsdecode("京东".encode("gb18030"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, made_register: Address) -> Address:
    """Make a register with complaints in every state of the default policy, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    clerk = Clerk(folder / "home", new_place(folder))
    copy_register(made_register, clerk.address)
    for number in range(1, 6):
        clerk("add", "--platform", "JD", "--number", f"BJ-2016-{number:03}", "--at", "2016-11-11 10:00").ok()
    clerk("forward", 2, 3, "--at", "2016-11-14 10:00").ok()
    clerk("complete", 3, "--at", "2016-11-14 15:00").ok()
    clerk("withdraw", 4, "--at", "2016-11-14 15:00").ok()
    clerk("add", "--platform", "JD", "--number", "TWICE").ok()
    clerk("add", "--platform", "JD", "--number", "TWICE").ok()
    return clerk.address


@pytest.fixture
def desk(new_clerk: Callable[..., Clerk], filled: Address) -> Clerk:
    """Give a clerk with 1 and 5 received, 2 forwarded, 3 completed, 4 withdrawn; 6 and 7 share a number."""
    clerk = new_clerk()
    copy_register(filled, clerk.address)
    return clerk


@contextmanager
def unchanged(clerk: Clerk) -> Iterator[None]:
    before = content(clerk.address)
    yield
    assert content(clerk.address) == before


def complains(result: Result, status: int, *fragments: str, lines: int = 2) -> None:
    told = result.err.splitlines()
    assert result.status == status, result
    assert 1 <= len(told) <= lines and "Traceback" not in result.err, result.err
    assert told[0].startswith("dealtrack: ") or lines > 2, result.err
    for fragment in fragments:
        assert fragment in result.err, result.err


TYPED: list[tuple[list[object], str]] = [
    # Complaints
    (["forward"], "The complaint is missing"),
    (["complete"], "The complaint is missing"),
    (["withdraw"], "The complaint is missing"),
    (["show"], "The complaint is missing"),
    (["explain"], "The complaint is missing"),
    (["note", "--note", "x"], "The complaint is missing"),
    (["reject", "--reason", "x"], "The complaint is missing"),
    (["platform", "lst"], "No such command: lst. Did you mean list? See 'dealtrack platform --help'."),
    (["overdue", "--platfrom", "JD"], "No such option: --platfrom. Did you mean --platform? See 'dealtrack overdue"),
    (["list", "--db", "x"], "No such option: --db. It goes before the command: dealtrack --db PATH list."),
    (["add", "--platform", "JD", "--seller", "platfrm"], "Did you mean platform? Allowed: platform, third-party."),
    (["forward", 99], "There is no complaint 99 in the register. The register holds 1 to 7"),
    (["show", 99], "There is no complaint 99"),
    (["explain", 99], "There is no complaint 99"),
    (["note", 99, "--note", "x"], "There is no complaint 99"),
    (["withdraw", 99], "There is no complaint 99"),
    (["complete", 1, 99], "There is no complaint 99"),
    (["forward", 0], "'0' is not a complaint"),
    (["forward", "00"], "'00' is not a complaint"),
    (["forward", "one"], "'one' is not a complaint"),
    (["forward", "1.5"], "'1.5' is not a complaint"),
    (["forward", "1,two"], "'1,two' is not a complaint"),
    (["forward", "1,,2"], "'1,,2' is not a complaint"),
    (["forward", "7-3"], "'7-3' is not a complaint"),
    (["forward", "1-2-3"], "'1-2-3' is not a complaint"),
    (["forward", "0-2"], "'0-2' is not a complaint"),
    (["forward", "1-99"], "There is no complaint 99 in the register. The register holds 1 to 7"),
    (["forward", "1-999999999999999999"], "There is no complaint 999999999999999999"),
    (["forward", "1-3"], "Complaint 2 is forwarded"),
    (["forward", "①"], "'①' is not a complaint"),
    (["forward", "#1"], "'#1' is not a complaint"),
    (["forward", ""], "ID is empty"),
    (["forward", " "], "ID is empty"),
    (["forward", "-1"], "No such option: -1"),
    (["forward", "--", "-1"], "'-1' is not a complaint"),
    (["forward", "9223372036854775808"], "is not a complaint"),
    (["forward", "10000000000000000000"], "1000000000000000000"),
    (["show", "9" * 500], "is not a complaint"),
    (["forward", "BJ-2016-001"], "or --number"),
    (["forward", "--number", "BJ-2016-01"], "Did you mean BJ-2016-0"),
    (["forward", "--number", "ZZZ"], "There is no complaint ZZZ in the register."),
    (["forward", "--number", "'; DROP TABLE transition; --"], "There is no complaint"),
    (["forward", "--number", "TWICE"], "belongs to 2 complaints: 6, 7"),
    (["show", "--number", NOT_UTF8], "UTF-8"),
    (["show", NOT_UTF8], "is not a complaint"),
    (["forward", "--number"], "requires an argument"),
    # Moments
    (["forward", 1, "--at", "2016-02-30"], "February 2016 has 29 days"),
    (["forward", 1, "--at", "2015-02-29"], "2015 has no 29 February"),
    (["forward", 1, "--at", "2100-02-29"], "2100 has no 29 February"),
    (["forward", 1, "--at", "2016-02-29"], "it was received later"),
    (["forward", 1, "--at", "2016-11-31"], "November 2016 has 30 days"),
    (["forward", 1, "--at", "2016-13-01"], "there is no month 13"),
    (["forward", 1, "--at", "2016-00-10"], "there is no month 0"),
    (["forward", 1, "--at", "2016-11-00"], "November 2016 has 30 days"),
    (["forward", 1, "--at", "2016-11-14 25:00"], "a day ends at 24:00"),
    (["forward", 1, "--at", "2016-11-14 24:01"], "a day ends at 24:00"),
    (["forward", 1, "--at", "2016-11-14 12:60"], "minutes and seconds end at 59"),
    (["forward", 1, "--at", "14/11/2016"], "the year comes first"),
    (["forward", 1, "--at", "11/14/16"], "a year has four digits"),
    (["forward", 1, "--at", "14-11-2016"], "the year comes first"),
    (["forward", 1, "--at", "soon"], "Invalid time 'soon'"),
    (["forward", 1, "--at", "yesterday at five"], "Invalid time"),
    (["forward", 1, "--at", "5 o'clock"], "Invalid time"),
    (["forward", 1, "--at", " "], "--at is empty"),
    (["forward", 1, "--at", "1" * 200], "too long"),
    (["forward", 1, "--at", "2016"], "Invalid time"),
    (["forward", 1, "--at", "2016-11-15 09:00:01"], "is in the future"),
    (["forward", 1, "--at", "2016-11-16"], "2016-11-16 00:00 is in the future"),
    (["forward", 1, "--at", "tomorrow"], "is in the future"),
    (["forward", 1, "--at", "明天 09:00"], "is in the future"),
    (["forward", 1, "--at", "2099-01-01"], "is in the future"),
    (["forward", 1, "--at", "2101-01-01"], "years run from 1970 to 2100"),
    (["forward", 1, "--at", "1969-12-31"], "years run from 1970 to 2100"),
    (["forward", 1, "--at", "0001-01-01"], "years run from 1970 to 2100"),
    (["forward", 1, "--at", "2016-11-14 10:00+99:00"], "no time zone has that offset"),
    (["forward", 1, "--at", "14:00+08:00"], "an offset needs the full date"),
    (["forward", 1, "--at", "\x1b[31m2016"], "Invalid time"),
    (["forward", 1, "--at", NOT_UTF8], "Invalid time"),
    (["add", "--platform", "JD", "--at", "2016-11-15 09:01"], "is in the future"),
    (["add", "--platform", "JD", "--at", "2015-02-29"], "2015 has no 29 February"),
    # Order and state
    (["forward", 1, "--at", "2016-11-11 09:59:59"], "it was received later, at 2016-11-11 10:00"),
    (["forward", 1, "--at", "2016-11-10"], "Complaint 1 cannot be forwarded at 2016-11-10 00:00"),
    (["complete", 2, "--at", "2016-11-14 09:59"], "it was forwarded later, at 2016-11-14 10:00"),
    (["withdraw", 2, "--at", "2016-11-12"], "it was forwarded later"),
    (["note", 1, "--note", "x", "--at", "2016-11-11 09:00"], "it was received later"),
    (["note", 1, "--note", "x", "--at", "tomorrow"], "is in the future"),
    (["forward", 2], "Complaint 2 is forwarded and cannot be forwarded. Possible now: complete, withdraw, reject,"),
    (
        ["forward", 3],
        "Complaint 3 is closed and cannot be forwarded. Possible now: reopen, note, evidence, letter, amend, void.",
    ),
    (["--lang", "zh", "forward", 3], "投诉 3 已结，不能转办。目前可以：reopen、note、evidence、letter、amend、void。"),
    (["complete", 3], "Complaint 3 is closed"),
    (["withdraw", 3], "Complaint 3 is closed"),
    (["reject", 3, "--reason", "x"], "Complaint 3 is closed"),
    (["complete", 4], "Complaint 4 is closed"),
    (["forward", 1, 2], "Complaint 2 is forwarded"),
    (["complete", 1, 2, 3], "Complaint 3 is closed"),
    # What is missing, and words
    (["add"], "The platform is missing. Give --platform"),
    (["add", "--platform", "Tmal"], "Unknown platform: Tmal. Did you mean Tmall"),
    (["add", "--platform", "天毛"], "Unknown platform: 天毛"),
    (["add", "--platform", "  "], "--platform is empty"),
    (["add", "--platform", NOT_UTF8], "Unknown platform"),
    (["add", "--platform", "x" * 5000], "Unknown platform"),
    (["add", "--platform", "JD", "--category", "qualty"], "Did you mean quality"),
    (["add", "--platform", "JD", "--category", "something"], "Allowed: quality, delivery, mismatch"),
    (["add", "--platform", "JD", "--seller", "me"], "Seller cannot be 'me'. Allowed: platform, third-party"),
    (["add", "--platform", "JD", "--policy", "green-chanel"], "Did you mean green-channel"),
    (["add", "--platform", "JD", "--policy", "none"], "Unknown policy: none"),
    (["add", "--platform", "JD", "--policy", "odr", "--at", "2099-01-01"], "is in the future"),
    (["add", "--platform", "JD", "--policy", "odr", "--seller", "me"], "Seller cannot be 'me'"),
    (["add", "--platform", "JD", "--summary", LONG * 10], "120,000 characters"),
    (["add", "--platform", "JD", "--number", "9" * 301], "301 characters"),
    (["add", "--platform", "JD", "--summary", NOT_UTF8], "not UTF-8"),
    (["add", "--platform", "JD", "--owner", NOT_UTF8], "not UTF-8"),
    (["add", "--platform", "JD", "--number", NOT_UTF8], "not UTF-8"),
    (["add", "--platform", "JD", "--phone", "1" * 301], "301 characters"),
    (["add", "JD"], "unexpected extra argument"),
    (["add", "--platfrom", "JD"], "No such option: --platfrom"),
    (["add", "--platform"], "requires an argument"),
    (["reject", 1], "Reason is missing. Give --reason"),
    (["reject", 1, "--reason", "  "], "--reason is empty"),
    (["reject", 1, "--reason", LONG], "characters"),
    (["note", 1], "The note is missing. Give --note"),
    (["note", 1, "--note", ""], "--note is empty"),
    (["note", 1, "--note", " \n "], "--note is empty"),
    (["note", 1, "--note", LONG], "note has 12,000 characters; the maximum is 10,000"),
    (["note", 1, "--note", NOT_UTF8], "not UTF-8"),
    (["complete", 2, "--amount", "-5"], "Invalid amount '-5'"),
    (["complete", 2, "--amount", "1e5"], "Invalid amount"),
    (["complete", 2, "--amount", "12.345"], "Invalid amount"),
    (["complete", 2, "--amount", "NaN"], "Invalid amount"),
    (["complete", 2, "--amount", "1,29"], "Invalid amount"),
    (["complete", 2, "--amount", "twelve"], "Invalid amount"),
    (["complete", 2, "--amount", "9" * 13], "Invalid amount"),
    (["complete", 2, "--amount", "$5"], "Invalid amount"),
    (["complete", 2, "--outcome", "x" * 301], "301 characters"),
    (["forward", 1, "--note", LONG], "characters"),
    # Looking
    (["list", "--status", "opn"], "Did you mean open"),
    (["list", "--status", "finished"], "Status cannot be 'finished'"),
    (["list", "--platform", "Nobody"], "Unknown platform: Nobody"),
    (["list", "--category", "x"], "Unknown category: x"),
    (["list", "--owner", NOT_UTF8], "not UTF-8"),
    (["overdue", "--owner", NOT_UTF8], "not UTF-8"),
    (["due", "--owner", NOT_UTF8], "not UTF-8"),
    (["list", "--from", "2016-02-30"], "Invalid date '2016-02-30'"),
    (["list", "--from", "2015-02-29"], "2015 has no 29 February"),
    (["list", "--to", "2016-11-15 10:00"], "give the day alone"),
    (
        ["list", "--from", "2016-11-30", "--to", "2016-11-01"],
        "The period ends on 2016-11-01, before it begins on 2016-11-30",
    ),
    (["list", "--from", "x"], "Invalid date 'x'"),
    (["list", "--as-of", "then"], "Invalid time 'then'"),
    (["overdue", "--as-of", "2016-02-30"], "February 2016 has 29 days"),
    (["due", "--as-of", "31-12-2016"], "the year comes first"),
    (["list", "--format", "xml"], "Format cannot be 'xml'"),
    (["overdue", "--format", "jason"], "Did you mean json"),
    (["show", 1, "--format", "pdf"], "Format cannot be 'pdf'"),
    (["export", "--format", "xml"], "Format cannot be 'xml'. Allowed: csv, jsonl, json, xlsx."),
    (["export", "--format", "cvs"], "Did you mean csv? Allowed: csv, jsonl, json, xlsx."),
    (["digest", "--format", "jsn"], "Did you mean json? Allowed: text, json."),
    (["forward", 1, "--format", "xml"], "Format cannot be 'xml'"),
    (["add", "--platform", "JD", "--format", "xml"], "Format cannot be 'xml'"),
    (["explain", 1, "--clock", "respond"], "Policy green-channel has no stage respond. Its stages: forward, complete"),
    (["show", 1, "--as-of", "2016-11-01"], "It had not been received by then"),
    (["explain", 1, "--as-of", "2016-11-01"], "It had not been received by then"),
    (["due", "--within", "soon"], "Invalid duration 'soon'"),
    (["due", "--within", "4"], "Invalid duration '4'"),
    (["due", "--within", "-4h"], "Invalid duration"),
    (["due", "--within", "1.5h"], "Invalid duration"),
    (["due", "--within", ""], "--within is empty"),
    (["due", "--within", "99999wd"], "is outside the calendar"),
    (["due", "--within", "999999999h"], "Invalid duration"),
    # Calendar, policies, platforms
    (["calendar", "next"], "Missing argument 'N'"),
    (["calendar", "next", "x"], "Invalid number of working days 'x'"),
    (["calendar", "next", "0"], "Invalid number of working days '0'"),
    (["calendar", "next", "0010000"], "Invalid number of working days"),
    (["calendar", "next", "10000"], "from 1 to 9999"),
    (["calendar", "next", "2.5"], "Invalid number of working days"),
    (["calendar", "next", "９"], "Invalid number of working days"),
    (["calendar", "next", "2", "--from", "2015-02-29"], "2015 has no 29 February"),
    (["calendar", "next", "2", "--from", "2016-11-11 10:00"], "give the day alone"),
    (["calendar", "next", "1", "--from", "2100-12-31"], "is outside the calendar"),
    (["calendar", "next", "9999", "--from", "2080-01-01"], "is outside the calendar"),
    (["calendar", "next", "1", "--calendar", "cn-bejing"], "Did you mean cn-beijing"),
    (["calendar", "next", "1", "--calendar", "ZZ"], "Unknown calendar: ZZ"),
    (["calendar", "next", "1", "--calendar", "US-ZZ"], "Unknown calendar: US-ZZ"),
    (["calendar", "next", "1", "--calendar", "/nowhere/x.toml"], "/nowhere/x.toml"),
    (["calendar", "show", "2016-13"], "Invalid month '2016-13'"),
    (["calendar", "show", "2016-00"], "Invalid month"),
    (["calendar", "show", "2016-0013"], "Invalid month"),
    (["calendar", "show", "020160-01"], "Invalid month"),
    (["calendar", "show", "1969-12"], "from 1970-01 to 2100-12"),
    (["calendar", "show", "2101-01"], "from 1970-01 to 2100-12"),
    (["calendar", "show", "October"], "Invalid month"),
    (["calendar", "show", "1" * 5000 + "-01"], "Invalid month"),
    (["calendar", "next", "1" * 5000], "Invalid number of working days"),
    (["calendar", "show", "2016-10-01"], "Invalid month"),
    (["calendar", "shwo"], "shwo"),
    (["policy", "show", "green"], "Unknown policy: green"),
    (["policy", "show", "../../etc/passwd"], "passwd"),
    (["platform", "add"], "Missing argument 'NAME'"),
    (["platform", "add", ""], "NAME is empty"),
    (["platform", "add", "  "], "NAME is empty"),
    (["platform", "add", "X", "--alias", " "], "--alias is empty"),
    (["platform", "add", "京东"], "already belongs to the platform JD"),
    (["platform", "add", "ｊｄ"], "already belongs to the platform JD"),
    (["platform", "add", "X", "--alias", "tmall"], "already belongs to the platform Tmall"),
    (["platform", "add", "x" * 301], "301 characters"),
    (["platform", "add", NOT_UTF8], "not UTF-8"),
    # Commands
    (["forwrd", 1], "No such command: forwrd. Did you mean forward?"),
    (["delete", 1], "No such command: delete"),
    (["--nonsense"], "No such option: --nonsense"),
    (["list", "extra"], "unexpected extra argument"),
    (["verify", "--head"], "requires an argument"),
    (["init"], "There is already a register at"),
]


def _name(arguments: list[object]) -> str:
    return " ".join(str(argument)[:30] for argument in arguments).encode("ascii", "backslashreplace").decode()


@pytest.mark.parametrize(("arguments", "fragment"), TYPED, ids=[_name(arguments) for arguments, _ in TYPED])
def test_what_is_typed_wrong_is_refused(desk: Clerk, arguments: list[object], fragment: str) -> None:
    with unchanged(desk):
        result = desk(*arguments)
    complains(result, 2, fragment)
    assert result.out == ""


def test_two_hundred_wrong_things_are_tried() -> None:
    assert len(TYPED) + len(FILES) + len(REGISTERS) >= 200


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["--timezone", "Mars/Olympus"], "Unknown time zone: Mars/Olympus"),
        (["--timezone", "Asia/Shangai"], "Did you mean Asia/Shanghai"),
        (["--timezone", "../../etc/passwd"], "Unknown time zone"),
        (["--timezone", "Asia"], "Unknown time zone: Asia"),
        (["--timezone", "x" * 300], "Unknown time zone"),
        (["--calendar", "cn-bejing"], "Did you mean cn-beijing"),
        (["--calendar", "ZZ"], "Unknown calendar: ZZ"),
        (["--calendar", "no/such.toml"], "no/such.toml"),
        (["--policy", "gren-channel"], "Did you mean green-channel"),
        (["extra"], "unexpected extra argument"),
    ],
)
def test_init_refuses_and_leaves_no_file(new_clerk: Callable[..., Clerk], arguments: list[str], fragment: str) -> None:
    clerk = new_clerk()
    complains(clerk("init", *arguments), 2, fragment)
    assert not is_there(clerk.address) and list(clerk.home.parent.iterdir()) == []


def test_a_second_init_leaves_the_register_as_it_was(desk: Clerk) -> None:
    with unchanged(desk):
        complains(desk("init"), 2, "There is already a register at", "Nothing was changed")
        # A server is asked once all is read.
        said = "There is already a register at" if isinstance(desk.address, Path) else "Unknown calendar: nowhere"
        complains(desk("init", "--calendar", "nowhere"), 2, said)


# The surroundings


@pytest.mark.parametrize(
    ("extra", "command", "status", "fragment"),
    [
        ({"DEALTRACK_NOW": "yesterday"}, ["list"], 2, "DEALTRACK_NOW"),
        ({"DEALTRACK_NOW": "2016-11-15T09:00:00"}, ["list"], 2, "an offset is needed"),
        ({"DEALTRACK_NOW": "2100-12-31T09:00:00+08:00"}, ["add", "--platform", "JD"], 2, "is outside the calendar"),
        ({"DEALTRACK_NOW": "1960-01-01T09:00:00+08:00"}, ["add", "--platform", "JD"], 2, "1970"),
        ({"DEALTRACK_NOW": "0001-01-01T00:00:00+08:00"}, ["report"], 2, "DEALTRACK_NOW"),
        ({"DEALTRACK_NOW": "9999-12-31T23:59:59-08:00"}, ["list"], 2, "DEALTRACK_NOW"),
        ({"DEALTRACK_NOW": "9999-12-31T23:59:59+00:00"}, ["note", "1", "--note", "x"], 2, "outside 1970 to 2100"),
        ({"DEALTRACK_NOW": "2016-11-11T09:00:00+08:00"}, ["forward", "1"], 2, "it was received later"),
        ({"DEALTRACK_ACTOR": NOT_UTF8}, ["note", "1", "--note", "x"], 2, "UTF-8"),
    ],
)  # fmt: skip
def test_wrong_surroundings(desk: Clerk, extra: dict[str, str], command: list[str], status: int, fragment: str) -> None:
    desk.extra.update(extra)
    with unchanged(desk):
        complains(desk(*command), status, fragment)


# Files

HEAD = "number,platform,category,received,forwarded,completed\n"
GOOD = "A-1,JD,quality,2016-11-01 09:00,2016-11-01 10:00,2016-11-02 10:00\n"


def row(**values: str) -> str:
    cells = {
        "number": "A-2",
        "platform": "JD",
        "category": "quality",
        "received": "2016-11-01",
        "forwarded": "",
        "completed": "",
    }
    return ",".join({**cells, **values}.values()) + "\n"


# name, content, options, status, what the message says
FILES: list[tuple[str, bytes | str, list[str], int, str]] = [
    # Files that are no table at all
    ("empty.csv", b"", [], 2, "it is empty"),
    ("blank.csv", "\n\n  \n", [], 2, "blank lines"),
    ("header.csv", HEAD, [], 2, "it has a header but no rows"),
    ("bom.csv", b"\xef\xbb\xbf", [], 2, "only blank lines"),
    ("book.xlsx", b"PK\x03\x04rest", [], 2, "workbook"),
    ("book.xls", b"\xd0\xcf\x11\xe0rest", [], 2, "damaged document of an old format"),
    ("rows.csv.gz", b"\x1f\x8b\x08rest", [], 2, "gzip"),
    ("paper.pdf", b"%PDF-1.4", [], 2, "PDF"),
    ("other.db", b"SQLite format 3\x00rest", [], 2, "it is a database"),
    ("nul.csv", HEAD.encode() + b"A\0,JD,quality,2016-11-01,,\n", [], 2, "NUL"),
    (
        "latin1.csv",
        HEAD.encode() + "A-1,JD,qualit\xe9,2016-11-01,,\n".encode("latin-1"),
        [],
        2,
        "neither valid UTF-8 nor GB18030",
    ),
    (
        "half.csv",
        (HEAD + "A-1,JD,质量质量质量质量质量,2016-11-01,,\n").encode() + b"\xe5\xe5\n",
        [],
        2,
        "damaged UTF-8",
    ),
    ("bytes.csv", bytes(range(256)) * 10, [], 2, "NUL"),
    (
        "open-quote.csv",
        HEAD + 'A-1,JD,"quality,2016-11-01,,\nA-2,JD,quality,2016-11-01,,\n',
        [],
        2,
        "a quote is never closed",
    ),
    ("list.json", "[1, 2]", [], 2, "the array needs"),
    ("word.json", '"platform"', [], 2, "not JSON"),
    ("cut.json", '[{"platform": "JD", "received": "2016-11-01"}', [], 2, "without a ]"),
    ("broken.json", '[{"platform": "JD", "received": }]', [], 2, "not JSON"),
    (
        "after.json",
        '[{"platform": "JD", "received": "2016-11-01"}] x',
        [],
        2,
        "has something after the end of the array",
    ),
    # Columns
    ("no-platform.csv", "number,received\nA,2016-11-01\n", [], 2, "has no column 'platform'"),
    ("no-received.csv", "number,platform\nA,JD\n", [], 2, "has no column 'received'"),
    ("no-header.csv", GOOD + GOOD, [], 2, "--map received=COLUMN"),
    ("twice.csv", "platform,platform,received\nJD,JD,2016-11-01\n", [], 2, "has the column platform 2 times"),
    ("tilde.csv", HEAD.replace(",", "~") + GOOD.replace(",", "~"), [], 2, "has no column"),
    ("map.csv", HEAD + GOOD, ["--map", "owner=Who"], 2, "has no column 'Who'"),
    ("map.csv", HEAD + GOOD, ["--map", "wner=Who"], 2, "Did you mean owner"),
    ("map.csv", HEAD + GOOD, ["--map", "owner"], 2, "field=Column"),
    ("map.csv", HEAD + GOOD, ["--map", "=Who"], 2, "--map"),
    ("map.csv", HEAD + GOOD, ["--mapping", "cfbp"], 2, "Did you mean cfpb"),
    ("map.csv", HEAD + GOOD, ["--mapping", "no/such.toml"], 2, "there is no such file"),
    ("map.csv", HEAD + GOOD, ["--mapping", "cfpb"], 2, "has no column"),
    ("map.csv", HEAD + GOOD, ["--date-format", "%Q"], 2, "unknown directive %Q"),
    ("map.csv", HEAD + GOOD, ["--date-format", "%d/%m"], 2, "it has no year"),
    ("map.csv", HEAD + GOOD, ["--date-format", ""], 2, "--date-format"),
    # Rows
    (
        "row.csv",
        HEAD + GOOD + row(received="2016-02-30"),
        [],
        4,
        "rows.csv:3: received: '2016-02-30' in column 'received' does not exist",
    ),
    ("row.csv", HEAD + GOOD + row(received="2015-02-29"), [], 4, "does not exist in the calendar"),
    ("row.csv", HEAD + GOOD + row(received="soon"), [], 4, "use --date-format to say how dates are written"),
    ("row.csv", HEAD + GOOD + row(received="31/12/2015"), [], 4, "if the day comes first"),
    ("row.csv", HEAD + GOOD + row(received="2016-11-01 25:00"), [], 4, "a day ends at 24:00"),
    ("row.csv", HEAD + GOOD + row(received="1900-01-01"), [], 4, "outside the calendar"),
    ("row.csv", HEAD + GOOD + row(received="9999-12-31"), [], 4, "outside the calendar"),
    ("row.csv", HEAD + GOOD + row(received=""), [], 4, "received is empty"),
    ("row.csv", HEAD + GOOD + row(platform=""), [], 4, "platform is empty"),
    ("row.csv", HEAD + GOOD + row(received="2016-11-16"), [], 4, "2016-11-16 00:00 is in the future"),
    ("row.csv", HEAD + GOOD + row(completed="2016-11-15 09:01"), [], 4, "is in the future"),
    (
        "row.csv",
        HEAD + GOOD + row(received="2016-11-02", forwarded="2016-11-01"),
        [],
        4,
        "forwarded '2016-11-01' in column 'forwarded' is before received",
    ),
    ("row.csv", HEAD + GOOD + row(forwarded="2016-11-04", completed="2016-11-03"), [], 4, "is before forwarded"),
    ("row.csv", HEAD + GOOD + "A-2,JD,quality\n", [], 4, "the row has 3 cells, the header 6"),
    ("row.csv", HEAD + GOOD + "A-2,JD,quality,2016-11-01,,,surplus\n", [], 4, "the row has 7 cells"),
    ("row.csv", HEAD + GOOD + '"A-2"x,JD,quality,2016-11-01,,\n', [], 4, "quote"),
    ("row.csv", HEAD + GOOD + row(number="9" * 301), [], 4, "301 characters"),
    ("row.csv", HEAD + GOOD + row(number="TWICE"), [], 4, "belongs to 2 complaints in the register: 6, 7"),
    (
        "row.csv",
        HEAD + GOOD + row(number="A-1", received="2016-11-01 09:00", platform="Tmall"),
        [],
        4,
        "platform is 'Tmall' in the file but 'JD' in the register",
    ),
    (
        "row.csv",
        HEAD + GOOD + row(number="A-1", received="2016-11-01 09:30"),
        [],
        4,
        "received is 2016-11-01 09:30 in the file but 2016-11-01 09:00 in the register",
    ),
    ("row.csv", "platform,received,seller\nJD,2016-11-01,me\n", [], 4, "neither platform nor third-party"),
    (
        "row.csv",
        "platform,received,completed,amount\nJD,2016-11-01,2016-11-02,a lot\n",
        [],
        4,
        "is not an amount",
    ),
    ("row.csv", "platform,received,amount\nJD,2016-11-01,5\n", [], 4, "but the complaint was not completed"),
    (
        "row.csv",
        "platform,received,withdrawn,rejected\nJD,2016-11-01,2016-11-02,2016-11-02\n",
        [],
        4,
        ", but a complaint ends once",
    ),
    ("row.csv", "platform,received,policy\nJD,2016-11-01,green\n", [], 4, "Unknown policy: green"),
    (
        "row.jsonl",
        '{"platform": "JD", "received": "2016-11-01"}\n{"platform": "JD"\n',
        [],
        4,
        "the line is not a JSON object",
    ),
    ("row.jsonl", '{"platform": "JD", "received": "2016-11-01"}\n["JD"]\n', [], 4, "not an object with columns"),
    (
        "row.jsonl",
        '{"platform": "JD", "received": "2016-11-01"}\n{"platform": {"name": "JD"}, "received": "2016-11-01"}\n',
        [],
        4,
        "is an object or a list",
    ),
    (
        "row.jsonl",
        '{"platform": "JD", "received": "2016-11-01"}\n{"platform": "JD", "platform": "JD", "received": ""}\n',
        [],
        4,
        "twice",
    ),
    (
        "row.jsonl",
        '{"platform": "JD", "received": "2016-11-01"}\n{"platform": "JD", "received": NaN}\n',
        [],
        4,
        "not JSON",
    ),
    ("row.jsonl", '{"platform": "JD", "received": 20161101}\n', [], 4, "received"),
    ("deep.jsonl", '{"platform": ' + "[" * 100_000 + "\n", [], 2, "line 1: the line is not a JSON object"),
    ("words.jsonl", "JD\nTmall\n", [], 2, "line 1: the line is not a JSON object"),
]


@pytest.mark.parametrize(
    ("name", "content", "options", "status", "fragment"), FILES, ids=[f"{n}: {f[:40]}" for n, _, _, _, f in FILES]
)
def test_a_wrong_file_is_refused_and_changes_nothing(
    desk: Clerk, tmp_path: Path, name: str, content: bytes | str, options: list[str], status: int, fragment: str
) -> None:
    path = tmp_path / ("rows.csv" if name == "row.csv" else name)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with unchanged(desk):
        result = desk("import", path, *options)
    complains(result, status, fragment, lines=2 if status == 2 else 4)
    assert ("nothing was written" in result.out) is (status == 4)


@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        ("nofile.csv", "there is no such file"),
        (".", "it is a folder"),
        ("/dev/null", "empty"),
        ("", "FILE is empty"),
    ],
)
def test_import_of_what_is_no_file(desk: Clerk, path: str, fragment: str) -> None:
    with unchanged(desk):
        complains(desk("import", path), 2, fragment)


def test_a_dangling_link_and_a_socket_are_no_files(desk: Clerk, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "nothing")
    complains(desk("import", tmp_path / "link.csv"), 2, "there is no such file")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        complains(desk("import", tmp_path / "s"), 2, "Cannot read")


@pytest.mark.parametrize(
    ("to", "fragment"),
    [
        ("/nonexistent/x.csv", "No such file"),
        (".", "it is a folder"),
        ("f/x.csv", "Not a directory"),
        ("n" * 300, "too long"),
    ],
)
def test_an_export_that_cannot_be_written(
    desk: Clerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, fragment: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f").write_text("kept")
    complains(desk("export", "--to", to), 3, "Cannot write", fragment)
    assert Path("f").read_text() == "kept"
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


@pytest.mark.file_only("a register's file")
def test_no_output_replaces_a_register_or_the_file_that_is_read(desk: Clerk, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(HEAD + row(received="never"))
    with unchanged(desk):
        complains(desk("export", "--to", desk.db), 3, "it is a database")
        complains(desk("import", rows, "--skip-bad", "--rejects", desk.db), 3, "it is a database")
        complains(desk("import", rows, "--skip-bad", "--rejects", rows), 3, "it is the file being imported")
    assert rows.read_text() == HEAD + row(received="never")


def test_an_export_goes_through_links_and_pipes(desk: Clerk, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    desk("export", "--to", tmp_path / "link.csv").ok()
    assert (tmp_path / "link.csv").is_symlink() and (tmp_path / "real.csv").read_text().startswith("id,number")
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        try:
            desk("export", "--to", tmp_path / "pipe").ok()
            assert (tmp_path / "pipe").is_fifo()
            assert reader.communicate(timeout=10)[0] == desk("export").ok().encode()
        finally:
            reader.kill()


# Registers


def damaged(desk: Clerk, how: str) -> Path:
    """Put something wrong in the register's place and return its path."""
    path = desk.db
    if how.startswith("cut to "):
        os.truncate(path, int(how.removeprefix("cut to ")))
    elif how == "text":
        path.write_text("this is a diary, not a register\n" * 100)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "folder":
        path.unlink()
        path.mkdir()
    elif how == "fifo":
        path.unlink()
        os.mkfifo(path)
    elif how == "dangling link":
        path.unlink()
        path.symlink_to(path.parent / "nothing")
    elif how == "loop":
        path.unlink()
        path.symlink_to(path)
    elif how == "device":
        path.unlink()
        path.symlink_to("/dev/null")
    elif how == "missing":
        path.unlink()
    elif how == "below a file":
        path.write_text("x")
        return path / "register.db"
    elif how == "noise":
        content = bytearray(path.read_bytes())
        content[4096:] = os.urandom(len(content) - 4096)
        path.write_bytes(content)
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            if how == "another program's":
                connection.execute("PRAGMA application_id = 7")
            elif how == "newer":
                connection.execute("PRAGMA user_version = 99")
            elif how == "half made":
                connection.execute("PRAGMA user_version = 0")
            elif how == "no tables":
                for name in ("transition", "fact", "clock", "complaint"):
                    connection.execute(f"DROP TABLE {name}")
            else:
                assert how == "no facts"
                connection.execute("DELETE FROM fact")
    return path


REGISTERS = {
    "missing": "There is no register at",
    "below a file": "There is no register at",
    "dangling link": "There is no register at",
    "loop": "cannot be used",
    "folder": "it is a folder",
    "fifo": "it is not a regular file",
    "device": "it is not a regular file",
    "empty": "it is empty",
    "text": "it is not an SQLite file",
    "another program's": "it is another program's database",
    "newer": "made by a newer dealtrack (schema 99; this one reads",
    "half made": "interrupted",
    "cut to 16": "cannot be used",
    "cut to 100": "cannot be used",
    "cut to 4096": "cannot be used",
    "cut to 8192": "cannot be used",
    "cut to 150000": "cannot be used",
    "noise": "cannot be used",
    "no tables": "cannot be used",
    "no facts": "cannot be used",
}
COMMANDS: list[list[object]] = [
    ["list"],
    ["show", 1],
    ["overdue"],
    ["overdue", "--check"],
    ["add", "--platform", "JD"],
    ["forward", 1],
    ["export"],
    ["verify"],
    ["platform", "list"],
    ["calendar", "next", 1],
]


@pytest.mark.file_only("a damaged file")
@pytest.mark.parametrize("how", REGISTERS)
def test_a_register_that_cannot_be_used(desk: Clerk, how: str) -> None:
    path = damaged(desk, how)
    before = path.read_bytes() if path.is_file() else None
    for command in COMMANDS:
        result = desk("--db", path, *command)
        if how == "no facts" and command == ["verify"]:
            assert result.status == 1 and "Table fact differs from the journal" in result.err
            continue
        # A schema that was altered is what verify looks for.
        is_found = how == "no tables" and command == ["verify"]
        complains(result, 1 if is_found else 3, REGISTERS[how])
        assert result.out == "", command
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.file_only("a damaged file")
@pytest.mark.parametrize("how", ["folder", "fifo", "dangling link", "text", "empty", "another program's"])
def test_init_does_not_overwrite_what_is_there(desk: Clerk, how: str) -> None:
    path = damaged(desk, how)
    before = path.read_bytes() if path.is_file() else os.lstat(path).st_mode
    complains(desk("init"), 2, "Nothing was changed")
    assert (path.read_bytes() if path.is_file() else os.lstat(path).st_mode) == before


@pytest.mark.file_only("a register's file")
def test_init_below_a_file_and_in_a_name_too_long(desk: Clerk) -> None:
    complains(desk("--db", desk.db / "new.db", "init"), 3, "Not a directory")
    complains(desk("--db", desk.db.parent / ("n" * 300), "init"), 3, "too long")


@pytest.mark.file_only("the rights of files")
def test_a_read_only_register_can_be_looked_at_but_not_written(desk: Clerk) -> None:
    desk.db.chmod(0o400)
    before = sha256(desk.db.read_bytes()).digest()
    complains(desk.without_rights("add", "--platform", "JD"), 3, "read-only")
    assert sha256(desk.db.read_bytes()).digest() == before


@pytest.mark.file_only("the rights of files")
def test_a_read_only_folder(desk: Clerk) -> None:
    desk.db.parent.chmod(0o500)
    try:
        before = sha256(desk.db.read_bytes()).digest()
        complains(desk.without_rights("add", "--platform", "JD"), 3, "cannot be used")
        complains(desk.without_rights("--db", desk.db.parent / "new.db", "init"), 3, "ermission denied")
        assert sha256(desk.db.read_bytes()).digest() == before
    finally:
        desk.db.parent.chmod(0o700)


@pytest.mark.file_only("the rights of files")
def test_a_register_of_somebody_else(desk: Clerk) -> None:
    desk.db.chmod(0)
    for command in (["list"], ["overdue", "--check"], ["add", "--platform", "JD"]):
        complains(desk.without_rights(*command), 3, "cannot be used", "ermission denied")
    desk.db.chmod(0o600)


on_a_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")


@on_a_full_device
def test_a_full_disk_is_told_of(desk: Clerk) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "dealtrack", "export"],
            env=desk.environment(), stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert ran.returncode == 3 and b"No space left" in ran.stderr and b"Traceback" not in ran.stderr


ONE, SEVERAL = "It was recorded all the same: complaint ", "It was recorded all the same: complaints "


@on_a_full_device
@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("add --platform JD", 0, f"{ONE}8. Do not enter it again."),
        ("add --platform JD --policy odr", 0, f"{ONE}8."),
        ("forward 1 5", 0, f"{SEVERAL}1, 5. Do not enter them again."),
        ("note 2 --note called", 0, f"{ONE}2."),
        ("evidence 2 --file rows.csv", 0, f"{ONE}2."),
        ("import rows.csv --skip-bad", 4, f"{SEVERAL}8, 9, 10, 11, 12, 13, 14, 15, .... "),
        ("import rows.csv --skip-bad --rejects /dev/full", 3, f"{SEVERAL}8, "),
        ("import rows.csv", 3, ""),
        ("import rows.csv --skip-bad --dry-run", 3, ""),
        ("platform add Kaola", 0, "It was done all the same."),
        ("calendar amend 2027-03-03 --off --name storm --source notice --yes", 0, "It was done all the same."),
        ("recheck --rebuild", 0, "It was done all the same."),
        ("--db new.db init", 0, "It was done all the same."),
        pytest.param(
            *("restore copy.db --yes", 0, "It was done all the same."),
            marks=pytest.mark.file_only("a backup that is put in the place of a file"),
        ),
        ("backup copy.db", 3, ""),
        ("policy adopt green-channel", 3, ""),
        ("platform edit JD --alias jd.com", 3, ""),
        ("recheck --include-closed", 0, "It was done all the same."),
        ("forward 3", 2, ""),
        ("list", 3, ""),
    ],
)
def test_what_is_done_is_told_where_the_output_cannot_be_written(
    desk: Clerk, command: str, status: int, said: str
) -> None:
    folder = desk.home.parent
    rows = "".join(f"2016-11-{day:02},JD\n" for day in range(1, 13))
    (folder / "rows.csv").write_text(f"received,platform\n{rows}nonsense,JD\n")
    desk("backup", folder / "copy.db").ok()
    before = content(desk.address)
    line = f"exec {shlex.quote(str(write_program(folder)))} {command} >/dev/full"
    ran = run_bare(["/bin/sh", "-c", line], folder, **desk.environment())
    last = ran.err.splitlines()[-1]
    assert (ran.status, "all the same" in last) == (status, bool(said)) and said in last, ran.err
    if not said:
        assert content(desk.address) == before


@on_a_full_device
@pytest.mark.parametrize(
    ("command", "status"),
    [("add --platform JD", 0), ("add --platform Nowhere", 2), ("import rows.csv --skip-bad", 4), ("show 99", 2)],
)
def test_the_status_is_right_where_no_message_can_be_written(desk: Clerk, command: str, status: int) -> None:
    (desk.home.parent / "rows.csv").write_text("received,platform\n2016-11-01,JD\nnonsense,JD\n")
    ran = subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -m dealtrack {command} >/dev/full 2>/dev/full"],
        cwd=desk.home.parent, env={"PYTHONPATH": str(PROJECT), **desk.environment()}, check=False,
    )  # fmt: skip
    assert ran.returncode == status


@pytest.mark.parametrize("buffered", ["", "1"], ids=["at its end", "in the middle"])
@pytest.mark.parametrize(
    ("command", "status"),
    [("list", 0), ("overdue", 0), ("overdue --check", 1), ("add --platform JD", 0), ("show 99", 2)],
)
def test_whoever_reads_a_pipe_may_have_seen_enough(desk: Clerk, command: str, status: int, buffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "dealtrack", *command.split()],
        env={"PYTHONUNBUFFERED": buffered, **desk.environment()}, stdout=writing, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writing)
    assert ran.returncode == status
    assert b"Traceback" not in ran.stderr and b"cannot write" not in ran.stderr


def test_what_is_recorded_is_told_where_it_cannot_be_shown(desk: Clerk) -> None:
    # The deadline lies in the calendar; the one that is projected from it does not.
    told = desk("add", "--platform", "JD", now="2028-12-28T09:00:00+08:00")
    complains(told, 0, "outside the calendar", f"{ONE}8. Do not enter it again.")


def test_what_is_recorded_is_told_where_memory_then_runs_out(desk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("dealtrack.cli.transitions.show_change", run_out)
    complains(desk("forward", 1), 3, f"out of memory. {ONE}1. Do not enter it again.")


@pytest.mark.parametrize(
    ("command", "closed"),
    [
        ("list", "<&-"),
        ("overdue --check", "<&-"),
        ("import -", "<&-"),
        ("add", "<&-"),
        ("list", ">&-"),
        ("forward 1", ">&-"),
        ("list", "2>&-"),
        ("forward 1", "2>&-"),
        ("nonsense", "2>&-"),
        ("show 99", "2>&-"),
    ],
)
def test_closed_streams_cause_no_traceback(desk: Clerk, command: str, closed: str) -> None:
    ran = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m dealtrack {command} {closed}"],
        env=desk.environment(), capture_output=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert b"Traceback" not in ran.stderr + ran.stdout, ran.stderr


@pytest.mark.parametrize("command", ["list", "verify", "backup copy.db", "note 1 --note x"])
def test_too_few_files_are_told_of_before_anything_else(desk: Clerk, command: str) -> None:
    with unchanged(desk):
        ran = subprocess.run(
            ["/bin/sh", "-c", f"ulimit -n 8; exec {sys.executable} -m dealtrack {command}"],
            env=desk.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert ran.stdout == ""
    complains(Result(ran.returncode, "", ran.stderr), 3, "Only 8", "files may be open at once here", lines=1)


def test_a_busy_register_is_waited_for(desk: Clerk) -> None:
    with locked(desk.address):
        command = [sys.executable, "-m", "dealtrack", "forward", "1"]
        pipe = subprocess.PIPE
        writing = subprocess.Popen(command, env=desk.environment(), stdout=pipe, stderr=pipe)
        with pytest.raises(subprocess.TimeoutExpired):
            writing.wait(1)
        # Readers are not kept waiting.
        assert desk("overdue").status == 0
    out, err = writing.communicate(timeout=20)
    assert writing.returncode == 0 and b"complaint 1" in out, err


# What looks wrong and is not


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "utf-16"])
def test_chinese_spreadsheets_are_recognised(desk: Clerk, tmp_path: Path, encoding: str) -> None:
    rows = tmp_path / "表.csv"
    rows.write_bytes(
        "number,platform,category,received,summary\nZ-1,京东,质量,2016年11月1日,电视屏幕有划痕\n".encode(encoding)
    )
    assert desk("import", rows).ok().startswith("1 row: 1 added, 0 changed, 0 unchanged, 0 refused")
    assert "JD\tquality" in desk("list").ok().splitlines()[-1] and "电视屏幕有划痕" in desk("list").ok()


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_line_ends_and_delimiters_are_recognised(desk: Clerk, tmp_path: Path, ends: str, delimiter: str) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_bytes((HEAD + GOOD).replace(",", delimiter).replace("\n", ends).encode())
    assert desk("import", rows).ok().startswith("1 row: 1 added")


def test_the_29th_of_february_of_a_leap_year_is_a_day(full_clerk: Clerk) -> None:
    full_clerk("add", "--platform", "JD", "--at", "2016-02-29 10:00").ok()
    full_clerk("calendar", "next", 1, "--from", "2000-02-29").ok()
    full_clerk("list", "--from", "2016-02-29", "--to", "2016-02-29").ok()


def test_text_that_a_terminal_would_obey_is_disarmed(desk: Clerk) -> None:
    evil = "\x1b[2J\x1b]0;title\x07‮txt"
    desk("add", "--platform", "JD", "--summary", evil, "--number", "E\x1b[31m").ok()
    desk("note", 8, "--note", evil).ok()
    for command in (
        ["list"],
        ["show", 8],
        ["overdue"],
        ["explain", 8],
        ["list", "--format", "json"],
        ["forward", 8],
        ["show", "--number", "nowhere\x1b[2J"],
    ):
        told = desk(*command)
        assert not {"\x1b", "\x07", "\u202e"} & set(told.out + told.err), command

"""Complaints that look entered already: warned of, named, never refused."""

from pathlib import Path

import pytest

from dealtrack.core.personal import email_key, phone_key
from tests.conftest import Clerk

WARNING = " may "


def _add(clerk: Clerk, day: str, *words: str) -> str:
    ran = clerk("add", "--at", f"2016-11-{day} 10:00", *words)
    assert ran.status == 0, ran.err
    return ran.err


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("13800138000", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("(010) 6512 3456", "1065123456"),
        ("+86-10-65123456", "1065123456"),
        ("13800138000/13900139000", "13800138000"),
        ("86512345", "86512345"),
        ("00000000000", None),
        ("11111111111", None),
        ("无", None),
        ("12315", None),
        ("", None),
        (None, None),
    ],
)
def test_phone_is_known_again(text: str | None, key: str | None) -> None:
    assert phone_key(text) == key


def test_email_is_known_again() -> None:
    assert email_key(" Wang@Example.COM ") == email_key("wang@example.com") == "wang@example.com"
    assert [email_key(text) for text in (None, "", "none", "a b@c", "@")] == [None] * 5


def test_same_number(clerk: Clerk) -> None:
    assert WARNING not in _add(clerk, "01", "--platform", "JD", "--number", "B-1")
    assert WARNING not in _add(clerk, "01", "--platform", "JD", "--number", "B-2")
    warned = _add(clerk, "14", "--platform", "Tmall", "--number", "B-1")
    lines = [line for line in warned.splitlines() if WARNING in line]
    assert lines == ["dealtrack: Complaint 3 may duplicate 1 (B-1, JD, 2016-11-01 10:00): same number."]


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (["--phone", "13800138000"], ["--phone", "+86 138-0013-8000"], "same phone"),
        (["--email", "a@b.cn"], ["--email", "A@B.CN"], "same e-mail"),
        (
            ["--phone", "010-6512345", "--email", "a@b.cn"],
            ["--phone", "0106512345", "--email", "a@b.cn"],
            "same phone, e-mail",
        ),
        (["--phone", "13800138000"], ["--phone", "13800138001"], None),
        (["--phone", "000000"], ["--phone", "000000"], None),
        (["--consumer", "王小明"], ["--consumer", "王小明"], None),
    ],
)
def test_same_contact(first: list[str], second: list[str], shared: str | None, clerk: Clerk) -> None:
    assert WARNING not in _add(clerk, "08", "--platform", "JD", *first)
    warned = _add(clerk, "09", "--platform", "JD", *second)
    assert (WARNING in warned) is (shared is not None)
    if shared:
        assert shared in warned
        assert warned.count(WARNING) == 1
    assert WARNING not in _add(clerk, "09", "--platform", "Tmall", *second)


@pytest.mark.parametrize(
    ("day", "days", "is_warned"),
    [("08", [], True), ("09", [], False), ("09", ["--duplicate-days", "8"], True), ("01", ["--duplicate-days", "0"], True),
     ("02", ["--duplicate-days", "0"], False)],
)  # fmt: skip
def test_days_apart(day: str, days: list[str], is_warned: bool, clerk: Clerk) -> None:
    phone = ["--platform", "JD", "--phone", "13800138000"]
    clerk("add", *phone, "--at", "2016-11-01 23:50").ok()
    warned = clerk("add", *phone, "--at", f"2016-11-{day} 00:10", *days)
    assert warned.status == 0
    assert (WARNING in warned.err) is is_warned
    # An earlier receipt that is entered later looks the same.
    assert WARNING in _add(clerk, "01", *phone)


def test_voided_complaints_do_not_count(clerk: Clerk) -> None:
    words = ["--platform", "JD", "--phone", "13800138000", "--number", "B-1"]
    _add(clerk, "01", *words)
    clerk("void", 1, "--reason", "mistake").ok()
    assert WARNING not in _add(clerk, "02", *words)


def test_the_warning_is_no_result(clerk: Clerk) -> None:
    _add(clerk, "01", "--platform", "JD", "--number", "B-1")
    ran = clerk("add", "--platform", "JD", "--number", "B-1", "--format", "json")
    assert ran.status == 0
    assert WARNING in ran.err
    assert WARNING not in ran.out


def _file(folder: Path, *rows: str) -> Path:
    path = folder / "rows.csv"
    path.write_text("\n".join(["number,platform,received,phone,email,summary", *rows]), encoding="utf-8")
    return path


def test_import_counts_and_names_the_first(clerk: Clerk, tmp_path: Path) -> None:
    _add(clerk, "01", "--platform", "JD", "--phone", "13800138000")
    path = _file(
        tmp_path,
        "N-1,JD,2016-11-03 10:00,138-0013-8000,,known to the register",
        "N-2,JD,2016-11-03 10:00,13900139000,,new",
        "N-3,JD,2016-11-04 10:00,13900139000,,known further up in the file",
        "N-4,Tmall,2016-11-04 10:00,13900139000,,another platform",
        "N-5,JD,2016-11-14 10:00,13900139000,,too late",
        "N-6,JD,2016-11-04 10:00,,,nothing known",
        ",JD,2016-11-04 10:00,,x@y.cn,no number",
    )
    rehearsed = clerk("import", path, "--dry-run")
    ran = clerk("import", path)
    assert ran.ok() == "7 rows: 7 added, 0 changed, 0 unchanged, 0 refused\n"
    lines = [line for line in ran.err.splitlines() if WARNING in line]
    assert len(lines) == 2
    assert "Complaint 2 may duplicate 1 (JD, 2016-11-01 10:00): same phone" in lines[0]
    assert "Complaint 4 may duplicate 3 (N-2, JD" in lines[1]
    assert [line for line in rehearsed.err.splitlines() if WARNING in line] == lines
    again = clerk("import", path)
    assert "7 unchanged" in again.ok()
    assert WARNING not in again.err


def test_import_does_not_list_all(clerk: Clerk, tmp_path: Path) -> None:
    rows = [f"N-{number},JD,2016-11-03 10:{number:02},13800138000,,same" for number in range(30)]
    path = _file(tmp_path, *rows)
    ran = clerk("import", path, "--duplicate-days", 1)
    assert ran.status == 0
    lines = [line for line in ran.err.splitlines() if WARNING in line]
    assert len(lines) == 6
    assert "29 new complaints in all" in lines[-1]


def test_a_refused_import_warns_of_nothing(clerk: Clerk, tmp_path: Path) -> None:
    path = _file(tmp_path, "A,JD,2016-11-03,13800138000,,x", "B,JD,2016-11-03,13800138000,,x", "C,JD,nonsense,,,x")
    ran = clerk("import", path)
    assert ran.status == 4
    assert WARNING not in ran.err
    assert WARNING in clerk("import", path, "--skip-bad").err

"""Numbers of files: what is none, what a spreadsheet has damaged, and rows of one file that share one."""

import json
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core.cells import BLANKS, check_number, number_fault
from tests.conftest import Clerk
from tests.e2e.test_import import counts

PEOPLE = "number,platform,received,consumer\n"


def write(folder: Path, text: str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def complaints(clerk: Clerk) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(clerk("list", "--format", "json").ok())
    return told


def people(clerk: Clerk, last: int) -> list[str]:
    return [
        json.loads(clerk("show", id_, "--reveal", "--format", "json").ok())["consumer"] for id_ in range(1, last + 1)
    ]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_stands_for_no_number_never_makes_one_complaint_of_two(clerk: Clerk, tmp_path: Path, form: str) -> None:
    words = [word for blank in ("N/A", "无", "-", "ｎ／ａ", " None ", "不详") for word in (blank, blank)]
    names = [f"Consumer {place}" for place in range(len(words))]
    rows = [
        {"number": word, "platform": "JD", "received": "2016-11-11", "consumer": name}
        for word, name in zip(words, names, strict=True)
    ]
    text = json.dumps(rows) if form == "json" else PEOPLE + "".join(",".join(row.values()) + "\n" for row in rows)
    file = write(tmp_path, text, f"rows.{form}")
    assert counts(clerk("import", file).ok()) == (12, 12, 0, 0, 0)
    for _ in range(2):
        assert counts(clerk("import", file).ok()) == (12, 0, 0, 12, 0)
    assert people(clerk, 12) == names
    assert {complaint["number"] for complaint in complaints(clerk)} == {None}


def test_every_word_for_nothing_is_no_number(clerk: Clerk, tmp_path: Path) -> None:
    rows = [
        {"number": word.upper(), "platform": "JD", "received": "2016-11-11", "consumer": f"{word}{name}"}
        for word in sorted(BLANKS)
        for name in "AB"
    ]
    count = 2 * len(BLANKS)
    assert counts(clerk("import", write(tmp_path, json.dumps(rows), "rows.json")).ok()) == (count, count, 0, 0, 0)
    refused = clerk("add", "--platform", "JD", "--number", "无")
    assert refused.status == 2 and "The complaint number cannot be 无, which means none" in refused.err
    assert clerk("amend", 1, "--to-number", "N/A").status == 2
    # A lone dash empties the field, as it does of others.
    clerk("amend", 1, "--to-number", "-").ok()


def test_signs_and_noughts_alone_are_no_number(clerk: Clerk, tmp_path: Path) -> None:
    signs = ("0", "000", "０", "0.00", "*", "***", "…", "_", "〃", "，", "xxx", "XXXX", "（无）", "[N/A]", '"-"')
    rows = [
        {"number": sign, "platform": "JD", "received": "2016-11-11", "consumer": f"{sign}{name}"}
        for sign in signs
        for name in "AB"
    ]
    count = 2 * len(signs)
    assert counts(clerk("import", write(tmp_path, json.dumps(rows), "rows.json")).ok()) == (count, count, 0, 0, 0)
    assert clerk("add", "--platform", "JD", "--number", "000").status == 2


@pytest.mark.parametrize("word", ["N/A", "无", "/", "nan", "NULL", "#N/A", "待定", "ＮＡ"])
def test_what_stands_for_nothing_does_so_in_every_column(clerk: Clerk, tmp_path: Path, word: str) -> None:
    columns = ("forwarded", "completed", "owner", "consumer", "phone", "seller", "outcome", "amount", "category")
    file = write(
        tmp_path, f"number,platform,received,{','.join(columns)}\n1,JD,2016-11-11{f',{word}' * len(columns)}\n"
    )
    assert counts(clerk("import", file).ok()) == (1, 1, 0, 0, 0)
    (complaint,) = complaints(clerk)
    assert [complaint[name] for name in ("forwarded", "completed", "owner", "outcome", "amount")] == [None] * 5
    refused = clerk("import", write(tmp_path, f"number,platform,received\n2,{word},2016-11-11\n"))
    assert refused.status == 4 and "platform is empty" in refused.err


def test_what_may_say_something_is_no_blank(clerk: Clerk, tmp_path: Path) -> None:
    header = "number,platform,received,completed,outcome,amount,summary\n"
    file = write(tmp_path, f"{header}1,JD,2016-11-01,0000-00-00,,,？？\n2,JD,2016-11-01,2016-11-02,refund,0,无\n")
    assert counts(clerk("import", file).ok()) == (2, 2, 0, 0, 0)
    first, second = complaints(clerk)
    assert (first["completed"], first["summary"]) == (None, "？？")
    assert (second["amount"], second["summary"]) == (0.0, "无")
    refused = clerk("import", write(tmp_path, f"{header}3,JD,2016-11-01,不详,,,\n"))
    assert refused.status == 4 and "'不详' in column 'completed' is not a date" in refused.err
    assert "1 platform added: 未知" in clerk("import", write(tmp_path, f"{header}4,未知,2016-11-01,,,,\n")).err


LIKE = "platform,received,completed,consumer,phone\n"
ANNA, BORIS, CARL = "JD,2016-11-11,,Anna,\n", "JD,2016-11-11,,Boris,13800138000\n", "JD,2016-11-11,,Carl,\n"
DONE = BORIS.replace(",,", ",2016-11-14,", 1)


def test_rows_without_a_number_are_told_apart_by_their_persons(clerk: Clerk, tmp_path: Path) -> None:
    def take(*rows: str) -> tuple[int, ...]:
        return counts(clerk("import", write(tmp_path, LIKE + "".join(rows))).ok())

    assert take(ANNA, BORIS) == (2, 2, 0, 0, 0)
    assert take(BORIS, ANNA) == (2, 0, 0, 2, 0)
    assert take(DONE) == (1, 0, 1, 0, 0)
    assert [complaint["status"] for complaint in complaints(clerk)] == ["received", "closed"]
    # Somebody else's complaint of the same day amends none that is there.
    assert take(CARL, DONE, ANNA) == (3, 1, 0, 2, 0)
    assert take(CARL) == (1, 0, 0, 1, 0)
    assert people(clerk, 3) == ["Anna", "Boris", "Carl"]
    # Another name with the same telephone is the same person.
    assert take(DONE.replace("Boris", "Boris B.")) == (1, 0, 1, 0, 0)
    # What a clerk entered may be the right name.
    clerk("amend", 1, "--consumer", "Anne").ok()
    assert take(ANNA, CARL) == (2, 0, 0, 2, 0)
    assert people(clerk, 3) == ["Anne", "Boris B.", "Carl"]


def test_alike_rows_without_a_person_keep_their_places(clerk: Clerk, tmp_path: Path) -> None:
    file = write(tmp_path, LIKE + "JD,2016-11-11,,,\n" * 3 + "JD,2016-12-31,,,\n" + ANNA)
    assert counts(clerk("import", file, "--skip-bad").out) == (5, 4, 0, 0, 1)
    for _ in range(2):
        assert counts(clerk("import", file, "--skip-bad").out) == (5, 0, 0, 4, 1)


DAMAGED = (
    "2.01611E+13", "2.01611e+13", "2.01611E13", "2,01611E+13", "2E+13", "2.0E+7", "+2.5E+10", "２．０１６１１Ｅ＋１３",
    "2.01611 E+13", "201.6E+11", "######", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?",
)  # fmt: skip


def test_a_damaged_number_is_refused_with_the_reason(clerk: Clerk, tmp_path: Path) -> None:
    cells = [f'"{number}"' for number in DAMAGED] + [f'"=""{number}"""' for number in DAMAGED]
    rows = "".join(f"{cell},JD,2016-11-11\n" for cell in cells)
    file = write(tmp_path, f"number,platform,received\nA-1,JD,2016-11-11\n{rows}")
    rejects = tmp_path / "rejects.csv"
    refused = clerk("import", file, "--skip-bad", "--rejects", rejects)
    assert refused.status == 4 and counts(refused.out) == (len(cells) + 1, 1, 0, 0, len(cells))
    assert rejects.read_text(encoding="utf-8").count("save the file again") == len(cells)
    assert f"{file}:3: number: 2.01611E+13 was rounded by a spreadsheet" in refused.err
    typed = clerk("add", "--platform", "JD", "--number", "2.01611E+13")
    assert typed.status == 2 and "rounded by a spreadsheet" in typed.err


@pytest.mark.parametrize("number", DAMAGED)
def test_damage_is_seen(number: str) -> None:
    assert number_fault(number)


@pytest.mark.parametrize(
    "number", ["2016E13", "16E-13", "1E5", "BJ-2016-001", "3.14", "2016-11-11", "E+13", "#12", "12E+1999", "2016.11E+5"]
)
def test_a_number_that_only_resembles_a_damaged_one_is_taken(number: str) -> None:
    assert number_fault(number) is None and check_number(number) == number


def test_a_formula_that_is_nothing_but_a_text_is_that_text(clerk: Clerk, tmp_path: Path) -> None:
    marked = write(
        tmp_path,
        'number,platform,received,summary\n="0012",="JD",="2016-11-11",\n"=""0014""",JD,2016-11-12,"=""he said """"no"""""""\n'
        '\'0015,JD,2016-11-11,=1+1\n\t0013\t,JD,2016-11-11,="a"&"b"\n="",JD,2016-11-11,\n',
    )
    assert counts(clerk("import", marked).ok()) == (5, 5, 0, 0, 0)
    plain = write(tmp_path, "number,platform,received\n0012,JD,2016-11-11\n0014,JD,2016-11-12\n0015,JD,2016-11-11\n")
    assert counts(clerk("import", plain).ok()) == (3, 0, 0, 3, 0)
    assert [complaint["number"] for complaint in complaints(clerk)] == ["0012", "0014", "0015", "0013", None]
    # What is a formula otherwise stays as it stands.
    assert [complaint["summary"] for complaint in complaints(clerk)] == [
        None, 'he said "no"', "=1+1", '="a"&"b"', None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("7,JD,2016-11-11,Anna\n7,JD,2016-11-11,Boris\n", "the file and the register differ in consumer"),
        ("7,JD,2016-11-11,\n7,JD,2016-11-11,Boris\n", "the file and the register differ in consumer"),
        ("7,JD,2016-11-11,Anna\n7,Tmall,2016-11-11,Anna\n", "platform is 'Tmall'"),
        ("7,JD,2016-11-11,Anna\n7,JD,2016-11-12,Anna\n", "received is 2016-11-12"),
    ],
)
def test_two_rows_of_a_file_that_share_a_number_are_told_with_both(
    clerk: Clerk, tmp_path: Path, rows: str, what: str
) -> None:
    file = write(tmp_path, PEOPLE + rows)
    refused = clerk("import", file)
    assert refused.status == 4 and not complaints(clerk)
    assert f"{file}:3: {what}" in refused.err and "line 2 has the same number 7" in refused.err
    assert counts(clerk("import", file, "--skip-bad").out) == (2, 1, 0, 0, 1)
    person = people(clerk, 1)
    # Whatever the register knows already, no row of the file amends another.
    assert counts(clerk("import", file, "--skip-bad").out) == (2, 0, 0, 1, 1)
    assert people(clerk, 1) == person
    turned = write(tmp_path, PEOPLE + "".join(reversed(rows.splitlines(keepends=True))), "turned.csv")
    # A row that says nothing of the person says nothing against it.
    if ",\n" in rows:
        return
    assert clerk("import", turned).status == 4
    assert people(clerk, 1) == person


def test_the_words_of_a_category_tell_rows_with_one_number_apart(clerk: Clerk, tmp_path: Path) -> None:
    file = write(tmp_path, "number,platform,received,category\n7,JD,2016-11-11,Noise\n7,JD,2016-11-11,Rodent\n")
    for words in ((), ("--skip-bad",), ("--skip-bad",)):
        refused = clerk("import", file, *words)
        assert refused.status == 4
        assert "category is 'Rodent' in the file but 'Noise' in the register; line 2 has" in refused.err


def test_the_same_row_twice_is_one_complaint_whose_data_was_erased(clerk: Clerk, tmp_path: Path) -> None:
    file = write(tmp_path, PEOPLE + "7,JD,2016-11-11,Anna\n7,JD,2016-11-11,Anna\n")
    assert counts(clerk("import", file).ok()) == (2, 1, 0, 1, 0)
    clerk("erase", 1, "--reason", "asked", "--yes").ok()
    assert counts(clerk("import", file).ok()) == (2, 0, 0, 2, 0)


def test_an_export_keeps_whatever_numbers_a_register_holds(clerk: Clerk, tmp_path: Path) -> None:
    """An older register may hold them; what it wrote comes in as it was."""
    text = clerk("export").ok().splitlines()[0] + "\n"
    head = text.strip().split(",")
    values = {
        "id": "1",
        "number": "N/A",
        "platform": "JD",
        "category": "other",
        "received": "2016-11-11T09:00:00+08:00",
    }
    other = {**values, "id": "2", "number": "2.01611E+13"}
    rows = "".join(",".join(row.get(name, "") for name in head) + "\n" for row in (values, other))
    assert counts(clerk("import", write(tmp_path, text + rows)).ok()) == (2, 2, 0, 0, 0)
    assert [complaint["number"] for complaint in complaints(clerk)] == ["N/A", "2.01611E+13"]


def test_a_number_of_very_many_complaints_names_a_few(clerk: Clerk, tmp_path: Path) -> None:
    rows = "".join(f"{id_},DUP,JD,2016-11-11 10:00,\n" for id_ in range(1, 1501))
    clerk("import", "--duplicate-days", 0, write(tmp_path, f"id,number,platform,received,history\n{rows}")).ok()
    alone = write(tmp_path, "number,platform,received\nDUP,JD,2016-11-11\n")
    for words in (("show", "--number", "DUP"), ("note", "--number", "DUP", "--note", "x"), ("import", alone)):
        told = clerk(*words)
        assert told.status in (2, 4) and "belongs to 1500 complaints" in told.err
        assert "1, 2, 3, 4, 5, 6, 7, 8, ..." in told.err and "9" not in told.err.partition("complaints")[2]

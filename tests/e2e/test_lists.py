"""Lists of what is overdue, one a platform: what stands in them, whole or not at all, and what becomes of old ones."""

import csv
import io
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dealtrack.core.standing import WATCH_KEYS
from dealtrack.exchange.files import INDEX
from tests.conftest import PROJECT, Clerk, prepared

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
HOSTILE = [
    "../../x",
    "..x",
    "CON",
    "a/b",
    "a\\b",
    "x\ty",
    "=1+1",
    "京东到家",
    ".hidden",
    "-rf",
    "jd mall",
    "e\x1b[31mm",
]


@prepared
def sample(clerk: Clerk) -> None:
    clerk.now = "2016-11-21T09:00:00+08:00"
    clerk("import", SAMPLE).ok()


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    return tmp_path / "lists"


def overdue(clerk: Clerk, *words: object) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(clerk("overdue", "--format", "json", *words).ok())
    return told


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != INDEX)


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_one_list_a_platform_holds_its_overdue_clocks(sample: Clerk, lists: Path) -> None:
    told = sample("overdue", "--by", "platform", "--out", lists, "--format", "csv")
    assert told.err == ""
    assert told.ok().splitlines() == [
        f"Amazon\t4\t11\t{lists}/Amazon.csv",
        f"Gome online\t1\t3\t{lists}/Gome online.csv",
        f"Tmall\t4\t11\t{lists}/Tmall.csv",
    ]
    held = [row for name in names(lists) for row in read_csv(lists / name)]
    assert {row["id"] for row in held} == {str(record["id"]) for record in overdue(sample)}
    for name in ("Amazon", "Gome online", "Tmall"):
        rows, records = read_csv(lists / f"{name}.csv"), overdue(sample, "--platform", name)
        assert list(rows[0]) == [*WATCH_KEYS, "received", "summary"]
        assert [(row["number"], row["due"], row["working_days_late"]) for row in rows] == [
            (record["number"], record["due"], str(record["working_days_late"])) for record in records
        ]
        assert all(row["platform"] == name and row["summary"] for row in rows)
    assert (lists / "Tmall.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")
    assert {path.stat().st_mode & 0o777 for path in lists.iterdir()} == {0o600}
    assert lists.stat().st_mode & 0o777 == 0o700


def chinese(clerk: Clerk, *words: object) -> str:
    return clerk("--lang", "zh", *words).ok()


def test_lists_are_for_people_unless_told_otherwise(sample: Clerk, lists: Path) -> None:
    told = chinese(sample, "overdue", "--by", "platform", "--out", lists)
    assert told.splitlines()[1] == f"Gome online\t1\t3\t{lists}/国美在线.csv"
    assert names(lists) == ["亚马逊.csv", "国美在线.csv", "天猫.csv"]
    assert (lists / "国美在线.csv").read_bytes().decode() == (
        "\ufeff序号,登记编号,平台,类别,状态,首问责任,环节,到期日,时限状态,逾期工作日,暂定,收到时间,投诉内容\r\n"
        "252,BJ-2016-252,国美在线,与描述不符,已转办,朝阳所,办结,2016-11-16,逾期未办,3,,2016-11-13 12:16,"
        "毛衣颜色和型号与页面不符，商家只同意换货。\r\n"
    )
    # Those of the other form take their place.
    told = chinese(sample, "overdue", "--by", "platform", "--out", lists, "--format", "csv")
    assert names(lists) == ["Amazon.csv", "Gome online.csv", "Tmall.csv"]
    assert list(read_csv(lists / "Tmall.csv")[0]) == [*WATCH_KEYS, "received", "summary"]


def test_a_workbook_in_the_offices_language(sample: Clerk, lists: Path) -> None:
    chinese(sample, "overdue", "--by", "owner", "--out", lists, "--format", "xlsx")
    sheet = openpyxl.load_workbook(lists / "消保科.xlsx").active
    assert sheet is not None and sheet.title == "逾期未办"
    header, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert dict(zip(header, rows[0], strict=True)) == {
        "序号": 161,
        "登记编号": "BJ-2016-161",
        "平台": "天猫",
        "类别": "物流",
        "状态": "已转办",
        "首问责任": "消保科",
        "环节": "办结",
        "到期日": datetime(2016, 11, 15),
        "时限状态": "逾期未办",
        "逾期工作日": 4,
        "暂定": None,
        "收到时间": datetime(2016, 11, 11, 14, 33),
        "投诉内容": "洗衣机显示已签收，本人并未收到，快递员不接电话。",
    }


@pytest.mark.parametrize("command", ["list", "overdue", "due --within 30wd", "search 手机"])
def test_a_list_of_any_command_for_people(command: str, sample: Clerk) -> None:
    words = command.split()
    if words[0] == "due":
        sample("add", "--platform", "JD", "--owner", "网监科", "--at", "2016-11-20 10:00").ok()
    text = chinese(sample, *words, "--for-people")
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert text.startswith("\ufeff序号,登记编号,平台,") and rows
    assert not any(any("a" <= sign <= "z" for sign in cell) for row in (header, *rows) for cell in row), rows[0]
    machine = chinese(sample, *words, "--format", "csv")
    assert machine == sample(*words, "--format", "csv").ok() and machine.startswith("id,number,platform,")
    assert [row[0] for row in rows] == [row["id"] for row in csv.DictReader(io.StringIO(machine, newline=""))]
    refused = sample(*words, "--for-people", "--format", "csv")
    assert (refused.status, refused.err) == (2, "dealtrack: --for-people is a format of its own: omit --format.\n")


def test_an_export_for_people_is_a_list_and_the_other_one_is_what_an_import_reads(
    sample: Clerk, new_clerk: Callable[..., Clerk], made_register: Path, tmp_path: Path
) -> None:
    sample("add", "--platform", "JD", "--number", "1310000002016111512345", "--phone", "13800138000").ok()
    machine, people, book = (tmp_path / name for name in ("machine.csv", "people.csv", "people.xlsx"))
    chinese(sample, "export", "--to", machine, "--reveal")
    for path, fmt in ((people, "csv"), (book, "xlsx")):
        chinese(sample, "export", "--for-people", "--to", path, "--format", fmt)
    assert chinese(sample, "export", "--for-people").encode() == people.read_bytes()
    *_others, last = csv.reader(io.StringIO(people.read_bytes().decode("utf-8-sig"), newline=""))
    # Excel would show 1.31E+21.
    assert last[1:4] == ['="1310000002016111512345"', "京东", "其他"] and "138****8000" in last
    sheet = openpyxl.load_workbook(book).active
    assert sheet is not None and [cell.value for cell in sheet[1]][-4:] == [
        "投诉人",
        "联系电话",
        "电子邮箱",
        "联系地址",
    ]
    row = {cell.value: sheet.cell(302, cell.column).value for cell in sheet[1]}
    assert (row["登记编号"], row["收到时间"]) == ("1310000002016111512345", datetime(2016, 11, 21, 9, 0))
    assert (row["转办到期日"], row["办理规则"]) == (datetime(2016, 11, 22), "12315 绿色通道")
    other = new_clerk(made_register, sample.now)
    other("import", machine).ok()
    assert other("list", "--format", "csv").ok() == sample("list", "--format", "csv").ok()
    assert sample("export", "--for-people", "--format", "json").err.endswith("Allowed: csv, xlsx.\n")


def test_a_list_as_a_workbook(sample: Clerk, lists: Path) -> None:
    sample("overdue", "--by", "platform", "--out", lists, "--format", "xlsx").ok()
    sheet = openpyxl.load_workbook(lists / "Tmall.xlsx").active
    assert sheet is not None and sheet.freeze_panes == "B2"
    header, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    records = overdue(sample, "--platform", "Tmall")
    assert header[:3] == ["ID", "number", "platform"] and "working days late" in header
    told = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(row["ID"], row["working days late"]) for row in told] == [
        (r["id"], r["working_days_late"]) for r in records
    ]
    # A day's last second is its day; a moment has its hour, without an offset that Excel would not take.
    assert told[0]["due"] == datetime(2016, 11, 4) and sheet["H2"].number_format == "yyyy-mm-dd"
    assert told[0]["received"] == datetime(2016, 11, 1, 13, 17)
    assert [row["provisional"] for row in told] == [None] * 4
    before = (lists / "Tmall.xlsx").read_bytes()
    sample("overdue", "--by", "platform", "--out", lists, "--format", "xlsx").ok()
    assert (lists / "Tmall.xlsx").read_bytes() == before


def test_a_list_as_the_text_of_a_mail(sample: Clerk, lists: Path) -> None:
    sample("overdue", "--by", "platform", "--out", lists, "--format", "text").ok()
    assert (lists / "Gome online.txt").read_text().splitlines() == [
        "Gome online: 1 deadline overdue, 2016-11-21 09:00",
        "",
        " ID  number       platform     category          owner   stage     due         late",
        "───  ───────────  ───────────  ────────────────  ──────  ────────  ──────────  ────",
        "252  BJ-2016-252  Gome online  not as described  朝阳所  complete  2016-11-16  3 wd",
    ]


def test_the_list_of_a_platform_that_is_no_longer_overdue_goes(sample: Clerk, lists: Path) -> None:
    sample("overdue", "--by", "platform", "--out", lists).ok()
    (lists / "notes.txt").write_text("kept by hand")
    sample("complete", 252).ok()
    told = sample("overdue", "--by", "platform", "--out", lists).ok()
    assert f"Gome online\t0\t0\t{lists}/Gome online.csv" in told.splitlines()
    assert names(lists) == ["Amazon.csv", "Tmall.csv", "notes.txt"]
    assert "Gome online" not in sample("overdue", "--by", "platform", "--out", lists).ok()


def test_another_format_or_grouping_takes_the_place_of_the_lists(sample: Clerk, lists: Path) -> None:
    sample("overdue", "--by", "platform", "--out", lists).ok()
    told = sample("overdue", "--by", "platform", "--out", lists, "--format", "text").ok()
    assert [line.split("\t")[1] for line in told.splitlines()] == ["4", "1", "4"]
    assert names(lists) == ["Amazon.txt", "Gome online.txt", "Tmall.txt"]
    sample("overdue", "--by", "owner", "--out", lists).ok()
    assert names(lists) == ["朝阳所.csv", "消保科.csv", "网监科.csv"]


def test_hostile_names_stay_in_the_folder_and_apart(clerk: Clerk, lists: Path, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["platform", "received", "summary"])
        writer.writerows([name, "2016-11-01 10:00", "=HYPERLINK(1)"] for name in HOSTILE)
    clerk("import", file).ok()
    before = set(tmp_path.rglob("*"))
    told = clerk("overdue", "--by", "platform", "--out", lists).ok()
    assert "\x1b" not in told and len(told.splitlines()) == len(HOSTILE)
    assert {path.parent for path in set(tmp_path.rglob("*")) - before - {lists}} == {lists}
    held = [row for name in names(lists) for row in read_csv(lists / name)]
    assert len(held) == len(names(lists)) == len(HOSTILE)
    assert {row["summary"] for row in held} == {"'=HYPERLINK(1)"}
    clerk("overdue", "--by", "platform", "--out", lists, "--format", "xlsx").ok()
    assert len(names(lists)) == len(HOSTILE)
    for name in names(lists):
        sheet = openpyxl.load_workbook(lists / name).active
        assert sheet is not None
        assert [cell.data_type for cell in sheet[2] if str(cell.value).startswith("=")] in (["s"], ["s", "s"])
    clerk("complete", *range(1, len(HOSTILE) + 1)).ok()
    clerk("overdue", "--by", "platform", "--out", lists).ok()
    assert names(lists) == []


def test_an_index_cannot_have_other_files_removed(sample: Clerk, lists: Path, tmp_path: Path) -> None:
    sample("overdue", "--by", "platform", "--out", lists).ok()
    outside, inside, folder = tmp_path / "outside.csv", lists / "link.csv", lists / "folder.csv"
    outside.write_text("precious")
    inside.symlink_to(outside)
    folder.mkdir()
    wrong = ["../outside.csv", str(outside), "link.csv", "folder.csv", "..", "", INDEX, "a\0b"]
    (lists / INDEX).write_text(json.dumps({"lists": dict.fromkeys(wrong, "x")}))
    sample("overdue", "--by", "platform", "--out", lists).ok()
    assert outside.read_text() == "precious" and inside.is_symlink() and folder.is_dir()
    for text in ("", "[]", '{"lists": []}', '{"lists": {"a": 1', "\udcff", "[" * 100_000):
        (lists / INDEX).write_bytes(text.encode(errors="surrogateescape"))
        sample("overdue", "--by", "platform", "--out", lists).ok()


def test_a_run_that_fails_half_way_leaves_whole_lists_that_the_next_one_knows(sample: Clerk, lists: Path) -> None:
    (lists / "Tmall.csv").mkdir(parents=True)
    told = sample("overdue", "--by", "platform", "--out", lists)
    assert told.status == 3 and "Tmall.csv: it is a folder" in told.err
    assert names(lists) == ["Amazon.csv", "Gome online.csv", "Tmall.csv"]
    assert len(read_csv(lists / "Amazon.csv")) == 4
    (lists / "Tmall.csv").rmdir()
    assert sample("overdue", "--by", "platform", "--out", lists, "--platform", "Tmall").status == 0
    assert names(lists) == ["Tmall.csv"]


def test_nothing_overdue_prints_nothing(clerk: Clerk, lists: Path) -> None:
    told = clerk("overdue", "--by", "platform", "--out", lists, "--check")
    assert (told.status, told.out, told.err) == (0, "", "")
    assert names(lists) == []


def test_lists_tell_a_monitor_too(sample: Clerk, lists: Path) -> None:
    assert sample("overdue", "--by", "platform", "--out", lists, "--check").status == 1
    assert names(lists) == ["Amazon.csv", "Gome online.csv", "Tmall.csv"]


def test_who_owns_nothing_has_a_list_too(clerk: Clerk, lists: Path) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-01", "--owner", "x").ok()
    clerk("amend", 1, "--owner", "-").ok()
    assert clerk("overdue", "--by", "owner", "--out", lists).ok().startswith("nobody\t1\t")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "platform"], "Give --out DIR."),
        (["--out", "lists"], "Give --by platform."),
        (["--by", "ownr", "--out", "lists"], "Did you mean owner? Allowed: platform, owner, category."),
        (["--by", "owner", "--out", "lists", "--format", "json"], "Allowed: csv, xlsx, text, docx, html."),
        (["--format", "xlsx"], "Allowed: table, plain, csv, json, jsonl."),
    ],
)
def test_lists_that_are_asked_for_wrongly(clerk: Clerk, words: list[str], said: str) -> None:
    told = clerk("overdue", *words)
    assert (told.status, told.out) == (2, "") and said in told.err
    assert not Path("lists").exists()


def test_a_folder_that_cannot_be_made(clerk: Clerk, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = clerk("overdue", "--by", "platform", "--out", tmp_path / "file" / "lists")
    assert told.status == 3 and "Cannot write" in told.err
    assert clerk("overdue", "--by", "platform", "--out", os.devnull).status == 3

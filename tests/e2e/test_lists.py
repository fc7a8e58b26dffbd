"""Lists of what is overdue, one a platform: what stands in them, whole or not at all, and what becomes of old ones."""

import csv
import io
import json
import os
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
    told = sample("overdue", "--by", "platform", "--out", lists)
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


def test_a_list_as_a_workbook(sample: Clerk, lists: Path) -> None:
    sample("overdue", "--by", "platform", "--out", lists, "--format", "xlsx").ok()
    sheet = openpyxl.load_workbook(lists / "Tmall.xlsx").active
    assert sheet is not None and sheet.freeze_panes == "A2"
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
    assert [row["provisional"] for row in told] == ["false"] * 4
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
        (["--by", "owner", "--out", "lists", "--format", "json"], "Allowed: csv, xlsx, text."),
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

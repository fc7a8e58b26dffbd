"""Rows taken in from files: once, again, with more, against the journal, partly, and back out."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, Clerk
from tests.registers import copy_register

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
LATER = "2016-11-21T09:00:00+08:00"
TODAY = "2026-01-15T09:00:00-05:00"
HEAD = (
    "number,platform,category,seller,owner,received,forwarded,completed,withdrawn,rejected,outcome,amount,consumer,"
    "summary\n"
)


def rows_of(*rows: str) -> str:
    return HEAD + "".join(row + "\n" for row in rows)


ONE = "A-1,JD,quality,third-party,朝阳所,2016-11-01 09:00,,,,,,,王小明,屏幕有划痕"
FORWARDED = ONE.replace("09:00,,", "09:00,2016-11-02 10:00,")
COMPLETED = FORWARDED.replace("10:00,,,,,,", "10:00,2016-11-03 11:00,,,refund,199.00,")


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: str | bytes, name: str = "rows.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def records(clerk: Clerk, *command: object) -> list[dict[str, Any]]:
    told = json.loads(clerk(*command, "--format", "json").ok())
    return told if isinstance(told, list) else [told]


def head(clerk: Clerk) -> object:
    return clerk.rows("SELECT seq, hash FROM transition ORDER BY seq DESC LIMIT 1")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counts(text: str) -> tuple[int, ...]:
    """Return rows, added, changed, unchanged and refused from the last line of an import."""
    numbers = [
        int(word) for word in text.splitlines()[-1].replace(":", " ").replace(",", " ").split() if word.isdigit()
    ]
    assert len(numbers) == 5 and numbers[0] == sum(numbers[1:]), text
    return tuple(numbers)


# Again, and with more


def test_a_row_becomes_a_complaint_with_its_history(clerk: Clerk, file: Callable[..., Path]) -> None:
    assert counts(clerk("import", file(rows_of(COMPLETED))).ok()) == (1, 1, 0, 0, 0)
    (shown,) = records(clerk, "show", "--number", "A-1")
    assert (shown["platform"], shown["category"], shown["seller"], shown["owner"]) == (
        "JD",
        "quality",
        "third-party",
        "朝阳所",
    )
    assert (shown["outcome"], shown["amount"], shown["summary"]) == ("refund", 199, "屏幕有划痕")
    assert [entry["kind"] for entry in shown["history"]] == ["received", "forwarded", "completed"]
    assert (shown["forward_verdict"], shown["complete_verdict"]) == ("met", "met")
    assert shown["history"][0]["detail"]["source"].endswith("rows.csv") and shown["history"][0]["detail"]["line"] == 2
    assert "王小明" not in clerk("show", 1).ok()


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_again_changes_nothing(clerk: Clerk, file: Callable[..., Path], form: str) -> None:
    rows = list(csv.DictReader(io.StringIO(rows_of(ONE, COMPLETED.replace("A-1", "A-2"), ONE.replace("A-1", "")))))
    texts = {
        "csv": rows_of(ONE, COMPLETED.replace("A-1", "A-2"), ONE.replace("A-1", "")),
        "jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "json": json.dumps(rows),
    }
    path = file(texts[form], f"rows.{form}")
    assert counts(clerk("import", path).ok()) == (3, 3, 0, 0, 0)
    before = head(clerk)
    assert counts(clerk("import", path).ok()) == (3, 0, 0, 3, 0)
    assert head(clerk) == before
    # The forms are equal: another of them changes nothing either.
    other = file(texts["csv"], "other.csv")
    assert counts(clerk("import", other).ok()) == (3, 0, 0, 3, 0)
    assert head(clerk) == before


def test_a_new_transition_is_added(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk("import", file(rows_of(ONE))).ok()
    assert counts(clerk("import", file(rows_of(FORWARDED))).ok()) == (1, 0, 1, 0, 0)
    assert counts(clerk("import", file(rows_of(FORWARDED))).ok()) == (1, 0, 0, 1, 0)
    assert counts(clerk("import", file(rows_of(COMPLETED))).ok()) == (1, 0, 1, 0, 0)
    # An older file of the same complaint tells less, which contradicts nothing.
    assert counts(clerk("import", file(rows_of(ONE))).ok()) == (1, 0, 0, 1, 0)
    (shown,) = records(clerk, "show", 1)
    assert [entry["kind"] for entry in shown["history"]] == ["received", "forwarded", "completed"]
    assert (shown["outcome"], shown["amount"]) == ("refund", 199)


def test_rows_without_numbers_are_known_again_and_their_likes_kept_apart(
    clerk: Clerk, file: Callable[..., Path]
) -> None:
    bare = ONE.replace("A-1", "")
    assert counts(clerk("import", file(rows_of(bare, bare, bare.replace("JD", "Tmall")))).ok()) == (3, 3, 0, 0, 0)
    assert counts(clerk("import", file(rows_of(bare, bare, bare))).ok()) == (3, 1, 0, 2, 0)
    forwarded = FORWARDED.replace("A-1", "")
    assert counts(clerk("import", file(rows_of(forwarded))).ok()) == (1, 0, 1, 0, 0)
    assert [r["status"] for r in records(clerk, "list")] == ["forwarded", "received", "received", "received"]


def test_the_same_number_twice_in_one_file_is_one_complaint(clerk: Clerk, file: Callable[..., Path]) -> None:
    assert counts(clerk("import", file(rows_of(ONE, FORWARDED, COMPLETED))).ok()) == (3, 1, 2, 0, 0)
    assert [r["status"] for r in records(clerk, "list")] == ["closed"]


def test_what_the_clerk_entered_and_the_file_tells_agree(clerk: Clerk, file: Callable[..., Path]) -> None:
    named = ["--platform", "京东", "--category", "质量", "--seller", "third-party", "--owner", "朝阳所"]
    named += ["--consumer", "王小明"]
    clerk("add", *named, "--number", "A-1", "--at", "2016-11-01 09:00", "--summary", "屏幕有划痕").ok()
    assert counts(clerk("import", file(rows_of(ONE))).ok()) == (1, 0, 0, 1, 0)
    assert counts(clerk("import", file(rows_of(ONE.replace("2016-11-01 09:00", "2016-11-01")))).ok()) == (1, 0, 0, 1, 0)


# Against the journal


@pytest.mark.parametrize(
    ("row", "file_has", "register_has"),
    [
        (COMPLETED.replace(",JD,", ",Tmall,"), "platform is 'Tmall'", "'JD'"),
        (COMPLETED.replace(",JD,", ",Nowhere,"), "platform is 'Nowhere'", "'JD'"),
        (COMPLETED.replace("quality", "delivery"), "category is 'delivery'", "'quality'"),
        (COMPLETED.replace("third-party", "platform"), "seller is 'platform'", "'third-party'"),
        (COMPLETED.replace("朝阳所", "海淀所"), "owner is '海淀所'", "'朝阳所'"),
        (COMPLETED.replace("屏幕有划痕", "别的"), "summary is '别的'", "'屏幕有划痕'"),
        (COMPLETED.replace("2016-11-01 09:00", "2016-11-01 09:01"), "received is 2016-11-01 09:01", "2016-11-01 09:00"),
        (
            COMPLETED.replace("2016-11-02 10:00", "2016-11-02 10:00:01"),
            "forwarded is 2016-11-02 10:00:01",
            "2016-11-02 10:00",
        ),
        (COMPLETED.replace("2016-11-03 11:00", "2016-11-04"), "completed is 2016-11-04 00:00", "2016-11-03 11:00"),
        (COMPLETED.replace("refund", "exchange"), "outcome is 'exchange'", "'refund'"),
        (COMPLETED.replace("199.00", "200"), "amount is '200.00'", "'199.00'"),
    ],
)
def test_a_contradiction_is_refused_with_both_values(
    clerk: Clerk, file: Callable[..., Path], row: str, file_has: str, register_has: str
) -> None:
    clerk("import", file(rows_of(COMPLETED))).ok()
    before = head(clerk)
    told = clerk("import", file(rows_of(row)))
    assert told.status == 4 and counts(told.out.split(" (")[0]) == (1, 0, 0, 0, 1)
    assert f"rows.csv:2: {file_has} in the file but {register_has} in the register" in told.err
    assert head(clerk) == before
    assert clerk("import", file(rows_of(row)), "--skip-bad").status == 4
    assert head(clerk) == before


def test_a_transition_that_cannot_follow_is_refused(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk("import", file(rows_of(COMPLETED))).ok()
    told = clerk("import", file(rows_of(ONE.replace("09:00,,,,", "09:00,,,2016-11-05,"))))
    assert told.status == 4 and "Complaint 1 is closed and cannot be withdrawn" in told.err
    clerk("import", file(rows_of(ONE.replace("A-1", "A-2")))).ok()
    clerk("forward", 2, "--at", "2016-11-04 10:00").ok()
    told = clerk("import", file(rows_of(COMPLETED.replace("A-1", "A-2").replace("2016-11-02 10:00", ""))))
    assert told.status == 4 and "it was forwarded later" in told.err


# All or nothing


BAD = rows_of(
    ONE, ONE.replace("A-1", "A-2").replace("2016-11-01", "2016-02-30"), ONE.replace("A-1", "A-3"), "A-4,JD\n".strip()
)


def test_one_bad_row_leaves_everything_as_it_was(clerk: Clerk, file: Callable[..., Path]) -> None:
    before = head(clerk)
    told = clerk("import", file(BAD))
    assert told.status == 4
    assert told.out.startswith("4 rows: 2 added, 0 changed, 0 unchanged, 2 refused (nothing was written; --skip-bad")
    assert [line.split("rows.csv")[-1].split(":")[1] for line in told.err.splitlines()] == ["3", "5"]
    assert head(clerk) == before and clerk("list").ok() == ""


def test_skip_bad_takes_in_the_good_rows_and_keeps_the_others_as_they_were(
    clerk: Clerk, file: Callable[..., Path], tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.csv"
    told = clerk("import", file(BAD), "--skip-bad", "--rejects", rejects)
    assert told.status == 4 and counts(told.out) == (4, 2, 0, 0, 2)
    assert f"refused rows written to {rejects}" in told.err
    assert [r["number"] for r in records(clerk, "list")] == ["A-1", "A-3"]
    kept = list(csv.reader(io.StringIO(rejects.read_text(encoding="utf-8"))))
    assert kept[0] == ["line", "reason", *HEAD.strip().split(",")]
    assert [row[0] for row in kept[1:]] == ["3", "5"]
    assert kept[1][2:] == ONE.replace("A-1", "A-2").replace("2016-11-01", "2016-02-30").split(",")
    assert kept[2][2:] == ["A-4", "JD"]
    assert all(row[1] for row in kept) and rejects.stat().st_mode & 0o777 == 0o600
    # Corrected, the refused row comes in; the reason's columns are no hindrance.
    text = rejects.read_text().replace("2016-02-30", "2016-11-01")
    assert counts(clerk("import", file(text), "--skip-bad").out)[1] == 1


def test_rejects_of_json_are_json(clerk: Clerk, file: Callable[..., Path], tmp_path: Path) -> None:
    good = {"platform": "JD", "received": "2016-11-01", "number": "A-1"}
    bad = {"platform": "JD", "received": "2016-02-30", "number": "A-2", "nested": {"a": [1, 2]}}
    path = file("".join(json.dumps(row) + "\n" for row in (good, bad)) + "no json\n", "rows.jsonl")
    told = clerk("import", path, "--skip-bad", "--rejects", tmp_path / "rejects.jsonl")
    assert told.status == 4 and counts(told.out) == (3, 1, 0, 0, 2)
    kept = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [(row["line"], bool(row["reason"])) for row in kept] == [(2, True), (3, True)]
    assert kept[0]["row"]["number"] == "A-2"


def test_no_rejects_no_file(clerk: Clerk, file: Callable[..., Path], tmp_path: Path) -> None:
    clerk("import", file(rows_of(ONE)), "--skip-bad", "--rejects", tmp_path / "rejects.csv").ok()
    assert not (tmp_path / "rejects.csv").exists()


@pytest.mark.parametrize(
    ("name", "broken", "fragment"),
    [
        ("rows.csv", lambda text: text + 'A-9,JD,"quality,2016-11-01\nA-10,JD\n', "a quote is never closed"),
        ("rows.json", lambda text: json.dumps(list(csv.DictReader(io.StringIO(text))))[:-2], "not JSON"),
        ("rows.csv", lambda text: text.encode() + b"A-9,JD,\xff\xff,2016-11-01\n", "damaged UTF-8"),
    ],
)
def test_a_file_that_breaks_off_takes_nothing_in(
    clerk: Clerk, file: Callable[..., Path], name: str, broken: Callable[[str], str | bytes], fragment: str
) -> None:
    before = head(clerk)
    many = rows_of(*(ONE.replace("A-1", f"A-{n}") for n in range(3000)))
    told = clerk("import", file(broken(many), name), "--skip-bad")
    assert told.status == 2 and fragment in told.err
    assert head(clerk) == before and clerk("list").ok() == ""


def test_dry_run_says_what_would_be_done_and_writes_nothing(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk("import", file(rows_of(ONE))).ok()
    before = head(clerk)
    told = clerk("import", file(rows_of(FORWARDED, ONE.replace("A-1", "A-2").replace("JD", "Newshop"))), "--dry-run")
    assert told.status == 0
    assert told.out == "2 rows: 1 added, 1 changed, 0 unchanged, 0 refused (dry run: nothing was written)\n"
    assert "1 platform added: Newshop" in told.err
    assert head(clerk) == before and "Newshop" not in clerk("platform", "list").ok()
    assert clerk("import", file(BAD), "--dry-run").status == 4
    assert head(clerk) == before


# What columns are called and values are written like


def test_columns_are_mapped(clerk: Clerk, file: Callable[..., Path]) -> None:
    path = file("Nr,Firm,Came in,Sent\n17,JD,31/10/2016,01/11/2016\n")
    told = clerk("import", path, "--map", "number=Nr", "--map", "platform=Firm", "--map", "received=Came in",
                 "--map", "forwarded=Sent", "--date-format", "%d/%m/%Y")  # fmt: skip
    assert told.status == 0, told.err
    (only,) = records(clerk, "list")
    assert (only["number"], only["received"], only["forwarded"]) == (
        "17",
        "2016-10-31T00:00:00+08:00",
        "2016-11-01T00:00:00+08:00",
    )


def test_a_mapping_may_be_a_file_and_a_pair_goes_before_it(clerk: Clerk, file: Callable[..., Path]) -> None:
    mapping = file('dates = ["%d.%m.%Y"]\n[columns]\nplatform = "Shop"\nreceived = "When"\n', "mine.toml")
    path = file("Shop,When,Better\nJD,01.11.2016,Tmall\n")
    clerk("import", path, "--mapping", mapping, "--map", "platform=Better").ok()
    (only,) = records(clerk, "list")
    assert (only["platform"], only["received"][:10]) == ("Tmall", "2016-11-01")


def test_ambiguous_dates_are_told_of(clerk: Clerk, file: Callable[..., Path]) -> None:
    told = clerk("import", file("platform,received\nJD,03/04/2016\n"))
    assert told.status == 0 and "dates such as 03/04/2016 were read month first" in told.err
    assert records(clerk, "list")[0]["received"][:10] == "2016-03-04"


def test_columns_that_nobody_reads_are_named(clerk: Clerk, file: Callable[..., Path]) -> None:
    told = clerk("import", file("platform,received,weather\nJD,2016-11-01,rain\n"))
    assert "columns not imported: weather" in told.err


def test_new_platforms_are_entered_and_counted(clerk: Clerk, file: Callable[..., Path]) -> None:
    told = clerk(
        "import", file("platform,received\nNewshop,2016-11-01\n京东,2016-11-01\nNEWSHOP,2016-11-02\n小店,2016-11-02\n")
    )
    assert "2 platforms added: Newshop, 小店" in told.err
    assert [r["platform"] for r in records(clerk, "list")] == ["Newshop", "JD", "Newshop", "小店"]
    assert "Newshop" in clerk("platform", "list").ok()
    clerk("add", "--platform", "newshop").ok()


def test_the_platform_of_a_refused_row_is_not_entered(clerk: Clerk, file: Callable[..., Path]) -> None:
    told = clerk(
        "import",
        file("platform,received,policy\nNewshop,2099-01-01,\nOldshop,2016-11-01,nothing\nJD,2016-11-01,\n"),
        "--skip-bad",
    )
    assert told.status == 4 and "new platform" not in told.err
    listed = clerk("platform", "list").ok()
    assert "Newshop" not in listed and "Oldshop" not in listed


def test_a_new_platform_and_a_new_policy_come_in_with_one_row(
    clerk: Clerk, file: Callable[..., Path], new_clerk: Callable[..., Clerk], tmp_path: Path
) -> None:
    told = clerk("import", file("number,platform,received,policy\n1,Newshop,2016-11-01,odr\n2,Other,2016-11-01,odr\n"))
    assert told.ok() == "2 rows: 2 added, 0 changed, 0 unchanged, 0 refused\n"
    assert [(r["platform"], r["policy"]) for r in records(clerk, "list")] == [("Newshop", "odr"), ("Other", "odr")]
    clerk("export", "--to", tmp_path / "out.csv").ok()
    other = new_clerk()
    other("init").ok()
    other("import", tmp_path / "out.csv").ok()
    assert records(other, "list") == records(clerk, "list")


@pytest.mark.parametrize("policy", ["nothing", "../odr", "odr.toml"])
def test_a_policy_that_cannot_be_used_keeps_out_the_new_platform(
    clerk: Clerk, file: Callable[..., Path], policy: str
) -> None:
    told = clerk("import", file(f"number,platform,received,policy\n1,Newshop,2016-11-01,{policy}\n"))
    assert told.status == 4 and "Unknown policy" in told.err
    assert "Newshop" not in clerk("platform", "list").ok()


def test_an_unknown_category_becomes_other_and_its_word_is_kept(clerk: Clerk, file: Callable[..., Path]) -> None:
    path = file("number,platform,category,received\n1,JD,外星人,2016-11-01\n2,JD,物流,2016-11-01\n3,JD,,2016-11-01\n")
    clerk("import", path).ok()
    assert [r["category"] for r in records(clerk, "list")] == ["other", "delivery", "other"]
    details = [records(clerk, "show", n)[0]["history"][0]["detail"] for n in (1, 2, 3)]
    assert [detail.get("category_word") for detail in details] == ["外星人", "物流", None]
    assert counts(clerk("import", path).ok()) == (3, 0, 0, 3, 0)


def test_standard_input(clerk: Clerk) -> None:
    told = clerk.process("import", "-", stdin=rows_of(ONE).encode("gb18030"))
    assert told.status == 0 and counts(told.out) == (1, 1, 0, 0, 0)
    assert records(clerk, "list")[0]["owner"] == "朝阳所"


def test_a_formula_of_a_spreadsheet_goes_out_defused_and_comes_back_whole(
    clerk: Clerk, file: Callable[..., Path]
) -> None:
    evil = '=HYPERLINK("http://example.com")'
    clerk("add", "--platform", "JD", "--summary", evil, "--number", "+1", "--at", "2016-11-01 09:00").ok()
    exported = clerk("export").ok()
    (row,) = csv.DictReader(io.StringIO(exported))
    assert row["summary"] == "'" + evil and row["number"] == "'+1"
    assert counts(clerk("import", file(exported)).ok()) == (1, 0, 0, 1, 0)
    assert json.loads(clerk("export", "--format", "json").ok())[0]["summary"] == evil


# Out and in again


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_export_into_a_fresh_register_and_out_again_is_the_same(
    new_clerk: Callable[..., Clerk], made_register: Path, tmp_path: Path, form: str
) -> None:
    first, second = new_clerk(now=LATER), new_clerk(now=LATER)
    for clerk in (first, second):
        copy_register(made_register, clerk.address)
    first("import", SAMPLE).ok()
    first("add", "--platform", "JD", "--summary", 'two\nlines, "quoted"; and\ttabs', "--number", "007").ok()
    first("complete", 301, "--outcome", "advance-compensation", "--amount", "0.10").ok()
    out = tmp_path / f"out.{form}"
    assert "301 complaints exported" in first("export", "--format", form, "--to", out).err
    assert counts(second("import", out).ok()) == (301, 301, 0, 0, 0)
    assert second("export", "--format", form).ok().encode() == out.read_bytes()
    assert counts(first("import", out).ok()) == (301, 0, 0, 301, 0)
    assert second("overdue").ok() == first("overdue").ok() != ""
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_complaint_of_another_policy_comes_in_again(
    new_clerk: Callable[..., Clerk], made_register: Path, tmp_path: Path
) -> None:
    first, second = new_clerk(now=LATER), new_clerk(now=LATER)
    for clerk in (first, second):
        copy_register(made_register, clerk.address)
    first("add", "--platform", "JD", "--policy", "odr", "--at", "2016-11-01 09:00").ok()
    first("export", "--to", tmp_path / "out.csv").ok()
    assert second("import", tmp_path / "out.csv").status == 0


# Public records


def test_cfpb_complaints_all_count(new_clerk: Callable[..., Clerk], shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "cfpb-2019-sample.csv"
    expected = table(source)
    clerk = new_clerk(now=TODAY)
    clerk("init", "--calendar", "US", "--policy", "cfpb", "--timezone", "America/New_York").ok()
    told = clerk("import", source, "--mapping", "cfpb", "--skip-bad", "--rejects", tmp_path / "rejects.csv")
    rows, added, changed, unchanged, refused = counts(told.out)
    assert (rows, changed, unchanged) == (len(expected), 0, 0) and added + refused == rows
    if refused:
        assert len(table(tmp_path / "rejects.csv")) == refused
    held = records(clerk, "list")
    by_number = {row["Complaint ID"]: row for row in expected}
    assert len(held) == added and {r["number"] for r in held} <= by_number.keys()
    for r in held:
        row = by_number[r["number"]]
        assert (r["platform"], r["received"][:10]) == (row["Company"], row["Date received"])
        assert (r["forwarded"] or "")[:10] == row["Date sent to company"]
    # Forwarded within one working day, by a count of weekdays and the federal holidays of those weeks.
    assert Counter(r["forward_verdict"] for r in held).keys() <= {"met", "missed", "running", "overdue"}
    assert counts(clerk("import", source, "--mapping", "cfpb", "--skip-bad").out)[3] == added


def test_nyc_requests_all_count(new_clerk: Callable[..., Clerk], shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "nyc311-2011-sample.csv"
    expected = table(source)
    clerk = new_clerk(now=TODAY)
    clerk("init", "--calendar", "US-NY", "--timezone", "America/New_York").ok()
    rejects = tmp_path / "rejects.csv"
    told = clerk("import", source, "--mapping", "nyc311", "--skip-bad", "--rejects", rejects)
    rows, added, changed, unchanged, refused = counts(told.out)
    assert (rows, changed, unchanged) == (len(expected), 0, 0) and added + refused == rows and added > rows * 0.9
    if refused:
        kept = table(rejects)
        assert len(kept) == refused and all(row["reason"] for row in kept)
        held_numbers = {r["number"] for r in records(clerk, "list")}
        assert held_numbers | {row["Unique Key"] for row in kept} == {row["Unique Key"] for row in expected}
    held = records(clerk, "list")
    closed = {row["Unique Key"] for row in expected if row["Closed Date"] and "1900" not in row["Closed Date"]}
    assert {r["number"] for r in held if r["status"] == "closed"} <= closed
    assert {r["forward_verdict"] for r in held if r["status"] == "closed"} == {"unknown"}
    assert counts(clerk("import", source, "--mapping", "nyc311", "--skip-bad").out)[3] == added


DIES_WHILE_IT_WRITES = """\
import resource, signal, sys
from dealtrack.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
main(sys.argv[1:])
"""


@pytest.mark.file_only("a process that dies while it writes the file")
def test_an_import_interrupted_writes_nothing(clerk: Clerk, file: Callable[..., Path]) -> None:
    """The system kills the process while it commits, at the limit for a file: the register is as it was, and whole."""
    before = head(clerk)
    rows = "".join(f"N-{n},JD,2016-11-01 09:00,摘要 {n}\n" for n in range(3_000))
    path = file("number,platform,received,summary\n" + rows)
    command = [sys.executable, "-c", DIES_WHILE_IT_WRITES, "import", str(path)]
    ran = subprocess.run(command, env={**os.environ, **clerk.environment()}, check=False)
    assert ran.returncode == -signal.SIGXFSZ
    assert Path(f"{clerk.db}-wal").stat().st_size > 350_000, "the commit has begun"
    assert head(clerk) == before
    assert clerk("list").ok() == "" and clerk("verify").status == 0

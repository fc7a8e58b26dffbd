"""The file of refused rows: harmless in a spreadsheet and on a terminal, and read back as the rows were."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Clerk

VALUES = (
    '=HYPERLINK("http://x";"y")', "+1+1", "-2+3", "@SUM(1)", "=1+1", "＝1+1", "'=1+1", "''=1", "\\u001b", "a\\b",
    "\x1b[31mred", "\u202ertl", "\x9b31m", "\u2028x", "two\nlines", "a\rb", "plain", "'quoted'",
)  # fmt: skip
HEADER = (
    "number",
    "platform",
    "received",
    '=HYPERLINK("http://evil";"click")',
    "+cmd|calc",
    "se\x1b[31mcret",
    "\u202e",
)
FORMULA = re.compile("[=+@\t\r＝＋－＠-]")
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

KEPT = "SELECT detail FROM \"transition\" WHERE kind = 'received' ORDER BY seq"


@pytest.fixture
def refused(clerk: Clerk, tmp_path: Path) -> Path:
    """Give the refused rows of a hostile file, kept by an import."""
    file, rejects = tmp_path / "rows.csv", tmp_path / "rejects.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(HEADER)
        rows.writerows((f"N-{at}", "JD", "not a date", value, value, value, value) for at, value in enumerate(VALUES))
    assert clerk("import", file, "--skip-bad", "--rejects", rejects).status == 4
    return rejects


def test_a_spreadsheet_finds_no_formula_and_a_terminal_nothing_to_obey(refused: Path) -> None:
    text = refused.read_text(encoding="utf-8")
    assert not OBEYED.search(text)
    with refused.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    assert len(rows) == len(VALUES) + 1
    assert [cell for row in rows for cell in row if FORMULA.match(cell)] == []


def test_what_was_guarded_is_taken_off_again(clerk: Clerk, refused: Path, tmp_path: Path) -> None:
    # A file whose columns the mapping keeps shows what was read of it.
    mapping = tmp_path / "m.toml"
    keep = json.dumps(list(HEADER[3:6]))
    columns = '[columns]\nnumber = "number"\nplatform = "platform"\nreceived = "received"\n'
    mapping.write_text(f"keep = {keep}\n{columns}", encoding="utf-8")
    mended = tmp_path / "mended.csv"
    mended.write_text(refused.read_text(encoding="utf-8").replace(",not a date,", ",2016-11-01,"), encoding="utf-8")
    plain = tmp_path / "plain.csv"
    with plain.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(HEADER)
        rows.writerows((f"P-{at}", "JD", "2016-11-01", value, value, value, value) for at, value in enumerate(VALUES))
    for file in (mended, plain):
        told = clerk("import", file, "--mapping", mapping)
        assert told.status == 0, told.err
    kept = [json.loads(text)["kept"] for (text,) in clerk.rows(KEPT)]
    assert kept[: len(VALUES)] == kept[len(VALUES) :]
    assert [row.get(HEADER[3]) for row in kept[:2]] == list(VALUES[:2])


def test_refused_rows_are_refused_with_the_same_words_again(clerk: Clerk, refused: Path, tmp_path: Path) -> None:
    again, third = tmp_path / "again.csv", tmp_path / "third.csv"
    assert clerk("import", refused, "--skip-bad", "--rejects", again).status == 4
    assert clerk("import", again, "--skip-bad", "--rejects", third).status == 4
    with again.open(newline="", encoding="utf-8") as one, third.open(newline="", encoding="utf-8") as other:
        # Each time the line and the reason stand in front once more; the rows are what they were.
        first = [row[4:] for row in csv.reader(one)]
        second = [row[6:] for row in csv.reader(other)]
    assert first == second


def test_refused_rows_of_json_are_read_back(clerk: Clerk, tmp_path: Path) -> None:
    file, rejects = tmp_path / "rows.jsonl", tmp_path / "rejects.jsonl"
    row = {"number": "a\x1b[31m\u202e\x9b", "platform": "JD", "received": "nope"}
    file.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert clerk("import", file, "--skip-bad", "--rejects", rejects).status == 4
    text = rejects.read_text(encoding="utf-8")
    assert not OBEYED.search(text) and json.loads(text)["row"] == row
    rejects.write_text(text.replace("nope", "2016-11-01"), encoding="utf-8")
    clerk("import", rejects).ok()
    assert json.loads(clerk("list", "--format", "json").ok())[0]["number"] == row["number"]


def test_rejects_never_replace_the_rows_that_they_come_from(clerk: Clerk, tmp_path: Path) -> None:
    file, link = tmp_path / "rows.csv", tmp_path / "link.csv"
    file.write_text("number,platform,received\nN-1,JD,nonsense\n")
    link.symlink_to(file)
    before = file.read_bytes()
    with file.open("rb") as stream:
        environment = {"PATH": "/usr/bin:/bin", **clerk.environment()}
        words = [sys.executable, "-m", "dealtrack", "import", "-", "--rejects", str(link)]
        piped = subprocess.run(words, stdin=stream, env=environment, cwd=PROJECT, capture_output=True, check=False)
    assert (piped.returncode, b"it is the file being imported" in piped.stderr) == (3, True)
    named = clerk("import", file, "--rejects", link)
    assert (named.status, "it is the file being imported" in named.err) == (3, True)
    assert file.read_bytes() == before

"""What export writes, import reads back to an equal register: export, import and export again are the same bytes."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest

from dealtrack.core.lifecycle import Kind
from dealtrack.register.engine import Address
from dealtrack.register.opening import open_register
from tests.conftest import Clerk
from tests.registers import copy_register, new_place, rows
from tests.varied import NOW, STATUSES, write_varied

COUNT = int(os.environ.get("DEALTRACK_ROUND_TRIP", "250"))
"""How many complaints go round; DEALTRACK_ROUND_TRIP=10000 for the full count."""

COMPLAINT = (
    "SELECT id, number, platform, category, seller, owner, handler, policy, policy_version, status, resumes_to, "
    "received_at, accepted_at, forwarded_at, completed_at, withdrawn_at, rejected_at, merged_at, merged_into, outcome, "
    "amount, summary, first_contact, reopenings FROM complaint WHERE status <> 'voided' ORDER BY id"
)
CLOCK = (
    'SELECT complaint, name, round, started_at, due_at, due_day, ended_at, "end", paused FROM clock ORDER BY 1, 2, 3'
)
PERSONAL = (
    "SELECT p.complaint, p.consumer, p.phone, p.email, p.address FROM personal p "
    "JOIN complaint c ON c.id = p.complaint AND c.status <> 'voided' ORDER BY p.complaint"
)


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory, made_register: Address) -> Address:
    place = new_place(tmp_path_factory.mktemp("varied"))
    copy_register(made_register, place)
    with open_register(place) as register:
        kinds = write_varied(register, COUNT)
    assert kinds.keys() == set(Kind), kinds
    assert {status for (status,) in rows(place, "SELECT status FROM complaint")} == set(STATUSES)
    twice = "SELECT number FROM complaint WHERE number IS NOT NULL GROUP BY number HAVING count(*) > 1"
    assert len(rows(place, twice)) > 5
    return place


@pytest.fixture
def pair(new_clerk: Callable[..., Clerk], varied: Address, made_register: Address) -> tuple[Clerk, Clerk]:
    """Give a clerk with varied complaints and one with an empty register."""
    first, second = (new_clerk(now=NOW.isoformat()) for _ in range(2))
    copy_register(varied, first.address)
    copy_register(made_register, second.address)
    return first, second


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "xlsx"])
def test_export_import_export(pair: tuple[Clerk, Clerk], tmp_path: Path, form: str) -> None:
    first, second = pair
    out, again = tmp_path / f"out.{form}", tmp_path / f"again.{form}"
    started = perf_counter()
    first("export", "--format", form, "--to", out, "--reveal").ok()
    written = perf_counter()
    told = second("import", out)
    read = perf_counter()
    assert told.status == 0, told.err[:2000]
    assert " added, 0 changed, 0 unchanged, 0 refused" in told.out
    second("export", "--format", form, "--to", again, "--reveal").ok()
    assert again.read_bytes() == out.read_bytes()
    print(f"{form}: {COUNT} complaints, {out.stat().st_size:,} bytes, written in {written - started:.2f} s, "
          f"read in {read - written:.2f} s")  # fmt: skip
    for ask in (COMPLAINT, CLOCK, PERSONAL):
        assert second.rows(ask) == first.rows(ask)
    assert second("verify").status == 0 and second("recheck").status == 0
    # What came from a register changes nothing in it, nor in the other when it comes again.
    for clerk in pair:
        entries = clerk.rows("SELECT count(*) FROM transition")
        assert ": 0 added, 0 changed, " in clerk("import", out).ok()
        assert clerk.rows("SELECT count(*) FROM transition") == entries


def test_every_form_tells_the_same(pair: tuple[Clerk, Clerk], tmp_path: Path) -> None:
    first, second = pair
    for form in ("csv", "xlsx"):
        first("export", "--format", form, "--to", tmp_path / f"out.{form}", "--reveal").ok()
    second("import", tmp_path / "out.xlsx").ok()
    assert ": 0 added, 0 changed, " in second("import", tmp_path / "out.csv").ok()
    assert second("export", "--format", "json", "--reveal").ok() == first("export", "--format", "json", "--reveal").ok()


def test_masked_data_comes_in_masked_and_is_made_whole_later(pair: tuple[Clerk, Clerk], tmp_path: Path) -> None:
    first, second = pair
    masked, whole = tmp_path / "masked.csv", tmp_path / "whole.csv"
    first("export", "--to", masked).ok()
    first("export", "--to", whole, "--reveal").ok()
    assert "user" not in masked.read_text() and "张三" not in masked.read_text() and "欧*" in masked.read_text()
    second("import", masked).ok()
    assert second("export").ok().encode() == masked.read_bytes()
    # The masked file adds nothing to whole data, the whole one makes the masked data whole.
    assert ": 0 added, 0 changed, " in first("import", masked).ok()
    assert second.rows(PERSONAL) != first.rows(PERSONAL)
    second("import", whole).ok()
    assert second.rows(PERSONAL) == first.rows(PERSONAL)
    assert ": 0 added, 0 changed, " in second("import", masked).ok()
    assert second("verify").status == 0


def test_what_happened_later_is_added_and_nothing_else(pair: tuple[Clerk, Clerk], tmp_path: Path) -> None:
    first, second = pair
    first("export", "--format", "xlsx", "--to", tmp_path / "old.xlsx", "--reveal").ok()
    second("import", tmp_path / "old.xlsx").ok()
    listed = json.loads(first("list", "--status", "forwarded", "--format", "json").ok())
    ids = [record["id"] for record in listed if record["policy"] == "green-channel"][:3]
    first("note", *ids, "--note", "=1+1").ok()
    first("hand-on", ids[0], "--to", "质检科").ok()
    first("complete", *ids[1:], "--outcome", "refund").ok()
    first("reopen", ids[1], "--reason", "again").ok()
    first("add", "--platform", "JD", "--number", "BJ-1", "--category", "quality").ok()
    first("export", "--to", tmp_path / "new.csv", "--reveal").ok()
    told = second("import", tmp_path / "new.csv")
    assert f": 1 added, {len(ids)} changed, " in told.ok()
    assert second("export", "--reveal").ok().encode() == (tmp_path / "new.csv").read_bytes()
    # The older file tells less, and contradicts nothing.
    assert ": 0 added, 0 changed, " in second("import", tmp_path / "old.xlsx").ok()


def test_nothing_that_a_terminal_obeys_or_a_spreadsheet_computes_is_written(
    pair: tuple[Clerk, Clerk], tmp_path: Path
) -> None:
    import openpyxl

    first, _ = pair
    for form in ("csv", "jsonl", "json"):
        text = first("export", "--format", form, "--reveal").ok()
        assert not [
            c for c in text if (ord(c) < 32 and c not in "\t\r\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066"
        ]
    first("export", "--format", "xlsx", "--to", tmp_path / "out.xlsx", "--reveal").ok()
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    (sheet,) = book.worksheets
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref is not None
    kinds: set[str] = set()
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            kinds.add(cell.data_type)
            if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                assert cell.data_type in ("s", "inlineStr") and cell.quotePrefix
            assert cell.hyperlink is None
    assert kinds == {"n", "s", "d", "b"} or kinds == {"n", "inlineStr", "d", "b"}


@pytest.mark.parametrize("fmt", ["csv", "json", "jsonl", "xlsx"])
def test_the_export_of_an_empty_register_is_read_back(clerk: Clerk, tmp_path: Path, fmt: str) -> None:
    file = tmp_path / f"all.{fmt}"
    clerk("export", "--format", fmt, "--to", file).ok()
    assert clerk("import", file).ok() == "0 rows: 0 added, 0 changed, 0 unchanged, 0 refused\n"

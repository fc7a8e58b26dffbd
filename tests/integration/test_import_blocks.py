"""A block of rows that an import passes over, since it was taken in before, would have changed nothing."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dealtrack.exchange.blocks import LEAST, LONGEST, MOST, Block, blocks_of
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.raw import RawRow
from dealtrack.exchange.readers import open_source
from tests.bench import complaints
from tests.conftest import Clerk, Result

ROWS = 9000
NUMBER = "2014-00002000"
UNCHANGED = f"{ROWS} rows: 0 added, 0 changed, {ROWS} unchanged, 0 refused\n"


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [complaints.COLUMNS + "\n", *complaints.rows(ROWS, 90, 90)]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, made_register: Path, lines: list[str]) -> Clerk:
    """A register into which the file was imported."""
    folder = tmp_path_factory.mktemp("blocks")
    clerk = Clerk(folder / "home", folder / "register.db", now=complaints.NOW)
    shutil.copy(made_register, clerk.db)
    clerk("platform", "edit", "Tmall", "--alias", "天猫店").ok()
    text = "".join(lines).replace(",Gome online,", ",天猫店,", 40)
    (folder / "complaints.csv").write_text(text, encoding="utf-8")
    clerk("import", folder / "complaints.csv").ok()
    return clerk


def kept(db: Path) -> int:
    connection = sqlite3.connect(db)
    ((count,),) = connection.execute("SELECT count(*) FROM import_block").fetchall()
    connection.close()
    return int(count)


def told(db: Path) -> list[tuple[object, ...]]:
    """What a register's journal and personal data say, salts and digests of them left out."""
    connection = sqlite3.connect(db)
    entries = connection.execute("SELECT seq, complaint, kind, at, json_remove(detail, '$.personal') FROM transition")
    personal = connection.execute("SELECT complaint, consumer, phone, email, address FROM personal")
    said = [*entries.fetchall(), *personal.fetchall()]
    connection.close()
    return said


def by_both_ways(clerk: Clerk, folder: Path, file: Path, *words: str) -> tuple[Result, Clerk]:
    """Import a file with the memory of blocks and without it: the same is said and written."""
    results: list[tuple[Result, Clerk]] = []
    for name in ("with.db", "without.db"):
        copy = Clerk(clerk.home, folder / name, now=clerk.now)
        shutil.copy(clerk.db, copy.db)
        if name == "without.db":
            connection = sqlite3.connect(copy.db)
            connection.execute("DELETE FROM import_block")
            connection.commit()
            connection.close()
        results.append((copy("import", file, *words), copy))
    (ours, with_), (usual, without) = results
    assert (ours.status, ours.out, ours.err) == (usual.status, usual.out, usual.err)
    assert told(with_.db) == told(without.db)
    return results[0]


def copied(clerk: Clerk, folder: Path) -> Clerk:
    copy = Clerk(clerk.home, folder / "register.db", now=clerk.now)
    shutil.copy(clerk.db, copy.db)
    return copy


def file_of(clerk: Clerk) -> Path:
    return clerk.db.with_name("complaints.csv")


def test_a_file_that_was_taken_in_is_passed_over(imported: Clerk, tmp_path: Path) -> None:
    assert kept(imported.db) >= ROWS // MOST
    result, clerk = by_both_ways(imported, tmp_path, file_of(imported))
    assert result.out == UNCHANGED
    clerk("verify").ok()


@pytest.mark.parametrize(
    "words",
    [
        ("void", "2000", "--reason", "x"),
        ("void", "2000", "2001", "--reason", "x"),
        ("amend", "2000", "--owner", "x"),
        ("amend", "2000", "--phone", "13800138000", "--consumer", "x"),
        ("erase", "2000", "--reason", "x", "--yes"),
        ("add", "--platform", "JD", "--number", NUMBER, "--yes"),
        ("platform", "edit", "Tmall", "--drop-alias", "天猫店"),
        ("reopen", "2000", "--reason", "x"),
        ("note", "2000", "--note", "x"),
    ],
)
def test_what_a_clerk_entered_meanwhile_is_held_against_each_row(
    imported: Clerk, tmp_path: Path, words: Sequence[str]
) -> None:
    clerk = copied(imported, tmp_path)
    clerk(*words).ok()
    by_both_ways(clerk, tmp_path, file_of(imported))


def test_a_number_that_another_file_gave_to_a_second_complaint_is_ambiguous(imported: Clerk, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, clerk = copied(imported, tmp_path / "other"), copied(imported, tmp_path)
    other("add", "--platform", "JD", "--number", NUMBER, "--yes").ok()
    head, *rows = other("export", "--reveal").ok().splitlines(keepends=True)
    both = tmp_path / "both.csv"
    both.write_text("".join([head, *(row for row in rows if NUMBER in row)]), encoding="utf-8")
    assert "1 added, 0 changed, 1 unchanged" in clerk("import", both).ok()
    result, _ = by_both_ways(clerk, tmp_path, file_of(imported), "--skip-bad")
    assert f"the number {NUMBER} stands for 2 complaints" in result.err


def insert(lines: list[str]) -> None:
    lines.insert(3, lines[3].replace("2014-", "2013-", 1))


def change(lines: list[str]) -> None:
    lines[5000] = lines[5000].replace("-", "/", 1)


def refuse(lines: list[str]) -> None:
    lines[5000] = lines[5000].replace(",", ",,", 1)


def contradict(lines: list[str]) -> None:
    lines[5000] = lines[5000].replace(",platform,", ",third-party,").replace(",third-party,", ",platform,", 1)


def repeat(lines: list[str]) -> None:
    lines.append(lines[4000])


def other_person(lines: list[str]) -> None:
    cells = lines[4000].rstrip("\n").split(",")
    cells[complaints.COLUMNS.split(",").index("consumer")] = "Another Person"
    lines.append(",".join(cells) + "\n")


def leave_out(lines: list[str]) -> None:
    del lines[1:100]


def turn(lines: list[str]) -> None:
    lines[1:] = reversed(lines[1:])


@pytest.mark.parametrize("do", [insert, change, refuse, contradict, repeat, other_person, leave_out, turn])
@pytest.mark.parametrize("words", [(), ("--skip-bad",)])
def test_a_later_file_is_read_where_it_differs(
    imported: Clerk, tmp_path: Path, do: Callable[[list[str]], None], words: tuple[str, ...]
) -> None:
    later = file_of(imported).read_text(encoding="utf-8").splitlines(keepends=True)
    do(later)
    file = tmp_path / "later.csv"
    file.write_text("".join(later), encoding="utf-8")
    result, _ = by_both_ways(imported, tmp_path, file, *words)
    assert ("line 4001 of the file has the number" in result.err) == (do is other_person)


@pytest.mark.parametrize("spoil", ["number", "row"])
def test_rows_without_a_number_and_refused_ones_are_always_read(
    imported: Clerk, tmp_path: Path, lines: list[str], made_register: Path, spoil: str
) -> None:
    clerk = Clerk(imported.home, tmp_path / "register.db", now=imported.now)
    shutil.copy(made_register, clerk.db)
    head, *body = lines[:1000]
    spoiled = [head.replace("number", "reference"), *body] if spoil == "number" else [head, "x,y\n", *body]
    file = tmp_path / "spoiled.csv"
    file.write_text("".join(spoiled), encoding="utf-8")
    first = clerk("import", file, "--skip-bad")
    assert "999 added" in first.out
    assert kept(clerk.db) == (0 if spoil == "number" else len(blocks(file)) - 1)
    assert "999 unchanged" in clerk("import", file, "--skip-bad").out


DAYS = re.compile(r"\d{4}-\d\d-(\d\d) ")


def month_first(line: str) -> str:
    """Write the moments of a row as 11/01/2016 09:00."""
    return re.sub(r"(\d{4})-(\d\d)-(\d\d) ", r"\2/\3/\1 ", line)


def test_rows_with_dates_that_may_be_meant_otherwise_are_always_read(
    imported: Clerk, tmp_path: Path, lines: list[str], made_register: Path
) -> None:
    clerk = Clerk(imported.home, tmp_path / "register.db", now=imported.now)
    shutil.copy(made_register, clerk.db)
    file = tmp_path / "guessed.csv"
    open_to_doubt = [line for line in lines[1:] if all(int(day) <= 12 for day in DAYS.findall(line))]
    file.write_text("".join([lines[0], *map(month_first, open_to_doubt)]), encoding="utf-8")
    assert "read month first" in clerk("import", file).err
    for block in blocks(file):
        part = tmp_path / "part.csv"
        some = (",".join(row.cells) + "\n" for row in block.rows if isinstance(row, RawRow))
        part.write_text("".join([lines[0], *some]), encoding="utf-8")
        result, _ = by_both_ways(clerk, tmp_path, part)
        assert "read month first" in result.err


def test_rebuilding_the_tables_forgets_the_blocks(imported: Clerk, tmp_path: Path) -> None:
    clerk = copied(imported, tmp_path)
    clerk("recheck", "--rebuild").ok()
    assert kept(clerk.db) == 0
    assert clerk("import", file_of(imported)).ok() == UNCHANGED
    assert kept(clerk.db) == kept(imported.db)


def test_a_rehearsal_keeps_nothing(imported: Clerk, tmp_path: Path, made_register: Path) -> None:
    clerk = Clerk(imported.home, tmp_path / "register.db", now=imported.now)
    shutil.copy(made_register, clerk.db)
    clerk("import", file_of(imported), "--dry-run").ok()
    assert kept(clerk.db) == 0


def test_no_block_of_an_export_is_kept(new_clerk: Callable[..., Clerk], made_register: Path, tmp_path: Path) -> None:
    first, second = new_clerk(), new_clerk()
    for clerk in (first, second):
        shutil.copy(made_register, clerk.db)
    rows = tmp_path / "rows.csv"
    rows.write_text("number,platform,received\nA-1,JD,2016-11-01\n", encoding="utf-8")
    first("import", rows).ok()
    assert kept(first.db) == 1
    rows.write_text(first("export").ok(), encoding="utf-8")
    second("import", rows).ok()
    assert kept(second.db) == 0


def blocks(file: Path, mapping: Mapping | None = None, zone: str = "Asia/Shanghai") -> list[Block]:
    with open_source(file) as source:
        return list(blocks_of(source, mapping or Mapping(), zone, is_own=False))


@pytest.mark.parametrize("place", [1, 20_000])
def test_the_same_rows_make_the_same_blocks(tmp_path: Path, place: int) -> None:
    count = 60_000
    lines = [complaints.COLUMNS + "\n", *complaints.rows(count, 0, 0)]
    file, later = tmp_path / "file.csv", tmp_path / "later.csv"
    file.write_text("".join(lines), encoding="utf-8")
    for n in range(700):
        lines.insert(place, lines[place].replace("-", f"-{n}", 1))
    later.write_text("".join(lines), encoding="utf-8")
    before, after = blocks(file), blocks(later)
    assert sum(len(block.rows) for block in before) == count
    assert all(LEAST <= len(block.rows) <= MOST for block in before[:-1])
    shared = {block.digest for block in before} & {block.digest for block in after}
    assert len(shared) > len(before) / 2


def test_a_block_of_long_rows_ends_sooner(tmp_path: Path) -> None:
    file, count, long = tmp_path / "file.csv", 700, 60_000
    lines = [complaints.COLUMNS + "\n", *complaints.rows(count, 0, 0)]
    file.write_text("".join(line.replace("\n", "x" * long + "\n") for line in lines), encoding="utf-8")
    held = blocks(file)
    assert sum(len(block.rows) for block in held) == count
    assert len(held) == -(-count // -(-LONGEST // (long + 200)))
    assert all(LONGEST <= sum(map(len, block.texts)) < LONGEST + 2 * long for block in held[:-1])
    assert all(block.digest is not None for block in held)


def test_what_a_block_tells_hangs_on_how_it_is_read(imported: Clerk) -> None:
    file = file_of(imported)
    first = blocks(file)[0].digest
    assert first is not None
    assert first not in {block.digest for block in blocks(file, zone="Europe/Berlin")}
    assert first not in {block.digest for block in blocks(file, Mapping(midnight_is_day=True))}
    assert first == blocks(file)[0].digest


def test_cells_with_the_marks_that_part_them_have_no_digest(tmp_path: Path) -> None:
    digests = set()
    for name, row in (("one", "a\x1fb,c"), ("other", "a,b\x1fc"), ("row", "a\x1eb,c"), ("plain", "a,b")):
        file = tmp_path / f"{name}.csv"
        file.write_text(f"platform,received\n{row}\n", encoding="utf-8")
        (block,) = blocks(file)
        digests.add(block.digest)
    assert len(digests) == 2
    assert None in digests

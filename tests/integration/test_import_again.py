"""A file that is imported again: what is unchanged is found by reading the register, and only what differs is told."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench import complaints
from tests.conftest import Clerk
from tests.make_register import kept, unpack
from tests.registers import copy_register, new_place

ROWS = 300
PLACE = 200
NUMBER = list(complaints.rows(ROWS, 5, 5))[PLACE - 1].split(",")[0]
UNCHANGED = f"{ROWS} rows: 0 added, 0 changed, {ROWS} unchanged, 0 refused\n"


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [complaints.COLUMNS + "\n", *complaints.rows(ROWS, 5, 5)]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, made_register: Path, lines: list[str]) -> Clerk:
    """A register into which the file was imported."""
    folder = tmp_path_factory.mktemp("again")
    clerk = Clerk(folder / "home", new_place(folder), now=complaints.NOW)
    copy_register(made_register, clerk.address)
    clerk("platform", "edit", "Tmall", "--alias", "天猫店").ok()
    text = "".join(lines).replace(",Gome online,", ",天猫店,", 10)
    (folder / "complaints.csv").write_text(text, encoding="utf-8")
    clerk("import", folder / "complaints.csv").ok()
    return clerk


def copied(clerk: Clerk, folder: Path) -> Clerk:
    copy = Clerk(clerk.home, folder / "register.db", now=clerk.now)
    shutil.copy(clerk.db, copy.db)
    return copy


def file_of(clerk: Clerk) -> Path:
    return clerk.db.with_name("complaints.csv")


def counts(rows: int, added: int = 0, changed: int = 0, refused: int = 0) -> str:
    return f"{rows} rows: {added} added, {changed} changed, {rows - added - changed - refused} unchanged, {refused} refused"


def test_a_file_that_was_taken_in_adds_nothing(imported: Clerk, tmp_path: Path) -> None:
    clerk = copied(imported, tmp_path)
    before = clerk("verify").ok()
    assert clerk("import", file_of(imported)).ok() == UNCHANGED
    assert clerk("verify").ok() == before


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        (("void", PLACE, "--reason", "x"), counts(ROWS, changed=1), ""),
        (("void", PLACE, PLACE + 1, "--reason", "x"), counts(ROWS, changed=2), ""),
        (("amend", PLACE, "--owner", "x"), counts(ROWS), ""),
        (("amend", PLACE, "--consumer", "x"), counts(ROWS), "consumer in the file differs from what a clerk recorded"),
        (("erase", PLACE, "--reason", "x", "--yes"), counts(ROWS), "of 1 complaint was erased and is not imported"),
        (
            ("add", "--platform", "JD", "--number", NUMBER, "--yes"),
            counts(ROWS, refused=1),
            f"number {NUMBER} belongs to 2 complaints",
        ),
        (("platform", "edit", "Tmall", "--drop-alias", "天猫店"), counts(ROWS, refused=10), "platform is '天猫店'"),
        (("reopen", PLACE, "--reason", "x"), counts(ROWS), ""),
        (("note", PLACE, "--note", "x"), counts(ROWS), ""),
    ],
)
def test_what_a_clerk_entered_meanwhile_is_compared_with_each_row(
    imported: Clerk, tmp_path: Path, words: Sequence[object], expected: str, said: str
) -> None:
    clerk = copied(imported, tmp_path)
    clerk(*words).ok()
    result = clerk("import", file_of(imported), "--skip-bad")
    assert (result.out.strip(), result.status) == (expected, 0 if " 0 refused" in expected else 4)
    assert said in result.err


def insert(lines: list[str]) -> None:
    lines.insert(3, lines[3].replace("2014-", "2013-", 1))


def restate(lines: list[str]) -> None:
    lines[PLACE] = re.sub(",[^,]*\n", ",other words\n", lines[PLACE])


def refuse(lines: list[str]) -> None:
    lines[PLACE] = lines[PLACE].replace(",", ",,", 1)


def repeat(lines: list[str]) -> None:
    lines.append(lines[PLACE])


def other_person(lines: list[str]) -> None:
    cells = lines[PLACE].rstrip("\n").split(",")
    cells[complaints.COLUMNS.split(",").index("consumer")] = "Another Person"
    lines.append(",".join(cells) + "\n")


def leave_out(lines: list[str]) -> None:
    del lines[1:100]


def turn(lines: list[str]) -> None:
    lines[1:] = reversed(lines[1:])


@pytest.mark.parametrize(
    ("do", "expected", "said"),
    [
        (insert, counts(ROWS + 1, added=1), ""),
        (restate, counts(ROWS, refused=1), "summary is 'other words' in the file but"),
        (refuse, counts(ROWS, refused=1), f"complaints.csv:{PLACE + 1}: the row has 17 cells"),
        (repeat, counts(ROWS + 1), ""),
        (other_person, counts(ROWS + 1, refused=1), f"line {PLACE + 1} has the same number"),
        (leave_out, counts(ROWS - 99), ""),
        (turn, counts(ROWS), ""),
    ],
)
@pytest.mark.parametrize("words", [(), ("--skip-bad",)])
def test_a_later_file_tells_what_differs(
    imported: Clerk,
    tmp_path: Path,
    do: Callable[[list[str]], None],
    expected: str,
    said: str,
    words: tuple[str, ...],
) -> None:
    later = file_of(imported).read_text(encoding="utf-8").splitlines(keepends=True)
    do(later)
    file = tmp_path / "complaints.csv"
    file.write_text("".join(later), encoding="utf-8")
    clerk = copied(imported, tmp_path)
    result = clerk("import", file, *words)
    assert result.out.startswith(expected)
    assert ("nothing was written" in result.out) == (" 0 refused" not in expected and not words)
    assert said in result.err
    if not result.status or words:
        again = clerk("import", file, *words)
        assert again.out.startswith(expected.replace("1 added, 0 changed, 300", "0 added, 0 changed, 301"))


def month_first(line: str) -> str:
    """Write the moments of a row as 11/01/2016 09:00."""
    return re.sub(r"(\d{4})-(\d\d)-(\d\d) ", r"\2/\3/\1 ", line)


def test_dates_that_may_be_meant_otherwise_are_told_of_each_time(
    imported: Clerk, tmp_path: Path, lines: list[str], made_register: Path
) -> None:
    clerk = Clerk(imported.home, tmp_path / "register.db", now=imported.now)
    copy_register(made_register, clerk.address)
    file = tmp_path / "guessed.csv"
    doubtful = [line for line in lines[1:] if all(int(day) <= 12 for day in re.findall(r"-(\d\d) \d\d:", line))]
    file.write_text("".join([lines[0], *map(month_first, doubtful)]), encoding="utf-8")
    for _ in range(2):
        result = clerk("import", file)
        result.ok()
        assert "read month first" in result.err


def test_rows_without_a_number_and_beside_refused_ones_are_known_again(
    imported: Clerk, tmp_path: Path, lines: list[str], made_register: Path
) -> None:
    clerk = Clerk(imported.home, tmp_path / "register.db", now=imported.now)
    copy_register(made_register, clerk.address)
    head, *body = lines
    file = tmp_path / "spoiled.csv"
    file.write_text("".join([head.replace("number", "reference"), "x,y\n", *body]), encoding="utf-8")
    assert clerk("import", file, "--skip-bad").out.strip() == counts(ROWS + 1, added=ROWS, refused=1)
    assert clerk("import", file, "--skip-bad").out.strip() == counts(ROWS + 1, refused=1)


def test_a_rehearsal_leaves_all_to_be_done(imported: Clerk, tmp_path: Path, made_register: Path) -> None:
    clerk = Clerk(imported.home, tmp_path / "register.db", now=imported.now)
    copy_register(made_register, clerk.address)
    for _ in range(2):
        assert clerk("import", file_of(imported), "--dry-run").ok().startswith(counts(ROWS, added=ROWS))


def test_an_import_leaves_the_guards_of_the_journal_in_place(imported: Clerk) -> None:
    with (
        closing(sqlite3.connect(imported.db)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="only grows at its end"),
    ):
        connection.execute(
            'INSERT INTO "transition" SELECT seq + 1, 1, kind, at, at, actor, \'\', hash, hash FROM "transition"'
        )


def test_a_register_without_a_guard_is_not_given_one_by_an_import(imported: Clerk, tmp_path: Path) -> None:
    clerk = copied(imported, tmp_path)
    with closing(sqlite3.connect(clerk.db)) as connection:
        connection.execute("DROP TRIGGER transition_grows_at_its_end")
    clerk("import", file_of(imported))
    told = clerk("verify")
    assert told.status == 1
    assert "transition_grows_at_its_end" in told.err


LATE = "number,platform,received,summary\n" + "".join(f"N-{n},JD,2016-11-12 10:{n:02d},late {n}\n" for n in range(20))
BLOCK = "caa8a3d7528f05c0b883d67380781c8a44d9467f71a1cff7b6f4c69b995e4eb4"
"""The digest by which a register of schema 4 or 5 knew these rows again, in the time zone of Beijing."""


@pytest.mark.parametrize("version", [version for version in kept() if version in (4, 5)])
def test_rows_put_into_the_table_of_blocks_keep_nothing_out(clerk: Clerk, tmp_path: Path, version: int) -> None:
    unpack(version, clerk.db)
    file = tmp_path / "late.csv"
    file.write_text(LATE, encoding="utf-8")
    with closing(sqlite3.connect(clerk.db, isolation_level=None)) as connection:
        connection.execute("INSERT INTO import_block VALUES (?, 1, 1)", (bytes.fromhex(BLOCK),))
    result = clerk("import", file)
    assert result.ok().strip() == counts(20, added=20)
    assert "was upgraded from schema" in result.err
    with closing(sqlite3.connect(clerk.db)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE '%block%'").fetchall() == []
    assert clerk("verify").status == 0
    assert clerk("import", file).ok().strip() == counts(20)

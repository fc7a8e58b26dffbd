"""What a file called its categories: counted by import, seen by show, found by search."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Clerk
from tests.registers import copy_register

ROWS = """\
number,platform,category,received
1,JD,Noise - Residential,2016-11-11
2,JD,Rodent,2016-11-11
3,JD,Rodent,2016-11-11
4,JD,质量,2016-11-11
5,JD,其他,2016-11-11
6,JD,,2016-11-11
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_import_says_which_words_stand_for_no_category(clerk: Clerk, file: Path, tmp_path: Path) -> None:
    said = "3 rows: category other, unknown words (2): Rodent, Noise - Residential\n"
    assert clerk("import", file, "--dry-run").err == said
    assert clerk("import", file).err == said
    # What was taken in before is told of once.
    assert clerk("import", file).err == ""
    file.write_text("number,platform,category,received\n7,JD,Rodent,2016-11-11\n", encoding="utf-8")
    assert clerk("import", file).err == "1 row: category other, unknown word: Rodent\n"
    mapping = tmp_path / "own.toml"
    columns = "\n".join(f'{name} = "{name}"' for name in ("number", "platform", "category", "received"))
    mapping.write_text(f'[columns]\n{columns}\n[values.category]\nrodent = "quality"\n', encoding="utf-8")
    file.write_text("number,platform,category,received\n8,JD,Rodent,2016-11-11\n", encoding="utf-8")
    assert clerk("import", file, "--mapping", mapping).err == ""


def test_a_large_file_is_counted_too(clerk: Clerk, file: Path) -> None:
    rows = "".join(f"{number},JD,Word {number % 3},2016-11-11,{'x' * 1_000}\n" for number in range(1_200))
    file.write_text("number,platform,category,received,summary\n" + rows, encoding="utf-8")
    assert file.stat().st_size > 1 << 20
    assert clerk("import", file).err == "1200 rows: category other, unknown words (3): Word 0, Word 1, Word 2\n"


def test_show_and_search_know_the_word(clerk: Clerk, file: Path) -> None:
    clerk("import", file).ok()
    assert "field\tcategory word\tNoise - Residential\n" in clerk("show", 1).ok()
    assert "category word" not in clerk("show", 6).ok()
    assert [line.split("\t")[0] for line in clerk("search", "rodent").ok().splitlines()] == ["3", "2"]
    assert clerk("search", "noise", "jd").ok().startswith("1\t")
    clerk("amend", 1, "--category", "quality").ok()
    clerk("note", 1, "--note", "Loud").ok()
    assert clerk("search", "noise", "loud").ok().startswith("1\t")
    clerk("void", 1, "--reason", "twice").ok()
    assert clerk("search", "noise").ok().startswith("1\t")
    assert clerk("recheck").ok() == "tables match the journal\n"
    clerk("verify").ok()


def test_an_export_says_nothing_of_words(new_clerk: Callable[..., Clerk], clerk: Clerk, file: Path) -> None:
    clerk("import", file).ok()
    file.write_text(clerk("export").ok(), encoding="utf-8")
    other = new_clerk()
    copy_register(clerk.address, other.address)
    assert "unknown word" not in other("import", file).err

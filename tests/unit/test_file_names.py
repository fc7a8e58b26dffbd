"""File names made of names from outside: safe everywhere, the same every day, no two the same file."""

import ntpath
import re
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.file_names import LONGEST_BYTES, file_names, safe_file_name
from dealtrack.core.vocabulary import fold

HOSTILE = [
    "../../x", "..", ".", "", " ", "/etc/passwd", "C:\\x", "CON", "con", "nul.txt", "COM1", "LPT¹", "a/b", "a\\b",
    "a\x00b", "a\x1b[31mb", "a\nb", ".hidden", "-rf", "a*?", "$(rm -rf x)", "`x`", "a\u202eb", "x" * 500, "京" * 300,
    "JD ", "JD.", "~", "a%00b", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["JD", "Gome online", "京东", "Tmall (天猫)", "朝阳所", "1号店", "A.B", "Żabka", "O_o", "a+b"]
)
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert safe_file_name(name) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_becomes_a_marked_one(name: str) -> None:
    safe = safe_file_name(name)
    assert safe != name and re.search(r"-[0-9a-f]{8}$", safe)
    check_safe(safe)


def test_hostile_names_stay_different() -> None:
    assert len({fold(name) for name in file_names(HOSTILE).values()}) == len(HOSTILE)


def is_reserved(name: str) -> bool:
    """Ask Python whether Windows keeps a name for itself; `PureWindowsPath.is_reserved` goes in 3.15."""
    asked: Callable[[str], bool] | None = getattr(ntpath, "isreserved", None)
    return asked(name) if asked else PureWindowsPath(name).is_reserved()


def check_safe(safe: str) -> None:
    assert PurePosixPath(safe).name == safe and PureWindowsPath(safe).name == safe
    for ending in ("", ".csv", ".xlsx"):
        assert not is_reserved(safe + ending)
    assert not safe.startswith((".", "-", " ", "~")) and not safe.endswith((".", " "))
    assert all(category(character)[0] != "C" for character in safe if character.isascii())
    assert 0 < len(safe.encode()) <= LONGEST_BYTES + 75
    assert re.fullmatch(r"[^/\\:*?\"<>|`$'\n\r\t]+", safe)


@given(st.lists(st.text(max_size=200), unique=True, max_size=12))
def test_any_names_make_safe_files_of_their_own(names: list[str]) -> None:
    made = file_names(names)
    assert list(made) == names
    assert len({fold(name) for name in made.values()}) == len(names)
    for name in made.values():
        check_safe(name)
    assert all(made[name] == safe_file_name(name) or name in made for name in names)


def test_names_that_differ_in_capitals_alone_are_two_files() -> None:
    made = file_names(["desk A", "desk a", "other"])
    assert made["other"] == "other"
    assert made["desk A"] != made["desk a"] and len({text.casefold() for text in made.values()}) == 3
    # A name that is what another one's mark would make of it.
    assert len(set(file_names([made["desk A"], "desk A", "desk a"]).values())) == 3
    assert len(set(file_names([safe_file_name("../x"), "../x"]).values())) == 2


def test_a_name_gives_the_same_file_whatever_the_others() -> None:
    assert file_names(["../../x"])["../../x"] == file_names(["../../x", "JD", "x"])["../../x"]

"""What is committed: data that can be read, files that can be overseen, nothing of one machine."""

import ast
import csv
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from dealtrack import settings
from dealtrack.sources.calendars import load_calendar
from dealtrack.sources.platforms import load_platforms
from dealtrack.sources.policies import load_policy, policy_names
from tests.conftest import PROJECT
from tests.sources import PACKAGE, TESTS, modules

DATA = PROJECT / "data"
LONGEST = 400


def _held(*endings: str) -> list[Path]:
    return sorted(path for path in DATA.rglob("*") if path.suffix in endings)


@pytest.mark.parametrize("path", _held(".toml"), ids=lambda path: path.name)
def test_toml_is_read(path: Path) -> None:
    assert tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", _held(".csv"), ids=lambda path: path.name)
def test_csv_is_read(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert rows
    assert {len(row) for row in rows} == {len(header)}


def test_data_is_of_known_kinds() -> None:
    kinds = {path.suffix for path in DATA.rglob("*") if path.is_file()}
    assert kinds <= {".toml", ".csv", ".md", ".docx", ".html"}
    assert settings.data_folder() == DATA


def test_every_policy_calendar_and_platform_loads(tmp_path: Path) -> None:
    names = policy_names(DATA, tmp_path)
    assert {path.stem for path in (DATA / "policies").glob("*.toml")} <= set(names)
    for name in names:
        assert load_policy(name, DATA, tmp_path)
    for path in (DATA / "calendars").glob("*.toml"):
        if "country" in tomllib.loads(path.read_text()) or path.stem.startswith("cn"):
            assert load_calendar(path.stem, DATA, tmp_path).name == path.stem
    assert load_platforms(DATA / "platforms.toml")


def test_no_module_is_too_long() -> None:
    long = {
        str(path.relative_to(PROJECT)): lines
        for path in (PROJECT / "dealtrack").rglob("*.py")
        # The catalogue of errors is one list, as long as there are errors.
        if path.name != "errors.py" and (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long, f"over {LONGEST} lines, each perhaps two nouns in one room: {long}"


def _committed() -> list[Path]:
    ran = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if ran.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [PROJECT / name for name in ran.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and path != Path(__file__)]


def test_nothing_of_one_machine_is_committed() -> None:
    machine = re.compile(rb"(?<![\w.])/(work|root|farm|home/[a-z]+|Users/\w+)/")
    registries = re.compile(
        rb"pypi\.org|pythonhosted|npmjs|crates\.io|proxy\.golang|deb\.debian|conda\.anaconda", re.IGNORECASE
    )
    found = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in _committed()
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if machine.search(line) or registries.search(line)
    ]
    assert not found


def test_top_level_holds_what_was_agreed() -> None:
    agreed = {
        "dealtrack",
        "tests",
        "data",
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        ".ci",
        ".gitignore",
    }
    assert {path.relative_to(PROJECT).parts[0] for path in _committed()} <= agreed


def test_only_given_files_are_large() -> None:
    # The catalogue of messages grows with them.
    assert not [path for path in _committed() if path.stat().st_size > 200_000 and path.suffix not in (".po", ".mo")]


def test_no_connection_is_left_for_the_collector_to_close() -> None:
    # From Python 3.13 on that is a warning, and a warning fails a test, whichever runs at that moment.
    left = []
    for path, tree in (*modules(PACKAGE), *modules(TESTS)):
        for node in ast.walk(tree):
            for item in node.items if isinstance(node, ast.With) else ():
                call = item.context_expr
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "sqlite3.connect":
                    left.append(f"{path.relative_to(PROJECT)}:{call.lineno}: with ends its transaction; use closing()")
    assert not left

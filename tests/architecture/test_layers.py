"""Imports go one way, and each third-party library has one owner: the contracts stand in pyproject.toml."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PROGRAM = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def _lint(folder: Path) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, check=False
    )
    return ran.returncode, (ran.stdout + ran.stderr).decode()


def test_contracts_are_kept() -> None:
    status, told = _lint(PROJECT)
    assert status == 0, told


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("core/text.py", "import os"),
        ("core/text.py", "from dealtrack import settings"),
        ("core/text.py", "from dealtrack.register import register"),
        ("sources/platforms.py", "import holidays"),
        ("sources/platforms.py", "from dealtrack.register import register"),
        ("register/journal.py", "import sqlite_utils"),
        ("register/journal.py", "from dealtrack import settings"),
        ("exchange/files.py", "import sqlite3"),
        ("exchange/files.py", "from dealtrack.cli import output"),
        ("cli/output.py", "import rich"),
        ("cli/watch.py", "import sqlite3"),
        ("errors.py", "from dealtrack.core import text"),
    ],
)
def test_contracts_can_be_broken(module: str, line: str, tmp_path: Path) -> None:
    for path in (PROJECT / "dealtrack").rglob("*.py"):
        copy = tmp_path / path.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((PROJECT / "pyproject.toml").read_bytes())
    changed = tmp_path / "dealtrack" / module
    changed.write_text(changed.read_text() + f"\n\n{line}\n")
    status, told = _lint(tmp_path)
    assert status != 0
    assert "BROKEN" in told, told


def test_every_dependency_has_an_owner() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    owned = {
        name
        for contract in project["tool"]["importlinter"]["contracts"]
        for name in contract.get("forbidden_modules", ())
    }
    names = [text.split(">")[0].split("<")[0].strip().replace("-", "_") for text in project["project"]["dependencies"]]
    assert "typer" in names
    # tzdata is data, that the standard library looks for by itself.
    assert {name for name in names if name != "tzdata"} <= owned

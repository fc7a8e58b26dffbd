"""Imports go one way, and each third-party library has one owner: the contracts stand in pyproject.toml."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.conftest import PROJECT

PROGRAM = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


BREACHES = [
    ("core/text.py", "import os", "os"),
    ("core/text.py", "from dealtrack import settings", "dealtrack.settings"),
    ("core/text.py", "from dealtrack.register import register", "dealtrack.register"),
    ("sources/platforms.py", "import holidays", "holidays"),
    ("sources/platforms.py", "from dealtrack.register import register", "dealtrack.register"),
    ("register/journal.py", "import sqlite_utils", "sqlite_utils"),
    ("register/journal.py", "from dealtrack import settings", "dealtrack.settings"),
    ("exchange/files.py", "import sqlite3", "sqlite3"),
    ("exchange/files.py", "from dealtrack.cli import output", "dealtrack.cli"),
    ("cli/output.py", "import rich", "rich"),
    ("cli/watch.py", "import sqlite3", "sqlite3"),
    ("errors.py", "from dealtrack.core import text", "dealtrack.core"),
]


def test_contracts_can_be_broken(tmp_path: Path) -> None:
    """That they are kept is looked at by .ci/run."""
    shutil.copytree(PROJECT / "dealtrack", tmp_path / "dealtrack", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    for module, line, _ in BREACHES:
        with (tmp_path / "dealtrack" / module).open("a", encoding="utf-8") as stream:
            stream.write(f"\n\n{line}\n")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    said = ran.stdout.decode()
    assert ran.returncode != 0, said
    for module, _, imported in BREACHES:
        name = "dealtrack." + module.removesuffix(".py").replace("/", ".")
        assert re.search(rf"{re.escape(name)} -> {re.escape(imported)}\b", said), (module, imported, said)


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

"""Imports go one way, and each third-party library has one owner: the contracts stand in pyproject.toml."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import PROJECT
from tests.sources import modules

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
    ("cli/look.py", "import sqlite3", "sqlite3"),
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


def _module(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _imports(tree: ast.AST) -> Iterator[str]:
    """Yield what a module imports when it runs, inside functions too: each a module, or a name in one."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        yield from _imports(node)


def circles(root: Path) -> set[frozenset[str]]:
    """Return the modules of a package beside `root`'s other files that import one another round about."""
    paths = {_module(path, root): tree for path, tree in modules(root / "dealtrack")}
    below: dict[str, set[str]] = {}
    for name, tree in paths.items():
        found = _imports(tree)
        below[name] = {each if each in paths else each.rpartition(".")[0] for each in found} & paths.keys()

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        left = list(below[start])
        while left:
            name = left.pop()
            if name not in seen:
                seen.add(name)
                left += below[name]
        return seen

    reach = {name: reached(name) for name in paths}
    return {frozenset(other for other in reach[name] if name in reach[other]) for name in paths if name in reach[name]}


def test_no_file_imports_one_that_imports_it_not_even_inside_a_function() -> None:
    assert circles(PROJECT) == set()


def test_a_circle_is_seen_inside_functions_and_over_several_files(tmp_path: Path) -> None:
    package = tmp_path / "dealtrack"
    package.mkdir()
    texts = {
        "low": "def run():\n    from dealtrack import middle\n",
        "middle": "from dealtrack.high import name\n",
        "high": "if TYPE_CHECKING:\n    from dealtrack import top\nfrom dealtrack.low import run\n",
        "top": "from dealtrack import high\n",
    }
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    assert circles(tmp_path) == {frozenset({"dealtrack.low", "dealtrack.middle", "dealtrack.high"})}


def test_every_dependency_has_an_owner() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    owned = {
        name
        for contract in project["tool"]["importlinter"]["contracts"]
        for name in contract.get("forbidden_modules", ())
    }
    names = [text.split(">")[0].split("<")[0].strip().replace("-", "_") for text in project["project"]["dependencies"]]
    assert "typer" in names
    # The one that is imported under another name than it is installed by.
    names[names.index("opencc_python_reimplemented")] = "opencc"
    # tzdata is data, that the standard library looks for by itself.
    assert {name for name in names if name != "tzdata"} <= owned

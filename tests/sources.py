"""The modules of dealtrack and of its tests as syntax trees, for tests of what stands in them: each is parsed once."""

import ast
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "dealtrack"
TESTS = PROJECT / "tests"


@cache
def modules(folder: Path) -> tuple[tuple[Path, ast.Module], ...]:
    """Return the modules in a folder and those below it, sorted by path."""
    parsed = tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(folder.rglob("*.py")))
    # Python would look through all these nodes for rubbish, again and again while other tests run.
    gc.freeze()
    return parsed


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call in dealtrack with its place, as in dealtrack/cli/main.py:12."""
    for path, tree in modules(PACKAGE):
        place = path.relative_to(PROJECT).as_posix()
        yield from ((f"{place}:{node.lineno}", node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_called(call: ast.Call) -> str:
    """Return the name of what is called, without what stands before its last dot; empty where it has none."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")

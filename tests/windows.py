"""Commands run in a process that lacks what Windows lacks, as far as Linux can be brought to it.

Windows itself runs no test of this project. What it has not is read from the stubs of the type checker: attributes of
`os`, `signal` and other modules are removed, modules such as `fcntl` cannot be imported, `sys.platform` says win32.
What it refuses is refused: to open a folder, to remove or replace an open file, to rename over another file, to wait
for the disk through a descriptor that only reads, a name with a colon, a file in the encoding of the system.

`python -m tests.windows` reads the modules that Windows has not, and lists of words, as JSON from its standard input,
runs dealtrack with each, and prints status, output and errors as JSON.
"""

import ast
import io
import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

# What Linux needs itself, and what takes the system's side when it is imported, comes before anything is removed.
EARLY = (
    "asyncio shutil subprocess tempfile threading random uuid sqlite3 zoneinfo getpass platform logging "
    "typer rich.console platformdirs sqlite_utils holidays python_calamine icalendar xlsxwriter jinja2 pygal"
)
STRIPPED = "os signal time select"
BAD_IN_NAMES = frozenset('<>:"|?*')


def _names(body: list[ast.stmt], system: str) -> Iterator[str]:
    """Yield the names that a stub defines on a system."""
    for node in body:
        if isinstance(node, ast.If):
            known = {"sys": SimpleNamespace(platform=system, version_info=sys.version_info), "TYPE_CHECKING": True}
            is_so = eval(compile(ast.Expression(node.test), "stub", "eval"), known)
            yield from _names(node.body if is_so else node.orelse, system)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    yield target.id


def _stub(name: str) -> list[ast.stmt]:
    """Return what the type checker's stub of a module holds; nothing where no system is named in it."""
    import mypy

    place = Path(next(iter(mypy.__path__))) / "typeshed" / "stdlib"
    path = next(path for path in (place / f"{name}.pyi", place / name / "__init__.pyi") if path.exists())
    text = path.read_text(encoding="utf-8")
    return ast.parse(text).body if "sys.platform" in text else []


def lacking(name: str) -> set[str]:
    """Return what a module of Python has on Linux and not on Windows, by the type checker's stubs."""
    body = _stub(name)
    return set(_names(body, "linux")) - set(_names(body, "win32"))


@cache
def missing_modules() -> frozenset[str]:
    """Return the modules of Python that Windows has not."""
    found = set()
    for name in sys.stdlib_module_names:
        with suppress(StopIteration):
            body = _stub(name)
            here, there = ({*_names(body, system)} for system in ("linux", "win32"))
            if len(here) > 3 and len(there) <= 3:
                found.add(name)
    return frozenset(found - {"posix", "_posixsubprocess"})


def _strip(module: ModuleType, names: set[str]) -> None:
    for name in names & set(dir(module)):
        delattr(module, name)


def _is_open(path: Any, fds: Path = Path("/proc/self/fd")) -> bool:
    place = os.path.realpath(path)
    with suppress(OSError):
        for fd in list(fds.iterdir()):
            with suppress(OSError):
                if str(fd.readlink()) == place:
                    return True
    return False


def _is_proc(path: Any) -> bool:
    return str(path).startswith("/proc/")


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what Windows refuses, before it is done."""
    if event == "open" and _is_proc(arguments[0]):
        raise FileNotFoundError(2, "No such file or directory", arguments[0])
    if event in ("open", "os.mkdir", "os.link", "os.rename"):
        for path in arguments[:2] if event in ("os.link", "os.rename") else arguments[:1]:
            if isinstance(path, (str, os.PathLike)) and BAD_IN_NAMES & set(Path(path).name):
                raise OSError(22, "Invalid argument", os.fspath(path))
    if event in ("os.remove", "os.rename"):
        for path in arguments[: 2 if event == "os.rename" else 1]:
            if _is_open(path):
                raise PermissionError(13, "Permission denied", os.fspath(path))


def become_windows(missing: Sequence[str]) -> None:
    """Take away what Windows lacks from this process, for good; of modules those that are named."""
    for name in EARLY.split():
        import_module(name)
    import fcntl
    import shutil
    import subprocess
    import tempfile
    import zoneinfo

    opened, renamed, synced, wrote, read = os.open, os.rename, os.fsync, os.write, os.read
    texts: set[int] = set()

    def open_(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is not None:
            raise NotImplementedError("dir_fd unavailable on this platform")
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied", os.fspath(path))
        handle = opened(path, flags, mode)
        (texts.discard if flags & os.O_BINARY else texts.add)(handle)  # type: ignore[attr-defined]
        return handle

    def rename(source: Any, target: Any, **folders: int | None) -> None:
        if any(folder is not None for folder in folders.values()):
            raise NotImplementedError("dir_fd unavailable on this platform")
        if os.path.lexists(target):
            raise FileExistsError(17, "File exists", os.fspath(target))
        renamed(source, target)

    def fsync(handle: int) -> None:
        if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE_ == os.O_RDONLY:  # type: ignore[attr-defined]
            raise OSError(9, "Bad file descriptor")
        synced(handle)

    def check_bytes(handle: int) -> None:
        is_ours = sys._getframe(2).f_globals["__name__"].startswith("dealtrack")
        assert not is_ours or handle not in texts, "Windows would change the ends of lines"

    def write(handle: int, data: bytes) -> int:
        check_bytes(handle)
        return wrote(handle, data)

    def read_(handle: int, size: int) -> bytes:
        check_bytes(handle)
        return read(handle, size)

    accmode = os.O_ACCMODE
    for name in STRIPPED.split():
        _strip(sys.modules[name], lacking(name))
    for name in missing:
        sys.modules[name] = None  # type: ignore[assignment]
    os.O_ACCMODE_ = accmode  # type: ignore[attr-defined]
    os.O_BINARY = 0o100000  # type: ignore[attr-defined]
    os.open, os.rename, os.fsync, os.write, os.read = open_, rename, fsync, write, read_  # type: ignore[assignment]
    os.chmod = lambda *_, **__: None
    for held in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        held.clear()
    vars(shutil)["_use_fd_functions"] = False
    # Or 3.13 looks for what this takes away, for a child whose descriptors are to be closed.
    vars(subprocess)["_USE_POSIX_SPAWN"] = False
    tempfile.TemporaryFile = tempfile.NamedTemporaryFile  # type: ignore[assignment]
    zoneinfo.reset_tzpath(to=[])
    path_exists, exists = Path.exists, os.path.exists
    Path.exists = lambda self, **how: not _is_proc(self) and path_exists(self, **how)  # type: ignore[method-assign]
    os.path.exists = lambda path: not _is_proc(path) and exists(path)
    sys.platform = "win32"
    warnings.filterwarnings("error", category=EncodingWarning, module=r"dealtrack\b")
    sys.addaudithook(_refuse)


def _run(words: list[str]) -> dict[str, Any]:
    from dealtrack.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(words)
    return {"status": status, "out": out.getvalue(), "err": err.getvalue()}


if __name__ == "__main__":
    missing, commands = json.load(sys.stdin)
    become_windows(missing)
    assert not any(name.partition(".")[0] == "dealtrack" for name in sys.modules)
    print(json.dumps([_run(words) for words in commands]))

"""Every line that a page, the help or a message gives to install something is run, in a copy of the clone."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from dealtrack import __version__
from dealtrack.errors import MissingExtra
from tests import pages, translations
from tests.conftest import IS_LONG, PROJECT

INSTALL = re.compile(r"(?:[\w./-]*/)?(?:pipx?|uv tool) install\b[^`\n。&]*")
EXTRAS = {
    "board": ("textual",),
    "letters": ("docxtpl", "jinja2"),
    "postgres": ("psycopg2",),
    "report": ("pygal", "jinja2"),
}
SERVER_PROGRAMS = "/opt/dealtrack/bin/"
"""Where the guide puts the programs of a server; here those of the clone are used."""

RUN_ELSEWHERE = ("set-up", "test", "server-program", "wheel")
"""The blocks of README.md that `.ci/run` runs, in a fresh clone with every Python, and those of tests of their own."""

VERSION = f"dealtrack {__version__}\n"


@cache
def _lines() -> list[str]:
    """Return the command lines that install something, without those of the blocks that are run elsewhere."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages.PAGES)
    for block in RUN_ELSEWHERE:
        text = text.replace(pages.marked(block), "")
    fences = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    texts = fences.findall(text)
    # A line may be broken where the text is filled.
    texts += (code.replace("\n", " ") for code in re.findall(r"`([^`]+)`", fences.sub("", text)))
    texts += (message.text for message in translations.messages())
    for language in translations.LANGUAGES:
        for message in translations.read_catalogue(language):
            texts += [message.string] if isinstance(message.string, str) else list(message.string or ())
    found = {re.sub(r"(?<=')\.$", "", line) for text in texts for line in INSTALL.findall(text)}
    return sorted({line.replace("{extra}", extra) for line in found for extra in EXTRAS})


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Make a copy of the clone, with an environment, and pipx and uv in another one."""
    folder = tmp_path
    clone, kept = folder / "clone", ("dealtrack", "data", ".ci", "pyproject.toml", "README.md", "LICENSE")
    clone.mkdir()
    for name in kept:
        place = PROJECT / name
        if place.is_dir():
            shutil.copytree(place, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, clone / name)
    for place in (clone / ".venv", folder / "pipx"):
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
    _run(clone, f"{shlex.quote(str(folder / 'pipx' / 'bin' / 'pip'))} install --quiet pipx uv")
    return clone


def _run(clone: Path, command: str) -> str:
    folder = clone.parent
    inside = {
        "PATH": f"{clone / '.venv' / 'bin'}:{folder / 'pipx' / 'bin'}:/usr/bin:/bin",
        "PIPX_HOME": str(folder / "pipx-home"),
        "PIPX_BIN_DIR": str(folder / "pipx-bin"),
        "UV_TOOL_DIR": str(folder / "uv-home"),
        "UV_TOOL_BIN_DIR": str(folder / "uv-bin"),
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "DEALTRACK_HOME": str(folder / "home"),
    }
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ran = subprocess.run(
        ["/bin/sh", "-c", command], cwd=clone, env=outside | inside, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=600,
    )  # fmt: skip
    assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def test_no_line_installs_what_bears_the_name_on_an_index() -> None:
    places = [PROJECT / name for name in ("README.md", "CHANGELOG.md", "pyproject.toml", ".ci/run")]
    places += [path for name in ("dealtrack", "data") for path in (PROJECT / name).rglob("*") if path.suffix != ".mo"]
    for place in places:
        if place.is_file() and place.suffix not in (".pyc", ".mo"):
            text = place.read_text(encoding="utf-8", errors="replace")
            assert not re.search(r"dealtrack\[\w|pipx? install[^`\n&]* ['\"]?dealtrack\b(?![/-])", text), place
    assert len(_lines()) >= 6, _lines()
    for extra in EXTRAS:
        assert any(f"[{extra}]" in line for line in _lines())
        assert f"pip install '.[{extra}]'" in MissingExtra(what="x", package="y", extra=extra).message()


@pytest.mark.skipif(not IS_LONG, reason="it takes minutes, and is run with DEALTRACK_TESTS=long, as in .ci/run")
def test_every_line_that_installs_something_does(clone: Path) -> None:
    # One test: making the environment takes longest, and each worker would make its own.
    for line in _lines():
        modules = [module for extra in EXTRAS for module in EXTRAS[extra] if re.search(rf"\[[\w,]*\b{extra}\b", line)]
        _uninstall(clone, *modules)
        _run(clone, line.removeprefix(SERVER_PROGRAMS))
        if not line.split()[0].endswith("pip"):
            program = shlex.quote(str(clone.parent / f"{line.split()[0]}-bin" / "dealtrack"))
            assert _run(clone, f"cd / && {program} --version") == VERSION
        elif modules:
            assert _run(clone, "cd / && dealtrack --version") == VERSION
            _run(clone, f"python -c 'import {', '.join(modules)}'")
    _uninstall(clone, "dealtrack", *EXTRAS["board"], *EXTRAS["report"])
    # It is built with the environment of the tests.
    block = pages.marked("wheel").replace(".venv/bin/python", shlex.quote(sys.executable))
    _run(clone, f"set -e\n{block}")
    assert _run(clone, "cd / && dealtrack --version") == VERSION
    _run(clone, "python -c 'import textual, pygal, jinja2'")


def _uninstall(clone: Path, *names: str) -> None:
    if names:
        _run(clone, f"python -m pip uninstall --quiet --yes {' '.join(names)}")

"""The Pythons of this machine, by which `.ci/run` runs a part of the suite; `python -m tests.pythons` lists the further.

They stand in `/usr/bin`, `/usr/local/bin` and in the versions of pyenv. What pyenv puts on the path (its shims) runs one
of those, or fails, and is left out.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

OLDEST = (3, 11)
FEWEST = 3
"""How many further Pythons a machine of the kind that develops dealtrack has: Debian, with pyenv."""

_ASK = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(getattr(sys, 'base_prefix', sys.prefix))"


class Python(NamedTuple):
    """An interpreter: its program, its version and where its library lies."""

    program: Path
    version: tuple[int, ...]
    prefix: Path

    @property
    def release(self) -> str:
        """Return its version as text."""
        return ".".join(map(str, self.version))


def pyenv_folders() -> list[Path]:
    """Return the folders of pyenv: named by the environment, by pyenv or by where a Python lies."""
    named = [os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv")]
    if shutil.which("pyenv"):
        ran = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False)
        named.append(ran.stdout.strip())
    on_path = [shutil.which(name) for name in ("python3", "python")]
    for place in (Path(sys.base_prefix), *(Path(program).resolve() for program in on_path if program)):
        for folder in (place, *place.parents):
            if folder.name in ("versions", "shims"):
                named.append(str(folder.parent))
    folders = {Path(name).resolve() for name in named if name}
    return sorted(folder for folder in folders if (folder / "versions").is_dir())


def _programs() -> Iterator[Path]:
    folders = [Path("/usr/bin"), Path("/usr/local/bin")]
    for pyenv in pyenv_folders():
        folders += sorted(path / "bin" for path in (pyenv / "versions").iterdir())
    for folder in folders:
        for path in sorted(folder.glob("python*"), key=lambda path: (path.name != "python3", path.name)):
            if re.fullmatch(r"python([23](\.\d+)?)?", path.name):
                yield path


@cache
def pythons() -> tuple[Python, ...]:
    """Return each Python of this machine once, the oldest first; what cannot be run is left out."""
    found: dict[Path, Python] = {}
    for program in _programs():
        with suppress(OSError, ValueError, subprocess.SubprocessError):
            ran = subprocess.run(
                [program, "-E", "-c", _ASK],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
                stdin=subprocess.DEVNULL,
            )
            version, prefix = ran.stdout.splitlines()
            place = Path(prefix).resolve()
            # In /usr several stand beside one another.
            key = place / version
            found.setdefault(key, Python(program, tuple(map(int, version.split("."))), place))
    return tuple(sorted(found.values(), key=lambda python: (python.version, python.program)))


def further() -> list[Python]:
    """Return the Pythons that dealtrack runs by, that which runs this aside."""
    own = (sys.version_info[:3], Path(sys.base_prefix).resolve())
    return [python for python in pythons() if python.version >= OLDEST and (python.version, python.prefix) != own]


if __name__ == "__main__":
    others = further()
    for other in others:
        print(other.program, other.release, sep="\t")
    if len(others) < FEWEST and Path("/etc/debian_version").exists() and pyenv_folders():
        sys.exit(f"tests.pythons: {len(others)} further Pythons from 3.11 on were found, fewer than {FEWEST}")

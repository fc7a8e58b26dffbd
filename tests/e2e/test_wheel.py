"""The wheel holds all that dealtrack needs: built, installed with its dependencies in an empty environment, run."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from dealtrack import __version__
from tests.conftest import IS_LONG, PROJECT


def _run(command: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> str:
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "build", "--wheel", "--outdir", folder, PROJECT], folder, dict(os.environ))
    (built,) = folder.glob("dealtrack-*.whl")
    return built


def test_wheel_holds_the_package_and_its_data_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        names = held.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"dealtrack", f"dealtrack-{__version__}.dist-info"}
    for path in (PROJECT / "data").rglob("*"):
        if path.is_file():
            assert f"dealtrack/{path.relative_to(PROJECT).as_posix()}" in names
    for path in (PROJECT / "dealtrack" / "help").glob("*/*.*"):
        assert path.relative_to(PROJECT).as_posix() in names
    assert {f"dealtrack/cli/completion.{shell}" for shell in ("bash", "zsh", "fish")} <= set(names)
    assert "dealtrack/locale/zh_CN/LC_MESSAGES/dealtrack.mo" in names
    assert {f"dealtrack/reports/page/page.{kind}" for kind in ("html", "css", "js")} <= set(names)
    assert not [name for name in names if name.endswith((".db", ".pyc"))]


def test_wheel_runs_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    # A full installation in a long run: the dependencies come from the index, by the bounds in pyproject.toml.
    # Otherwise they are those of the tests.
    away = tmp_path / "away"
    away.mkdir()
    environment = tmp_path / "environment"
    _run([sys.executable, "-m", "venv", "--without-pip", environment], away, dict(os.environ))
    python = environment / "bin" / "python"
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    # This pip, as one of its own takes seconds to be unpacked.
    pip = (sys.executable, "-m", "pip", "--python", python)
    _run([*pip, "install", "--quiet", "--no-compile", *([] if IS_LONG else ["--no-deps"]), wheel], away, outside)
    if not IS_LONG:
        (site,) = environment.glob("lib/python*/site-packages")
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(away), "DEALTRACK_NOW": "2016-11-15T09:00:00+08:00"}

    def dealtrack(*words: str) -> str:
        return _run([environment / "bin" / "dealtrack", *words], away, clean)

    place = _run([python, "-c", "import dealtrack; print(dealtrack.__file__)"], away, clean)
    assert Path(place.strip()).is_relative_to(environment)

    assert dealtrack("--version") == f"dealtrack {__version__}\n"
    answer = json.loads(dealtrack("calendar", "next", "2", "--from", "2016-09-30", "--format", "json"))
    assert answer["due"] == "2016-10-09"
    assert answer["provisional"] is False
    policies = {json.loads(line)["name"] for line in dealtrack("policy", "list", "--format", "jsonl").splitlines()}
    assert {"green-channel", "uk-foi", "samr-complaint"} <= policies

    assert "工作日" in dealtrack("--lang", "zh", "calendar", "next", "2", "--from", "2016-09-30")

    # The user's own register, in the user's own folder.
    dealtrack("init")
    (register,) = away.rglob("register.db")
    assert register.stat().st_mode & 0o777 == 0o600
    sample = next(environment.rglob("double-eleven-2016.csv"))
    assert "300 added" in _run(
        [environment / "bin" / "dealtrack", "import", sample],
        away,
        {**clean, "DEALTRACK_NOW": "2016-11-21T09:00:00+08:00"},
    )
    assert len(dealtrack("overdue", "--as-of", "2016-11-15 09:00").splitlines()) == 14
    assert "journal intact" in dealtrack("verify")

"""What a release is installed with is pinned by version and hash, all that pyproject.toml asks for."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.version import Version

from tests.conftest import PROJECT

LOCK = PROJECT / ".ci" / "requirements.lock"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned_with_its_hashes() -> None:
    text = LOCK.read_text()
    pinned = {_plain(name): Version(version) for name, version, _ in PINNED.findall(text)}
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(pinned)
    with (PROJECT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    extras = project["optional-dependencies"]
    for line in (*project["dependencies"], *extras["board"], *extras["letters"], *extras["report"]):
        wanted = Requirement(line)
        assert _plain(wanted.name) in pinned, f"{wanted.name} is not in {LOCK.name}: write it anew, as README.md says"
        assert pinned[_plain(wanted.name)] in wanted.specifier, f"{LOCK.name} pins another {wanted.name}"

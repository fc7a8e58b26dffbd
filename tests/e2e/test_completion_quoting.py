"""Names of strangers on a command line: completed by a real shell, they are its words and never its commands."""

import csv
import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealtrack.cli.completion import for_bash, quoting
from tests.conftest import PROJECT, Clerk

HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "';touch pwned;'",
    "';touch pwned;: 'y",
    '";touch pwned;"',
    '"$(touch pwned)"',
    "'$(touch pwned)'",
    "\\$(touch pwned)",
    "\\';touch pwned;\\'",
    ";touch pwned",
    "&&touch pwned",
    "|touch pwned",
    ">pwned",
    "<(touch pwned)",
    "=(touch pwned)",
    "(touch pwned)",
    "${x:-$(touch pwned)}",
    "!touch pwned",
    "!!",
    "*?[a]{b,c}~#",
    "%s:a:b\\:c",
    "京$(touch pwned)东`touch pwned`",
    "^a^b$((1))",
    "\\",
)
MARKS = [f"N{place:02}" for place in range(len(HOSTILE))]
QUOTES = ("", '"', "'")
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
RECORDER = """\
#!/bin/sh
if [ "${{_DEALTRACK_COMPLETE+x}}" ]; then
    PYTHONPATH={project} {python} -m dealtrack "$@"
    printf x >>{asked}
    exit
fi
{{
    for word in "$@"; do printf '%s\\0' "$word"; done
    echo
}} >>{told}
"""


class Shell:
    """A shell on a terminal, to which keys are typed."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str], asked: Path) -> None:
        self.screen = ""
        self._asked = asked
        self._ours, theirs = pty.openpty()
        # The terminal is to be the shell's own: fish runs on no other.
        command = ["setsid", "--ctty", "--wait", *SHELLS[name]]
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment
        )
        os.close(theirs)
        self.settle(1.0)

    def type(self, keys: str, quiet: float = 0.5) -> None:
        """Type keys and wait until nothing more comes."""
        os.write(self._ours, keys.encode())
        self.settle(quiet)

    def type_until(self, keys: str, grows: Path, patience: float) -> None:
        """Type keys and wait until a file has grown."""
        before = grows.stat().st_size
        os.write(self._ours, keys.encode())
        until = time.monotonic() + patience
        while grows.stat().st_size == before and time.monotonic() < until:
            self.settle(0.01)

    def complete(self, line: str, patience: float) -> None:
        """Type a line and the Tab key, and wait until dealtrack has been asked, and nothing more comes."""
        self.type_until(f"{line}\t", self._asked, patience)
        self.settle(0.05 * patience)

    def settle(self, quiet: float) -> None:
        """Read until nothing has come for a while."""
        until = time.monotonic() + 20
        while time.monotonic() < until and select.select([self._ours], [], [], quiet)[0]:
            try:
                self.screen += os.read(self._ours, 65536).decode(errors="replace")
            except OSError:
                return

    def end(self) -> None:
        """End the shell."""
        os.close(self._ours)
        self._process.kill()
        self._process.wait()


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, clerk: Clerk, tmp_path: Path) -> Iterator[tuple[str, Shell, Path]]:
    """Give a shell in a folder of its own, that completes by a register with hostile platforms; and what it is told."""
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed here")
    rows = tmp_path / "rows.csv"
    with rows.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [
                ("platform", "received"),
                *((f"{mark}{text}", "2016-11-01") for mark, text in zip(MARKS, HOSTILE, strict=True)),
            ]
        )
    clerk("import", rows).ok()
    folder, programs, told, asked = (tmp_path / place for place in ("here", "bin", "told", "asked"))
    folder.mkdir()
    programs.mkdir()
    told.touch()
    asked.touch()
    program = programs / "dealtrack"
    places = {"python": sys.executable, "project": PROJECT, "told": told, "asked": asked}
    program.write_text(RECORDER.format(**{name: shlex.quote(str(place)) for name, place in places.items()}))
    program.chmod(0o755)
    script = tmp_path / "script"
    script.write_text(clerk("completion", name).ok())
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8",
                   **clerk.environment()}  # fmt: skip
    held = Shell(name, folder, environment, asked)
    held.type(f"source {script}\r", 1.0)
    held.complete("dealtrack lis", 10)
    held.type("\x03\r", 0.3)
    yield name, held, told
    held.end()


def test_hostile_names_are_words(shell: tuple[str, Shell, Path]) -> None:
    name, typed, told = shell
    folder = told.parent / "here"
    wrong = []
    for mark, text in zip(MARKS, HOSTILE, strict=True):
        for quote in QUOTES:
            # A busy machine may take longer to answer than the keys wait for.
            for patience in (1, 5, 20):
                before = len(told.read_bytes())
                typed.complete(f"dealtrack list --platform {quote}{mark}", patience)
                typed.type_until("\r", told, 0.2 * patience)
                assert not (folder / "pwned").exists(), (name, quote, text, typed.screen[-2000:])
                words = told.read_bytes()[before:].decode().split("\0")
                if words[:3] == ["list", "--platform", f"{mark}{text}"]:
                    break
                # An open quote, or another line to come.
                typed.type("\x03\r", 0.3)
            else:
                wrong.append((quote, text, words))
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [], typed.screen[-2000:]
    assert not wrong, (name, wrong, typed.screen[-1000:])


def test_several_names_in_common_are_no_commands(shell: tuple[str, Shell, Path]) -> None:
    name, typed, told = shell
    for quote in QUOTES:
        for _ in range(2):
            typed.type(f"dealtrack list --platform {quote}N\t\t\t", 0.6)
            typed.type("\x03", 0.2)
            typed.type(f"dealtrack list --platform={quote}N0\t\t\r", 0.6)
            typed.type("\x03\r", 0.2)
    assert not (told.parent / "here" / "pwned").exists(), (name, typed.screen[-2000:])


@pytest.mark.parametrize(
    ("raw", "quote"),
    [
        ("", ""), ("Zh", ""), ("Zh\\'", ""), ('"Zh', '"'), ("'Zh", "'"), ('"Zh\\"', '"'), ("'Zh\\", "'"), ('"', '"'),
        ('"Zh"', None), ('"Zh"o', None), ('Zh"o', None), ("Zh'o", None), ("'Zh'o", None), ("'Zh\\'", None),
    ],
)  # fmt: skip
def test_quotes_are_seen_as_bash_sees_them(raw: str, quote: str | None) -> None:
    assert quoting(raw) == quote


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize("text", HOSTILE)
def test_bash_takes_what_is_offered_for_itself(text: str, quote: str, tmp_path: Path) -> None:
    # Without a terminal an exclamation mark calls nothing up, and what stands for it is read the same.
    told = for_bash(text, quote)
    line = f"printf %s {quote}{told}{quote if not told.endswith(quote) else ''}"
    ran = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, check=True)
    assert ran.stdout.decode() == text and list(tmp_path.iterdir()) == []


def test_a_shell_that_reads_gbk_is_offered_ascii_alone(clerk: Clerk) -> None:
    # To it a backslash behind half a character is a part of that character.
    line = "dealtrack list --platform 天\0 \t\n\"'><=;|&(:\0".encode()

    def offered(lang: str) -> str:
        return clerk.process(stdin=line, LC_ALL=lang, _DEALTRACK_COMPLETE="bash").ok()

    assert [offered(lang) for lang in ("zh_CN.GBK", "zh_CN", "zh_TW.Big5")] == [""] * 3
    assert [offered(lang) for lang in ("zh_CN.UTF-8", "zh_CN.utf8", "C")] == ["天猫\n"] * 3


def test_the_words_of_the_line_are_in_no_argument(clerk: Clerk) -> None:
    for name in SHELLS:
        script = clerk("completion", name).ok()
        (asking,) = [line for line in script.splitlines() if "_DEALTRACK_COMPLETE" in line]
        assert "printf '%s\\0'" in asking and asking.index("|") < asking.index("_DEALTRACK_COMPLETE")

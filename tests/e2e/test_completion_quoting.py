"""Names of strangers on a command line: completed by a real shell, they are its words and never its commands."""

import csv
import fcntl
import os
import pty
import select
import shlex
import shutil
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealtrack.cli.completion import for_bash, quoting
from tests.conftest import Clerk
from tests.processes import write_program
from tests.registers import copy_register, new_place

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
    {program} "$@"
    printf x >>{asked}
    exit
fi
{{
    for word in "$@"; do printf '%s\\0' "$word"; done
    echo
}} >>{told}
"""


class Shell:
    """A shell on a terminal, to which keys are typed; it completes by a register with hostile platforms.

    `told` holds the words of the commands that it has run, `folder` whatever these have made.
    """

    def __init__(self, name: str, place: Path, clerk: Clerk) -> None:
        self.name, self.screen = name, ""
        self.folder, programs, self.told, self._asked = (place / each for each in ("here", "bin", "told", "asked"))
        for made in (self.folder, programs):
            made.mkdir()
        for written in (self.told, self._asked):
            written.touch()
        recorder = programs / "dealtrack"
        # That a shell starts dealtrack itself is shown in tests/e2e/test_completion.py.
        places = {"program": write_program(place), "told": self.told, "asked": self._asked}
        recorder.write_text(RECORDER.format(**{name: shlex.quote(str(place)) for name, place in places.items()}))
        recorder.chmod(0o755)
        script = place / "script"
        script.write_text(clerk("completion", name).ok())
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(self.folder), "TERM": "xterm",
                       "LANG": "C.UTF-8", **clerk.environment()}  # fmt: skip
        self._ours, theirs = pty.openpty()
        # A list of all the names fits, and no pager asks for more.
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
        # The terminal is to be the shell's own: fish runs on no other.
        command = ["setsid", "--ctty", "--wait", *SHELLS[name]]
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.folder, env=environment
        )
        os.close(theirs)
        self.run(f"source {shlex.quote(str(script))}; dealtrack ready", 20)
        # Its first completion loads what it completes with.
        self.complete("dealtrack lis", 20, 0.3)
        self.give_up()

    def type(self, keys: str, quiet: float) -> None:
        """Type keys and wait until nothing more comes."""
        os.write(self._ours, keys.encode())
        self.settle(quiet)

    def _type_until(self, keys: str, grows: Path, patience: float) -> None:
        """Type keys and wait until a file has grown."""
        before = grows.stat().st_size
        os.write(self._ours, keys.encode())
        until = time.monotonic() + patience
        while grows.stat().st_size == before and time.monotonic() < until:
            self.settle(0.005)

    def run(self, line: str, patience: float) -> list[str]:
        """Type a line and the Enter key, wait until it has run dealtrack, and return the words that this was given."""
        before = self.told.stat().st_size
        self._type_until(f"{line}\r", self.told, patience)
        return self.told.read_bytes()[before:].decode().split("\0")[:-1]

    def complete(self, line: str, patience: float, quiet: float) -> None:
        """Type a line that ends in the Tab key, and wait until dealtrack has been asked, and nothing more comes."""
        self._type_until(f"{line}\t", self._asked, patience)
        self.settle(quiet)

    def give_up(self) -> None:
        """Leave the line that is typed, with its open quote or its menu, until a command of a line of its own has run."""
        for _ in range(20):
            self.type("\x03", 0.03)
            if self.run("dealtrack ready", 0.5) == ["ready"]:
                return
        raise TimeoutError(self.screen[-2000:])

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


@pytest.fixture(scope="module", params=SHELLS)
def shell(
    request: pytest.FixtureRequest, made_register: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    """Give a shell in a folder of its own."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed here")
    place = tmp_path_factory.mktemp(request.param)
    clerk = Clerk(place / "home", new_place(place))
    copy_register(made_register, clerk.address)
    rows = place / "rows.csv"
    with rows.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [
                ("platform", "received"),
                *((f"{mark}{text}", "2016-11-01") for mark, text in zip(MARKS, HOSTILE, strict=True)),
            ]
        )
    clerk("import", rows).ok()
    made = Shell(request.param, place, clerk)
    yield made
    made.end()


def test_hostile_names_are_words(shell: Shell) -> None:
    wrong = []
    for mark, text in zip(MARKS, HOSTILE, strict=True):
        for quote in QUOTES:
            # A busy machine may take longer to answer than the keys wait for.
            for patience in (1, 5, 20):
                shell.complete(f"dealtrack list --platform {quote}{mark}", patience, 0.05 * patience)
                words = shell.run("", 0.2 * patience)
                assert not (shell.folder / "pwned").exists(), (shell.name, quote, text, shell.screen[-2000:])
                if words[:3] == ["list", "--platform", f"{mark}{text}"]:
                    break
                # An open quote, or another line to come.
                shell.give_up()
            else:
                wrong.append((quote, text, words))
    made = sorted(path.name for path in shell.folder.iterdir() if not path.name.startswith("."))
    assert made == [], shell.screen[-2000:]
    assert not wrong, (shell.name, wrong, shell.screen[-1000:])


def test_several_names_in_common_are_no_commands(shell: Shell) -> None:
    for quote in QUOTES:
        for _ in range(2):
            shell.complete(f"dealtrack list --platform {quote}N", 20, 0.1)
            # What they have in common is there: these list them, and choose among them.
            shell.type("\t\t", 0.1)
            shell.give_up()
            shell.complete(f"dealtrack list --platform={quote}N0", 20, 0.1)
            shell.type("\t\r", 0.1)
            shell.give_up()
    assert not (shell.folder / "pwned").exists(), (shell.name, shell.screen[-2000:])


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

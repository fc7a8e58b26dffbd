"""The pages that tell how dealtrack is used, and what their outputs are made with: cog blocks call these functions.

Commands run as a reader would type them, on a terminal of 80 columns, in a folder of their own, at a given moment.
`python -m tests.pages` makes the outputs of all pages anew; with `--check` it says which are not as they would be made.
"""

import atexit
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cogapp import Cog

from dealtrack.cli.commands import all_commands
from dealtrack.cli.help import TOPICS
from tests import processes
from tests.terminal import Terminal

PROJECT = Path(__file__).parent.parent
README = PROJECT / "README.md"
GUIDES = {language: PROJECT / "dealtrack" / "help" / language for language in ("en", "zh")}
"""The folder of the guides in each language."""

WIDTH = 80
SHELL_SIGNS = frozenset("$&|;<>*?()`\\~#!{}[]\n")


def guide(topic: str, language: str = "en") -> Path:
    """Return the file of a guide."""
    return GUIDES[language] / f"{topic}.md"


ENGLISH = (README, *map(guide, TOPICS))
"""What an English reader has."""

PAGES = (*ENGLISH, *(guide(topic, "zh") for topic in TOPICS), PROJECT / "tests" / "faults" / "README.md")
"""The pages whose outputs are made."""

SAMPLES: dict[tuple[str, ...], bytes] = {}
"""The registers of the sample that were made, by what their entries depend on."""


class Desk:
    """A folder with a register of its own, at which commands are typed on a given day."""

    def __init__(self, day: str, offset: str = "+08:00", language: str = "en") -> None:
        self._day, self._offset = day, offset
        held = TemporaryDirectory(prefix="desk")
        atexit.register(held.cleanup)
        self.folder = Path(held.name) / "desk"
        self.folder.mkdir()
        (self.folder / "data").symlink_to(PROJECT / "data")
        programs = Path(held.name) / "bin"
        programs.mkdir()
        processes.write_program(programs)
        self.environment = {
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "TERM": "xterm",
            "NO_COLOR": "1",
            "DEALTRACK_HOME": str(self.folder),
            "DEALTRACK_DB": "register.db",
            "DEALTRACK_ACTOR": "clerk" if language == "en" else "李工",
            "DEALTRACK_LANG": language,
        }

    def on(self, day: str) -> "Desk":
        """Return this desk on another day."""
        other = copy(self)
        other._day = day
        return other

    def run(self, command: str, at: str = "09:00") -> tuple[int, str]:
        """Run a command line on a terminal; return its status and all that it printed, in order."""
        environment = {**self.environment, "DEALTRACK_NOW": f"{self._day}T{at}:00{self._offset}"}
        # What needs no shell is run without one.
        is_plain = command.startswith("dealtrack ") and not SHELL_SIGNS.intersection(command)
        words, shell = (shlex.split(command)[1:], "") if is_plain else ([], command)
        with Terminal(words, environment, self.folder, WIDTH, is_asked=False, shell=shell) as terminal:
            status, text = terminal.end(), terminal.screen
        return status, "".join(f"{line.rstrip()}\n" for line in text.splitlines())

    def quietly(self, *commands: str, at: str = "09:00") -> None:
        """Run commands that must succeed, and print nothing."""
        for command in commands:
            status, text = self.run(command, at)
            if status != 0:
                raise RuntimeError(f"exit status {status}: {command}\n{text}")

    def sample(self, at: str = "08:00") -> None:
        """Make a register of the sample, once for all desks of a day, a clerk and a language."""
        key = (self._day, self._offset, at, self.environment["DEALTRACK_ACTOR"], self.environment["DEALTRACK_LANG"])
        register = self.folder / self.environment["DEALTRACK_DB"]
        if key not in SAMPLES:
            self.quietly("dealtrack init", "dealtrack import data/samples/double-eleven-2016.csv", at=at)
            SAMPLES[key] = register.read_bytes()
        register.write_bytes(SAMPLES[key])
        register.chmod(0o600)

    def show(self, at: str, *commands: str) -> None:
        """Run commands that must succeed, and print each with what it printed."""
        told = []
        for command in commands:
            status, text = self.run(command, at)
            if status != 0:
                raise RuntimeError(f"exit status {status}: {command}\n{text}")
            told.append(f"$ {command}\n{text}")
        print(f"```console\n{''.join(told)}```")

    def board(self, at: str, width: int = 80, height: int = 20) -> None:
        """Print the board as it stands on a terminal of this size."""
        import asyncio
        from datetime import UTC, datetime

        from dealtrack.cli.board.app import Board
        from dealtrack.cli.board.feed import Feed
        from dealtrack.cli.language import choose_language
        from dealtrack.register.queries import Filter

        now = datetime.fromisoformat(f"{self._day}T{at}:00{self._offset}").astimezone(UTC)

        async def screen() -> str:
            with Feed(self.folder / "register.db", Filter(statuses=("open",)), lambda: now) as feed:
                async with Board(feed, "clerk").run_test(size=(width, height)) as pilot:
                    await pilot.pause()
                    strips = pilot.app.screen._compositor.render_strips()
                    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)

        choose_language("", self.environment)
        print(f"```text\n{asyncio.run(screen())}```")

    def checked(self, *commands: str) -> None:
        """Print commands whose output differs each time; run those whose program this machine has."""
        print("```console")
        for command in commands:
            print(f"$ {command}")
            if shutil.which(command.split()[0], path=self.environment["PATH"]):
                self.quietly(command)
        print("```")


def marked(name: str, pages: Iterable[Path] = ENGLISH) -> str:
    """Return the text of the code block that stands under a marker in one of these pages."""
    block = re.compile(rf"^<!-- {re.escape(name)} -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for page in pages:
        if found := block.search(page.read_text(encoding="utf-8")):
            return found[1]
    raise LookupError(f"no page has a code block under <!-- {name} -->")


def set_up_output() -> None:
    """Print what the commands of the set-up print, once the environment is made."""
    words = marked("set-up").replace("\\\n", " ").replace("\n", " ")
    steps = [step.strip() for step in words.split("&&")]
    ours = [step.replace(".venv/bin/", "") for step in steps if not re.search(r"-m venv|/pip |-m compileall", step)]
    desk = Desk("2016-11-21")
    status, text = desk.run(" && ".join(ours))
    if status != 0:
        raise RuntimeError(f"exit status {status}: {ours}\n{text}")
    print(f"```text\n{text}```")


def commands() -> Iterator[tuple[str, Any]]:
    """Yield the name of each command, as typed, and the command."""
    for _section, name, command in all_commands():
        yield name, command


def options(command: Any) -> list[Any]:
    """Return the options of a command, without --help."""
    return [param for param in command.params if param.param_type_name == "option"]


def arguments(command: Any) -> list[Any]:
    """Return the arguments of a command."""
    return [param for param in command.params if param.param_type_name == "argument"]


def reliability() -> None:
    """Print the counts of the last full run of the faults."""
    from tests.faults.tally import kept_table

    print(kept_table())


def make(how: Iterable[str], places: Iterable[Path]) -> int:
    """Make the outputs of some pages anew, or check them, as options of cog say; return its status."""
    status: int = Cog().main(["cog", "-P", "-I", str(PROJECT), *how, *map(str, places)])
    return status


if __name__ == "__main__":
    sys.exit(make(["--check", "--diff"] if "--check" in sys.argv else ["-r"], PAGES))

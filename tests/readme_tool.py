"""What README.md is generated with: cog blocks in it call these functions, which run the commands they show.

Commands run as a reader would type them, on a terminal of 100 columns, in a folder of their own, at a given moment.
"""

import atexit
import inspect
import re
import shutil
import sys
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dealtrack import errors
from dealtrack.cli.commands import COMMANDS, GROUP_HELP, load_command
from tests.terminal import Terminal

PROJECT = Path(__file__).parent.parent
README = PROJECT / "README.md"
WIDTH = 100

MEANINGS = {
    0: "Done. Nothing overdue, an empty list: these are done too.",
    errors.CHECK_FAILED: "The check failed: `overdue --check` found something overdue, "
    "`verify` found the register altered.",
    errors.BAD_INPUT: "Wrong usage or bad input. Nothing was written.",
    errors.REGISTER_UNUSABLE: "The register, or a file to be written, cannot be used: missing, locked, corrupt, "
    "read-only, disk full, made by a newer version. Nothing was written, or the message says what was.",
    errors.ROWS_REFUSED: "Some rows of an import were refused. Without `--skip-bad` nothing was written.",
}


class Desk:
    """A folder with a register of its own, at which commands are typed on a given day."""

    def __init__(self, day: str, offset: str = "+08:00") -> None:
        self._day, self._offset = day, offset
        held = TemporaryDirectory(prefix="readme")
        atexit.register(held.cleanup)
        self.folder = Path(held.name) / "desk"
        self.folder.mkdir()
        (self.folder / "data").symlink_to(PROJECT / "data")
        programs = Path(held.name) / "bin"
        programs.mkdir()
        program = programs / "dealtrack"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dealtrack "$@"\n')
        program.chmod(0o755)
        self.environment = {
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(PROJECT),
            "HOME": str(self.folder),
            "TERM": "xterm",
            "NO_COLOR": "1",
            "DEALTRACK_HOME": str(self.folder),
            "DEALTRACK_DB": "register.db",
            "DEALTRACK_ACTOR": "clerk",
        }

    def on(self, day: str) -> "Desk":
        """Return this desk on another day."""
        other = copy(self)
        other._day = day
        return other

    def run(self, command: str, at: str = "09:00") -> tuple[int, str]:
        """Run a command line on a terminal; return its status and all that it printed, in order."""
        environment = {**self.environment, "DEALTRACK_NOW": f"{self._day}T{at}:00{self._offset}"}
        with Terminal(["/bin/sh", "-c", command], environment, self.folder, WIDTH, is_asked=False) as terminal:
            status, text = terminal.end(), terminal.screen
        return status, "".join(f"{line.rstrip()}\n" for line in text.splitlines())

    def quietly(self, *commands: str, at: str = "09:00") -> None:
        """Run commands that must succeed, and print nothing."""
        for command in commands:
            status, text = self.run(command, at)
            if status != 0:
                raise RuntimeError(f"exit status {status}: {command}\n{text}")

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
        from dealtrack.register.queries import Filter

        now = datetime.fromisoformat(f"{self._day}T{at}:00{self._offset}").astimezone(UTC)

        async def screen() -> str:
            with Feed(self.folder / "register.db", Filter(statuses=("open",)), lambda: now) as feed:
                async with Board(feed, "clerk").run_test(size=(width, height)) as pilot:
                    await pilot.pause()
                    strips = pilot.app.screen._compositor.render_strips()
                    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)

        print(f"```text\n{asyncio.run(screen())}```")

    def checked(self, *commands: str) -> None:
        """Print commands whose output differs each time; run those whose program this machine has."""
        print("```console")
        for command in commands:
            print(f"$ {command}")
            if shutil.which(command.split()[0], path=self.environment["PATH"]):
                self.quietly(command)
        print("```")


def marked(name: str) -> str:
    """Return the text of the code block of README.md that stands under a marker."""
    found = re.search(rf"^<!-- {re.escape(name)} -->\n```\w*\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"README.md has no code block under <!-- {name} -->")
    return found[1]


def set_up_output() -> None:
    """Print what the commands of the set-up print, once the environment is made."""
    words = marked("set-up").replace("\\\n", " ").replace("\n", " ")
    steps = [step.strip() for step in words.split("&&")]
    ours = [step.replace(".venv/bin/", "") for step in steps if not re.search(r"-m venv|/pip ", step)]
    desk = Desk("2016-11-21")
    status, text = desk.run(" && ".join(ours))
    if status != 0:
        raise RuntimeError(f"exit status {status}: {ours}\n{text}")
    print(f"```text\n{text}```")


def all_errors() -> list[type[errors.DealtrackError]]:
    """Return the classes of errors, in the order of the catalogue."""
    return [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.DealtrackError) and value is not errors.DealtrackError
    ]


def message_of(error: type[errors.DealtrackError]) -> str:
    """Return the template of an error's message."""
    return inspect.cleandoc(error.__doc__ or "")


def exit_statuses() -> None:
    """Print the table of exit statuses."""
    print("| status | meaning |\n|---|---|")
    for status, meaning in MEANINGS.items():
        print(f"| {status} | {meaning} |")


# A message's values in italics, in a cell of a table.
_IN_A_CELL = str.maketrans({"\n": " ", "|": "\\|", "{": "*", "}": "*"})


def messages() -> None:
    """Print the table of error messages."""
    print("| status | message |\n|---|---|")
    for error in sorted(all_errors(), key=lambda error: error.exit_code):
        template = message_of(error).replace("!r}", "}").translate(_IN_A_CELL)
        print(f"| {error.exit_code} | {template} |")


def commands() -> Iterator[tuple[str, Any]]:
    """Yield the name of each command, as typed, and the command."""
    for name in COMMANDS:
        command = load_command(name)
        if name in GROUP_HELP:
            for part, inner in command.commands.items():
                yield f"{name} {part}", inner
        else:
            yield name, command


def options(command: Any) -> list[Any]:
    """Return the options of a command, without --help."""
    return [param for param in command.params if param.param_type_name == "option"]


def arguments(command: Any) -> list[Any]:
    """Return the arguments of a command."""
    return [param for param in command.params if param.param_type_name == "argument"]


def _option(option: Any) -> str:
    name = max(option.opts, key=len)
    return f"`{name}`" if option.is_flag else f"`{name} {option.metavar}`"


GLOSSARY = (
    *("received", "accept", "forward", "complete", "withdrawn", "rejected", "reopened", "paused", "resumed"),
    *("extended", "handed-on", "evidence", "overdue", "met", "missed", "running", "projected", "provisional"),
    *("working day", "make-up working day", "public holiday", "owner", "clock", "due", "verdict", "policy"),
    *("advance-compensation", "refund", "quality", "delivery", "mismatch", "cancelled-order", "advertising"),
)
"""The terms of the field, in the order in which a complaint meets them."""


def glossary() -> None:
    """Print the terms of the field beside the words that Chinese offices use, from the catalogue."""
    from tests.translations import read_catalogue

    chinese = read_catalogue("zh_CN")
    print("| English | 中文 | English | 中文 |\n|---|---|---|---|")
    cells = [f"{word} | {told.string}" for word in GLOSSARY if (told := chinese.get(word))]
    half = -(-len(cells) // 2)
    for left, right in zip(cells[:half], [*cells[half:], " | "], strict=False):
        print(f"| {left} | {right} |")


def reliability() -> None:
    """Print the counts of the last full run of the faults."""
    from tests.faults.tally import kept_table

    print(kept_table())


def command_table() -> None:
    """Print the table of commands, from what --help says."""
    print("| command | what it does | options |\n|---|---|---|")
    for name, command in commands():
        usage = " ".join([f"dealtrack {name}", *(argument.metavar for argument in arguments(command))])
        told = inspect.cleandoc(command.help).partition("\n\n")[0].replace("\n", " ")
        print(f"| `{usage}` | {told} | {' '.join(map(_option, options(command)))} |")

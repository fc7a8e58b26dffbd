"""README.md tells the truth: its outputs are what the commands print, and it knows every command."""

import dataclasses
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dealtrack import settings
from dealtrack.cli.commands import COMMANDS, GROUP_HELP, app, load_command
from dealtrack.errors import DealtrackError
from tests import readme_tool
from tests.conftest import PROJECT, Clerk, Result

README = (PROJECT / "README.md").read_text()
PROGRAM = "/srv/dealtrack/venv/bin/dealtrack"
SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
NOW = "2016-11-21T14:00:00+08:00"


def test_outputs_are_what_the_commands_print() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cogapp", "-P", "-I", ".", "--check", "--diff", "README.md"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, f"write README.md anew: cog -P -I . -r README.md\n{ran.stdout}{ran.stderr}"


def _typed() -> Iterator[list[str]]:
    """Yield the words after `dealtrack` of every command that README.md shows."""
    for command in re.findall(r"^\$ (.*)", README, re.MULTILINE):
        yield from _words(command)
    for block in ("set-up", "day", "cron", "morning"):
        for line in readme_tool.marked(block).splitlines():
            if not line.startswith("#"):
                yield from _words(line)
    for command in re.findall(r"`(dealtrack [^`]*)`", README):
        yield from _words(command)


def _words(line: str) -> Iterator[list[str]]:
    for part in re.split(r"&&|[|;>]", line):
        found = re.search(r'(?:^|[\s/])dealtrack(?:\)")? (?!--version)(?!\[)(.*)', part)
        if found:
            yield shlex.split(found[1])


def _command(words: list[str]) -> tuple[Any, list[str]]:
    while words and words[0] in ("--db", "--lang"):
        words = words[2:]
    name, *rest = words
    assert name in COMMANDS, f"README.md shows a command that there is not: {name}"
    command = load_command(name)
    if name in GROUP_HELP:
        assert rest, f"README.md shows {name} without what follows it"
        assert rest[0] in command.commands, f"README.md shows a command that there is not: {name} {rest[0]}"
        return command.commands[rest[0]], rest[1:]
    return command, rest


def test_every_command_shown_exists_with_its_options() -> None:
    shown = list(_typed())
    assert len(shown) > 30
    for words in shown:
        command, rest = _command(words)
        known = {name for option in readme_tool.options(command) for name in option.opts} | {"--help"}
        unknown = [word for word in rest if word.startswith("--") and word not in known]
        assert not unknown, f"{command.name} has no option {unknown}"


def test_every_command_is_run_or_named_outside_the_table() -> None:
    text, table = README.split("## All commands")
    for name, _ in readme_tool.commands():
        assert f"`dealtrack {name}" in table
        if name not in ("calendar show", "platform list", "platform add"):
            assert re.search(rf"dealtrack (--db \S+ )?{name}\b|`{name}`", text), f"README.md does not tell of {name}"


def test_every_option_of_every_command_is_in_the_table() -> None:
    table = README.split("## All commands")[1]
    for name, command in readme_tool.commands():
        row = next(line for line in table.splitlines() if line.startswith(f"| `dealtrack {name}"))
        for option in readme_tool.options(command):
            assert f"`{max(option.opts, key=len)}" in row


def test_every_variable_is_named() -> None:
    names = [value for name, value in vars(settings).items() if name.endswith("_VARIABLE")]
    assert names
    for name in [*names, "NO_COLOR"]:
        assert f"| `{name}` |" in README


def test_every_exit_status_has_its_meaning() -> None:
    assert {error.exit_code for error in readme_tool.all_errors()} | {0, 1, 4} == set(readme_tool.MEANINGS)
    assert DealtrackError.exit_code in readme_tool.MEANINGS


def test_every_path_named_exists() -> None:
    named = re.findall(r"`((?:data|dealtrack|tests|\.ci)/[\w./-]*)`", README)
    assert named
    for path in named:
        assert (PROJECT / path).exists(), path


def test_outputs_fit_a_page() -> None:
    for block in re.findall(r"^```(?:console|text)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            # A message that names what is possible, or what was left out, may be longer than a table.
            is_message = line.startswith(("dealtrack: ", "columns not read: "))
            assert len(line) <= (125 if is_message else 106), line


@pytest.fixture
def cron(new_clerk: Callable[..., Clerk], tmp_path: Path) -> Callable[[str, Clerk], Result]:
    """Give a way to run a command as cron does: by sh, with almost nothing in its environment."""

    def run(command: str, clerk: Clerk) -> Result:
        ours = command.replace(PROGRAM, f"{shlex.quote(sys.executable)} -m dealtrack")
        ours = ours.replace("/srv/dealtrack/", f"{tmp_path}/")
        # The tree that is tested, wherever another one may be installed.
        given = [f"DEALTRACK_DB={clerk.db}", f"DEALTRACK_NOW={clerk.now}", f"PYTHONPATH={PROJECT}"]
        ran = subprocess.run(
            ["/usr/bin/env", "-i", *given, "/bin/sh", "-c", ours],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Result(ran.returncode, ran.stdout, ran.stderr)

    return run


def _cron_commands() -> dict[str, str]:
    lines = [line for line in readme_tool.marked("cron").splitlines() if PROGRAM in line]
    commands = [line.split(None, 5)[5] for line in lines]
    for line in lines:
        assert re.match(r"(\S+ ){4}\S+ +/", line), line
        assert "%" not in line  # cron makes a line break of it
    named = {}
    for command in commands:
        _, name, *rest = command.split()
        named["file" if "--format" in rest else f"{name} --ics" if "--ics" in rest else name] = command
    return named | {"file": named.pop("file")}


def test_cron_mails_what_is_overdue_and_nothing_else(
    clerk: Clerk, cron: Callable[[str, Clerk], Result], tmp_path: Path
) -> None:
    clerk.now = NOW
    commands = _cron_commands()
    assert list(commands) == ["backup", "digest", "overdue", "due --ics", "due", "verify", "file"]
    for command in commands.values():
        assert cron(command, clerk) == Result(0, "", ""), command
    assert len(list((tmp_path / "backups").iterdir())) == 1
    clerk("import", SAMPLE).ok()
    mail = cron(commands["digest"], clerk)
    assert (mail.status, mail.err) == (0, "")
    assert mail.out.startswith("Mon 2016-11-21 14:00: 1 newly overdue, 8 still overdue\n")
    assert "\x1b" not in mail.out and "Reminder" not in mail.out
    sunday = dataclasses.replace(clerk, now="2016-11-20T14:00:00+08:00")
    assert cron(commands["digest"], sunday) == Result(0, "", "")
    assert cron(commands["overdue"], clerk) == Result(0, "", "")
    assert sorted(path.name for path in (tmp_path / "lists").glob("*.csv")) == [
        "Amazon.csv",
        "Gome online.csv",
        "Tmall.csv",
    ]
    assert cron(commands["due --ics"], clerk) == Result(0, "", "")
    assert (tmp_path / "deadlines.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
    assert cron(commands["verify"], clerk) == Result(0, "", "")
    assert cron(commands["file"], clerk) == Result(0, "", "")
    assert len((tmp_path / "overdue.csv").read_text().splitlines()) == 10


def test_cron_tells_today_s_deadlines_and_not_tomorrow_s(clerk: Clerk, cron: Callable[[str, Clerk], Result]) -> None:
    clerk.now = NOW
    clerk("add", "--platform", "JD", "--number", "today", "--at", "2016-11-20 12:00").ok()
    clerk("add", "--platform", "JD", "--number", "tomorrow").ok()
    mail = cron(_cron_commands()["due"], clerk)
    assert (mail.status, mail.err) == (0, "")
    assert [line.split("\t")[1] for line in mail.out.splitlines()] == ["today"]


def test_cron_mails_one_line_where_the_register_is_missing(
    new_clerk: Callable[..., Clerk], cron: Callable[[str, Clerk], Result]
) -> None:
    for command in _cron_commands().values():
        mail = cron(command, new_clerk())
        assert (mail.status, mail.out) == (3, "")
        assert len(mail.err.splitlines()) == 1


def test_root_options_are_named() -> None:
    import typer

    for option in readme_tool.options(typer.main.get_command(app)):
        if option.name not in ("help", "version"):
            assert option.opts[0] in README

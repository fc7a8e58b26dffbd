"""README.md and the guides tell the truth: their outputs are what the commands print, and they know every command."""

import dataclasses
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dealtrack import settings
from dealtrack.cli.commands import COMMANDS, GROUP_HELP, load_command, top_command
from dealtrack.cli.help import TOPICS
from dealtrack.errors import all_errors
from tests import pages
from tests.conftest import PROJECT, Clerk, Result, run_bare
from tests.processes import write_program

PROGRAM = "/usr/local/bin/dealtrack"
SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
NOW = "2016-11-21T14:00:00+08:00"
NAMES = [path.relative_to(PROJECT).as_posix() for path in pages.PAGES]
TEXTS = {name: (PROJECT / name).read_text(encoding="utf-8") for name in NAMES}
MARKER = re.compile(r"^<!-- ([\w.-]+) -->\n```", re.MULTILINE)
LONGEST_README = 220


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_what_the_commands_print(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = pages.make(["--check", "--diff"], [PROJECT / name])
    assert status == 0, f"python -m tests.pages makes the outputs anew\n{capsys.readouterr().out}"


def test_readme_is_short_and_begins_with_the_way_for_chinese_readers() -> None:
    lines = TEXTS["README.md"].splitlines()
    assert len(lines) <= LONGEST_README
    assert "](dealtrack/help/zh/start.md)" in "".join(lines[:4])
    for topic in TOPICS:
        assert f"](dealtrack/help/en/{topic}.md)" in TEXTS["README.md"]


def _typed() -> Iterator[list[str]]:
    """Yield the words after `dealtrack` of every command that a page shows."""
    for text in TEXTS.values():
        for command in re.findall(r"^\$ (.*)", text, re.MULTILINE):
            yield from _words(command)
        for command in re.findall(
            r"`(dealtrack [^`]*)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        ):
            yield from _words(command.replace("\n", " "))
    for block in ("set-up", "day", "cron", "morning"):
        for line in pages.marked(block).splitlines():
            if not line.startswith("#"):
                yield from _words(line)


def _words(line: str) -> Iterator[list[str]]:
    for part in re.split(r"&&|[|;>]", line):
        found = re.search(r'(?:^|[\s/])dealtrack(?:\)")? (?!--version)(?!\[)(?!COMMAND|命令)(.*)', part)
        if found:
            yield shlex.split(found[1])


def _command(words: list[str]) -> tuple[Any, list[str]]:
    while words and words[0] in ("--db", "--lang"):
        words = words[2:]
    name, *rest = words
    assert name in COMMANDS, f"a page shows a command that there is not: {name}"
    command = load_command(name)
    if name in GROUP_HELP and rest != ["--help"]:
        rest = rest or [command.default]
        assert rest[0], f"a page shows {name} without what follows it"
        assert rest[0] in command.commands, f"a page shows a command that there is not: {name} {rest[0]}"
        return command.commands[rest[0]], rest[1:]
    return command, rest


def test_every_command_shown_exists_with_its_options() -> None:
    shown = list(_typed())
    assert len(shown) > 100
    for words in shown:
        command, rest = _command(words)
        known = {name for option in pages.options(command) for name in option.opts} | {"--help"}
        unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
        # The value of a saved filter is options itself.
        assert not unknown or command.ignore_unknown_options, f"{command.name} has no option {unknown}"


@pytest.mark.parametrize("language", pages.GUIDES)
def test_every_command_is_run_or_named_in_a_guide(language: str) -> None:
    text = "".join(pages.guide(topic, language).read_text(encoding="utf-8") for topic in TOPICS)
    for name, _ in pages.commands():
        assert re.search(rf"dealtrack (--\S+ \S+ )?{name}(?![\w-])|`{name}(?![\w-])", text), f"no guide tells of {name}"


@pytest.mark.parametrize("language", pages.GUIDES)
def test_the_guide_of_commands_has_every_option_and_variable(clerk: Clerk, language: str) -> None:
    shown = clerk("--lang", language, "help", "commands").ok()
    rows = re.findall(r"^- `dealtrack ([a-z -]*[a-z]).*`.*", shown, re.MULTILINE)
    assert rows == [name for name, _ in pages.commands()]
    for name, command in pages.commands():
        (row,) = re.findall(rf"^- `dealtrack {name}[ `].*", shown, re.MULTILINE)
        for option in pages.options(command):
            assert max(option.opts, key=len) in row
    variables = [value for name, value in vars(settings).items() if name.endswith("_VARIABLE")]
    assert variables
    for name in [*variables, "NO_COLOR"]:
        assert f"- `{name}`" in shown
    for option in pages.options(top_command()):
        assert option.name in ("help", "version") or option.opts[0] in shown


@pytest.mark.parametrize("language", pages.GUIDES)
def test_the_guide_of_errors_has_every_message_and_status(clerk: Clerk, language: str) -> None:
    shown = clerk("--lang", language, "help", "errors").ok()
    statuses = {int(status) for status in re.findall(r"^- (\d)[:：]", shown.partition("\n## ")[0], re.MULTILINE)}
    assert {error.exit_code for error in all_errors()} | {0, 1, 4} == statuses
    messages = re.findall(r"^- (\d)[:：]", shown.partition("\n## ")[2], re.MULTILINE)
    assert list(map(int, messages)) == sorted(error.exit_code for error in all_errors())


def test_every_path_named_exists() -> None:
    for name, text in TEXTS.items():
        for path in re.findall(r"`((?:data|dealtrack|tests|\.ci)/[\w./-]*)`", text):
            assert (PROJECT / path).exists(), path
        for path in re.findall(r"\]\(([\w./-]+)\)", text):
            assert ((PROJECT / name).parent / path).exists(), path


def test_outputs_fit_a_page() -> None:
    for text in TEXTS.values():
        for block in re.findall(r"^```(?:console|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                # A command, or a message that names what is possible, may be longer than a table.
                is_message = line.startswith(("$ ", "dealtrack: ", "columns not imported: "))
                assert len(line) <= (130 if is_message else 106), line


def test_the_guides_of_each_language_are_the_topics_with_the_same_blocks() -> None:
    for folder in pages.GUIDES.values():
        assert {path.name for path in folder.glob("*.md")} == {f"{topic}.md" for topic in TOPICS}
    for topic in TOPICS:
        english, chinese = (pages.guide(topic, language) for language in ("en", "zh"))
        marks = MARKER.findall(english.read_text(encoding="utf-8"))
        assert MARKER.findall(chinese.read_text(encoding="utf-8")) == marks
        for mark in marks:
            # Comments and descriptions are in the reader's language.
            ours, theirs = (
                re.sub(r"^#.*\n|^Description=.*\n|\"[^\"]*\"", "", pages.marked(mark, [page]), flags=re.MULTILINE)
                for page in (english, chinese)
            )
            assert ours == theirs, (topic, mark)


@pytest.fixture
def cron(new_clerk: Callable[..., Clerk], tmp_path: Path) -> Callable[[str, Clerk], Result]:
    """Give a way to run a command as cron does: by sh, with almost nothing in its environment."""

    program = write_program(tmp_path)

    def run(command: str, clerk: Clerk) -> Result:
        ours = command.replace(PROGRAM, shlex.quote(str(program))).replace("/srv/dealtrack/", f"{tmp_path}/")
        return run_bare(["/bin/sh", "-c", ours], tmp_path, DEALTRACK_DB=str(clerk.address), DEALTRACK_NOW=clerk.now)

    return run


def _cron_commands() -> dict[str, str]:
    lines = [line for line in pages.marked("cron").splitlines() if PROGRAM in line]
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


def test_cron_mails_in_a_line_that_the_register_is_missing(
    new_clerk: Callable[..., Clerk], cron: Callable[[str, Clerk], Result]
) -> None:
    for command in _cron_commands().values():
        clerk = new_clerk()
        mail = cron(command, clerk)
        assert (mail.status, mail.out) == (3, "")
        # Of an office it is said in a second one who adds it.
        assert len(mail.err.splitlines()) == (1 if isinstance(clerk.address, Path) else 2)

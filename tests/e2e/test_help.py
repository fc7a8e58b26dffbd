"""`dealtrack help`: guides in both languages, as they are in a pipe and drawn on a terminal; the help of commands."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dealtrack.cli.help import TOPICS
from dealtrack.cli.terms import GLOSSARY
from dealtrack.core.text import display_width
from dealtrack.errors import UnknownTopic
from tests import pages
from tests.conftest import Clerk, Result

LANGUAGES = tuple(pages.GUIDES)


def _title(topic: str, language: str) -> str:
    return pages.guide(topic, language).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_alone_lists_the_guides_with_a_line_each(clerk: Clerk, language: str) -> None:
    shown = clerk("--lang", language, "help")
    assert shown.status == 0 and "dealtrack help" in shown.err
    assert [tuple(line.split(None, 1)) for line in shown.out.splitlines()] == [
        (topic, _title(topic, language)) for topic in TOPICS
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", TOPICS)
def test_a_guide_in_a_pipe_is_its_page_without_what_made_it(clerk: Clerk, topic: str, language: str) -> None:
    shown = clerk("--lang", language, "help", topic)
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith(f"# {_title(topic, language)}\n\n")
    assert "<!--" not in shown.out and "[[[" not in shown.out and "\n\n\n" not in shown.out
    written = re.sub(r"<!--.*?-->", "", pages.guide(topic, language).read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = iter(shown.out.splitlines())
    assert all(line in lines for line in written.splitlines() if line)


def test_the_language_is_chosen_as_everywhere(clerk: Clerk) -> None:
    assert clerk.process("help", "start", LC_ALL="zh_CN.UTF-8").ok() == clerk("--lang", "zh", "help", "start").ok()
    assert clerk.process("help", "start", DEALTRACK_LANG="en", LC_ALL="zh_CN.UTF-8").ok() == clerk("help", "start").ok()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_of_words_is_the_glossary(clerk: Clerk, language: str) -> None:
    rows = re.findall(r"^- (.+?)(?:: |：)(.+)$", clerk("--lang", language, "help", "words").ok(), re.MULTILINE)
    assert [row[LANGUAGES.index(language)] for row in rows] == list(GLOSSARY)
    assert all(re.search("[一-龥]", row[1 - LANGUAGES.index(language)]) for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["add", "calendar next", "platform"])
def test_help_of_a_command_is_its_help(clerk: Clerk, name: str, language: str) -> None:
    words = name.split()
    assert clerk("--lang", language, "help", *words).ok() == clerk("--lang", language, *words, "--help").ok()


@pytest.mark.parametrize("topic", ["calendar", "import", "datasette", "board"])
def test_a_guide_named_like_a_command_says_where_its_options_are(clerk: Clerk, topic: str) -> None:
    for language in LANGUAGES:
        assert f"`dealtrack {topic} --help`" in clerk("--lang", language, "help", topic).ok()


@pytest.mark.parametrize(
    ("words", "nearest"), [("clander", "calendar"), ("explian", "explain"), ("calendar nxt", ""), ("start now", "")]
)
def test_what_is_neither_guide_nor_command_is_refused_with_the_nearest(clerk: Clerk, words: str, nearest: str) -> None:
    told = clerk("help", *words.split())
    assert (told.status, told.out) == (UnknownTopic.exit_code, "")
    assert f"There is no guide and no command named {words}." in told.err
    assert f"Did you mean {nearest}" in told.err


def test_help_needs_no_register_and_makes_none(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    assert clerk("help", "day").status == 0
    assert not clerk.db.exists()


def _at_terminal(clerk: Clerk, topic: str, width: int = 80, colour: bool = False, language: str = "en") -> Result:
    no_color = "" if colour else "1"
    return clerk.at_terminal("--lang", language, "help", topic, width=width, PAGER="cat", NO_COLOR=no_color)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", ["start", "cron", "keeping", "commands"])
def test_a_guide_on_a_terminal_fits_it(clerk: Clerk, topic: str, language: str) -> None:
    shown = _at_terminal(clerk, topic, 50, language=language).ok()
    assert "```" not in shown and "**" not in shown and "\n## " not in shown and "\x1b" not in shown
    page = clerk("--lang", language, "help", topic).ok()
    outputs = {
        line
        for block in re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    }
    assert outputs <= set(shown.splitlines())
    assert all(display_width(line) <= 50 for line in shown.splitlines() if line not in outputs)
    # Nothing is lost but the marks of Markdown and where lines end.
    plain = re.sub(r"^```.*\n|\*\*", "", page, flags=re.MULTILINE)
    assert re.sub(r"[\s#]", "", shown) == re.sub(r"[\s#]", "", plain)


def test_headings_are_bold_where_there_are_colours(clerk: Clerk) -> None:
    assert _at_terminal(clerk, "start", colour=True).ok().startswith("\x1b[1mFirst steps")


def test_a_guide_on_a_terminal_goes_through_the_pager(clerk: Clerk, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    shown = clerk.at_terminal("help", "start", PAGER=f"cat > {seen}", NO_COLOR="1")
    assert (shown.status, shown.out) == (0, "")
    assert seen.read_text(encoding="utf-8").startswith("First steps")

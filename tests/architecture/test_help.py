"""Every command says what it does, and every option what it is for."""

from typing import Any

import pytest

from dealtrack.cli.commands import COMMANDS, GROUP_HELP
from tests import pages

ALL = list(pages.commands())


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_command_is_documented(name: str, command: Any) -> None:
    first = (command.help or "").strip().splitlines()[0]
    assert first.endswith((".", ":")), f"{name}: {first!r} is not a sentence"
    assert first[0].isupper()
    for option in pages.options(command):
        assert option.help, f"{name} {option.opts[0]} has no help"
        assert option.help[0].isupper() or option.help.split()[0].rstrip(",") in option.help.lower()
        assert option.is_flag or option.metavar, f"{name} {option.opts[0]} does not say what it takes"
    for argument in pages.arguments(command):
        assert argument.help, f"{name} {argument.name} has no help"
        assert argument.metavar, f"{name} {argument.name} has no name in capitals"


def test_groups_are_documented() -> None:
    assert set(GROUP_HELP) <= set(COMMANDS)
    assert all(text.endswith(".") for text in GROUP_HELP.values())


def test_the_same_option_means_the_same_everywhere() -> None:
    takes: dict[str, set[str]] = {}
    for _, command in ALL:
        for option in pages.options(command):
            takes.setdefault(option.opts[0], set()).add("" if option.is_flag else str(option.metavar))
    # --to is a day in list and report, a file in export, a person in hand-on: scripts rely on these names.
    for name in ("--at", "--as-of", "--platform", "--category", "--from", "--note", "--reason", "--number"):
        assert len(takes.get(name, ())) == 1, f"{name} takes {takes.get(name)}"

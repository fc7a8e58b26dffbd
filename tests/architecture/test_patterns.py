"""No regular expression of dealtrack can be made to run away: each answers hostile texts at once."""

import pkgutil
import re
import signal
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import FrameType
from typing import Any

import pytest

import dealtrack

SERVERS = "dealtrack.register.postgres."
HAS_DRIVER = find_spec("psycopg2") is not None
# Texts of a field are cut at this order of size; a time that grows with the square of that is still none to wait for.
LENGTH = 1000
SECONDS = 1.0
# Pieces that the patterns of moments, amounts, spans, names and files are made of.
PIECES = (
    "0",
    "9",
    "1,",
    "1.",
    " ",
    "\t",
    "\n",
    "-",
    "/",
    ":",
    "a",
    "ab",
    "A",
    "_",
    "@",
    '"',
    '""',
    "'",
    "=",
    "¥",
    "元",
    "年",
    "1年",
    "%",
    "%d",
    "\\",
    "[",
    "]",
    "{",
    "(",
    "\x1b",
    "\x1b[",
    "\u3000",
    "é",
    "\ud800",
)
ENDS = ("", "!", "\n", "0")


def _patterns() -> Iterator[tuple[str, "re.Pattern[str]"]]:
    for module in pkgutil.walk_packages(dealtrack.__path__, "dealtrack."):
        if module.name.endswith("__main__") or (module.name.startswith(SERVERS) and not HAS_DRIVER):
            continue
        held = import_module(module.name)
        for name, value in vars(held).items():
            yield from ((f"{module.name}.{name}", pattern) for pattern in _in(value))


def _in(value: Any) -> Iterator["re.Pattern[str]"]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, dict):
        for held in value.values():
            yield from _in(held)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for held in value:
            yield from _in(held)


PATTERNS = dict(_patterns())


class RanAwayError(Exception):
    """A pattern took too long."""


def _too_long(number: int, frame: FrameType | None) -> None:
    raise RanAwayError


def test_patterns_are_found() -> None:
    assert len(PATTERNS) >= 5


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_answers_hostile_texts_at_once(name: str) -> None:
    pattern = PATTERNS[name]
    before = signal.signal(signal.SIGVTALRM, _too_long)
    try:
        for piece in PIECES:
            for end in ENDS:
                text = piece * (LENGTH // len(piece)) + end
                # What matches is found by a search too, at the first place that this tries.
                for ask in (pattern.fullmatch, pattern.search):
                    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
                    try:
                        ask(text)
                    except RanAwayError:
                        pytest.fail(f"{ask.__name__} of {piece!r} repeated, then {end!r}: over {SECONDS} s")
                    finally:
                        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)

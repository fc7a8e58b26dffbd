"""The catalogue of errors: one message and one exit status each, raised somewhere, met by a test."""

import ast
import string
from collections.abc import Iterator

import pytest

from dealtrack.errors import DealtrackError, all_errors
from tests.sources import PACKAGE, TESTS, calls, modules, name_called

ERRORS = all_errors()
NAMES = [error.__name__ for error in ERRORS]


def _fields(error: type[DealtrackError]) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(error.template()) if name}


def _fixed_parts(error: type[DealtrackError]) -> list[str]:
    return [text for text, _, _, _ in string.Formatter().parse(error.template())]


def _makings() -> Iterator[tuple[str, str, frozenset[str] | None]]:
    """Yield where each error is made, and with which values; None where that cannot be read off the call."""
    for place, call in calls():
        name = name_called(call)
        if name in NAMES:
            given = [keyword.arg for keyword in call.keywords]
            yield name, place, None if None in given else frozenset(text for text in given if text)


def test_messages_are_unique() -> None:
    assert len(ERRORS) > 30
    messages = [error.template() for error in ERRORS]
    assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("error", ERRORS, ids=NAMES)
def test_error_has_a_message_and_a_status(error: type[DealtrackError]) -> None:
    assert error.exit_code in (1, 2, 3, 4, 5)
    template = error.template()
    assert 1 <= len(template.splitlines()) <= 2
    assert template.endswith((".", "}"))
    raised = error(**dict.fromkeys(_fields(error), "xyz"))
    assert str(raised) == raised.message()
    assert "{" not in str(raised)
    assert str(raised).count("xyz") >= len(_fields(error))


def test_every_error_is_made_with_the_values_of_its_message() -> None:
    fields = {error.__name__: _fields(error) for error in ERRORS}
    wrong = [
        f"{place}: {name} is given {sorted(values)}, its message holds {sorted(fields[name])}"
        for name, place, values in _makings()
        if values is not None and values != fields[name]
    ]
    assert not wrong, "\n".join(wrong)


def test_every_error_is_made_somewhere() -> None:
    # A class that is handed on by its name (`error=BadPolicyFile`) counts as made.
    used = {
        node.id
        for path, tree in modules(PACKAGE)
        if path.name != "errors.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert not set(NAMES) - used


def _said_in_tests() -> tuple[set[str], set[str]]:
    """Return the names and the longer texts that the tests of what dealtrack does hold."""
    names: set[str] = set()
    texts: set[str] = set()
    for path, tree in modules(TESTS):
        if "architecture" in path.parts:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) >= 9:
                texts.add(node.value)
    return names, texts


def test_every_error_is_met_by_a_test() -> None:
    names, texts = _said_in_tests()
    templates = "\n".join(error.template() for error in ERRORS)
    pieces, whole = {text for text in texts if text in templates}, "\n".join(texts)

    def is_met(error: type[DealtrackError]) -> bool:
        """Tell whether a test names it, or holds a piece of its message that is of no other's, or all of one."""
        ours = [part for part in _fixed_parts(error) if len(part.strip()) >= 9]
        others = "\n".join(other.template() for other in ERRORS if other is not error)
        return (
            error.__name__ in names
            or any(text in part and text not in others for text in pieces for part in ours)
            or any(part.strip() in whole and part.strip() not in others for part in ours)
        )

    missing = [error.__name__ for error in ERRORS if not is_met(error)]
    assert not missing, f"no test meets {', '.join(missing)}: name the class in a test, or its message's words"

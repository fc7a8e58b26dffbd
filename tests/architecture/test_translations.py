"""Every message is said in every language: none untranslated, doubtful or unused, with the same placeholders."""

from typing import Any

import pytest

from tests import translations as held

PAIRS = [(language, message) for language in held.LANGUAGES for message in held.read_catalogue(language) if message.id]


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("language", held.LANGUAGES)
def test_every_message_is_translated_and_none_is_unused(language: str) -> None:
    said = {message.key for message in held.messages()}
    known = held.translations(held.read_catalogue(language))
    missing = sorted(text for context, text in said - known.keys())
    unused = sorted(text for context, text in known.keys() - said)
    assert not missing, f"python -m tests.translations takes in what is new, to be translated: {missing}"
    assert not unused, f"python -m tests.translations drops what is said no more: {unused}"
    empty = [message.id for message in known.values() if not all(_texts(message.string)) or not message.string]
    assert not empty, f"to be translated in {held.catalogue_path(language)}: {empty}"


@pytest.mark.parametrize("language", held.LANGUAGES)
def test_no_translation_is_doubtful_or_obsolete(language: str) -> None:
    catalogue = held.read_catalogue(language)
    assert not [message.id for message in catalogue if message.id and message.fuzzy]
    assert not catalogue.obsolete
    assert "fuzzy" not in catalogue.header_comment


@pytest.mark.parametrize("language", held.LANGUAGES)
def test_placeholders_are_those_of_the_message(language: str) -> None:
    wrong = []
    for message in held.translations(held.read_catalogue(language)).values():
        wanted = set.union(*map(held.placeholders, _texts(message.id)))
        wrong += [
            f"{text!r} of {message.id!r}"
            for text in _texts(message.string)
            # A message for several holds the number, which one for one alone may spell out.
            if held.placeholders(text) != wanted
        ]
    assert not wrong


def test_placeholders_have_names() -> None:
    texts = [text for message in held.messages() for text in (message.text, message.many)]
    positional = [text for text in texts if any(not name or name.isdigit() for name in held.placeholders(text))]
    assert not positional


def test_nothing_that_is_said_is_put_together() -> None:
    assert not list(held.put_together())


@pytest.mark.parametrize("language", held.LANGUAGES)
def test_compiled_catalogue_is_that_of_the_written_one(language: str) -> None:
    path = held.catalogue_path(language)
    kept = held.content(path.with_suffix(".mo").read_bytes())
    fresh = held.content(held.compiled(held.read_catalogue(language)))
    assert kept == fresh, "python -m tests.translations compiles it anew"

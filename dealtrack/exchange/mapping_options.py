"""A mapping with what is said on the command line: columns, values that are the same in every row, date forms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dealtrack.core.matching import nearest_words
from dealtrack.core.vocabulary import CATEGORIES, CATEGORY
from dealtrack.errors import UnknownCategory, UnknownWord, suggestion
from dealtrack.exchange.dates import NAMED_FORMS, compile_form
from dealtrack.exchange.mapping import CONSTANTS, FIELDS, Mapping
from dealtrack.phrase import Phrase, listed


def with_pairs(mapping: Mapping, pairs: Iterable[str]) -> Mapping:
    """Return a mapping in which `field=Column` pairs go before what it says itself; raises UnknownWord.

    Several pairs of one field are columns of which the first that a row fills counts.
    """
    given: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, equals, column = (part.strip() for part in pair.partition("="))
        name = name.lower()
        if not equals or not column:
            raise UnknownWord(what="--map", value=pair, nearest="", allowed=Phrase("field=Column, as platform=Company"))
        if name not in FIELDS:
            near = suggestion(nearest_words(name, FIELDS))
            raise UnknownWord(what="The field of --map", value=name, nearest=near, allowed=listed(FIELDS))
        given[name] = (*given.get(name, ()), column)
    constants = {name: value for name, value in mapping.constants.items() if name not in given}
    return replace(
        mapping, columns={**mapping.columns, **given}, constants=constants, required=mapping.required | given.keys()
    )


def with_constants(mapping: Mapping, pairs: Iterable[str]) -> Mapping:
    """Return a mapping in which `field=value` pairs give fields one value in every row, whatever columns there are.

    Raises UnknownWord, UnknownCategory and BadAmount.
    """
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        name = name.lower()
        if not equals or not value:
            raise UnknownWord(what="--set", value=pair, nearest="", allowed=Phrase("field=value, as platform=JD"))
        if name not in CONSTANTS:
            near = suggestion(nearest_words(name, CONSTANTS))
            raise UnknownWord(what="The field of --set", value=name, nearest=near, allowed=listed(CONSTANTS))
        if name in given:
            raise UnknownWord(what="--set", value=pair, nearest="", allowed=Phrase("one value for each field"))
        given[name] = value
    if "category" in given and CATEGORY.match(given["category"]) is None:
        raise UnknownCategory(name=given["category"], nearest="", allowed=listed(CATEGORIES))
    columns = {name: columns for name, columns in mapping.columns.items() if name not in given}
    asked = tuple(name for name in mapping.asked if name not in given)
    return replace(mapping, columns=columns, constants={**mapping.constants, **given}, asked=asked)


def with_dates(mapping: Mapping, forms: Sequence[str]) -> Mapping:
    """Return a mapping with other date forms, where any are given; raises UnknownWord."""
    for form in forms:
        try:
            compile_form(form)
        except ValueError as error:
            allowed = Phrase(
                "{names}, or a form such as %d/%m/%Y %H:%M ({error})", names=listed(NAMED_FORMS), error=error
            )
            raise UnknownWord(what="--date-format", value=form, nearest="", allowed=allowed) from None
    return replace(mapping, dates=tuple(forms), order_is_guessed=False) if forms else mapping

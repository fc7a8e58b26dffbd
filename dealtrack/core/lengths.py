"""How long the texts of a complaint may be, whether they are typed or imported."""

from collections.abc import Mapping

from dealtrack.core.text import clean_input

NAME = 300
"""The most characters of a name, a number or a contact."""

TEXT = 10_000
"""The most characters of a note, a reason or a finding."""

_OTHERS: Mapping[str, int] = {"summary": 100_000, "address": 1000, "note": TEXT, "reason": TEXT}


def longest(field: str) -> int:
    """Return the most characters that a field of a complaint, or of a transition's detail, may have."""
    return _OTHERS.get(field, NAME)


def clean_field(field: str, text: str) -> str:
    """Return the text of a field without white space around it, in Unicode's composed form; raises BadText."""
    return clean_input(text, field, longest(field))

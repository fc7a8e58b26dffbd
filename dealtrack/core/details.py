"""The details of entries in the journal: which words each may have, and of what types they are."""

from collections.abc import Mapping
from typing import Any

from dealtrack.core.lifecycle import (
    ASKED,
    COMMAND,
    CORRECTABLE,
    DAY_UNKNOWN,
    FIELDS,
    LIMITS,
    MOMENTS,
    NEEDED,
    NEVER_EMPTY,
    RESTART,
    STEPS,
    TRANSFER,
    UNDO,
    UNKNOWN_STEPS,
    Kind,
)
from dealtrack.core.moments import HOUR_UNKNOWN, is_stored
from dealtrack.core.text import is_amount

GREATEST = 2**63 - 1
"""The greatest number that the register can store."""

_TYPES: Mapping[str, type[Any]] = {
    "seq": int, "size": int, "by": int, "line": int, "kept": dict, UNKNOWN_STEPS: list, DAY_UNKNOWN: bool,
    RESTART: bool, "amount": str, "final": bool, "into": int, "from": int, HOUR_UNKNOWN: bool, COMMAND: int, UNDO: bool,
    MOMENTS: list, LIMITS: dict, TRANSFER: dict,
}  # fmt: skip
"""The types of the words of a detail that are not just any text."""

_SENDING: Mapping[str, type[Any]] = {"office": str, "complaint": int, "seq": int, "hash": str}

_CHECKED = _TYPES.keys() | {"received", ASKED}


def is_detail(kind: Kind, value: Any) -> bool:
    """Tell whether a value, as JSON has it, is the detail of an entry of a kind: its words, and the type of each.

    Any other was put into the journal by hand.
    """
    if value.__class__ is not dict or not value.keys() >= NEEDED[kind]:
        return False
    for name, said in value.items():
        # Nearly all words are texts, of which any will do.
        if (said.__class__ is not str or name in _CHECKED) and not _is_valid(name, said):
            return False
    return True


def _is_valid(name: str, value: Any) -> bool:
    if value is None:
        return name in FIELDS and name not in NEVER_EMPTY
    if value.__class__ is not _TYPES.get(name, str):
        return False
    if name == UNKNOWN_STEPS:
        return all(step in STEPS for step in value)
    if name == "kept":
        return {str}.issuperset(map(type, value.values()))
    if name == LIMITS:
        return all(limit is None or (limit.__class__ is str and is_stored(limit)) for limit in value.values())
    if name == TRANSFER:
        return value.keys() == _SENDING.keys() and all(value[each].__class__ is _SENDING[each] for each in _SENDING)
    if name == "amount":
        return is_amount(value)
    if name in ("received", ASKED):
        return is_stored(value)
    if name == MOMENTS:
        return all(map(_is_correction, value))
    return value.__class__ is not int or 0 <= value <= GREATEST


def _is_correction(value: Any) -> bool:
    """Tell whether a value, as JSON has it, is one of the moments that an amendment corrects."""
    needed = {"kind", "was", "at"}
    if value.__class__ is not dict or not needed <= value.keys() <= needed | {"seq", HOUR_UNKNOWN}:
        return False
    moments = (value["was"], value["at"])
    return (
        value["kind"] in CORRECTABLE
        and all(text.__class__ is str and is_stored(text) for text in moments)
        and all(_is_valid(name, value[name]) for name in value.keys() - needed)
    )

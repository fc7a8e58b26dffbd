"""What the detail of a complaint's entry may hold: anything else was put into the journal by hand."""

from collections.abc import Mapping
from typing import Any

from dealtrack.core.lifecycle import DAY_UNKNOWN, FIELDS, RESTART, STEPS, UNKNOWN_STEPS, Kind
from dealtrack.core.text import is_amount

GREATEST = 2**63 - 1

NEEDED: Mapping[Kind, frozenset[str]] = {
    Kind.RECEIVED: frozenset({"platform", "category", "policy", "policy_version"}),
    Kind.HANDED_ON: frozenset({"to"}),
    Kind.EXTENDED: frozenset({"clock", "by"}),
    Kind.EVIDENCE: frozenset({"name", "sha256", "size"}),
    Kind.VOIDED: frozenset({"seq"}),
}
"""The words that the detail of an entry must have."""

_OTHER: Mapping[str, type[Any]] = {
    "seq": int, "size": int, "by": int, "line": int, "kept": dict, UNKNOWN_STEPS: list, DAY_UNKNOWN: bool,
    RESTART: bool,
}  # fmt: skip
"""The words of a detail that tell no text."""

_TEXT = frozenset({str})
_CAN_BE_EMPTY = frozenset(FIELDS) - {"platform", "category", "policy", "policy_version"}
_NONE: frozenset[str] = frozenset()


def is_detail(kind: str, value: Any) -> bool:
    """Tell whether a value, as JSON has it, is the detail of an entry of a kind: its words, and the type of each."""
    if value.__class__ is not dict or not NEEDED.get(kind, _NONE) <= value.keys():  # type: ignore[call-overload]
        return False
    if _TEXT.issuperset(map(type, value.values())):
        return _OTHER.keys().isdisjoint(value) and ("amount" not in value or is_amount(value["amount"]))
    return all(map(_is_valid, value.keys(), value.values()))


def _is_valid(name: str, value: Any) -> bool:
    if value is None:
        return name in _CAN_BE_EMPTY
    if value.__class__ is not _OTHER.get(name, str):
        return False
    if name == UNKNOWN_STEPS:
        return all(step in STEPS for step in value)
    if name == "kept":
        return _TEXT.issuperset(map(type, value.values()))
    if name == "amount":
        return is_amount(value)
    return value.__class__ is not int or 0 <= value <= GREATEST

"""Putting in order what a large register tells, without holding all of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

Key = TypeVar("Key", bound=tuple[Any, ...])
Value = TypeVar("Value")

KEPT = 10_000
"""The values that are held, 1.6 kB each where they are lines of a list: of 300,000 lines 500 MB were held."""


def in_order(
    told: Iterable[tuple[Key, Value]], again: Callable[[Key], Value], *, falling: bool = False, kept: int = KEPT
) -> Iterator[Value]:
    """Yield values in the order of their keys, of which no two are equal.

    All keys are held, but no more than so many values: each of the others is told again by its key.
    """
    keys: list[Key] = []
    held: dict[Key, Value] = {}
    for key, value in told:
        keys.append(key)
        if len(held) < kept:
            held[key] = value
    keys.sort(reverse=falling)
    for key in keys:
        yield held.pop(key) if key in held else again(key)

"""The one rounding of a report's figures, for every form of it: once, half up, in decimals."""

from decimal import ROUND_HALF_UP, Decimal

Number = float | Decimal

RATE_PLACES = 3
"""Decimals of a rate that people read: as a percentage it has one."""
NUMBER_PLACES = 1
"""Decimals of a mean that people read."""
RECORD_PLACES = 4
"""Decimals of rates and means in records for programs."""


def rounded(number: Number, places: int, *, is_share: bool = False) -> Decimal:
    """Return a number, at least 0, rounded half up to so many decimals; what is not nothing never reads as nothing.

    A share, of which 1 is all, that is neither nothing nor all never reads as either: the smallest step away from it
    stands there. Any other number that would read as 0 keeps its first digit.
    """
    # The shortest text of a quotient is the decimal itself wherever that ends, so that a half is seen as a half.
    exact = Decimal(str(number))
    step = Decimal(1).scaleb(-places)
    near = exact.quantize(step, ROUND_HALF_UP)
    if is_share and 0 < exact < 1:
        return min(max(near, step), 1 - step)
    if exact and not near:
        return exact.quantize(Decimal(1).scaleb(exact.adjusted()), ROUND_HALF_UP).normalize()
    return near


def readable(number: Number, places: int, *, is_share: bool = False) -> Number:
    """Return a number as a cell holds it that shows so many decimals: as it is, unless it would show as 0 or all."""
    near = rounded(number, places, is_share=is_share)
    return near if abs(near - Decimal(str(number))) * 2 > Decimal(1).scaleb(-places) else number


def decimals(number: Decimal) -> int:
    """Return how many decimals a rounded number has."""
    return max(0, -int(number.as_tuple().exponent))

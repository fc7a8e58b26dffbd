"""Figures are rounded once, half up: what is neither nothing nor all never reads as either, in any form."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.reports.figures import Share, Whole
from dealtrack.reports.records import rate_of
from dealtrack.reports.words import number_of, percent, rounded
from dealtrack.reports.workbook import shown_in


def half_up(number: Fraction, places: int) -> Decimal:
    """Round by whole numbers alone."""
    scale = 10**places
    whole = (2 * number.numerator * scale + number.denominator) // (2 * number.denominator)
    return Decimal(whole) / Decimal(scale)


def excel(value: Any, form: str) -> str:
    """Show a number as a spreadsheet does, half up by its shortest decimals."""
    share = form.endswith("%")
    places = len(form.rstrip("%").partition(".")[2])
    number = Decimal(str(value)) * (100 if share else 1)
    step = Decimal(1).scaleb(-places)
    shown = (number / step + Decimal("0.5")).to_integral_value("ROUND_FLOOR") * step
    return f"{shown:,f}%" if share else f"{shown:,f}"


@pytest.mark.parametrize(
    ("count", "whole", "read", "recorded"),
    [
        (2999, 3000, "99.9%", 0.9997),
        (29_999, 30_000, "99.9%", 0.9999),
        (1, 3000, "0.1%", 0.0003),
        (1, 30_000, "0.1%", 0.0001),
        (201, 400, "50.3%", 0.5025),
        (13, 16, "81.3%", 0.8125),
        (1, 16, "6.3%", 0.0625),
        (1995, 2000, "99.8%", 0.9975),
        (0, 7, "0.0%", 0.0),
        (7, 7, "100%", 1.0),
    ],
)
def test_shares(count: int, whole: int, read: str, recorded: float) -> None:
    share = Share(count, whole, Whole.DECIDED)
    assert (percent(share.rate), rate_of(share)) == (read, recorded)


@pytest.mark.parametrize(
    ("count", "days", "read", "recorded"),
    [
        (65, 20, "3.3", 3.25),
        (19, 20, "1.0", 0.95),
        (20, 20, "1", 1.0),
        (1, 31, "0.03", 0.0323),
        (1, 20, "0.1", 0.05),
        (1, 30_000, "0.00003", 0.00003),
        (96, 10_000, "0.01", 0.0096),
        (0, 31, "0", 0.0),
        (24_690, 2, "12,345", 12345.0),
        (24_691, 20, "1,234.6", 1234.55),
    ],
)
def test_means(count: int, days: int, read: str, recorded: float) -> None:
    share = Share(count, days, Whole.DAYS)
    assert (number_of(share.rate), rate_of(share)) == (read, recorded)


@given(st.integers(1, 10**6).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_every_share_reads_the_same_in_every_form(counts: tuple[int, int]) -> None:
    count, whole = counts
    share = Share(count, whole, Whole.COMPLAINTS)
    rate = share.rate
    assert rate is not None
    exact = Fraction(count, whole)
    for places in (3, 4):
        step = Decimal(1).scaleb(-places)
        expected = half_up(exact, places)
        if 0 < count < whole:
            expected = min(max(expected, step), 1 - step)
        assert rounded(rate, places, is_share=True) == expected
    value, form = shown_in(rate, "rate")
    assert excel(value, form).replace("100.0", "100") == percent(rate)
    assert (percent(rate) == "100%") == (count == whole) and (percent(rate) == "0.0%") == (count == 0)
    assert (rate_of(share) == 1) == (count == whole) and (rate_of(share) == 0) == (count == 0)


@given(st.integers(0, 10**6), st.integers(1, 40_000))
def test_every_mean_reads_the_same_in_every_form(count: int, days: int) -> None:
    share = Share(count, days, Whole.DAYS_BEFORE)
    rate = share.rate
    assert rate is not None
    value, form = shown_in(rate, "number")
    read = number_of(rate)
    assert Decimal(excel(value, form).replace(",", "")) == Decimal(read.replace(",", ""))
    assert (Decimal(read.replace(",", "")) == 0) == (count == 0) == (rate_of(share) == 0)
    if half_up(Fraction(count, days), 1):
        assert Decimal(read.replace(",", "")) == half_up(Fraction(count, days), 1)

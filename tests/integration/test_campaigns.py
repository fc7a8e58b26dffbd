"""Campaign windows: the shipped ones, the user's own, and the mistakes that a file of them can hold."""

from datetime import date
from pathlib import Path

import pytest

from dealtrack.errors import BadCampaignFile, UnknownCampaign
from dealtrack.sources.campaigns import Campaign, load_campaign, load_campaigns, read_campaigns_file

DATA = Path(__file__).parents[2] / "data"
DOUBLE_ELEVEN = Campaign("double-eleven-2016", "Double Eleven 2016", date(2016, 11, 1), date(2016, 11, 20))

GOOD = """
[[campaign]]
name = "618-2017"
title = "Mid-year sales 年中大促"
first = 2017-06-01
last = "2017-06-18"
[[campaign]]
name = "one-day"
first = 2017-12-12
last = 2017-12-12
"""


def test_double_eleven_is_shipped(tmp_path: Path) -> None:
    assert load_campaigns(DATA, tmp_path) == {"double-eleven-2016": DOUBLE_ELEVEN}
    assert (DOUBLE_ELEVEN.last - DOUBLE_ELEVEN.first).days == 19


def test_campaigns_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "campaigns.toml").write_text(GOOD, "utf-8")
    campaigns = load_campaigns(DATA, tmp_path)
    assert list(campaigns) == ["double-eleven-2016", "618-2017", "one-day"]
    assert campaigns["618-2017"] == Campaign("618-2017", "Mid-year sales 年中大促", date(2017, 6, 1), date(2017, 6, 18))
    assert campaigns["one-day"] == Campaign("one-day", "one-day", date(2017, 12, 12), date(2017, 12, 12))
    assert load_campaign(" Double-Eleven-2016 ", DATA, tmp_path) == DOUBLE_ELEVEN


def test_ones_own_goes_before_the_shipped(tmp_path: Path) -> None:
    own = GOOD.replace("one-day", "double-eleven-2016")
    (tmp_path / "campaigns.toml").write_text(own, "utf-8")
    assert load_campaign("double-eleven-2016", DATA, tmp_path).first == date(2017, 12, 12)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("double-eleven", "Did you mean double-eleven-2016"),
        ("x", "Known: double-eleven-2016"),
        ("", "Unknown campaign"),
    ],
)
def test_unknown_campaigns(asked: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownCampaign, match=told):
        load_campaign(asked, DATA, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "618-2017"', "", "name is missing .line 2"),
        ('name = "618-2017"', 'name = "Six 18"', "name cannot be 'Six 18'.*line 3"),
        ('name = "618-2017"', 'name = "one-day"', "two campaigns are named 'one-day' .line 8"),
        ("first = 2017-06-01", "", "first is missing.*line 2"),
        ("first = 2017-06-01", "from = 2017-06-01", "unknown key 'from'.*allowed: name, title, first, last .line 5"),
        ("first = 2017-06-01", 'first = "1 June"', "first must be a date such as 2016-11-01, not '1 June' .line 5"),
        ("first = 2017-06-01", "first = 0001-01-01", "first must be from 1970 to 2100.*line 5"),
        ("first = 2017-06-01", "first = [[[[[[[[" * 200, "it is not TOML"),
        ("first = 2017-06-01", 'first = "2017-06-31"', "first must be a date.*line 5"),
        ("first = 2017-06-01", "first = 2017-06-01T00:00:00", "not a time .line 5"),
        ("first = 2017-06-01", "first = 2017-06-19", "last is before first: 2017-06-18 before 2017-06-19 .line 6"),
        ("[[campaign]]", "[[campain]]", "unknown key 'campain'; Did you mean campaign.*allowed: campaign"),
        ("[[campaign]]", "[[campaign", "not TOML"),
    ],
)
def test_mistakes_are_named_with_their_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "campaigns.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(BadCampaignFile, match=told) as caught:
        load_campaigns(DATA, tmp_path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_shipped_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadCampaignFile, match="no such file"):
        read_campaigns_file(tmp_path / "campaigns.toml")

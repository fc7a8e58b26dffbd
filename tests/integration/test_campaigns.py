"""Campaign windows: the shipped ones, the user's own, and the mistakes that a file of them can hold."""

from datetime import date
from pathlib import Path

import pytest

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.errors import BadCampaignFile, UnknownCampaign
from dealtrack.sources.calendars import load_calendar
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
    campaigns = load_campaigns(DATA, tmp_path)
    assert campaigns["double-eleven-2016"] == DOUBLE_ELEVEN
    assert (DOUBLE_ELEVEN.last - DOUBLE_ELEVEN.first).days == 19


def test_rules_make_a_campaign_of_each_year(tmp_path: Path) -> None:
    campaigns = load_campaigns(DATA, tmp_path, until=2027)
    assert [name for name in campaigns if name.startswith("double")] == [
        f"double-eleven-{y}" for y in range(2009, 2028)
    ]
    assert campaigns["618-2024"] == Campaign("618-2024", "618 2024", date(2024, 6, 1), date(2024, 6, 20))
    # Without a calendar nobody knows when a festival is.
    assert not any(name.startswith("spring") for name in campaigns)


@pytest.mark.parametrize(
    ("year", "first", "last"),
    [
        # 国办发明电〔2015〕18号, 国办发明电〔2020〕1号 (the extension), 国办发明电〔2023〕7号; 2026 as data has it.
        (2016, date(2016, 2, 7), date(2016, 2, 13)),
        (2020, date(2020, 1, 24), date(2020, 2, 2)),
        (2024, date(2024, 2, 10), date(2024, 2, 17)),
        (2026, date(2026, 2, 15), date(2026, 2, 23)),
    ],
)
def test_the_spring_festival_is_that_of_the_notices(year: int, first: date, last: date, tmp_path: Path) -> None:
    calendar = WorkingCalendar(load_calendar("cn-beijing", DATA, tmp_path), 1)
    campaign = load_campaign(f"Spring-Festival-{year}", DATA, tmp_path, calendar, 2027)
    assert (campaign.first, campaign.last, campaign.title) == (first, last, f"Spring Festival {year}")
    with pytest.raises(UnknownCampaign, match="Known: double-eleven-2027, 618-2027, spring-festival-2026"):
        load_campaign("spring-festival-2027", DATA, tmp_path, calendar, 2027)


def test_a_calendar_without_the_festival_has_no_campaign_of_it(tmp_path: Path) -> None:
    calendar = WorkingCalendar(load_calendar("US", DATA, tmp_path), 1)
    assert not any(name.startswith("spring") for name in load_campaigns(DATA, tmp_path, calendar))


RULE = """
[[rule]]
name = "mid-autumn"
title = "Mid {autumn}"
first = "09-10"
last = "10-08"
since = 2020
"""


def test_rules_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "campaigns.toml").write_text(RULE, "utf-8")
    campaigns = load_campaigns(DATA, tmp_path, until=2021)
    assert list(campaigns)[-2:] == ["mid-autumn-2020", "mid-autumn-2021"]
    assert campaigns["mid-autumn-2021"][1:] == ("Mid {autumn} 2021", date(2021, 9, 10), date(2021, 10, 8))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('first = "09-10"', 'first = "9-10"', "first must be a day of each year such as 11-01, not '9-10' .line 5"),
        ('first = "09-10"', 'first = "02-29"', "first must be a day of each year such as 11-01, not '02-29' .line 5"),
        ('first = "09-10"', 'first = "11-01"', "last is before first: 10-08 before 11-01 .line 6"),
        ('first = "09-10"', "", "first is missing .line 2"),
        ("since = 2020", "since = 12", "since must be from 1970 to 2100, not 12 .line 7"),
        ("since = 2020", "from = 2020", "unknown key 'from'"),
    ],
)
def test_mistakes_of_a_rule(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "campaigns.toml"
    path.write_text(RULE.replace(old, new), "utf-8")
    with pytest.raises(BadCampaignFile, match=told):
        read_campaigns_file(path)


def test_campaigns_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "campaigns.toml").write_text(GOOD, "utf-8")
    campaigns = load_campaigns(DATA, tmp_path)
    assert "double-eleven-2016" in campaigns and list(campaigns)[-1] == "one-day"
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
        ("x", "Known: double-eleven-2016, 618-2016"),
        ("", "Unknown campaign"),
    ],
)
def test_unknown_campaigns(asked: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownCampaign, match=told):
        load_campaign(asked, DATA, tmp_path, until=2016)


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
        ("[[campaign]]", "[[campain]]", "unknown key 'campain'; Did you mean campaign.*allowed: campaign, rule"),
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

"""Sales campaigns by name, which reports compare with the days before: data/campaigns.toml and the user's own."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR
from dealtrack.core.vocabulary import nearest_words
from dealtrack.errors import BadCampaignFile, UnknownCampaign, suggestion
from dealtrack.phrase import Word, listed
from dealtrack.sources.toml_files import TomlTable, read_table

FILE_NAME = "campaigns.toml"
CAMPAIGN_KEYS = ("name", "title", "first", "last")
NAME = r"[a-z0-9]+(-[a-z0-9]+)*"


class Campaign(NamedTuple):
    """A sales campaign, from `first` to `last`, both included; days of the register's time zone."""

    name: str
    title: str
    first: date
    last: date


def load_campaigns(data_folder: Path, user_folder: Path) -> dict[str, Campaign]:
    """Return the campaigns by name, the user's own, if any, before a shipped one of its name; BadCampaignFile."""
    campaigns = read_campaigns_file(data_folder / FILE_NAME)
    own = user_folder / FILE_NAME
    return {**campaigns, **read_campaigns_file(own)} if own.exists() else campaigns


def load_campaign(name: str, data_folder: Path, user_folder: Path) -> Campaign:
    """Return the campaign of this name, whatever its case; raises UnknownCampaign or BadCampaignFile."""
    campaigns = load_campaigns(data_folder, user_folder)
    campaign = campaigns.get(name.strip().casefold())
    if campaign is None:
        allowed = listed(campaigns or [Word("none")])
        raise UnknownCampaign(name=name, nearest=suggestion(nearest_words(name, campaigns)), allowed=allowed)
    return campaign


def read_campaigns_file(path: Path) -> dict[str, Campaign]:
    """Return the campaigns of a file by name, in its order; raises BadCampaignFile."""
    table = read_table(path, BadCampaignFile)
    table.allow("campaign")
    campaigns: dict[str, Campaign] = {}
    for entry in table.tables_of("campaign"):
        entry.allow(*CAMPAIGN_KEYS)
        name = entry.name_of("name", NAME)
        first, last = _day(entry, "first"), _day(entry, "last")
        if last < first:
            entry.refuse("last is before first: {last} before {first}", "last", last=last, first=first)
        campaign = Campaign(name, entry.text_of("title", name), first, last)
        if name in campaigns:
            entry.refuse("two campaigns are named {name!r}", "name", name=name)
        campaigns[name] = campaign
    return campaigns


def _day(entry: TomlTable, key: str) -> date:
    day = entry.day_of(key, "2016-11-01")
    if day is None:
        entry.refuse("{key} is missing: give a date such as 2016-11-01; the campaign includes both days", key=key)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        entry.refuse("{key} must be from {first} to {last}", key, key=key, first=FIRST_YEAR, last=LAST_YEAR)
    return day

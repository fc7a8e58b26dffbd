"""Sales campaigns by name, which reports compare with the days before: data/campaigns.toml and the user's own."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR
from dealtrack.core.vocabulary import nearest_words
from dealtrack.errors import BadCampaignFile, UnknownCampaign, suggestion
from dealtrack.phrase import Phrase, Word, listed
from dealtrack.sources.toml_files import TomlTable, read_table

FILE_NAME = "campaigns.toml"
CAMPAIGN_KEYS = ("name", "title", "first", "last")
RULE_KEYS = ("name", "title", "first", "last", "since", "holiday")
NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
YEARLY_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
COMMON_YEAR = 2001


class Campaign(NamedTuple):
    """A sales campaign, from `first` to `last`, both included; days of the register's time zone."""

    name: str
    title: str
    first: date
    last: date


class CampaignRule(NamedTuple):
    """What makes a campaign of each year, from `since` on: two days of the year, or a holiday of the calendar.

    `days` are month and day of the first and the last day; None for a rule about a `holiday`.
    """

    name: str
    title: str
    days: tuple[tuple[int, int], tuple[int, int]] | None
    since: int
    holiday: str

    def campaigns(self, calendar: WorkingCalendar | None, until: int) -> Iterator[Campaign]:
        """Yield the campaigns of the years up to one, itself included, in order; of a holiday, where it is official."""
        if self.days is not None:
            (month, day), (last_month, last_day) = self.days
            for year in range(self.since, until + 1):
                yield self._campaign(date(year, month, day), date(year, last_month, last_day))
            return
        if calendar is None:
            return
        for first, last in calendar.rules.spans or ():
            days = calendar.walk(first, last) if self.since <= first.year <= until else ()
            if any(day.name.startswith(self.holiday) for day in days):
                yield self._campaign(first, last)

    def _campaign(self, first: date, last: date) -> Campaign:
        title = Phrase("{title} {year}", title=Word(self.title), year=first.year)
        return Campaign(f"{self.name}-{first.year}", title, first, last)


class CampaignFile(NamedTuple):
    """What a file of campaigns holds: campaigns by name, and rules, each in its order."""

    campaigns: dict[str, Campaign]
    rules: list[CampaignRule]


def load_campaigns(
    data_folder: Path, user_folder: Path, calendar: WorkingCalendar | None = None, until: int = LAST_YEAR
) -> dict[str, Campaign]:
    """Return the campaigns by name, those of rules up to a year; the user's own before a shipped one of its name.

    Raises BadCampaignFile.
    """
    campaigns: dict[str, Campaign] = {}
    for file in _files(data_folder, user_folder):
        campaigns |= {each.name: each for rule in file.rules for each in rule.campaigns(calendar, until)}
        campaigns |= file.campaigns
    return campaigns


def load_campaign(
    name: str, data_folder: Path, user_folder: Path, calendar: WorkingCalendar | None = None, until: int = LAST_YEAR
) -> Campaign:
    """Return the campaign of this name, whatever its case; raises UnknownCampaign or BadCampaignFile."""
    campaigns = load_campaigns(data_folder, user_folder, calendar, until)
    campaign = campaigns.get(name.strip().casefold())
    if campaign is None:
        files = _files(data_folder, user_folder)
        # Of each rule the last campaign is named: the others differ in the year alone.
        made = (list(rule.campaigns(calendar, until))[-1:] for file in files for rule in file.rules)
        known = [each.name for last in made for each in last] + [each for file in files for each in file.campaigns]
        parts = [each for each in known if each.startswith(f"{name.strip().casefold()}-")]
        near = parts or nearest_words(name, [*known, *campaigns])
        raise UnknownCampaign(name=name, nearest=suggestion(near), allowed=listed(known or [Word("none")]))
    return campaign


def _files(data_folder: Path, user_folder: Path) -> list[CampaignFile]:
    own = user_folder / FILE_NAME
    return [read_campaigns_file(path) for path in (data_folder / FILE_NAME, own) if path != own or own.exists()]


def read_campaigns_file(path: Path) -> CampaignFile:
    """Return the campaigns and rules of a file; raises BadCampaignFile."""
    table = read_table(path, BadCampaignFile)
    table.allow("campaign", "rule")
    file = CampaignFile({}, [])
    for entry in table.tables_of("rule"):
        file.rules.append(_rule(entry))
    for entry in table.tables_of("campaign"):
        entry.allow(*CAMPAIGN_KEYS)
        name = entry.name_of("name", NAME)
        first, last = _day(entry, "first"), _day(entry, "last")
        if last < first:
            entry.refuse("last is before first: {last} before {first}", "last", last=last, first=first)
        campaign = Campaign(name, entry.text_of("title", name), first, last)
        if name in file.campaigns:
            entry.refuse("two campaigns are named {name!r}", "name", name=name)
        file.campaigns[name] = campaign
    return file


def _rule(entry: TomlTable) -> CampaignRule:
    entry.allow(*RULE_KEYS)
    name = entry.name_of("name", NAME)
    holiday = entry.text_of("holiday", "")
    days = None if holiday else (_yearly(entry, "first"), _yearly(entry, "last"))
    if days is not None and days[1] < days[0]:
        last, first = entry.text_of("last"), entry.text_of("first")
        entry.refuse("last is before first: {last} before {first}", "last", last=last, first=first)
    since = entry.number_of("since", FIRST_YEAR, LAST_YEAR, FIRST_YEAR) or FIRST_YEAR
    return CampaignRule(name, entry.text_of("title", name), days, since, holiday)


def _yearly(entry: TomlTable, key: str) -> tuple[int, int]:
    """Return the month and the day of a key; 29 February is no day of each year."""
    text = entry.text_of(key)
    try:
        match = re.fullmatch(YEARLY_DAY, text)
        day = date(COMMON_YEAR, int(match[1]), int(match[2])) if match else None
    except ValueError:
        day = None
    if day is None:
        entry.refuse("{key} must be a day of each year such as 11-01, not {text!r}", key, key=key, text=text)
    return day.month, day.day


def _day(entry: TomlTable, key: str) -> date:
    day = entry.day_of(key, "2016-11-01")
    if day is None:
        entry.refuse("{key} is missing: give a date such as 2016-11-01; the campaign includes both days", key=key)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        entry.refuse("{key} must be from {first} to {last}", key, key=key, first=FIRST_YEAR, last=LAST_YEAR)
    return day

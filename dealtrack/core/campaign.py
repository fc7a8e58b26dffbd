"""Campaigns: the days of a sales campaign, which reports compare with the days before."""

from datetime import date
from typing import NamedTuple


class Campaign(NamedTuple):
    """A sales campaign, from `first` to `last`, both included; days of the register's time zone."""

    name: str
    title: str
    first: date
    last: date

    @property
    def days(self) -> int:
        """Return how many days the campaign lasts."""
        return (self.last - self.first).days + 1

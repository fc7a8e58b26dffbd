"""Campaigns: the days of a sales campaign, which reports compare with the days before."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Campaign:
    """A sales campaign, from `first` to `last`, both included; days of the register's time zone."""

    name: str
    title: str
    first: date
    last: date

    @property
    def days(self) -> int:
        """Return how many days the campaign lasts."""
        return (self.last - self.first).days + 1

"""Making a register: wholly, or not at all."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from dealtrack.core.calendar import CalendarRules
from dealtrack.core.platform import Platform
from dealtrack.core.policy import Policy
from dealtrack.register.engine import Address, Database
from dealtrack.register.journal import Event
from dealtrack.register.opening import engine_of
from dealtrack.register.recorder import recording
from dealtrack.register.register import Register


class Setup(NamedTuple):
    """What a register is made with."""

    calendar: CalendarRules
    policies: Sequence[Policy]
    policy: str
    platforms: Sequence[Platform]
    timezone: str


def create_register(address: Address, setup: Setup, now: datetime, actor: str) -> None:
    """Make a register; raises RegisterExists or RegisterUnusable."""
    engine = engine_of(address)

    def fill(database: Database) -> None:
        with recording(Register(engine, database), now, actor) as recorder:
            first = {"calendar": setup.calendar.to_data(), "timezone": setup.timezone, "policy": setup.policy}
            recorder.event(Event.MADE, first)
            for policy in setup.policies:
                recorder.take_in(policy)
            for platform in setup.platforms:
                recorder.enter_platform(platform)

    engine.create(fill)

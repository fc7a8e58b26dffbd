"""Making a register: wholly, or not at all."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from dealtrack.core.calendar import CalendarRules
from dealtrack.core.platform import Platform
from dealtrack.core.policy import Policy
from dealtrack.register.engine import Address, Database, Engine
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
    engine.create(filling(engine, setup, now, actor))


def filling(engine: Engine, setup: Setup, now: datetime, actor: str, office: str = "") -> Callable[[Database], None]:
    """Return what fills an empty register; on a server the journal names the login and not the actor.

    The first entry names the office, where there is one: those that a script adds within a second differ by it.
    """

    def fill(database: Database) -> None:
        with recording(Register(engine, database), now, database.login or actor) as recorder:
            first = {"calendar": setup.calendar.to_data(), "timezone": setup.timezone, "policy": setup.policy}
            if office:
                first["office"] = office
            recorder.event(Event.MADE, first)
            for policy in setup.policies:
                recorder.take_in(policy)
            for platform in setup.platforms:
                recorder.enter_platform(platform)

    return fill

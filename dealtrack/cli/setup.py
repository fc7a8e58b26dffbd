"""The command that creates a register, and what a new register is made with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from dealtrack import settings
from dealtrack.cli.language import _
from dealtrack.cli.options import option, read_policy
from dealtrack.cli.output import next_line
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import print_line, warn
from dealtrack.core.text import first_few
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import BadTimezone, RegisterExists, suggestion
from dealtrack.register.recorder import RecordingResult

if TYPE_CHECKING:
    from dealtrack.register.create import Setup

CalendarName = Annotated[str, option("NAME", "Bundled calendar, country code, e.g. US-NY, or calendar file.")]
PolicyName = Annotated[str, option("NAME", "Default policy of complaints.")]
TimeZone = Annotated[str, option("ZONE", "Time zone that days follow [default: the calendar's].")]
USUAL_CALENDAR, USUAL_POLICY = "cn-beijing", "green-channel"


def init(
    session: Session, *, calendar: CalendarName = USUAL_CALENDAR, policy: PolicyName = USUAL_POLICY, timezone: TimeZone
) -> None:
    """Create a register."""
    from dealtrack.register.create import create_register

    if isinstance(session.address, Path) and session.address.exists():
        raise RegisterExists(path=session.address)
    setup = read_setup(calendar, policy, timezone)
    create_register(session.address, setup, session.now, session.actor)
    session.result = RecordingResult(is_change=True)
    line = _("register {path}: calendar {calendar}, policy {policy}, time zone {zone}")
    name = setup.calendar.name
    print_line(line.format(path=session.address, calendar=name, policy=setup.policy, zone=setup.timezone))
    warn_of_setup(setup, calendar, timezone)
    session.advise(next_line(f"dealtrack add --platform {_('NAME')}"))


def read_setup(calendar: str, policy: str, timezone: str) -> "Setup":
    """Return what a register is to be made with; raises what reading calendars and policies does, and BadTimezone."""
    from dealtrack.register.create import Setup
    from dealtrack.sources.calendars import is_timezone, load_calendar
    from dealtrack.sources.platforms import first_platforms

    data, user = settings.data_folder(), settings.user_folder()
    rules = load_calendar(calendar, data, user)
    zone = timezone or rules.timezone or "Asia/Shanghai"
    if not is_timezone(zone):
        from zoneinfo import available_timezones

        raise BadTimezone(name=zone, nearest=suggestion(nearest_names(zone, sorted(available_timezones()), 2)))
    versions = read_policy(policy)
    platforms = first_platforms(data / "platforms.toml", versions[-1])
    return Setup(rules, versions, versions[0].name, platforms, zone)


def warn_of_setup(setup: "Setup", calendar: str, timezone: str) -> None:
    """Warn where a calendar leaves out what only regions have, or a time zone was taken for want of a better one."""
    from dealtrack.sources.calendars import differs_by_subdivision

    rules = setup.calendar
    parts = differs_by_subdivision(calendar)
    if parts:
        line = _(
            "{name} has only the holidays that all its regions share; for the others name a region ({some}), "
            "e.g. --calendar {name}-{part}."
        )
        warn(line.format(name=rules.name, some=first_few(parts), part=parts[0]))
    if not timezone and not rules.timezone:
        text = _("No time zone is known for {name}; using {zone} (change with --timezone).")
        warn(text.format(name=rules.name, zone=setup.timezone))

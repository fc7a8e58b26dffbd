"""Commands about policies."""

from datetime import UTC
from typing import Annotated

import typer

from dealtrack import settings
from dealtrack.cli.options import Format
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session
from dealtrack.core.policy import Policy
from dealtrack.core.policy_words import describe
from dealtrack.errors import RegisterMissing
from dealtrack.sources.policies import load_policy, policy_names


def _taken_in(session: Session) -> dict[str, list[Policy]]:
    try:
        with session.register() as register:
            return dict(register.policies)
    except RegisterMissing:
        return {}


def list_(context: typer.Context, fmt: Format = "") -> None:
    """List the policies that can be used, and which the register has taken in."""
    session: Session = context.obj
    check_format(fmt)
    taken = _taken_in(session)
    data, user = settings.data_folder(), settings.user_folder()
    names = dict.fromkeys([*policy_names(data, user), *taken])
    records = []
    for name in sorted(names):
        versions = taken.get(name) or load_policy(name, data, user)
        latest = versions[-1]
        records.append(
            {
                "name": name,
                "title": latest.title,
                "in_force": ", ".join(version.in_force.isoformat() for version in versions),
                "clocks": ", ".join(clock.name for clock in latest.clocks),
                "taken_in": name in taken,
            }
        )
    print_records(records, fmt=fmt, zone=UTC)


def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The policy [green-channel].")] = "green-channel",
    fmt: Format = "",
) -> None:
    """Show a policy in words, with its authority and source."""
    session: Session = context.obj
    check_format(fmt)
    versions = _taken_in(session).get(name) or load_policy(name, settings.data_folder(), settings.user_folder())
    if fmt in ("json", "jsonl"):
        print_records([version.to_data() for version in versions], fmt=fmt, zone=UTC)
        return
    for position, version in enumerate(versions):
        if position:
            print()
        for line in describe(version):
            print(line)

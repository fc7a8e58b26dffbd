"""Commands about the platforms that complaints are about."""

from typing import Annotated

import typer

from dealtrack.cli.options import Format
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session
from dealtrack.core.platform import Platform, match_platform
from dealtrack.core.text import clean_input
from dealtrack.errors import BadText, PlatformExists

NAME_LIMIT = 100


def list_(context: typer.Context, fmt: Format = "") -> None:
    """List the platforms that the register knows."""
    session: Session = context.obj
    check_format(fmt)
    with session.register() as register:
        records = [
            {"name": platform.name, "aliases": ", ".join(platform.aliases)} for platform in register.platforms
        ]
        print_records(records, fmt=fmt, zone=register.zone, columns=["name", "aliases"])


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The platform's name.")],
    aliases: Annotated[
        list[str] | None, typer.Option("--alias", metavar="NAME", help="Another name for it; repeatable.")
    ] = None,
) -> None:
    """Enter a platform."""
    session: Session = context.obj
    names = [clean_input(text, "name", NAME_LIMIT) for text in (name, *(aliases or ()))]
    if not all(names):
        raise BadText(what="A platform's name", reason="cannot be empty")
    with session.register() as register:
        for text in names:
            known = match_platform(text, register.platforms)
            if known is not None:
                raise PlatformExists(name=text, known=known.name)
        register.enter_platforms([Platform(names[0], tuple(names[1:]))], session.now, session.actor)
    others = f" ({', '.join(names[1:])})" if names[1:] else ""
    print(f"platform {names[0]}{others} entered")

"""The command that prepares a register for Datasette."""

import sys

import typer

from dealtrack import settings
from dealtrack.cli.session import Session


def datasette(context: typer.Context) -> None:
    """Print what Datasette needs to show the register, and to serve nothing else of it."""
    from dealtrack.exchange.datasette import load_template, metadata
    from dealtrack.exchange.writers import json_text
    from dealtrack.register.schema import tables_and_views

    session: Session = context.obj
    template = load_template(settings.data_folder() / "datasette.toml")
    with session.register() as register:
        tables, views = tables_and_views(register.connection)
        told = metadata(template, register.path.stem, tables, views, register.zone.key)
    sys.stdout.write(json_text(told, indent=2) + "\n")

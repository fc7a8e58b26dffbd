"""Commands that keep a register safe: copies of it, and what may be wrong around it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dealtrack.cli.session import Session
from dealtrack.errors import CHECK_FAILED, BadCount


def backup(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="FILE", help="The copy, or with --keep the folder of copies.")],
    keep: Annotated[
        str, typer.Option("--keep", metavar="N", help="Add a copy named by its moment, and keep the last N.")
    ] = "",
) -> None:
    """Copy the register while others write: checked, whole, its owner's alone."""
    from dealtrack.register.backup import back_up, back_up_in

    session: Session = context.obj
    if keep and not (keep.isascii() and keep.isdigit() and 1 <= int(keep[:5]) <= 9999):
        raise BadCount(text=keep)
    with session.register() as register:
        if keep:
            path, dropped = back_up_in(register, Path(target), int(keep), session.now)
            print(f"backup {path}" + (f", {len(dropped)} older dropped" if dropped else ""))
        else:
            seq, head = back_up(register, Path(target))
            print(f"backup {target}: {seq} entries, head {head}")


def doctor(context: typer.Context) -> None:
    """Tell what the register is, and warn of what may be wrong around it; exits with 1 when it warns."""
    from dealtrack.register.health import facts, warnings

    session: Session = context.obj
    with session.register() as register:
        for name, value in facts(register):
            print(f"{name}\t{value}")
        found = list(warnings(register, session.now))
    for text in found:
        print(f"dealtrack: {text}", file=sys.stderr)
    if found:
        raise typer.Exit(CHECK_FAILED)

"""The command that opens the board."""

import sys
from importlib.util import find_spec

import typer

from dealtrack import settings
from dealtrack.cli.options import CategoryNames, OwnerNames, PlatformNames, read_filter
from dealtrack.cli.session import Session
from dealtrack.errors import MissingExtra, NoTerminal


def board(
    context: typer.Context,
    platform: PlatformNames = None,
    category: CategoryNames = None,
    owner: OwnerNames = None,
) -> None:
    """Full-screen live board of open complaints."""
    session: Session = context.obj
    if find_spec("textual") is None:
        raise MissingExtra(what="The board", package="Textual", extra="board")
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise NoTerminal(what="The board", instead="Use 'dealtrack overdue' and 'dealtrack due'.")
    with session.register() as register:
        query = read_filter(register, platform, category, owner, statuses=("open",))
    from dealtrack.cli.board.app import Board
    from dealtrack.cli.board.feed import Feed

    with Feed(session.path, query, settings.now) as feed:
        Board(feed, session.actor).run()

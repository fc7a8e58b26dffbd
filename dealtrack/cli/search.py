"""The command that finds complaints by what is written of them."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from dealtrack.cli.language import _
from dealtrack.cli.options import AsOf, Format, KnownAt, PlatformNames, StatusNames, read_filter
from dealtrack.cli.output import check_format, print_records
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell
from dealtrack.core.snippet import snippet
from dealtrack.core.text import clean_input
from dealtrack.errors import MissingValue
from dealtrack.phrase import Phrase

KEYS = ("id", "number", "platform", "category", "status", "received", "matched")
WORD_LIMIT = 200
SHOWN_ON_TERMINAL = 20


def search(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORDS...", help="What must occur, each of them; in quotes, words together.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="At most so many [20 on a terminal, else all]."),
    ] = None,
    status: StatusNames = None,
    platform: PlatformNames = None,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    fmt: Format = "",
) -> None:
    """Find complaints by words of their summary, notes, platform or number, the latest received first."""
    from dealtrack.register.search import search as find

    session: Session = context.obj
    check_format(fmt)
    wanted = [clean_input(word, Phrase("A word"), WORD_LIMIT) for word in words or ()]
    if not any(wanted):
        raise MissingValue(what="What to search for", option="a word, as in 'dealtrack search 退款'")
    is_short = sys.stdout.isatty() and fmt in ("", "table")
    most = limit or (SHOWN_ON_TERMINAL if is_short else None)
    with session.register(one_state=True) as register:
        held = read_filter(register, platform, statuses=status)
        view = session.view(as_of, known_at, register.zone)
        count = 0

        def records() -> Iterator[dict[str, Any]]:
            nonlocal count
            # One more than is shown tells whether there are more.
            for hit in find(register, wanted, held, view, most + 1 if most else None):
                count += 1
                if most and count > most:
                    return
                complaint = hit.complaint
                values = {name: getattr(complaint, name) for name in KEYS if hasattr(complaint, name)}
                yield {**values, "status": complaint.status.value, "matched": snippet(hit.texts, wanted)}

        print_records(records(), KEYS, fmt, zone=register.zone)
    if most and count > most and limit is None:
        tell(_("only the latest {count} are shown; --limit N shows more").format(count=most))

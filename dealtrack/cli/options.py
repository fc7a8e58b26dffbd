"""The arguments and options that several commands share."""

from typing import Annotated

import typer

Complaints = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...",
        help="Complaints by register id: 3, 3-7 or 3,5,9-12; - reads them from standard input.",
        show_default=False,
    ),
]
Numbers = Annotated[
    list[str] | None, typer.Option("--number", metavar="NUMBER", help="A complaint by its external number; repeatable.")
]
At = Annotated[
    str, typer.Option("--at", metavar="MOMENT", help="When it happened, as 2016-11-11 21:30 or yesterday 17:00 [now].")
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="A note to keep with it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]
Format = Annotated[
    str,
    typer.Option(
        "--format", metavar="FORMAT", help="table, plain, csv, json or jsonl [table on a terminal, else plain]."
    ),
]
DuplicateDays = Annotated[
    int,
    typer.Option(
        "--duplicate-days",
        metavar="N",
        min=0,
        max=3660,
        help="Warn of the same consumer and platform within so many days [7].",
        show_default=False,
    ),
]
StatusNames = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help="open, or received, accepted, forwarded, paused, closed; repeatable, for any of several.",
    ),
]
ReceivedFrom = Annotated[str, typer.Option("--from", metavar="DAY", help="Received on this day or later.")]
ReceivedTo = Annotated[str, typer.Option("--to", metavar="DAY", help="Received on this day or earlier.")]
AsOf = Annotated[str, typer.Option("--as-of", metavar="MOMENT", help="The register as it stood at a moment [now].")]
KnownAt = Annotated[
    str, typer.Option("--known-at", metavar="MOMENT", help="The register as it was known at a moment [all is known].")
]
Reveal = Annotated[bool, typer.Option("--reveal", help="Write personal data whole, not masked.")]
PlatformNames = Annotated[
    list[str] | None,
    typer.Option("--platform", metavar="NAME", help="Only this platform; repeatable, for any of several."),
]
CategoryNames = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="NAME", help="Only this category; repeatable, for any of several."),
]
OwnerNames = Annotated[
    list[str] | None, typer.Option("--owner", metavar="WHO", help="Only this owner; repeatable, for any of several.")
]
CalendarName = Annotated[
    str,
    typer.Option("--calendar", metavar="NAME", help="A calendar other than the register's: a name, country or file."),
]

"""The errors of PostgreSQL and psycopg2 as faults of a register, in words."""

from collections.abc import Callable, Mapping

import psycopg2

from dealtrack.phrase import Phrase
from dealtrack.register.engine import EngineFault, FaultKind
from dealtrack.register.postgres.refusals import lost_reason

_KINDS = (
    (("55P03", "57014", "40P01", "40001"), FaultKind.BUSY),
    (("53100",), FaultKind.FULL),
    (("25006",), FaultKind.READ_ONLY),
    (("23", "P0001"), FaultKind.CONSTRAINT),
    (("42501",), FaultKind.DENIED),
    (("08", "57P0", "25P03"), FaultKind.GONE),
    (("XX001", "XX002"), FaultKind.DAMAGED),
    (("22021",), FaultKind.UNREADABLE),
    (("3F000", "42P01"), FaultKind.ABSENT),
)
"""How the codes of errors begin, and what is wrong then."""

_REASONS: Mapping[FaultKind, Callable[[str], Phrase]] = {
    FaultKind.BUSY: lambda _: Phrase("others use it"),
    FaultKind.FULL: lambda _: Phrase("the server's disk is full; nothing was written"),
    FaultKind.READ_ONLY: lambda _: Phrase(
        "the server lets nobody write to it, e.g. because it is a standby; nothing was written"
    ),
    FaultKind.CONSTRAINT: lambda error: Phrase(
        "it refused an entry that contradicts its content ({error}); nothing was written. 'dealtrack "
        "verify' shows what is wrong",
        error=error,
    ),
    FaultKind.DENIED: lambda error: Phrase("{error}", error=error),
    FaultKind.GONE: lost_reason,
    FaultKind.UNCERTAIN: lost_reason,
    FaultKind.DAMAGED: lambda error: Phrase(
        "the server finds its data damaged ({error}); restore the last backup", error=error
    ),
    FaultKind.UNREADABLE: lambda _: Phrase("it holds, or was given, a text with invalid characters"),
    FaultKind.ABSENT: lambda error: Phrase("the server reports: {error}", error=error),
    FaultKind.OTHER: lambda error: Phrase("the server reports: {error}", error=error),
}


def fault(kind: FaultKind, error: str = "") -> EngineFault:
    """Return a fault of a kind; `error` is what the server says, without values, which may be personal data."""
    return EngineFault(kind, _REASONS[kind](error))


def given_up() -> EngineFault:
    """Return the fault of a recording that the server has ended before."""
    return EngineFault(FaultKind.OTHER, Phrase("the server gave the recording up; nothing was written"))


def fault_of(error: psycopg2.Error, is_closed: bool, is_recording: bool = False) -> EngineFault:
    """Return the fault for an error.

    `is_closed` tells whether the connection is closed by now, `is_recording` whether the server was to record all.
    """
    kind = FaultKind.GONE if is_closed else FaultKind.OTHER
    for starts, each in _KINDS:
        if (error.pgcode or "").startswith(starts):
            kind = each
    # With the other error, psycopg2 sends nothing.
    if is_recording and kind is FaultKind.GONE and not isinstance(error, psycopg2.InterfaceError):
        kind = FaultKind.UNCERTAIN
    lines = (error.diag.message_primary or str(error)).strip().splitlines() or [type(error).__name__]
    return fault(kind, lines[0])

"""What is to be recorded of a new complaint, as a row of a file tells it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from dealtrack.core.lifecycle import UNKNOWN_STEPS, Kind
from dealtrack.core.platform import Platform, match_platform
from dealtrack.core.policy import Policy
from dealtrack.exchange.incoming import Incoming
from dealtrack.exchange.news import later_of, personal_of, receipt_of
from dealtrack.register.recorder import Draft, Work


class PlatformNames:
    """Finds the platforms that the texts of a file stand for, and remembers those that it found."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def find(self, text: str, platforms: Iterable[Platform]) -> str | None:
        """Return the name of the platform, of these, that a text stands for; None where there is none yet."""
        name = self._known.get(text)
        if name is None:
            platform = match_platform(text, platforms)
            if platform is not None:
                name = self._known[text] = platform.name
        return name


def work_of(
    row: Incoming,
    key: str | None,
    source: str,
    now: datetime,
    zone: tzinfo,
    platform_of: Callable[[str], str],
    policy_of: Callable[[str | None], str],
    versions_of: Callable[[str], Sequence[Policy]],
) -> Work:
    """Return a new complaint of a row; `key` is what one without a number is known by.

    `platform_of` gives the name of the platform that a text stands for, `policy_of` that of the policy that a row
    names, the register's own where it names none, `versions_of` all versions of one of that name. Raises Contradiction
    and what these raise.
    """
    at, said = receipt_of(row)
    first = row.history[0].detail if row.history else {}
    detail: dict[str, Any] = {
        "platform": platform_of(first.get("platform", row.platform)),
        "policy": policy_of(first.get("policy", row.policy)),
        "source": source,
        "line": row.line,
        **said,
    }
    if key is not None:
        detail["import_key"] = key
    if row.unknown_steps:
        awaited = _awaited(versions_of(detail["policy"]))
        if unknown := [kind.value for kind in row.unknown_steps if kind in awaited]:
            detail[UNKNOWN_STEPS] = unknown
    receipt = Draft(Kind.RECEIVED, at, detail)
    later = later_of(row, receipt, now, zone, platform_of)
    return Work(None, [receipt, *later], personal_of(row))


def _awaited(versions: Iterable[Policy]) -> set[Kind]:
    """Return the steps that it matters to know of: the forwarding, and those by which a policy's clocks go."""
    awaited = {Kind.FORWARDED}
    for version in versions:
        for rule in version.clocks:
            awaited |= rule.start | rule.stop
    return awaited

"""What is to be recorded of a new complaint, as a row of a file tells it."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from dealtrack.core.lifecycle import Kind
from dealtrack.exchange.incoming import Incoming
from dealtrack.exchange.news import later_of, personal_of, receipt_of
from dealtrack.register.recorder import Draft, Work


def work_of(
    row: Incoming,
    key: str | None,
    source: str,
    now: datetime,
    zone: tzinfo,
    platform_of: Callable[[str], str],
    policy_of: Callable[[str | None], str],
) -> Work:
    """Return a new complaint of a row; `key` is what one without a number is known by.

    `platform_of` gives the name of the platform that a text stands for, `policy_of` that of the policy that a row
    names, the register's own where it names none. Raises Contradiction and what these raise.
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
    receipt = Draft(Kind.RECEIVED, at, detail)
    later = later_of(row, receipt, now, zone, platform_of)
    return Work(None, [receipt, *later], personal_of(row))

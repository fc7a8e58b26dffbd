"""An extension is asked for before the deadline, and may be granted after it (the bureaus' rules of 12345 orders)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Clerk

POLICY = """
name = "orders"
title = "An invented policy of orders"
platforms = "open"

[[version]]
in_force = 2016-01-01
authority = "nobody"
source = "invented"

[[version.clock]]
name = "answer"
start = ["received"]
stop = ["completed"]
length = 3
asked_before = 1
"""


@pytest.fixture
def bureau(clerk: Clerk, tmp_path: Path) -> Clerk:
    """Give a clerk on Fri 18 Nov with a complaint of Fri 11 Nov: 14(1), 15(2), due Wed 16(3)."""
    clerk.now = "2016-11-18T09:00:00+08:00"
    path = tmp_path / "orders.toml"
    path.write_text(POLICY, encoding="utf-8")
    clerk("policy", "adopt", path, "--yes").ok()
    clerk("add", "--platform", "JD", "--policy", "orders", "--at", "2016-11-11 10:00").ok()
    return clerk


def answer(clerk: Clerk, *more: object) -> tuple[str, str]:
    clock = json.loads(clerk("show", 1, "--format", "json", *more).ok())["clocks"][0]
    return clock["due"][:10], clock["verdict"]


CASES = [
    # Asked on Tue 15, a working day before Wed 16, granted on Fri 18: Wed 16 and 3 more, 17(1), 18(2), Mon 21(3).
    ("--asked 2016-11-15T23:59:59", ""),
    ("--asked 2016-11-15", ""),
    # On the due day itself it is too late, though before the deadline.
    ("--asked 2016-11-16T08:00", ": it is asked for at least 1 working day before the due day, by 2016-11-15."),
    ("--asked 2016-11-17", ": it had already passed by then."),
    ("", ": it had already passed by then."),
    ("--asked 2016-11-15 --at 2016-11-14T09:00", ": it cannot have been asked for after it was granted."),
    ("--at 2016-11-15T09:00", ""),
    ("--at 2016-11-16T09:00", ": it is asked for at least 1 working day before the due day, by 2016-11-15."),
]


@pytest.mark.parametrize(("words", "told"), CASES)
def test_it_must_have_been_asked_for_in_time(bureau: Clerk, words: str, told: str) -> None:
    assert answer(bureau) == ("2016-11-16", "overdue")
    made = bureau("extend", 1, "--clock", "answer", "--by", 3, "--reason", "lab", *words.split())
    if told:
        assert made.status == 2 and made.err.startswith(
            "dealtrack: The answer deadline of complaint 1 cannot be extended"
        )
        assert told in made.err
        assert answer(bureau) == ("2016-11-16", "overdue")
    else:
        made.ok()
        assert answer(bureau) == ("2016-11-21", "running")


def test_the_request_is_kept_shown_and_exported(bureau: Clerk, new_clerk: Callable[[], Clerk], tmp_path: Path) -> None:
    bureau("extend", 1, "--clock", "answer", "--by", 3, "--reason", "lab", "--asked", "2016-11-15 10:00").ok()
    assert "asked for 2016-11-15 10:00" in bureau("show", 1).ok()
    # Until it was granted it was overdue.
    assert answer(bureau, "--as-of", "2016-11-17 09:00") == ("2016-11-16", "overdue")
    other = new_clerk()
    other.now = bureau.now
    other("init", "--policy", tmp_path / "orders.toml").ok()
    for fmt in ("csv", "jsonl"):
        bureau("export", "--format", fmt, "--to", tmp_path / f"all.{fmt}").ok()
        told = other("import", tmp_path / f"all.{fmt}").ok()
        assert ("1 added" in told) == (fmt == "csv") and ("1 unchanged" in told) == (fmt != "csv")
    assert answer(other) == ("2016-11-21", "running")
    assert (
        "an extension is asked for at least 1 working day before the due day" in bureau("policy", "show", "orders").ok()
    )
    # On trial without that rule nothing changes; with a stricter one the extension is left out.
    strict = tmp_path / "strict.toml"
    strict.write_text(POLICY.replace("asked_before = 1", "asked_before = 2"), encoding="utf-8")
    (row,) = json.loads(bureau("policy", "try", strict, "--format", "json").ok())
    assert (row["running_then"], row["overdue_now"]) == (1, 1)
    bureau("verify").ok()

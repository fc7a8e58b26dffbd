"""Corrections of a policy among everything else: tables, histories and what was known then always tell the same."""

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Clerk, tries

CLOCKS = (
    '{ name = "first", start = "received", stop = ["accepted", "rejected"], length = 2 }',
    '{ name = "first", start = "received", stop = "forwarded", length = 1, extensions = 1 }',
    '{ name = "whole", start = ["received", "reopened"], stop = "completed", length = 5 }',
    '{ name = "whole", start = ["forwarded", "reopened"], stop = "completed", length = 9, unit = "calendar-day" }',
    '{ name = "last", start = ["accepted", "forwarded"], stop = ["completed", "rejected"], length = 3 }',
)
LOOKS: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("overdue",),
    ("due", "--within", "9wd"),
    ("report",),
    ("report", "--by", "platform"),
)


def text_of(chance: random.Random) -> str:
    """Return a policy of one to three versions with clocks taken at random."""
    days = sorted(chance.sample(("2016-01-01", "2016-11-03", "2016-11-08", "2017-01-01"), chance.randint(1, 3)))
    versions = []
    for day in days:
        names: dict[str, str] = {}
        for clock in chance.sample(CLOCKS, chance.randint(1, 4)):
            names.setdefault(clock[:18], clock)
        clocks = ", ".join(names.values())
        head = f'[[version]]\nin_force = {day}\nauthority = "a"\nsource = "{chance.random()}"'
        versions.append(f"{head}\nclock = [{clocks}]\n")
    return 'name = "ours"\nplatforms = "open"\n' + "".join(versions)


def rows(clerk: Clerk) -> list[str]:
    tables = ("complaint", "clock", "policy")
    with closing(sqlite3.connect(clerk.db)) as connection:
        return [str(row) for name in tables for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3")]


@pytest.mark.parametrize("seed", range(tries(4)))
def test_whatever_is_corrected_when(seed: int, new_clerk: Callable[..., Clerk], tmp_path: Path) -> None:
    chance = random.Random(seed)
    clerk, path = new_clerk(), tmp_path / "ours.toml"
    path.write_text(text_of(chance), "utf-8")
    clerk("init", "--policy", path, now="2016-11-01T08:00:00+08:00").ok()
    clerk("platform", "add", "Shop", now="2016-11-01T08:00:00+08:00").ok()
    seen: list[tuple[str, tuple[str, ...], str]] = []
    for step in range(30):
        clerk.now = f"2016-11-{1 + step // 2:02}T{9 + 3 * (step % 2):02}:00:00+08:00"
        count = len(json.loads(clerk("list", "--format", "json").ok()))
        match chance.randint(0, 11):
            case 0 | 1 | 2:
                clerk("add", "--platform", "Shop").ok()
            case 3:
                path.write_text(text_of(chance), "utf-8")
                assert clerk("policy", "adopt", path, "--corrected", "--yes").status == 0
            case 4 if chance.random() < 0.4:
                clerk("recheck", "--include-closed").ok()
            case 5 if count:
                clerk("extend", chance.randint(1, count), "--clock", "first", "--by", 1, "--reason", "x")
            case _ if count:
                kind = chance.choice(
                    ("accept", "forward", "complete", "complete", "reject", "pause", "resume", "reopen")
                )
                reason = ("--reason", "x") if kind in ("reject", "pause", "reopen") else ()
                clerk(kind, chance.randint(1, count), *reason)
        if step % 5 == 4:
            assert clerk("recheck").ok() == "tables match the journal\n"
            look = chance.choice(LOOKS)
            moment = f"{clerk.now[:10]} {clerk.now[11:19]}"
            seen.append((moment, look, clerk(*look).ok()))
            assert clerk(*look, "--as-of", moment).ok() == seen[-1][2]
    clerk.now = "2016-11-30T09:00:00+08:00"
    for moment, look, told in seen:
        assert clerk(*look, "--as-of", moment, "--known-at", moment).ok() == told
    before = rows(clerk)
    clerk("recheck", "--rebuild").ok()
    assert rows(clerk) == before
    clerk("verify").ok()
    for id_ in range(1, count + 1):
        clerk("explain", id_).ok()
    clerk("policy", "try", "green-channel").ok()

"""The views say what the commands say, in local time, at whatever moment they are read."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from dealtrack.core.moments import ALWAYS, offsets
from tests.conftest import Clerk
from tests.make_register import unpack

pytestmark = pytest.mark.file_only("views for Datasette")

VIEWS = ("complaints", "overdue", "due", "clocks", "journal", "platforms")


def _read(clerk: Clerk, view: str, moment: str) -> list[dict[str, Any]]:
    """Return what a view shows at a moment: its own statement, with the moment in the place of the present one."""
    now = datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with closing(sqlite3.connect(f"file:{clerk.db}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?", (view,)
        ).fetchone()
        select = str(sql).partition(" AS\n")[2]
        assert select.startswith("SELECT")
        return [dict(row) for row in connection.execute(select.replace("'now'", f"'{now}'"))]


def _local(text: str | None) -> str | None:
    return None if text is None else text[:16].replace("T", " ")


def _due(text: str | None) -> str | None:
    return None if text is None else text[:10] if text[11:19] == "23:59:59" else _local(text)


def _compare(clerk: Clerk, moment: str) -> None:
    listed = json.loads(clerk("list", "--format", "json", now=moment).ok())
    shown = _read(clerk, "complaints", moment)
    assert [row["id"] for row in shown] == [record["id"] for record in listed]
    for row, record in zip(shown, listed, strict=True):
        same = ("number", "platform", "category", "seller", "status", "owner", "policy", "outcome", "summary")
        assert {key: row[key] for key in same} == {key: record[key] for key in same}
        assert (row["received"], row["forwarded"]) == (_local(record["received"]), _local(record["forwarded"]))
        for clock in ("forward", "complete"):
            assert row[f"{clock}_verdict"] == record.get(f"{clock}_verdict"), (moment, row)
            if row[f"{clock}_verdict"] not in (None, "projected"):
                assert row[f"{clock}_due"] == _due(record[f"{clock}_due"])
        others = [
            f"{key.removesuffix('_verdict')} {value}" for key, value in record.items() if key.endswith("_verdict")
        ]
        wanted = sorted(text for text in others if text.split()[0] not in ("forward", "complete"))
        # A clock that has not started has no row to be listed.
        held = sorted(filter(None, (row["other_clocks"] or "").split(", ")))
        assert held == [text for text in wanted if text.split()[1] not in ("projected", "cancelled") or text in held]
    for command, view, count in (("overdue", "overdue", "working_days_late"), ("due", "due", None)):
        words = [command, *(["--within", "9000h"] if command == "due" else []), "--format", "json"]
        told = json.loads(clerk(*words, now=moment).ok())
        rows = _read(clerk, view, moment)
        assert [(row["id"], row["clock"], row["due"]) for row in rows] == [
            (record["id"], record["clock"], _due(record["due"])) for record in told
        ]
        if count:
            assert [row[count] for row in rows] == [record[count] for record in told]


@pytest.mark.parametrize(
    "moment",
    [
        "2016-11-11T10:00:00+08:00",
        "2016-11-15T23:59:59+08:00",
        "2016-11-16T00:00:00+08:00",
        "2017-03-01T09:00:00+08:00",
    ],
)
def test_the_views_agree_with_the_commands_at_any_moment(moment: str, new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    unpack(1, clerk.db)
    _compare(clerk, moment)


@pytest.mark.parametrize(
    ("calendar", "zone", "moments"),
    [
        ("DE-BE", "Europe/Berlin", ["2016-10-29T12:00:00+02:00", "2016-10-30T02:30:00+02:00", "2016-10-30T02:30:00+01:00"]),
        ("US-NY", "America/New_York", ["2016-03-12T12:00:00-05:00", "2016-03-13T01:59:59-05:00", "2016-03-13T03:00:00-04:00"]),
        ("IL", "Asia/Jerusalem", ["2016-10-29T12:00:00+03:00", "2016-10-30T01:30:00+03:00", "2016-10-30T01:30:00+02:00"]),
        ("AU-NSW", "Australia/Sydney", ["2016-04-02T12:00:00+11:00", "2016-04-03T02:30:00+11:00", "2016-04-03T02:30:00+10:00"]),
    ],
)  # fmt: skip
def test_local_times_keep_summer_time(
    calendar: str, zone: str, moments: list[str], new_clerk: Callable[..., Clerk]
) -> None:
    clerk = new_clerk()
    clerk("init", "--calendar", calendar, "--timezone", zone, now="2016-01-01T00:00:00+00:00").ok()
    clerk("platform", "add", "JD", now="2016-01-01T01:00:00+00:00")
    for moment in moments:
        clerk("add", "--platform", "JD", now=moment).ok()
    assert [row["received"] for row in _read(clerk, "complaints", moments[-1])] == [
        _local(moment) for moment in moments
    ]
    clerk("forward", 1, now=moments[-1]).ok()
    for moment in (moments[-1], "2016-12-01T09:00:00+00:00", "2016-07-01T09:00:00+00:00"):
        _compare(clerk, max(moment, moments[-1]))
    assert clerk("recheck", "--rebuild", now="2016-12-01T09:00:00+00:00").ok()
    assert clerk("verify").status == 0


def test_offsets_are_those_of_the_zone() -> None:
    assert offsets("Asia/Shanghai")[0] == (ALWAYS, 28800)
    assert ("2016-10-30T01:00:00Z", 3600) in offsets("Europe/Berlin")
    assert ("2016-03-13T07:00:00Z", -14400) in offsets("America/New_York")
    assert offsets("UTC") == [(ALWAYS, 0)]


def test_no_view_shows_personal_data(clerk: Clerk) -> None:
    person = (
        "--consumer",
        "欧阳测试",
        "--phone",
        "13912345678",
        "--email",
        "ouyang@example.com",
        "--address",
        "建国路",
    )
    clerk("add", "--platform", "JD", "--summary", "late", *person).ok()
    clerk("amend", 1, "--phone", "13987654321").ok()
    digests = set()
    with closing(sqlite3.connect(clerk.db)) as connection:
        listed = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")}
        assert listed == set(VIEWS)
        for (detail,) in connection.execute('SELECT detail FROM "transition" WHERE complaint = 1'):
            digests.add(json.loads(detail)["personal"])
        told = "\n".join(str(row) for view in VIEWS for row in connection.execute(f"SELECT * FROM {view}"))
    assert "late" in told
    assert len(digests) == 2
    for secret in (*person[1::2], "13987654321", *digests):
        assert secret not in told

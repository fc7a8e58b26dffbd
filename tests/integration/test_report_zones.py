"""Days of reports in time zones whose days begin at odd moments in UTC."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from dealtrack.core.moments import from_store, local_day, offsets, to_store
from dealtrack.register.counts import parts_of_days
from tests.conftest import Clerk

NAMES = (
    "Asia/Shanghai", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Africa/Monrovia", "Pacific/Apia", "UTC",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_part_of_a_day_lies_on_two_local_days(name: str) -> None:
    zone, second = ZoneInfo(name), timedelta(seconds=1)
    changes = [from_store(since) for since, _ in offsets(name)[1:]]
    middles = [*changes[:40], *changes[-2:], from_store("2016-11-11T00:00:00Z")]
    steps = [n * timedelta(minutes=15) + beside * second for n in range(-100, 101) for beside in (-1, 0, 1)]
    moments = [to_store(middle + step) for middle in middles for step in steps]
    with closing(sqlite3.connect(":memory:")) as db:
        sql = f"SELECT value, {parts_of_days(zone)('value')} FROM json_each(?)"
        starts = dict(db.execute(sql, (json.dumps(moments),)))
    for moment, start in starts.items():
        assert local_day(from_store(moment), zone) == local_day(from_store(start), zone), moment
    days = {moment[:10] for moment in moments}
    assert len(set(starts.values())) <= 10 * len(days)


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("Asia/Kathmandu", "2016-11-09T18:14:59+00:00"),
        ("Asia/Kolkata", "2016-11-09T18:29:59+00:00"),
        ("America/New_York", "2016-11-10T04:59:59+00:00"),
    ],
)
def test_a_report_counts_days_and_working_days_up_to_the_last_second_of_a_day(
    name: str, last: str, clerk: Clerk
) -> None:
    clerk.db.unlink()
    clerk("init", "--timezone", name).ok()
    zone = ZoneInfo(name)
    end = from_store(last).astimezone(zone)
    assert (end + timedelta(seconds=1)).date() != end.date()
    for moment in (end, end + timedelta(seconds=1)):
        clerk("add", "--platform", "JD", "--at", moment.strftime("%Y-%m-%d %H:%M:%S")).ok()
    clerk("forward", 1, 2, "--at", "2016-11-11 10:00").ok()
    report = json.loads(clerk("report", "--format", "json").ok())
    assert {row["day"]: row["complaints"] for row in report["intake"]} == {"2016-11-09": 1, "2016-11-10": 1}
    forward = report["total"]["clocks"]["forward"]
    assert (forward["median_working_days"], forward["p90_working_days"]) == (1.5, 2)

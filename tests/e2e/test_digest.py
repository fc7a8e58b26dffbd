"""The morning page for cron: what it tells, where it is silent, and that nothing is missing from it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, Clerk, prepared

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
SECTIONS = ("newly_overdue", "still_overdue", "due_today", "due_next_working_day")


def at(text: str) -> str:
    return f"2016-11-{text}:00+08:00"


def page(clerk: Clerk, *words: object, now: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(clerk("digest", "--format", "json", *words, now=now).ok())
    return told


def ids(page: dict[str, Any]) -> list[list[int]]:
    return [[record["id"] for record in page[name]] for name in SECTIONS]


@prepared
def desk(clerk: Clerk) -> None:
    """Give a clerk on Tuesday the 15th: one overdue since the 7th, one since Monday, one due today, one tomorrow."""
    for number, moment in enumerate(["11-04 10:00", "11-11 10:00", "11-14 10:00", "11-15 08:00"], 1):
        clerk("add", "--platform", "JD", "--owner", f"desk {number % 2}", "--at", f"2016-{moment}").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-11-01 10:00").ok()
    clerk("complete", 5).ok()


def test_the_page_tells_new_from_old_and_today_from_tomorrow(desk: Clerk) -> None:
    told = page(desk)
    assert ids(told) == [[2], [1], [3], [4]]
    assert [told["still_overdue"][0]["working_days_late"], told["newly_overdue"][0]["working_days_late"]] == [6, 1]
    assert (told["moment"], told["since"]) == ("2016-11-15T09:00:00+08:00", "2016-11-14T09:00:00+08:00")
    assert (told["working_day"], told["next_working_day"]) == (True, "2016-11-16")
    assert told["owners"] == [
        {"owner": "desk 0", "newly_overdue": 1, "still_overdue": 0, "due_today": 0, "due_next_working_day": 1},
        {"owner": "desk 1", "newly_overdue": 0, "still_overdue": 1, "due_today": 1, "due_next_working_day": 0},
    ]
    assert told["reminders"] == []
    assert f"{told['entries']} entries, checksum {told['head']}" in desk("verify", "--head", told["head"]).ok()


def test_the_page_as_text(desk: Clerk) -> None:
    lines = desk("digest").ok().splitlines()
    head = desk("verify").ok().split()[-1]
    assert lines == [
        "Tue 2016-11-15 09:00: 1 newly overdue, 1 still overdue, 1 due today, 1 due by the next working day",
        "",
        "owner   newly overdue  still overdue  due today  due next day",
        "──────  ─────────────  ─────────────  ─────────  ────────────",
        "desk 0              1                                       1",
        "desk 1                             1          1",
        "",
        "Newly overdue, since the last working day (Mon 2016-11-14)",
        "ID  number  platform  category  owner   stage    due         late",
        "──  ──────  ────────  ────────  ──────  ───────  ──────────  ────",
        " 2          JD        other     desk 0  forward  2016-11-14  1 wd",
        "",
        "Still overdue, most overdue first",
        "ID  number  platform  category  owner   stage    due         late",
        "──  ──────  ────────  ────────  ──────  ───────  ──────────  ────",
        " 1          JD        other     desk 1  forward  2016-11-07  6 wd",
        "",
        "Due today",
        "ID  number  platform  category  owner   stage    due",
        "──  ──────  ────────  ────────  ──────  ───────  ──────────",
        " 3          JD        other     desk 1  forward  2016-11-15",
        "",
        "Due by the next working day (Wed 2016-11-16)",
        "ID  number  platform  category  owner   stage    due",
        "──  ──────  ────────  ────────  ──────  ───────  ──────────",
        " 4          JD        other     desk 0  forward  2016-11-16",
        "",
        "Journal: 39 entries. Checksum for 'dealtrack verify --head':",
        head,
    ]


def test_day_29_differs_from_day_1(desk: Clerk) -> None:
    late = [page(desk, now=f"{day}T09:00:00+08:00") for day in ("2016-11-16", "2016-12-13")]
    assert [told["newly_overdue"][0]["id"] if told["newly_overdue"] else None for told in late] == [3, None]
    assert [[r["working_days_late"] for r in told["still_overdue"]] for told in late] == [[7, 2], [26, 21, 20, 19]]


@pytest.mark.parametrize("day", ["14T09:00", "15T09:00", "18T17:00", "19T09:00", "20T23:59", "21T00:00", "28T09:00"])
def test_nothing_overdue_or_due_is_missing_from_the_page(clerk: Clerk, day: str) -> None:
    clerk("import", SAMPLE, now=at("21T09:00")).ok()
    words = ["--as-of", f"2016-11-{day.replace('T', ' ')}"]
    told = page(clerk, *words, now=at("30T09:00"))
    new, still, today, following = ids(told)
    overdue = json.loads(clerk("overdue", *words, "--format", "json", now=at("30T09:00")).ok())
    due = json.loads(clerk("due", "--within", "1wd", *words, "--format", "json", now=at("30T09:00")).ok())
    assert still + new == [record["id"] for record in overdue]
    assert today + following == [record["id"] for record in due]
    assert [sum(owner[name] for owner in told["owners"]) for name in SECTIONS] == [len(told[name]) for name in SECTIONS]
    assert told["head"] is None and told["entries"] is None


def test_a_quiet_register_says_nothing(clerk: Clerk) -> None:
    assert clerk("digest") == clerk("digest", "--working-days-only")
    assert clerk("digest").out == clerk("digest").err == ""
    clerk("add", "--platform", "JD", "--at", "2016-11-15 08:00").ok()
    clerk("complete", 1).ok()
    assert clerk("digest").ok() == ""
    assert ids(page(clerk)) == [[], [], [], []]


@pytest.mark.parametrize(
    ("now", "speaks"),
    [
        ("2016-11-18T08:30", True),
        ("2016-11-19T08:30", False),  # a Saturday
        ("2016-10-08T08:30", True),  # a Saturday that is worked
        ("2016-10-03T08:30", False),  # National Day, a Monday
    ],
)
def test_rest_days_are_silent_when_asked(clerk: Clerk, now: str, speaks: bool) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-09-20 10:00", now="2016-09-20T10:00:00+08:00").ok()
    now += ":00+08:00"
    assert bool(clerk("digest", "--working-days-only", now=now).ok()) is speaks
    assert bool(clerk("digest", "--working-days-only", "--format", "json", now=now).ok()) is speaks
    assert ("(a rest day)" in clerk("digest", now=now).ok()) is not speaks


def test_a_page_for_one_owner_or_platform(desk: Clerk) -> None:
    assert ids(page(desk, "--owner", "desk 1")) == [[], [1], [3], []]
    assert ids(page(desk, "--platform", "tmall")) == [[], [], [], []]
    assert desk("digest", "--platform", "tmall").ok() == ""


def test_next_year_s_calendar_is_asked_for(clerk: Clerk) -> None:
    told = clerk("digest", now="2026-11-02T08:30:00+08:00").ok()
    assert "Mon 2026-11-02 08:30: nothing overdue or due" in told
    assert "Reminder: the register has no official calendar for 2027" in told
    assert "run 'dealtrack calendar import FILE'" in " ".join(told.split())
    clerk("add", "--platform", "JD", "--at", "2026-10-01", now="2026-11-02T08:30:00+08:00").ok()
    assert not clerk("overdue", now="2026-11-02T08:30:00+08:00").err, "cron hears of it once a day"
    assert "run 'dealtrack calendar import FILE'" in clerk("doctor", now="2026-11-02T08:30:00+08:00").err
    assert page(clerk, now="2026-11-02T08:30:00+08:00")["reminders"] == [{"kind": "calendar", "year": 2027}]


def test_next_year_s_calendar_is_not_asked_for_before_november(clerk: Clerk) -> None:
    assert clerk("digest", now="2026-10-30T08:30:00+08:00").ok() == ""


def test_backups_that_grow_old_are_told(clerk: Clerk, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    monday, tuesday = at("14T08:30"), at("15T08:30")
    assert "there is no backup in" in clerk("digest", "--backups", folder, now=monday).ok()
    clerk("backup", "--keep", 3, folder, now=at("11T19:00")).ok()
    assert clerk("digest", "--backups", folder, now=monday).ok() == ""
    told = clerk("digest", "--backups", folder, now=tuesday).ok()
    assert f"the last backup in {folder} was made 4 days ago, at 2016-11-11 19:00." in told
    reminder = page(clerk, "--backups", folder, now=tuesday)["reminders"]
    assert reminder == [{"kind": "backup", "place": str(folder), "last": "2016-11-11T19:00:00+08:00"}]
    # What only looks like a backup is none: a file cut off, another register's copy.
    (made,) = folder.glob("*.db")
    (folder / made.name.replace("20161111T110000Z", "20161115T000000Z")).touch()
    for name in ("other-20161115T000000Z.db", made.name.replace("20161111T110000Z", "yesterdayZ")):
        (folder / name).write_bytes(made.read_bytes())
    assert clerk("digest", "--backups", folder, now=tuesday).ok() == told


def test_one_file_of_backup_is_as_old_as_it_was_written(clerk: Clerk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    clerk("backup", copy).ok()
    written = 1_479_100_000  # Mon 2016-11-14 13:06:40
    os.utime(copy, (written, written))
    assert clerk("digest", "--backups", copy).ok() == ""
    assert "2 days ago" in clerk("digest", "--backups", copy, now=at("16T09:00")).ok()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_backups_that_cannot_be_read_are_an_error(clerk: Clerk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    clerk("backup", copy).ok()
    copy.chmod(0)
    told = clerk("digest", "--backups", copy)
    assert (told.status, told.out) == (2, "") and "Cannot read" in told.err


def test_an_unknown_format_is_refused(clerk: Clerk) -> None:
    told = clerk("digest", "--format", "csv")
    assert (told.status, told.out) == (2, "")
    assert "Allowed: text, json." in told.err


def test_names_from_outside_stay_harmless(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--owner", "a\x1b[31mb", "--number", "n\n1", "--at", "2016-11-01").ok()
    told = clerk("digest").ok()
    assert "\x1b" not in told and "a␛[31mb" in told and "n 1" in told


def test_in_chinese_the_next_working_day_itself_is_within_what_falls_due(desk: Clerk) -> None:
    told = desk("--lang", "zh", "digest").ok()
    assert "下一工作日前到期" not in told
    assert "）前到期" not in told
    assert "下一工作日（2016-11-16 周三）内到期" in told

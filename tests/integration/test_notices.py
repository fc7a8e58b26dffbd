"""Official notices as files, taken into a calendar."""

import json
from datetime import date
from pathlib import Path

import pytest

from dealtrack.core.calendar import CalendarRules, DayKind, DayList, Ruling, WorkingCalendar
from dealtrack.errors import BadNoticeFile
from dealtrack.sources.notices import apply_notice, read_notice

RULES = CalendarRules(
    "x",
    "x",
    "UTC",
    date(2020, 1, 1),
    date(2030, 12, 31),
    frozenset({5, 6}),
    {
        date(2027, 1, 4): Ruling(False, DayKind.HOLIDAY, "estimated"),
        date(2027, 3, 1): Ruling(False, DayKind.AMENDED_OFF, "own"),
    },
    frozenset(range(2020, 2027)),
)
DAYS = [
    {"name": "New Year's Day", "date": "2027-01-01", "isOffDay": True},
    {"name": "New Year's Day", "date": "2027-01-02", "isOffDay": True},
    {"name": "New Year's Day", "date": "2027-01-10", "isOffDay": False},
    {"name": "New Year's Day", "date": "2026-12-27", "isOffDay": False},
]


def test_the_whole_word_of_a_year_replaces_estimates_and_keeps_amendments(tmp_path: Path) -> None:
    file = tmp_path / "2027.json"
    file.write_text(json.dumps({"year": 2027, "papers": ["notice 1"], "days": DAYS}))
    notice = read_notice(file)
    assert notice.papers == ("notice 1",)
    rules = apply_notice(RULES, notice, "notice 1")
    calendar = WorkingCalendar(DayList(rules))
    assert not calendar.is_worked(date(2027, 1, 1))
    assert calendar.is_worked(date(2027, 1, 4)), "what was estimated goes"
    assert not calendar.is_worked(date(2027, 3, 1)), "an amendment stays"
    assert calendar.is_worked(date(2027, 1, 10))
    assert calendar.is_worked(date(2026, 12, 27)), "a make-up day of the year before"
    assert 2027 in rules.official
    assert 2028 not in rules.official


def test_csv_says_the_same_and_is_official_only_where_told(tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    rows = "".join(f"{day['date']},{day['name']},{str(day['isOffDay']).lower()}\n" for day in DAYS)
    file.write_text("Date,Name,isOffDay\n" + rows)
    assert read_notice(file).days == read_notice(file, [2027]).days
    assert read_notice(file).years == frozenset()
    assert read_notice(file, [2027]).years == {2027}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "rules no day"),
        (b"{", "no JSON"),
        (b"{}", "no list of days"),
        (b'{"days": [1]}', "no list of days"),
        (b'{"days": [{"date": "2027-02-30", "isOffDay": true}]}', "2027-02-30"),
        (b'{"days": [{"date": "2027-02-01"}]}', "isOffDay"),
        (b'{"year": "soon", "days": []}', "soon"),
        (b'{"days": [{"date": "2027-02-01", "isOffDay": true}, {"date": "2027-02-01", "isOffDay": false}]}', "both"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"date,name,isOffDay\nx,y,true\n", "entry 2"),
    ],
)
def test_bad_notices_are_refused_with_the_reason(content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / "notice"
    file.write_bytes(content)
    with pytest.raises(BadNoticeFile, match=told):
        read_notice(file)


def test_a_folder_or_a_missing_file_is_no_notice(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BadNoticeFile):
            read_notice(path)

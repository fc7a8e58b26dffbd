"""Records as they are printed: each format, to a pipe and to a terminal."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dealtrack.cli.calendar import month_lines
from dealtrack.cli.output import print_records, print_steps
from dealtrack.core.calendar import Day, DayKind
from dealtrack.core.explanation import Step
from dealtrack.core.standing import WATCH_KEYS, record_keys
from dealtrack.core.text import display_width
from dealtrack.errors import UnknownWord

BEIJING = ZoneInfo("Asia/Shanghai")


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)


def complaint(**values: Any) -> dict[str, Any]:
    record: dict[str, Any] = dict.fromkeys(record_keys(("forward", "complete")))
    record |= {
        "id": 12,
        "number": "BJ-2016-001",
        "platform": "天猫",
        "category": "quality",
        "status": "received",
        "received": beijing("2016-11-11T21:30:00"),
        "forward_due": beijing("2016-11-14T23:59:59"),
        "forward_verdict": "overdue",
        "complete_due": beijing("2017-01-05T23:59:59"),
        "complete_verdict": "projected",
        "provisional": True,
        "_provisional": frozenset({"complete_due"}),
        "amount": "1299.50",
        "summary": "=电视屏幕\n有划痕",
    }
    return record | values


def watched(**values: Any) -> dict[str, Any]:
    return {
        "id": 12,
        "number": None,
        "platform": "JD",
        "category": "cancelled-order",
        "status": "received",
        "owner": "张伟",
        "clock": "forward",
        "due": beijing("2016-11-14T17:30:00"),
        "verdict": "overdue",
        "working_days_late": 3,
        "late": "3 wd",
        "provisional": False,
    } | values


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(records: list[dict[str, Any]], fmt: str = "", **options: Any) -> str:
    stream = io.StringIO()
    print_records(iter(records), fmt=fmt, zone=BEIJING, stream=stream, **options)
    return stream.getvalue()


def on_terminal(records: list[dict[str, Any]], width: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    stream = Terminal()
    print_records(iter(records), zone=BEIJING, stream=stream, **options)
    return stream.getvalue()


def without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_plain_is_tabs_without_a_header_and_nothing_cut() -> None:
    text = printed([complaint(summary="长" * 500)])
    cells = dict(zip(record_keys(("forward", "complete")), text.rstrip("\n").split("\t"), strict=True))
    assert cells["received"] == "2016-11-11 21:30"
    assert cells["forward_due"] == "2016-11-14"
    assert cells["complete_due"] == "2017-01-05?"
    assert cells["provisional"] == "true"
    assert cells["owner"] == ""
    assert cells["summary"] == "长" * 500


def test_plain_is_one_line_a_record_whatever_the_text_holds() -> None:
    text = printed([complaint(summary="a\tb\nc\x1b[2J\u2028d"), complaint()])
    assert text.count("\n") == 2
    assert "\x1b" not in text
    assert len(text.splitlines()[0].split("\t")) == len(record_keys(("forward", "complete")))


@pytest.mark.parametrize(("fmt", "expected"), [("", ""), ("table", ""), ("jsonl", ""), ("json", "[]\n")])
def test_nothing_prints_nothing(fmt: str, expected: str) -> None:
    assert printed([], fmt) == expected


def test_csv_of_nothing_is_its_header() -> None:
    keys = record_keys(("forward", "complete"))
    assert printed([], "csv", columns=keys) == ",".join(keys) + "\r\n"
    assert printed([], "csv", columns=WATCH_KEYS).startswith(
        "id,number,platform,category,status,owner,clock,due,verdict,"
    )


def test_csv_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(printed([complaint()], "csv"), newline="")))
    assert list(rows[0]) == list(record_keys(("forward", "complete")))
    assert rows[0]["received"] == "2016-11-11T21:30:00+08:00"
    assert rows[0]["complete_due"] == "2017-01-05T23:59:59+08:00"
    assert rows[0]["provisional"] == "true"
    assert rows[0]["amount"] == "1299.50"
    assert rows[0]["owner"] == ""
    assert rows[0]["summary"] == "'=电视屏幕\n有划痕"


@pytest.mark.parametrize("count", [1, 3])
def test_json_is_an_array_of_the_records(count: int) -> None:
    text = printed([complaint(id=number) for number in range(count)], "json")
    records = json.loads(text)
    assert [record["id"] for record in records] == list(range(count))
    assert list(records[0]) == list(record_keys(("forward", "complete")))
    assert records[0]["received"] == "2016-11-11T21:30:00+08:00"
    assert records[0]["owner"] is None
    assert records[0]["provisional"] is True
    assert records[0]["amount"] == 1299.5
    assert "电视屏幕" in text


def test_json_lines_hold_nothing_a_terminal_obeys() -> None:
    text = printed([complaint(summary="a\x9b2J\u202eb\ud800\x7f")], "jsonl")
    assert text.removesuffix("\n").isprintable()
    assert json.loads(text)["summary"] == "a\x9b2J\u202eb\ud800\x7f"


def test_a_single_record_is_no_array() -> None:
    record = complaint(history=[{"at": beijing("2016-11-11T21:30:00"), "day": date(2016, 11, 11)}])
    told = json.loads(printed([record], "json", single=True))
    assert told["history"] == [{"at": "2016-11-11T21:30:00+08:00", "day": "2016-11-11"}]


@pytest.mark.parametrize("fmt", ["plain", "csv", "json", "jsonl"])
def test_records_are_printed_as_they_come(fmt: str) -> None:
    stream = io.StringIO()

    def records() -> Iterator[dict[str, Any]]:
        for number in range(100):
            yield complaint(id=number, summary="x" * 100)
            if number == 50:
                seen.append(len(stream.getvalue()))

    seen: list[int] = []
    print_records(records(), fmt=fmt, zone=BEIJING, stream=stream)
    assert seen[0] > 49 * 100


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownWord, match="Did you mean json"):
        printed([], "jsn")


def test_columns_may_be_named() -> None:
    assert printed([complaint()], "csv", columns=("id", "platform")) == "id,platform\r\n12,天猫\r\n"


def test_a_record_that_does_not_say_which_deadline_is_provisional_marks_all() -> None:
    assert "2016-11-14 17:30?" in printed([watched(provisional=True)], columns=WATCH_KEYS)
    assert "2016-11-14 17:30\t" in printed([watched()], columns=WATCH_KEYS)


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (72, "ID platform owner forward complete"),
        (80, "ID number platform owner forward complete"),
        (120, "ID number platform category owner status received forward complete"),
        (160, "ID number platform category owner status received forward complete summary"),
    ],
)
def test_a_table_fits_the_terminal_and_keeps_what_matters(
    width: int, titles: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: dict[str, Any] = {"number": "BJ-2016-002", "category": "delivery", "status": "accepted", "owner": "朝阳所"}
    other |= {"platform": "Gome online", "received": beijing("2016-11-12T09:30:00")}
    text = on_terminal([complaint(summary="长" * 200), complaint(**other)], width, monkeypatch)
    lines = without_colour(text).splitlines()
    assert max(map(display_width, lines)) <= width
    assert lines[0].split() == titles.split()
    for part in ("12", "天猫", "2016-11-14 overdue", "2017-01-05? expected"):
        assert part in lines[2]
    assert lines[2].endswith("…") == ("summary" in titles)


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (56, "ID platform stage due deadline status late"),
        (80, "ID platform category owner stage due deadline status late"),
        (120, "ID number platform category owner stage due deadline status late"),
    ],
)
def test_a_watch_table_keeps_what_matters(width: int, titles: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"number": "BJ-12315-2016-000001-7", "category": "quality", "clock": "verify", "verdict": "missed"}
    lines = without_colour(
        on_terminal([watched(), watched(id=7, **other)], width, monkeypatch, columns=WATCH_KEYS)
    ).splitlines()
    assert max(map(display_width, lines)) <= width
    rule = next(place for place, line in enumerate(lines) if line.startswith("──"))
    for part in ("12", "JD", "forward", "2016-11-14 17:30", "overdue"):
        assert part in lines[rule + 1]
    # A title of two words may stand on two lines.
    assert sorted(" ".join(lines[:rule]).split()) == sorted(titles.split())


def test_chinese_text_lines_up() -> None:
    text = printed([complaint(platform="天猫"), complaint(platform="Tmall"), complaint(platform="1号店")], "table")
    lines = text.splitlines()[2:]
    starts = {display_width(line[: line.index("quality")]) for line in lines}
    assert len(starts) == 1
    assert "\x1b" not in text


def test_off_a_terminal_a_table_is_not_cut() -> None:
    assert "长" * 300 in printed([complaint(summary="长" * 300)], "table")


def test_colours_only_on_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31moverdue" in on_terminal([complaint()], 120, monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in on_terminal([complaint(summary="[red]\x1b[31m")], 200, monkeypatch)


def test_steps_of_a_count() -> None:
    steps = [
        Step(date(2016, 12, 30), False, 0, "the day of receipt", True),
        Step(date(2017, 1, 3), True, 1, "working day", False),
    ]
    stream = io.StringIO()
    print_steps(steps, zone=BEIJING, stream=stream)
    assert stream.getvalue() == "Fri 2016-12-30\t–\tthe day of receipt\nTue 2017-01-03?\t✓ 1\tworking day\n"
    stream = io.StringIO()
    print_steps(steps, "jsonl", zone=BEIJING, stream=stream)
    assert json.loads(stream.getvalue().splitlines()[1]) == {
        "day": "2017-01-03",
        "counted": True,
        "reason": "working day",
    }


def test_a_month_shows_what_each_day_is_without_colour() -> None:
    kinds = {
        1: (DayKind.HOLIDAY, "National Day"),
        2: (DayKind.HOLIDAY, "National Day"),
        5: (DayKind.AMENDED_OFF, "Summit"),
        8: (DayKind.MAKE_UP, "Thu 2016-10-06"),
        9: (DayKind.WEEKEND, ""),
    }
    days = []
    for number in range(1, 32):
        kind, name = kinds.get(number, (DayKind.WEEKDAY, ""))
        worked = kind in (DayKind.WEEKDAY, DayKind.MAKE_UP)
        days.append(Day(date(2016, 10, number), worked, kind, name, "Notice 7" if name == "Summit" else "", True))
    lines = list(month_lines(days, lambda text, style: text))
    assert lines[0] == "October 2016  27 working days"
    assert lines[2].split() == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert lines[3].split() == ["1休", "2休"]
    assert lines[4].split() == ["3", "4", "5休!", "6", "7", "8班", "9·"]
    # The first of the month was a Saturday: it stands under its name.
    assert display_width(lines[3][: lines[3].index("1休")]) - 3 == lines[2].index("Sat") - 1
    text = "\n".join(lines)
    assert "  1-2  Sat-Sun  休   National Day" in text
    assert "休! day off by amendment" in text
    assert " Source: Notice 7" in lines


def test_piped_output_loads_no_more_than_its_format() -> None:
    code = """
import sys
from zoneinfo import ZoneInfo
from dealtrack.cli.output import print_records
print_records([{"id": 1}], fmt=sys.argv[1], zone=ZoneInfo("UTC"))
print(*sorted({"rich", "csv", "json", "difflib", "holidays", "sqlite_utils"} & set(sys.modules)), file=sys.stderr)
"""
    for fmt, loaded in (("plain", ""), ("csv", "csv"), ("jsonl", "json"), ("table", "")):
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        run = subprocess.run(
            [sys.executable, "-c", code, fmt], capture_output=True, text=True, check=True, env=environment
        )
        assert run.stderr.split() == loaded.split(), fmt

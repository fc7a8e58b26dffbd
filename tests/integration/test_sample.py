"""The invented register in data/samples: made by its generator, plainly fake, and holding what it should."""

import importlib.util
from collections import Counter
from datetime import UTC, datetime, time
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.readers import open_source
from dealtrack.exchange.rows import ComplaintReader

ROOT = Path(__file__).parents[2]
SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2016, 11, 15, 9)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def sample_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample", ROOT / "tests" / "make_sample.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_sample_is_what_its_generator_makes() -> None:
    maker = sample_maker()
    assert maker.SAMPLE.read_bytes() == maker.sample().encode()
    assert "dealtrack" not in vars(maker)


def test_the_sample_can_be_taken_in_and_is_plainly_invented() -> None:
    with open_source(sample_maker().SAMPLE) as source:
        reader = ComplaintReader(source, Mapping(), SHANGHAI)
        rows = list(reader.read(source.rows))
    taken = [row for row in rows if isinstance(row, ComplaintRow)]
    assert (len(taken), len(rows), list(reader.facts.ignored)) == (300, 300, [])
    assert {row.platform for row in taken} == {"JD", "Tmall", "Gome online", "Amazon"}
    assert {row.category for row in taken} == {row.category_word for row in taken}
    assert {row.seller for row in taken if row.outcome == "advance-compensation"} == {"third-party"}
    assert all(row.amount for row in taken if row.outcome == "advance-compensation")
    for row in taken:
        assert row.consumer == f"测试用户{row.line - 1:03}" and row.email is not None
        assert row.email.endswith("@example.com") and row.phone is not None and row.phone.startswith("00000000")
        assert max(moment.end for moment in row.moments.values()) < utc("2016-11-19T00:00+08:00")
    days = Counter(row.moments["received"].start.astimezone(SHANGHAI).day for row in taken)
    assert min(days) == 1 and max(days) == 14
    assert {day for day, _ in days.most_common(2)} == {11, 12}
    assert len({row.summary for row in taken}) > 150


def test_every_verdict_occurs_on_the_morning_of_the_15th() -> None:
    """Counted from the file's text and the generator's own table of working days, without dealtrack."""
    maker = sample_maker()
    verdicts: Counter[tuple[str, str]] = Counter()
    overdue = []
    for row in maker.complaints():
        happened = {
            name: moment
            for name in ("received", "forwarded", "completed", "withdrawn", "rejected")
            if row[name] and (moment := datetime.strptime(row[name], "%Y-%m-%d %H:%M")) <= MORNING
        }
        completed = happened.get("completed")
        closed = completed or happened.get("withdrawn") or happened.get("rejected")
        start = {"forward": happened["received"], "complete": happened.get("forwarded") or completed}
        stop = {"forward": happened.get("forwarded"), "complete": completed}
        for clock, days in (("forward", 1), ("complete", 2)):
            started = start[clock]
            if started is None:
                verdicts[clock, "cancelled" if closed else "projected"] += 1
                continue
            if clock == "complete" and not happened.get("forwarded"):
                started = happened["received"]
            due = datetime.combine(maker.working_day_after(started.date(), days), time.max)
            stopped = stop[clock]
            if stopped:
                verdict = "met" if stopped <= due else "missed"
            elif closed:
                verdict = "cancelled" if completed or closed <= due else "missed"
            else:
                verdict = "running" if due >= MORNING else "overdue"
            verdicts[clock, verdict] += 1
            if verdict == "overdue":
                overdue.append((int(row["number"][-3:]), clock))
    assert {verdict for _, verdict in verdicts} == {
        "running", "overdue", "met", "missed", "projected", "cancelled",
    }  # fmt: skip
    assert [number for number, clock in overdue if clock == "complete"] == [3, 6, 51, 79, 82, 95]
    assert [number for number, clock in overdue if clock == "forward"] == [94, 112, 155, 195, 214, 222, 224, 259]

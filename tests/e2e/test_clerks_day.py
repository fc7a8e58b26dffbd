"""A clerk's day and a cron job's night: whole flows, what each command prints, and its exit status."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core.text import display_width
from tests import processes
from tests.conftest import PROJECT, Clerk, prepared

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
RECORD_KEYS = (
    "id number platform category seller status owner policy received forwarded completed forward_due forward_verdict "
    "complete_due complete_verdict provisional outcome amount summary"
).split()
WATCH_KEYS = "id number platform category status owner clock due verdict working_days_late provisional late".split()
IMPORT_KEYS = (
    "number platform category seller owner policy received forwarded completed withdrawn rejected "
    "outcome amount summary"
).split()


def records(clerk: Clerk, *command: object, now: str | None = None) -> list[dict[str, Any]]:
    told = json.loads(clerk(*command, "--format", "json", now=now).ok())
    return told if isinstance(told, list) else [told]


def record(clerk: Clerk, complaint: int = 1, now: str | None = None) -> dict[str, Any]:
    return next(r for r in records(clerk, "list", now=now) if r["id"] == complaint)


def at(text: str) -> str:
    return f"2016-11-{text}:00+08:00"


@prepared
def week(clerk: Clerk) -> None:
    """A register with five complaints of Friday 11 November; forward is due on Monday the 14th."""
    for number, platform in enumerate(["JD", "Tmall", "京东", "amazon", "JD"], 1):
        clerk("add", "--platform", platform, "--number", f"BJ-2016-{number:03}", "--at", "2016-11-11 10:00").ok()


@prepared
def sample(clerk: Clerk) -> None:
    clerk("import", SAMPLE, now="2016-11-21T09:00:00+08:00").ok()


# Recording


def test_a_new_complaint_tells_its_deadlines_and_the_next_command(clerk: Clerk) -> None:
    told = clerk("add", "--platform", "tmall", "--category", "质量", "--seller", "第三方", "--summary", "电视有划痕")
    assert told.status == 0
    assert told.out.splitlines() == [
        "complaint 1 (Tmall, quality): received 2016-11-15 09:00",
        "  forward   not yet due  due Wed 2016-11-16 24:00",
        "  complete  expected     due Fri 2016-11-18 24:00",
    ]
    assert told.err == "next: dealtrack forward 1\n"


def test_forwarding_and_completing_tell_what_follows(week: Clerk) -> None:
    told = week("forward", 1)
    assert told.out.splitlines() == [
        "complaint 1 (BJ-2016-001, JD, other): forwarded 2016-11-15 09:00",
        "  forward   late         due Mon 2016-11-14 24:00",
        "  complete  not yet due  due Thu 2016-11-17 24:00",
    ]
    assert told.err == "next: dealtrack complete 1\n"
    told = week("complete", 1, "--outcome", "refund", "--amount", "1,299", now=at("17T10:00"))
    assert told.out.splitlines()[0] == "complaint 1 (BJ-2016-001, JD, other): completed 2016-11-17 10:00"
    assert told.err == ""
    last = record(week)
    assert (last["status"], last["outcome"], last["amount"]) == ("closed", "refund", 1299)
    assert (last["forward_verdict"], last["complete_verdict"]) == ("missed", "met")


def test_several_complaints_in_one_command_by_id_and_by_number(week: Clerk) -> None:
    told = week("forward", 2, 1, "--number", "BJ-2016-004", "--number", "BJ-2016-001", "--at", "2016-11-14 16:00")
    assert [line.split(":")[0] for line in told.ok().splitlines() if line.startswith("complaint")] == [
        "complaint 2 (BJ-2016-002, Tmall, other)",
        "complaint 1 (BJ-2016-001, JD, other)",
        "complaint 4 (BJ-2016-004, Amazon, other)",
    ]
    assert [r["status"] for r in records(week, "list")] == "forwarded forwarded received forwarded received".split()
    assert [r["forward_verdict"] for r in records(week, "list")] == "met met overdue met overdue".split()


@pytest.mark.parametrize("wrong", [99, "x", "--number=NO"])
def test_one_wrong_name_among_several_records_nothing(week: Clerk, wrong: object) -> None:
    head = week("verify").ok()
    assert week("forward", 1, 2, wrong, 3).status == 2
    assert week("verify").ok() == head


def test_one_refused_transition_among_several_records_nothing(week: Clerk) -> None:
    week("complete", 2).ok()
    head = week("verify").ok()
    told = week("forward", 1, 2, 3)
    assert told.status == 2 and "Complaint 2 is closed" in told.err
    assert week("verify").ok() == head


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2016-11-14 16:05", "2016-11-14T16:05:00+08:00"),
        ("2016-11-14 16:05:07", "2016-11-14T16:05:07+08:00"),
        ("2016-11-14T16:05+08:00", "2016-11-14T16:05:00+08:00"),
        ("2016-11-14T08:05Z", "2016-11-14T16:05:00+08:00"),
        ("11-14 16:05", "2016-11-14T16:05:00+08:00"),
        ("yesterday 17:00", "2016-11-14T17:00:00+08:00"),
        ("昨天 17:00", "2016-11-14T17:00:00+08:00"),
        ("11月14日下午5点", "2016-11-14T17:00:00+08:00"),
        ("today 08:30", "2016-11-15T08:30:00+08:00"),
        ("08:30", "2016-11-15T08:30:00+08:00"),
        ("now", "2016-11-15T09:00:00+08:00"),
        ("2016-11-14", "2016-11-14T00:00:00+08:00"),
        ("yesterday", "2016-11-14T00:00:00+08:00"),
        # The day of the receipt, hour unknown: not before the receipt itself.
        ("2016-11-11", "2016-11-11T10:00:00+08:00"),
        ("2016-11-13 24:00", "2016-11-14T00:00:00+08:00"),
    ],
)
def test_moments_that_a_clerk_types(week: Clerk, typed: str, kept: str) -> None:
    week("forward", 1, "--at", typed).ok()
    assert record(week)["forwarded"] == kept


def test_what_is_entered_later_is_backdated_and_shown_so(week: Clerk) -> None:
    week("forward", 1, "--at", "2016-11-14 16:00").ok()
    shown = week("show", 1).ok()
    line = next(line for line in shown.splitlines() if "\tforwarded\t" in line)
    assert line.startswith("history\t2016-11-14 16:00\t") and "(entered 2016-11-15 09:00" in line
    last = records(week, "show", 1)[0]["history"][-1]
    assert (last["at"], last["recorded_at"]) == ("2016-11-14T16:00:00+08:00", "2016-11-15T09:00:00+08:00")
    assert last["actor"] == "clerk"


def test_completed_from_received_is_first_contact_and_cancels_forward(week: Clerk) -> None:
    week("complete", 1, "--at", "2016-11-14 12:00").ok()
    first = record(week)
    assert (first["forward_verdict"], first["complete_verdict"]) == ("cancelled", "met")
    # Counted from the receipt on Friday the 11th: two working days are Tuesday the 15th.
    assert first["complete_due"] == "2016-11-15T23:59:59+08:00"
    week("complete", 2, now=at("16T00:00")).ok()
    second = record(week, 2)
    assert (second["forward_verdict"], second["complete_verdict"]) == ("missed", "missed")


@pytest.mark.parametrize("command", [["withdraw"], ["reject", "--reason", "no such order"]])
def test_ended_otherwise_cancels_what_runs_but_a_passed_deadline_stays_missed(week: Clerk, command: list[str]) -> None:
    week(*command, 1, "--at", "2016-11-14 23:59:59").ok()
    week(*command, 2).ok()
    in_time, late = record(week, 1), record(week, 2)
    assert (in_time["status"], in_time["forward_verdict"], in_time["complete_verdict"]) == (
        "closed",
        "cancelled",
        "cancelled",
    )
    assert (late["status"], late["forward_verdict"], late["complete_verdict"]) == ("closed", "missed", "cancelled")
    week("forward", 3, "--at", "2016-11-14 10:00").ok()
    week(*command, 3, now=at("17T10:00")).ok()
    forwarded = record(week, 3)
    assert (forwarded["forward_verdict"], forwarded["complete_verdict"]) == ("met", "missed")


def test_a_note_changes_nothing_but_the_history(week: Clerk) -> None:
    before = record(week)
    told = week("note", 1, "--note", "消费者将提供照片", "--at", "2016-11-12 10:00")
    assert told.status == 0
    assert record(week) == before
    assert "消费者将提供照片" in week("show", 1).ok()
    week("withdraw", 1).ok()
    week("note", 1, "--note", "also after its end").ok()


def test_owner_is_who_enters_it_unless_told(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("add", "--platform", "JD", "--owner", "朝阳所").ok()
    assert [r["owner"] for r in records(clerk, "list")] == ["clerk", "朝阳所"]
    assert [r["id"] for r in records(clerk, "list", "--owner", "朝阳所")] == [2]


def test_personal_data_is_not_printed(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--consumer", "王小明", "--phone", "13900000000", "--email", "w@example.com").ok()
    shown = (
        clerk("show", 1).ok() + clerk("show", 1, "--format", "json").ok() + clerk("export").ok() + clerk("list").ok()
    )
    assert "王小明" not in shown and "13900000000" not in shown and "w@example.com" not in shown
    assert "field\tconsumer\t王*\nfield\tphone\t139****0000\nfield\temail\tw***@example.com\n" in shown
    (masked,) = records(clerk, "show", 1)
    assert (masked["consumer"], masked["phone"], masked["email"], masked["address"]) == (
        "王*",
        "139****0000",
        "w***@example.com",
        None,
    )
    assert "field\tphone\t13900000000\n" in clerk("show", 1, "--reveal").ok()
    (whole,) = records(clerk, "show", 1, "--reveal")
    assert (whole["consumer"], whole["phone"], whole["email"]) == ("王小明", "13900000000", "w@example.com")


# Looking


def test_list_filters(week: Clerk) -> None:
    week("complete", 5).ok()
    week("add", "--platform", "JD", "--category", "delivery", "--at", "2016-11-14 08:00").ok()

    def ids(*arguments: object) -> list[int]:
        return [r["id"] for r in records(week, "list", *arguments)]

    assert ids() == [1, 2, 3, 4, 5, 6]
    assert ids("--status", "open") == [1, 2, 3, 4, 6]
    assert ids("--status", "closed") == [5]
    assert ids("--platform", "京东") == [1, 3, 5, 6]
    assert ids("--platform", "jd", "--status", "received", "--category", "物流") == [6]
    assert ids("--from", "2016-11-12") == [6]
    assert ids("--to", "2016-11-11") == [1, 2, 3, 4, 5]
    assert ids("--from", "2016-11-14", "--to", "2016-11-14") == [6]
    assert ids("--from", "2016-11-12", "--to", "2016-11-13") == []


def test_nothing_found_is_empty(clerk: Clerk) -> None:
    for command in ("list", "overdue", "due"):
        assert clerk(command).ok() == ""
        assert clerk(command, "--format", "json").ok() == "[]\n"
        assert clerk(command, "--format", "jsonl").ok() == ""
        assert clerk(command, "--format", "table").ok() == ""
        assert clerk(command, "--format", "csv").ok().count("\n") == 1


def test_record_keys_are_those_of_the_design(week: Clerk) -> None:
    assert list(records(week, "list")[0]) == RECORD_KEYS
    assert week("list", "--format", "csv").ok().splitlines()[0].split(",") == RECORD_KEYS
    assert [json.loads(line)["id"] for line in week("list", "--format", "jsonl").ok().splitlines()] == [1, 2, 3, 4, 5]
    shown = records(week, "show", 1)[0]
    assert list(shown)[: len(RECORD_KEYS)] == RECORD_KEYS and list(shown)[-2:] == ["clocks", "history"]
    assert list(records(week, "overdue")[0]) == WATCH_KEYS
    assert week("overdue", "--format", "csv").ok().splitlines()[0].split(",") == WATCH_KEYS
    assert len(week("overdue").ok().splitlines()[0].split("\t")) == len(WATCH_KEYS)
    for fmt in ("json", "jsonl"):
        exported = week("export", "--format", fmt).ok()
        first = json.loads(exported)[0] if fmt == "json" else json.loads(exported.splitlines()[0])
        assert list(first)[: len(RECORD_KEYS)] == RECORD_KEYS
    header = week("export").ok().splitlines()[0].split(",")
    assert header[: len(RECORD_KEYS)] == RECORD_KEYS
    assert set(IMPORT_KEYS) <= set(header)


def test_json_moments_carry_their_offset(week: Clerk) -> None:
    for text in (
        week("list", "--format", "json"),
        week("show", 1, "--format", "json"),
        week("export", "--format", "json"),
    ):
        moments = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', text.ok())
        assert moments and all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", moment) for moment in moments)


def test_show_of_several_is_a_list_and_of_one_an_object(week: Clerk) -> None:
    assert isinstance(json.loads(week("show", 1, "--format", "json").ok()), dict)
    several = json.loads(week("show", 1, "--number", "BJ-2016-002", "--format", "json").ok())
    assert [one["id"] for one in several] == [1, 2]
    clocks = several[0]["clocks"]
    assert [clock["clock"] for clock in clocks] == ["forward", "complete"]
    assert [entry["kind"] for entry in several[0]["history"]] == ["received"]


def test_as_of_is_the_register_as_it_stood(week: Clerk) -> None:
    week("forward", 1, "--at", "2016-11-14 16:00").ok()
    week("complete", 1, now=at("16T10:00")).ok()

    def then(moment: str) -> tuple[str, str, str]:
        (found,) = [r for r in records(week, "list", "--as-of", moment, now=at("20T10:00")) if r["id"] == 1]
        return found["status"], found["forward_verdict"], found["complete_verdict"]

    assert records(week, "list", "--as-of", "2016-11-11 09:59:59") == []
    assert then("2016-11-11 10:00") == ("received", "running", "projected")
    assert then("2016-11-14 15:59:59") == ("received", "running", "projected")
    assert then("2016-11-14 16:00") == ("forwarded", "met", "running")
    assert then("2016-11-16 09:59:59") == ("forwarded", "met", "running")
    assert then("2016-11-16 10:00") == ("closed", "met", "met")
    assert [r["id"] for r in records(week, "overdue", "--as-of", "2016-11-14 23:59:59", now=at("20T10:00"))] == []
    assert [r["id"] for r in records(week, "overdue", "--as-of", "2016-11-15", now=at("20T10:00"))] == [2, 3, 4, 5]
    due = records(week, "due", "--within", "1h", "--as-of", "2016-11-14 23:30", now=at("20T10:00"))
    assert [(r["id"], r["verdict"]) for r in due] == [(2, "running"), (3, "running"), (4, "running"), (5, "running")]


def test_what_was_printed_then_is_what_as_of_prints_later(week: Clerk) -> None:
    """Every command's output is kept after each step, and asked for again at the end."""
    steps: list[tuple[str, list[object]]] = [
        (at("14T10:00"), ["forward", 1, 2]),
        (at("14T11:00"), ["complete", 3]),
        (at("15T10:00"), ["withdraw", 4]),
        (at("16T23:59"), ["note", 5, "--note", "x"]),
        (at("17T10:00"), ["complete", 1, "--outcome", "refund"]),
        (at("18T10:00"), ["reject", 2, "--reason", "y"]),
        (at("18T11:00"), ["forward", 5]),
    ]
    looks: list[list[object]] = [
        ["list"],
        ["overdue"],
        ["due", "--within", "2wd"],
        ["show", 1],
        ["explain", 5],
        ["export"],
    ]
    kept: list[tuple[str, list[object], str]] = []
    for now, command in steps:
        week(*command, now=now).ok()
        for look in looks:
            kept.append((now, look, week(*look, "--format", "json", now=now).ok()))
    for now, look, printed in kept:
        assert week(*look, "--format", "json", "--as-of", now, now=at("25T10:00")).ok() == printed, (now, look)


@pytest.mark.parametrize("look", [["list"], ["overdue"], ["due", "--within", "3wd"], ["export"]])
@pytest.mark.parametrize("now", [at("14T23:59"), at("15T09:00"), at("18T23:59")])
def test_as_of_now_is_now(sample: Clerk, look: list[str], now: str) -> None:
    """The daily path reads the tables, --as-of folds the journal: both must say the same."""
    later = "2016-11-21T09:00:00+08:00"
    assert sample(*look, "--as-of", later, now=later).ok() == sample(*look, now=later).ok()
    both = sample(*look, "--as-of", now, "--format", "json", now=later).ok()
    assert both == sample(*look, "--as-of", now, "--format", "json", now="2016-12-21T09:00:00+08:00").ok()


def test_explain_in_plain_words(week: Clerk) -> None:
    told = week("explain", 1, "--clock", "forward").ok().splitlines()
    assert told[0].startswith(
        "1 (BJ-2016-001, JD, other): forward, 1 working day from receipt to forwarding (notice: to the business "
        "department within 1 working day of receiving it); policy green-channel, in force from 2016-11-03 "
        "(the market regulator of Beijing: notice to e-commerce platforms before Double Eleven, "
    )
    assert told[1:] == [
        "Fri 2016-11-11\t–\tthe day of receipt is not counted (General Principles of the Civil Law art. 154)",
        "Sat 2016-11-12\t–\tweekend",
        "Sun 2016-11-13\t–\tweekend",
        "Mon 2016-11-14\t✓ 1\tworking day",
        "forward: due Mon 2016-11-14 24:00, at 2016-11-15 09:00: overdue",
    ]
    # Whose rule it is, is said once; and in Chinese in Chinese.
    headings = [text.splitlines()[0] for text in week("explain", 1).ok().split("\n\n")]
    assert [heading.count("policy green-channel") for heading in headings] == [1, 0]
    assert (
        "办理规则 green-channel，2016-11-03 起施行（北京市工商行政管理局：" in week("--lang", "zh", "explain", 1).ok()
    )
    (clock, _) = records(week, "explain", 1)[0]["clocks"]
    assert (clock["policy"], clock["in_force"]) == ("green-channel", "2016-11-03")
    assert clock["authority"] == "the market regulator of Beijing" and clock["article"].startswith("notice: ")
    assert "2016 is a guess" in clock["source"]


# Watching


def test_overdue_longest_late_first(sample: Clerk) -> None:
    late = records(sample, "overdue", "--as-of", "2016-11-15 09:00", now=at("21T09:00"))
    assert len(late) > 5
    assert [r["due"] for r in late] == sorted(r["due"] for r in late)
    days = [r["working_days_late"] for r in late]
    assert days == sorted(days, reverse=True) and min(days) >= 1
    assert {r["verdict"] for r in late} == {"overdue"} and {r["clock"] for r in late} == {"forward", "complete"}
    for owner in {r["owner"] for r in late}:
        some = records(sample, "overdue", "--as-of", "2016-11-15 09:00", "--owner", owner, now=at("21T09:00"))
        assert some == [r for r in late if r["owner"] == owner]
    jd = records(sample, "overdue", "--as-of", "2016-11-15 09:00", "--platform", "京东", now=at("21T09:00"))
    assert jd == [r for r in late if r["platform"] == "JD"] != []


def test_overdue_agrees_with_list(sample: Clerk) -> None:
    for now in (at("15T09:00"), at("16T00:00"), at("18T12:00"), at("21T09:00")):
        listed = [
            (r["id"], clock)
            for r in records(sample, "list", "--as-of", now, now=at("21T09:00"))
            for clock in ("forward", "complete")
            if r[f"{clock}_verdict"] == "overdue"
        ]
        late = [(r["id"], r["clock"]) for r in records(sample, "overdue", "--as-of", now, now=at("21T09:00"))]
        assert sorted(late) == sorted(listed)


def test_overdue_check_is_an_exit_status(week: Clerk) -> None:
    assert week("overdue", "--check", now=at("14T23:59")).status == 0
    told = week("overdue", "--check")
    assert told.status == 1 and len(told.out.splitlines()) == 5 and told.err == ""
    assert week("overdue").status == 0
    assert week("overdue", "--check", "--platform", "Gome online").status == 0
    assert week("--db", "missing.db", "overdue", "--check").status == 3


def test_due_within_hours_and_working_days(week: Clerk) -> None:
    def ids(within: str, now: str) -> list[int]:
        return [r["id"] for r in records(week, "due", "--within", within, now=now)]

    week("forward", 1, "--at", "2016-11-14 10:00", now=at("14T10:00")).ok()
    # Four more are due on Monday at 23:59:59, the first one's completion on Wednesday the 16th.
    assert ids("4h", at("14T19:59")) == []
    assert ids("4h", at("14T20:00")) == [2, 3, 4, 5]
    assert ids("4h", at("14T23:59")) == [2, 3, 4, 5]
    assert ids("4h", at("15T00:00")) == []
    assert ids("1wd", at("14T12:00")) == [2, 3, 4, 5]
    assert ids("2wd", at("14T12:00")) == [2, 3, 4, 5, 1]
    # From Saturday the first working day is Monday.
    assert ids("1wd", at("12T12:00")) == [2, 3, 4, 5]
    assert [r["id"] for r in records(week, "due", now=at("15T12:00"))] == [1]


# From cron


def cron(clerk: Clerk, *arguments: object, **extra: str) -> subprocess.CompletedProcess[bytes]:
    words = [str(argument) for argument in arguments]
    environment = {"DEALTRACK_DB": str(clerk.address), "DEALTRACK_NOW": clerk.now, **extra}
    return subprocess.CompletedProcess(words, *processes.run(words, environment, PROJECT))


@pytest.mark.parametrize(
    "command", [["overdue"], ["overdue", "--check"], ["due"], ["list"], ["due", "--within", "10h"]]
)
def test_nothing_to_say_says_nothing_in_cron(clerk: Clerk, command: list[str]) -> None:
    ran = cron(clerk, *command)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "TERM": "dumb"},
        {"TZ": "America/New_York"},
        {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "40"},
    ],
)
def test_cron_prints_whole_plain_lines_in_utf8(week: Clerk, extra: dict[str, str]) -> None:
    summary = "双十一订单未发货" * 40
    week("add", "--platform", "Tmall", "--summary", summary, "--owner", "朝阳所").ok()
    ran = cron(week, "list", **extra)
    assert ran.returncode == 0 and ran.stderr == b"" and b"\x1b" not in ran.stdout
    lines = ran.stdout.decode("utf-8").splitlines()
    assert len(lines) == 6 and lines[-1].endswith(summary) and "朝阳所" in lines[-1]
    assert {line.count("\t") for line in lines} == {len(RECORD_KEYS) - 1}
    assert b"\x1b" not in cron(week, "overdue", **extra).stdout


def test_time_zone_of_the_machine_moves_nothing(week: Clerk) -> None:
    assert cron(week, "overdue", TZ="Pacific/Auckland").stdout == cron(week, "overdue", TZ="America/Los_Angeles").stdout


def test_add_without_a_terminal_asks_nothing(clerk: Clerk) -> None:
    ran = cron(clerk, "add")
    assert (ran.returncode, ran.stdout) == (2, b"") and b"--platform" in ran.stderr


def test_a_terminal_gets_a_table_and_colour_and_no_color_is_honoured(week: Clerk) -> None:
    said = week.at_terminal("overdue").ok()
    assert "\x1b[" in said and "working_days_late" not in said and "late" in said
    said = week.at_terminal("overdue", NO_COLOR="1").ok()
    assert "\x1b[" not in said


def test_who_owns_what_is_overdue_is_seen_on_eighty_columns(clerk: Clerk) -> None:
    named = ["--number", "BJ-2016-001", "--category", "cancelled-order", "--owner", "网监科"]
    clerk("add", "--platform", "Gome online", *named, "--at", "2016-11-01 10:00").ok()
    said = clerk.at_terminal("overdue", NO_COLOR="1").ok()
    assert "网监科" in said and "BJ-2016-001" in said and "10 wd" not in said and "9 wd" in said
    assert all(display_width(line) <= 80 for line in said.splitlines())


def test_a_reader_that_leaves_early_is_no_error(sample: Clerk) -> None:
    ran = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f"{sys.executable} -m dealtrack list | head -1; {sys.executable} -m dealtrack export | head -1",
        ],
        env={"PATH": "/usr/bin:/bin", **sample.environment()},
        capture_output=True,
        check=False,
    )
    assert ran.stdout.count(b"\n") == 2 and ran.stderr == b""


def test_results_go_to_standard_output_and_messages_to_standard_error(clerk: Clerk) -> None:
    told = clerk("add", "--platform", "JD", "--format", "json")
    assert list(json.loads(told.out)) == RECORD_KEYS
    told = clerk("complete", 1, "--format", "json")
    assert json.loads(told.out)["status"] == "closed"


def test_exit_statuses(week: Clerk, tmp_path: Path) -> None:
    assert week("list").status == 0
    assert week("overdue", "--check").status == 1
    assert week("lst").status == 2
    assert week("list", "--nonsense").status == 2
    assert week("show", 77).status == 2
    assert week("--db", tmp_path / "none.db", "list").status == 3
    rows = tmp_path / "rows.csv"
    rows.write_text("platform,received\nJD,2016-11-01\nJD,never\n")
    assert week("import", rows).status == 4


def test_init_says_where_and_how_and_makes_a_private_file(clerk: Clerk, tmp_path: Path) -> None:
    told = clerk("--db", tmp_path / "a" / "b" / "new.db", "init", "--calendar", "US-NY", "--policy", "cfpb")
    assert told.status == 0 and "US-NY" in told.out and "cfpb" in told.out and "America/New_York" in told.out
    made = tmp_path / "a" / "b" / "new.db"
    assert made.stat().st_mode & 0o777 == 0o600
    assert made.parent.stat().st_mode & 0o077 == 0
    assert [p.name for p in made.parent.iterdir()] == ["new.db"]


def test_help_of_every_command(clerk: Clerk) -> None:
    from dealtrack.cli.commands import COMMANDS

    for name, entry in COMMANDS.items():
        told = clerk(name, "--help")
        assert told.status == 0 and told.err == "" and f"dealtrack {name}" in told.out
        for member in entry.members:
            assert clerk(name, member, "--help").status == 0
    assert clerk("--version").ok().startswith("dealtrack ")


def test_where_a_clock_waits_for_acceptance_the_next_command_is_to_accept(clerk: Clerk) -> None:
    added = clerk("add", "--platform", "JD", "--policy", "samr-complaint", "--at", "2016-11-14 10:00")
    assert "next: dealtrack accept 1" in added.err
    assert "next: dealtrack forward 1" in clerk("accept", 1).err

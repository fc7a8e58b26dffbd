"""Policies on the command line: read in words, tried out without a trace, adopted once and never changed."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dealtrack.core.text import display_width
from dealtrack.register.opening import open_register
from tests.conftest import Clerk
from tests.registers import new_place

STRICT = """
name = "strict"
title = "Green channel, stricter 更严格的绿色通道"

[[version]]
in_force = 2017-01-01
authority = "the market regulator of Beijing"
source = "a draft of 2016 关于进一步缩短十二三一五绿色通道消费投诉办理时限并加强平台首问责任的通知（征求意见稿）"

[[version.clock]]
name = "forward"
start = "received"
stop = "forwarded"
length = 1

[[version.clock]]
name = "complete"
start = ["forwarded", "reopened"]
stop = "completed"
length = 1
closes = "17:30"
extensions = 0
"""


@pytest.fixture
def strict(clerk: Clerk) -> Path:
    """Give the file of a policy of the user's own."""
    folder = clerk.home / "policies"
    folder.mkdir(parents=True)
    path = folder / "strict.toml"
    path.write_text(STRICT, "utf-8")
    return path


@pytest.fixture
def busy(clerk: Clerk, strict: Path) -> Clerk:
    """Give a clerk with four complaints: met by two days and by one, by two alone, by neither, and one running."""
    for platform, forwarded, completed in (
        ("JD", "2016-11-02", "2016-11-03 17:30:00"),
        ("JD", "2016-11-02", "2016-11-03 17:30:01"),
        ("Tmall", "2016-11-02", "2016-11-07 09:00"),
    ):
        clerk("add", "--platform", platform, "--at", "2016-11-01 10:00").ok()
        id_ = len(json.loads(clerk("list", "--format", "json").ok()))
        clerk("forward", id_, "--at", f"{forwarded} 16:00").ok()
        clerk("complete", id_, "--at", completed).ok()
    clerk("add", "--platform", "Tmall", "--category", "quality", "--at", "2016-11-14 10:00").ok()
    return clerk


def entries(clerk: Clerk) -> tuple[int, str]:
    """The length and head of the journal, which any entry changes."""
    with open_register(clerk.address, read_only=True) as register:
        return register.head()


# show


def test_show_prints_the_rule_in_words(clerk: Clerk) -> None:
    lines = clerk("policy", "show", "samr-complaint").ok().splitlines()
    assert lines[0] == "samr-complaint: Complaint to a market regulator (SAMR)"
    text = "\n".join(lines)
    assert "in force   from 2020-01-01 to 2026-04-14; also applied to complaints received before" in text
    assert "in force   from 2026-04-15 on\n" in text
    assert text.count("authority  State Administration for Market Regulation\n") == 2
    assert "source     SAMR Order 121, Measures for Handling Complaints and Reports" in text
    assert "mediate    45 working days from acceptance or reopening to completion or the event mediation-ended" in text
    assert "moves to the day after it (Order 121 art. 22, 23 and 45)" in text
    assert text.count("not adopted") == 2
    assert "\t" not in text


def test_show_without_a_name_shows_the_registers_policy(new_clerk: Callable[..., Clerk], clerk: Clerk) -> None:
    assert clerk("policy", "show").ok().startswith("green-channel: 12315 green channel\n")
    assert "not adopted" not in clerk("policy", "show").ok()
    other = new_clerk()
    other("init", "--policy", "odr").ok()
    assert other("policy", "show").ok().startswith("odr: ")


def test_show_needs_no_register(new_clerk: Callable[..., Clerk]) -> None:
    text = new_clerk()("policy", "show").ok()
    assert text.startswith("green-channel: ")
    assert "not adopted" not in text


def test_show_as_data(clerk: Clerk, strict: Path) -> None:
    (shown,) = json.loads(clerk("policy", "show", strict, "--format", "json").ok())
    assert (shown["name"], shown["in_force"], shown["taken_in"]) == ("strict", "2017-01-01", False)
    assert [clock["length"] for clock in shown["clocks"]] == [1, 1]
    rows = list(csv.DictReader(io.StringIO(clerk("policy", "show", "samr-complaint", "--format", "csv").ok())))
    assert [(row["in_force"], row["clock"], row["length"], row["unit"]) for row in rows] == [
        ("2020-01-01", "accept", "7", "working-day"),
        ("2020-01-01", "mediate", "45", "working-day"),
        ("2020-01-01", "notify", "7", "working-day"),
        ("2020-01-01", "verify", "15", "working-day"),
        ("2026-04-15", "accept", "7", "working-day"),
        ("2026-04-15", "mediate", "60", "calendar-day"),
        ("2026-04-15", "notify", "7", "working-day"),
        ("2026-04-15", "verify", "15", "working-day"),
    ]


@pytest.mark.parametrize("width", [30, 60, 100])
def test_show_fits_the_terminal(clerk: Clerk, strict: Path, width: int) -> None:
    shown = clerk.at_terminal("policy", "show", "strict", width=width, NO_COLOR="1").ok()
    assert max(map(display_width, shown.splitlines())) <= width
    assert "".join(shown.split()) == "".join(clerk("policy", "show", "strict").ok().split())


# try


def test_try_says_what_would_change(busy: Clerk) -> None:
    before = entries(busy)
    text = busy("policy", "try", "strict").ok()
    assert text.splitlines()[0] == (
        "policy strict (Green channel, stricter 更严格的绿色通道) tried on 4 complaints, as of 2016-11-15 09:00; "
        "nothing was written"
    )
    assert "forward within 1 working day: nothing would change\n" in text
    assert "complete within 1 working day: 1 more would be late\n" in text
    assert "met\t2\t1\t-1\n" in text
    assert "missed\t1\t2\t+1\n" in text
    assert entries(busy) == before
    assert busy("policy", "list").ok().count("true") == 1


def test_try_by_platform(busy: Clerk) -> None:
    text = busy("policy", "try", "strict", "--by", "platform").ok()
    titles = ("complete by platform", "missed then", "missed now", "overdue then", "overdue now", "now late")
    assert "\t".join((*titles, "no longer late\n")) in text
    assert "JD\t0\t1\t0\t0\t1\t0\n" in text
    assert "Tmall\t1\t1\t0\t0\t0\t0\n" in text
    table = busy("policy", "try", "strict", "--by", "month", "--format", "table").ok()
    assert "complete by month  late then  late now" in table
    assert "\t" not in table


def test_try_as_records(busy: Clerk) -> None:
    for by, expected in (
        ("platform", {("JD", 2, 0, 1), ("Tmall", 2, 1, 1)}),
        ("category", {("other", 3, 1, 2), ("quality", 1, 0, 0)}),
        ("month", {("2016-11", 4, 1, 2)}),
    ):
        words = ("policy", "try", "strict", "--by", by, "--format")
        made = json.loads(busy(*words, "json").ok())
        found = {
            (record[by], record["runs"], record["missed_then"], record["missed_now"])
            for record in made
            if record["clock"] == "complete"
        }
        assert found == expected
        rows = list(csv.DictReader(io.StringIO(busy(*words, "csv").ok())))
        assert [{key: str(value) for key, value in record.items()} for record in made] == rows
        assert [json.loads(line) for line in busy(*words, "jsonl").ok().splitlines()] == made


def test_try_as_of_a_moment(busy: Clerk) -> None:
    # On 4 November the first two were completed; the third ran, past one day and within two.
    text = busy("policy", "try", "strict", "--as-of", "2016-11-04 12:00").ok()
    assert "tried on 3 complaints, as of 2016-11-04 12:00" in text
    assert "1 more would be late, 1 more would be overdue, 1 open deadline would move" in text
    assert busy("policy", "try", "strict", "--as-of", "2016-10-01").ok().startswith("policy strict")
    assert json.loads(busy("policy", "try", "strict", "--as-of", "2016-10-01", "--format", "json").ok()) == []


def test_try_agrees_with_a_register_that_has_it(busy: Clerk, new_clerk: Callable[..., Clerk], tmp_path: Path) -> None:
    other = new_clerk()
    other("init", "--policy", "strict").ok()
    rows = busy("export", "--format", "csv").ok().replace("green-channel", "strict")
    path = tmp_path / "all.csv"
    path.write_text(rows, "utf-8")
    # The register of the strict policy has the same platforms only by the import.
    other("import", path).ok()
    lived: dict[str, int] = {}
    for record in json.loads(other("list", "--format", "json").ok()):
        for clock in ("forward", "complete"):
            key = f"{clock} {record[f'{clock}_verdict']}"
            lived[key] = lived.get(key, 0) + 1
    told = {
        f"{record['clock']} {key.removesuffix('_now')}": value
        for record in json.loads(busy("policy", "try", "strict", "--format", "json").ok())
        for key, value in record.items()
        if key.endswith("_now") and value
    }
    assert lived == told


def test_a_version_that_judges_nothing_is_told(busy: Clerk, strict: Path) -> None:
    two = STRICT.replace("2017-01-01", "2016-01-01") + STRICT[STRICT.index("[[version]]") :].replace(
        "length = 1", "length = 5"
    )
    strict.write_text(two, "utf-8")
    tried = busy("policy", "try", "strict")
    assert "No complaint was received since 2017-01-01" in tried.err
    assert "complete within 1 working day" in tried.ok()
    tried = busy("policy", "try", "strict", "--in-force", "2017-01-01")
    assert tried.err == ""
    assert "complete within 5 working days: 1 fewer would be late" in tried.ok()


def test_trying_needs_a_known_group(busy: Clerk) -> None:
    refused = busy("policy", "try", "strict", "--by", "platfrm")
    assert refused.status == 2
    assert "Did you mean platform? Allowed: platform, category, month." in refused.err
    assert busy("policy", "try", "strict", "--as-of", "soon").status == 2
    assert busy("policy", "try", "nothing-like-it").status == 2
    assert busy("--db", new_place(busy.home.parent, "none.db"), "policy", "try", "strict").status == 3


# adopt


def test_adopting_takes_in_once(clerk: Clerk, strict: Path) -> None:
    before = entries(clerk)
    adopted = clerk("policy", "adopt", strict)
    assert adopted.ok() == "policy strict, in force from 2017-01-01: added to the register\n"
    assert "next: dealtrack add --policy strict" in adopted.err
    after = entries(clerk)
    assert after != before
    again = clerk("policy", "adopt", "strict")
    assert again.ok() == "policy strict, in force from 2017-01-01: already in the register\n"
    assert again.err == ""
    assert entries(clerk) == after
    clerk("recheck").ok()


def test_a_version_is_never_changed(clerk: Clerk, strict: Path) -> None:
    clerk("policy", "adopt", "strict").ok()
    before = entries(clerk)
    strict.write_text(STRICT.replace("length = 1", "length = 2").replace("a draft", "a notice"), "utf-8")
    refused = clerk("policy", "adopt", "strict")
    assert refused.status == 2
    assert "The register has policy strict, in force from 2017-01-01, with different source and clocks" in refused.err
    assert len(refused.err.splitlines()) == 2
    assert entries(clerk) == before


def test_one_refused_version_keeps_out_all(clerk: Clerk, strict: Path) -> None:
    clerk("policy", "adopt", "strict").ok()
    before = entries(clerk)
    newer = STRICT[STRICT.index("[[version]]") :]
    earlier = newer.replace("2017-01-01", "2015-01-01")
    strict.write_text(STRICT.replace("17:30", "18:00") + earlier, "utf-8")
    assert clerk("policy", "adopt", "strict").status == 2
    assert entries(clerk) == before
    strict.write_text(STRICT + earlier, "utf-8")
    assert clerk("policy", "adopt", "strict").ok().splitlines() == [
        "policy strict, in force from 2015-01-01: added to the register",
        "policy strict, in force from 2017-01-01: already in the register",
    ]


def test_a_new_version_judges_what_is_received_from_its_day_on(clerk: Clerk, strict: Path) -> None:
    clerk("policy", "adopt", "strict").ok()
    version = STRICT[STRICT.index("[[version]]") :]
    strict.write_text(STRICT + version.replace("2017-01-01", "2018-01-01").replace("= 1\n", "= 3\n"), "utf-8")
    clerk("policy", "adopt", "strict").ok()
    when = "2018-02-01T09:00:00+08:00"
    clerk("add", "--platform", "JD", "--policy", "strict", "--at", "2017-12-29 10:00", now=when).ok()
    clerk("add", "--platform", "JD", "--policy", "strict", "--at", "2018-01-02 10:00", now=when).ok()
    due = [record["forward_due"][:10] for record in json.loads(clerk("list", "--format", "json", now=when).ok())]
    # Fri 29 December, Mon 1 January off: Tue 2 Jan(1). Tue 2: 3, 4, Fri 5(3).
    assert due == ["2018-01-02", "2018-01-05"]


def test_a_policy_comes_in_at_its_first_use(clerk: Clerk, strict: Path) -> None:
    told = clerk("add", "--platform", "JD", "--policy", "strict", "--at", "2016-11-14 10:00").ok()
    assert "complete  expected     due Wed 2016-11-16 17:30" in told
    assert clerk("policy", "adopt", "strict").ok().endswith("already in the register\n")


# mistakes in a file of one's own


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("length = 1\n", 'length = "one"\n', "length must be a whole number, not text (line 14)"),
        ('stop = "forwarded"', 'stop = "forwrded"', "stop cannot be 'forwrded'; Did you mean forwarded? allowed:"),
        ('closes = "17:30"', 'close = "17:30"', "unknown key 'close'; Did you mean closes? allowed: name, start"),
        ("in_force = 2017-01-01", "", "in_force is missing: give the first day of the version"),
        ("[[version]]", "[[version]", "it is not TOML"),
    ],
)
def test_mistakes_are_named_with_file_and_line(clerk: Clerk, strict: Path, old: str, new: str, told: str) -> None:
    assert old in STRICT
    strict.write_text(STRICT.replace(old, new, 1), "utf-8")
    before = entries(clerk)
    for words in (
        ("policy", "show", "strict"),
        ("policy", "try", "strict"),
        ("policy", "try", str(strict)),
        ("policy", "adopt", "strict"),
        ("add", "--platform", "JD", "--policy", "strict"),
    ):
        refused = clerk(*words)
        assert (refused.status, refused.out) == (2, "")
        assert refused.err.startswith(f"dealtrack: Policy {strict}: ")
        assert told in refused.err
        assert len(refused.err.splitlines()) == 1
    assert entries(clerk) == before


def test_one_bad_file_hides_no_other_policy(clerk: Clerk, strict: Path) -> None:
    strict.write_text("[", "utf-8")
    listed = clerk("policy", "list")
    assert listed.status == 2
    assert "green-channel" in listed.out
    assert "strict" not in listed.out
    assert f"Policy {strict}: it is not TOML" in listed.err


def test_policies_that_there_are_none_of(clerk: Clerk, strict: Path) -> None:
    for verb in ("show", "try", "adopt"):
        near = clerk("policy", verb, "strct")
        assert near.status == 2
        assert "Unknown policy: strct. Did you mean strict?" in near.err
        missing = clerk("policy", verb, "nowhere/none.toml")
        assert missing.status == 2
        assert "there is no such file" in missing.err


def test_a_policy_whose_file_is_gone_is_still_the_registers(clerk: Clerk, strict: Path) -> None:
    clerk("policy", "adopt", "strict").ok()
    strict.unlink()
    assert "complete   1 working day from forwarding or reopening" in clerk("policy", "show", "strict").ok()
    assert "tried on 0 complaints" in clerk("policy", "try", "strict").ok()
    assert clerk("add", "--platform", "JD", "--policy", "strict").status == 0

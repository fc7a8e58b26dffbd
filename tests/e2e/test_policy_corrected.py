"""A register that took a wrong text of a policy in, and the way to the right one: `policy adopt NAME --corrected`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealtrack.register.opening import open_register
from tests.conftest import Clerk, prepared
from tests.make_register import unpack

# As they were shipped until they were put right.
CFPB = """
name = "cfpb"
title = "Complaint sent to a company by the CFPB (United States)"
[[version]]
in_force = 2011-07-21
authority = "Consumer Financial Protection Bureau"
source = "CFPB company portal practice"
[[version.clock]]
name = "forward"
start = ["received"]
stop = ["forwarded"]
length = 1
[[version.clock]]
name = "respond"
start = ["forwarded", "reopened"]
stop = ["completed"]
length = 15
unit = "calendar-day"
[[version.clock]]
name = "final"
start = ["forwarded", "reopened"]
stop = ["completed"]
length = 60
unit = "calendar-day"
"""
LAW = """
name = "consumer-law-46"
title = "Complaint to an authority under the consumer law"
[[version]]
in_force = 2014-03-15
authority = "Standing Committee of the National People's Congress"
source = "Law of the PRC on the Protection of Consumer Rights and Interests, art. 46"
[[version.clock]]
name = "accept"
start = ["received"]
stop = ["accepted", "rejected"]
length = 7
"""
ODR = """
name = "odr"
title = "12315 online dispute resolution by the firm"
[[version]]
in_force = 2017-03-15
authority = "national 12315 platform"
source = "12315 online dispute resolution (ODR): the firm settles the complaint itself"
[[version.clock]]
name = "complete"
start = ["received", "reopened"]
stop = ["completed"]
length = 10
"""
TODAY = "2012-02-10T09:00:00-05:00"
PLATFORM = ("platform", "add", "Bank")


def records(clerk: Clerk, *words: object) -> list[dict[str, Any]]:
    found = json.loads(clerk(*words, "--format", "json").ok())
    return found if isinstance(found, list) else [found]


def entries(clerk: Clerk) -> tuple[int, str]:
    with open_register(clerk.address, read_only=True) as register:
        return register.head()


def dump(clerk: Clerk) -> list[str]:
    tables = ("complaint", "clock", "policy")
    return [str(row) for table in tables for row in clerk.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3")]


def begin(clerk: Clerk, text: str, *words: str) -> None:
    """Make the clerk's register with a text of a policy that was shipped once."""
    path = clerk.home.with_name("old.toml")
    path.write_text(text, "utf-8")
    clerk("init", "--policy", path, *words).ok()
    clerk(*PLATFORM).ok()


@pytest.fixture
def american(new_clerk: Callable[..., Clerk]) -> Clerk:
    """Give a clerk without a register yet."""
    return new_clerk(now=TODAY)


@prepared
def bank(american: Clerk) -> None:
    """Give a clerk with five complaints to the CFPB of all ages: closed late, closed in time, two sent, one not."""
    clerk = american
    begin(clerk, CFPB, "--calendar", "US", "--timezone", "America/New_York")
    for received, sent, completed in (
        ("2011-12-01", "2011-12-02", "2011-12-14"),  # within 15 days, after 10
        ("2011-12-01", "2011-12-05", "2011-12-30"),
        ("2012-01-18", "2012-01-18", ""),
        ("2012-01-19", "2012-01-30", ""),
        ("2012-02-09", "", ""),
    ):
        clerk("add", "--platform", "Bank", "--at", received).ok()
        id_ = len(records(clerk, "list"))
        if sent:
            clerk("forward", id_, "--at", sent).ok()
        if completed:
            clerk("complete", id_, "--at", completed).ok()


def verdicts(clerk: Clerk, *words: object) -> list[tuple[Any, ...]]:
    names = ("forward", "respond", "final")
    return [
        (row["id"], *(row.get(f"{name}_verdict") for name in names), (row.get("respond_due") or "")[:10])
        for row in records(clerk, "list", *words)
    ]


WRONG = [
    (1, "met", "met", "met", "2011-12-17"),
    (2, "missed", "missed", "met", "2011-12-20"),
    (3, "met", "overdue", "running", "2012-02-02"),
    (4, "missed", "running", "running", "2012-02-14"),
    (5, "running", "projected", "projected", "2012-02-25"),
]
RIGHT = [
    *WRONG[:2],
    # Sent on 18 January, when it was 10 days; sent on the 30th, received on the 19th: 15. What was sent late stays so.
    (3, "met", "overdue", None, "2012-01-28"),
    # The 60 days wait for an answer "In progress".
    (4, "missed", "running", "projected", "2012-02-14"),
    (5, "running", "projected", "projected", "2012-02-25"),
]


def test_a_register_goes_on_by_the_text_that_it_has_and_is_told_of_it(bank: Clerk) -> None:
    before = entries(bank)
    refused = bank("policy", "adopt", "cfpb")
    assert refused.status == 2 and "'dealtrack policy adopt --corrected'" in refused.err
    assert "cfpb --corrected' shows what would move" in bank("policy", "show", "cfpb").ok()
    told = bank("doctor")
    assert told.status == 1 and "Policies that differ from the bundled text: cfpb; 'dealtrack policy adopt" in told.err
    assert entries(bank) == before
    assert verdicts(bank) == WRONG


def test_it_is_shown_before_anything_is_written(bank: Clerk) -> None:
    before, rows = entries(bank), dump(bank)
    shown = bank("policy", "adopt", "cfpb", "--corrected")
    assert "Preview only. Re-run with --yes to apply." in shown.err
    lines = shown.ok().splitlines()
    assert "in force from 2012-01-19: a new version" in lines
    assert any(line.startswith("  final: 60 calendar days") and line.endswith(" -> no deadline") for line in lines)
    # The second complaint ended late by either text.
    assert lines[-4:] == [
        "complaint 3 respond: Thu 2012-02-02 24:00 -> Sat 2012-01-28 24:00",
        "complaint 3 final: was due Sun 2012-03-18 24:00, no longer counted",
        "complaint 4 final: was due Fri 2012-03-30 24:00, no longer counted",
        "complaint 1 respond: ended on time, would now be late; its status stands "
        "('dealtrack recheck --include-closed' re-evaluates it)",
    ]
    assert (entries(bank), dump(bank)) == (before, rows)


def test_what_runs_moves_and_what_has_ended_stands(bank: Clerk) -> None:
    done = bank("policy", "adopt", "cfpb", "--corrected", "--yes", now="2012-02-10T09:30:00-05:00")
    assert done.ok().endswith("policy cfpb revision 2: 3 deadlines moved\n")
    bank.now = "2012-02-10T10:00:00-05:00"
    assert verdicts(bank) == RIGHT
    for word in ("verify", "recheck"):
        bank(word).ok()
    rows = dump(bank)
    bank("recheck", "--rebuild").ok()
    assert dump(bank) == rows
    # From the tables and from the histories, the same is told.
    for command in ("list", "overdue", "due", "report"):
        assert bank(command, "--as-of", "2012-02-10 10:00").ok() == bank(command).ok()
    # As it was known before, it was wrong.
    wrong = verdicts(bank, "--as-of", "2012-02-10 09:10", "--known-at", "2012-02-10 09:10")
    assert wrong == WRONG
    assert bank("overdue", "--known-at", "2012-02-10 09:10").ok() != bank("overdue").ok()
    # Once more, there is nothing to do, and doctor has nothing to say of it.
    again = bank("policy", "adopt", "cfpb", "--corrected", "--yes")
    assert again.ok() == "policy cfpb: the register has this text already\n"
    assert "shipped" not in bank("doctor").err
    assert "shipped" not in bank("policy", "show", "cfpb").ok()
    assert bank("policy", "adopt", "cfpb").ok().count("already in the register") == 2


def test_life_goes_on_under_the_right_text(bank: Clerk, tmp_path: Path) -> None:
    bank("policy", "adopt", "cfpb", "--corrected", "--yes").ok()
    bank.now = "2012-02-11T09:00:00-05:00"
    bank("forward", 5, "--at", "2012-02-10").ok()
    assert "final    not yet due  due Fri 2012-03-30 24:00" in bank("reply", 4, "--note", "In progress").ok()
    bank("complete", 3).ok()
    bank("reopen", 1, "--reason", "again").ok()
    bank("add", "--platform", "Other bank", "--new-platform", "--at", "2012-02-10").ok()
    path = tmp_path / "rows.csv"
    path.write_text("number,platform,received,forwarded,completed\nA,Bank,2011-12-01,2011-12-02,2011-12-13\n", "utf-8")
    bank("import", path).ok()
    found = {row[0]: row[1:] for row in verdicts(bank)}
    assert found[5] == ("met", "running", "projected", "2012-02-25")
    assert found[4] == ("missed", "met", "running", "2012-02-14")
    assert found[3] == ("met", "missed", None, "2012-01-28")
    # Reopened, the first runs by the right text; what had ended is told with it.
    shown = records(bank, "show", 1)[0]["clocks"]
    told = {(clock["clock"], clock["round"]): (clock["verdict"], (clock["due"] or "")[:10]) for clock in shown}
    assert told[("respond", 1)] == ("met", "2011-12-17")
    assert told[("respond", 2)] == ("running", "2012-02-21")
    assert told[("final", 1)][0] == "met"
    # Imported with the right text, which gave it ten days.
    assert found[7] == ("met", "missed", None, "2011-12-12")
    # Each run is explained by the text that it was judged by.
    assert "final, 60 calendar days from forwarding" in bank("explain", 1, "--clock", "final").ok()
    first, second = (part.splitlines()[0] for part in bank("explain", 1, "--clock", "respond").ok().split("\n\n"))
    assert "respond, 15 calendar days from forwarding or reopening to completion; policy cfpb" in first
    assert "respond, 10 calendar days" in second and "in force from 2011-07-21" in second
    bank("policy", "try", "green-channel").ok()
    for word in ("verify", "recheck"):
        bank(word).ok()


def test_what_has_ended_is_judged_anew_on_request(bank: Clerk) -> None:
    bank("policy", "adopt", "cfpb", "--corrected", "--yes").ok()
    told = bank("recheck", "--include-closed", now="2012-02-10T10:00:00-05:00").ok()
    assert "complaint 1 respond: on time -> late\n" in told
    assert "complaint 1 final: on time -> no deadline\n" in told
    assert [row[1:4] for row in verdicts(bank)][:2] == [("met", "missed", None), ("missed", "missed", None)]
    bank.now = "2012-02-10T11:00:00-05:00"
    bank("recheck").ok()
    bank("recheck", "--rebuild").ok()
    assert bank("list", "--as-of", "2012-02-10 11:00").ok() == bank("list").ok()
    assert verdicts(bank, "--known-at", "2012-02-10 09:00")[0] == RIGHT[0]


def test_on_a_terminal_it_is_asked(bank: Clerk) -> None:
    before = entries(bank)
    told = bank.at_terminal("policy", "adopt", "cfpb", "--corrected", typed=b"n\n", width=120)
    assert "Correct the policy? [y/N]" in told.out and told.status == 2
    assert entries(bank) == before
    assert bank.at_terminal("policy", "adopt", "cfpb", "--corrected", typed=b"y\n", width=120).status == 0
    assert verdicts(bank) == RIGHT


def test_a_day_in_force_that_was_wrong_is_no_version_any_more(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk(now="2018-03-20T09:00:00+08:00")
    begin(clerk, ODR)
    clerk("add", "--platform", "Bank", "--at", "2017-06-01").ok()
    clerk("add", "--platform", "Bank", "--at", "2018-03-16").ok()
    before = clerk("list").ok()
    shown = clerk("policy", "adopt", "odr", "--corrected", "--yes").ok()
    assert "in force from 2017-03-15: version removed\nin force from 2018-03-15: a new version\n" in shown
    assert shown.endswith("policy odr revision 2: 0 deadlines moved\n")
    assert clerk("list").ok() == before
    assert "2017-03-15" not in clerk("policy", "show", "odr").ok()
    clerk("recheck").ok()


def test_a_clock_that_the_law_does_not_know_gives_way_to_the_one_that_it_sets(
    new_clerk: Callable[..., Clerk],
) -> None:
    clerk = new_clerk(now="2016-11-15T09:00:00+08:00")
    begin(clerk, LAW)
    for received in ("2016-11-01", "2016-11-10"):
        clerk("add", "--platform", "Bank", "--at", received).ok()
    clerk("accept", 1, "--at", "2016-11-03").ok()
    shown = clerk("policy", "adopt", "consumer-law-46", "--corrected", "--yes").ok()
    assert "complaint 1 handle: now counted, due Thu 2016-11-10 24:00" in shown
    assert "complaint 2 accept: was due Mon 2016-11-21 24:00, no longer counted" in shown
    assert [(row.get("accept_verdict"), row["handle_verdict"]) for row in records(clerk, "list")] == [
        ("met", "overdue"),
        (None, "running"),
    ]
    assert clerk("overdue").ok().startswith("1\t")
    assert clerk("overdue", "--as-of", "2016-11-15 09:00").ok() == clerk("overdue").ok()
    clerk("complete", 1, 2).ok()
    told = clerk("explain", 1, "--clock", "accept").ok()
    assert told.splitlines()[0].startswith("1 (Bank, other): accept, 7 working days from receipt to acceptance")
    for word in ("verify", "recheck"):
        clerk(word).ok()


def test_an_export_of_a_corrected_register_comes_in_again(
    bank: Clerk, new_clerk: Callable[..., Clerk], tmp_path: Path
) -> None:
    bank("policy", "adopt", "cfpb", "--corrected", "--yes").ok()
    bank("export", "--to", tmp_path / "out.csv").ok()
    assert "5 unchanged" in bank("import", tmp_path / "out.csv").ok()
    other = new_clerk(now=bank.now)
    other("init", "--calendar", "US", "--policy", "cfpb", "--timezone", "America/New_York").ok()
    assert "5 added" in other("import", tmp_path / "out.csv").ok()
    # What runs runs by the same text there; what ended is judged by the only one that it knows.
    assert [row[2] for row in verdicts(other)][2:] == [row[2] for row in RIGHT][2:]
    other("export", "--to", tmp_path / "again.csv").ok()
    assert "5 unchanged" in other("import", tmp_path / "again.csv").ok()


def test_a_policy_of_ones_own_is_corrected_from_its_file(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(LAW.replace("consumer-law-46", "mine"), "utf-8")
    clerk("policy", "adopt", path).ok()
    clerk("add", "--platform", "JD", "--policy", "mine").ok()
    path.write_text(LAW.replace("consumer-law-46", "mine").replace("length = 7", "length = 3"), "utf-8")
    assert clerk("policy", "adopt", path).status == 2
    told = clerk("policy", "adopt", path, "--corrected", "--yes").ok()
    assert "complaint 1 accept: Thu 2016-11-24 24:00 -> Fri 2016-11-18 24:00\n" in told
    path.write_text(LAW.replace("consumer-law-46", "mine").replace("length = 7", "length = 4"), "utf-8")
    assert clerk("policy", "adopt", path, "--corrected", "--yes").ok().endswith("revision 3: 1 deadline moved\n")
    newer = LAW[LAW.index("[[version]]") :].replace("2014-03-15", "2016-11-01").replace("length = 7", "length = 1")
    path.write_text(path.read_text("utf-8") + newer, "utf-8")
    assert "added to the register" in clerk("policy", "adopt", path).ok()
    # What was entered before keeps the version that it has; what is entered now has the new one.
    clerk("add", "--platform", "JD", "--policy", "mine").ok()
    assert [row["accept_due"][:10] for row in records(clerk, "list")] == ["2016-11-21", "2016-11-16"]
    for word in ("verify", "recheck"):
        clerk(word).ok()
    rows = dump(clerk)
    clerk("recheck", "--rebuild").ok()
    assert dump(clerk) == rows


def test_corrected_before_it_is_adopted_is_just_adopted(clerk: Clerk) -> None:
    assert clerk("policy", "adopt", "odr", "--corrected").ok().endswith("added to the register\n")


@pytest.mark.file_only("a file of an older schema")
@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_registers_whose_texts_were_wrong_keep_them_until_they_are_corrected(
    version: int, new_clerk: Callable[..., Clerk]
) -> None:
    clerk = new_clerk(now="2016-11-15T09:00:00+08:00")
    unpack(version, clerk.db)
    opened = clerk("list", "--format", "jsonl")
    # The upgrade names doctor, and doctor the policies.
    if "was upgraded from" in opened.err:
        assert "policies are unchanged" in opened.err and "'dealtrack doctor' show" in opened.err
    told = (
        "Policies that differ from the bundled text: green-channel, odr, samr-complaint; 'dealtrack policy adopt NAME"
    )
    assert told in clerk("doctor").err
    before = opened.ok()
    new = {f"{clock}_{key}" for clock in ("notify", "verify") for key in ("due", "verdict")}
    for name in ("green-channel", "odr", "samr-complaint"):
        assert clerk("policy", "adopt", name, "--corrected", "--yes").ok().endswith("revision 2: 0 deadlines moved\n")
    # Sources and days were wrong, and terms that hang on what has not happened were missing: nothing moves.
    after = [json.loads(line) for line in clerk("list", "--format", "jsonl").ok().splitlines()]
    told_after = [{key: value for key, value in row.items() if key not in new} for row in after]
    assert told_after == [json.loads(line) for line in before.splitlines()]
    assert "Policies that differ from the bundled text" not in clerk("doctor").err
    for word in ("verify", "recheck"):
        clerk(word).ok()
    assert clerk("add", "--platform", "小店", "--policy", "samr-complaint", "--new-platform").status == 0


def test_in_chinese(bank: Clerk) -> None:
    shown = bank("--lang", "zh", "policy", "adopt", "cfpb", "--corrected").ok()
    assert "2012-01-19 起施行：新版本" in shown
    assert "原定 2012-03-18 周日 24:00 到期，不再计时" in shown
    explained = bank("--lang", "zh", "explain", 3, "--clock", "respond").ok()
    assert "办理规则 cfpb，2011-07-21 起施行（美国消费者金融保护局（CFPB）：CFPB 企业平台惯例）" in explained

"""Registers whose policy is about any business, and extensions far beyond a clock's length."""

import json
from collections.abc import Callable

import pytest

from dealtrack.sources.platforms import load_platforms
from tests.conftest import PROJECT, Clerk, prepared

CHINESE = ("samr-complaint", "samr-report", "odr", "consumer-law-46")
SHIPPED = sorted(platform.name for platform in load_platforms(PROJECT / "data" / "platforms.toml"))
OPEN = ("samr-complaint", "samr-report", "odr", "consumer-law-46", "uk-foi", "fca-disp", "cfpb")


def named(clerk: Clerk) -> list[str]:
    return [row["name"] for row in json.loads(clerk("platform", "list", "--format", "json").ok())]


@pytest.mark.parametrize("policy", OPEN)
def test_a_chinese_policy_begins_with_the_shipped_platforms_and_another_business_is_entered_where_it_is_asked_for(
    new_clerk: Callable[..., Clerk], policy: str
) -> None:
    clerk = new_clerk(now="2026-11-15T09:00:00+08:00")
    clerk("init", "--policy", policy).ok()
    before = named(clerk)
    assert before == (SHIPPED if policy in CHINESE else [])
    refused = clerk("add", "--platform", "老王五金店")
    assert refused.status == 2 and "Use --new-platform to add it" in refused.err
    assert named(clerk) == before
    added = clerk("add", "--platform", "老王五金店", "--new-platform")
    assert "platform added: 老王五金店" in added.err
    assert added.ok().startswith("complaint 1 (老王五金店, other)")
    assert named(clerk) == sorted([*before, "老王五金店"])
    again = clerk("add", "--platform", "老王五金店", "--new-platform")
    assert again.status == 0 and "new platform" not in again.err
    for command in (("verify",), ("recheck",)):
        clerk(*command).ok()


def test_the_nearest_name_is_offered_first(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk(now="2026-11-15T09:00:00+08:00")
    clerk("init", "--policy", "samr-complaint").ok()
    refused = clerk("add", "--platform", "Tmal")
    assert "Tmal is not on the list. Did you mean Tmall? Use --new-platform to add it" in refused.err


def test_what_is_refused_enters_no_platform(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk(now="2026-11-15T09:00:00+08:00")
    clerk("init", "--policy", "samr-complaint").ok()
    before = clerk("verify").ok()
    for words in (("--at", "2099-01-01"), ("--category", "nothing"), ("--seller", "me"), ("--policy", "nothing")):
        assert clerk("add", "--platform", "Shop", "--new-platform", *words).status == 2
    assert clerk("verify").ok() == before


def test_a_policy_about_a_list_begins_with_it_and_takes_no_new_platform(clerk: Clerk) -> None:
    assert named(clerk) == SHIPPED
    refused = clerk("add", "--platform", "Shop", "--new-platform")
    assert refused.status == 2
    assert "Policy green-channel covers listed platforms only. Add Shop" in refused.err
    assert "Unknown platform: Shop" in clerk("add", "--platform", "Shop").err
    # The policy of the complaint decides, and not the register's.
    clerk("add", "--platform", "Shop", "--policy", "odr", "--new-platform").ok()
    assert "Shop" in named(clerk)


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 2)])
def test_on_a_terminal_it_is_asked_about(new_clerk: Callable[..., Clerk], answer: str, status: int) -> None:
    clerk = new_clerk(now="2026-11-15T09:00:00+08:00")
    clerk("init", "--policy", "samr-complaint").ok()
    told = clerk.at_terminal("add", "--platform", "Shop", typed=f"{answer}\n".encode(), width=100)
    assert "Shop is not in the list of platforms. Did you mean Vipshop? Add it? [y/N]" in told.out
    assert told.status == status
    assert ("Shop" in named(clerk)) == (status == 0)


# Extensions


@prepared
def running(clerk: Clerk) -> None:
    """Give a clerk with two complaints received, whose clock of one day runs."""
    for _ in range(2):
        clerk("add", "--platform", "JD").ok()


def test_an_extension_far_beyond_the_clock_needs_a_yes(running: Clerk) -> None:
    words = ("extend", "1,2", "--clock", "forward", "--reason", "x")
    before = running("verify").ok()
    for by in (21, 100, 9999):
        refused = running(*words, "--by", by)
        assert (refused.status, refused.out) == (2, "")
        assert f"Extending forward by {by} working days goes far beyond its length of 1 working day." in refused.err
    assert running("verify").ok() == before
    running(*words, "--by", 4).ok()
    assert "due " in running(*words, "--by", 100, "--yes").ok()


def test_on_a_terminal_a_far_extension_is_asked_about(running: Clerk) -> None:
    words = ("extend", "1", "--clock", "forward", "--reason", "x", "--by", "100")
    told = running.at_terminal(*words, typed=b"n\n", width=120)
    assert "Complaint 1: the policy gives forward 1 working day. Extend it by 100 working days? [y/N]" in told.out
    assert told.status == 2
    assert running.at_terminal(*words, typed=b"y\n", width=120).status == 0


def test_what_the_policy_limits_is_refused_and_not_asked_about(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk(now="2026-11-15T09:00:00+08:00")
    clerk("init", "--policy", "samr-report").ok()
    clerk("add", "--platform", "JD").ok()
    refused = clerk("extend", 1, "--clock", "verify", "--by", 100, "--reason", "x", "--yes")
    assert "at most 15 working days at a time" in refused.err
    assert "at most 15 working days" in clerk("extend", 1, "--clock", "verify", "--by", 100, "--reason", "x").err
    # Nor is a clock that cannot be extended at all, or is none.
    assert "has no stage forward" in clerk("extend", 1, "--clock", "forward", "--by", 100, "--reason", "x").err


def test_a_stage_that_waits_for_an_event_shows_once_it_came(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk(now="2026-05-08T10:00:00+08:00")
    clerk("init", "--policy", "samr-complaint").ok()
    assert "verify" not in clerk("add", "--platform", "JD", "--at", "2026-05-06").ok()
    assert "verify" not in clerk("show", 1).ok()
    assert json.loads(clerk("show", 1, "--format", "json").ok())["clocks"][-1]["verdict"] == "projected"
    # Sat 9(1), 11-15 May(6), 18-22(11), 25-28(15).
    assert "  verify   not yet due  due Thu 2026-05-28 24:00" in clerk("event", 1, "--name", "clue-found").ok()
    assert "clock\tverify\trunning\tdue Thu 2026-05-28 24:00" in clerk("show", 1).ok()

"""What the notice asks of platforms, on the command line: names, green channel, contact channels and their checks."""

import csv
import io
import json
from typing import Any

import pytest

from dealtrack.core.platform import Platform
from dealtrack.register import projection
from dealtrack.register.journal import Event, events
from dealtrack.register.opening import open_register
from tests.conftest import Clerk

KEYS = ["name", "aliases", "green_channel", "channels", "last_checked", "checked_by", "finding"]


def listed(clerk: Clerk, *words: str) -> dict[str, dict[str, Any]]:
    records = json.loads(clerk("platform", "list", *words, "--format", "json").ok())
    assert all(list(record) == KEYS for record in records)
    return {record["name"]: record for record in records}


def entries(clerk: Clerk) -> tuple[int, str]:
    """The length and head of the journal, which any entry changes."""
    with open_register(clerk.address, read_only=True) as register:
        return register.head()


def refused(clerk: Clerk, *words: str) -> str:
    """Run a command that must be refused with nothing written, and return what it says."""
    before = entries(clerk)
    result = clerk(*words)
    assert (result.status, result.out) == (2, "")
    assert entries(clerk) == before
    return result.err


# names


def test_a_platform_with_its_names(clerk: Clerk) -> None:
    told = clerk("platform", "add", "淘集集", "--alias", "tjj", "--alias", "TJJ", "--green-channel", "no").ok()
    assert told == "platform 淘集集 (tjj), green channel not opened added\n"
    assert listed(clerk)["淘集集"] == {
        "name": "淘集集",
        "aliases": ["tjj"],
        "green_channel": False,
        "channels": [],
        "last_checked": None,
        "checked_by": None,
        "finding": None,
    }
    assert "(淘集集, other)" in clerk("add", "--platform", "Tjj").ok()


def test_more_names_for_a_platform(clerk: Clerk) -> None:
    assert listed(clerk)["JD"]["aliases"] == ["京东", "jingdong", "jd.com"]
    told = clerk("platform", "edit", "京东", "--alias", "京东商城", "--drop-alias", "JINGDONG").ok()
    assert told == "platform JD (京东, jd.com, 京东商城)\n"
    assert listed(clerk)["JD"]["aliases"] == ["京东", "jd.com", "京东商城"]
    assert "(JD, other)" in clerk("add", "--platform", "京东商城").ok()
    assert "Unknown platform: jingdong" in refused(clerk, "add", "--platform", "jingdong")


def test_a_complaint_keeps_its_platform_when_an_alias_goes(clerk: Clerk) -> None:
    clerk("add", "--platform", "jingdong").ok()
    clerk("platform", "edit", "JD", "--drop-alias", "jingdong").ok()
    assert json.loads(clerk("list", "--platform", "jd", "--format", "json").ok())[0]["platform"] == "JD"


def test_what_changes_nothing_is_not_written(clerk: Clerk) -> None:
    clerk("platform", "edit", "JD", "--green-channel", "yes").ok()
    before = entries(clerk)
    same = clerk("platform", "edit", "JD", "--alias", "ＪＤ．ＣＯＭ", "--alias", "jd", "--green-channel", "yes")
    assert same.ok() == "platform JD (京东, jingdong, jd.com), green channel opened: nothing to change\n"
    assert entries(clerk) == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("edit", "JD", "--alias", "TMALL"), "The name TMALL already belongs to the platform Tmall."),
        (
            ("edit", "JD", "--alias", "淘集集", "--alias", "天猫"),
            "The name 天猫 already belongs to the platform Tmall.",
        ),
        (("edit", "JD", "--drop-alias", "jingdon"), "cannot be 'jingdon'. Did you mean jingdong? Allowed: 京东"),
        (("edit", "JD"), "Change is missing. Give --alias NAME, --drop-alias NAME or --green"),
        (("edit", "JD", "--green-channel", "maybe"), "Green channel cannot be 'maybe'. Allowed: yes, no."),
        (("edit", "JD", "--alias", " "), "--alias is empty."),
        (("edit", "JDD", "--alias", "x"), "Unknown platform: JDD. Did you mean JD"),
        (("edit", "JD", "--alias", "x" * 301), "name has 301 characters; the maximum is 300"),
        (("add", "jd"), "The name jd already belongs to the platform JD."),
        (("add", "淘集集", "--alias", "京东"), "The name 京东 already belongs to the platform JD."),
        (("show", "淘集集"), "Unknown platform: 淘集集."),
    ],
)
def test_what_is_refused(clerk: Clerk, words: tuple[str, ...], told: str) -> None:
    assert told in refused(clerk, "platform", *words)


def test_renaming_is_not_offered(clerk: Clerk) -> None:
    assert "No such option" in refused(clerk, "platform", "edit", "JD", "--name", "Jingdong")


# checks


def test_a_check_of_the_contact_channels(clerk: Clerk) -> None:
    told = clerk(
        "platform", "check", "京东", "--channels", "微信, Phone", "--finding", "微信二维码打不开", "--at", "11-14 10:30"
    ).ok()
    assert told == "platform JD: checked 2016-11-14 10:30 by clerk, displays phone, wechat\n"
    jd = listed(clerk)["JD"]
    assert jd["channels"] == ["phone", "wechat"]
    assert jd["last_checked"] == "2016-11-14T10:30:00+08:00"
    assert (jd["checked_by"], jd["finding"]) == ("clerk", "微信二维码打不开")
    assert listed(clerk)["Tmall"]["last_checked"] is None


def test_a_later_check_takes_the_place_of_an_earlier_one(clerk: Clerk) -> None:
    every = "phone,wechat,qq,email"
    clerk("platform", "check", "JD", "--channels", every, "--finding", "all", "--at", "11-10 10:00").ok()
    clerk.actor = "李"
    clerk("platform", "check", "JD", "--channels", "none", "--finding", "all gone", "--at", "11-14 10:00").ok()
    jd = listed(clerk)["JD"]
    assert (jd["channels"], jd["checked_by"], jd["finding"]) == ([], "李", "all gone")
    # Entered late: it joins the history, and what is shown stays.
    clerk.actor = "王"
    told = clerk("platform", "check", "JD", "--channels", "qq", "--finding", "only qq", "--at", "11-12").ok()
    assert told.splitlines() == [
        "platform JD: checked 2016-11-12 00:00 by 王, displays qq",
        "displayed channels stay as last checked on 2016-11-14 10:00 by 李: no contact channel",
    ]
    assert listed(clerk)["JD"] == jd
    shown = json.loads(clerk("platform", "show", "jingdong", "--format", "json").ok())
    assert {key: shown[key] for key in KEYS} == jd
    assert [(check["checked"][:10], check["checked_by"], check["channels"]) for check in shown["checks"]] == [
        ("2016-11-10", "clerk", ["phone", "wechat", "qq", "email"]),
        ("2016-11-12", "王", ["qq"]),
        ("2016-11-14", "李", []),
    ]


def test_of_two_checks_at_one_moment_the_later_entered_counts(clerk: Clerk) -> None:
    for channels in ("phone", "qq"):
        clerk("platform", "check", "JD", "--channels", channels, "--finding", "x", "--at", "11-14 10:00").ok()
    assert listed(clerk)["JD"]["channels"] == ["qq"]


def test_show_tells_every_check(clerk: Clerk) -> None:
    assert clerk("platform", "show", "JD").ok() == "platform JD (京东, jingdong, jd.com)\nnever checked\n"
    assert clerk("platform", "show", "JD", "--format", "csv").ok() == "checked,checked_by,channels,finding\r\n"
    clerk("platform", "edit", "JD", "--green-channel", "是").ok()
    clerk("platform", "check", "JD", "--channels", "phone,qq", "--finding", "footer only", "--at", "11-14 10:00").ok()
    assert clerk("platform", "show", "JD").ok().splitlines() == [
        "platform JD (京东, jingdong, jd.com), green channel opened",
        "displays: phone, qq",
        "2016-11-14 10:00\tclerk\tphone, qq\tfooter only",
    ]
    rows = list(csv.DictReader(io.StringIO(clerk("platform", "show", "JD", "--format", "csv").ok())))
    assert [row["channels"] for row in rows] == ["phone, qq"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--channels", "phone"), "Finding is missing. Give --finding TEXT"),
        (("--finding", "x"), "Channels displayed is missing."),
        (("--channels", ",", "--finding", "x"), "Channels displayed is missing."),
        (("--channels", "phone,wechta", "--finding", "x"), "cannot be 'wechta'. Did you mean wechat? Allowed:"),
        (("--channels", "phone,none", "--finding", "x"), "The channel cannot be 'none'."),
        (("--channels", "phone", "--finding", "x", "--at", "2016-11-16"), "2016-11-16 00:00 is in the future"),
        (("--channels", "phone", "--finding", "x", "--at", "soon"), "Invalid time 'soon'"),
        (("--channels", "phone", "--finding", "x" * 10_001), "finding has 10,001 characters"),
    ],
)
def test_checks_that_are_refused(clerk: Clerk, words: tuple[str, ...], told: str) -> None:
    assert told in refused(clerk, "platform", "check", "JD", *words)


def test_those_that_nobody_has_checked_since(clerk: Clerk) -> None:
    for name, at in (("JD", "11-10 23:59:59"), ("Tmall", "11-11 00:00"), ("Amazon", "11-14 09:00")):
        clerk("platform", "check", name, "--channels", "phone", "--finding", "x", "--at", at).ok()
    others = set(listed(clerk)) - {"Amazon", "Gome online", "JD", "Tmall"}
    assert set(listed(clerk, "--unchecked-since", "2016-11-11")) == {*others, "Gome online", "JD"}
    assert set(listed(clerk, "--unchecked-since", "yesterday")) == {*others, "Gome online", "JD", "Tmall"}
    assert set(listed(clerk, "--unchecked-since", "2016-11-10")) == {*others, "Gome online"}
    for name in (*others, "gome"):
        clerk("platform", "check", name, "--channels", "none", "--finding", "nothing found").ok()
    assert listed(clerk, "--unchecked-since", "2016-11-10") == {}
    assert clerk("platform", "list", "--unchecked-since", "2016-11-10").ok() == ""
    assert "Invalid date" in refused(clerk, "platform", "list", "--unchecked-since", "monday morning")


# in the journal


def test_each_change_is_an_entry_and_the_table_is_made_of_them_again(clerk: Clerk) -> None:
    clerk("platform", "add", "淘集集", "--alias", "tjj").ok()
    clerk("platform", "check", "淘集集", "--channels", "phone", "--finding", "one", "--at", "11-14 10:00").ok()
    clerk("platform", "edit", "淘集集", "--green-channel", "yes", "--drop-alias", "tjj").ok()
    clerk("platform", "check", "淘集集", "--channels", "qq", "--finding", "earlier", "--at", "11-13 10:00").ok()
    with open_register(clerk.address) as register:
        database = register.database
        kinds = [Event.PLATFORM_ENTERED, Event.PLATFORM_EDITED, Event.PLATFORM_CHECKED]
        told = [entry for entry in events(database, kinds) if entry.detail["name"] == "淘集集"]
        assert [entry.kind.value for entry in told] == [
            "platform-entered",
            "platform-checked",
            "platform-edited",
            "platform-checked",
        ]
        assert told[2].detail == {"name": "淘集集", "aliases": [], "green_channel": True}
        assert told[3].at < told[1].at
        before = database.rows("SELECT * FROM platform ORDER BY name")
        with database.writing():
            database.write("DELETE FROM platform")
            for entry in events(database, kinds):
                projection.apply_entry(database, entry)
        assert database.rows("SELECT * FROM platform ORDER BY name") == before
        for known in register.platforms:
            assert Platform.from_data(known.to_data()) == known
    clerk("verify").ok()

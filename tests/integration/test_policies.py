"""Policies and platforms as they are shipped, and the mistakes that a file of the user's own can hold."""

from datetime import date, time
from pathlib import Path

import pytest

from dealtrack.core.lifecycle import Kind
from dealtrack.core.platform import match_platform, nearest_platforms
from dealtrack.core.policy import ClockRule, Policy, Roll, Unit, version_for
from dealtrack.core.policy_text import clock_words
from dealtrack.core.vocabulary import CATEGORIES, CATEGORY
from dealtrack.errors import BadPlatformFile, BadPolicyFile, UnknownPolicy
from dealtrack.sources.platforms import first_platforms, load_platforms
from dealtrack.sources.policies import load_policy, policy_names, read_policy_file

DATA = Path(__file__).parents[2] / "data"
NO_USER = DATA / "no-such-folder"
WD, CD = Unit.WORKING_DAY, Unit.CALENDAR_DAY

REPLIED, UPDATED = "replied:interim replied:final", "event:information-updated"

# policy, in force, clock, starts, stops, length, unit
SHIPPED = [
    ("green-channel", "2016-11-03", "forward", "received", "forwarded", 1, WD),
    ("green-channel", "2016-11-03", "complete", "forwarded reopened", "completed", 2, WD),
    ("samr-complaint", "2020-01-01", "accept", "received", "accepted rejected", 7, WD),
    ("samr-complaint", "2020-01-01", "mediate", "accepted reopened", "completed event:mediation-ended", 45, WD),
    ("samr-complaint", "2020-01-01", "notify", "ended:mediate", f"completed {REPLIED}", 7, WD),
    ("samr-complaint", "2020-01-01", "verify", "event:clue-found", "event:clue-verified", 15, WD),
    ("samr-complaint", "2026-04-15", "accept", "received", "accepted rejected", 7, WD),
    ("samr-complaint", "2026-04-15", "mediate", "accepted reopened", "completed event:mediation-ended", 60, CD),
    ("samr-complaint", "2026-04-15", "notify", "ended:mediate", f"completed {REPLIED}", 7, WD),
    ("samr-complaint", "2026-04-15", "verify", "event:clue-found", "event:clue-verified", 15, WD),
    ("samr-report", "2020-01-01", "verify", "received", "accepted rejected event:not-opened", 15, WD),
    ("samr-report", "2020-01-01", "notify", "ended:verify", f"completed rejected {REPLIED} event:anonymous", 5, WD),
    ("samr-report", "2020-01-01", "agree", "event:competence-disputed", "event:competence-settled", 7, WD),
    ("samr-report", "2026-04-15", "verify", "received", "accepted rejected", 15, WD),
    ("samr-report", "2026-04-15", "agree", "event:competence-disputed", "event:competence-settled", 7, WD),
    ("odr", "2018-03-15", "complete", "received reopened", "completed", 10, WD),
    ("consumer-law-46", "2014-03-15", "handle", "received reopened", "completed rejected", 7, WD),
    ("uk-foi", "2005-01-01", "complete", "received reopened", "completed", 20, WD),
    ("fca-disp", "2016-06-30", "summary", "received reopened", "completed", 3, WD),
    ("fca-disp", "2016-06-30", "final", "received reopened", f"completed {REPLIED}", 8, Unit.WEEK),
    ("cfpb", "2011-07-21", "forward", "received", "forwarded", 1, WD),
    ("cfpb", "2012-01-19", "forward", "received", "forwarded", 1, WD),
    ("cfpb", "2011-07-21", "respond", "forwarded reopened", f"completed {REPLIED}", 10, CD),
    ("cfpb", "2012-01-19", "respond", "forwarded reopened", f"completed {REPLIED}", 15, CD),
    ("cfpb", "2012-01-19", "final", "forwarded reopened", "completed replied:final", 60, CD),
    ("penalty-procedure", "2019-04-01", "verify", "received", "accepted rejected", 15, WD),
    ("penalty-procedure", "2019-04-01", "decide", "accepted reopened", "completed", 90, CD),
    ("advertising-law-53", "2015-09-01", "handle", "received reopened", "completed rejected", 7, WD),
    ("petitions", "2022-05-01", "notify", "received", "accepted forwarded rejected", 15, CD),
    ("petitions", "2022-05-01", "decide", "accepted", "completed", 60, CD),
    ("petitions", "2022-05-01", "review", "event:review-requested", "completed", 30, CD),
    ("shanghai-consumer", "2015-03-15", "handle", "received", "accepted completed rejected", 7, WD),
    ("shanghai-consumer", "2015-03-15", "mediate", "accepted reopened", "completed", 60, CD),
    ("zhejiang-consumer", "2017-05-01", "accept", "received", "accepted completed rejected", 5, WD),
    ("zhejiang-consumer", "2017-05-01", "handle", "received reopened", "completed rejected", 10, WD),
    ("penalty-publication", "2021-09-01", "publish", "event:decided", "completed event:published", 20, WD),
    ("penalty-publication", "2021-09-01", "push", "event:decided-elsewhere", "event:pushed", 10, WD),
    ("penalty-publication", "2021-09-01", "assist", "event:pushed", "completed event:published", 10, WD),
    ("penalty-publication", "2021-09-01", "remove", "event:decision-changed", "completed event:removed", 3, WD),
    ("online-trading", "2021-05-01", "update", "event:information-changed", f"completed {UPDATED}", 10, WD),
    ("online-trading", "2021-05-01", "submit", "event:information-changed", "event:change-reported", 3, WD),
    ("online-trading", "2021-05-01", "check", "event:change-reported", f"completed {UPDATED}", 7, WD),
    ("online-trading", "2021-05-01", "publish", "event:measure-decided", "completed event:measure-published", 1, WD),
    ("kr-grievance", "2022-07-12", "accept", "received", "accepted completed rejected", 8, Unit.WORKING_HOUR),
    ("kr-grievance", "2022-07-12", "handle", "accepted reopened", "completed rejected", 7, WD),
    ("us-dot", "2010-04-29", "acknowledge", "received", f"completed {REPLIED}", 30, CD),
    ("us-dot", "2010-04-29", "answer", "received reopened", "completed replied:final", 60, CD),
    ("ofgem", "2008-10-01", "resolve", "received", "completed", 1, WD),
    ("ofgem", "2008-10-01", "refer", "received reopened", "completed replied:final", 8, Unit.WEEK),
    ("ofcom", "2018-10-01", "refer", "received reopened", "completed replied:final", 8, Unit.WEEK),
    ("ofcom", "2026-04-08", "refer", "received reopened", "completed replied:final", 6, Unit.WEEK),
    ("cpgrams", "2019-12-01", "answer", "received reopened", f"completed rejected {REPLIED}", 60, CD),
    ("cpgrams", "2021-07-30", "answer", "received reopened", f"completed rejected {REPLIED}", 45, CD),
    ("cpgrams", "2022-07-27", "answer", "received reopened", f"completed rejected {REPLIED}", 30, CD),
    ("cpgrams", "2024-08-23", "answer", "received reopened", f"completed rejected {REPLIED}", 21, CD),
    ("consumidor-gov-br", "2014-06-27", "answer", "received reopened", f"completed {REPLIED}", 10, CD),
    ("fca-payments", "2018-01-13", "answer", "received reopened", f"completed {REPLIED}", 15, WD),
    ("fca-payments", "2018-01-13", "final", "received reopened", "completed replied:final", 35, WD),
]


def policy(name: str, index: int = 0) -> Policy:
    return load_policy(name, DATA, NO_USER)[index]


def shipped_policies() -> dict[str, list[Policy]]:
    return {name: load_policy(name, DATA, NO_USER) for name in policy_names(DATA, NO_USER)}


def clock(name: str, clock_name: str, index: int = 0) -> ClockRule:
    rule = policy(name, index).clock(clock_name)
    assert rule is not None
    return rule


def test_shipped_clocks_are_those_of_the_table() -> None:
    found = {
        (version.name, str(version.in_force), rule.name, rule.start, rule.stop, rule.length, rule.unit)
        for versions in shipped_policies().values()
        for version in versions
        for rule in version.clocks
    }
    expected = {
        (name, day, rule, frozenset(start.split()), frozenset(stop.split()), length, unit)
        for name, day, rule, start, stop, length, unit in SHIPPED
    }
    assert found == expected


def test_every_shipped_policy_has_its_authority_and_survives_as_data() -> None:
    for name, versions in shipped_policies().items():
        assert versions == sorted(versions, key=lambda version: version.in_force)
        for version in versions:
            assert version.name == name
            assert version.authority
            assert version.source
            assert version.title != name
            assert Policy.from_data(version.to_data()) == version


def test_particulars() -> None:
    verify = clock("samr-report", "verify")
    assert (verify.extensions, verify.extension_by) == (1, 15)
    assert clock("samr-complaint", "mediate", 1).roll is Roll.AFTER_STATUTORY_HOLIDAY
    assert clock("samr-complaint", "mediate").roll is Roll.NONE
    complete = clock("green-channel", "complete")
    assert (complete.extensions, complete.extension_by, complete.pausable, complete.closes) == (None, None, True, None)
    assert not clock("fca-disp", "final").pausable
    # The 60 days bind only a complaint that was answered "In progress", and the 35 one with a holding response.
    assert clock("cfpb", "final", 1).only_if == clock("fca-payments", "final").only_if == {"replied:interim"}


def test_facts_that_sources_give_or_do_not_give() -> None:
    report = policy("samr-report", 0), policy("samr-report", 1)
    assert all("市场监督管理行政处罚程序规定) art. 18" in version.source for version in report)
    assert [version.source.rpartition("through ")[2] for version in report] == [
        "SAMR Order 20 art. 31",
        "SAMR Order 121 art. 35",
    ]
    assert all("for the clock forward there is no source" in policy("cfpb", place).source for place in (0, 1))
    assert all("no source gives this day" in clock("cfpb", "forward", place).article for place in (0, 1))
    assert "bears no year, and 2016 is a guess" in policy("green-channel").source
    handle = clock("consumer-law-46", "handle")
    assert Kind.ACCEPTED not in handle.stop and "tell the consumer" in handle.article


def test_only_the_green_channel_is_about_the_platforms_of_a_list() -> None:
    listed = [name for name, versions in shipped_policies().items() if not versions[0].is_open]
    assert listed == ["green-channel"]
    abroad = {*"uk-foi fca-disp fca-payments cfpb us-dot ofgem ofcom cpgrams consumidor-gov-br kr-grievance".split()}
    for name in shipped_policies().keys() - abroad:
        assert [platform.name for platform in first_platforms(DATA / "platforms.toml", policy(name))][:2] == [
            "JD",
            "Tmall",
        ]
    for name in abroad:
        assert first_platforms(DATA / "platforms.toml", policy(name)) == []


@pytest.mark.parametrize(
    ("received", "in_force"),
    [
        ("2019-12-31", "2020-01-01"),
        ("2026-04-14", "2020-01-01"),
        ("2026-04-15", "2026-04-15"),
        ("2030-01-01", "2026-04-15"),
    ],
)
def test_the_version_is_that_of_the_day_of_receipt(received: str, in_force: str) -> None:
    versions = load_policy("samr-complaint", DATA, NO_USER)
    assert version_for(versions, date.fromisoformat(received)).in_force == date.fromisoformat(in_force)


def test_names() -> None:
    names = {row[0] for row in SHIPPED}
    assert set(policy_names(DATA, NO_USER)) == names
    assert load_policy("Green-Channel", DATA, NO_USER) == load_policy("green-channel", DATA, NO_USER)
    for asked, offered in (("gren-channel", "Did you mean green-channel"), ("x", "policy list"), ("", "policy list")):
        with pytest.raises(UnknownPolicy, match=offered):
            load_policy(asked, DATA, NO_USER)


def test_in_words() -> None:
    assert list(map(clock_words, policy("samr-complaint", 1).clocks)) == [
        "7 working days from receipt to acceptance or rejection (Order 121 art. 15)",
        (
            "60 calendar days from acceptance or reopening to completion or the event mediation-ended; a due day that "
            "falls in a statutory holiday moves to the day after it (Order 121 art. 22, 23 and 45)"
        ),
        (
            "7 working days from the end of stage mediate to completion or any reply (Order 121 art. 23: both sides told "
            "within 7 working days of the decision to end mediation)"
        ),
        (
            "15 working days from the event clue-found to the event clue-verified; can be extended once by 15 working "
            "days (Order 121 art. 27: verified within 15 working days of the discovery, in special cases 15 more)"
        ),
    ]
    assert clock_words(policy("green-channel").clocks[0]).startswith("1 working day from receipt to forwarding")
    assert "can be extended once by 15 working days" in clock_words(policy("samr-report").clocks[0])
    assert "8 weeks" in clock_words(policy("fca-disp").clocks[1])


# Files of the user's own

GOOD = """
name = "mine"
[[version]]
in_force = "2024-01-01"
authority = "us"
source = "circular 7"
[[version.clock]]
name = "answer"
start = "received"
stop = ["completed"]
length = 1
unit = "month"
roll = "next-working-day"
closes = "17:30"
[[version]]
in_force = 2020-01-01
authority = "us"
source = "circular 1"
[[version.clock]]
name = "answer"
start = ["received"]
stop = ["completed"]
length = 30
closes = 17:30:00
pausable = false
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    return tmp_path / "policies" / "mine.toml"


def test_a_policy_of_ones_own(path: Path) -> None:
    path.write_text(GOOD, "utf-8")
    for name in ("mine", str(path)):
        older, newer = load_policy(name, DATA, path.parents[1])
        assert (older.in_force, newer.in_force) == (date(2020, 1, 1), date(2024, 1, 1))
        assert older.title == "mine"
        assert older.clocks[0].closes == newer.clocks[0].closes == time(17, 30)
        assert (older.clocks[0].unit, older.clocks[0].pausable) == (WD, False)
        assert (newer.clocks[0].unit, newer.clocks[0].roll) == (Unit.MONTH, Roll.NEXT_WORKING_DAY)
    assert "mine" in policy_names(DATA, path.parents[1])


def test_a_unit_follows_from_the_length_where_the_law_counts_short_ones_in_working_days(path: Path) -> None:
    by_length = "working_days_for = [2, 3, 5, 7]\n"
    path.write_text(GOOD.replace("length = 30\n", f"length = 7\n{by_length}"), "utf-8")
    assert load_policy("mine", DATA, path.parents[1])[0].clocks[0].unit is WD
    # As a key of the version it holds for all its clocks that name no unit.
    text = GOOD.replace('source = "circular 1"\n', f'source = "circular 1"\n{by_length}')
    path.write_text(text, "utf-8")
    older, newer = load_policy("mine", DATA, path.parents[1])
    assert (older.clocks[0].unit, newer.clocks[0].unit) == (Unit.CALENDAR_DAY, Unit.MONTH)
    assert (older.clocks[0].working_days_for, newer.clocks[0].working_days_for) == ((2, 3, 5, 7), ())
    assert Policy.from_data(older.to_data()) == older


def test_new_keys_are_in_the_data_only_where_they_say_something(path: Path) -> None:
    path.write_text(GOOD, "utf-8")
    for policy in load_policy("mine", DATA, path.parents[1]):
        assert set(policy.to_data()) == {"name", "title", "in_force", "authority", "source", "clocks"}
        names = "name start stop length unit roll closes pausable extensions extension_by article"
        assert list(policy.to_data()["clocks"][0]) == names.split()
    hours = 'length = 2\nunit = "hour"\ncounts_first_hour = false\n'
    text = GOOD.replace("length = 30\ncloses = 17:30:00\n", hours)
    path.write_text(text.replace('source = "circular 1"', 'source = "circular 1"\nunverified = "its date"'), "utf-8")
    older = load_policy("mine", DATA, path.parents[1])[0]
    assert older.unverified == "its date"
    assert (older.clocks[0].unit, older.clocks[0].counts_first_hour) == (Unit.HOUR, False)
    assert Policy.from_data(older.to_data()) == older


# what is replaced in the good file, by what, and what the message tells
BAD = [
    ('name = "mine"', "", "name is missing"),
    ('name = "mine"', 'name = "my policy"', "name cannot be 'my policy'.*line 2"),
    ('name = "mine"', 'name = "mine"\ntitel = "x"', "unknown key 'titel'; Did you mean title.*line 3"),
    ('name = "mine"', 'name = "mine"\nversion = 3\n[[x]]', "not TOML|must be a list"),
    ('name = "mine"', 'name = "mine"\nplatforms = "opne"', "platforms cannot be 'opne'; Did you mean open.*line 3"),
    ('in_force = "2024-01-01"', "", "in_force is missing.*line 3"),
    ('in_force = "2024-01-01"', 'in_force = "soon"', "in_force must be a date.*not 'soon' .line 4"),
    ('in_force = "2024-01-01"', "in_force = 2024-01-01T00:00:00", "in_force must be a date.*not a time"),
    ('in_force = "2024-01-01"', "in_force = 2020-01-01", "two versions come into force on 2020-01-01.*line 16"),
    ('authority = "us"\nsource = "circular 1"', 'source = "circular 1"', "authority is missing.*line 15"),
    ('start = "received"', "", "start is missing.*line 7"),
    ('start = "received"', 'start = "recieved"', "start cannot be 'recieved'; Did you mean received.*line 9"),
    ('start = "received"', "start = []", "start is empty.*line 9"),
    ('start = "received"', "start = 3", "start must be a list, not a whole number .line 9"),
    ('stop = ["completed"]', 'stop = ["noted"]', "stop cannot be 'noted'.*allowed: accepted.*line 10"),
    # The line is that of the key, though another key above it has the same word.
    ('stop = ["completed"]', 'stop = ["received"]', "stop cannot be 'received'.*line 10"),
    ("length = 1\n", "", "length is missing"),
    ("length = 1\n", "length = -1\n", "length must be from 0 to 3650, not -1 .line 11"),
    (
        "length = 1\n",
        "length = 0\ncounts_first_day = true\n",
        "length 0 means the same day: .*counts_first_day .line 12",
    ),
    ("length = 30\ncloses = 17:30:00\n", 'length = 0\nunit = "hour"\n', "length 0 means the same day: .* unit .line 2"),
    ("length = 30\n", 'length = 4\nunit = "hour"\n', "closes does not apply to hours.*line 25"),
    (
        "length = 30\ncloses = 17:30:00\n",
        'length = 4\nunit = "hour"\ncounts_first_day = true\n',
        "counts_first_day does not apply to hours",
    ),
    ('unit = "month"\n', 'unit = "hour"\n', "roll does not apply to hours, which end at a moment .line 13"),
    ("length = 30\n", "length = 30\ncounts_first_hour = false\n", "counts_first_hour .*: hour, working-hour .line 24"),
    (
        "length = 30\n",
        "length = 3\nworking_days_for = [0]\n",
        "working_days_for must be a list of whole numbers, such as",
    ),
    ("length = 30\n", "length = 3\nworking_days_for = []\n", "working_days_for is empty"),
    ('unit = "month"\n', 'unit = "month"\nworking_days_for = [3]\n', "unit and working_days_for exclude.*line 13"),
    ("length = 1\n", "length = true\n", "length must be a whole number, not true or false .line 11"),
    ("length = 1\n", "length = 1.5\n", "length must be a whole number, not a number .line 11"),
    ('unit = "month"', 'unit = "months"', "unit cannot be 'months'; Did you mean month.*line 12"),
    ('roll = "next-working-day"', 'roll = "next"', "roll cannot be 'next'.*allowed: none, next-working-day.*line 13"),
    ('unit = "month"', 'unit = "working-day"', "roll does not apply.*line 13"),
    ('closes = "17:30"', 'closes = "25:00"', "closes must be a time of day such as 17:30, not '25:00' .line 14"),
    ('closes = "17:30"', "closes = 17", "closes must be a time of day such as 17:30, not a whole number .line 14"),
    ('closes = "17:30"', 'closes = "17:30+08:00"', "closes must be a time of day"),
    ("pausable = false", 'pausable = "no"', "pausable must be true or false, not text .line 25"),
    ("pausable = false", "extensions = -1", "extensions must be from 0 .*line 25"),
    ("pausable = false", "extend = 1", "unknown key 'extend'.*extensions.*line 25"),
    (
        "pausable = false",
        '[[version.clock]]\nname = "answer"\nstart = "received"\nstop = "completed"\nlength = 1',
        "two clocks",
    ),
    (
        "pausable = false",
        "[[version]]\nin_force = 2019-01-01\nauthority = 'a'\nsource = 'b'",
        "no .*version.clock.*line 25",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), BAD)
def test_mistakes_are_named_with_their_line(path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(BadPolicyFile, match=told) as caught:
        load_policy("mine", DATA, path.parents[1])
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_kind_cannot_both_start_and_stop(path: Path) -> None:
    text = GOOD.replace('start = "received"', 'start = "accepted"').replace('stop = ["completed"]', 'stop = "accepted"')
    path.write_text(text, "utf-8")
    with pytest.raises(BadPolicyFile, match="'accepted' cannot both start and stop"):
        read_policy_file(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "name is missing"), (b'name = "mine"', "no ..version"), (b"\xff\xfe", "UTF-8"), (b"[", "TOML")],
)
def test_what_is_no_policy_is_refused(path: Path, content: bytes, told: str) -> None:
    path.write_bytes(content)
    with pytest.raises(BadPolicyFile, match=told):
        read_policy_file(path)


def test_what_is_no_file_is_refused(path: Path) -> None:
    for missing, told in ((path, "no such file"), (path.parent, "folder"), (Path("a\0b"), "null")):
        with pytest.raises(BadPolicyFile, match=told):
            read_policy_file(missing)


def test_a_file_and_its_policy_share_a_name(path: Path) -> None:
    path.write_text(GOOD.replace('name = "mine"', 'name = "yours"'), "utf-8")
    with pytest.raises(BadPolicyFile, match="'yours'"):
        load_policy("mine", DATA, path.parents[1])


# Platforms and categories


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("jd", "JD"),
        ("ＪＤ．ｃｏｍ", "JD"),
        (" 京东 ", "JD"),
        ("天猫", "Tmall"),
        ("国美在线", "Gome online"),
        ("GOME  ONLINE", "Gome online"),
        ("亚马逊", "Amazon"),
        ("taobao", "Taobao"),
        ("elsewhere", None),
        ("", None),
    ],
)
def test_platforms_are_found_by_name_and_alias(typed: str, name: str | None) -> None:
    found = match_platform(typed, load_platforms(DATA / "platforms.toml"))
    assert (found.name if found else None) == name


def test_nearest_platforms() -> None:
    platforms = load_platforms(DATA / "platforms.toml")
    assert nearest_platforms("tmal", platforms) == ["Tmall"]
    assert nearest_platforms("jingdon", platforms) == ["JD"]
    assert nearest_platforms("国美", platforms) == ["Gome online"]
    assert nearest_platforms("", platforms) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[platform]]\nname = "A"\n[[platform]]\nname = "B"\naliases = ["a"]', "'a' already belongs to A .line 5"),
        ('[[platform]]\nname = "A"\nurl = "x"', "unknown key 'url'.*line 3"),
        ('[[platform]]\naliases = ["x"]', "name is missing .line 1"),
        ('[[platform]]\nname = "A"\naliases = [" "]', "alias must not be empty"),
        ('[[platform]]\nname = "A"\ngreen_channel = "yes"', "green_channel must be true or false.*line 3"),
        ("[platform]", "platform must be a list"),
    ],
)
def test_mistakes_in_the_list_of_platforms(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "platforms.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadPlatformFile, match=told):
        load_platforms(path)


@pytest.mark.parametrize(
    ("typed", "category"),
    [
        ("quality", "quality"),
        ("质量", "quality"),
        ("物流", "delivery"),
        ("配送", "delivery"),
        ("货不对板", "mismatch"),
        ("取消订单", "cancelled-order"),
        ("广告", "advertising"),
        ("虚假宣传", "advertising"),
        ("其他", "other"),
        ("ＯＴＨＥＲ", "other"),
        ("noise", None),
        ("", None),
    ],
)
def test_categories_are_found_by_their_words(typed: str, category: str | None) -> None:
    assert CATEGORY.match(typed) == category


def test_six_categories() -> None:
    assert CATEGORIES == ("quality", "delivery", "mismatch", "cancelled-order", "advertising", "other")
    assert CATEGORY.nearest("qualty") == ["quality"]
    assert CATEGORY.nearest("cancelled") == ["cancelled-order"]

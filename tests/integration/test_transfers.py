"""Complaints handed from office to office on a server, by real logins."""

import io
import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.register.address import read_address
from dealtrack.register.opening import open_register
from dealtrack.register.recorder import Proposal, Work, recording
from tests.conftest import Clerk, Result
from tests.proxy import Cut, Proxy, Side

psycopg2 = pytest.importorskip("psycopg2", reason="psycopg2 is not installed")

from tests.integration import test_offices as offices  # noqa: E402  # it needs psycopg2
from tests.integration.test_offices import HOUR_LATER, NOW, Town  # noqa: E402
from tests.postgres import PORT, SUPERUSER  # noqa: E402

# Pytest finds fixtures by their names in the module.
town_server, made, town = offices.town_server, offices.made, offices.town

BLOCKED = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'clear_mail'"
"""Tells that somebody who takes over waits for somebody else."""

LI, CHEN = ("li", "haidian"), ("chen", "朝阳")
MOVE = ("transfer", 2, "--to", "朝阳")
TAKE = ("transfer", "--take-over")


def enter(town: Town, *words: object) -> None:
    """Let li enter complaint 2 of haidian, received on the Friday of Double Eleven."""
    town(*LI, "add", "--platform", "Tmall", "--number", "BJ-7", "--at", "2016-11-11 10:00", *words).ok()


def hand_over(town: Town, now: str = NOW) -> None:
    """Let li transfer complaint 2 of haidian, and chen take it over, as complaint 2 of 朝阳."""
    town(*LI, *MOVE, now=now).ok()
    town(*CHEN, *TAKE, now=now).ok()


def shown(town: Town, who: tuple[str, str], complaint: int, now: str = NOW) -> dict[str, Any]:
    """Return all that `show` tells of a complaint."""
    record: dict[str, Any] = json.loads(town(*who, "show", complaint, "--reveal", "--format", "json", now=now).ok())
    return record


def mailbox(town: Town, office: str = "朝阳") -> list[tuple[Any, ...]]:
    return town.sql(f"SELECT office, seq, complaint FROM {office}.mailbox ORDER BY office, seq")


# The worked table: received on Friday 11 November 2016, forwarded on Monday 14, completed by Wednesday 16.
DEADLINES: dict[str, tuple[Sequence[str], Sequence[str], str, str]] = {
    "not forwarded yet": ((), (), "forward", "2016-11-14"),
    "forwarded": (("forward 2 --at 2016-11-14T09:00",), (), "complete", "2016-11-16"),
    # One more working day: Thursday.
    "extended": (
        ("forward 2 --at 2016-11-14T09:00", "extend 2 --clock complete --by 1 --reason 鉴定 --at 2016-11-14T10:00"),
        (),
        "complete",
        "2016-11-17",
    ),
    # Tuesday 15 is the day of the pause, which ends on Thursday 17 in the other office: the second day is Friday.
    "paused here, resumed there": (
        ("forward 2 --at 2016-11-14T09:00", "pause 2 --reason 送检 --at 2016-11-15T08:00"),
        ("resume 2 --at 2016-11-17T10:00",),
        "complete",
        "2016-11-18",
    ),
    # A new deadline from Monday's reopening on.
    "reopened": (
        (
            "forward 2 --at 2016-11-11T11:00",
            "complete 2 --at 2016-11-14T09:00",
            "reopen 2 --reason 反悔 --at 2016-11-14T10:00",
        ),
        (),
        "complete",
        "2016-11-16",
    ),
    # A moment that was corrected before: forwarded on Tuesday, and not on Monday.
    "corrected": (
        ("forward 2 --at 2016-11-14T09:00", "amend 2 --forwarded 2016-11-15T08:00"),
        (),
        "complete",
        "2016-11-17",
    ),
    # A limit that is written on the complaint.
    "with a limit": (("amend 2 --limit forward=2016-11-18T12:00",), (), "forward", "2016-11-18T12:00:00"),
}


@pytest.mark.parametrize("case", DEADLINES)
def test_the_deadline_is_counted_from_the_original_moment(town: Town, case: str) -> None:
    before, after, clock, due = DEADLINES[case]
    due = due if "T" in due else f"{due}T23:59:59"
    enter(town)
    for line in before:
        town(*LI, *line.split()).ok()
    if not after:
        assert shown(town, LI, 2)[f"{clock}_due"] == f"{due}+08:00"
    hand_over(town, HOUR_LATER)
    later = "2016-11-17T11:00:00+08:00"
    for line in after:
        town(*CHEN, *line.split(), now=later).ok()
    there = shown(town, CHEN, 2, later)
    assert there[f"{clock}_due"] == f"{due}+08:00"
    assert there["received"] == "2016-11-11T10:00:00+08:00"
    assert there[f"{clock}_verdict"] == ("overdue" if due < "2016-11-17" else "running")
    here = shown(town, LI, 2, later)
    assert (here["status"], here[f"{clock}_verdict"] in ("cancelled", "missed")) == ("closed", True)
    overdue = json.loads(town(*LI, "overdue", "--format", "json", now=later).ok())
    assert [each["id"] for each in overdue] == [1]
    for who in (LI, CHEN):
        town(*who, "verify").ok()


def test_a_deadline_that_has_passed_stays_missed_and_runs_on_overdue(town: Town) -> None:
    enter(town)
    hand_over(town)
    assert shown(town, LI, 2)["forward_verdict"] == "missed"
    (late,) = json.loads(town(*CHEN, "overdue", "--format", "json", now="2016-11-15T10:00:00+08:00").ok())
    assert (late["id"], late["due"], late["working_days_late"]) == (2, "2016-11-14T23:59:59+08:00", 1)


def test_all_that_is_known_of_a_complaint_goes_with_it(town: Town) -> None:
    contact = ("--consumer", "李四", "--phone", "13900139000", "--email", "li@example.com", "--address", "中关村1号")
    enter(town, *contact, "--summary", "碎屏", "--category", "quality", "--seller", "third-party", "--owner", "海淀所")
    photo, other = town.home / "photo.jpg", town.home / "out.jpg"
    photo.write_bytes(bytes(range(256)) * 99)
    for line in (
        f"evidence 2 --file {photo} --note 照片",
        "hand-on 2 --to 售后",
        "reply 2 --interim",
        "note 2 --note 电话",
    ):
        town(*LI, *line.split()).ok()
    before = shown(town, LI, 2)
    town(*LI, *MOVE, "--reason", "管辖", "--note", "急").ok()
    assert mailbox(town) == [("haidian", town.head("haidian")[0], 2)]
    town(*CHEN, *TAKE).ok()
    assert mailbox(town) == []
    there = shown(town, CHEN, 2)
    changed = {name for name in before if before[name] != there[name]} - {"clocks"}
    assert changed == {"history"}
    assert there["clocks"] == before["clocks"]
    kinds = ["received", "handed-on", "replied", "noted", "noted", "noted", "evidence"]
    assert [entry["kind"] for entry in there["history"]] == kinds
    assert [entry["detail"].get("note") for entry in there["history"][3:]] == ["电话", "管辖", "急", "照片"]
    (exhibit,) = json.loads(town(*CHEN, "evidence", 2, "--format", "json").ok())
    town(*CHEN, "evidence", 2, "--save", exhibit["seq"], "--to", other).ok()
    assert other.read_bytes() == photo.read_bytes()
    for who in (LI, CHEN):
        town(*who, "verify").ok()
    town("wang", "haidian", "recheck", "--rebuild").ok()
    town("wang", "haidian", "verify").ok()


def test_the_reason_is_of_the_moment_of_the_transfer(town: Town) -> None:
    # Complaint 1 was received at nine; of the day alone no more is known.
    town(*LI, "transfer", 1, "--to", "朝阳", "--at", "2016-11-15", "--reason", "管辖").ok()
    town(*CHEN, *TAKE).ok()
    assert [entry["at"] for entry in shown(town, CHEN, 2)["history"]] == [NOW, NOW]


def test_both_journals_tell_of_a_transfer_and_each_by_the_hash_of_the_other_s_words(town: Town) -> None:
    enter(town)
    town(*LI, *MOVE).ok()
    seq, hash_ = town.head("haidian")
    ((content,),) = town.sql("SELECT content FROM 朝阳.mailbox")
    town(*CHEN, *TAKE).ok()
    sent = shown(town, LI, 2)["history"][-1]
    assert (sent["kind"], sent["detail"]["to"]) == ("transferred", "朝阳")
    assert sent["detail"]["sha256"] == sha256(content.encode()).hexdigest()
    receipt = shown(town, CHEN, 2)["history"][0]
    assert receipt["detail"]["transfer"] == {"office": "haidian", "complaint": 2, "seq": seq, "hash": hash_}
    assert "to office 朝阳" in town(*LI, "show", 2).ok()
    assert f"from office haidian, its complaint 2 (entry {seq})" in town(*CHEN, "show", 2).ok()
    town("cron", "", "office", "seal").ok()
    town("sun", "national", "verify").ok()
    # The consumer's data, in the journal of neither, could not be found by trying names.
    assert len(json.loads(content)["salt"]) == 32


def test_what_waits_is_told_until_it_is_taken_over(town: Town, tmp_path: Path) -> None:
    enter(town)
    told = "1 complaint transferred by haidian waits: 'dealtrack transfer --take-over'."
    assert town(*CHEN, "transfer", "--format", "json").ok() == "[]\n"
    town(*LI, *MOVE).ok()
    (waits,) = json.loads(town(*CHEN, "transfer", "--format", "json").ok())
    assert waits == {
        "office": "haidian", "id": 2, "number": "BJ-7", "platform": "Tmall", "category": "other",
        "received": "2016-11-11T10:00:00+08:00", "transferred": NOW, "due": "2016-11-14T23:59:59+08:00",
    }  # fmt: skip
    overdue = town(*CHEN, "overdue")
    assert (overdue.status, overdue.out, told in overdue.err) == (0, "", True)
    assert f"Reminder: {told}" in town(*CHEN, "digest").ok()
    page = json.loads(town(*CHEN, "digest", "--format", "json").ok())
    assert page["reminders"] == [{"kind": "transfer", "office": "haidian", "id": 2, "transferred": NOW}]
    clerk = Clerk(tmp_path, read_address(town.address(*CHEN)), NOW, "chen")
    row = clerk.at_terminal("transfer", width=120).out.splitlines()[-1].split()
    assert row[:5] == ["haidian", "2", "BJ-7", "Tmall", "other"]
    assert row[5:] == ["2016-11-11", "10:00", "2016-11-15", "09:00", "2016-11-14"]
    for words in (("list",), ("overdue",), ()):
        assert told in clerk.at_terminal(*words, width=120).out
    assert told not in town(*CHEN, "list").err
    assert told not in town(*CHEN, "overdue", "--as-of", "2016-11-14").err
    assert told not in town(*LI, "overdue").err
    for login in ("sun", "chen"):
        states = json.loads(town(login, "", "office", "list", "--format", "json").ok())
        assert {each["office"]: each["waiting"] for each in states}["朝阳"] == 1
    town(*CHEN, *TAKE).ok()
    assert town(*CHEN, "overdue").err == ""
    assert json.loads(town(*CHEN, "digest", "--format", "json").ok())["reminders"] == []


def test_taking_over_twice_does_nothing(town: Town) -> None:
    enter(town)
    town(*LI, *MOVE).ok()
    letter = town.sql("SELECT content, files FROM 朝阳.mailbox")[0]
    assert "complaint 2 was complaint 2 of office haidian" in town(*CHEN, *TAKE).err
    head = town.head("朝阳")
    assert town(*CHEN, *TAKE).ok() == ""
    # A clerk who delivers the same once more makes no second complaint.
    seq, _ = town.head("haidian")
    with closing(psycopg2.connect(town.server.uri("li", town.database))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 朝阳.deliver('haidian', %s, %s, %s)", (seq, *letter))
        connection.commit()
    assert mailbox(town) == [("haidian", seq, 2)]
    assert town(*CHEN, *TAKE).ok() == ""
    assert (mailbox(town), town.head("朝阳")) == ([], head)


def test_a_transfer_is_undone_with_what_waits(town: Town) -> None:
    enter(town)
    for words in (("undo", "--yes"), ("void", 2, "--reason", "误", "--yes")):
        town(*LI, *MOVE).ok()
        assert mailbox(town)
        town(*LI, *words).ok()
        assert mailbox(town) == []
        assert shown(town, LI, 2)["forward_verdict"] == "overdue"
        town(*LI, "verify").ok()
    assert town(*CHEN, *TAKE).ok() == ""
    hand_over(town)
    before = town.head("haidian"), town.head("朝阳")
    for words in (("undo", "--yes"), ("void", 2, "--reason", "误", "--yes")):
        refused = town(*LI, *words)
        assert (refused.status, "office 朝阳 has taken it over; that office returns it" in refused.err) == (2, True)
    for words, told in (
        (("undo", "--yes"), "it took over what office haidian transferred"),
        (("void", 2, "--reason", "误", "--yes"), "it was taken over from office haidian; give it back"),
    ):
        refused = town(*CHEN, *words)
        assert (refused.status, told in refused.err) == (2, True)
    assert (town.head("haidian"), town.head("朝阳")) == before


def test_several_are_transferred_and_undone_by_one_command(town: Town) -> None:
    enter(town)
    town(*LI, "transfer", "1-2", "--to", "朝阳").ok()
    assert [row[2] for row in mailbox(town)] == [1, 2]
    told = town(*CHEN, "overdue").err
    assert "2 complaints transferred by haidian wait: 'dealtrack transfer --take-over'." in told
    town(*LI, "undo", "--yes").ok()
    assert mailbox(town) == []
    # One that cannot go keeps the others.
    town(*LI, "complete", 1).ok()
    head = town.head("haidian")
    assert town(*LI, "transfer", "2,1", "--to", "朝阳").status == 2
    assert (town.head("haidian"), mailbox(town)) == (head, [])


def test_a_complaint_that_comes_back_is_the_one_its_number_means(town: Town) -> None:
    enter(town)
    hand_over(town)
    assert "BJ-7" in town(*LI, "show", "--number", "BJ-7").ok()
    town(*CHEN, "forward", 2, "--at", "2016-11-15 08:00").ok()
    town(*CHEN, "transfer", "--number", "BJ-7", "--to", "Haidian").ok()
    town(*LI, *TAKE).ok()
    rows = town.home / "back.csv"
    rows.write_text(
        "number,platform,received,completed\nBJ-7,Tmall,2016-11-11 10:00,2016-11-15 08:30\n", encoding="utf-8"
    )
    assert "1 changed" in town(*LI, "import", rows, "--dry-run").ok()
    back = json.loads(town(*LI, "show", "--number", "BJ-7", "--format", "json").ok())
    assert (back["id"], back["received"], back["forwarded"]) == (
        3, "2016-11-11T10:00:00+08:00", "2016-11-15T08:00:00+08:00",
    )  # fmt: skip
    assert back["complete_due"] == "2016-11-17T23:59:59+08:00"
    assert back["history"][0]["detail"]["transfer"]["office"] == "朝阳"
    for who in (LI, CHEN):
        town(*who, "verify").ok()


def test_the_policy_and_the_platform_come_with_a_complaint(town: Town) -> None:
    town(*LI, "platform", "add", "Newshop").ok()
    town(*LI, "policy", "adopt", "samr-complaint", "--yes").ok()
    town(*LI, "add", "--platform", "Newshop", "--policy", "samr-complaint", "--at", "2016-11-11 10:00").ok()
    due = shown(town, LI, 2)["accept_due"]
    hand_over(town)
    there = shown(town, CHEN, 2)
    assert (there["platform"], there["policy"], there["accept_due"]) == ("Newshop", "samr-complaint", due)
    assert "Newshop" in town(*CHEN, "platform", "list").ok()


def test_who_takes_back_and_who_takes_over_at_once_do_not_both_have_it(town: Town) -> None:
    enter(town)
    town(*LI, *MOVE).ok()
    head = town.head("朝阳")
    with (
        closing(psycopg2.connect(town.server.uri(database=town.database))) as connection,
        connection.cursor() as cursor,
    ):
        # As `recall` does, within a recording that has not ended yet.
        cursor.execute("DELETE FROM 朝阳.mailbox")
        with ThreadPoolExecutor() as pool:
            taking = pool.submit(town, *CHEN, *TAKE)
            town.server.await_truth(f"EXISTS ({BLOCKED})")
            connection.commit()
            taken = taking.result()
    assert (taken.ok(), town.head("朝阳"), mailbox(town)) == ("", head, [])


# What is refused

REFUSALS: dict[str, tuple[Sequence[str], tuple[str, str], str, int, str]] = {
    "an unknown office": ((), LI, "transfer 2 --to chaoyang", 2, "There is no office chaoyang to transfer to. Offices: 朝阳."),
    "the nation's register": ((), LI, "transfer 2 --to national", 2, "There is no office national to transfer to"),
    "the own office": ((), LI, "transfer 2 --to haidian", 2, "The complaints are in office haidian already"),
    "no name of an office": ((), LI, "transfer 2 --to a;b", 2, "Invalid office 'a;b'"),
    "no office named": ((), LI, "transfer 2", 2, "The other office is missing. Give --to OFFICE."),
    "no complaint named": ((), LI, "transfer --to 朝阳", 2, "The complaint is missing"),
    "an unknown complaint": ((), LI, "transfer 9 --to 朝阳", 2, "There is no complaint 9"),
    "one of several unknown": ((), LI, "transfer 2,9 --to 朝阳", 2, "There is no complaint 9"),
    "a closed complaint": (("complete 2",), LI, "transfer 2 --to 朝阳", 2, "is closed and cannot be transferred"),
    "a transferred complaint": (
        ("transfer 2 --to 朝阳",), LI, "transfer 2 --to 朝阳", 2, "was transferred to office 朝阳 and cannot be transferred here",
    ),
    "to reopen it": (
        ("transfer 2 --to 朝阳",), LI, "reopen 2 --reason x", 2, "was transferred to office 朝阳 and cannot be reopened here",
    ),
    "to correct its moments": (
        ("transfer 2 --to 朝阳",), LI, "amend 2 --received 2016-11-10", 2, "office 朝阳 counts from it now",
    ),
    "a merged complaint": (
        ("add --platform Tmall", "merge 3 --into 2"), LI, "transfer 2 --to 朝阳", 2, "Complaint 2 cannot be transferred: it was merged",
    ),
    "before what came last": (
        ("forward 2 --at 2016-11-14T09:00",), LI, "transfer 2 --to 朝阳 --at 2016-11-13", 2, "cannot be transferred at",
    ),
    "no right": ((), ("zhao", "haidian"), "transfer 2 --to 朝阳", 3, "Your login may not do this"),
    "no right to take over": ((), ("zhao", "haidian"), "transfer --take-over", 0, ""),
    "both at once": ((), LI, "transfer 2 --take-over", 2, "omit IDs and --to"),
    "another's office": ((), ("li", "朝阳"), "transfer 1 --to haidian", 3, "There is no office 朝阳"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_transferred_stays(town: Town, case: str) -> None:
    before, who, line, status, told = REFUSALS[case]
    enter(town)
    for each in before:
        town(*LI, *each.split()).ok()
    state = town.head("haidian"), town.head("朝阳"), mailbox(town)
    refused = town(*who, *line.split())
    assert (refused.status, told in refused.err) == (status, True), refused
    assert (town.head("haidian"), town.head("朝阳"), mailbox(town)) == state


def test_a_reader_takes_nothing_over(town: Town) -> None:
    town(*CHEN, "transfer", 1, "--to", "haidian").ok()
    assert json.loads(town("zhao", "haidian", "transfer", "--format", "json").ok())[0]["office"] == "朝阳"
    refused = town("zhao", "haidian", *TAKE)
    assert (refused.status, "Your login may not do this" in refused.err) == (3, True)
    assert mailbox(town, "haidian")


@pytest.mark.file_only("there are no offices in a file")
@pytest.mark.parametrize("words", ["transfer 1 --to chaoyang", "transfer", "transfer --take-over"])
def test_a_register_in_a_file_is_alone(clerk: Clerk, words: str) -> None:
    clerk("add", "--platform", "JD").ok()
    refused = clerk(*words.split())
    assert refused.status == 2
    assert "Offices are on a PostgreSQL server" in refused.err


def test_an_office_without_roles_transfers_nothing(town: Town) -> None:
    town(SUPERUSER, "xicheng", "init").ok()
    town(SUPERUSER, "xicheng", "add", "--platform", "JD").ok()
    refused = town(SUPERUSER, "xicheng", "transfer", 1, "--to", "haidian")
    assert "Office xicheng has no roles" in refused.err
    assert "There is no office xicheng" in town(*LI, "transfer", 1, "--to", "xicheng").err


# What the database refuses

FORGERIES = {
    "a row": ("li", "INSERT INTO 朝阳.mailbox VALUES ('haidian', 1, 1, '', '', '', '')"),
    "reading": ("li", "SELECT * FROM 朝阳.mailbox"),
    "reading as the nation": ("sun", "SELECT * FROM 朝阳.mailbox"),
    "an entry that transfers nothing": ("li", "SELECT 朝阳.deliver('haidian', 35, '{}', '[]')"),
    "an entry that is not there": ("li", "SELECT 朝阳.deliver('haidian', 99, '{}', '[]')"),
    "other words": ("li", "SELECT 朝阳.deliver('haidian', 36, '{}', '[]')"),
    "a voided transfer": ("li", "SELECT 朝阳.deliver('haidian', 38, '{voided}', '[]')"),
    "the transfer of another office": ("chen", "SELECT 朝阳.deliver('haidian', 36, '{letter}', '[]')"),
    "of no clerk": ("stranger", "SELECT 朝阳.deliver('haidian', 36, '{letter}', '[]')"),
    "of a reader": ("zhao", "SELECT 朝阳.deliver('haidian', 36, '{letter}', '[]')"),
    "to itself": ("li", "SELECT haidian.deliver('haidian', 36, '{letter}', '[]')"),
    "from what is no office": ("li", "SELECT 朝阳.deliver('pg_catalog', 36, '{letter}', '[]')"),
    "from a schema of one's own": (
        "li",
        "CREATE FUNCTION pg_temp.transfer_sent(bigint, text) RETURNS TABLE(complaint bigint, hash text, recorded_at text, "
        "sha256 text, is_undone boolean) LANGUAGE sql AS $$SELECT 1::bigint, '', '', encode(sha256('{}'), 'hex'), false$$;"
        "SELECT 朝阳.deliver('pg_temp', 36, '{}', '[]')",
    ),
    "taking back what was not undone": ("li", "SELECT 朝阳.recall('haidian', 36)"),
    "another's taking back": ("chen", "SELECT 朝阳.recall('haidian', 36)"),
    "removing": ("chen", "DELETE FROM 朝阳.mailbox"),
    "changing": ("chen", "UPDATE 朝阳.mailbox SET content = ''"),
    "emptying": ("chen", "TRUNCATE 朝阳.mailbox"),
    "clearing what nobody took over": ("chen", "SELECT 朝阳.clear_mail('haidian', 36)"),
    "clearing another's": ("li", "SELECT 朝阳.clear_mail('haidian', 36)"),
    "clearing by a forged row": (
        "chen", "UPDATE 朝阳.complaint SET import_key = 'transfer:haidian:36'; SELECT 朝阳.clear_mail('haidian', 36)",
    ),
    "what another office's journal holds": ("chen", "SELECT * FROM haidian.transfer_sent(36, '朝阳')"),
}  # fmt: skip


@pytest.mark.parametrize("case", FORGERIES)
def test_a_clerk_forges_no_mail_and_makes_none_vanish(town: Town, case: str) -> None:
    enter(town)
    town(*LI, *MOVE).ok()
    # Entry 38 transfers another one, and 39 undoes that.
    enter(town)
    town(*LI, "transfer", 3, "--to", "朝阳").ok()
    (letter,), (voided,) = town.sql("SELECT content FROM 朝阳.mailbox ORDER BY seq")
    town(*LI, "undo", "--yes").ok()
    assert town.head("haidian")[0] == 39
    login, statement = FORGERIES[case]
    before = town.sql("SELECT * FROM 朝阳.mailbox")
    statement = statement.replace("{letter}", letter).replace("{voided}", voided)
    read: list[tuple[Any, ...]] = []
    with suppress(psycopg2.errors.InsufficientPrivilege):
        read = town.sql(*statement.split(";"), login=login)
    assert read in ([], [(False,)])
    assert town.sql("SELECT * FROM 朝阳.mailbox") == before
    assert town.sql("SELECT count(*) FROM haidian.mailbox") == [(0,)]


@pytest.mark.parametrize(
    "break_",
    [
        "ALTER TABLE 朝阳.mailbox ADD CHECK (seq < 0) NOT VALID",
        "REVOKE EXECUTE ON FUNCTION 朝阳.deliver FROM PUBLIC",
        "ALTER TABLE 朝阳.mailbox RENAME TO lost",
    ],
)
def test_where_the_mail_does_not_arrive_nothing_was_recorded(town: Town, break_: str) -> None:
    enter(town)
    before = town.head("haidian")
    town.sql(break_)
    refused = town(*LI, *MOVE)
    assert (refused.status, refused.out) == (3, "")
    assert town.head("haidian") == before
    assert shown(town, LI, 2)["status"] == "received"


def test_what_cannot_be_cleared_was_not_taken_over(town: Town) -> None:
    enter(town)
    town(*LI, *MOVE).ok()
    before = town.head("朝阳")
    town.sql("REVOKE EXECUTE ON FUNCTION 朝阳.clear_mail FROM 朝阳_clerk")
    assert town(*CHEN, *TAKE).status == 3
    assert (town.head("朝阳"), len(mailbox(town))) == (before, 1)


@pytest.mark.parametrize("words", [MOVE, TAKE])
def test_a_connection_that_is_cut_leaves_a_complaint_in_one_office(town: Town, words: tuple[object, ...]) -> None:
    enter(town)
    login, office = LI if words is MOVE else CHEN
    if words is TAKE:
        town(*LI, *MOVE).ok()
    socket = town.server.folder / f".s.PGSQL.{PORT}"

    def state() -> tuple[bool, int, int]:
        (sent,) = town.sql("SELECT status = 'closed' FROM haidian.complaint WHERE id = 2")
        return sent[0], len(mailbox(town)), town.sql("SELECT count(*) FROM 朝阳.complaint")[0][0]

    before, after = ((False, 0, 1), (True, 1, 1)) if words is MOVE else ((True, 1, 1), (True, 0, 2))
    assert state() == before
    seen = set()
    for cut in range(1, 400):
        with Proxy.started(socket, cut=Cut(Side.SERVER, cut)) as proxy:
            place = f"postgresql://{login}@127.0.0.1:{proxy.port}/{town.database}?sslmode=disable&office={office}"
            town(login, office, "--db", place, *words)
        seen.add(state())
        assert state() in (before, after), cut
        if state() == after:
            break
    assert seen == {before, after}


# Copies


def test_what_waits_is_in_no_copy_as_is_said(town: Town, tmp_path: Path) -> None:
    enter(town)
    town(*LI, *MOVE).ok()
    copied = town(*CHEN, "backup", tmp_path / "copy.db")
    copied.ok()
    assert "Not in the backup: 1 complaint transferred by haidian waits" in copied.err
    town(*CHEN, "--db", tmp_path / "copy.db", "verify").ok()
    refused = town(*CHEN, "move", town.address(*CHEN), tmp_path / "moved.db")
    assert (refused.status, "complaints of other offices wait there" in refused.err) == (3, True)
    assert not (tmp_path / "moved.db").exists()
    town(*CHEN, *TAKE).ok()
    assert town(*CHEN, "backup", tmp_path / "copy.db").err == ""
    for who in (LI, CHEN):
        file = tmp_path / f"{who[0]}.db"
        town(*who, "move", town.address(*who), file).ok()
        town(*who, "--db", file, "verify").ok()
        town(*who, "--db", file, "recheck", "--rebuild").ok()
        town(*who, "--db", file, "verify").ok()
    # A file knows of no mailbox: the other office may have taken it over.
    refused = town(*LI, "--db", tmp_path / "li.db", "void", 2, "--reason", "x", "--yes")
    assert (refused.status, "office 朝阳 has taken it over" in refused.err) == (2, True)


def test_erasing_leaves_nothing_in_what_was_cleared(town: Town) -> None:
    town("dba", "朝阳", "office", "grant", "wang", "--role", "keeper").ok()
    enter(town, "--consumer", "李四光")
    hand_over(town)
    file = "SELECT pg_relation_filepath('朝阳.mailbox')"
    before = town.sql(file)
    erased = town("wang", "朝阳", "erase", 2, "--reason", "申请")
    assert "of complaint 2 is also in another office, and is erased there: haidian." in erased.err
    assert "is erased there: 朝阳." in town("wang", "haidian", "erase", 2, "--reason", "申请").err
    assert town.sql(file) != before
    town(*CHEN, "verify").ok()
    # Nothing has come since: nobody who reads it is waited for.
    enter_there = ("add", "--platform", "JD", "--consumer", "王五")
    town(*CHEN, *enter_there).ok()
    with closing(psycopg2.connect(town.server.uri("chen", town.database))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM 朝阳.mailbox")
        town("wang", "朝阳", "erase", 3, "--reason", "申请").ok()


def test_mail_that_never_ends_to_come_keeps_nobody_of_the_office_waiting(town: Town) -> None:
    town("dba", "朝阳", "office", "grant", "wang", "--role", "keeper").ok()
    enter(town, "--consumer", "李四光")
    town(*LI, *MOVE).ok()
    ((seq, content),) = town.sql("SELECT seq, content FROM 朝阳.mailbox")
    town(*CHEN, *TAKE).ok()
    asks = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query ~ 'write_personal_anew'"
    with (
        closing(psycopg2.connect(town.server.uri("li", town.database))) as connection,
        connection.cursor() as cursor,
        ThreadPoolExecutor() as pool,
    ):
        cursor.execute("SELECT 朝阳.deliver('haidian', %s, %s, '[]')", (seq, content))
        erasing = pool.submit(town, "wang", "朝阳", "erase", 2, "--reason", "申请")
        town.server.await_truth(f"EXISTS ({asks})")
        # Nobody waits for a lock: a table is read while the keeper still tries.
        assert town.sql("SELECT count(*) FROM 朝阳.mailbox") == [(0,)]
        assert town.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == [(0,)]
        refused = erasing.result()
    assert (refused.status, "busy" in refused.err) == (3, True)
    assert shown(town, CHEN, 2)["consumer"] == "李四光"
    town("wang", "朝阳", "erase", 2, "--reason", "申请").ok()
    town(*CHEN, "verify").ok()


# What another office sends


def put(town: Town, seq: int, content: str, files: str = "[]") -> None:
    """Put a row into a mailbox as a superuser can."""
    with (
        closing(psycopg2.connect(town.server.uri(database=town.database))) as connection,
        connection.cursor() as cursor,
    ):
        row = ("haidian", seq, 9, "00", "2016-11-15T00:00:00Z", content, files)
        cursor.execute("INSERT INTO 朝阳.mailbox VALUES (%s, %s, %s, %s, %s, %s, %s)", row)
        connection.commit()


MOMENT = "2016-11-11T02:00:00Z"


def letter(**changes: Any) -> str:
    """Return what an office sends of a complaint with a piece of evidence, changed; a function changes a part."""
    detail = {"platform": "JD", "category": "other", "policy": "green-channel"}
    evidence = {"name": "a.txt", "sha256": sha256(b"a").hexdigest(), "size": 1}
    stated: dict[str, Any] = {
        "history": [{"kind": "received", "at": "2016-11-11T02:00:00Z", "detail": detail}],
        "evidence": [{"kind": "evidence", "at": "2016-11-11T02:00:00Z", "detail": evidence}],
        "personal": {"consumer": "张三", "phone": None, "email": None, "address": None},
        "due": "2016-11-14T15:59:59Z",
        "salt": "00",
    }
    for name, change in changes.items():
        if callable(change):
            change(stated[name])
        else:
            stated[name] = change
    return json.dumps(stated)


FILES = json.dumps([b64encode(b"a").decode()])


def received(**words: Any) -> Callable[[list[dict[str, Any]]], None]:
    return lambda entries: entries[0]["detail"].update(words)


UNREADABLE = {
    "no JSON": ("{", FILES),
    "deep JSON": ("[" * 100_000, FILES),
    "a list": ("[]", FILES),
    "no history": (letter(history=[]), FILES),
    "a history of texts": (letter(history=["x"]), FILES),
    "without a receipt": (letter(history=lambda entries: entries[0].update(kind="noted", detail={"note": "x"})), FILES),
    "an unknown kind": (letter(history=lambda entries: entries[0].update(kind="x")), FILES),
    "an unknown category": (letter(history=received(category="x")), FILES),
    "a policy by its path": (letter(history=received(policy="../policy")), FILES),
    "an unknown policy": (letter(history=received(policy="own")), FILES),
    "the future": (letter(history=lambda entries: entries[0].update(at="2016-11-16T02:00:00Z")), FILES),
    "a wrong due": (letter(due="soon"), FILES),
    "wrong personal data": (letter(personal={"consumer": 1}), FILES),
    "personal data with controls": (letter(personal=lambda data: data.update(consumer="a\0b")), FILES),
    "personal data with half a character": (letter(personal=lambda data: data.update(consumer="\ud800")), FILES),
    "half a character in a note": (
        letter(history=lambda entries: entries.append({"kind": "noted", "at": MOMENT, "detail": {"note": "\ud800"}})),
        FILES,
    ),
    "half a character in the note of evidence": (
        letter(evidence=lambda entries: entries[0]["detail"].update(note="\ud800")),
        FILES,
    ),
    "half a character in the name of evidence": (
        letter(evidence=lambda entries: entries[0]["detail"].update(name="\ud800")),
        FILES,
    ),
    "a nul in the note of evidence": (letter(evidence=lambda entries: entries[0]["detail"].update(note="a\0")), FILES),
    "a sum of money that is none": (
        letter(history=lambda entries: entries.append({"kind": "completed", "at": MOMENT, "detail": {"amount": "x"}})),
        FILES,
    ),
    "a step out of order": (
        letter(
            history=lambda entries: entries.extend({"kind": kind, "at": MOMENT} for kind in ("forwarded", "accepted"))
        ),
        FILES,
    ),
    "a merge": (
        letter(
            history=lambda entries: entries.append(
                {"kind": "joined", "at": MOMENT, "detail": {"from": 1, "received": MOMENT}}
            )
        ),
        FILES,
    ),
    "evidence of no list": (letter(evidence={}), FILES),
    "evidence of another kind": (letter(evidence=[1]), FILES),
    "evidence without its file": (letter(), "[]"),
    "evidence of another hash": (letter(), json.dumps([b64encode(b"b").decode()])),
    "files that are none": (letter(), "[1]"),
    "files of no JSON": (letter(), "x"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_taken_over_waits_and_keeps_nothing_else_back(town: Town, case: str) -> None:
    put(town, 1, *UNREADABLE[case])
    put(town, 2, letter(), FILES)
    listing = json.loads(town(*CHEN, "transfer", "--format", "json").ok())
    assert [each["office"] for each in listing] == ["haidian", "haidian"]
    taken = town(*CHEN, *TAKE)
    assert taken.status == 4
    (told,) = (line for line in taken.err.splitlines() if line.startswith("dealtrack:"))
    assert told.startswith("dealtrack: Complaint 9 of office haidian was not taken over, and still waits. ")
    assert "Traceback" not in taken.err
    assert mailbox(town) == [("haidian", 1, 9)]
    assert town.sql("SELECT count(*) FROM 朝阳.complaint") == [(2,)]
    assert town.sql("SELECT count(*) FROM 朝阳.evidence") == [(1,)]
    town(*CHEN, "verify").ok()


def test_an_evidence_file_that_is_missing_keeps_a_complaint_here(town: Town) -> None:
    enter(town)
    file = town.home / "a.txt"
    file.write_bytes(b"a")
    town(*LI, "evidence", 2, "--file", file).ok()
    town.sql("ALTER TABLE haidian.evidence DISABLE TRIGGER ALL", "DELETE FROM haidian.evidence")
    refused = town(*LI, *MOVE)
    assert (refused.status, "Evidence a.txt of complaint 2 is missing" in refused.err) == (1, True)
    assert mailbox(town) == []


def test_a_file_with_a_row_of_a_transferred_complaint_is_refused(town: Town) -> None:
    enter(town)
    hand_over(town)
    rows = town.home / "again.csv"
    rows.write_text(
        "number,platform,received,completed\nBJ-7,Tmall,2016-11-11 10:00,2016-11-15 08:00\n", encoding="utf-8"
    )
    refused = town(*LI, "import", rows)
    assert (refused.status, "was transferred to office 朝阳" in refused.err) == (4, True)
    rows.write_text("number,platform,received\nBJ-7,Tmall,2016-11-11 10:00\n", encoding="utf-8")
    assert "1 unchanged" in town(*LI, "import", rows).ok()


def test_the_tab_key_offers_the_other_offices(town: Town) -> None:
    from dealtrack.cli.candidates import CompletionQuery, values
    from dealtrack.cli.session import Session
    from dealtrack.settings import Settings

    session = Session(Settings({"register": town.address(*LI)}))
    assert [each.value for each in values(CompletionQuery(session, "transfer", "--to", "OFFICE", ""))] == ["朝阳"]


def test_a_clerk_hands_over_in_chinese(town: Town) -> None:
    enter(town)
    sent = town(*LI, "--lang", "zh", *MOVE, "--reason", "管辖")
    assert "投诉 2（BJ-7，天猫，其他）：移送 2016-11-15 09:00" in sent.ok()
    assert "不再计时" in sent.out or "逾期已办" in sent.out
    clerk = Clerk(town.home, read_address(town.address(*CHEN)), NOW, "chen")
    listing = clerk.at_terminal("--lang", "zh", "transfer", width=120).out
    assert ("移送" in listing, "transferred" in listing) == (True, False)
    waits = town(*CHEN, "--lang", "zh", "overdue")
    assert "有 1 件投诉待接收（haidian 移送）：“dealtrack transfer --take-over”。" in waits.err
    town(*CHEN, "--lang", "zh", *TAKE).ok()
    assert "来自单位 haidian" in town(*CHEN, "--lang", "zh", "show", 2, "--format", "table").ok()
    again = town(*LI, "--lang", "zh", *MOVE)
    assert "投诉 2 已移送单位“朝阳”" in again.err


def test_an_upgrade_of_offices_lets_complaints_pass_again(town: Town) -> None:
    enter(town)
    town.sql("DROP FUNCTION 朝阳.deliver", "REVOKE USAGE ON SCHEMA haidian FROM PUBLIC")
    assert "There is no office 朝阳 to transfer to" in town(*LI, *MOVE).err
    town(SUPERUSER, "", "office", "upgrade").ok()
    hand_over(town)
    for who in (LI, CHEN):
        town(*who, "verify").ok()


FORWARDED = "forward 2 --at 2016-11-14T09:00"
LATER = "2016-11-17T11:00:00+08:00"
DECIDED: dict[str, Sequence[str]] = {
    # By the moments as they are now the deadline, of Wednesday 16, had passed when it was extended.
    "extended, then forwarded earlier": (
        "forward 2 --at 2016-11-15T08:30",
        "extend 2 --clock complete --by 1 --reason 鉴定 --at 2016-11-17T10:00",
        "amend 2 --forwarded 2016-11-14T09:00",
    ),
    "extended, then never paused": (
        FORWARDED,
        "pause 2 --reason 送检 --at 2016-11-15T08:00",
        "resume 2 --at 2016-11-17T08:00",
        "extend 2 --clock complete --by 1 --reason 鉴定 --at 2016-11-17T10:00",
        "void 2 --entry 38 --reason 误 --yes",
        "void 2 --entry 37 --reason 误 --yes",
    ),
    "a limit of the first receipt": (
        "amend 2 --limit forward=2016-11-12T12:00",
        "amend 2 --limit forward=2016-11-30T12:00",
        "amend 2 --received 2016-11-14T09:00",
    ),
    "a note before the receipt": ("note 2 --note 电话 --at 2016-11-11T11:00", "amend 2 --received 2016-11-14T09:00"),
}


@pytest.mark.parametrize("case", DECIDED)
def test_what_was_decided_before_a_correction_keeps_no_complaint_back(town: Town, case: str) -> None:
    enter(town)
    for line in DECIDED[case]:
        town(*LI, *line.split(), now=LATER).ok()
    before = shown(town, LI, 2, LATER)
    hand_over(town, LATER)
    assert shown(town, CHEN, 2, LATER)["clocks"] == before["clocks"]
    town(*CHEN, "verify", now=LATER).ok()


def test_a_history_that_no_office_reads_is_not_sent(town: Town) -> None:
    enter(town)
    with open_register(read_address(town.address(*LI))) as register:
        now = datetime.fromisoformat(NOW)
        notes = [Proposal(Kind.NOTED, Moment(now, now, False), {"note": "电话"})] * 1000
        with recording(register, now, "li", is_import=True) as recorder:
            recorder.record(Work(2, notes))
    head = town.head("haidian")
    refused = town(*LI, *MOVE)
    assert (refused.status, "its history is not a list of 1 to 1000 entries" in refused.err) == (2, True)
    assert (town.head("haidian"), mailbox(town)) == (head, [])


def test_a_moment_in_what_keeps_a_complaint_back_is_local(town: Town) -> None:
    enter(town)
    town(*LI, *MOVE, "--reason", "管辖").ok()
    early = town(*CHEN, "--lang", "zh", *TAKE, now="2016-11-15T08:59:00+08:00")
    assert ("2016-11-15 09:00" in early.err, "+00:00" in early.err) == (True, False)


def test_another_deadline_than_the_other_office_s_is_told(town: Town) -> None:
    town("dba", "朝阳", "office", "grant", "wang", "--role", "keeper").ok()
    day_off = ("calendar", "amend", "2016-11-14", "--off", "--name", "Marathon", "--source", "x", "--yes")
    town("wang", "朝阳", *day_off).ok()
    enter(town)
    town(*LI, "transfer", "1-2", "--to", "朝阳").ok()
    told = [line for line in town(*CHEN, *TAKE).err.splitlines() if line.startswith("dealtrack:")]
    assert told == [
        "dealtrack: The next deadline of complaint 3 is 2016-11-15; office haidian counted 2016-11-14, by another policy "
        "or calendar."
    ]


def test_where_nothing_was_transferred_nobody_takes_over(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    assert town(*LI, "transfer", "-", "--to", "朝阳") == Result(0, "", "")


def test_a_limit_that_another_office_counts_by_is_not_written_here(town: Town) -> None:
    enter(town)
    town(*LI, *MOVE).ok()
    before = town.head("haidian")
    refused = town(*LI, "amend", 2, "--limit", "forward=2016-11-30", "--yes")
    assert (refused.status, "was transferred to office 朝阳 and cannot be corrected here" in refused.err) == (2, True)
    assert town.head("haidian") == before
    town(*LI, "amend", 2, "--category", "quality", "--yes").ok()

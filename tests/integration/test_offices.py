"""Offices on a server: added, granted to real logins, worked in, seen by the nation, and sealed."""

import io
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dealtrack.core.chain import entry_hash
from dealtrack.core.platform import Platform
from dealtrack.errors import DealtrackError, NotAnOffice, RegisterNewer, RegisterUnusable, UnknownOffice
from dealtrack.register.address import read_address
from dealtrack.register.engine import VERSION, EngineFault, FaultKind, ServerAddress
from dealtrack.register.migrations import Migration, Step
from dealtrack.register.opening import open_register
from dealtrack.register.recorder import recording
from dealtrack.register.register import Register
from tests.conftest import PROJECT, Result
from tests.postgres import SUPERUSER, Server, why_not
from tests.terminal import Terminal

psycopg2 = pytest.importorskip("psycopg2", reason="psycopg2 is not installed")

from dealtrack.register.postgres import schema  # noqa: E402  # they need psycopg2
from dealtrack.register.postgres.connection import ServerDatabase  # noqa: E402
from dealtrack.register.postgres.office_reader import OfficeReader  # noqa: E402
from dealtrack.register.postgres.office_upgrade import OfficeUpgrade, upgrade_offices  # noqa: E402
from dealtrack.register.postgres.rights import NATIONAL_COLUMNS, OfficeRole, role_name  # noqa: E402

NOW = "2016-11-15T09:00:00+08:00"
HOUR_LATER = "2016-11-15T10:00:00+08:00"
MONTH_LATER = "2016-12-15T09:00:00+08:00"
TABLES = (*schema.KEYS, "meta")
LOGINS = ("dba", "li", "chen", "wang", "zhao", "sun", "cron", "stranger")
OFFICES = ("haidian", "朝阳")
MAY_ACT_AS = "CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END"
"""Who made a role may give it to others, which the later servers call a member too."""
_databases = count(1)


@dataclass
class Town:
    """A database with two offices and the nation's register, and how people work in it.

    dba added them and is no superuser; li is a clerk, wang a keeper and zhao a reader of haidian, chen a clerk of 朝阳;
    cron seals, sun reads the nation's register, stranger has no role.
    """

    server: Server
    database: str
    home: Path

    def address(self, login: str, office: str = "") -> str:
        """Return the address that somebody names an office by, or the server alone."""
        uri = self.server.uri(login, self.database)
        return f"{uri}&office={quote(office)}" if office else uri

    def __call__(self, login: str, office: str, *words: object, now: str = NOW, actor: str = "") -> Result:
        """Run a command as a login in an office."""
        from dealtrack.cli.main import main

        named = {
            "DEALTRACK_HOME": str(self.home),
            "DEALTRACK_DB": self.address(login, office),
            "DEALTRACK_NOW": now,
            "DEALTRACK_ACTOR": actor,
        }
        out, err, kept = io.StringIO(), io.StringIO(), dict(os.environ)
        os.environ.update(named)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                status = main([str(word) for word in words])
        finally:
            os.environ.clear()
            os.environ.update(kept)
        return Result(status, out.getvalue(), err.getvalue())

    def sql(self, *statements: str, login: str = SUPERUSER) -> list[tuple[Any, ...]]:
        """Run statements, and return what the last one reads."""
        with closing(psycopg2.connect(self.server.uri(login, self.database))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def head(self, office: str) -> tuple[int, str]:
        """Return the number and hash of an office's last entry."""
        ((seq, hash_),) = self.sql(f"SELECT seq, encode(hash, 'hex') FROM {office}.head")
        return seq, hash_


def make_database(server: Server, template: str = "template1") -> str:
    name = f"town{next(_databases)}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {template}", f"GRANT CREATE ON DATABASE {name} TO dba")
    return name


@pytest.fixture(scope="module")
def town_server() -> Iterator[Server]:
    """Start a server of the module's own, since roles and logins are those of a whole server; make the logins."""
    if reason := why_not():
        pytest.skip(reason)
    with Server.started() as started:
        for login in LOGINS:
            started.run(f"CREATE ROLE {login} LOGIN {'CREATEROLE' if login == 'dba' else ''}")
        yield started


@pytest.fixture(scope="module")
def made(town_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Make a town, of which every test has a copy."""
    town = Town(town_server, make_database(town_server), tmp_path_factory.mktemp("home"))
    town("dba", "", "office", "add", "haidian").ok()
    town("dba", "", "office", "add", "national").ok()
    town("dba", "", "office", "add", "朝阳").ok()
    for login, office, role in (
        ("li", "haidian", "clerk"),
        ("wang", "haidian", "keeper"),
        ("zhao", "haidian", "reader"),
        ("chen", "朝阳", "clerk"),
        ("cron", "national", "clerk"),
        ("sun", "national", "reader"),
    ):
        town("dba", office, "office", "grant", login, "--role", role).ok()
    town(
        "li", "haidian", "add", "--platform", "JD", "--consumer", "张三", "--phone", "13800138000", "--summary", "坏"
    ).ok()
    town("chen", "朝阳", "add", "--platform", "Tmall", "--at", "2016-11-14 10:00").ok()
    return town


@pytest.fixture
def town(made: Town) -> Iterator[Town]:
    """Give a town of the test's own."""
    copy = Town(made.server, make_database(made.server, made.database), made.home)
    yield copy
    made.server.run(f"DROP DATABASE {copy.database} WITH (FORCE)")
    for role in OfficeRole:
        made.server.run(f"DROP ROLE IF EXISTS {role_name('xicheng', role)}")


# Adding and granting


def test_who_adds_an_office_is_no_member_of_it_afterwards(town: Town) -> None:
    roles = "SELECT count(*) FROM pg_roles WHERE rolname ~ '_(owner|clerk|keeper|reader)$' AND rolname !~ '^pg_'"
    assert town.sql(roles) == [(12,)]
    assert town.sql(f"{roles} AND pg_has_role('dba', oid, {MAY_ACT_AS})") == [(0,)]
    assert town("dba", "haidian", "list").status == 3
    for office in OFFICES:
        assert town.sql(f"SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = '{office}'") == [
            (f"{office}_owner",)
        ]


def test_the_first_entries_are_by_who_added_the_office(town: Town) -> None:
    assert town.sql("SELECT DISTINCT actor FROM 朝阳.transition WHERE complaint IS NULL") == [("dba",)]
    ((first, second),) = town.sql(
        "SELECT h.hash, c.hash FROM haidian.transition h JOIN 朝阳.transition c ON c.seq = h.seq WHERE h.seq = 1"
    )
    assert bytes(first) != bytes(second)


@pytest.mark.parametrize("right", ["CREATEROLE", "CREATE"])
def test_without_a_right_no_part_of_an_office_is_added(town: Town, right: str) -> None:
    town.server.run(f"CREATE ROLE half LOGIN {'CREATEROLE' if right == 'CREATEROLE' else ''}")
    if right == "CREATE":
        town.server.run(f"GRANT CREATE ON DATABASE {town.database} TO half")
    refused = town("half", "", "office", "add", "xicheng")
    assert refused.status == 3
    assert "half may not manage offices" in refused.err
    assert "Nothing was changed" in refused.err
    assert town.sql("SELECT 1 FROM pg_roles WHERE rolname ~ 'xicheng'") == []
    assert town.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'xicheng'") == []
    town.sql("DROP OWNED BY half")
    town.server.run("DROP ROLE half")


@pytest.mark.parametrize("words", [("init",), ("move", "{file}", "{office}")])
def test_a_register_is_made_only_by_who_may_make_schemas(town: Town, tmp_path: Path, words: tuple[str, ...]) -> None:
    file, office = tmp_path / "register.db", town.address("li", "tongzhou")
    town("li", "", "--db", file, "init").ok()
    refused = town("li", "tongzhou", *(word.format(file=file, office=office) for word in words))
    assert (refused.status, "it may not make schemas. Nothing was changed" in refused.err) == (3, True)
    assert town.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'tongzhou'") == []


def test_an_office_is_added_once(town: Town) -> None:
    assert "already a register" in town("dba", "", "office", "add", "haidian").err
    town.sql('DROP SCHEMA "朝阳" CASCADE')
    refused = town("dba", "", "office", "add", "朝阳")
    assert refused.status == 2
    assert "is in another database, or was removed" in refused.err
    assert "朝阳_owner" in refused.err


@pytest.mark.parametrize("role", OfficeRole)
def test_an_office_whose_role_there_is_already_is_not_added(town: Town, role: OfficeRole) -> None:
    office = f"taken_{town.database}"
    town.sql(f"CREATE ROLE {role_name(office, role)}")
    refused = town("dba", "", "office", "add", office)
    assert (refused.status, refused.out) == (2, "")
    assert f"already has the role {role_name(office, role)}" in refused.err
    town.sql(f"DROP ROLE {role_name(office, role)}")


def test_the_address_may_name_another_office(town: Town) -> None:
    assert "office xicheng:" in town("dba", "haidian", "office", "add", "Xicheng", "--policy", "samr-complaint").out
    assert "samr-complaint" in town(SUPERUSER, "xicheng", "policy", "show").out


@pytest.mark.parametrize(
    "words", [("add", "x"), ("list",), ("seal",), ("grant", "li", "--role", "clerk"), ("revoke", "li")]
)
def test_offices_are_not_in_a_file(town: Town, tmp_path: Path, words: tuple[str, ...]) -> None:
    refused = town("dba", "", "--db", tmp_path / "register.db", "office", *words)
    assert refused.status == 2
    assert "is a file" in refused.err


def test_a_register_without_roles_gets_them_and_keeps_its_entries(town: Town) -> None:
    town(SUPERUSER, "xicheng", "init").ok()
    town(SUPERUSER, "xicheng", "add", "--platform", "JD").ok()
    head = town.head("xicheng")
    assert town("li", "xicheng", "list").status == 3
    assert (
        "has no roles to grant. The server administrator makes them"
        in town(SUPERUSER, "xicheng", "office", "grant", "li", "--role", "clerk").err
    )
    assert "roles added" in town(SUPERUSER, "", "office", "add", "xicheng").out
    assert town.head("xicheng") == head
    granted = town("dba", "xicheng", "office", "grant", "li", "--role", "clerk")
    if town.sql("SELECT current_setting('server_version_num')::integer >= 160000") == [(True,)]:
        # The superuser added this office, and not dba.
        assert granted.status == 3
        assert "as who added the office" in granted.err
        town(SUPERUSER, "xicheng", "office", "grant", "li", "--role", "clerk").ok()
    else:
        granted.ok()
    town("li", "xicheng", "forward", 1).ok()
    town("li", "xicheng", "verify").ok()
    assert ("xicheng",) in town.sql("SELECT office FROM national.office_complaint", login="sun")


def test_a_missing_login_is_named_with_the_command_that_makes_it(town: Town) -> None:
    refused = town("dba", "haidian", "office", "grant", "nobody", "--role", "clerk")
    assert refused.status == 2
    assert "The server has no login nobody" in refused.err
    assert "createuser --pwprompt nobody" in refused.err
    assert town.sql("SELECT 1 FROM pg_roles WHERE rolname = 'nobody'") == []
    assert "keeper" in town("dba", "haidian", "office", "grant", "li", "--role", "boss").err
    assert town("li", "haidian", "office", "grant", "stranger", "--role", "clerk").status == 3


def test_who_has_lost_a_role_can_do_what_the_others_allow_at_most(town: Town) -> None:
    town("dba", "", "office", "add", "xicheng").ok()
    for role in ("keeper", "reader"):
        town("dba", "xicheng", "office", "grant", "wang", "--role", role).ok()
    lost = town("dba", "xicheng", "office", "revoke", "wang", "--role", "keeper")
    assert lost.ok() == "wang is no longer a keeper of office xicheng\n"
    assert "wang still has rights in office xicheng" in lost.err
    town("wang", "xicheng", "list").ok()
    assert town("wang", "xicheng", "add", "--platform", "JD").status == 3
    town("dba", "xicheng", "office", "grant", "wang", "--role", "clerk").ok()
    town("wang", "xicheng", "add", "--platform", "JD").ok()
    lost = town("dba", "xicheng", "office", "revoke", "wang")
    assert lost.ok().splitlines() == [
        "wang is no longer a clerk of office xicheng",
        "wang is no longer a reader of office xicheng",
    ]
    assert lost.err == ""
    assert "There is no office xicheng" in town("wang", "xicheng", "list").err
    town("wang", "haidian", "list").ok()


@pytest.mark.parametrize(
    ("login", "role", "reason"),
    [
        ("stranger", "", "stranger has no role in office haidian."),
        ("chen", "", "chen has no role in office haidian."),
        ("nobody", "clerk", "nobody has no role in office haidian."),
        ("wan", "", "wan has no role in office haidian. Did you mean wang?"),
        ("wang", "clerk", "the role of wang in office haidian is keeper."),
        ("haidian_keeper", "", "haidian_keeper has no role in office haidian."),
    ],
)
def test_a_role_that_a_login_does_not_have_is_not_revoked(town: Town, login: str, role: str, reason: str) -> None:
    before = rights_given(town)
    refused = town("dba", "haidian", "office", "revoke", login, *(["--role", role] if role else []))
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith(f"dealtrack: Nothing was revoked: {reason}")
    assert rights_given(town) == before


def test_only_an_administrator_revokes(town: Town) -> None:
    before = rights_given(town)
    assert town("wang", "haidian", "office", "revoke", "li").status == 3
    assert town("dba", "haidian", "office", "revoke", "li", "--role", "owner").status == 2
    assert rights_given(town) == before
    town(SUPERUSER, "xicheng", "init").ok()
    assert "has no roles" in town("dba", "xicheng", "office", "revoke", "li").err


# What people do


DAY = """
add --platform Tmall --number BJ-7 --category delivery --consumer 李四 --phone 13900139000 --email li@example.com
add --platform JD --summary 晚到
add --platform JD --summary 晚到
amend 2 --category quality --phone 13700137000
accept 1
forward 1-3
reply 1
note 2 --note 电话
pause 1 --reason 送检
resume 1
extend 1 --clock complete --by 1 --reason 鉴定
hand-on 1 --to 售后
complete 2 --outcome refund --amount 99
undo --yes
merge 4 --into 3
undo --yes
withdraw 4 --reason 和解
reopen 4 --reason 反悔
void 4 --reason 误
platform add Newshop --alias NS
platform edit Newshop --green-channel yes
platform check JD --channels phone --finding 首页
policy adopt samr-complaint --yes
add --policy samr-complaint --platform JD
evidence 2 --file {home}/photo.jpg
evidence 2
letter 2 --kind receipt --out {home}/letters
import {home}/many.csv
import {home}/many.csv
""".strip().splitlines()
LOOKS = """
list
list --status open --platform JD
show 1
show 1 --as-of 2016-11-15T09:00
explain 1 --clock complete
search 坏
overdue
due
digest
report
report --by month
export --reveal
calendar show 2016-11
calendar next 3
policy list
policy try samr-complaint
platform list
platform show JD
recheck
verify
office list
backup {home}/{login}.db
""".strip().splitlines()
KEEPING = """
erase 1 --reason 申请
calendar amend 2016-11-17 --off --name 停电 --source 通知 --yes
policy adopt green-channel --corrected --yes
platform rename JD Jingdong
platform merge Dangdang --into Jingdong --yes
platform remove Damai
recheck --rebuild
recheck --include-closed
""".strip().splitlines()


def words_of(line: str, town: Town, login: str) -> list[str]:
    return line.format(home=town.home, login=login).split()


@pytest.fixture(scope="module")
def files(made: Town) -> None:
    """Put down what is entered from files: enough rows that they are copied, not inserted."""
    (made.home / "photo.jpg").write_bytes(b"photo")
    rows = [f"N-{n},JD,delivery,2016-11-01 10:00,张{n},138{n:08d}" for n in range(200)]
    header = "number,platform,category,received,consumer,phone"
    (made.home / "many.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


@pytest.mark.usefixtures("files")
def test_a_clerk_does_the_work_of_a_day(town: Town) -> None:
    for line in (*DAY, *LOOKS):
        done = town("li", "haidian", *words_of(line, town, "li"))
        assert done.status == 0, (line, done.err)
    assert town.sql("SELECT count(*) FROM haidian.complaint") == [(205,)]
    assert set(town.sql("SELECT actor FROM haidian.transition WHERE complaint IS NOT NULL")) == {("li",)}
    assert town.sql("SELECT count(*) FROM haidian.transition") == [town.head("haidian")[:1]]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("line", KEEPING)
def test_a_keeper_does_what_a_clerk_may_not(town: Town, line: str) -> None:
    words = words_of(line, town, "wang")
    before = town.head("haidian")
    if words[:2] not in (["recheck", "--include-closed"], ["policy", "adopt"]):
        refused = town("li", "haidian", *words)
        assert refused.status == 3
        assert "Your login may not do this" in refused.err
        assert "office grant LOGIN --role" in refused.err
        assert town.head("haidian") == before
    town("wang", "haidian", *words).ok()
    town("wang", "haidian", "verify").ok()


@pytest.mark.usefixtures("files")
def test_a_reader_looks_and_records_nothing(town: Town) -> None:
    for line in LOOKS:
        done = town("zhao", "haidian", *words_of(line, town, "zhao"))
        assert done.status == 0, (line, done.err)
    before = town.head("haidian")
    for line in (*DAY[:1], "forward 1", "note 1 --note x", "void 1 --reason x", *KEEPING):
        refused = town("zhao", "haidian", *words_of(line, town, "zhao"))
        if line != KEEPING[2]:
            assert (refused.status, "Your login may not do this" in refused.err) == (3, True), (line, refused)
    assert town.head("haidian") == before


def test_the_journal_names_the_login(town: Town) -> None:
    refused = town("li", "haidian", "add", "--platform", "JD", actor="wang")
    assert refused.status == 2
    assert "names your login there, li, and not wang" in refused.err
    assert town.head("haidian")[0] == 34
    town("li", "haidian", "add", "--platform", "JD", actor="li").ok()
    assert json.loads(town("li", "haidian", "show", "2", "--format", "json").out)["owner"] == "li"


@pytest.mark.parametrize(("minutes", "is_wrong"), [(0, False), (30, True), (-30, True)])
def test_who_records_by_a_wrong_clock_is_told_the_servers_time(
    town: Town, monkeypatch: pytest.MonkeyPatch, minutes: int, is_wrong: bool
) -> None:
    time = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr("dealtrack.cli.session.now", lambda: time + timedelta(minutes=minutes))
    ran = town("li", "haidian", "add", "--platform", "JD", now="")
    ran.ok()
    assert ("This computer's time is wrong: on the server it is" in ran.err) == is_wrong


@pytest.mark.parametrize("table", TABLES)
def test_a_clerk_sees_no_table_of_another_office(town: Town, table: str) -> None:
    assert town.sql(f"SELECT count(*) FROM haidian.{table}", login="li")
    for login, office in (("li", "朝阳"), ("li", "national"), ("chen", "haidian"), ("stranger", "haidian")):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            town.sql(f"SELECT count(*) FROM {office}.{table}", login=login)


def test_nobody_sees_what_others_send_to_the_server(town: Town) -> None:
    with closing(psycopg2.connect(town.server.uri("chen", town.database))) as other, other.cursor() as cursor:
        cursor.execute("SELECT '张测试'")
        seen = "SELECT query FROM pg_stat_activity WHERE usename = 'chen'"
        assert {query for (query,) in town.sql(seen, login="wang")} == {"<insufficient privilege>"}


def test_an_office_that_is_closed_to_a_login_is_as_if_it_were_not_there(town: Town) -> None:
    for login, office in (("li", "朝阳"), ("stranger", "haidian"), ("li", "tongzhou")):
        refused = town(login, office, "list")
        assert (refused.status, refused.out) == (3, "")
        assert f"There is no office {office}" in refused.err


# The nation


def listed(town: Town, login: str, now: str = NOW) -> list[dict[str, Any]]:
    states: list[dict[str, Any]] = json.loads(town(login, "", "office", "list", "--format", "json", now=now).ok())
    return states


def test_offices_are_listed_as_far_as_a_login_may_read_them(town: Town) -> None:
    assert [each["office"] for each in listed(town, "sun")] == [*OFFICES]
    assert [each["office"] for each in listed(town, "li")] == ["haidian"]
    assert listed(town, "stranger") == []
    first, second = listed(town, "sun", MONTH_LATER)
    assert (first["entries"], first["head"]) == town.head("haidian")
    assert (first["open"], second["open"]) == (1, 1)
    assert first["last"] == NOW
    for office, state in zip((("li", "haidian"), ("chen", "朝阳")), (first, second), strict=True):
        overdue = json.loads(town(*office, "overdue", "--format", "json", now=MONTH_LATER).out)
        assert state["overdue"] == len(overdue) > 0
    town("li", "haidian", "withdraw", 1, "--reason", "x").ok()
    assert listed(town, "sun")[0]["open"] == 0


def test_the_nation_s_views_show_every_office(town: Town) -> None:
    rows = town.sql("SELECT office, id, platform FROM national.office_complaint ORDER BY office", login="sun")
    assert rows == [("haidian", 1, "JD"), ("朝阳", 1, "Tmall")]
    clocks = town.sql("SELECT DISTINCT office FROM national.office_clock", login="cron")
    assert sorted(clocks) == [(office,) for office in OFFICES]
    for login in ("li", "zhao", "stranger"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            town.sql("SELECT * FROM national.office_complaint", login=login)


def records(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.ok())
    return found


@pytest.fixture
def busy(town: Town) -> Town:
    """Give both offices complaints of which some are done in time, some late, and some not at all."""
    for login, office in (("li", "haidian"), ("chen", "朝阳")):
        for day in range(1, 10 if office == "haidian" else 6):
            town(login, office, "add", "--platform", "JD", "--at", f"2016-11-{day:02} 10:00").ok()
        town(login, office, "forward", "2-4", "--at", "2016-11-07 09:00").ok()
        town(login, office, "complete", "2-3", "--at", "2016-11-08 09:00").ok()
        town(login, office, "withdraw", "5", "--reason", "x").ok()
    return town


@pytest.mark.parametrize("only", [(), ("--platform", "Tmall"), ("--owner", "li", "--owner", "chen")])
def test_the_nation_sees_what_is_overdue_in_each_office(busy: Town, only: tuple[str, ...]) -> None:
    seen = records(busy("sun", "", "office", "overdue", *only, "--format", "json", now=MONTH_LATER))
    for login, office in (("li", "haidian"), ("chen", "朝阳")):
        own = records(busy(login, office, "overdue", *only, "--format", "json", now=MONTH_LATER))
        of_office = [{**each} for each in seen if each["office"] == office]
        assert [each.pop("office") for each in of_office] == [office] * len(own)
        assert sorted(of_office, key=str) == sorted(own, key=str)
    assert [each["due"] for each in seen] == sorted(each["due"] for each in seen)
    assert seen
    assert busy("li", "", "office", "overdue").status == 3


@pytest.mark.parametrize(
    "only",
    [
        (),
        ("--status", "open"),
        ("--status", "voided"),
        ("--owner", "li"),
        ("--from", "2016-11-03", "--to", "2016-11-06"),
    ],
)
def test_the_nation_sees_the_complaints_of_each_office(busy: Town, only: tuple[str, ...]) -> None:
    busy("li", "haidian", "void", 8, "--reason", "x", "--yes").ok()
    for login, office in (("li", "haidian"), ("cron", "national")):
        busy(login, office, "policy", "adopt", "samr-complaint", "--yes").ok()
    busy("li", "haidian", "add", "--platform", "JD", "--policy", "samr-complaint").ok()
    seen = records(busy("sun", "", "office", "complaints", *only, "--format", "json", now=MONTH_LATER))
    for login, office in (("li", "haidian"), ("chen", "朝阳")):
        own = records(busy(login, office, "list", *only, "--format", "json", now=MONTH_LATER))
        expected = [{"office": office} | {key: each[key] for key in each if key != "summary"} for each in own]
        assert [each for each in seen if each["office"] == office] == expected
    assert len({each["office"] for each in seen}) == (1 if only[:1] == ("--owner",) or "voided" in only else 2)
    assert busy("li", "", "office", "complaints").status == 3


def test_of_a_policy_that_the_nation_does_not_have_it_shows_the_stages_that_have_begun(town: Town) -> None:
    text = (PROJECT / "data" / "policies" / "odr.toml").read_text(encoding="utf-8")
    own = town.home / "own.toml"
    own.write_text(text.replace('"odr"', '"own"').replace('"complete"', '"answer"'), encoding="utf-8")
    town("li", "haidian", "policy", "adopt", own, "--yes", now=MONTH_LATER).ok()
    later = "2018-03-20T09:00:00+08:00"
    town("li", "haidian", "add", "--platform", "JD", "--policy", "own", "--at", "2018-03-16", now=later).ok()
    _, known = records(town("li", "haidian", "list", "--format", "json", now=later))
    (seen,) = [
        each
        for each in records(town("sun", "", "office", "complaints", "--format", "json", now=later))
        if each["policy"] == "own"
    ]
    assert seen["answer_due"] == known["answer_due"] is not None
    assert "answer_due" in town("sun", "", "office", "complaints", "--format", "csv", now=later).ok()


@pytest.mark.parametrize("command", ["list", "overdue", "due"])
def test_on_a_terminal_the_national_register_tells_where_the_complaints_are(town: Town, command: str) -> None:
    named = {"DEALTRACK_HOME": str(town.home), "DEALTRACK_DB": town.address("sun", "national"), "LANG": "C.UTF-8"}
    with Terminal([command], {"PATH": "/usr/bin:/bin", **named}, PROJECT) as terminal:
        assert terminal.end() == 0
    assert "'dealtrack office complaints' lists those of all offices" in " ".join(terminal.screen.split())


@pytest.mark.parametrize("days", [(), ("--from", "2016-11-03", "--to", "2016-11-06")])
def test_the_nation_s_figures_are_those_of_each_office(busy: Town, days: tuple[str, ...]) -> None:
    figures = records(busy("sun", "", "office", "report", *days, "--format", "json", now=MONTH_LATER))
    for login, office in (("li", "haidian"), ("chen", "朝阳")):
        (own,) = records_of_report(busy(login, office, "report", *days, "--format", "jsonl", now=MONTH_LATER))
        of_office = [each for each in figures if each["office"] == office]
        assert {(each["complaints"], each["open"]) for each in of_office} == {(own["complaints"], own["open"])}
        assert {each["clock"] for each in of_office} == {"forward", "complete"}
        for each in of_office:
            for name in ("on_time", "done_late", "open_late", "on_time_rate"):
                assert each[name] == own[f"{each['clock']}_{name.removeprefix('done_')}"]
            assert each["on_time_rate"] is not None


NO_CLOCK = "INSERT INTO haidian.clock VALUES (1, '{name}', 9, '{at}', '{at}', '{day}', {end}, 0, 0, 1)"


@pytest.mark.parametrize(
    ("command", "statement"),
    [
        ("overdue", "UPDATE haidian.complaint SET received_at = 'zzz'"),
        ("overdue", "UPDATE haidian.complaint SET status = 'zzz'"),
        ("overdue", NO_CLOCK.format(name="forward", at="1", day="zzz", end="NULL, NULL")),
        ("overdue", NO_CLOCK.format(name="forward", at="2016-11-02T01:00:00Z", day="zzz", end="NULL, NULL")),
        ("overdue", NO_CLOCK.format(name="forward", at="0001-01-01T00:00:00Z", day="0001-01-01", end="NULL, NULL")),
        ("complaints", "UPDATE haidian.complaint SET status = 'zzz' WHERE id = 3"),
        ("complaints", "UPDATE haidian.complaint SET received_at = '9999-12-31T23:59:59Z' WHERE id = 3"),
        ("complaints", NO_CLOCK.format(name="forward", at="9999-12-31T23:59:59Z", day="9999-12-31", end="NULL, NULL")),
        ("report", NO_CLOCK.format(name="forward", at="2016-11-02T01:00:00Z", day="2016-11-02", end="'zzz', 'zzz'")),
    ],
)
def test_an_office_with_a_row_that_cannot_be_read_is_named(busy: Town, command: str, statement: str) -> None:
    busy.sql(statement, login="li")
    seen = busy("sun", "", "office", command, "--format", "json", now=MONTH_LATER)
    assert (seen.status, seen.err.count("Office haidian: it holds a row that no entry makes")) == (3, 1)
    others = [each for each in json.loads(seen.out) if each["office"] != "haidian"]
    busy.sql("DROP SCHEMA haidian CASCADE")
    assert others == records(busy("sun", "", "office", command, "--format", "json", now=MONTH_LATER)) != []


@pytest.mark.parametrize(
    ("login", "statement"),
    [
        (SUPERUSER, "UPDATE haidian.head SET recorded_at = 'zzz'"),
        (SUPERUSER, "UPDATE haidian.head SET recorded_at = '9999-12-31T23:59:59Z'"),
        ("wang", "UPDATE haidian.fact SET value = 'Mars/Olympus' WHERE name = 'timezone'"),
        ("wang", "DELETE FROM haidian.fact WHERE name = 'timezone'"),
    ],
)
def test_a_state_that_cannot_be_read_hides_no_other_office(town: Town, login: str, statement: str) -> None:
    town.sql(statement, login=login)
    seen = town("sun", "", "office", "list", "--format", "json")
    assert (seen.status, [each["office"] for each in json.loads(seen.out)]) == (3, ["朝阳"])
    assert "Office haidian: it holds a row that no entry makes" in seen.err


@pytest.mark.parametrize("version", [7, 99])
@pytest.mark.parametrize(
    "command", [("office", "list"), ("office", "complaints"), ("office", "overdue"), ("office", "report")]
)
def test_an_office_of_another_schema_is_named_and_the_others_are_shown(
    town: Town, command: tuple[str, ...], version: int
) -> None:
    town.sql(f"UPDATE haidian.meta SET version = {version}", "ALTER TABLE haidian.clock RENAME COLUMN due_at TO due")
    seen = town("sun", "", *command, "--format", "json", now=MONTH_LATER)
    assert (seen.status, {each["office"] for each in json.loads(seen.out)}) == (3, {"朝阳"})
    advice = "the server administrator runs 'dealtrack office upgrade'" if version == 7 else "upgrade dealtrack"
    assert seen.err.startswith(f"dealtrack: Office haidian: it has schema {version}, ") and advice in seen.err


def test_a_seal_keeps_the_last_head_of_an_office_that_cannot_be_read(town: Town) -> None:
    seal_and_go_on(town)
    town.sql("UPDATE haidian.meta SET version = 7")
    town("chen", "朝阳", "forward", 1).ok()
    sealed = seal(town, HOUR_LATER)
    assert (sealed.status, "2 offices sealed" in sealed.out, "Office haidian: it has schema 7" in sealed.err) == (
        3,
        True,
        True,
    )
    ((detail,),) = town.sql("SELECT detail FROM national.transition ORDER BY seq DESC LIMIT 1")
    heads = {office: [*town.head(office)] for office in OFFICES}
    assert json.loads(detail) == {"heads": heads}
    assert "nothing new to seal" in seal(town, HOUR_LATER).out
    checked = town("sun", "national", "verify")
    assert (checked.status, "Not checked: office haidian: it has schema 7" in checked.err) == (3, True)
    assert "evidence" not in checked.err


HEADS = "SELECT {name}, seq FROM {schema}.head"


@pytest.fixture
def reader(town: Town) -> Iterator[OfficeReader]:
    """Read the offices as the nation's reader, who waits for no lock."""
    address = read_address(town.address("sun", "national"))
    assert isinstance(address, ServerAddress)
    with closing(ServerDatabase(address)) as database:
        database.rows("SELECT set_config('lock_timeout', '1ms', false)")
        yield OfficeReader(database)


def test_an_office_that_is_locked_is_named_and_the_others_are_read(town: Town, reader: OfficeReader) -> None:
    with closing(psycopg2.connect(town.server.uri(SUPERUSER, town.database))) as connection:
        connection.cursor().execute("LOCK TABLE haidian.head")
        assert [*reader.rows(HEADS)] == [("朝阳", town.sql("SELECT seq FROM 朝阳.head")[0][0])]
    assert reader.faults == {"haidian": "others use it"}
    assert [office for office, _ in reader.rows(HEADS)] == ["朝阳"]


def test_an_office_that_is_dropped_meanwhile_is_named_and_the_others_are_read(town: Town, reader: OfficeReader) -> None:
    town.sql("DROP SCHEMA haidian CASCADE")
    assert [office for office, _ in reader.rows(HEADS)] == ["朝阳"]
    assert reader.faults == {"haidian": "it was removed, or a part of it"}


def test_a_server_that_is_gone_is_no_fault_of_an_office(town: Town, reader: OfficeReader) -> None:
    town.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sun'")
    with pytest.raises(EngineFault) as told:
        [*reader.rows(HEADS)]
    assert (told.value.kind, reader.faults) == (FaultKind.GONE, {})


def records_of_report(result: Result) -> list[dict[str, Any]]:
    """Return the rows of a report that are about all of what was asked."""
    rows = map(json.loads, result.ok().splitlines())
    return [row for row in rows if (row["span"], row["part"]) == ("asked", "total")]


def columns() -> list[tuple[str, str]]:
    """Return all columns of an office's tables, as they are quoted."""
    found = []
    for statement in filter(str.strip, schema.TABLES.split(";")):
        table = statement.split("{office}.")[1].split()[0]
        found += [(table, line.split()[0]) for line in statement.strip().splitlines()[1:-1]]
    return found


def test_the_nation_reads_what_holds_no_personal_data_alone(town: Town) -> None:
    read = set()
    for table, column in columns():
        try:
            town.sql(f"SELECT {column} FROM haidian.{table}", login="sun")
        except psycopg2.errors.InsufficientPrivilege:
            continue
        read.add((table, column))
    assert read == {(table, column) for table, names in NATIONAL_COLUMNS.items() for column in names}
    assert not {table for table, _ in read} & {"personal", "search_text", "evidence"}
    assert not {("complaint", "summary"), ("transition", "detail")} & read
    for login in ("sun", "cron"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            town.sql("DELETE FROM haidian.clock", login=login)


ATTACKS = {
    "see the nation": "SELECT * FROM national.office_clock",
    "be a reader of the nation": "SET ROLE national_reader",
    "be a clerk of another office": 'GRANT "朝阳_clerk" TO li',
    "be a keeper": "GRANT haidian_keeper TO li",
    "let another in": "GRANT haidian_clerk TO stranger",
    "let another read": "GRANT SELECT ON haidian.personal TO stranger",
    "forge a seal": "INSERT INTO national.transition SELECT * FROM haidian.transition LIMIT 1",
    "change the check of the chain": "CREATE OR REPLACE FUNCTION haidian.first_break() RETURNS bigint LANGUAGE sql AS "
    "'SELECT NULL::bigint'",
    "drop the check of the chain": "DROP FUNCTION haidian.first_break()",
    "take the check of the chain": "ALTER FUNCTION haidian.first_break() OWNER TO li",
    "run the check for the nation": "SELECT haidian.first_break()",
    "change a view": "CREATE OR REPLACE VIEW national.office_clock AS SELECT 1 AS office",
    "drop a view": "DROP VIEW national.office_complaint",
    "hide the office": "REVOKE ALL ON haidian.head FROM national_reader",
    "close the office to the nation": "REVOKE USAGE ON SCHEMA haidian FROM national_reader",
    "a schema of one's own": "CREATE SCHEMA mine",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_clerk_s_attack_on_offices_does_nothing(town: Town, attack: str) -> None:
    town("cron", "", "office", "seal").ok()
    before = rights_given(town)
    # Of a right that one has and may not hand on, the server only warns that nothing was granted or revoked.
    with suppress(psycopg2.errors.InsufficientPrivilege):
        town.sql(ATTACKS[attack], login="li")
    assert rights_given(town) == before
    assert [each["office"] for each in listed(town, "sun")] == [*OFFICES]
    town("sun", "national", "verify").ok()


def rights_given(town: Town) -> list[tuple[Any, ...]]:
    """Return who may do what with schemas, tables, columns and functions, and who is a member of what."""
    return town.sql(
        "SELECT 'schema', nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_' UNION ALL "
        "SELECT 'table', oid::regclass::text, relacl::text FROM pg_class WHERE relkind IN ('r', 'v') UNION ALL "
        "SELECT 'column', attrelid::regclass || '.' || attname, attacl::text FROM pg_attribute UNION ALL "
        "SELECT 'function', oid::regprocedure::text, proacl::text FROM pg_proc UNION ALL "
        "SELECT 'role', roleid::regrole::text, member::regrole::text FROM pg_auth_members ORDER BY 1, 2, 3"
    )


# Seals


def forge(town: Town, office: str, seq: int) -> None:
    """Change an entry as a superuser can, with all hashes after it, the head, and the guards as they were."""
    names = "seq, complaint, kind, at, recorded_at, actor, detail, hash"
    rows = town.sql(f"SELECT {names} FROM {office}.transition WHERE seq >= {seq - 1} ORDER BY seq")
    previous = bytes(rows[0][-1])
    statements = [f"ALTER TABLE {office}.transition DISABLE TRIGGER ALL"]
    for number, *rest, _ in rows[1:]:
        if number == seq:
            rest[4] = "somebody else"
        complaint, kind, at, recorded_at, actor, detail = rest
        own = entry_hash(number, complaint, kind, at, recorded_at, actor, detail, previous)
        statements.append(
            f"UPDATE {office}.transition SET actor = '{rest[4]}', previous = '\\x{previous.hex()}', "
            f"hash = '\\x{own.hex()}' WHERE seq = {number}"
        )
        previous = own
    statements.append(f"UPDATE {office}.head SET hash = '\\x{previous.hex()}'")
    town.sql(*statements, *always(office))


def always(office: str) -> list[str]:
    return [
        f"ALTER TABLE {office}.transition ENABLE ALWAYS TRIGGER {trigger}"
        for trigger in ("transition_grows_at_its_end", "transition_is_never_changed")
    ]


def cut(town: Town, office: str, last: int) -> None:
    """Remove all entries after one, as a superuser can."""
    town.sql(
        f"ALTER TABLE {office}.transition DISABLE TRIGGER ALL",
        f"DELETE FROM {office}.transition WHERE seq > {last}",
        f"UPDATE {office}.head SET (seq, hash, recorded_at) = "
        f"(SELECT seq, hash, recorded_at FROM {office}.transition WHERE seq = {last})",
        *always(office),
    )


def seal(town: Town, now: str = NOW) -> Result:
    return town("cron", "", "office", "seal", now=now)


def test_a_seal_holds_the_heads_of_all_offices(town: Town) -> None:
    heads = {office: [*town.head(office)] for office in OFFICES}
    before, _ = town.head("national")
    assert "2 offices sealed: entry 34" in seal(town).ok()
    assert town.head("national")[0] == before + 1
    ((kind, actor, detail),) = town.sql(f"SELECT kind, actor, detail FROM national.transition WHERE seq = {before + 1}")
    assert (kind, actor, json.loads(detail)) == ("sealed", "cron", {"heads": heads})
    assert town.head("national")[1] in town("sun", "national", "digest").ok()
    assert "nothing new to seal" in seal(town, HOUR_LATER).ok()
    town("chen", "朝阳", "forward", 1).ok()
    seal(town, HOUR_LATER).ok()
    assert town.head("national")[0] == before + 2
    town("sun", "national", "verify").ok()


def test_only_the_nation_s_clerk_seals(town: Town) -> None:
    for login in ("li", "dba", "sun", "stranger"):
        assert town(login, "", "office", "seal").status == 3
    assert town.head("national")[0] == 33


def seal_and_go_on(town: Town) -> None:
    """Seal entry 34, record up to 40, and seal that too."""
    seal(town).ok()
    for text in "abcdef":
        town("li", "haidian", "note", 1, "--note", text).ok()
    seal(town).ok()
    assert town.head("haidian")[0] == 40


TAMPERING: dict[str, tuple[Callable[[Town], object], str]] = {
    "an entry before the first seal": (
        lambda town: forge(town, "haidian", 20),
        "Office haidian: the journal was rewritten: entry 34 or one before it, from 1 on, is not as it was sealed.",
    ),
    "an entry between the seals": (
        lambda town: forge(town, "haidian", 37),
        "Office haidian: the journal was rewritten: entry 40 or one before it, from 35 on, is not as it was sealed.",
    ),
    "cut off": (
        lambda town: cut(town, "haidian", 36),
        "Office haidian: the journal ends at entry 36, but entry 40 was sealed: its last entries were cut off.",
    ),
    "changed and not computed anew": (
        lambda town: (
            town.sql(
                "ALTER TABLE haidian.transition DISABLE TRIGGER ALL",
                "UPDATE haidian.transition SET detail = '{}' WHERE seq = 37",
                *always("haidian"),
            )
            and None
        ),
        "Office haidian: the journal was altered at entry 37.",
    ),
    "removed": (
        lambda town: (
            town.sql(
                "ALTER TABLE haidian.transition DISABLE TRIGGER ALL",
                "DELETE FROM haidian.transition WHERE seq = 37",
                *always("haidian"),
            )
            and None
        ),
        "Office haidian: the journal was altered at entry 38.",
    ),
    "a guard that is off": (
        lambda town: town.sql("ALTER TABLE haidian.transition DISABLE TRIGGER transition_is_never_changed"),
        "Office haidian: the schema was altered at transition_is_never_changed.",
    ),
    "a check that finds nothing": (
        lambda town: (
            town.sql(
                "CREATE OR REPLACE FUNCTION haidian.first_break() RETURNS bigint LANGUAGE sql AS 'SELECT NULL::bigint'"
            )
            and None
        ),
        "Office haidian: the schema was altered at first_break.",
    ),
    "the whole office": (
        lambda town: town.sql("DROP SCHEMA haidian CASCADE"),
        "Office haidian: its register was sealed, and is gone or closed to your login.",
    ),
}


@pytest.mark.parametrize("case", TAMPERING)
def test_what_a_superuser_does_to_an_office_is_named(town: Town, case: str) -> None:
    tamper, fault = TAMPERING[case]
    seal_and_go_on(town)
    town("sun", "national", "verify").ok()
    tamper(town)
    found = town("sun", "national", "verify")
    assert found.status == 1
    assert fault in found.err
    assert "Keep the server's data as evidence" in found.err
    assert "Office 朝阳" not in found.err


def test_a_forgery_is_not_hidden_by_another_schema(town: Town) -> None:
    seal_and_go_on(town)
    forge(town, "haidian", 37)
    town.sql("UPDATE haidian.meta SET version = 99")
    found = town("sun", "national", "verify")
    assert (found.status, TAMPERING["an entry between the seals"][1] in found.err) == (1, True)


def test_a_consistent_forgery_is_seen_by_the_seals_alone(town: Town) -> None:
    seal_and_go_on(town)
    forge(town, "haidian", 37)
    town("li", "haidian", "verify").ok()
    assert town("sun", "national", "verify").status == 1


@pytest.mark.parametrize("case", ["an entry between the seals", "cut off", "the whole office"])
def test_the_next_seal_says_that_the_last_one_is_broken(town: Town, case: str) -> None:
    seal_and_go_on(town)
    TAMPERING[case][0](town)
    sealed = seal(town, HOUR_LATER)
    assert sealed.status == 1
    assert "Office haidian: entry 40 is no longer as it was sealed" in sealed.err
    # What was sealed before still tells it afterwards.
    assert TAMPERING[case][1] in town("sun", "national", "verify").err


# Versions


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("version", "advice"),
    [
        (99, "was made by a newer dealtrack (schema 99; this one reads 8). Upgrade dealtrack."),
        (
            7,
            " and must be upgraded first.\nThe server administrator runs 'dealtrack office upgrade'",
        ),
    ],
)
def test_an_office_of_another_schema_is_refused_by_every_command(town: Town, version: int, advice: str) -> None:
    """Also by commands that look for what is wrong: only the administrator may make it right."""
    lines = [line for line in (*DAY, *LOOKS, *KEEPING) if line != "office list"]
    lines += ["move {home}/nothing.db", "doctor", "calendar refresh", "undo", "import {home}/many.csv --dry-run"]
    town.sql(f"UPDATE haidian.meta SET version = {version}")
    for line in lines:
        words = words_of(line, town, "li")
        place = [town.address("li", "haidian")] if words[0] == "move" else []
        refused = town("li", "haidian", words[0], *place, *words[1:])
        assert (refused.status, refused.out) == (3, ""), (line, refused)
        assert advice in refused.err, (line, refused.err)
    assert not (town.home / "nothing.db").exists()
    # What reads no complaint still works.
    town("dba", "haidian", "office", "grant", "li", "--role", "clerk").ok()


# What is done to an office while somebody works in it


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("DROP SCHEMA haidian CASCADE", UnknownOffice),
        ("REVOKE USAGE ON SCHEMA haidian FROM PUBLIC, haidian_clerk", UnknownOffice),
        ("DROP TABLE haidian.meta; ALTER TABLE haidian.head RENAME TO tail", NotAnOffice),
        ("ALTER TABLE haidian.head RENAME TO tail", RegisterUnusable),
    ],
)
def test_an_office_that_goes_while_it_is_open_is_told_as_such(
    town: Town, statement: str, error: type[DealtrackError]
) -> None:
    with pytest.raises(error), open_register(read_address(town.address("li", "haidian"))) as register:
        register.head()
        town.sql(statement)
        with register.database.writing():
            register.database.rows("SELECT seq FROM head")


@pytest.mark.parametrize("reads", [True, False])
def test_who_has_an_office_open_while_it_is_upgraded_records_nothing_more(town: Town, reads: bool) -> None:
    before = town.head("haidian")
    with open_register(read_address(town.address("li", "haidian"))) as register:
        if reads:
            register.renew()
        town.sql(f"UPDATE haidian.meta SET version = {VERSION + 1}")
        with pytest.raises(RegisterNewer), recording(register, datetime.fromisoformat(NOW), "li") as recorder:
            recorder.enter_platform(Platform("Newshop"))
    assert town.head("haidian") == before


# Upgrades


def nothing(register: Register) -> None:
    del register


def add_column(register: Register) -> None:
    """Do on a server what the present version added, as `older` takes it away."""
    register.database.write('ALTER TABLE complaint ADD COLUMN import_key text COLLATE "C"')
    register.database.write("ALTER TABLE complaint ALTER COLUMN reopenings TYPE integer")


TO_PRESENT = (Migration(VERSION, in_file=nothing, on_server=add_column),)


def older(town: Town, office: str) -> None:
    """Let an office be of the version before, in which a table had fewer columns and one of another type."""
    town.sql(
        "DROP VIEW national.office_complaint, national.office_clock",
        f"ALTER TABLE {office}.complaint DROP COLUMN import_key",
        f"ALTER TABLE {office}.complaint ALTER COLUMN reopenings TYPE bigint",
    )
    town("dba", "", "office", "add", "xicheng").ok()
    town.sql(f"UPDATE {office}.meta SET version = {VERSION - 1}")
    assert town.sql("SELECT count(*) FROM national.office_complaint", login="sun") == [(2,)]


def upgraded(town: Town, login: str = "dba", migrations: tuple[Migration, ...] = ()) -> dict[str, OfficeUpgrade]:
    address = read_address(town.address(login, "national"))
    assert isinstance(address, ServerAddress)
    return {each.office: each for each in upgrade_offices(address, migrations)}


def test_offices_that_are_as_they_should_be_are_left(town: Town) -> None:
    before = rights_given(town), town.sql("SELECT oid, xmin::text FROM pg_class ORDER BY oid")
    done = town("dba", "haidian", "office", "upgrade")
    assert (done.ok(), done.err) == (
        "".join(f"office {office}: schema 8; nothing to do\n" for office in ("haidian", "朝阳", "national")),
        "",
    )
    assert (rights_given(town), town.sql("SELECT oid, xmin::text FROM pg_class ORDER BY oid")) == before


def test_an_older_office_is_brought_to_the_present_schema(town: Town) -> None:
    seal_and_go_on(town)
    older(town, "haidian")
    head = town.head("haidian")
    done = upgraded(town, migrations=TO_PRESENT)
    assert done["haidian"] == OfficeUpgrade("haidian", VERSION - 1, repaired=("complaint_import_key",))
    assert done["朝阳"].is_unchanged and done["xicheng"].is_unchanged
    assert done["national"].views == ("office_clock", "office_complaint")
    assert town.head("haidian") == head
    assert town.sql("SELECT version FROM haidian.meta") == [(VERSION,)]
    assert town.sql(f"SELECT pg_has_role('dba', 'haidian_owner', {MAY_ACT_AS})") == [(False,)]
    town("li", "haidian", "forward", 1).ok()
    town("li", "haidian", "verify").ok()
    town("sun", "national", "verify").ok()
    assert town.sql("SELECT count(*) FROM national.office_complaint", login="sun") == [(2,)]
    assert all(each.is_unchanged for each in upgraded(town, migrations=TO_PRESENT).values())


def test_an_upgrade_waits_for_who_records(town: Town) -> None:
    older(town, "haidian")
    with ThreadPoolExecutor(1) as pool, closing(psycopg2.connect(town.server.uri("li", town.database))) as clerk:
        cursor = clerk.cursor()
        cursor.execute("SELECT seq FROM haidian.head FOR UPDATE")
        upgrade = pool.submit(upgraded, town, migrations=TO_PRESENT)
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'dba'"
        town.server.await_truth(f"EXISTS ({waits} AND datname = '{town.database}')")
        cursor.execute("SELECT version FROM haidian.meta")
        assert cursor.fetchall() == [(VERSION - 1,)]
        clerk.rollback()
        assert upgrade.result()["haidian"].old == VERSION - 1
    town("li", "haidian", "forward", 1).ok()


def fail(register: Register) -> None:
    add_column(register)
    register.database.write("UPDATE head SET turn = turn / 0")


def meet_a_bent_row(register: Register) -> None:
    add_column(register)
    raise ValueError


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (fail, "the server reports: division by zero"),
        (meet_a_bent_row, "Office haidian was not upgraded: it holds a row that no entry makes"),
        (nothing, "Office haidian was not upgraded: its schema was altered at complaint.import_key"),
        (None, "has schema 7, older than 8, and cannot be upgraded"),
    ],
)
def test_an_office_whose_upgrade_fails_stays_as_it_was_and_the_others_are_upgraded(
    town: Town, step: Step | None, reason: str
) -> None:
    older(town, "haidian")
    town.sql("DROP INDEX 朝阳.clock_late")
    made = (
        "SELECT relname, attname, atttypid, relacl::text, attacl::text FROM pg_class c JOIN pg_attribute "
        "ON attrelid = c.oid WHERE relnamespace = 'haidian'::regnamespace ORDER BY 1, 2"
    )
    before = town.sql(made), town.head("haidian")
    done = upgraded(town, migrations=(Migration(VERSION, in_file=nothing, on_server=step),))
    assert reason in str(done["haidian"].error)
    assert done["朝阳"].repaired == ("clock_late",)
    assert (town.sql(made), town.head("haidian")) == before
    assert town.sql("SELECT version FROM haidian.meta") == [(7,)]
    assert town.sql("SELECT DISTINCT office FROM national.office_complaint", login="sun") == [("朝阳",)]


def test_what_is_not_upgraded_is_named_and_told_by_the_status(town: Town) -> None:
    town.sql("UPDATE haidian.meta SET version = 99", "UPDATE 朝阳.meta SET version = 7")
    done = town("dba", "", "office", "upgrade")
    assert (done.status, done.out) == (3, "office national: schema 8; nothing to do\n")
    newer, older = done.err.splitlines()
    assert "office=haidian was made by a newer dealtrack (schema 99; this one reads 8). Upgrade dealtrack." in newer
    assert "office=朝阳 has schema 7, older than 8, and cannot be upgraded." in older


ALTERATIONS = {
    "a trigger that is off": ("ALTER TABLE haidian.transition DISABLE TRIGGER transition_is_never_changed", ""),
    "a trigger that is gone": ("DROP TRIGGER transition_grows_at_its_end ON haidian.transition", ""),
    "a function that is another": (
        "CREATE OR REPLACE FUNCTION haidian.first_break() RETURNS bigint LANGUAGE sql AS 'SELECT NULL::bigint'",
        "first_break",
    ),
    "a function that is gone": ("DROP FUNCTION haidian.first_break()", "first_break"),
    "a function that everybody may run": ("GRANT EXECUTE ON FUNCTION haidian.first_break() TO PUBLIC", "rights"),
    "an index that is gone": ("DROP INDEX haidian.clock_running", "clock_running"),
    "a right that is gone": ("REVOKE SELECT ON haidian.complaint FROM haidian_clerk", "rights"),
    "a right that is too much": ("GRANT UPDATE ON haidian.transition TO haidian_clerk", "rights"),
    "a right of the nation that is gone": ("REVOKE USAGE ON SCHEMA haidian FROM national_reader", "rights"),
    "a right of the nation that is too much": ("GRANT SELECT ON haidian.personal TO national_reader", "rights"),
}


@pytest.mark.parametrize("case", ALTERATIONS)
def test_guards_and_rights_that_are_not_as_they_were_made_are_made_anew(town: Town, case: str) -> None:
    statement, name = ALTERATIONS[case]
    before = rights_given(town)
    town.sql(statement)
    done = town("dba", "", "office", "upgrade")
    line, *others = done.ok().splitlines()
    assert line.startswith("office haidian: schema 8; ") and (name or "transition_") in line
    assert len(others) == 2 and all(other.endswith("nothing to do") for other in others)
    assert ("Office haidian was without its own" in done.err) == (name in ("", "first_break"))
    assert sorted_rights(rights_given(town)) == sorted_rights(before)
    town("li", "haidian", "verify").ok()
    town("sun", "national", "verify").ok()
    town("li", "haidian", "forward", 1).ok()


def sorted_rights(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rights without the order in which they were given."""
    return [(*row[:2], sorted((row[2] or "").strip("{}").split(","))) for row in rows]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("ALTER TABLE haidian.complaint DROP COLUMN import_key", "complaint.import_key"),
        ("CREATE INDEX of_another ON haidian.complaint (owner)", "of_another"),
        ("ALTER TABLE haidian.clock DROP CONSTRAINT clock_pkey", "clock"),
    ],
)
def test_what_is_altered_otherwise_is_named_and_left(town: Town, statement: str, name: str) -> None:
    town.sql(statement)
    done = town("dba", "", "office", "upgrade")
    assert (done.status, len(done.out.splitlines())) == (3, 2)
    assert f"Office haidian was not upgraded: its schema was altered at {name}" in done.err


def test_offices_of_another_owner_are_left_and_named(town: Town) -> None:
    town(SUPERUSER, "xicheng", "init").ok()
    town.sql("DROP INDEX xicheng.clock_late")
    done = town("dba", "", "office", "upgrade")
    assert len(done.ok().splitlines()) == 3
    assert "Office xicheng stays as it is: it belongs to postgres" in done.err
    assert "office xicheng: schema 8; made anew: clock_late" in town(SUPERUSER, "", "office", "upgrade").ok()
    refused = town("li", "haidian", "office", "upgrade")
    assert (refused.status, refused.out, "li may not manage offices" in refused.err) == (3, "", True)


@pytest.mark.parametrize("words", [("office", "upgrade"), ("office", "add", "xicheng")])
def test_the_nation_s_views_that_went_with_an_office_are_made_anew(town: Town, words: tuple[str, ...]) -> None:
    town.sql("DROP SCHEMA haidian CASCADE")
    missing = seal(town)
    assert missing.status == 1
    assert (
        "The views over all offices are missing: the server administrator runs 'dealtrack office upgrade'"
        in missing.err
    )
    town("dba", "", *words).ok()
    assert town.sql("SELECT DISTINCT office FROM national.office_complaint", login="sun") == [("朝阳",)]
    seal(town).ok()


def test_an_office_is_added_beside_one_of_another_schema(town: Town) -> None:
    town.sql(
        "UPDATE haidian.meta SET version = 7",
        "DROP VIEW national.office_clock",
        "ALTER TABLE haidian.clock DROP COLUMN provisional",
    )
    town("dba", "", "office", "add", "xicheng").ok()
    assert town.sql("SELECT DISTINCT office FROM national.office_clock", login="sun") == [("朝阳",)]


def test_a_schema_of_a_name_that_no_office_has_is_none(town: Town) -> None:
    name = """ "x' || pg_sleep(9) || '" """
    town.sql(
        f"CREATE SCHEMA {name}",
        f"CREATE TABLE {name}.head AS SELECT * FROM haidian.head",
        f"CREATE TABLE {name}.meta AS SELECT * FROM haidian.meta",
    )
    assert [each["office"] for each in listed(town, SUPERUSER)] == [*OFFICES]

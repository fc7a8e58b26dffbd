"""Datasette shows the register's views, while clerks write, and serves nothing else of it."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dealtrack.settings import data_folder
from tests.conftest import Clerk

pytestmark = [
    pytest.mark.file_only("views for Datasette"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]

PERSON = ("--consumer", "欧阳测试", "--phone", "13912345678", "--email", "ouyang@example.com", "--address", "建国路")
VIEWS = ("complaints", "overdue", "due", "clocks", "journal", "platforms")


class Page:
    """Asks a Datasette of the register, in this process."""

    def __init__(self, db: Path, metadata: dict[str, Any]) -> None:
        from datasette.app import Datasette

        # Datasette turns this on for the whole process, and later tests would fail by what SQLite's functions raise.
        sqlite3.enable_callback_tracebacks(False)
        self._datasette = Datasette([str(db)], metadata=metadata, settings={"num_sql_threads": 1})
        self._connections: list[sqlite3.Connection] = []
        for database in self._datasette.databases.values():
            database.connect = partial(self._connect, database.connect)

    def _connect(self, connect: Callable[..., sqlite3.Connection], **how: Any) -> sqlite3.Connection:
        connection = connect(**how)
        self._connections.append(connection)
        return connection

    def get(self, path: str) -> tuple[int, str]:
        """Return the status and the text of an answer."""

        async def ask() -> tuple[int, str]:
            await self._datasette.invoke_startup()
            answer = await self._datasette.client.get(path, follow_redirects=True)
            return answer.status_code, answer.text

        return asyncio.run(ask())

    def close(self) -> None:
        """Close its connections, to the register and to what it keeps in memory, which its own `close` leaves open."""
        if self._datasette.executor is not None:
            self._datasette.executor.shutdown()
        for connection in self._connections:
            connection.close()


@contextmanager
def _page(clerk: Clerk, **changes: Any) -> Iterator[Page]:
    metadata = json.loads(clerk("datasette").ok())
    page = Page(clerk.db, {**metadata, **changes})
    try:
        yield page
    finally:
        page.close()


@pytest.fixture
def told(clerk: Clerk) -> Clerk:
    """Give a clerk with a complaint of a consumer who gave all that is asked, long overdue."""
    clerk("add", "--platform", "JD", "--number", "BJ-1", "--summary", "双十一订单未发货", *PERSON).ok()
    return clerk


def test_the_views_answer_in_local_time_with_present_verdicts(told: Clerk) -> None:
    with _page(told) as page:
        status, text = page.get("/register0/complaints.json?_shape=array")
        assert status == 200
        (row,) = json.loads(text)
        assert (row["received"], row["forward_due"], row["forward_verdict"]) == (
            "2016-11-15 09:00", "2016-11-16", "overdue",
        )  # fmt: skip
        for view in VIEWS:
            status, text = page.get(f"/register0/{view}")
            assert status == 200, view
            assert page.get(f"/register0/{view}.csv?_stream=on")[0] in (200, 400)
            assert all(secret not in text for secret in PERSON[1::2])
        status, text = page.get("/register0")
        assert "Times are local to Asia/Shanghai" in text
        assert "personal" not in text.replace("Personal data is not served", "")


def test_what_clerks_write_is_seen_at_once_and_nobody_waits(told: Clerk) -> None:
    with _page(told) as page:
        for count in (2, 3):
            told("add", "--platform", "JD").ok()
            assert len(json.loads(page.get("/register0/complaints.json?_shape=array")[1])) == count
        with closing(sqlite3.connect(told.db, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            assert len(json.loads(page.get("/register0/complaints.json?_shape=array")[1])) == 3
            writer.execute("ROLLBACK")


def test_no_table_is_served_nor_anybody_s_own_sql(told: Clerk) -> None:
    with closing(sqlite3.connect(told.db)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    assert {"personal", "transition", "search_text"} <= set(tables)
    with _page(told) as page:
        for table in (*tables, "sqlite_master", "PERSONAL"):
            for suffix in ("", ".csv", "/1.json"):
                status, text = page.get(f"/register0/{table}{suffix}")
                assert status >= 400, (table, suffix)
                assert status == 403 or suffix or table not in tables, table
                assert all(secret not in text for secret in PERSON[1::2])
        for path in (
            "/register0.db",
            "/register0.json?sql=select+*+from+personal",
            "/register0?sql=select+*+from+personal",
            "/register0/complaints.json?_where=id+in+(select+complaint+from+personal)",
        ):
            status, text = page.get(path)
            assert status in (403, 404), path
            assert all(secret not in text for secret in PERSON[1::2])
        for path in ("/register0.json", "/-/databases.json", "/-/metadata.json", "/.json"):
            assert all(secret not in page.get(path)[1] for secret in PERSON[1::2])


def test_without_metadata_personal_data_would_be_served(told: Clerk) -> None:
    page = Page(told.db, {})
    try:
        assert PERSON[3] in page.get("/register0/personal.json")[1]
    finally:
        page.close()


def test_served_by_another_name_the_tables_are_shut_all_the_same(told: Clerk) -> None:
    with _page(told, databases={}) as page:
        assert page.get("/register0/personal")[0] == 403
        assert page.get("/register0.json?sql=select+*+from+personal")[0] == 403


def test_the_queries_answer(told: Clerk) -> None:
    told("complete", 1, now="2016-11-15T10:00:00+08:00").ok()
    asked = {
        "verdicts_by_platform": "from_day=&to_day=",
        "received_by_day": "",
        "one_complaint": "id=1",
        "find": "words=%E8%AE%A2%E5%8D%95",
    }
    metadata = json.loads(told("datasette").ok())["databases"]["register0"]
    assert metadata["queries"].keys() == asked.keys()
    with _page(told) as page:
        for name, words in asked.items():
            status, text = page.get(f"/register0/{name}.json?_shape=array&{words}")
            assert status == 200, text
            assert json.loads(text), name
            assert page.get(f"/register0/{name}?{words}")[0] == 200


def test_what_is_said_of_a_view_is_of_a_view(clerk: Clerk) -> None:
    import tomllib

    template = tomllib.loads((data_folder() / "datasette.toml").read_text(encoding="utf-8"))
    with closing(sqlite3.connect(clerk.db)) as connection:
        for view, said in template["views"].items():
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({view})")}
            assert {*said.get("columns", ()), *said.get("facets", ()), said.get("sort_desc", "platform")} <= columns | {
                "platform"
            }
    assert set(template["views"]) == set(VIEWS)

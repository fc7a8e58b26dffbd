"""Complaints entered in bulk, on plain courses, stand in the register just as those recorded one by one."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.errors import DealtrackError
from dealtrack.register.opening import open_register
from dealtrack.register.personal import Personal
from dealtrack.register.rebuilding import differences, rebuild
from dealtrack.register.recorder import Draft, Work, recording
from tests.conftest import Clerk

NOW = datetime(2016, 11, 20, 1, tzinfo=UTC)
TABLES = ("transition", "complaint", "clock", "search_text")
DAY = timedelta(days=1)

words = st.text("ab ＡＢ，京东1", min_size=1, max_size=6)
hours = st.integers(0, 500).map(lambda hour: datetime(2016, 10, 31, 16, tzinfo=UTC) + timedelta(hours=hour))
days = st.integers(0, 21).map(lambda day: datetime(2016, 10, 31, 16, tzinfo=UTC) + timedelta(days=day))
moments = hours.map(lambda at: Moment(at, at, False)) | days.map(lambda at: Moment(at, at + DAY, True))
kinds = st.sampled_from(
    [Kind.FORWARDED, Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED, Kind.ACCEPTED, Kind.NOTED, Kind.PAUSED]
)


@st.composite
def complaints(draw: st.DrawFn) -> list[Draft]:
    told: dict[str, Any] = {
        "platform": "JD",
        "category": "quality",
        "policy": draw(st.sampled_from(["green-channel", "odr"])),
    }
    for name in ("number", "seller", "owner", "summary", "import_key"):
        if draw(st.booleans()):
            told[name] = draw(words)
    if draw(st.integers(0, 9)) == 0:
        told["note"] = draw(words)
    drafts = [Draft(Kind.RECEIVED, draw(moments), told)]
    for kind in draw(st.lists(kinds, max_size=3)):
        detail = {"outcome": "refund", "amount": "12.50"} if kind is Kind.COMPLETED and draw(st.booleans()) else {}
        drafts.append(Draft(kind, draw(moments), {"reason": "x"} if kind is Kind.PAUSED else detail))
    if draw(st.integers(0, 3)):
        # Most are told in the order in which they happened.
        inorder = sorted((draft.at for draft in drafts), key=lambda at: at.start)
        drafts = [Draft(draft.kind, at, draft.detail) for draft, at in zip(drafts, inorder, strict=True)]
    return drafts


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, made_register: Path) -> Path:
    from dealtrack.settings import data_folder
    from dealtrack.sources.policies import load_policy

    path = tmp_path_factory.mktemp("plain") / "start.db"
    shutil.copy(made_register, path)
    made = datetime(2001, 1, 1, tzinfo=UTC)
    with open_register(path) as register, recording(register, made, "clerk") as recorder:
        for version in load_policy("odr", data_folder(), Path("nowhere")):
            recorder.take_in(version)
    return path


def told(
    path: Path, start: Path, works: Sequence[list[Draft]], one_by_one: bool
) -> tuple[list[str], dict[str, list[Any]]]:
    shutil.copy(start, path)
    refused = []
    with open_register(path) as register:
        with recording(register, NOW, "clerk") as recorder:
            for drafts in works:
                try:
                    if one_by_one:
                        recorder.record(Work(None, drafts))
                    else:
                        recorder.enter(Work(None, drafts))
                except DealtrackError as error:
                    refused.append(str(error))
        rows = {table: register.connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    return refused, rows


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(complaints(), min_size=1, max_size=6))
def test_bulk_and_single_recording_write_the_same_rows(tmp_path: Path, start: Path, works: list[list[Draft]]) -> None:
    single = told(tmp_path / "single.db", start, works, one_by_one=True)
    assert told(tmp_path / "bulk.db", start, works, one_by_one=False) == single


later = st.sampled_from([
    "forward {id}", "complete {id}", "withdraw {id}", "reject {id} --reason x", "accept {id}", "note {id} --note x",
    "reopen {id} --reason x", "amend {id} --owner x", "void {id} --reason x",
])  # fmt: skip


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(later, st.integers(1, 3), st.integers(0, 12), st.integers(13, 30)), max_size=9))
def test_what_the_journal_makes_is_the_same_by_either_way(
    tmp_path: Path, start: Path, words: list[tuple[str, int, int, int]]
) -> None:
    """Entries come in later than they happened, in any order: plain or not, verify finds nothing and rebuild changes nothing."""
    clerk = Clerk(tmp_path / "home", tmp_path / "told.db")
    shutil.copy(start, clerk.db)
    for day in (1, 2, 3):
        clerk("add", "--platform", "JD", "--at", f"2016-11-0{day} 10:00", now=f"2016-11-0{day + 2}T09:00:00+08:00").ok()
    for word, id_, happened, told_on in sorted(words, key=lambda each: each[3]):
        at = () if word.startswith(("void", "amend")) else ("--at", f"2016-11-{happened + 1:02d} 12:00")
        clerk(*word.format(id=id_).split(), *at, now=f"2016-11-{told_on:02d}T09:00:00+08:00")
    with open_register(clerk.db) as register:
        before = {table: register.connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
        assert list(differences(register)) == []
        rebuild(register)
        assert before == {table: register.connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


def test_personal_data_is_vouched_for_alike(tmp_path: Path, start: Path) -> None:
    from dealtrack.register.verification import verify

    at = Moment(NOW - DAY, NOW - DAY, False)
    detail = {"platform": "JD", "category": "quality", "policy": "green-channel"}
    person = Personal("李雷", "13800138000", None, 'a"b\\c\n')
    path = tmp_path / "register.db"
    shutil.copy(start, path)
    with open_register(path) as register:
        with recording(register, NOW, "clerk") as recorder:
            recorder.record(Work(None, [Draft(Kind.RECEIVED, at, detail)], person))
            recorder.enter(Work(None, [Draft(Kind.RECEIVED, at, detail)], person))
        rows = register.connection.execute("SELECT * FROM personal").fetchall()
        assert verify(register).faults == []
    first, second = ([value for value in row[1:] if not isinstance(value, bytes)] for row in rows)
    assert first == second


def test_a_complaint_from_outside_the_calendar_leaves_nothing_behind(tmp_path: Path, start: Path) -> None:
    early = datetime(1999, 1, 4, tzinfo=UTC)
    detail = {"platform": "JD", "category": "quality", "policy": "green-channel"}
    works = [[Draft(Kind.RECEIVED, Moment(early, early, False), detail)]]
    for one_by_one in (True, False):
        refused, rows = told(tmp_path / f"{one_by_one}.db", start, works, one_by_one)
        assert "1999-01-04" in refused[0]
        assert rows["complaint"] == [] and all(row[1] is None for row in rows["transition"])

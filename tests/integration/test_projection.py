"""The tables hold what the journal makes, however complaints are recorded: a rebuild changes nothing."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.errors import DealtrackError, OutsideCalendar
from dealtrack.register.opening import open_register
from dealtrack.register.rebuild import differences, rebuild
from dealtrack.register.recorder import Proposal, Work, recording
from dealtrack.register.register import Register
from tests.conftest import Clerk, connection_of, tries
from tests.registers import copy_register, new_place

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
def complaints(draw: st.DrawFn) -> list[Proposal]:
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
    proposals = [Proposal(Kind.RECEIVED, draw(moments), told)]
    for kind in draw(st.lists(kinds, max_size=3)):
        detail = {"outcome": "refund", "amount": "12.50"} if kind is Kind.COMPLETED and draw(st.booleans()) else {}
        proposals.append(Proposal(kind, draw(moments), {"reason": "x"} if kind is Kind.PAUSED else detail))
    if draw(st.integers(0, 3)):
        # Most are told in the order in which they happened.
        inorder = sorted((proposal.at for proposal in proposals), key=lambda at: at.start)
        proposals = [
            Proposal(proposal.kind, at, proposal.detail) for proposal, at in zip(proposals, inorder, strict=True)
        ]
    return proposals


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, made_register: Path) -> Path:
    from dealtrack.settings import data_folder
    from dealtrack.sources.policies import load_policy

    path = tmp_path_factory.mktemp("projection") / "start.db"
    shutil.copy(made_register, path)
    made = datetime(2001, 1, 1, tzinfo=UTC)
    with open_register(path) as register, recording(register, made, "clerk") as recorder:
        for version in load_policy("odr", data_folder(), Path("nowhere")):
            recorder.take_in(version)
    return path


def tables(register: Register) -> dict[str, list[Any]]:
    return {table: connection_of(register).execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


def assert_rebuilt_alike(register: Register) -> None:
    before = tables(register)
    assert list(differences(register)) == []
    rebuild(register)
    assert tables(register) == before


@settings(max_examples=tries(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(complaints(), min_size=1, max_size=6))
def test_what_is_recorded_is_what_the_journal_makes(tmp_path: Path, start: Path, works: list[list[Proposal]]) -> None:
    """Whatever of it is refused leaves nothing behind."""
    path = tmp_path / "register.db"
    shutil.copy(start, path)
    recorded = 0
    with open_register(path) as register:
        with recording(register, NOW, "clerk") as recorder:
            for proposals in works:
                with suppress(DealtrackError):
                    recorder.record(Work(None, proposals))
                    recorded += 1
        assert len(tables(register)["complaint"]) == recorded
        assert_rebuilt_alike(register)


later = st.sampled_from([
    "forward {id}", "complete {id}", "withdraw {id}", "reject {id} --reason x", "accept {id}", "note {id} --note x",
    "reopen {id} --reason x", "amend {id} --owner x", "void {id} --reason x",
])  # fmt: skip


@settings(max_examples=tries(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(later, st.integers(1, 3), st.integers(0, 12), st.integers(13, 30)), max_size=9))
def test_what_commands_record_is_what_the_journal_makes(
    tmp_path: Path, start: Path, words: list[tuple[str, int, int, int]]
) -> None:
    """Entries come in later than they happened, in any order."""
    clerk = Clerk(tmp_path / "home", new_place(tmp_path, "told.db"))
    copy_register(start, clerk.address)
    for day in (1, 2, 3):
        clerk("add", "--platform", "JD", "--at", f"2016-11-0{day} 10:00", now=f"2016-11-0{day + 2}T09:00:00+08:00").ok()
    for word, id_, happened, told_on in sorted(words, key=lambda each: each[3]):
        at = () if word.startswith(("void", "amend")) else ("--at", f"2016-11-{happened + 1:02d} 12:00")
        clerk(*word.format(id=id_).split(), *at, now=f"2016-11-{told_on:02d}T09:00:00+08:00")
    with open_register(clerk.address) as register:
        assert_rebuilt_alike(register)


def test_a_complaint_from_outside_the_calendar_leaves_nothing_behind(tmp_path: Path, start: Path) -> None:
    early = datetime(1999, 1, 4, tzinfo=UTC)
    detail = {"platform": "JD", "category": "quality", "policy": "green-channel"}
    path = tmp_path / "register.db"
    shutil.copy(start, path)
    with open_register(path) as register:
        with recording(register, NOW, "clerk") as recorder, pytest.raises(OutsideCalendar, match="1999-01-04"):
            recorder.record(Work(None, [Proposal(Kind.RECEIVED, Moment(early, early, False), detail)]))
        rows = tables(register)
    assert rows["complaint"] == [] and all(row[1] is None for row in rows["transition"])

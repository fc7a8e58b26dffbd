"""Reports of a damaged register."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.errors import RegisterUnusable
from dealtrack.register.opening import open_register
from dealtrack.register.recorder import Draft, Work, recording
from dealtrack.register.view import View
from dealtrack.reports.compliance import ReportQuery, make_report

NOW = datetime(2016, 12, 1, 1, tzinfo=UTC)


def test_a_report_of_a_text_that_cannot_be_read_is_refused_in_words(made_register: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    shutil.copyfile(made_register, path)
    detail = {"platform": "JD", "category": "quality", "policy": "green-channel"}
    with open_register(path) as register, recording(register, NOW, "clerk") as recorder:
        recorder.record(Work(None, [Draft(Kind.RECEIVED, Moment(NOW, NOW, False), detail)]))
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("UPDATE complaint SET platform = CAST(x'ff' AS TEXT)")
    with (
        pytest.raises(RegisterUnusable, match="damaged"),
        open_register(path, read_only=True) as register,
    ):
        make_report(register, ReportQuery("platform"), View.of(NOW))

"""A row that is passed over as telling nothing new would have told nothing new by the usual way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core.moments import Moment
from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.readers import open_source
from dealtrack.exchange.reconcile import Contradiction, adds_nothing, news_of, personal_news, personal_of
from dealtrack.exchange.rows import ComplaintReader
from dealtrack.register.opening import open_register
from tests.conftest import PROJECT, Clerk
from tests.registers import copy_register, new_place

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
NOW = "2016-11-20T09:00:00+08:00"
LATER = datetime(2016, 11, 19, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def clerk(tmp_path_factory: pytest.TempPathFactory, made_register: Path) -> Clerk:
    folder = tmp_path_factory.mktemp("nothing")
    clerk = Clerk(folder / "home", new_place(folder), now=NOW)
    copy_register(made_register, clerk.address)
    clerk("import", SAMPLE).ok()
    clerk("amend", 1, "--category", "other", "--owner", "x", "--phone", "13800138000").ok()
    clerk("void", 2, "--reason", "x").ok()
    return clerk


def variants(row: ComplaintRow) -> Iterator[ComplaintRow]:
    yield row
    texts: dict[str, Any] = {
        "seller": "platform",
        "owner": "x",
        "summary": "y",
        "outcome": "repair",
        "amount": "1.00",
        "category_word": "other",
        "phone": "13800138000",
        "consumer": "z",
        "address": "w",
        "policy": "odr",
    }
    for name, text in texts.items():
        for value in (text, None):
            changes: dict[str, Any] = {name: value}
            yield row._replace(**changes)
    yield row._replace(category="other", category_word="other")
    for name in ("received", "forwarded", "completed", "withdrawn", "rejected"):
        for moment in (Moment(LATER, LATER, False), Moment(LATER - 3 * HOUR, LATER + 21 * HOUR, True)):
            yield row._replace(moments={**row.moments, name: moment})
        if name in row.moments and name != "received":
            yield row._replace(moments={key: value for key, value in row.moments.items() if key != name})


def test_what_is_passed_over_tells_nothing_new(clerk: Clerk) -> None:
    passed, told = 0, 0
    with open_register(clerk.address) as register, open_source(SAMPLE) as source:
        rows = ComplaintReader(source, Mapping(), register.zone).read(source.rows)
        for id_, row in enumerate((row for row in rows if isinstance(row, ComplaintRow)), 1):
            history, personal = register.history(id_), register.personal(id_)
            complaint, _ = register.project(history)
            for place, variant in enumerate(variants(row)):
                passes = adds_nothing(variant, complaint, personal, variant.platform, register.zone)
                assert passes or place or id_ < 3, "a row that was just imported tells nothing new"
                if not passes:
                    told += 1
                    continue
                passed += 1
                try:
                    news = news_of(variant, history, LATER, register.zone, variant.platform, str)
                except Contradiction as contradiction:
                    news = [str(contradiction)]  # type: ignore[list-item]
                assert news == []
                given = personal_of(variant)
                assert given is None or personal_news(given, personal, history) == (None, [])
    assert passed > 1000
    assert told > 1000

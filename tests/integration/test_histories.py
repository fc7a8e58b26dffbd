"""The history that an export tells beyond its columns, read back: what is known, and what is refused with a reason."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dealtrack.core.lifecycle import Kind, Transition
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR
from dealtrack.exchange.histories import HistoryEntry, history_of, history_text, parse_history

SHANGHAI = ZoneInfo("Asia/Shanghai")
RECEIPT: dict[str, Any] = {"kind": "received", "at": "2016-11-01T09:00:00+08:00",
           "detail": {"platform": "JD", "category": "quality", "policy": "green-channel"}}  # fmt: skip
DETAIL = {"platform": "JD", "category": "quality", "policy": "green-channel", "policy_version": "2016-01-01"}


def at(day: int, hour: int = 1) -> datetime:
    return datetime(2016, 11, day, hour, tzinfo=UTC)


def entry(place: int, kind: Kind, moment: datetime, **detail: Any) -> Transition:
    return Transition(place, 7, kind, moment, at(20), "clerk", detail)


def test_what_the_columns_tell_is_not_told_twice() -> None:
    entries = [
        entry(1, Kind.RECEIVED, at(1), **DETAIL, number="1", source="a.csv", line=2, personal="x", import_key="y"),
        entry(2, Kind.FORWARDED, at(2)),
        entry(3, Kind.COMPLETED, at(3), outcome="refund", amount="1.00"),
        entry(4, Kind.AMENDED, at(4), personal="z"),
        entry(5, Kind.EVIDENCE, at(4), name="a.txt", size=1, sha256="0"),
        entry(6, Kind.FORWARDED, at(4)),
        entry(7, Kind.VOIDED, at(5), seq=6, reason="twice"),
    ]
    assert history_of(entries) == []


@pytest.mark.parametrize(
    "more",
    [
        entry(2, Kind.FORWARDED, at(2), note="by telephone"),
        entry(2, Kind.NOTED, at(2), note="x"),
        entry(2, Kind.REJECTED, at(2), reason="not ours"),
        entry(2, Kind.AMENDED, at(2), summary=None),
        entry(2, Kind.ACCEPTED, at(2)),
        entry(2, Kind.HANDED_ON, at(2), to="质检科"),
    ],
)
def test_whatever_more_there_is_is_told_and_read_back(more: Transition) -> None:
    history = history_of([entry(1, Kind.RECEIVED, at(1), **DETAIL, kept={"a": "b"}), more])
    assert [told.kind for told in history] == [Kind.RECEIVED, more.kind]
    assert history[0].detail == {"platform": "JD", "category": "quality", "policy": "green-channel", "kept": {"a": "b"}}
    assert parse_history(history_text(history, SHANGHAI)) == tuple(history)


def test_moments_carry_their_offset() -> None:
    for year in (FIRST_YEAR, LAST_YEAR):
        kept = HistoryEntry(Kind.RECEIVED, datetime(year, 6, 1, tzinfo=UTC), RECEIPT["detail"])
        assert parse_history(history_text([kept], SHANGHAI)) == (kept,)
    text = history_text([HistoryEntry(Kind.NOTED, at(1), {"note": "x"})], SHANGHAI)
    assert json.loads(text) == [{"kind": "noted", "at": "2016-11-01T09:00:00+08:00", "detail": {"note": "x"}}]


def with_entry(**values: Any) -> str:
    return json.dumps([RECEIPT, values], ensure_ascii=False)


NOON = "2016-11-01T12:00:00+08:00"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "is not JSON as export writes it"),
        ("[" * 100_000, "is not JSON as export writes it"),
        ("{}", "is not a list of 1 to 1000 entries"),
        ("[]", "is not a list of 1 to 1000 entries"),
        (json.dumps([RECEIPT] * 1001), "is not a list of 1 to 1000 entries"),
        (json.dumps([RECEIPT, RECEIPT]), "does not begin with its only receipt"),
        (json.dumps([{"kind": "noted", "at": NOON}]), "does not begin with its only receipt"),
        (with_entry(kind="noted", at=NOON, seq=3), "has an entry with other keys than kind, at and detail"),
        (json.dumps([RECEIPT, 1]), "has an entry with other keys than kind, at and detail"),
        (with_entry(kind="made", at=NOON), "has an entry of unknown kind 'made'"),
        (with_entry(kind="voided", at=NOON, detail={"seq": 1}), "has an entry of kind voided, which cannot be imported"),
        (with_entry(kind="evidence", at=NOON), "has an entry of kind evidence, which cannot be imported"),
        (with_entry(kind="noted", at="2016-11-01 12:00"), "has the time '2016-11-01 12:00', without an offset"),
        (with_entry(kind="noted", at="soon"), "has 'soon', which is not a time"),
        (with_entry(kind="noted", at=None), "has 'None', which is not a time"),
        (with_entry(kind="noted", at=NOON, detail=[]), "has no table of details for noted"),
        (with_entry(kind="noted", at=NOON, detail={"to": "x"}), "has an unknown detail 'to' for noted"),
        (with_entry(kind="amended", at=NOON, detail={"personal": "x"}), "has an unknown detail 'personal' for amended"),
        (with_entry(kind="handed-on", at=NOON), "lacks the to of handed-on"),
        (with_entry(kind="extended", at=NOON, detail={"clock": "complete", "by": "two"}), "has an extension whose length is not a whole number"),
        (with_entry(kind="extended", at=NOON, detail={"clock": "complete", "by": 0}), "has an extension whose length is not a whole number"),
        (with_entry(kind="noted", at=NOON, detail={"note": 1}), "has a note that is not text"),
        (with_entry(kind="noted", at=NOON, detail={"note": "a\0"}), "was refused: note contains a NUL character"),
        (with_entry(kind="amended", at=NOON, detail={"category": None}), "has a category that is not text"),
        (with_entry(kind="amended", at=NOON, detail={"category": "x"}), "has 'x' as category of amended, which is not possible"),
        (with_entry(kind="amended", at=NOON, detail={"seller": "x"}), "has 'x' as seller of amended, which is not possible"),
        (with_entry(kind="completed", at=NOON, detail={"amount": "-1"}), "has '-1' as amount of completed, which is not possible"),
        (json.dumps([{**RECEIPT, "detail": {"platform": "JD"}}]), "lacks the category of received"),
        (json.dumps([{**RECEIPT, "detail": {**RECEIPT["detail"], "kept": "x"}}]), "has kept columns that are not a table"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_history(text)
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)

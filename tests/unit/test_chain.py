"""The hash chain of the journal: what one digest covers, and which entry a fault is told of."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.chain import BEFORE_FIRST, canonical, entry_hash, first_fault
from tests.conftest import Link


def chained(*columns: tuple[int | None, str, str, str, str, str]) -> list[Link]:
    links: list[Link] = []
    previous = BEFORE_FIRST
    for seq, (complaint, kind, at, recorded_at, actor, detail) in enumerate(columns, 1):
        found = entry_hash(seq, complaint, kind, at, recorded_at, actor, detail, previous)
        links.append(Link(seq, complaint, kind, at, recorded_at, actor, detail, previous, found))
        previous = found
    return links


ENTRIES = [
    (None, "made", "2016-11-01T00:00:00Z", "2016-11-01T00:00:00Z", "clerk", "{}"),
    (1, "received", "2016-11-01T01:00:00Z", "2016-11-01T01:00:00Z", "clerk", '{"platform":"JD"}'),
    (1, "forwarded", "2016-11-02T01:00:00Z", "2016-11-02T01:00:00Z", "张伟", "{}"),
    (1, "completed", "2016-11-03T01:00:00Z", "2016-11-03T01:00:00Z", "clerk", '{"outcome":"退款"}'),
]
WHOLE = chained(*ENTRIES)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def test_a_digest_is_the_sha_256_of_the_one_before_and_the_columns_as_canonical_json() -> None:
    """Counted here with the standard library alone, so that another program can check a register."""
    entry = WHOLE[3]
    columns = [entry.seq, entry.complaint, entry.kind, entry.at, entry.recorded_at, entry.actor, entry.detail]
    text = json.dumps(columns, ensure_ascii=False, separators=(",", ":"))
    assert entry.hash == hashlib.sha256(WHOLE[2].hash + text.encode()).digest()
    assert bytes(32) == BEFORE_FIRST and len(entry.hash) == 32


def test_a_whole_chain_has_no_fault() -> None:
    assert first_fault([]) is None
    assert first_fault(WHOLE) is None


def test_a_cut_off_tail_leaves_a_whole_chain() -> None:
    assert first_fault(WHOLE[:2]) is None


def rehashed(link: Link, **changes: Any) -> Link:
    """Change an entry and give it the hash that fits it, as one who knows how would."""
    changed = link._replace(**changes)
    return changed._replace(hash=entry_hash(*changed[:-1]))


@pytest.mark.parametrize(
    ("links", "seq"),
    [
        # One is taken out and the next numbered anew; one is numbered past a gap; one continues another chain.
        ([WHOLE[0], rehashed(WHOLE[2], seq=2)], 2),
        ([*WHOLE[:3], rehashed(WHOLE[3], seq=5)], 4),
        ([*WHOLE[:3], rehashed(WHOLE[3], seq=3)], 4),
        ([*WHOLE[:3], rehashed(WHOLE[3], previous=WHOLE[1].hash)], 4),
        ([rehashed(WHOLE[0], previous=WHOLE[3].hash)], 1),
    ],
)
def test_an_entry_whose_own_hash_fits_must_also_stand_in_its_place(links: list[Link], seq: int) -> None:
    fault = first_fault(links)
    assert fault is not None and fault.seq == seq


CHANGES: dict[str, Any] = {
    "complaint": 2, "kind": "noted", "at": "2016-11-02T01:00:01Z", "recorded_at": "2016-11-02T01:00:01Z",
    "actor": "张玮", "detail": '{"x":1}', "hash": bytes(32), "previous": bytes([1]) * 32,
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("place", range(4))
def test_every_column_of_every_entry_is_covered(column: str, place: int) -> None:
    changed = WHOLE[place]._replace(**{column: CHANGES[column]})
    fault = first_fault([*WHOLE[:place], changed, *WHOLE[place + 1 :]])
    assert fault is not None and fault.seq == place + 1


@pytest.mark.parametrize(
    ("links", "seq"),
    [
        ([WHOLE[1]], 1),
        ([WHOLE[0], WHOLE[2], WHOLE[3]], 2),
        ([WHOLE[0], WHOLE[1], WHOLE[1], WHOLE[2]], 3),
        ([WHOLE[0], WHOLE[2], WHOLE[1], WHOLE[3]], 2),
        ([WHOLE[0]._replace(seq=0), *WHOLE], 1),
        ([*WHOLE[:3], WHOLE[3]._replace(seq=5)], 4),
        ([*WHOLE[:2], *chained(*ENTRIES, ENTRIES[0])[2:4][::-1]], 3),
    ],
)
def test_what_is_removed_put_in_or_out_of_place_is_named(links: list[Link], seq: int) -> None:
    fault = first_fault(links)
    assert fault is not None and fault.seq == seq and fault.reason


@pytest.mark.parametrize("wrong", [{"detail": 7}, {"at": None}, {"actor": b"x"}, {"actor": "\ud800"}, {"hash": "x"}])
def test_what_no_entry_can_hold_is_a_fault_and_no_crash(wrong: dict[str, Any]) -> None:
    fault = first_fault([WHOLE[0]._replace(**wrong), *WHOLE[1:]])
    assert fault is not None and fault.seq == 1


def test_columns_cannot_run_into_one_another() -> None:
    assert entry_hash(1, 1, "ab", "c", "", "", "", BEFORE_FIRST) != entry_hash(
        1, 1, "a", "bc", "", "", "", BEFORE_FIRST
    )
    assert entry_hash(1, None, "", "", "", "", "", BEFORE_FIRST) != entry_hash(1, 0, "", "", "", "", "", BEFORE_FIRST)
    assert entry_hash(1, 1, "1", "", "", "", "", BEFORE_FIRST) != entry_hash(11, 1, "", "", "", "", "", BEFORE_FIRST)


@given(st.dictionaries(texts, plain, max_size=4))
def test_canonical_json_is_one_text_for_one_value(value: dict[str, Any]) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(dict(reversed(list(value.items())))) == text == canonical(json.loads(text))


@given(st.integers(), st.none() | st.integers(), st.tuples(texts, texts, texts, texts, texts))
def test_a_digest_is_of_the_canonical_json_of_any_columns(
    seq: int, complaint: int | None, columns: tuple[str, str, str, str, str]
) -> None:
    text = canonical([seq, complaint, *columns])
    assert entry_hash(seq, complaint, *columns, BEFORE_FIRST) == hashlib.sha256(BEFORE_FIRST + text.encode()).digest()


def test_canonical_json_sorts_keys_leaves_no_spaces_and_escapes_nothing() -> None:
    assert canonical({"b": [1, {"d": None, "c": "退款"}], "a": True}) == '{"a":true,"b":[1,{"c":"退款","d":null}]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"x": float("nan")})

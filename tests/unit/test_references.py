"""Several complaints named at once: lists, ranges, and the lines that dealtrack itself prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.references import parse_ids, read_ids
from dealtrack.errors import BadReference


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("12", [(12, 12)]),
        ("3-7", [(3, 7)]),
        ("3,5,9-12", [(3, 3), (5, 5), (9, 12)]),
        (" 3 , 5 ", [(3, 3), (5, 5)]),
        ("007", [(7, 7)]),
        ("5-5", [(5, 5)]),
        ("３、５，9－１2", [(3, 3), (5, 5), (9, 12)]),
    ],
)
def test_ids_are_read(text: str, spans: list[tuple[int, int]]) -> None:
    assert parse_ids(text) == [range(first, last + 1) for first, last in spans]


@pytest.mark.parametrize(
    "text", ["", ",", "3,", "3-", "-3", "7-3", "3--7", "1-2-3", "0", "0-3", "3;5", "3 5", "a", "1.5", "①", "9" * 19]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(BadReference):
        parse_ids(text)


@pytest.mark.parametrize(
    ("lines", "ids"),
    [
        (["3\n", "\n", "5-6\r\n"], [(3, 3), (5, 6)]),
        (['{"id": 3, "number": "5"}\n', '{"id": 4}\n'], [(3, 3), (4, 4)]),
        (['[{"id": 3},\n', ' {"id": 4}]\n'], [(3, 3), (4, 4)]),
        (["[3, 4]\n"], [(3, 3), (4, 4)]),
        (["3\tBJ-2016-003\tTmall\n", "5\t\tJD\n"], [(3, 3), (5, 5)]),
        (["\ufeff3\n"], [(3, 3)]),
        ([], []),
        ([" \n"], []),
        (["[]\n"], []),
    ],
)
def test_lines_are_read(lines: list[str], ids: list[tuple[int, int]]) -> None:
    assert [(stretch[0], stretch[-1]) for stretch in read_ids(lines)] == ids


@pytest.mark.parametrize(
    "line", ['{"id": "3"}', '{"id": 1.5}', '{"id": true}', '{"id": -1}', '{"number": 3}', "{", "[{}]", "[", "[" * 9999,
             "id", "id\tnumber", '"3"', "[[1]]"]
)  # fmt: skip
def test_lines_that_name_no_complaint_are_refused(line: str) -> None:
    with pytest.raises(BadReference):
        list(read_ids([line]))


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert all(0 < stretch[0] <= stretch[-1] for stretch in [*parse_ids(text), *read_ids([text])])
    except BadReference as error:
        assert len(str(error)) < 300


def test_a_refused_text_is_quoted_short_though_it_is_escaped() -> None:
    with pytest.raises(BadReference) as refused:
        parse_ids("\U0002ebe1" * 100)
    assert len(str(refused.value)) < 300
    with pytest.raises(BadReference, match=r"'x{59}…'"):
        parse_ids("x" * 61)

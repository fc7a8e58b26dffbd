"""Reading CSV and JSON files: encodings, delimiters, broken rows, and files that cannot be read."""

import io
import json
import os
import random
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from dealtrack.errors import CannotRead
from dealtrack.exchange.readers import RawRow, Refusal, open_source

TEXT = "platform,received,summary\nJD,2016-11-01,外壳破裂\nTmall,2016-11-02,迟迟不发货\n"

NAME_IT = "save it as CSV UTF-8, or name its encoding with --encoding"
DAMAGED = "a,b\n1,好好好好好好好好好\n2,".encode() + b"\xc4\xe3\n"


def write(folder: Path, content: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path | str) -> list[RawRow | Refusal]:
    with open_source(path) as source:
        return list(source.rows)


def values(path: Path) -> list[dict[str, str]]:
    rows = read(path)
    assert all(isinstance(row, RawRow) for row in rows), rows
    return [row.values for row in rows if isinstance(row, RawRow)]


def refusal(path: Path) -> str:
    with pytest.raises(CannotRead) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"Cannot read {path}: ")
    assert message.count("\n") == 0
    return message.removeprefix(f"Cannot read {path}: ").removesuffix(".")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode("gbk"), "gb18030"),
        (("\ufeff" + TEXT).encode("gb18030"), "gb18030"),
        (("\ufeff" + TEXT).encode("utf-16-le"), "utf-16-le"),
        (("\ufeff" + TEXT).encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_recognises_encodings(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = write(tmp_path, content)
    with open_source(path) as source:
        assert source.encoding == encoding
        assert source.header == ("platform", "received", "summary")
        assert [row.values["summary"] for row in source.rows if isinstance(row, RawRow)] == ["外壳破裂", "迟迟不发货"]


def test_recognises_gb18030_far_into_a_file(tmp_path: Path) -> None:
    """The first megabyte is plain ASCII; the Chinese row begins with one byte before the chunk's end."""
    row = f"JD,2016-11-01,{'plain ' * 100}\n"
    for shift in range(3):
        start = "platform,received,summary\n" + row * ((1 << 20) // len(row) - 5)
        start += "JD,2016-11-01," + "x" * ((1 << 20) - len(start) - 14 - shift)
        path = write(tmp_path, (start + "坏\n").encode("gb18030"))
        last = read(path)[-1]
        assert isinstance(last, RawRow)
        assert last.values["summary"].endswith("x坏")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_recognises_delimiters(tmp_path: Path, separator: str) -> None:
    path = write(tmp_path, separator.join(['"a,;\tb"', "platform", "received"]) + "\n" + separator.join("123"))
    assert values(path) == [{"a,; b": "1", "platform": "2", "received": "3"}]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_numbers_are_where_rows_begin(tmp_path: Path, ending: str) -> None:
    lines = ["", "a,b", '1,"one', "", 'more"', "", "2,two", ",", "3,three"]
    rows = read(write(tmp_path, ending.join(lines)))
    assert [row.line for row in rows] == [3, 7, 9]
    assert [row.cells for row in rows if isinstance(row, RawRow)] == [
        ["1", f"one{ending}{ending}more"],
        ["2", "two"],
        ["3", "three"],
    ]


def test_ragged_rows_are_refused_and_the_others_read(tmp_path: Path) -> None:
    rows = read(write(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n4,5,6\n"))
    assert [(row.line, isinstance(row, Refusal)) for row in rows] == [
        (2, False), (3, True), (4, True), (5, False), (6, False),
    ]  # fmt: skip
    short, long = rows[1], rows[2]
    assert isinstance(short, Refusal) and isinstance(long, Refusal)
    assert short.reason == "the row has 2 cells, the header 3"
    assert long.reason == "the row has 4 cells, the header 3"
    assert long.raw.cells == ["1", "2", "3", "4"]
    assert short.raw.values == {"a": "1", "b": "2"}


def test_a_badly_quoted_row_is_refused_as_it_stands(tmp_path: Path) -> None:
    rows = read(write(tmp_path, 'a,b\n"x"y,1\n2,2\n"p\nq"r,3\n4,4\n'))
    assert [(row.line, isinstance(row, Refusal)) for row in rows] == [(2, True), (3, False), (4, True), (6, False)]
    first, second = rows[0], rows[2]
    assert isinstance(first, Refusal) and isinstance(second, Refusal)
    assert first.reason == "a quote inside a quoted field is not doubled"
    assert first.raw.cells == ('"x"y,1',)
    assert second.reason.endswith("(lines 4 to 5)")
    assert second.raw.cells == ('"p\nq"r,3',)


def test_a_quote_never_closed_swallows_nothing_in_silence(tmp_path: Path) -> None:
    reason = refusal(write(tmp_path, 'a,b\n1,1\n2,"two\n3,3\n4,4\n'))
    assert reason == "from line 3 on, it is not a table: a quote is never closed"


def test_a_huge_field_is_refused_with_its_line(tmp_path: Path) -> None:
    huge = "x" * (1 << 20)
    rows = read(write(tmp_path, f"a,b\n1,{huge}\n2,{huge}x\n3,3\n"))
    assert [(row.line, isinstance(row, Refusal)) for row in rows] == [(2, False), (3, True), (4, False)]
    assert isinstance(rows[1], Refusal) and "longer than 1 MB" in rows[1].reason
    lines = "y" * 1000 + "\n"
    assert "from line 2 on" in refusal(write(tmp_path, f'a,b\n1,"{lines * 1100}",2\n'))


def test_a_damaged_row_at_the_very_end_is_refused(tmp_path: Path) -> None:
    rows = read(write(tmp_path, 'a,b\n1,1\n2,"tw'))
    assert isinstance(rows[1], Refusal)
    assert (rows[1].line, rows[1].reason) == (3, "a quote is never closed")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\n \n\r\n", "it contains only blank lines"),
        (b"platform,received\n", "it has a header but no rows"),
        (b"platform,received\n\n\n", "it has a header but no rows"),
        (b"\xef\xbb\xbf", "it contains only blank lines"),
        (b"\xff\xfe", "it contains only blank lines"),
        (b"a,b\n1,\x00\n", "line 2 contains a NUL: it is not text, or it is UTF-16; save it as CSV UTF-8"),
        (b"a\x00,\x00b\x00\n\x00", "line 1 contains a NUL: it is not text, or it is UTF-16; save it as CSV UTF-8"),
        (b"a,b\n1,\xff\xff\n", f"line 2, byte 7, is neither valid UTF-8 nor GB18030; {NAME_IT}"),
        (b"a,b\n1,\xe9\n", f"line 2, byte 7, is neither valid UTF-8 nor GB18030; {NAME_IT}"),
        (DAMAGED, "line 3, byte 37, is damaged UTF-8; save it as CSV UTF-8"),
        (b"\xef\xbb\xbfa,b\n1,\xc4\xe3\n", "line 2, byte 10, is damaged UTF-8; save it as CSV UTF-8"),
        (b"\xff\xfea\x00\n\x00\x00\xd8x\x00", "line 2, byte 7, is not valid UTF-16; save it as CSV UTF-8"),
        (b"\xff\xfea\x00\n\x00\x00\x00x\x00", "line 2, byte 7, contains a NUL; save it as CSV UTF-8"),
        (b"PK\x03\x04rest", "the workbook or archive is damaged (File is not a zip file); save it again"),
        (b"PK\x05\x06rest", "it is an empty archive"),
        (b"\xd0\xcf\x11\xe0rest", "it is a damaged document of an old format; save the sheet as CSV UTF-8"),
        (b"SQLite format 3\x00", "it is a database"),
        (b'"a\nb', "its header on line 1 is damaged: a quote is never closed"),
        (b'[{"a": 1}', "the array ends on line 1 without a ]"),
        (b"[1, 2", "line 1 has '1' where the array needs ] or {"),
        (b'{"data": []}', "it has no rows"),
        (b'[{"a": 1}\n{"a": 2}]', "line 2 has '{' where the array needs , or ]"),
        (b'[{"a": 1}] x', "line 1 has something after the end of the array"),
        (b'[{"a": 1},\n{"a": nope}]', "the object on line 2 is not JSON: expecting value at character 7"),
    ],
)
def test_says_why_a_file_cannot_be_read(tmp_path: Path, content: bytes, reason: str) -> None:
    assert refusal(write(tmp_path, content)) == reason


def test_a_nul_beyond_the_first_megabyte_is_found(tmp_path: Path) -> None:
    content = b"a,b\n" + b"1,2\n" * (1 << 18) + b"3,\x00\n"
    assert refusal(write(tmp_path, content)).startswith("line 262146, byte 1048583, contains a NUL")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.csv") == "there is no such file"
    assert refusal(tmp_path) == "it is a folder; name a file in it"
    assert refusal(tmp_path / ("x" * 300)) == "File name too long"


def test_a_file_without_rights(tmp_path: Path) -> None:
    path = write(tmp_path, TEXT)
    path.chmod(0)
    owner = os.geteuid()
    if not owner:
        os.seteuid(65534)  # the superuser may read everything, nobody may not
    try:
        assert refusal(path) == "you have no permission to read it"
    finally:
        os.seteuid(owner)


def test_a_fault_of_the_caller_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk full"), open_source(write(tmp_path, TEXT)):
        raise OSError("disk full")


def test_whatever_the_bytes_nothing_but_rows_refusals_and_reasons(tmp_path: Path) -> None:
    """Two thousand damaged files: no crash, and no row told twice or out of order."""
    dice = random.Random(7)
    lines = [f'{n},"say ""{n}""\nmore",投诉{n}' for n in range(20)]
    table = ("a,b,c\n" + "\n".join(lines)).encode(dice.choice(["utf-8", "gb18030"]))
    objects = ("[" + ",\n".join(json.dumps({"a": n, "b": "投诉", "c": [n]}) for n in range(20)) + "]").encode()
    ends = Counter[str]()
    for _ in range(2000):
        content = bytearray(dice.choice([table, table.decode("utf-8", "ignore").encode("utf-16"), objects]))
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(content))
            match dice.randrange(3):
                case 0:
                    content[at] = dice.randrange(256)
                case 1:
                    del content[at : at + dice.randint(1, 30)]
                case _:
                    content[at:at] = bytes(dice.choices(b'",\n\r[]{}\\ax\xc4\xe3', k=dice.randint(1, 5)))
        try:
            rows = read(write(tmp_path, bytes(content)))
        except CannotRead as error:
            assert "\n" not in str(error)
            ends["file"] += 1
        else:
            numbers = [row.line for row in rows]
            assert numbers == sorted(numbers)
            ends["refused" if any(isinstance(row, Refusal) for row in rows) else "read"] += 1
    assert min(ends[end] for end in ("file", "refused", "read")) > 50


def test_reads_a_pipe(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, TEXT.encode("gb18030"))
    os.close(writing)
    rows = read(f"/dev/fd/{reading}")
    os.close(reading)
    assert [row.values["platform"] for row in rows if isinstance(row, RawRow)] == ["JD", "Tmall"]


def test_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode("utf-8-sig"))))
    assert len(read("-")) == 2
    assert not sys.stdin.closed


def test_reads_json_lines(tmp_path: Path) -> None:
    lines = [
        json.dumps({"platform": "JD", "amount": 1299.5, "summary": "破损", "note": None, "green": True}),
        "",
        '{"platform": "Tmall", "amount": 1299.50}',
        "{broken",
        '["no", "object"]',
        '{"a": "1", "a": "2"}',
        '{"place": {"x": 1, "y": [2]}}',
        "[" * 100_000,
        '{"n": NaN}',
    ]
    rows = read(write(tmp_path, "\n".join(lines), "file.jsonl"))
    assert [row.line for row in rows] == [1, 3, 4, 5, 6, 7, 8, 9]
    first, second, broken, array, twice, nested, deep, constant = rows
    assert isinstance(first, RawRow) and isinstance(second, RawRow) and isinstance(nested, RawRow)
    assert first.values == {"platform": "JD", "amount": "1299.5", "summary": "破损", "note": "", "green": "true"}
    assert second.values == {"platform": "Tmall", "amount": "1299.50"}
    assert nested.values == {"place": '{"x": "1", "y": ["2"]}'}
    assert isinstance(broken, Refusal)
    assert broken.reason.startswith("the line is not a JSON object: expecting property name")
    assert broken.raw.cells == ("{broken",)
    assert isinstance(array, Refusal) and array.reason == "it is JSON, but not an object with columns"
    assert isinstance(twice, Refusal) and twice.reason == "it names 'a' twice"
    assert isinstance(deep, Refusal) and isinstance(constant, Refusal)
    assert constant.reason == "the line is not a JSON object: NaN is not JSON"


def test_every_object_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    once, twice = '{"a": "1"}', '{"a": "1", "a": "2"}'
    for name, text in (("array.json", f"[{once}, {twice}, {twice}]"), ("lines.jsonl", f"{once}\n{twice}\n{twice}\n")):
        rows = read(write(tmp_path, text, name))
        assert [row.reason for row in rows if isinstance(row, Refusal)] == ["it names 'a' twice"] * 2


def test_reads_a_json_array_of_any_layout(tmp_path: Path) -> None:
    objects = [{"platform": "JD", "summary": f"第{n}号 " + "x" * (n % 50_000)} for n in range(0, 200_000, 997)]
    for indent in (None, 2):
        path = write(tmp_path, json.dumps(objects, indent=indent, ensure_ascii=False).encode("gb18030"), "file.json")
        assert values(path) == objects
    rows = read(path)
    assert [row.line for row in rows] == [2 + 4 * n for n in range(len(objects))]


def test_the_header_of_json_is_all_that_its_objects_name(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": 1}\n{"b": 2, "a": 3}\n', "file.jsonl")
    with open_source(path) as source:
        assert (source.format, source.header) == ("jsonl", ("a", "b"))


def test_memory_stays_flat(tmp_path: Path) -> None:
    row = b"1," + b"some text that fills the file " * 20 + b"\n"
    path = write(tmp_path, b"a,b\n" + row * 30_000)
    tracemalloc.start()
    with open_source(path) as source:
        count = sum(1 for _ in source.rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert path.stat().st_size > 15_000_000
    assert peak < 8_000_000

"""Files as offices have them: what stands above and below a table, headers of two rows, envelopes, constants, amounts."""

import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dealtrack.core.text import parse_amount_of
from dealtrack.errors import BadAmount, CannotRead, UnknownWord
from dealtrack.exchange.headers import header_rows
from dealtrack.exchange.json_rows import find_array
from dealtrack.exchange.layout import MappedColumns
from dealtrack.exchange.mapping import Mapping, with_pairs
from dealtrack.exchange.readers import open_source
from tests.conftest import Clerk
from tests.e2e.test_import import counts

ROWS = "number,platform,received\n1,JD,2016-11-11\n2,Tmall,2016-11-12\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def made(content: str | bytes, name: str = "rows.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return made


def listed(clerk: Clerk) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(clerk("list", "--format", "json").ok())
    return told


def passed(text: str) -> list[tuple[int, str]]:
    """Return the lines that were passed over, as standard error names them."""
    told = []
    for line in text.splitlines():
        place, found, what = line.partition(": skipped, not a data row: ")
        if found:
            told.append((int(place.rpartition(":")[2]), what))
    return told


# Above and below a table


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        (ROWS, []),
        ("sep=;\n" + ROWS.replace(",", ";"), [(1, "sep=;")]),
        ('"sep=|"\r\n' + ROWS.replace(",", "|").replace("\n", "\r\n"), [(1, '"sep=|"')]),
        (ROWS.replace(",", "|"), []),
        (
            "Consumer complaints, monthly extract\nExtracted 30/11/2016\n\n" + ROWS,
            [(1, "Consumer complaints, monthly extract"), (2, "Extracted 30/11/2016")],
        ),
        ("Report: a, b, c\n" + ROWS, [(1, "Report: a, b, c")]),
        ("2016年11月投诉台账,,\n" + ROWS, [(1, "2016年11月投诉台账,,")]),
        (ROWS + "Total,2,\n", [(4, "Total 2")]),
        (ROWS + "合计：,,2\n", [(4, "合计： 2")]),
        (ROWS + "合 计\n", [(4, "合 计")]),
        (ROWS + "(2 rows affected)\n", [(4, "(2 rows affected)")]),
        (ROWS + "\n共2条记录\n制表人：王小明\n", [(5, "共2条记录"), (6, "制表人：王小明")]),
        (ROWS.replace("received\n", "received\n编号,平台,接收时间\n"), [(2, "编号 平台 接收时间")]),
        (ROWS.replace("2,T", "number,platform,received\n2,T"), [(3, "number platform received")]),
        (ROWS.replace("received\n", "received\n------,------,------\n"), [(2, "------ ------ ------")]),
        (ROWS + "制表人：王小明,,审核人：李雷\n", [(4, "制表人：王小明 审核人：李雷")]),
        (ROWS + "Total complaints: 2\n# end\n", [(4, "Total complaints: 2"), (5, "# end")]),
        (ROWS + "\x1a", [(4, "^Z")]),
        (ROWS.rstrip() + "\x1a", [(3, "^Z")]),
    ],
)
def test_lines_beside_a_table_are_passed_over_and_named(
    clerk: Clerk, write: Callable[..., Path], text: str, beside: list[tuple[int, str]]
) -> None:
    file = write(text)
    told = clerk("import", file)
    assert counts(told.ok()) == (2, 2, 0, 0, 0)
    assert passed(told.err) == beside
    assert [(row["number"], row["platform"]) for row in listed(clerk)] == [("1", "JD"), ("2", "Tmall")]
    assert counts(clerk("import", file).ok()) == (2, 0, 0, 2, 0)


@pytest.mark.parametrize(
    "row",
    [
        "3,JD,tomorrow",
        "3,JD",
        "Total,JD,bad date",
        "Summer Shop",
        "合计,京东,不详",
        "3,,2016-11-11",
        "Sum of parts,JD,x",
        "#3,,",
        "制表人：王小明,JD,",
    ],
)
def test_a_row_that_may_be_a_complaint_is_refused_as_before(clerk: Clerk, write: Callable[..., Path], row: str) -> None:
    told = clerk("import", write(ROWS + row + "\n"), "--skip-bad")
    assert told.status == 4 and counts(told.out) == (3, 2, 0, 0, 1)


def test_many_lines_beside_a_table_are_counted(clerk: Clerk, write: Callable[..., Path]) -> None:
    told = clerk("import", write(ROWS + "Total,2,\n" * 14))
    assert counts(told.ok()) == (2, 2, 0, 0, 0)
    assert len(passed(told.err)) == 10 and "... and 4 more lines" in told.err


def test_a_large_file_has_its_total_passed_over_too(clerk: Clerk, write: Callable[..., Path]) -> None:
    rows = "".join(f"{number},JD,2016-11-11,{'x' * 1_000}\n" for number in range(1_200))
    file = write(
        "Monthly extract\nnumber,platform,received,summary\n编号,平台,接收时间,内容\n" + rows + "Total,1200,,\n"
    )
    assert file.stat().st_size > 1 << 20
    for expected in ((1_200, 1_200, 0, 0, 0), (1_200, 0, 0, 1_200, 0)):
        told = clerk("import", file)
        assert counts(told.ok()) == expected
        assert [line for line, _ in passed(told.err)] == [1, 3, 1_204]


def test_the_header_is_named_where_it_is_not_found(clerk: Clerk, write: Callable[..., Path]) -> None:
    file = write("A title\nwhat,firm,day\n1,JD,2016-11-11\n")
    assert "its header: what, firm, day" in clerk("import", file).err
    named = ["--map", "number=what", "--map", "platform=firm", "--map", "received=day"]
    assert passed(clerk("import", file, *named).err) == [(1, "A title")]
    assert counts(clerk("import", file, "--header-row", "2", *named).ok()) == (1, 0, 0, 1, 0)


# Headers of two rows


def merged(folder: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["2016年11月投诉台账", None, None, None, None, None],
        ["编号", "平台", "时间", None, "投诉人", None],
        [None, None, "接收时间", "办结时间", "姓名", "电话"],
        ["T1", "JD", datetime(2016, 11, 11, 10, 0), datetime(2016, 11, 14), "王小明", "13800138000"],
        ["T2", "JD", datetime(2016, 11, 11, 10, 0), None, "李雷", None],
        ["合计", None, 2, None, None, None],
    ):
        sheet.append(row)
    for cells in ("A1:F1", "C2:D2", "E2:F2", "A2:A3", "B2:B3"):
        sheet.merge_cells(cells)
    book.save(folder / "merged.xlsx")
    return folder / "merged.xlsx"


@pytest.mark.parametrize(
    "words",
    [
        ["--map", "received=接收时间"],
        ["--map", "received=时间"],
        ["--map", "received=时间 接收时间", "--map", "consumer=投诉人 姓名"],
        ["--map", "received=接收时间", "--header-row", "2-3"],
        ["--map", "received=接收时间", "--map", "consumer=投诉人", "--map", "phone=电话"],
    ],
)
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_header_of_two_rows_names_every_column(
    clerk: Clerk, tmp_path: Path, write: Callable[..., Path], words: list[str], form: str
) -> None:
    file = merged(tmp_path)
    if form == "csv":
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        file = write("".join(",".join(row) + "\n" for row in rows))
    common = ["--map", "number=编号", "--map", "platform=平台", "--map", "completed=办结时间"]
    told = clerk("import", file, *common, *words)
    assert counts(told.ok()) == (2, 2, 0, 0, 0)
    assert [line for line, _ in passed(told.err)] == [1, 6]
    assert [row["completed"] for row in listed(clerk)] == ["2016-11-14T00:00:00+08:00", None]
    if "consumer" in " ".join(words):
        assert json.loads(clerk("show", 2, "--reveal", "--format", "json").ok())["consumer"] == "李雷"


def test_a_header_of_three_rows_names_every_column(clerk: Clerk, write: Callable[..., Path]) -> None:
    header = "编号,平台,时间,,,处理,\n,,接收,办结,,结果,备注\n,,接收时间,日期,时刻,,\n"
    file = write(f"2016年11月投诉台账,,,,,,\n{header}T1,JD,2016-11-11 10:00,2016-11-14,10:30,,x\n")
    columns = [
        "--map",
        "number=编号",
        "--map",
        "platform=平台",
        "--map",
        "received=接收时间",
        "--map",
        "completed=日期",
    ]
    assert counts(clerk("import", file, *columns).ok()) == (1, 1, 0, 0, 0)
    assert [row["completed"] for row in listed(clerk)] == ["2016-11-14T00:00:00+08:00"]
    assert 'received = "接收时间"' in clerk("import", "--suggest", file).out


def test_a_header_is_where_it_is_said_to_be(clerk: Clerk, tmp_path: Path, write: Callable[..., Path]) -> None:
    file = write("number,platform,received\nA,B,C\nx,y,z\n1,JD,2016-11-11\n")
    named = ["--map", "number=x", "--map", "platform=y", "--map", "received=z"]
    assert passed(clerk("import", file, "--header-row", "3", *named).err) == [
        (1, "number,platform,received"),
        (2, "A,B,C"),
    ]
    assert listed(clerk)[0]["platform"] == "JD"
    for row, reason in (("9", "no header on line 9"), ("0", "--header-row"), ("3-2", "--header-row"), ("x", "2-3")):
        assert reason in clerk("import", file, "--header-row", row).err
    assert "has no header row" in clerk("import", write('[{"a":1}]', "rows.json"), "--header-row", "2").err
    assert clerk("import", merged(tmp_path), "--header-row", "40").status == 2
    assert 'completed = "办结时间"' in clerk("import", "--suggest", merged(tmp_path), "--header-row", "2-3").out
    with pytest.raises(UnknownWord):
        header_rows("1-9")


# What is no table


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("<html><body><table><tr><td>number</td></tr></table></body></html>", "a web page (HTML)"),
        ('\n <!DOCTYPE html>\n<html lang="zh">', "a web page (HTML)"),
        ("<table><tr><td>编号</td></tr></table>".encode("gbk"), "a web page (HTML)"),
        ("<!-- made by a program -->\n<div><table>", "a web page (HTML)"),
        ("\ufeff<HTML>".encode("utf-16-le"), "a web page (HTML)"),
        ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office'
         ':spreadsheet">', "an XML table of Excel 2003"),
        ('<?xml version="1.0"?><requests><request/></requests>', "XML"),
        ("MIME-Version: 1.0\nX-Document-Type: Workbook\n", "a web archive (MHTML)"),
        ("{\\rtf1\\ansi", "a text document (RTF)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["file.xls", "file.csv"])
def test_a_web_page_or_xml_is_refused_with_the_way(
    clerk: Clerk, write: Callable[..., Path], content: str | bytes, kind: str, name: str
) -> None:
    told = clerk("import", write(content, name))
    assert told.status == 2
    assert f"it is {kind}, not a workbook or CSV; open it in Excel or LibreOffice and save it as .xlsx" in told.err


# JSON in an envelope

ONE = {"number": "1", "platform": "JD", "received": "2016-11-11"}
TWO = {"number": "2", "platform": "Tmall", "received": "2016-11-12", "notes": [{"x": 1}]}
BOTH = [ONE, TWO]


@pytest.mark.parametrize(
    "value",
    [
        {"service_requests": BOTH},
        {"time": "now", "total": 2, "data": BOTH, "pages": [1, 2], "empty": []},
        {"result": {"records": BOTH, "fields": [{"id": "number"}], "_links": {}}, "success": True},
        {"hits": {"total": {"value": 2}, "hits": [{"_index": "x", "_id": str(i), "_source": row} for i, row in enumerate(BOTH)]},
         "aggregations": {"a": {"buckets": [{"key": 1}]}}},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None, "properties": row} for row in BOTH]},
        {"a \" ] } , : [ {": "{[\"", "data": BOTH, "z": "]}"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["rows.json", "rows.txt"])
def test_the_one_array_inside_an_object_is_the_table(
    clerk: Clerk, write: Callable[..., Path], value: object, indent: int | None, name: str
) -> None:
    file = write(json.dumps(value, indent=indent), name)
    assert counts(clerk("import", file).ok()) == (2, 2, 0, 0, 0)
    assert counts(clerk("import", file).ok()) == (2, 0, 0, 2, 0)
    assert [row["number"] for row in listed(clerk)] == ["1", "2"]


def test_lines_of_objects_are_read_as_before(clerk: Clerk, write: Callable[..., Path]) -> None:
    lines = write("".join(json.dumps(row) + "\n" for row in [TWO, ONE]))
    assert counts(clerk("import", lines).ok()) == (2, 2, 0, 0, 0)
    # One object is a row where it has the columns, whatever arrays are in it.
    assert counts(clerk("import", write(json.dumps(TWO)), "--dry-run").ok()) == (1, 0, 0, 1, 0)
    hits = write("".join(json.dumps({"_id": "x", "_source": row}) + "\n" for row in BOTH))
    assert counts(clerk("import", hits).ok()) == (2, 0, 0, 2, 0)
    broken = clerk(
        "import", write('{"number": "3", "platform":\n' + json.dumps(ONE) + "\n", "rows.jsonl"), "--skip-bad"
    )
    assert broken.status == 4 and counts(broken.out) == (2, 0, 0, 1, 1)


def test_what_is_no_table_in_an_object_is_told(clerk: Clerk, write: Callable[..., Path]) -> None:
    several = clerk("import", write(json.dumps({"a": [{"x": 1}], "b": {"c": [{"y": 1}]}}), "rows.json"))
    assert several.status == 2 and "an object with several arrays (a, b.c)" in several.err
    assert "has no rows" in clerk("import", write('{"data": []}', "rows.json")).err
    assert "ends on line 2 without a ]" in clerk("import", write('{"data":\n[{"number": "1"}', "rows.json")).err
    other = clerk("import", write(json.dumps({"data": [{"x": 1}]}), "rows.json"))
    assert "its header: x" in other.err


def test_an_array_is_found_however_the_text_is_cut(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"a": 'x"\\', "b\n": {"data": BOTH}}, indent=1)
    for size in range(1, 20):
        monkeypatch.setattr("dealtrack.exchange.json_rows._CHUNK", size)
        start = find_array(StringIO(text), "file", MappedColumns(Mapping()))
        assert (
            start is not None
            and text[start.place :].startswith("[")
            and text.count("\n", 0, start.place) + 1 == start.line
        )


def test_lines_of_an_array_inside_are_counted_from_the_top(write: Callable[..., Path]) -> None:
    file = write('{"time": 1,\n"data": [\n' + json.dumps(ONE) + ",\n" + json.dumps(TWO) + "]}", "rows.json")
    with open_source(file) as source:
        assert [row.line for row in source.rows] == [3, 4]
    with (
        pytest.raises(CannotRead, match="line 4"),
        open_source(write('{"data": [\n{"a": 1},\n\n{"a": nope}]}', "x.json")),
    ):
        pass


# A constant


def test_a_constant_gives_every_row_one_value(clerk: Clerk, write: Callable[..., Path]) -> None:
    file = write("编号,留言日期,答复日期\n1,2016-11-01,2016-11-02\n2,2016-11-03,\n")
    named = ["--map", "number=编号", "--map", "received=留言日期", "--map", "completed=答复日期"]
    missing = clerk("import", file, *named)
    assert missing.status == 2
    assert "--map platform=COLUMN, or one value for every row: --set platform=VALUE." in missing.err
    words = ["--set", "platform=京东", "--set", "category=质量", "--set", "seller=自营"]
    assert counts(clerk("import", file, *named, *words).ok()) == (2, 2, 0, 0, 0)
    assert [(row["platform"], row["category"], row["seller"]) for row in listed(clerk)] == [
        ("JD", "quality", "platform")
    ] * 2
    assert counts(clerk("import", file, *named, *words).ok()) == (2, 0, 0, 2, 0)
    # Another value is another meaning, though the rows are the same.
    assert clerk("import", file, *named, "--set", "platform=Tmall").status == 4
    assert '[constants]\nplatform = "JD"' in clerk("import", "--suggest", file, "--set", "platform=JD").out


def test_a_constant_goes_before_a_column(clerk: Clerk, write: Callable[..., Path]) -> None:
    told = clerk("import", write(ROWS), "--set", "platform=JD")
    assert told.ok() and "columns not imported: platform" in told.err
    assert [row["platform"] for row in listed(clerk)] == ["JD", "JD"]


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        ("platform", "field=value"),
        ("platform=", "field=value"),
        ("received=2016-11-11", "The field of --set cannot be 'received'"),
        ("number=1", "The field of --set cannot be 'number'"),
        ("plattform=JD", "Did you mean platform?"),
        ("category=xyz", "Unknown category: xyz"),
    ],
)
def test_what_cannot_be_a_constant_is_refused(clerk: Clerk, write: Callable[..., Path], pair: str, reason: str) -> None:
    told = clerk("import", write(ROWS), "--set", pair)
    assert told.status == 2 and reason in told.err


def test_a_constant_is_given_once(clerk: Clerk, write: Callable[..., Path]) -> None:
    assert clerk("import", write(ROWS), "--set", "platform=JD", "--set", "platform=Tmall").status == 2


# Amounts of other countries


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("1.299,50", "1299.50", "1299.50"),
        ("$1,299.50", "1299.50", "1299.50"),
        ("R$ 99,90", "99.90", "99.90"),
        ("1 299,50", "1299.50", "1299.50"),
        ("1\u00a0299,50", "1299.50", "1299.50"),
        ("1'299.50", "1299.50", "1299.50"),
        ("1,23,456.00", "123456.00", "123456.00"),
        ("￥1,299.5元", "1299.50", "1299.50"),
        ("12 EUR", "12.00", "12.00"),
        ("1.299.500", "1299500.00", "1299500.00"),
        ("99.999", None, None),
        ("99,999", "99999.00", None),
        ("1,2,3", None, None),
        ("1.299.50", None, None),
        ("-5", None, None),
        ("$", None, None),
        ("1234567890123", None, None),
    ],
)
def test_amounts_are_read_by_their_signs(text: str, point: str | None, comma: str | None) -> None:
    for decimal, expected in ((".", point), (",", comma)):
        if expected is None:
            with pytest.raises(BadAmount):
                parse_amount_of(text, decimal, ["$", "R$", "EUR"])
        else:
            assert parse_amount_of(text, decimal, ["$", "R$", "EUR"]) == expected


def test_a_mapping_tells_the_signs_of_amounts(clerk: Clerk, write: Callable[..., Path]) -> None:
    row = "{},JD,2016-11-11,2016-11-14,refund,{}\n"
    texts = ["1.299,50", "$1,299.50", "R$ 99,90", "1 299,50", "1,23,456.00", "99.999"]
    head = "number;platform;received;completed;outcome;amount\n"
    file = write(head + "".join(row.format(i, text).replace(",", ";", 5) for i, text in enumerate(texts)))
    columns = "\n".join(f'{name} = "{name}"' for name in head.strip().split(";"))
    mapping = write(f'decimal = ","\ncurrency = ["$", "R$"]\n[columns]\n{columns}\n', "own.toml")
    told = clerk("import", file, "--mapping", mapping, "--skip-bad")
    assert counts(told.out) == (6, 5, 0, 0, 1) and "99.999" in told.err
    assert [row["amount"] for row in listed(clerk)] == [1299.5, 1299.5, 99.9, 1299.5, 123456]
    for wrong in ('decimal = ";"', 'currency = ["5"]', 'currency = ""'):
        bad = write(f"{wrong}\n[columns]\n{columns}\n", "bad.toml")
        assert clerk("import", file, "--mapping", bad).status == 2


def test_asked_columns_are_those_of_a_mapping() -> None:
    asked = MappedColumns(with_pairs(Mapping(), ["received=Came in"]))
    assert asked.are_named("came_in") and not asked.are_named("received")
    assert asked.suffice(["Platform", "Came in"]) and not asked.suffice(["platform", "received"])


def test_a_workbook_is_still_told_by_its_bytes(write: Callable[..., Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.xls", "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(CannotRead, match="an archive, not a workbook"), open_source(tmp_path / "x.xls"):
        pass


def test_very_many_columns_are_not_all_named(clerk: Clerk, write: Callable[..., Path]) -> None:
    names = ",".join(f"col{number}" for number in range(1_000))
    file = write(f"number,platform,received,{names}\n1,JD,2016-11-01 09:00\n", "rows.csv")
    for words in (("import", file, "--skip-bad"), ("import", file, "--suggest")):
        told = clerk(*words)
        assert len(told.out) + len(told.err) < 2_000 and "col9, " in told.out + told.err

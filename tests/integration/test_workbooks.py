"""Workbooks read as CSV is: sheets, headers, real dates, serial dates, and refusals of what is too much or broken."""

import io
import re
import resource
import threading
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from dealtrack.errors import CannotRead, UnknownWord
from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.mapping import Mapping, with_dates, with_pairs
from dealtrack.exchange.raw import RawRow, Refusal
from dealtrack.exchange.readers import open_source
from dealtrack.exchange.rows import ComplaintReader
from dealtrack.exchange.workbook_process import cell_text
from tests.conftest import tries

SHANGHAI = ZoneInfo("Asia/Shanghai")
DATA = Path(__file__).parents[1] / "data"
HEADER = ("登记编号", "平台", "收到时间", "转办日期", "消费金额")


def read(path: Path, sheet: str = "") -> list[RawRow]:
    with open_source(path, sheet) as source:
        rows = list(source.rows)
    assert not any(isinstance(row, Refusal) for row in rows)
    return [row for row in rows if isinstance(row, RawRow)]


def refusal(path: Path, sheet: str = "") -> str:
    with pytest.raises(CannotRead) as caught:
        read(path, sheet)
    message = str(caught.value)
    assert message.startswith(f"Cannot read {path}: ") and message.count("\n") == 0
    return message.removeprefix(f"Cannot read {path}: ").removesuffix(".")


def take(path: Path, mapping: Mapping) -> tuple[list[ComplaintRow], list[Refusal]]:
    with open_source(path) as source:
        rows = list(ComplaintReader(source, mapping, SHANGHAI).read(source.rows))
    return [row for row in rows if isinstance(row, ComplaintRow)], [row for row in rows if isinstance(row, Refusal)]


def book(folder: Path, *rows: Sequence[object], epoch_1904: bool = False) -> Path:
    made = openpyxl.Workbook()
    if epoch_1904:
        made.epoch = CALENDAR_MAC_1904
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    made.save(folder / "book.xlsx")
    return folder / "book.xlsx"


@pytest.mark.parametrize("name", ["complaints.xls", "complaints-1904.xls", "complaints.ods"])
def test_old_and_open_workbooks_read_alike(name: str) -> None:
    """The files hold a title, a blank row, a header and two rows; the second XLS counts its days from 1904."""
    with open_source(DATA / name) as source:
        assert (source.format, source.sheet, source.other_sheets) == ("workbook", "投诉", ("说明",))
        assert source.header == HEADER
        rows = [(row.line, list(row.cells)) for row in source.rows if isinstance(row, RawRow)]
    assert rows == [
        (4, ["BJ-1", "京东", "2016-11-11 21:30:07", "2016-11-14", "1299.5"]),
        (5, ["BJ-2", "天猫", "2016-11-12 09:00:00", "", "20"]),
    ]


@pytest.mark.parametrize("epoch_1904", [False, True])
def test_cells_of_every_kind(tmp_path: Path, epoch_1904: bool) -> None:
    day, moment = date(2016, 11, 11), datetime(2016, 11, 11, 21, 29, 59, 999_700)
    odd = ["=1+1", "\u3000全角 ", "两\n行", "007", ""]
    path = book(
        tmp_path,
        [*"abcdefghij"],
        [day, moment, time(9, 5), 12, 1299.5, True, 13812345678, None, 1e-7, "x"],
        odd + odd,
        epoch_1904=epoch_1904,
    )
    made = openpyxl.load_workbook(path)
    assert made.active is not None
    made.active["A3"].data_type = "s"
    made.active["F3"].data_type = "s"
    made.save(path)
    first, second = read(path)
    assert list(first.cells) == [
        "2016-11-11", "2016-11-11 21:30:00", "09:05:00", "12", "1299.5", "true", "13812345678", "", "0.000000", "x",
    ]  # fmt: skip
    assert list(second.cells) == odd + odd


def test_a_title_and_blank_columns_stand_in_nobodys_way(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        [None, "投诉一览表"],
        [],
        [None, "platform", "received ", None, None],
        [],
        [None, "JD", date(2016, 11, 1), None, "a note beside the table"],
        ["  ", None, " "],
        [None, "Tmall", date(2016, 11, 2)],
    )
    rows = read(path)
    assert [(row.line, row.header, list(row.cells)) for row in rows] == [
        (5, ("", "platform", "received"), ["", "JD", "2016-11-01"]),
        (7, ("", "platform", "received"), ["", "Tmall", "2016-11-02"]),
    ]


def sheets(folder: Path) -> Path:
    made = xlsxwriter.Workbook(folder / "book.xlsx")
    made.add_worksheet("Empty")
    hidden = made.add_worksheet("Hidden")
    hidden.write_row(0, 0, ["platform", "received"])
    hidden.write_row(1, 0, ["Hidden", "2016-11-01"])
    for name in ("2016年", "7"):
        sheet = made.add_worksheet(name)
        sheet.write_row(0, 0, ["platform", "received"])
        sheet.write_row(1, 0, [name, "2016-11-01"])
    made.get_worksheet_by_name("2016年").activate()
    made.get_worksheet_by_name("2016年").set_first_sheet()
    hidden.hide()
    made.close()
    return folder / "book.xlsx"


def test_a_sheet_is_chosen(tmp_path: Path) -> None:
    path = sheets(tmp_path)
    with open_source(path) as source:
        assert (source.sheet, source.other_sheets) == ("2016年", ("Empty", "7"))
    for wanted, found in (("2016年", "2016年"), ("7", "7"), ("2", "2016年"), ("3", "7"), ("HIDDEN", "Hidden")):
        assert read(path, wanted)[0].cells[0] == found
    with pytest.raises(UnknownWord) as caught:
        read(path, "2016")
    assert str(caught.value) == "--sheet cannot be '2016'. Did you mean 2016年? Allowed: 1 Empty, 2 2016年, 3 7."
    assert refusal(path, "Empty") == "sheet Empty has no header in its first 30 rows"
    (tmp_path / "rows.csv").write_text("platform,received\nJD,2016-11-01\n")
    assert refusal(tmp_path / "rows.csv", "1") == "it is not a workbook; --sheet is for workbooks only"


def test_real_dates_are_read_whatever_form_texts_have(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        ["platform", "received", "forwarded"],
        ["JD", datetime(2016, 11, 11, 21, 30), "14/11/2016"],
        ["JD", date(2016, 11, 11), None],
        ["JD", "2016/11/11", None],
    )
    taken, refused = take(path, with_dates(Mapping(), ["%d/%m/%Y"]))
    assert [row.moments["received"].start for row in taken] == [
        datetime(2016, 11, 11, 13, 30, tzinfo=UTC),
        datetime(2016, 11, 10, 16, tzinfo=UTC),
    ]
    assert [row.moments["received"].day_only for row in taken] == [False, True]
    assert taken[0].moments["forwarded"].start == datetime(2016, 11, 13, 16, tzinfo=UTC)
    assert [row.line for row in refused] == [4] and "is not a date of the form iso or %d/%m/%Y" in refused[0].reason


@pytest.mark.parametrize(
    ("form", "number", "local"),
    [
        ("excel-1900", 42685, datetime(2016, 11, 11)),
        ("excel-1900", 42685.896, datetime(2016, 11, 11, 21, 30, 14)),
        ("excel-1900", "42685.895914351851", datetime(2016, 11, 11, 21, 30, 7)),
        ("excel-1900", 61, datetime(1900, 3, 1)),
        ("excel-1904", 41223, datetime(2016, 11, 11)),
        ("excel-1904", 41223.99999999, datetime(2016, 11, 12)),
    ],
)
def test_serial_numbers_are_dates_where_a_mapping_says_so(
    tmp_path: Path, form: str, number: object, local: datetime
) -> None:
    if local.year < 1970:
        local = local.replace(year=1970)
    path = book(tmp_path, ["platform", "received"], ["JD", number])
    taken, refused = take(path, with_dates(Mapping(), [form]))
    if number == 61:
        assert not taken and "is outside the calendar" in refused[0].reason
        return
    assert taken[0].moments["received"].start == local.replace(tzinfo=SHANGHAI).astimezone(UTC)
    assert taken[0].moments["received"].day_only == (local.time() == time())
    # Without the form it is a number, and no date.
    assert "is not a date in a known format" in take(path, Mapping())[1][0].reason
    # The same number in CSV means the same.
    (tmp_path / "rows.csv").write_text(f"platform,received\nJD,{number}\n")
    assert take(tmp_path / "rows.csv", with_dates(Mapping(), [form]))[0][0].moments == taken[0].moments


@pytest.mark.parametrize("number", ["60", "1"])
def test_the_leap_day_that_excel_invented_is_no_date(tmp_path: Path, number: str) -> None:
    (tmp_path / "rows.csv").write_text(f"platform,received\nJD,{number}\n")
    reason = take(tmp_path / "rows.csv", with_dates(Mapping(), ["excel-1900"]))[1][0].reason
    assert reason.endswith("is not a date: Excel's days before March 1900 do not match the calendar")


def test_a_nought_in_the_column_of_a_date_stands_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("platform,received\nJD,0\n")
    reason = take(tmp_path / "rows.csv", with_dates(Mapping(), ["excel-1900"]))[1][0].reason
    assert reason.startswith("received is empty")


def test_a_number_that_a_spreadsheet_has_rounded_is_no_number_of_a_complaint(tmp_path: Path) -> None:
    path = book(
        tmp_path, ["number", "platform", "received", "other"], [12345678901234567890, "JD", date(2016, 11, 1), 1]
    )
    taken, refused = take(path, Mapping())
    assert not taken
    assert refused[0].reason.startswith("column 'number' has the number 1234567890123456")
    # In a column that nobody reads it does no harm.
    mapping = with_pairs(Mapping(), ["number=other"])
    assert take(path, mapping)[0][0].number == "1"


def altered(path: Path, change: Callable[[bytes], bytes], part: str = "xl/worksheets/sheet1.xml") -> Path:
    held = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            held[name] = archive.read(name)
    held[part] = change(held[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return path


def plain(folder: Path) -> Path:
    return book(folder, ["platform", "received"], ["JD", date(2016, 11, 1)], ["Tmall", date(2016, 11, 2)])


def end_with(rows: bytes) -> Callable[[bytes], bytes]:
    return lambda sheet: sheet.replace(b"</sheetData>", rows + b"</sheetData>")


FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
WIDE = b"<row>" + b"<c><v>1</v></c>" * 16_384 + b"</row>" + b"<row><c><v>1</v></c></row>" * 5000


TOO_MUCH = "the workbook is damaged, or reading it takes too much memory or time; save the sheet as CSV UTF-8"


@pytest.mark.parametrize(
    "change",
    [
        end_with(FAR),
        end_with(FAR.replace(b'"', b"'").replace(b" r=", b"\n  r = ")),
        end_with(FAR.replace(b"<", b"<x:").replace(b"<x:/", b"</x:")),
    ],
)
def test_a_few_cells_far_apart_take_no_memory_of_this_process(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(altered(plain(tmp_path), change)) == TOO_MUCH
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    "change",
    [
        end_with(b'<row r="9999999999"><c r="AAAAAAA9999999999"><v>1</v></c></row>'),
        lambda sheet: re.sub(rb' r="[A-Z]*\d+"', b"", end_with(WIDE)(sheet)),
    ],
)
def test_a_sheet_of_strange_references_is_read_or_refused(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = altered(plain(tmp_path), change)
    try:
        assert [list(row.cells[:1]) for row in read(path)][:2] == [["JD"], ["Tmall"]]
    except CannotRead as error:
        assert "the workbook is damaged" in str(error)


def claiming(path: Path, size: int) -> Path:
    """Write another size of the first sheet into both of the archive's headers."""
    with zipfile.ZipFile(path) as archive:
        held = archive.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    content = path.read_bytes()
    assert content.count(held) >= 2
    path.write_bytes(content.replace(held, size.to_bytes(4, "little")))
    return path


def test_what_unpacks_to_more_than_a_gigabyte_is_refused(tmp_path: Path) -> None:
    reason = refusal(claiming(plain(tmp_path), 1 << 30))
    assert reason.startswith("unpacked, it has 1,073,7") and "the maximum is 1,073,741,824" in reason


def test_a_size_that_lies_is_found_out(tmp_path: Path) -> None:
    assert "File is larger than its declared uncompressed size" in refusal(claiming(plain(tmp_path), 100))


def test_a_workbook_of_many_parts_is_refused(tmp_path: Path) -> None:
    path = plain(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(10_001):
            archive.writestr(f"xl/x{number}.xml", b"")
    assert refusal(path).endswith("parts; the maximum is 10,000")


@pytest.mark.parametrize(
    ("change", "part", "reason"),
    [
        (lambda sheet: sheet[: len(sheet) // 2], "xl/worksheets/sheet1.xml", "the workbook is damaged"),
        (lambda sheet: b"", "xl/workbook.xml", "its sheets have no rows|the workbook is damaged|it has no sheet"),
        (lambda sheet: b"\x00" * 100, "xl/_rels/workbook.xml.rels", "the workbook is damaged"),
    ],
)
def test_a_damaged_workbook_is_refused_in_one_line(
    tmp_path: Path, change: Callable[[bytes], bytes], part: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert re.match(reason, refusal(altered(plain(tmp_path), change, part)))
    assert capfd.readouterr() == ("", "")


def test_any_cut_of_a_workbook_is_refused_or_read_and_says_nothing_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for source in (plain(tmp_path), DATA / "complaints.xls", DATA / "complaints.ods"):
        content = source.read_bytes()
        step = max(1, len(content) // tries(12 if source.suffix == ".xls" else 40))
        for end in range(9, len(content) - 30, step):
            path = tmp_path / "cut.bin"
            path.write_bytes(content[:end])
            assert refusal(path).startswith(("the workbook ", "it is a damaged")), (source.name, end)
        for place in range(9, len(content), step):
            broken = bytearray(content)
            broken[place : place + 8] = b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"
            path.write_bytes(bytes(broken))
            try:
                read(path)
            except CannotRead as error:
                assert str(error).count("\n") == 0
    assert capfd.readouterr() == ("", "")


ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    '<office:body><office:spreadsheet><table:table table:name="投诉">'
)
ODS_TAIL = "</table:table></office:spreadsheet></office:body></office:document-content>"
MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" '
    'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
)


def ods(folder: Path, rows: str, head: str = ODS_HEAD, manifest: str = MANIFEST) -> Path:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", head + rows + ODS_TAIL)
    path = folder / "book.ods"
    path.write_bytes(held.getvalue())
    return path


def said(*texts: str) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return f"<table:table-row>{cells}</table:table-row>"


EMPTIES = (
    '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
    "</table:table-row>"
)
REPEATED = (
    '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="31" '
    'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
)


def test_empty_rows_that_an_ods_repeats_are_no_rows(tmp_path: Path) -> None:
    path = ods(tmp_path, said("platform", "received") + said("JD", "2016-11-01") + EMPTIES)
    assert [list(row.cells) for row in read(path)] == [["JD", "2016-11-01"]]


@pytest.mark.parametrize(
    ("rows", "head", "manifest", "reason"),
    [
        (REPEATED.replace('"31"', '"1600"'), ODS_HEAD, MANIFEST, "the workbook is damaged or"),
        ("", ODS_HEAD, MANIFEST, "its sheets have no rows"),
        ("<table:table-row>", ODS_HEAD, MANIFEST, "the workbook is damaged or"),
        ("", ODS_HEAD, MANIFEST.replace("/></m", "><manifest:encryption-data/></manifest:file-entry></m"), "it is protected by a password"),
        ("&a;", ODS_HEAD.replace("?><", '?><!DOCTYPE x [<!ENTITY a "b">]><'), MANIFEST, "its sheets have no rows"),
    ],
)  # fmt: skip
def test_an_ods_that_is_too_much_or_broken(tmp_path: Path, rows: str, head: str, manifest: str, reason: str) -> None:
    assert refusal(ods(tmp_path, rows, head, manifest)).startswith(reason)


def test_errors_in_an_ods_are_read_as_what_they_show(tmp_path: Path) -> None:
    fault = (
        '<table:table-cell table:number-columns-repeated="2" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><office:annotation><text:p>why</text:p></office:annotation>'
        "<text:p>#DIV/0!</text:p></table:table-cell>"
    )
    row = f"<table:table-row>{fault}<table:covered-table-cell/></table:table-row>"
    again = row.replace("<table:table-row>", '<table:table-row table:number-rows-repeated="2">')
    head = ODS_HEAD.replace(" office:version", ' xmlns:calcext="urn:calcext" office:version')
    path = ods(tmp_path, said("a", "b", "c") + said("1", "2", "3") + again + said("4", "", "") + row, head)
    cells = [["1", "2", "3"], *[["#DIV/0!", "#DIV/0!", ""]] * 2, ["4", "", ""], ["#DIV/0!", "#DIV/0!", ""]]
    assert [row.cells for row in read(path)] == cells


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"a.txt": b"x"}, "it is an archive, not a workbook; unpack it first"),
        ({"xl/workbook.bin": b"x"}, "it is a binary workbook (.xlsb); save it as .xlsx"),
        ({"word/document.xml": b"x", "[Content_Types].xml": b"x"}, "it is an archive, not a workbook; unpack it first"),
    ],
)
def test_other_archives(tmp_path: Path, parts: dict[str, bytes], reason: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert refusal(tmp_path / "a.zip") == reason


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2016, 11, 2, 23, 59, 59, 600_000), "2016-11-02 23:59:59"),
        (datetime(2016, 11, 2, 23, 59, 59, 998_000), "2016-11-02 23:59:59"),
        (datetime(2016, 11, 2, 23, 59, 59, 999_700), "2016-11-03 00:00:00"),
        (datetime(2016, 11, 2, 10, 0, 0, 300), "2016-11-02 10:00:00"),
    ],
)
def test_a_fraction_of_a_second_makes_no_other_day(moment: datetime, text: str) -> None:
    assert cell_text(moment) == text


def test_a_moment_just_before_midnight_stays_on_its_day(tmp_path: Path) -> None:
    path = book(tmp_path, ["platform", "received"], ["JD", datetime(2016, 11, 2, 23, 59, 59, 600_000)])
    assert read(path)[0].cells[1] == "2016-11-02 23:59:59"


def test_the_process_that_reads_ends_with_its_reader(tmp_path: Path) -> None:
    path = book(tmp_path, ["platform", "received"], *(["JD", date(2016, 11, 1)] for _ in range(3000)))
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    before = children.read_text()
    with open_source(path) as source:
        next(source.rows)
        assert len(children.read_text().split()) == len(before.split()) + 1
    assert children.read_text() == before

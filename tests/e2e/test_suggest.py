"""A mapping proposed for a file: printed as TOML that import reads, with the first rows as they would be read."""

from pathlib import Path

import pytest

from dealtrack.exchange.mapping import Mapping, read_mapping
from dealtrack.exchange.suggest import mapping_toml, suggest_mapping
from dealtrack.settings import data_folder
from tests.conftest import PROJECT, Clerk
from tests.integration.test_shipped_mappings import workbook_12315
from tests.registers import is_there, remove_register

OWN = """\
投诉编号,被投诉企业,投诉时间,转办日期,办结时间,问题类别,处理结果,赔付金额,投诉人,手机号,投诉内容,备注
1,京东,31/10/2016 09:30,01/11/2016,03/11/2016,质量,退款,199,张三,13812341234,=坏了,x
2,天猫,01/11/2016 10:00,N/A,,外星人,,,李四,13900001111,迟迟不发货,
"""


@pytest.fixture
def no_register(clerk: Clerk) -> Clerk:
    remove_register(clerk.address)
    return clerk


def suggested(clerk: Clerk, folder: Path, path: Path, *options: str) -> Path:
    mine = folder / "mine.toml"
    mine.write_text(clerk("import", "--suggest", path, *options).ok(), encoding="utf-8")
    return mine


def test_a_file_of_ones_own(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(OWN)
    told = clerk("import", "--suggest", path)
    assert told.ok() == (
        "# words that name no category and become other, unless [values.category] maps them: 外星人\n"
        "# columns that it does not read: 备注\n"
        'name = "suggested"\ndates = ["%d/%m/%Y", "%d/%m/%Y %H:%M"]\nblanks = "n/a"\n\n[columns]\n'
        'number = "投诉编号"\nplatform = "被投诉企业"\ncategory = "问题类别"\nreceived = "投诉时间"\n'
        'forwarded = "转办日期"\ncompleted = "办结时间"\noutcome = "处理结果"\namount = "赔付金额"\n'
        'consumer = "投诉人"\nphone = "手机号"\nsummary = "投诉内容"\n'
    )
    first, second = told.err.splitlines()
    assert first.split("\t")[:6] == ["2", "1", "京东", "quality", "2016-10-31 09:30", "2016-11-01 00:00"]
    assert "张*\t138****1234" in first and second.split("\t")[:4] == ["3", "2", "天猫", "other"]
    assert clerk("list").ok() == ""
    mapping = suggested(clerk, tmp_path, path)
    assert clerk("import", path, "--mapping", mapping).ok().startswith("2 rows: 2 added")


@pytest.mark.parametrize(
    ("name", "pairs"),
    [("complaints.ods", ()), ("complaints.xls", ()), ("complaints.ods", ("--map", "forwarded=转办日期"))],
)
def test_a_workbook_and_without_a_register(
    no_register: Clerk, tmp_path: Path, name: str, pairs: tuple[str, ...]
) -> None:
    path = PROJECT / "tests" / "data" / name
    mapping = read_mapping(suggested(no_register, tmp_path, path, *pairs))
    assert mapping.columns == {
        "number": ("登记编号",), "platform": ("平台",), "received": ("收到时间",), "forwarded": ("转办日期",),
    }  # fmt: skip
    assert not is_there(no_register.address)


def test_a_shipped_mapping_that_fits_is_named(clerk: Clerk, tmp_path: Path) -> None:
    path = workbook_12315(tmp_path)
    told = clerk("import", "--suggest", path).ok()
    assert "# a bundled mapping fits this file: --mapping 12315 --map " in told
    assert "--map received=登记时间" in told and "--map completed=办结时间" in told
    mapping = suggested(clerk, tmp_path, path)
    assert (
        clerk("import", path, "--mapping", mapping, now="2016-12-01T09:00:00+08:00").ok().startswith("2 rows: 2 added")
    )


def test_files_that_need_no_mapping(clerk: Clerk, tmp_path: Path) -> None:
    sample = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
    assert clerk("import", "--suggest", sample).ok().startswith("# no mapping needed for this file\n")
    clerk("add", "--platform", "JD").ok()
    clerk("export", "--to", tmp_path / "out.csv").ok()
    told = clerk("import", "--suggest", tmp_path / "out.csv").ok()
    assert told == "# an export of dealtrack: no mapping needed\n"


def test_what_is_not_found_is_asked_for(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b,c\n1,hello,2016-11-01\n2,world,2016-11-02\n")
    told = clerk("import", "--suggest", path).ok()
    assert "# no column found for platform: name it with --map platform=COLUMN" in told
    assert 'asked = "platform"' in told and 'received = "c"' in told
    mapping = suggested(clerk, tmp_path, path)
    told_again = clerk("import", path, "--mapping", mapping)
    assert told_again.status == 2 and "Name the column: --map platform=COLUMN" in told_again.err
    assert clerk("import", path, "--mapping", mapping, "--map", "platform=b").ok().startswith("2 rows: 2 added")


@pytest.mark.parametrize(
    ("cells", "forms"),
    [
        (["2016-11-01", "2016/11/2 9:30"], ("auto",)),
        (["11/01/2016", "11/13/2016"], ("auto",)),
        (["01.11.2016", "13.11.2016 09:30"], ("%d.%m.%Y", "%d.%m.%Y %H:%M")),
        (["20161101", "20161113"], ("%Y%m%d",)),
        (["42675", "42676.5"], ("excel-1900",)),
        (["1 Nov 2016", "13 Nov 2016"], ("%d %b %Y",)),
    ],
)
def test_date_forms(clerk: Clerk, tmp_path: Path, cells: list[str], forms: tuple[str, ...]) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("Firm,Came in\n" + "".join(f"JD,{cell}\n" for cell in cells))
    mapping = suggested(clerk, tmp_path, path)
    assert read_mapping(mapping).dates == forms
    assert (
        clerk("import", path, "--mapping", mapping, now="2017-01-01T09:00:00+08:00").ok().startswith("2 rows: 2 added")
    )


UNSETTLED = "can be read day or month first; the rows"


def column(folder: Path, *cells: str, more: str = "") -> Path:
    path = folder / "dates.csv"
    path.write_text("Firm,Came in,Closed" + more + "\n" + "".join(f"JD,{cell},\n" for cell in cells))
    return path


WEEK = (3, 4, 5, 6, 7, 10, 11, 12)


@pytest.mark.parametrize(
    ("cells", "forms", "is_told"),
    [
        ([f"{day:02d}/10/2016" for day in WEEK], ("%d/%m/%Y",), True),
        ([f"10/{day:02d}/2016" for day in WEEK], ("auto",), True),
        ([f"{day:02d}/10/16" for day in WEEK], ("%d/%m/%y",), True),
        ([f"{day:02d}/10/16" for day in (*WEEK, 13)], ("%d/%m/%y",), False),
        ([f"10/{day:02d}/16" for day in WEEK], ("%m/%d/%y",), True),
        ([f"10/{day:02d}/16 9:30" for day in (*WEEK, 13)], ("%m/%d/%y %H:%M",), False),
        ([f"01-{day:02d}-2016" for day in WEEK], ("%m-%d-%Y",), True),
        ([f"{day:02d}-01-2016 10:15:00" for day in WEEK], ("%d-%m-%Y %H:%M:%S",), True),
        ([f"{day}.10.2016" for day in WEEK], ("%d.%m.%Y",), True),
        ([f"{day}.10.2016 9.30" for day in (*WEEK, 14)], ("%d.%m.%Y %H.%M",), False),
        ([f"10-{day:02d}-2016 02:27:57 PM" for day in (*WEEK, 14)], ("%m-%d-%Y %I:%M:%S %p",), False),
        (["04/12/2018 11:11:26 AM", "11/13/2018 01:06:56 PM"], ("auto",), False),
        (["11/11/2016", "05/05/2016"], ("auto",), False),
        ([f"16/10/{day:02d}" for day in (*WEEK, 13, 28)], ("%y/%m/%d",), True),
        (["105/11/01", "105/12/31", "99/1/2"], ("roc",), False),
        (["1477972800000", "1478972800000"], ("epoch-ms",), False),
        (["01-NOV-16", "02-NOV-16"], ("%d-%b-%y",), False),
        (["2016-11-11 24:00", "2016-11-11 晚上12点"], ("auto",), False),
    ],
)
def test_the_order_of_dates_is_settled_by_values_or_told_of(
    full_clerk: Clerk, tmp_path: Path, cells: list[str], forms: tuple[str, ...], is_told: bool
) -> None:
    path = column(tmp_path, *cells)
    told = full_clerk("import", "--suggest", path).ok()
    assert ("do not settle it" in told) == is_told, told
    mapping = tmp_path / "mine.toml"
    mapping.write_text(told, encoding="utf-8")
    assert read_mapping(mapping).dates == forms
    assert read_mapping(mapping).order_is_guessed == (is_told and forms != ("auto",))
    result = full_clerk("import", path, "--mapping", mapping, now="2024-01-01T09:00:00+08:00")
    assert result.status == 0, result.err
    assert ("no date in the file confirms it" in result.err) == is_told, result.err


def test_dates_of_both_orders_are_told_of(clerk: Clerk, tmp_path: Path) -> None:
    told = clerk("import", "--suggest", column(tmp_path, "31/12/2016", "12/30/2016", "01/02/2016")).ok()
    assert "# dates are in different orders, e.g. 31/12/2016 and 12/30/2016; ambiguous ones are read" in told
    assert 'order = "guessed"' in told


def test_a_column_is_looked_through_whole(clerk: Clerk, tmp_path: Path) -> None:
    cells = [f"{day:02d}/10/16" for day in range(1, 11)] * 60
    assert "the rows examined (600)" in clerk("import", "--suggest", column(tmp_path, *cells)).ok()
    told = clerk("import", "--suggest", column(tmp_path, *cells, "13/10/16", *cells)).ok()
    assert UNSETTLED not in told and 'dates = "%d/%m/%y"' in told


def test_another_column_of_the_file_settles_it_too(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("Firm,Came in,Closed\nJD,01/10/2016,13/10/2016\n")
    told = clerk("import", "--suggest", path).ok()
    assert "first" not in told and 'dates = "%d/%m/%Y"' in told


def test_dates_of_a_file_with_the_names_of_ones_own_are_looked_at(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("number,platform,received,completed\n1,JD,31.10.16,\n")
    told = clerk("import", "--suggest", path).ok()
    assert 'dates = "%d.%m.%y"' in told and "no mapping needed" not in told
    path.write_text("number,platform,received,completed\n1,JD,03/10/2016,\n")
    told = clerk("import", "--suggest", path).ok()
    assert "no mapping needed" in told and UNSETTLED in told


NO_COMPLETED = "# no column found for completed: all become overdue unless"


@pytest.mark.parametrize(
    ("header", "row", "columns"),
    [
        (
            "ServiceRequestNum,SRType,Agency,CreatedDate,SRStatus,CloseDate",
            "18-001,Repairs,Transport,04/12/2018 11:11:26 AM,Closed,04/13/2018 12:45:47 PM",
            {"number": "ServiceRequestNum", "received": "CreatedDate", "completed": "CloseDate", "category": "SRType"},
        ),
        ("留言编号,平台,留言时间,答复时间", "2549,JD,2019/4/25 9:32:09,2019/5/10 14:56:53",
         {"number": "留言编号", "received": "留言时间", "completed": "答复时间"}),
        (
            "Department,Company,Service request open timestamp,Service request close date",
            "A,Parks,2024-01-24T01:46:04-08:00,2024-01-24",
            {"received": "Service request open timestamp", "completed": "Service request close date"},
        ),
        (
            "srnumber,requesttype,status,createddate,closeddate,owner",
            "1-1523590121,Pickup,Closed,2020-01-01 00:05,2020-01-02 08:43,BOS",
            {"number": "srnumber", "category": "requesttype", "received": "createddate", "completed": "closeddate",
             "phone": None},
        ),
        (
            "Ticket #,Customer Complaint,Company,Date received", "250635,Internet speeds,Cable Co,2015-04-22",
            {"number": "Ticket #", "summary": "Customer Complaint", "consumer": None, "completed": None},
        ),
        ("投诉人,投诉人电话,消费者投诉内容,被投诉企业,企业地址,企业电话,收到日期",
         "张三,13812341234,坏了,京东,北京,01012345678,2016-11-01",
         {"consumer": "投诉人", "phone": "投诉人电话", "summary": "消费者投诉内容", "address": None}),
        ("Customer Name,CustomerPhone,Email Address,Company,Received,Notes about customer",
         "Zhang,138****1234,a@example.com,JD,2016-11-01,x",
         {"consumer": "Customer Name", "phone": "CustomerPhone", "email": "Email Address", "address": None}),
        ("Case ref,Mobile model,Company,Received", "13812341234,iPhone 6,JD,2016-11-01", {"phone": None}),
        ("受理号,Company,Received", "13812341234,JD,2016-11-01", {"phone": None}),
        ("Contact,Company,Received", "138 1234 1234,JD,2016-11-01", {"phone": "Contact"}),
        ("Customer,Company,Received", "They never answered my calls and letters!,JD,2016-11-01", {"consumer": None}),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_names_and_their_values(
    clerk: Clerk, tmp_path: Path, header: str, row: str, columns: dict[str, str | None]
) -> None:
    path = tmp_path / "names.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    mapping = tmp_path / "mine.toml"
    told = clerk("import", "--suggest", path).ok()
    mapping.write_text(told, encoding="utf-8")
    found = {name: texts[0] for name, texts in read_mapping(mapping).columns.items()}
    assert {name: found.get(name) for name in columns} == columns
    assert (NO_COMPLETED in told) == ("completed" not in found)
    if "completed" not in found:
        first = header.partition(",")[0]
        assert NO_COMPLETED not in clerk("import", "--suggest", path, "--map", f"completed={first}").ok()


@pytest.mark.parametrize(
    "column",
    ["应办结时间", "预计完成时间", "承诺办结时间", "Expected close date", "SLAClosedDate", "Target resolution date"],
)
def test_a_day_that_is_planned_is_no_completion(clerk: Clerk, tmp_path: Path, column: str) -> None:
    path = tmp_path / "planned.csv"
    path.write_text(f"编号,平台,登记时间,{column}\n1,JD,2016-11-11,2016-11-14\n", encoding="utf-8")
    told = clerk("import", "--suggest", path).ok()
    assert "no column found for completed" in told and f'completed = "{column}"' not in told


def test_dates_that_may_be_either_are_told_of(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("Firm,Came in\nJD,03/04/2016\n")
    assert "# 03/04/2016 can be read day or month first" in clerk("import", "--suggest", path).ok()


@pytest.mark.parametrize("path", sorted((data_folder() / "mappings").glob("*.toml")), ids=lambda path: path.stem)
def test_what_is_printed_of_a_mapping_is_the_mapping(tmp_path: Path, path: Path) -> None:
    mapping = read_mapping(path)
    (tmp_path / path.name).write_text(mapping_toml(mapping, ["a\nremark \x1b[31m"]), encoding="utf-8")
    assert read_mapping(tmp_path / path.name) == Mapping(
        **{name: getattr(mapping, name) for name in Mapping.__slots__} | {"path": str(tmp_path / path.name)}
    )


def test_awkward_headers_make_sound_toml(tmp_path: Path) -> None:
    header = ['say "received"\\', "platform\x7f\x1b", "=1+1"]
    found = suggest_mapping(header, [], [], [])
    (tmp_path / "m.toml").write_text(mapping_toml(found.mapping, found.remarks), encoding="utf-8")
    assert read_mapping(tmp_path / "m.toml").columns == found.mapping.columns


@pytest.mark.parametrize("header", ["received,platform,platform", "Date received,Company,Company"])
def test_a_column_that_stands_there_twice_is_refused_and_breaks_nothing(
    clerk: Clerk, tmp_path: Path, header: str
) -> None:
    path = tmp_path / "twice.csv"
    path.write_text(f"{header}\n2016-11-01 10:00,JD,JD\n")
    refused = clerk("import", "--suggest", path)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith(f"dealtrack: Cannot read {path}: the header has the column ")
    assert refused.err.endswith(" 2 times; rename all but one.\n")

"""The shipped mappings over every header and date form that their files have had."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter

from dealtrack.errors import MissingColumn
from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.mapping import find_mapping, with_pairs
from dealtrack.exchange.readers import open_source
from dealtrack.exchange.rows import ComplaintReader, FileFacts
from tests.conftest import Clerk

MAPPINGS = Path(__file__).parents[2] / "data" / "mappings"
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")

CFPB_18 = (
    "Date received,Product,Sub-product,Issue,Sub-issue,Consumer complaint narrative,Company public response,Company,"
    "State,ZIP code,Tags,Consumer consent provided?,Submitted via,Date sent to company,Company response to consumer,"
    "Timely response?,Consumer disputed?,Complaint ID"
).split(",")
CFPB_16 = [name for name in CFPB_18 if name not in ("Tags", "Consumer disputed?")]
CFPB_API = (
    "date_received,product,sub_product,issue,sub_issue,complaint_what_happened,company_public_response,company,state,"
    "zip_code,tags,consumer_consent_provided,submitted_via,date_sent_to_company,company_response,timely,"
    "consumer_disputed,complaint_id"
).split(",")
NYC_CLASSIC = (
    "Unique Key,Created Date,Closed Date,Agency,Agency Name,Complaint Type,Descriptor,Location Type,Incident Zip,"
    "Status,Due Date,Resolution Description,Resolution Action Updated Date,Community Board,Borough,"
    "Open Data Channel Type,Latitude,Longitude"
).split(",")
NYC_2026 = [
    {"Complaint Type": "Problem (formerly Complaint Type)", "Descriptor": "Problem Detail (formerly Descriptor)"}.get(
        name, name
    )
    for name in NYC_CLASSIC
]


def snake(names: list[str]) -> list[str]:
    plain = (name.lower().replace("(", "").replace(")", "").replace("?", "") for name in names)
    return ["_".join(name.split()) for name in plain]


def read(path: Path, mapping: str, zone: ZoneInfo, *pairs: str) -> tuple[list[ComplaintRow], FileFacts]:
    wanted = with_pairs(find_mapping(mapping, [MAPPINGS]), pairs)
    with open_source(path) as source:
        reader = ComplaintReader(source, wanted, zone)
        rows = list(reader.read(source.rows))
    assert all(isinstance(row, ComplaintRow) for row in rows), rows
    return [row for row in rows if isinstance(row, ComplaintRow)], reader.facts


def write(folder: Path, header: list[str], values: dict[int, str]) -> Path:
    cells = [values.get(place, "") for place in range(len(header))]
    lines = [",".join(f'"{cell}"' for cell in row) for row in (header, cells)]
    path = folder / "rows.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("header", [CFPB_18, CFPB_16, CFPB_API, snake(CFPB_18)])
@pytest.mark.parametrize(
    ("day", "moment"),
    [
        ("09/12/2016", "2016-09-12T04:00:00Z"),
        ("09/12/16", "2016-09-12T04:00:00Z"),
        ("2016-09-12", "2016-09-12T04:00:00Z"),
        ("2016-09-12T08:15:30.000Z", "2016-09-12T08:15:30Z"),
        ("2016-09-12T12:00:00-05:00", "2016-09-12T17:00:00Z"),
    ],
)
def test_cfpb(tmp_path: Path, header: list[str], day: str, moment: str) -> None:
    told = {
        "date received": day, "date sent to company": day, "company": "EXAMPLE BANK", "issue": "N/A",
        "complaint id": "9000001", "consumer complaint narrative": "two\nlines", "complaint what happened": "two\nlines",
        "timely response": "Yes", "timely": "Yes",
    }  # fmt: skip
    names = [name.lower().replace("_", " ").rstrip("?") for name in header]
    path = write(tmp_path, header, {place: told.get(name, "") for place, name in enumerate(names)})
    (row,), reading = read(path, "cfpb", NEW_YORK)
    assert (row.number, row.platform, row.category, row.summary) == ("9000001", "EXAMPLE BANK", "other", "two\nlines")
    expected = datetime.fromisoformat(moment).astimezone(UTC)
    assert [row.moments[name].start for name in ("received", "forwarded")] == [expected] * 2
    assert "Yes" in row.kept.values() and reading.order.guessed is None and reading.absent == ()


@pytest.mark.parametrize("header", [NYC_CLASSIC, NYC_2026, snake(NYC_CLASSIC), snake(NYC_2026)])
@pytest.mark.parametrize(
    ("created", "closed"),
    [
        ("03/01/2011 02:27:57 PM", "03/04/2011 12:00:00 AM"),
        ("3/1/2011 14:27", "3/4/2011 0:00"),
        ("2011-03-01T14:27:57.000", "2011-03-04T00:00:00.000"),
    ],
)
def test_nyc311(tmp_path: Path, header: list[str], created: str, closed: str) -> None:
    path = write(
        tmp_path,
        header,
        {0: "19944912", 1: created, 2: closed, 3: "DOT", 4: "Department", 5: "Street Light", 6: "Lamp out", 9: "Closed",
         10: "03/09/2011 02:27:57 PM", 14: "QUEENS"},
    )  # fmt: skip
    (row,), reading = read(path, "nyc311", NEW_YORK)
    assert (row.number, row.platform, row.owner) == ("19944912", "DOT", "Department")
    assert (row.category_word, row.summary) == ("Street Light", "Lamp out")
    assert row.moments["received"].start.replace(second=0) == datetime(2011, 3, 1, 19, 27, tzinfo=UTC)
    assert row.moments["completed"].day_only
    assert {"Closed", "QUEENS", "Lamp out"} <= set(row.kept.values())
    assert reading.absent == () and reading.order.guessed is None


def test_open311(tmp_path: Path) -> None:
    common = {"requested_datetime": "2016-11-01T09:00:00-04:00", "updated_datetime": "2016-11-03T10:00:00-04:00",
              "expected_datetime": "2016-11-05T09:00:00-04:00", "lat": 40.7, "service_code": 7}  # fmt: skip
    requests = [
        {**common, "service_request_id": 101, "status": "closed", "agency_responsible": "DOT", "service_name": "Pothole",
         "description": "deep"},
        {**common, "service_request_id": "102", "status": "open", "agency_responsible": None, "service_name": "Graffiti"},
        {**common, "service_request_id": "103", "status": "CLOSED", "updated_datetime": None, "service_name": "Graffiti"},
    ]  # fmt: skip
    path = tmp_path / "requests.json"
    path.write_text(json.dumps(requests))
    rows, _ = read(path, "open311", NEW_YORK)
    assert [(row.number, row.platform, row.summary, sorted(row.moments)) for row in rows] == [
        ("101", "DOT", "deep", ["completed", "received"]),
        ("102", "Graffiti", "Graffiti", ["received"]),
        ("103", "Graffiti", "Graffiti", ["received"]),
    ]
    assert rows[0].kept["expected_datetime"] == "2016-11-05T09:00:00-04:00"


def test_open311_goes_by_the_note_of_closing_and_says_what_the_rest_is(clerk: Clerk, tmp_path: Path) -> None:
    common = {"status": "closed", "service_name": "Lamp", "requested_datetime": "2016-11-01T13:43:50-05:00",
              "updated_datetime": "2016-11-14T10:15:40-06:00"}  # fmt: skip
    opened = {"datetime": "2016-11-01T13:43:50-05:00", "type": "opened"}
    closed = [
        {"datetime": f"2016-11-0{day}T13:49:44-05:00", "type": kind} for day, kind in ((2, "closed"), (4, "Closed"))
    ]
    requests = [
        {**common, "service_request_id": "1", "notes": [opened, *closed[::-1]]},
        {**common, "service_request_id": "2", "notes": [opened]},
        {**common, "service_request_id": "3", "notes": None},
        {**common, "service_request_id": "4", "status": "open", "notes": closed},
    ]
    path = tmp_path / "requests.json"
    path.write_text(json.dumps({"service_requests": requests}))
    told = clerk("import", path, "--mapping", "open311")
    assert told.ok() and "completed is taken from updated_datetime, the last change of any kind" in told.err
    shown = json.loads(clerk("list", "--format", "json").ok())
    assert [complaint["completed"] for complaint in shown] == [
        "2016-11-05T02:49:44+08:00", "2016-11-15T00:15:40+08:00", "2016-11-15T00:15:40+08:00", None,
    ]  # fmt: skip
    assert "last change" not in clerk("import", path, "--map", "number=service_request_id", "--set", "platform=JD",
                                      "--map", "received=requested_datetime", "--dry-run").err  # fmt: skip


COLUMNS_12315 = (
    "登记编号 类型 接收方式 企业名称 企业地址 诉求内容 问题类别 初查受理状态 处理机构 处理部门 反馈内容 消费金额 "
    "挽回经济损失 办理情况状态 登记时间 办结时间"
).split()


def workbook_12315(folder: Path) -> Path:
    path = folder / "12315.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("投诉举报")
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.merge_range(0, 0, 0, 5, "全国12315平台投诉举报登记表")
        sheet.write_row(1, 0, COLUMNS_12315)
        for line, (number, state) in enumerate(
            (("1110000002016110100001", "已办结"), ("1110000002016110100002", "处理中")), 2
        ):
            row = [
                number,
                "投诉",
                "互联网",
                "某电商公司",
                "北京市",
                "屏幕有划痕",
                "产品质量",
                "已受理",
                "某局",
                "消保科",
                "已退款",
                1299.5,
                199,
                state,
            ]
            sheet.write_row(line, 0, row)
            sheet.write_datetime(line, 14, datetime(2016, 11, 1, 9, 30), day)
            sheet.write_datetime(line, 15, datetime(2016, 11, 3, 10, 0), day)
    return path


def test_12315_asks_for_its_date_columns(tmp_path: Path) -> None:
    path = workbook_12315(tmp_path)
    with pytest.raises(MissingColumn) as caught:
        read(path, "12315", SHANGHAI)
    message = str(caught.value)
    assert "has no column known to mapping 12315 for received; its header: 登记编号, " in message
    assert message.endswith("Name the column: --map received=COLUMN.")


def test_12315_with_its_date_columns_named(tmp_path: Path) -> None:
    path = workbook_12315(tmp_path)
    rows, reading = read(path, "12315", SHANGHAI, "received=登记时间", "completed=办结时间", "amount=挽回经济损失")
    done, open_ = rows
    assert (done.number, done.platform, done.category, done.category_word) == (
        "1110000002016110100001", "某电商公司", "quality", "产品质量",
    )  # fmt: skip
    assert (done.owner, done.summary, done.amount) == ("消保科", "屏幕有划痕", "199.00")
    assert done.moments["received"].start == datetime(2016, 11, 1, 1, 30, tzinfo=UTC)
    assert done.moments["completed"].start == datetime(2016, 11, 3, 2, tzinfo=UTC)
    assert done.kept["消费金额"] == "1299.5" and done.kept["反馈内容"] == "已退款"
    assert open_.kept["办理情况状态"] == "处理中" and "completed" not in open_.moments
    assert reading.open_fields == ("forwarded",) and reading.ignored == {}

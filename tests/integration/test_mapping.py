"""Mappings and what they make of rows: columns, dates, blanks, sentinels, words, and refusals with their reasons."""

import csv
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dealtrack import settings
from dealtrack.core.moments import Moment
from dealtrack.errors import BadMappingFile, CannotRead, DealtrackError, MissingColumn, UnknownWord
from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.date_forms import AUTO
from dealtrack.exchange.mapping import (
    FIELDS,
    Mapping,
    find_mapping,
    mapping_names,
    read_mapping,
    with_dates,
    with_pairs,
)
from dealtrack.exchange.readers import Refusal, open_source
from dealtrack.exchange.rows import ComplaintReader, FileFacts

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "data" / "mappings"
SHARED = ROOT.parent / "shared" / "data"


def take(
    path: Path, mapping: Mapping | None = None, zone: ZoneInfo = SHANGHAI
) -> tuple[list[ComplaintRow], list[Refusal], FileFacts]:
    with open_source(path) as source:
        reader = ComplaintReader(source, mapping or Mapping(), zone)
        rows = list(reader.read(source.rows))
    taken = [row for row in rows if isinstance(row, ComplaintRow)]
    return taken, [row for row in rows if isinstance(row, Refusal)], reader.facts


def write(folder: Path, content: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def reasons(folder: Path, content: str) -> list[str]:
    taken, refused, _ = take(write(folder, content))
    assert not taken
    return [row.reason for row in refused]


# Mapping files


def test_the_shipped_mappings_can_be_read() -> None:
    assert mapping_names([MAPPINGS]) == ["12315", "cfpb", "nyc311", "open311"]
    for name in mapping_names([MAPPINGS]):
        assert find_mapping(name, [MAPPINGS]).name == name


def test_the_users_folder_goes_before_the_shipped_one(tmp_path: Path) -> None:
    write(tmp_path, 'title = "own"\n[columns]\nreceived = "A"\nplatform = "B"\n', "cfpb.toml")
    assert find_mapping("cfpb", [tmp_path, MAPPINGS]).columns == {"received": ("A",), "platform": ("B",)}
    assert find_mapping(str(tmp_path / "cfpb.toml"), [MAPPINGS]).name == "cfpb"


BASE = '[columns]\nreceived = "A"\nplatform = "B"\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no column for received, which every complaint needs"),
        ("[columns]\nreceived = 'A'", "there is no column for platform, which every complaint needs"),
        ("[columns", "it is not TOML: "),
        ("x = " + "9" * 5000, "Exceeds the limit"),
        ("x = " + "[" * 5000, "it is not TOML: it is nested too deeply"),
        ("colour = 1\n" + BASE, "unknown key colour; allowed: "),
        ("dates = 1\n" + BASE, "dates must be a list of texts"),
        ("dates = '%d/%m'\n" + BASE, "%d/%m is not a date format: it has no year, %Y"),
        ("dates = '%Q %Y'\n" + BASE, "%Q %Y is not a date format: unknown directive %Q"),
        ("dates = '%d/%m/%Y %I:%M'\n" + BASE, "%d/%m/%Y %I:%M is not a date format: %I needs %p"),
        ("timezone = 'Mars/Olympus'\n" + BASE, "Mars/Olympus is not a time zone"),
        ("timezone = '../etc'\n" + BASE, "../etc is not a time zone"),
        ("midnight = 'noon'\n" + BASE, "midnight must be day or moment"),
        ("order = 'sure'\n" + BASE, "order must be guessed or known"),
        ("sentinels = ['never']\n" + BASE, "never in sentinels is not a date such as 1900-01-01"),
        ("keep = [1]\n" + BASE, "keep must be text"),
        (BASE + "plattform = 'C'", "there is no field plattform. Did you mean platform"),
        (BASE + "owner = 3", "columns.owner must be text"),
        (BASE + "[constants]\nplatform = 'JD'", "platform has both a column and a constant"),
        (BASE + "[constants]\ncompleted = '2016-11-11'", "completed cannot be a constant: it is a time"),
        (BASE + "[values]\ncategory = 'x'", "values.category must be a table of words"),
        (BASE + "[values.received]\nx = 'y'", "values.received: a time has no table of words"),
        ("asked = 'received'\n" + BASE, "received is in asked, but has a column or a constant"),
        ("asked = 'when'\n" + BASE, "there is no field when."),
        (
            BASE + "[only.received]\nA = 'x'",
            "only.received: only events after the receipt can depend on a column: forwarded",
        ),
        (BASE + "[only]\ncompleted = 'x'", "only.completed must be a table of columns"),
        (BASE + "[only.completed]\nStatus = 1", "only.completed.Status must be text"),
    ],
)
def test_says_what_is_wrong_with_a_mapping_file(tmp_path: Path, text: str, reason: str) -> None:
    path = write(tmp_path, text, "bad.toml")
    with pytest.raises(BadMappingFile) as caught:
        read_mapping(path)
    assert str(caught.value).startswith(f"Mapping {path}: {reason}")
    assert caught.value.exit_code == 2


def test_an_unknown_mapping_is_met_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        BadMappingFile, match=r"nyc31: there is no such mapping. Did you mean nyc311\? Known: 12315, cfpb"
    ):
        find_mapping("nyc31", [tmp_path, MAPPINGS])
    with pytest.raises(CannotRead, match="there is no such file"):
        find_mapping("folder/none.toml", [MAPPINGS])
    with pytest.raises(CannotRead):
        read_mapping(tmp_path)
    (tmp_path / "gb.toml").write_bytes("title = '投诉'".encode("gb18030"))
    with pytest.raises(BadMappingFile, match="it is not UTF-8 text"):
        read_mapping(tmp_path / "gb.toml")


@pytest.mark.parametrize("pair", ["platform", "platform=", "=Company", "plattform=Company", "id=Number", ""])
def test_refuses_bad_pairs(pair: str) -> None:
    with pytest.raises(UnknownWord) as caught:
        with_pairs(Mapping(), [pair])
    assert str(caught.value).count("\n") == 0


def test_refuses_bad_date_forms() -> None:
    assert with_dates(Mapping(), []).dates == (AUTO,)
    assert with_dates(Mapping(), ["%d/%m/%Y"]).dates == ("%d/%m/%Y",)
    with pytest.raises(UnknownWord, match="--date-format cannot be '%d'"):
        with_dates(Mapping(), ["%d"])


# Rows


def test_a_row_in_full(tmp_path: Path) -> None:
    content = (
        "NUMBER,Platform,category,seller,owner,policy,received,forwarded,completed,withdrawn,rejected,outcome,amount,"
        "consumer,phone,email,summary,id,forward_due\n"
        "BJ-1, 京东 ,质量,自营,消保科,green-channel,2016-11-11 21:30,2016-11-14,2016-11-15 10:00:00,,,"
        'refund,"¥1,299.5",测试用户001,00000000001,test@example.com,"外壳\n破裂",7,x\n'
    )
    taken, refused, reading = take(write(tmp_path, content))
    assert not refused
    (row,) = taken
    exact = {name: utc(text) for name, text in (("received", "2016-11-11T13:30Z"), ("completed", "2016-11-15T02:00Z"))}
    assert row.moments == {
        "received": Moment(exact["received"], exact["received"], False),
        "forwarded": Moment(utc("2016-11-13T16:00Z"), utc("2016-11-14T16:00Z"), True),
        "completed": Moment(exact["completed"], exact["completed"], False),
    }
    assert (row.line, row.number, row.platform) == (2, "BJ-1", "京东")
    assert (row.category, row.category_word) == ("quality", "质量")
    assert (row.seller, row.owner, row.policy, row.outcome, row.amount) == (
        "platform", "消保科", "green-channel", "refund", "1299.50",
    )  # fmt: skip
    assert (row.consumer, row.phone, row.email) == ("测试用户001", "00000000001", "test@example.com")
    assert (row.summary, row.address, row.kept) == ("外壳\n破裂", None, {})
    assert list(reading.ignored) == ["id", "forward_due"]
    assert reading.absent == ("address",)


def test_only_receipt_and_platform_are_needed(tmp_path: Path) -> None:
    taken, refused, _ = take(write(tmp_path, "received;platform\n2016-11-11;JD\n"))
    assert not refused
    assert (taken[0].category, taken[0].category_word, taken[0].number) == ("other", None, None)


def test_a_category_that_is_not_known_becomes_other_and_keeps_its_word(tmp_path: Path) -> None:
    taken, _, _ = take(write(tmp_path, "received,platform,category\n2016-11-11,JD,Noise\n2016-11-11,JD,货不对板\n"))
    assert [(row.category, row.category_word) for row in taken] == [("other", "Noise"), ("mismatch", "货不对板")]


def test_seller_words(tmp_path: Path) -> None:
    words = ("platform", "Third-Party", "自营", "第三方", "own", "MARKETPLACE", "")
    content = "received,platform,seller\n" + "".join(f"2016-11-11,JD,{word}\n" for word in words)
    assert [row.seller for row in take(write(tmp_path, content))[0]] == [
        "platform", "third-party", "platform", "third-party", "platform", "third-party", None,
    ]  # fmt: skip


HEADER = "received,platform,forwarded,completed,withdrawn,rejected,outcome,amount,seller,summary\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",JD,,,,,,,,", "received is empty: a complaint needs the time of its receipt"),
        ("2016-11-11, ,,,,,,,,", "platform is empty: a complaint needs a platform"),
        ("2016-02-30,JD,,,,,,,,", "received: '2016-02-30' in column 'received' does not exist in the calendar"),
        (
            "2016-11-11,JD,2016-11-10,,,,,,,",
            "forwarded '2016-11-10' in column 'forwarded' is before received '2016-11-11' in column 'received'",
        ),
        (
            "2016-11-11 10:00,JD,2016-11-11 09:59:59,,,,,,,",
            "forwarded '2016-11-11 09:59:59' in column 'forwarded' "
            "is before received '2016-11-11 10:00' in column 'received'",
        ),
        (
            "2016-11-01,JD,2016-11-05 08:00,2016-11-04,,,,,,",
            "completed '2016-11-04' in column 'completed' is before forwarded '2016-11-05 08:00' in column 'forwarded'",
        ),
        ("2016-11-01,JD,,2016-11-04,2016-11-04,,,,,", "it was both completed and withdrawn, but a complaint ends once"),
        ("2016-11-01,JD,,,,,refund,,,", "outcome is 'refund', but the complaint was not completed"),
        ("2016-11-01,JD,,,2016-11-02,,,5,,", "amount is '5.00', but the complaint was not completed"),
        ("2016-11-01,JD,,2016-11-02,,,,-5,,", "amount: '-5' in column 'amount' is not an amount"),
        ("2016-11-01,JD,,,,,,,someone,", "seller: 'someone' in column 'seller' is neither platform nor third-party"),
        (f"2016-11-01,{'x' * 301},,,,,,,,", "column 'platform' has 301 characters; the maximum is 300"),
    ],
)
def test_refuses_a_row_with_its_reason(tmp_path: Path, row: str, reason: str) -> None:
    assert reasons(tmp_path, HEADER + row + "\n") == [reason]


@pytest.mark.parametrize(
    "row",
    [
        "2016-11-11 10:00,JD,2016-11-11,2016-11-11,,,,,,",
        "2016-11-11,JD,2016-11-11 00:00,2016-11-11,,,,,,",
        "2016-11-11 10:00,JD,2016-11-11 10:00,2016-11-11 10:00,,,,,,",
        "2016-11-11 10:00,JD,,2016-11-11,,,,,,",
    ],
)
def test_a_day_alone_fits_with_what_happened_on_it(tmp_path: Path, row: str) -> None:
    taken, refused, _ = take(write(tmp_path, HEADER + row + "\n"))
    assert (len(taken), refused) == (1, [])


def test_refused_rows_stand_among_the_others_in_order(tmp_path: Path) -> None:
    path = write(tmp_path, "received,platform\n2016-11-11,JD\n2016-11-11\nbad,JD\n2016-11-12,JD\n")
    with open_source(path) as source:
        reader = ComplaintReader(source, Mapping(), SHANGHAI)
        rows = list(reader.read(source.rows))
    assert [(type(row).__name__, row.line) for row in rows] == [
        ("ComplaintRow", 2), ("Refusal", 3), ("Refusal", 4), ("ComplaintRow", 5),
    ]  # fmt: skip
    assert isinstance(rows[2], Refusal) and rows[2].raw.values == {"received": "bad", "platform": "JD"}


def test_a_missing_column_is_named_with_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path, "Date,Company\n2016-11-11,JD\n")
    with pytest.raises(MissingColumn) as caught:
        take(path)
    assert str(caught.value) == (
        f"{path} has no column 'received' for received; its header: Date, Company. "
        "Name the column: --map received=COLUMN."
    )
    with pytest.raises(MissingColumn, match="no column 'Owners' for owner"):
        take(path, with_pairs(Mapping(), ["received=date", "platform=COMPANY", "owner=Owners"]))
    taken, _, _ = take(path, with_pairs(Mapping(), ["received=date", "platform=COMPANY"]))
    assert taken[0].platform == "JD"


def test_a_column_that_stands_twice_is_refused_only_where_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "received,platform,note,note\n2016-11-11,JD,1,2\n")
    assert len(take(path)[0]) == 1
    path = write(tmp_path, "received,platform,Platform\n2016-11-11,JD,Tmall\n")
    assert take(path)[0][0].platform == "JD", "the exact name goes first"
    path = write(tmp_path, "received,platform,platform\n2016-11-11,JD,Tmall\n")
    with pytest.raises(CannotRead, match="the header has the column platform 2 times; rename all but one"):
        take(path)


def test_pairs_go_before_a_mapping_and_replace_constants(tmp_path: Path) -> None:
    mapping_file = write(
        tmp_path,
        'blanks = ["N/A"]\n[columns]\nreceived = "When"\nowner = ["Team", "Desk"]\n[constants]\nplatform = "JD"\n'
        '[values.owner]\nA = "Team A"\n',
        "own.toml",
    )
    path = write(tmp_path, "When,Team,Desk,Shop\n2016-11-11,a,x,Tmall\n2016-11-11,n/a,Desk 7,Tmall\n")
    taken, _, reading = take(path, read_mapping(mapping_file))
    assert [(row.platform, row.owner) for row in taken] == [("JD", "Team A"), ("JD", "Desk 7")]
    assert list(reading.ignored) == ["Shop"]
    taken, _, _ = take(path, with_pairs(read_mapping(mapping_file), ["platform=Shop", "owner=Desk"]))
    assert [(row.platform, row.owner) for row in taken] == [("Tmall", "x"), ("Tmall", "Desk 7")]


def test_json_objects_may_leave_fields_out(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"received": "2016-11-11", "platform": "JD"}\n'
        '{"platform": "Tmall", "number": 17, "received": "2016-11-11", "extra": 1}\n'
        '{"platform": "Tmall"}\n'
        '{"platform": {"name": "Tmall"}, "received": "2016-11-11"}\n',
        "file.jsonl",
    )
    taken, refused, reading = take(path)
    assert [(row.platform, row.number) for row in taken] == [("JD", None), ("Tmall", "17")]
    assert [(row.line, row.reason) for row in refused] == [
        (3, "received is empty: a complaint needs the time of its receipt"),
        (4, "column 'platform' is an object or a list, not a single value"),
    ]
    assert list(reading.ignored) == ["extra"]


def test_what_the_register_exports_for_spreadsheets_is_undone(tmp_path: Path) -> None:
    row = take(write(tmp_path, "received,platform,summary\n2016-11-11,JD,'=1+1\n"))[0][0]
    assert row.summary == "=1+1"


# Real records


def real(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not beside this checkout, in ../shared/data")
    return path


def test_cfpb() -> None:
    path = real("cfpb-2019-sample.csv")
    taken, refused, reading = take(path, find_mapping("cfpb", [MAPPINGS]), NEW_YORK)
    assert (len(taken), refused, reading.absent, reading.order.guessed) == (268, [], (), None)
    assert sum("completed" in row.moments for row in taken) == 0
    assert all(moment.day_only for row in taken for moment in row.moments.values())
    days = Counter((row.moments["forwarded"].start - row.moments["received"].start).days for row in taken)
    assert (days[0], days[1]) == (214, 17)
    assert all(row.summary for row in taken)
    assert Counter(row.category for row in taken)["advertising"] == 2
    with path.open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    assert [row.number for row in taken] == [row["Complaint ID"] for row in expected]
    assert [row.category_word for row in taken] == [row["Issue"] for row in expected]
    assert [row.kept["Company response to consumer"] for row in taken] == [
        row["Company response to consumer"] for row in expected
    ]


def test_nyc311() -> None:
    path = real("nyc311-2011-sample.csv")
    taken, refused, reading = take(path, find_mapping("nyc311", [MAPPINGS]), NEW_YORK)
    assert (len(taken), refused, reading.absent, reading.order.guessed) == (2000, [], (), None)
    assert sum("completed" in row.moments for row in taken) == 1957
    with path.open(encoding="utf-8", newline="") as file:
        for row, expected in zip(taken, csv.DictReader(file), strict=True):
            assert row.number == expected["Unique Key"]
            assert row.category_word == expected["Complaint Type"]
            created = datetime.strptime(expected["Created Date"], "%m/%d/%Y %I:%M:%S %p")
            assert row.moments["received"].start == created.replace(tzinfo=NEW_YORK).astimezone(UTC)
    (sentinel,) = [row for row in taken if row.number == "19944912"]
    assert "completed" not in sentinel.moments
    assert sentinel.kept["Status"] == "Assigned"


@pytest.mark.parametrize(
    ("closed", "reason"),
    [
        ("02/28/2011 11:00:00 PM", "completed '02/28/2011 11:00:00 PM' in column 'Closed Date' is before received "),
        ("03/13/2011 02:30:00 AM", "completed: '03/13/2011 02:30:00 AM' in column 'Closed Date' does not exist"),
        ("soon", "completed: 'soon' in column 'Closed Date' is not a date "),
    ],
)
def test_nyc311_refuses(tmp_path: Path, closed: str, reason: str) -> None:
    path = write(tmp_path, f"Unique Key,Created Date,Closed Date,Agency\n1,03/01/2011 02:27:57 PM,{closed},DOT\n")
    taken, refused, _ = take(path, find_mapping("nyc311", [MAPPINGS]), NEW_YORK)
    assert not taken
    assert refused[0].reason.startswith(reason)


@pytest.mark.parametrize(
    "content",
    [
        "Unique Key,Created Date,Closed Date,Agency,Problem (formerly Complaint Type)\n"
        "1,3/14/2025 1:20,03/14/2025 12:00:00 AM,DOHMH,Smoking\n",
        "unique_key,created_date,closed_date,agency,complaint_type\n"
        "1,2025-03-14T01:20:00.000,2025-03-14T00:00:00.000,DOHMH,Smoking\n",
    ],
)
def test_nyc311_of_other_years_and_of_the_api(tmp_path: Path, content: str) -> None:
    taken, refused, _ = take(write(tmp_path, content), find_mapping("nyc311", [MAPPINGS]), NEW_YORK)
    assert not refused
    row = taken[0]
    assert (row.number, row.platform, row.category_word) == ("1", "DOHMH", "Smoking")
    assert row.moments["received"].start == utc("2025-03-14T05:20:00Z")
    assert row.moments["completed"].day_only


@pytest.mark.parametrize("day", ["09/12/2016", "2016-09-12", "2016-09-12T08:15:30.000Z"])
def test_cfpb_of_other_years(tmp_path: Path, day: str) -> None:
    header = "complaint_id,date_received,date_sent_to_company,company,issue,complaint_what_happened"
    content = f"{header}\n1,{day},{day},A,N/A,x\n"
    taken, refused, _ = take(write(tmp_path, content), find_mapping("cfpb", [MAPPINGS]), NEW_YORK)
    assert not refused
    assert taken[0].moments["received"].start.date() == date(2016, 9, 12)
    assert (taken[0].category, taken[0].category_word, taken[0].summary) == ("other", None, "x")


def test_the_default_mapping_has_the_fields_of_the_design() -> None:
    names = (
        "number platform category seller owner policy received forwarded completed withdrawn rejected outcome amount"
    )
    assert set(FIELDS) - {"address"} == {*names.split(), "consumer", "phone", "email", "summary"}
    assert issubclass(BadMappingFile, DealtrackError) and settings.data_folder().is_dir()

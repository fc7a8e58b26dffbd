"""The official notices taken into a register's calendar: in any order, whatever was ruled before, and all of it shown."""

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from holidays.countries.china import ChinaStaticHolidays
from opencc import OpenCC
from openpyxl import Workbook

from dealtrack.core.calendar import CalendarRules, WorkingCalendar
from dealtrack.register.opening import open_register
from dealtrack.settings import data_folder
from dealtrack.sources.calendars import load_calendar
from tests.conftest import IS_LONG, Clerk
from tests.make_register import unpack
from tests.registers import copy_register
from tests.worked_table import ROWS

Days = dict[str, bool]
NOTICE_2018: Days = {
    **{f"2018-{day}": True for day in ("01-01", "02-15", "02-16", "02-17", "02-18", "02-19", "02-20", "02-21")},
    **{f"2018-{day}": False for day in ("02-11", "02-24")},
}
NOTICE_2019: Days = {
    "2018-12-29": False,
    "2018-12-30": True,
    "2018-12-31": True,
    "2019-01-01": True,
    "2019-05-01": True,
}
LABOUR_2019: Days = {
    **{f"2019-05-0{day}": True for day in (1, 2, 3, 4)},
    "2019-04-28": False,
    "2019-05-05": False,
}
NOTICE_2020: Days = {f"2020-01-{day}": True for day in range(24, 31)} | {"2020-01-19": False, "2020-02-01": False}
EXTENSION_2020: Days = {"2020-01-31": True, "2020-02-01": True, "2020-02-02": True}
ISSUED = {
    "2018": "2017-11-30",
    "2019": "2018-12-04",
    "labour": "2019-03-22",
    "2020": "2019-11-21",
    "extension": "2020-01-26",
}
NOTICES = {
    "2018": NOTICE_2018,
    "2019": NOTICE_2019,
    "labour": LABOUR_2019,
    "2020": NOTICE_2020,
    "extension": EXTENSION_2020,
}
# 2027, invented: the Spring Festival on Saturday 6 February.
INVENTED = ((2, 8, 1, 31), (2, 9, 2, 13), (2, 10, 2, 14))


def _write(folder: Path, name: str, days: Days) -> Path:
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("date", "name", "off"))
        writer.writerows((day, "", str(off).lower()) for day, off in days.items())
    return path


def _previewed(clerk: Clerk, file: Path, *options: object) -> str:
    """Return what is shown of an import off a terminal, which changes nothing without --yes."""
    shown = clerk("calendar", "import", file, *options)
    assert shown.status == 2
    assert shown.err.endswith("dealtrack: Preview only. Re-run with --yes to apply.\n")
    return shown.out


def _rules(clerk: Clerk) -> CalendarRules:
    with open_register(clerk.address) as register:
        return register.calendar_rules()


@pytest.fixture
def china(new_clerk: Callable[..., Clerk], full_register: Path) -> Callable[[], Clerk]:
    """Give a way to get clerks in Beijing, each with a fresh register of the packaged calendar."""

    def make() -> Clerk:
        clerk = new_clerk(now="2026-06-01T09:00:00+08:00")
        copy_register(full_register, clerk.address)
        return clerk

    return make


def test_a_year_imported_leaves_late_december_to_the_next_years_notice(
    china: Callable[[], Clerk], tmp_path: Path
) -> None:
    clerk = china()
    file = _write(tmp_path, "2018", NOTICE_2018)
    told = _previewed(clerk, file, "--year", 2018)
    assert "2018-12-" not in told
    assert told == "name or source of 10 days change\n", "no day changes, and none is listed"
    clerk("calendar", "import", file, "--year", 2018, "--yes").ok()
    shown = clerk("calendar", "show", "2018-12", "--format", "json").ok()
    worked = {each["day"]: each["worked"] for each in json.loads(shown)}
    assert worked["2018-12-29"] and not worked["2018-12-31"]
    assert clerk("calendar", "refresh", "--yes").ok() == "the calendar is unchanged\n", "refresh undoes no import"
    clerk("verify").ok()
    clerk("recheck", "--rebuild").ok()


def test_imports_in_any_order_give_one_calendar(china: Callable[[], Clerk], tmp_path: Path) -> None:
    files = {name: _write(tmp_path, name, days) for name, days in NOTICES.items()}
    made: list[CalendarRules] = []
    for order in (list(NOTICES), list(NOTICES)[::-1], ["extension", "2020", "2019", "labour", "2018"]):
        clerk = china()
        for name in order:
            year = ("--year", name) if name.isdigit() else ()
            clerk("calendar", "import", files[name], *year, "--source", name, "--issued", ISSUED[name], "--yes").ok()
        clerk("calendar", "refresh", "--yes").ok()
        made.append(_rules(clerk))
        assert clerk("calendar", "import", files["2020"], "--year", 2020, "--source", "2020", "--issued",
                     ISSUED["2020"], "--yes").ok().splitlines()[-1] == "the calendar is unchanged"  # fmt: skip
    assert made[0] == made[1] == made[2]
    off = [day.isoformat() for day, ruling in made[0].rulings.items() if not ruling.worked]
    assert {"2020-02-01", "2018-12-31", "2019-05-02"} <= set(off)


def test_the_day_of_issue_is_asked_for_only_where_it_counts(china: Callable[[], Clerk], tmp_path: Path) -> None:
    clerk = china()
    file = _write(tmp_path, "2020", NOTICE_2020)
    refused = clerk("calendar", "import", file, "--year", 2020, "--yes")
    assert refused.status == 2
    assert refused.err == (
        "dealtrack: holidays CN and 2020.csv differ on 2020-02-01; the issue day of the latter is unknown. "
        "Import it with --issued DAY.\n"
    )
    told = _previewed(clerk, file, "--year", 2020, "--issued", "2019-11-21")
    assert told.startswith("Sat 2020-02-01: remains a day off (Spring Festival, extended), despite this notice\n")
    # What the source names is the day of issue, too.
    clerk("calendar", "import", file, "--year", 2020, "--source", "notice of 2019-11-21", "--yes").ok()
    asked = china()
    shown = asked.at_terminal("calendar", "import", file, "--year", 2020, typed=b"2019-11-21\ny\n").out
    assert "Date of issue: " in shown and "calendar revision 2" in shown


def test_a_region_comes_before_the_nation(china: Callable[[], Clerk], tmp_path: Path) -> None:
    region = _write(tmp_path, "region", {"2026-10-08": True, "2026-10-10": True})
    nation = _write(tmp_path, "nation", {"2026-10-08": False, "2026-10-10": False})
    made = []
    for order in ((region, nation), (nation, region)):
        clerk = china()
        for file in order:
            scope = ("--scope", "Xinjiang") if file is region else ()
            clerk("calendar", "import", file, "--issued", "2026-05-01", *scope, "--yes").ok()
        made.append(_rules(clerk))
    assert made[0] == made[1]
    assert not made[0].ruling(date(2026, 10, 10)).worked
    clerk = china()
    clerk("calendar", "import", region, "--issued", "2026-05-01", "--yes").ok()
    refused = clerk("calendar", "import", nation, "--issued", "2026-05-01", "--yes")
    assert refused.status == 2 and "both issued on 2026-05-01" in refused.err


def test_an_amendment_of_the_clerks_stands_whenever_the_notice_comes(
    china: Callable[[], Clerk], tmp_path: Path
) -> None:
    file = _write(tmp_path, "2027", {"2027-01-04": False, "2027-01-01": True})
    amend = ("calendar", "amend", "2027-01-04", "--off", "--name", "storm", "--source", "notice", "--yes")
    take_in = ("calendar", "import", file, "--year", 2027, "--yes")
    made = []
    for order in ((amend, take_in), (take_in, amend)):
        clerk = china()
        for words in order:
            clerk(*words).ok()
        made.append(_rules(clerk))
    assert made[0] == made[1]
    assert not made[0].ruling(date(2027, 1, 4)).worked


def test_the_preview_lists_every_day_those_against_the_weekday_rule_first(
    china: Callable[[], Clerk], tmp_path: Path
) -> None:
    clerk = china()
    # Of July and August 2026 every weekday off, and a Saturday worked; 7 October, a holiday, worked again.
    days = {f"2026-07-{day:02}": True for day in range(1, 32)} | {"2026-08-01": False, "2026-10-07": False}
    told = _previewed(clerk, _write(tmp_path, "long", days), "--issued", "2026-05-01").splitlines()
    listed = [line.split(":")[0].split()[-1] for line in told if "->" in line]
    weekdays = [f"2026-07-{day:02}" for day in range(1, 32) if day not in (4, 5, 11, 12, 18, 19, 25, 26)]
    assert listed == [*weekdays, "2026-08-01", "2026-10-07"]
    assert not any(line.startswith("... ") for line in told)


def test_a_deadline_is_the_same_by_the_packaged_calendar_and_by_the_imported_notice(
    china: Callable[[], Clerk], tmp_path: Path
) -> None:
    """Order 121 art. 45: 28 July + 60 days is Saturday 26 September 2026, in the holiday from 25 to 27."""
    autumn = {f"2026-09-{day}": True for day in (25, 26, 27)}
    for imported in (False, True):
        clerk = china()
        clerk.now = "2026-08-01T09:00:00+08:00"
        if imported:
            told = clerk("calendar", "import", _write(tmp_path, "2026", autumn), "--year", 2026, "--yes").ok()
            assert "->" not in told
        clerk("add", "--platform", "JD", "--policy", "samr-complaint", "--at", "2026-07-27 10:00").ok()
        clerk("accept", 1, "--at", "2026-07-28 10:00").ok()
        (record,) = json.loads(clerk("list", "--format", "json").ok())
        assert record["mediate_due"] == "2026-09-28T23:59:59+08:00"
        shown = clerk("explain", 1, "--clock", "mediate").ok()
        assert "due day, after the holiday 2026-09-25 to 2026-09-27" in shown
        assert "Sun 2026-09-27\t–\tskipped: " in shown and "in the holiday 2026-09-25 to 2026-09-27" in shown
        (day,) = [each for each in json.loads(clerk("calendar", "show", "2026-09", "--format", "json").ok())
                  if each["day"] == "2026-09-26"]  # fmt: skip
        assert day["holiday"] == "2026-09-25/2026-09-27"


@pytest.fixture
def next_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the package's table of China a year 2027, as its next release will."""
    monkeypatch.setitem(ChinaStaticHolidays.special_public_holidays, 2027, INVENTED)


def test_a_fresh_register_has_the_year_that_a_release_of_the_package_publishes(
    next_release: None, new_clerk: Callable[..., Clerk]
) -> None:
    clerk = new_clerk(now="2026-12-01T09:00:00+08:00")
    clerk("init").ok()
    day = json.loads(clerk("calendar", "next", 1, "--from", "2027-02-05", "--format", "json").ok())
    assert (day["due"], day["provisional"]) == ("2027-02-11", False)
    (shown,) = [each for each in json.loads(clerk("calendar", "show", "2027-02", "--format", "json").ok())
                if each["day"] == "2027-02-08"]  # fmt: skip
    assert shown["source"].startswith("holidays 0.") and shown["confirmed"]
    assert "2027" not in clerk("doctor").err
    assert max(_rules(clerk).official) == 2027


def test_a_release_with_another_year_changes_no_day_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_calendar("cn-beijing", data_folder(), Path("nowhere"))
    monkeypatch.setitem(ChinaStaticHolidays.special_public_holidays, 2027, INVENTED)
    after = load_calendar("cn-beijing", data_folder(), Path("nowhere"))
    changed = [day for day in {*before.rulings, *after.rulings} if before.ruling(day) != after.ruling(day)]
    assert {day.year for day in changed} == {2027}
    assert after.official - before.official == {2027}
    calendar = WorkingCalendar(after)
    for received, forward_due, forwarded, complete_due, provisional, _why in ROWS:
        if not provisional:
            assert calendar.nth_after(date.fromisoformat(received), 1).isoformat() == forward_due
            assert calendar.nth_after(date.fromisoformat(forwarded), 2).isoformat() == complete_due


def test_refresh_takes_in_the_year_that_a_release_publishes_and_leaves_an_imported_notice(
    china: Callable[[], Clerk], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plain, imported = china(), china()
    notice = {"2027-02-08": True, "2027-02-09": False, "2027-02-10": True, "2027-01-31": False}
    file = _write(tmp_path, "2027", notice)
    imported("calendar", "import", file, "--year", 2027, "--source", "the notice", "--yes").ok()
    before = _rules(imported)
    monkeypatch.setitem(ChinaStaticHolidays.special_public_holidays, 2027, INVENTED)
    warned = plain("doctor", now="2026-12-01T09:00:00+08:00")
    assert "The calendar differs from the bundled one" in warned.err and warned.status == 1
    told = plain("calendar", "refresh", "--yes").ok()
    assert "2027: now official" in told
    assert "Sat 2027-02-13: day off (weekend) -> working day (make-up working day for" in told
    assert not json.loads(plain("calendar", "next", 1, "--from", "2027-02-05", "--format", "json").ok())["provisional"]
    imported("calendar", "refresh", "--yes").ok()
    after = _rules(imported)
    for day, off in notice.items():
        (ruling,) = [ruling for ruled, ruling in after.rulings.items() if ruled.isoformat() == day]
        assert (ruling.worked, ruling.source) == (not off, "the notice")
    assert before.official == after.official
    for clerk in (plain, imported):
        clerk("verify").ok()


@pytest.mark.file_only("a file of an older schema")
def test_what_a_register_of_before_spans_counts_moves_only_when_it_is_refreshed(
    new_clerk: Callable[..., Clerk],
) -> None:
    # Those between are of the same calendar.
    for version in (1, 2, 3, 4) if IS_LONG else (1, 4):
        clerk = new_clerk(now="2026-08-01T09:00:00+08:00")
        unpack(version, clerk.db)
        assert "'dealtrack calendar refresh' and 'dealtrack doctor' show" in clerk("list").err
        clerk("add", "--platform", "JD", "--policy", "samr-complaint", "--at", "2026-07-27 10:00").ok()
        clerk("accept", 8, "--at", "2026-07-28 10:00").ok()
        assert _due(clerk, 8) == "2026-09-26T23:59:59+08:00"
        clerk("verify").ok()
        assert "The calendar differs from the bundled one" in clerk("doctor").err
        told = clerk("calendar", "refresh").ok()
        line = "Sat 2026-09-26, in the holiday from Fri 2026-09-25 to Sun 2026-09-27: a period ending there is due "
        assert f"{line}Sat 2026-09-26 -> Mon 2026-09-28\n" in told
        assert "complaint 8 mediate: Sat 2026-09-26 24:00 -> Mon 2026-09-28 24:00\n" in told
        assert clerk("calendar", "refresh", "--yes").ok().startswith(told)
        assert _due(clerk, 8) == "2026-09-28T23:59:59+08:00"
        assert clerk("calendar", "refresh", "--yes").ok() == "the calendar is unchanged\n"
        clerk("verify").ok()
        clerk("recheck").ok()
        clerk("recheck", "--rebuild").ok()
        assert clerk("calendar", "show", "2026-09", "--format", "json").ok().count("2026-09-25/2026-09-27") == 3


def test_refresh_shows_the_days_that_a_country_s_offices_are_closed_besides(
    new_clerk: Callable[..., Clerk], tmp_path: Path
) -> None:
    """A register of Japan that read the public holidays alone, as every register did once."""
    file = tmp_path / "office.toml"
    head = 'name = "office"\ncountry = "JP"\ntimezone = "Asia/Tokyo"\n'
    file.write_text(head + "yearly_off = []\n", encoding="utf-8")
    clerk = new_clerk(now="2026-12-28T09:00:00+09:00")
    clerk("init", "--calendar", file, "--policy", "odr").ok()
    clerk("platform", "add", "X").ok()
    clerk("add", "--platform", "X").ok()
    file.write_text(head, encoding="utf-8")
    assert "The calendar differs from the bundled one" in clerk("doctor").err
    told = clerk("calendar", "refresh").ok()
    closed = "working day -> day off (Closed each year by law"
    assert all(f"{day}: {closed}" in told for day in ("Tue 2026-12-29", "Thu 2026-12-31"))
    assert "complaint 1 complete: Wed 2027-01-13 24:00 -> Mon 2027-01-18 24:00\n" in told
    assert clerk("calendar", "refresh", "--yes").ok().startswith(told)
    clerk("verify").ok()


def _due(clerk: Clerk, id_: int) -> str:
    shown = json.loads(clerk("show", id_, "--format", "json").ok())
    return str(next(clock["due"] for clock in shown["clocks"] if clock["clock"] == "mediate"))


@pytest.mark.parametrize(
    ("calendar", "cited"),
    [("GB-ENG", ""), ("uk", ""), ("VN", ""), ("US", ""), ("cn-beijing", " (Civil Code art. 201)")],
)
def test_the_civil_code_of_china_is_cited_in_china_alone(
    calendar: str, cited: str, new_clerk: Callable[..., Clerk]
) -> None:
    clerk = new_clerk(now="2026-06-01T09:00:00+00:00")
    zone = {"US": "America/New_York"}.get(calendar)
    clerk("init", "--calendar", calendar, *(("--timezone", zone) if zone else ())).ok()
    clerk("platform", "add", "Example mall").ok()
    clerk("add", "--platform", "Example mall").ok()
    assert f"the day of receipt is not counted{cited}\n" in clerk("explain", 1).ok()
    for words in (("calendar", "next", 1), ("calendar", "next", 1, "--calendar", calendar)):
        answer = json.loads(clerk(*words, "--format", "json").ok())
        assert answer["steps"][0]["reason"] == f"the day of the start is not counted{cited}"


# The notice itself, as it is published

NOTICE_2027 = """国务院办公厅关于2027年部分节假日安排的通知
国办发明电〔2026〕9号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2027年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（农历除夕、周五）至12日（周五）放假调休，共8天。1月31日（周日）、2月14日（周日）上班。
三、清明节：4月5日（周一）放假，与周末连休。
四、劳动节：5月1日（周六）至5日（周三）放假调休，共5天。5月8日（周六）上班。
五、端午节：6月9日（周三）放假1天。
六、中秋节：9月15日（周三）放假1天。
七、国庆节：10月1日（周五）至7日（周四）放假调休，共7天。9月26日（周日）、10月9日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
国务院办公厅
2026年11月4日
"""
"""Invented: when this was written the notice for 2027 was not out."""

PAGE = """<!DOCTYPE html><html><head><title>国务院办公厅关于2027年部分节假日安排的通知_政府网</title>
<script>var published = "2026年11月5日放假";</script></head><body><div>首页</div><span>2026年11月4日 09:30</span>
{paragraphs}<div>扫一扫在手机打开当前页</div><div>版权所有 2026</div></body></html>"""


def _as_published(kind: str) -> bytes:
    paragraphs = "".join(f"<p>{line}</p>" for line in NOTICE_2027.splitlines())
    match kind:
        case "page":
            return PAGE.format(paragraphs=paragraphs).encode()
        case "page with what it hides":
            hidden = "<div style='display: none'><div></div>八、植树节：3月12日（周五）放假1天。</div>"
            told = paragraphs.replace("9月26日", "<del>9月25日</del>9<span hidden>1</span>月26日") + hidden
            return PAGE.replace("</head>", "").format(paragraphs=told).encode()
        case "page in GB18030":
            return PAGE.format(paragraphs=paragraphs).encode("gb18030")
        case "traditional":
            return str(OpenCC("s2t").convert(NOTICE_2027)).encode()
        case "one line":
            return NOTICE_2027.replace("\n", " ").encode()
    return NOTICE_2027.encode()


@pytest.fixture
def waiting(china: Callable[[], Clerk]) -> Clerk:
    """Give a clerk who has a complaint of Friday, and a calendar in which Sunday is not worked yet."""
    clerk = china()
    clerk.now = "2027-01-29T09:00:00+08:00"
    clerk("add", "--platform", "JD").ok()
    return clerk


@pytest.mark.parametrize(
    "kind", ["text", "page", "page with what it hides", "page in GB18030", "traditional", "one line"]
)
def test_the_morning_of_the_notice(kind: str, waiting: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "notice.html"
    file.write_bytes(_as_published(kind))
    shown = _previewed(waiting, file)
    assert "February 2027  15 working days\n" in shown
    assert "complaint 1 forward: Mon 2027-02-01 24:00? -> Sun 2027-01-31 24:00\n" in shown
    assert "Source: 国务院办公厅关于2027年部分节假日安排的通知 国办发明电〔2026〕9号\n" in shown
    assert "2027: now official\n" in shown
    assert "rests on" not in shown
    waiting("calendar", "import", file, "--yes").ok()
    days = {each["day"]: each for each in json.loads(waiting("calendar", "show", 2027, "--format", "json").ok())}
    assert len(days) == 365
    assert all(day["confirmed"] for day in days.values())
    worked = [day for day, each in days.items() if each["worked"] and date.fromisoformat(day).weekday() > 4]
    assert worked == ["2027-01-31", "2027-02-14", "2027-05-08", "2027-09-26", "2027-10-09"]
    assert waiting("calendar", "import", file).ok() == "the calendar is unchanged\n"
    assert "?" not in waiting("show", 1).ok()
    waiting("verify").ok()


def test_a_holiday_ends_as_its_notice_says(waiting: Clerk, tmp_path: Path) -> None:
    """12 December + 60 days is 10 February, in the holiday from 5 to 12; the weekend after it is an ordinary one."""
    waiting("add", "--platform", "JD", "--policy", "samr-complaint", "--at", "2026-12-11 10:00").ok()
    waiting("accept", 2, "--at", "2026-12-12 10:00").ok()
    file = tmp_path / "notice.txt"
    file.write_bytes(_as_published("text"))
    assert "complaint 2 mediate: Thu 2027-02-11 24:00? -> Sat 2027-02-13 24:00\n" in _previewed(waiting, file)
    waiting("calendar", "import", file, "--yes").ok()
    assert "in the holiday 2027-02-05 to 2027-02-12" in waiting("explain", 2, "--clock", "mediate").ok()
    waiting("recheck", "--rebuild").ok()
    assert waiting("calendar", "refresh", "--yes").ok() == "the calendar is unchanged\n"


def test_a_notice_comes_through_a_pipe(waiting: Clerk) -> None:
    shown = waiting.process("calendar", "import", "-", "--yes", stdin=_as_published("text"))
    assert "2027: now official\n" in shown.ok()


def test_a_notice_in_big5_is_read_once_its_encoding_is_named(waiting: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "notice.txt"
    file.write_bytes(OpenCC("s2t").convert(_as_published("text").decode()).encode("big5", "replace"))
    refused = waiting("calendar", "import", file)
    assert refused.status == 2 and "--encoding" in refused.err
    assert "2027: now official\n" in waiting("calendar", "import", file, "--encoding", "big5", "--yes").ok()


def test_what_rests_on_one_statement_is_asked_by_itself(waiting: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "day.txt"
    file.write_text("3月8日放假一天。", encoding="utf-8")
    refused = waiting("calendar", "import", file, "--yes")
    assert refused.status == 2 and "of which year it is; give --year" in refused.err
    take_in = ("calendar", "import", file, "--year", 2027, "--issued", "2026-12-01")
    said = "“3月8日放假一天” rests on this statement alone: nothing else in the file confirms it\n"
    assert _previewed(waiting, file, "--year", 2027, "--issued", "2026-12-01").startswith(said)
    assert waiting.at_terminal(*take_in, typed=b"n\n").status == 2
    assert _rules(waiting).ruling(date(2027, 3, 8)).worked
    done = waiting.at_terminal(*take_in, typed=b"y\ny\n")
    assert done.status == 0 and "Is it right?" in done.out
    assert not _rules(waiting).ruling(date(2027, 3, 8)).worked
    assert 2027 not in _rules(waiting).official


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_table_with_chinese_headings(ending: str, waiting: Clerk, tmp_path: Path) -> None:
    """Whether it is the whole of its year is asked; off a terminal it is said."""
    file = tmp_path / f"days.{ending}"
    rows = [("2027/1/1", "元旦", "休"), ("2027年2月8日", "春节", "放假"), ("2027-02-14", "春节", "班")]
    if ending == "csv":
        file.write_text("日期,名称,类型\n" + "".join(f"{','.join(row)}\n" for row in rows), encoding="utf-8-sig")
    else:
        book = Workbook()
        book.active.append(["日期", "名称", "是否放假"])
        book.active.append([date(2027, 1, 1), "元旦", "是"])
        book.active.append([date(2027, 2, 8), "春节", "是"])
        book.active.append([date(2027, 2, 14), "春节", "否"])
        book.save(file)
    shown = waiting("calendar", "import", file)
    assert shown.status == 2
    assert "if the file covers the whole year, add --year 2027." in shown.err
    asked = waiting.at_terminal("calendar", "import", file, typed=b"y\ny\n")
    assert "Does the file cover the whole of 2027?" in asked.out
    rules = _rules(waiting)
    assert rules.ruling(date(2027, 2, 14)).worked and not rules.ruling(date(2027, 2, 8)).worked
    assert rules.ruling(date(2027, 2, 9)).worked, "what was estimated goes"
    assert 2027 in rules.official


def test_columns_that_say_otherwise_are_refused(waiting: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_text("日期,是否放假,类型\n,,\n2027-01-01,是,班\n", encoding="utf-8")
    refused = waiting("calendar", "import", file, "--yes")
    assert refused.status == 2 and "2027-01-01 is both off and worked" in refused.err


def test_the_area_of_a_notice_is_shown(waiting: Clerk, tmp_path: Path) -> None:
    file = tmp_path / "lhasa.txt"
    text = "拉萨市人民政府办公室关于2027年藏历新年放假安排的通知\n2027年3月8日（星期一）至12日（星期五）放假，共5天。\n"
    file.write_text(f"{text}拉萨市人民政府办公室\n2027年1月14日\n", encoding="utf-8")
    assert "\nArea: 拉萨市\n" in _previewed(waiting, file)


def test_a_national_notice_makes_no_year_official_where_the_region_issues_its_own(
    new_clerk: Callable[..., Clerk], tmp_path: Path
) -> None:
    clerk = new_clerk()
    clerk("init", "--calendar", "cn-guangxi").ok()
    assert "due Mon 2016-11-14 24:00?" in clerk("add", "--platform", "JD", "--at", "2016-11-13").ok()
    file = tmp_path / "notice.txt"
    file.write_text(NOTICE_2027, encoding="utf-8")
    done = clerk("calendar", "import", file, "--yes")
    assert "2027 stays provisional: Guangxi issues a notice of its own." in done.err
    assert "now official" not in done.out
    before = _rules(clerk)
    assert before.official == {2021, 2023} and before.region == "Guangxi"
    assert not before.ruling(date(2027, 2, 8)).worked, "its days hold all the same"
    assert "2027 stays" in clerk("calendar", "import", file, "--yes").err
    amended = clerk(
        "calendar", "amend", 2027, "--official", "--source", "notices of 2026-11-04 and 2027-02-01", "--yes"
    )
    assert "2027: now official" in amended.ok() and not amended.err
    assert _rules(clerk).official == {2021, 2023, 2027}
    assert clerk("calendar", "refresh", "--yes").ok() == "the calendar is unchanged\n"
    clerk("recheck", "--rebuild").ok()
    assert _rules(clerk).official == {2021, 2023, 2027}
    assert clerk("verify").status == 0


def test_a_year_is_made_official_as_it_stands(waiting: Clerk) -> None:
    refused = waiting("calendar", "amend", "2027", "--official", "--yes")
    assert refused.status == 2 and "--source TEXT" in refused.err
    assert waiting("calendar", "amend", "soon", "--official", "--source", "x", "--yes").status == 2
    before = _rules(waiting)
    waiting("calendar", "amend", 2027, "--official", "--source", "notice of 2026-11-04", "--yes").ok()
    after = _rules(waiting)
    assert after.official - before.official == {2027}
    assert {day: ruling.worked for day, ruling in after.rulings.items()} == {
        day: ruling.worked for day, ruling in before.rulings.items()
    }
    assert waiting("calendar", "refresh", "--yes").ok() == "the calendar is unchanged\n"

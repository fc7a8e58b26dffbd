"""Official notices as files, taken into a calendar."""

import json
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.calendar import CalendarRules, DayKind, Ruling, WorkingCalendar
from dealtrack.core.calendar_changes import Notice, day_in, with_notices
from dealtrack.errors import BadNoticeFile, IssueDaysEqual, IssueDayUnknown
from dealtrack.exchange.notices import read_notice


def read(path: Path, year: int | None = None) -> Notice:
    """Return the notice of a file that extends no holiday."""
    return read_notice(path, year, lambda day: day).notice


RULES = CalendarRules(
    "x",
    "x",
    "UTC",
    date(2020, 1, 1),
    date(2030, 12, 31),
    frozenset({5, 6}),
    {
        date(2027, 1, 4): Ruling(False, DayKind.HOLIDAY, "estimated"),
        date(2027, 3, 1): Ruling(False, DayKind.AMENDED_OFF, "own"),
    },
    frozenset(range(2020, 2027)),
)
DAYS = [
    {"name": "New Year's Day", "date": "2027-01-01", "isOffDay": True},
    {"name": "New Year's Day", "date": "2027-01-02", "isOffDay": True},
    {"name": "New Year's Day", "date": "2027-01-10", "isOffDay": False},
    {"name": "New Year's Day", "date": "2026-12-27", "isOffDay": False},
]


def test_the_whole_word_of_a_year_replaces_estimates_and_keeps_amendments(tmp_path: Path) -> None:
    file = tmp_path / "2027.json"
    file.write_text(json.dumps({"year": 2027, "papers": ["notice 1"], "days": DAYS}))
    notice = read(file)
    assert notice.source == "notice 1"
    rules = with_notices(RULES, [notice], {})
    calendar = WorkingCalendar(rules)
    assert not calendar.is_worked(date(2027, 1, 1))
    assert calendar.is_worked(date(2027, 1, 4)), "what was estimated goes"
    assert not calendar.is_worked(date(2027, 3, 1)), "an amendment stays"
    assert calendar.is_worked(date(2027, 1, 10))
    assert calendar.is_worked(date(2026, 12, 27)), "a make-up day of the year before"
    assert 2027 in rules.official
    assert 2028 not in rules.official


@pytest.mark.parametrize("papers", [7, True, None, "notice 1"])
def test_papers_that_are_no_list_are_no_crash(papers: object, tmp_path: Path) -> None:
    file = tmp_path / "2027.json"
    file.write_text(json.dumps({"year": 2027, "papers": papers, "days": DAYS}))
    assert read(file).years == {2027}


def test_csv_says_the_same_and_is_official_only_where_told(tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    rows = "".join(f"{day['date']},{day['name']},{str(day['isOffDay']).lower()}\n" for day in DAYS)
    file.write_text("Date,Name,isOffDay\n" + rows)
    assert read(file).days == read(file, 2027).days
    assert read(file).years == frozenset()
    assert read(file, 2027).years == {2027}


@pytest.mark.parametrize(
    "text",
    [
        "2027年节假日安排表\n\n日期,名称,是否放假\n2027-01-01,元旦,是\n2027-01-03,元旦,否\n",
        "日期,星期,节日名称,是否工作日\n2027/1/1,五,元旦,否\n2027/1/3,星期日,元旦,是\n",
        "日期;说明;是否上班\n20270101;元旦;休\n20270103;元旦;班\n",
        "日期\t名称\t类型\n2027年1月1日\t元旦\t法定节假日\n2027年1月3日\t元旦\t调休上班\n",
        "<html><h1>2027年节假日安排</h1><table><tr><th>日期</th><th>名称</th><th>安排</th></tr>"
        "<tr><td>2027-01-01</td><td>元旦</td><td>√</td></tr><tr><td>2027-01-03</td><td>元旦</td><td>×</td></tr></table>",
    ],
)
def test_a_table_is_read_below_its_title_and_by_its_own_headings(text: str, tmp_path: Path) -> None:
    file = tmp_path / "days"
    file.write_text(text, encoding="utf-8")
    assert read(file).days == {date(2027, 1, 1): (True, "元旦"), date(2027, 1, 3): (False, "元旦")}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is empty"),
        (b"{", "not JSON"),
        (b"{}", "no list of days"),
        (b'{"days": [1]}', "no list of days"),
        (b'{"days": [{"date": "2027-02-30", "isOffDay": true}]}', "2027-02-30"),
        (b'{"days": [{"date": "2027-02-01"}]}', "isOffDay"),
        (b'{"year": "soon", "days": []}', "soon"),
        (b'{"days": [{"date": "2027-02-01", "isOffDay": true}, {"date": "2027-02-01", "isOffDay": false}]}', "both"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"date,name,isOffDay\nx,y,true\n", "entry 2"),
        (
            "日期,星期,类型\n2027-01-01,星期五,休\n2027-01-03,周六,班\n".encode(),
            "entry 3: 2027-01-03 is another weekday",
        ),
        ("日期,类型\n2027-01-03,调休\n".encode(), "entry 2: it does not say"),
        ("日期,是否放假,是否上班\n2027-01-03,否,否\n".encode(), "both off and worked"),
    ],
)
def test_bad_notices_are_refused_with_the_reason(content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / "notice"
    file.write_bytes(content)
    with pytest.raises(BadNoticeFile, match=told):
        read(file)


def test_a_folder_or_a_missing_file_is_no_notice(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BadNoticeFile):
            read(path)


# Which of two notices rules a day

JANUARY = date(2027, 1, 1)
OFF, WORKED = (True, "off"), (False, "worked")


def test_a_notice_leaves_the_days_of_an_official_year_that_it_does_not_name() -> None:
    """The notice of 2018 leaves 29 December 2018 worked, as the notice of 2019 rules it."""
    last = date(2018, 12, 29)
    base = RULES._replace(first=date(2017, 1, 1), official=frozenset({2018, 2019}))
    base = base._replace(rulings={last: Ruling(True, DayKind.MAKE_UP, "New Year's Day")})
    notice = Notice({date(2018, 1, 1): OFF}, frozenset({2018}), "notice of 2018")
    assert with_notices(base, [notice], {}).ruling(last).worked


@pytest.mark.parametrize(
    ("one", "other", "is_off"),
    [
        # the later day of issue
        (Notice({JANUARY: OFF}, issued="2026-11-04"), Notice({JANUARY: WORKED}, issued="2026-12-01"), False),
        (Notice({JANUARY: OFF}, issued="2026-12-01"), Notice({JANUARY: WORKED}, issued="2026-11-04"), True),
        # the narrower scope, whenever it was issued
        (
            Notice({JANUARY: OFF}, issued="2026-11-04", scope="Lhasa"),
            Notice({JANUARY: WORKED}, issued="2026-12-01"),
            True,
        ),
        (Notice({JANUARY: OFF}, scope="Lhasa"), Notice({JANUARY: WORKED}), True),
        # a re-issue that gives a day back to the weekday rule: a Friday is worked
        (Notice({JANUARY: OFF}, issued="2026-11-04"), Notice({JANUARY: (None, "")}, issued="2026-12-01"), False),
        # they agree: nothing is to be asked
        (Notice({JANUARY: OFF}), Notice({JANUARY: (True, "New Year's Day")}, issued="2026-12-01"), True),
    ],
)
def test_of_two_notices_on_one_day(one: Notice, other: Notice, is_off: bool) -> None:
    for notices in ((one, other), (other, one)):
        assert with_notices(RULES, notices, {}).ruling(JANUARY).worked is not is_off


def test_the_day_of_issue_is_asked_for_where_two_notices_differ_and_it_is_unknown() -> None:
    known, unknown = Notice({JANUARY: OFF}, source="A", issued="2026-11-04"), Notice({JANUARY: WORKED}, source="B")
    for notices in ((known, unknown), (unknown, known)):
        with pytest.raises(IssueDayUnknown, match=r"A and B differ on 2027-01-01; the issue day of the latter"):
            with_notices(RULES, notices, {})
    # Imported again, its day of issue known, it is one notice still.
    again = unknown._replace(issued="2026-12-01")
    assert with_notices(RULES, [known, unknown, again], {}).ruling(JANUARY).worked
    assert with_notices(RULES, [again, unknown, known], {}).ruling(JANUARY).worked
    with pytest.raises(IssueDaysEqual, match="both issued on 2026-11-04"):
        with_notices(RULES, [known, again._replace(issued="2026-11-04")], {})
    # What nobody says about another notice is no matter where the later one is known to agree.
    third = Notice({JANUARY: OFF}, source="C")
    assert not with_notices(RULES, [known, third], {}).ruling(JANUARY).worked


@pytest.mark.parametrize(
    "first",
    [
        Notice({JANUARY: WORKED}, source="B"),
        Notice({JANUARY: WORKED, date(2027, 1, 9): WORKED}, frozenset({2027}), "B"),
        Notice({date(2027, 1, 9): WORKED, JANUARY: (None, "")}, source="B"),
    ],
)
def test_a_notice_of_which_less_was_known_gets_its_day_of_issue_by_importing_it_again(first: Notice) -> None:
    """It was given no year, or an older dealtrack kept only the days that it changed, or of them only how they went."""
    extension = Notice({JANUARY: OFF}, source="A", issued="2026-12-01")
    days = {JANUARY: WORKED, date(2027, 1, 9): WORKED, date(2027, 1, 2): OFF}
    again = Notice(days, source="B", issued="2026-11-04")
    for notices in ((first, extension, again), (again, extension, first)):
        rules = with_notices(RULES, notices, {})
        assert not rules.ruling(JANUARY).worked
        assert rules.official - RULES.official == first.years
    for other in (again._replace(source="C"), again._replace(days={date(2027, 1, 2): OFF})):
        with pytest.raises(IssueDayUnknown):
            with_notices(RULES, [first, extension, other], {})


def test_a_notice_is_held_against_what_the_calendar_knows_of_its_own() -> None:
    """An extension that the package has stands against the notice before it, and a region's ruling against a nation's."""
    day = date(2020, 2, 1)
    extended = Ruling(False, DayKind.HOLIDAY, "extended", "holidays CN", "2020-01-26")
    base = RULES._replace(rulings={day: extended})
    before = Notice({day: WORKED}, frozenset({2020}), "notice of 2020", "2019-11-21")
    assert not with_notices(base, [before], {}).ruling(day).worked
    assert with_notices(base, [before._replace(issued="2020-01-27")], {}).ruling(day).worked
    with pytest.raises(IssueDayUnknown):
        with_notices(base, [before._replace(issued="")], {})
    regional = RULES._replace(rulings={day: extended._replace(issued="", scope="Beijing")})
    assert not with_notices(regional, [before], {}).ruling(day).worked
    # Where they agree, the imported notice is the source.
    same = before._replace(days={day: (True, "")}, issued="")
    assert with_notices(base, [same], {}).ruling(day)[2:4] == ("extended", "notice of 2020")
    # What clerks amended stands over all notices.
    own = {day: Ruling(True, DayKind.AMENDED_WORKED, "own")}
    assert with_notices(base, [same], own).ruling(day).worked


days_of_two_years = st.dates(date(2026, 11, 1), date(2027, 2, 28))
issues = st.dates(date(2025, 10, 1), date(2027, 3, 1)).map(date.isoformat)


@st.composite
def notices_of_different_days_of_issue(draw: st.DrawFn) -> list[Notice]:
    """Draw notices that overlap, each of a day of issue of its own, some of them of a region."""
    drawn = draw(st.lists(issues, min_size=2, max_size=5, unique=True))
    told = st.tuples(st.sampled_from([True, False, None]), st.sampled_from(["", "元旦", "春节"]))
    return [
        Notice(
            draw(st.dictionaries(days_of_two_years, told, min_size=1, max_size=12)),
            draw(st.frozensets(st.sampled_from([2026, 2027, 2028]), max_size=2)),
            f"notice {number}",
            issued,
            draw(st.sampled_from(["", "", "Beijing"])),
        )
        for number, issued in enumerate(drawn)
    ]


@given(notices_of_different_days_of_issue(), st.randoms())
def test_imports_in_any_order_give_one_calendar(notices: list[Notice], random: Random) -> None:
    order = list(notices)
    random.shuffle(order)
    whole = with_notices(RULES, notices, {})
    assert with_notices(RULES, order, {}) == whole
    assert with_notices(RULES, [*order, *notices], {}) == whole, "taken in again, nothing changes"
    named = {day for notice in notices for day in notice.days}
    years = {year for notice in notices for year in notice.years}
    for day in RULES.rulings.keys() - named:
        estimate_gone = day.year in years - RULES.official and RULES.rulings[day].kind is DayKind.HOLIDAY
        assert whole.ruling(day) == (RULES.plain(day) if estimate_gone else RULES.ruling(day))


@pytest.mark.parametrize(
    ("text", "issued"),
    [
        ("国办发明电〔2020〕1号, 2020-01-26", "2020-01-26"),
        ("北京市人民政府 2014年10月9日 通知", "2014-10-09"),
        ("of 2014-10-09, repeated on 2014-10-10", ""),
        ("of 2014-13-09", ""),
        ("notice 7", ""),
        ("", ""),
    ],
)
def test_the_day_of_issue_that_a_text_names(text: str, issued: str) -> None:
    assert day_in(text) == issued


def test_csv_gives_days_back_to_the_weekday_rule(tmp_path: Path) -> None:
    file = tmp_path / "sars.csv"
    file.write_text("date,name,off\n2003-05-06,五一,plain\n2003-05-05,五一,true\n", encoding="utf-8")
    assert read(file).days == {date(2003, 5, 6): (None, "五一"), date(2003, 5, 5): (True, "五一")}

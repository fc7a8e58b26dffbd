"""The texts of notices: what their words rule, and what is refused because nothing, or something else, confirms it."""

import csv
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from opencc import OpenCC

from dealtrack.core.notice_text import NoticeText, read_notice_text
from dealtrack.phrase import BadValue
from dealtrack.settings import data_folder
from dealtrack.sources.countries import festivals
from tests.conftest import IS_LONG, SHARED_DATA

OWN = Path(__file__).parent.parent / "data" / "notices"
SHARED = SHARED_DATA / "notices"
NO_YEAR = {
    "beijing-2008-olympics": 2008,
    "beijing-2014-apec": 2014,
    "guangxi-2021-secondary": 2021,
    "shanghai-2010-expo-secondary": 2010,
    "shanghai-2014-cica": 2014,
    "tibet-2009-news": 2009,
    "xinjiang-2022-answer-site": 2022,
    "2005-2006-year-end": 2006,
    "2015-hongkong-news": 2015,
}
"""The texts that bear no year, each with the one that is given."""
HAS_SHARED = pytest.mark.skipif(
    not SHARED.exists(), reason="the texts of notices are not here (../shared/data/notices)"
)

Days = dict[date, bool]


@cache
def _festivals(year: int) -> dict[date, frozenset[str]]:
    return festivals("CN", year)


def _end(day: date) -> date:
    return date(2020, 1, 30) if day.year == 2020 else day


def read(text: str, year: int | None = None) -> NoticeText:
    return read_notice_text(OpenCC("t2s").convert(text), year, _festivals, _end)


def days_of(notice: NoticeText) -> Days:
    return {day: off for day, (off, _) in notice.days.items()}


class Known(NamedTuple):
    """A text and the days that it means, none where it is to be refused."""

    name: str
    text: str
    days: Days


def _own() -> Iterator[Known]:
    with (OWN / "days.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for path in sorted(OWN.glob("*.txt")):
        of_path = [row for row in rows if row["notice"] == path.stem]
        days = {date.fromisoformat(row["date"]): row["off"] == "true" for row in of_path}
        yield Known(path.stem, path.read_text(encoding="utf-8"), days)


def _shared() -> Iterator[Known]:
    for path in sorted([*SHARED.glob("*.txt"), *SHARED.glob("variants/*.txt")]):
        table = path.with_suffix(".csv")
        rows = csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()) if table.exists() else ()
        days = {date.fromisoformat(row["date"]): row["off"] == "true" for row in rows}
        yield Known(path.stem, path.read_text(encoding="utf-8"), days)


def _check(known: Known) -> None:
    year = NO_YEAR.get(known.name)
    if year:
        with pytest.raises(BadValue, match="of which year"):
            read(known.text)
    if known.days:
        assert days_of(read(known.text, year)) == known.days
    else:
        with pytest.raises(BadValue):
            read(known.text)


@pytest.mark.parametrize("known", list(_own()), ids=lambda known: known.name)
def test_a_notice_is_read_to_exactly_its_days(known: Known) -> None:
    _check(known)


@HAS_SHARED
@pytest.mark.parametrize("known", list(_shared()), ids=lambda known: known.name)
def test_a_copy_is_read_to_exactly_its_days_or_refused(known: Known) -> None:
    _check(known)


def test_one_wrong_sign_is_never_wrong_in_silence() -> None:
    """Change one digit, month or weekday: the text is refused, right, or said to rest on one statement alone."""
    chance, found = random.Random(2027), Counter[str]()
    known = [each for each in _own() if each.days]
    for _ in range(2000 if IS_LONG else 500):
        each = chance.choice(known)
        sign = chance.choice(list(re.finditer(r"\d|(?<=星期)[一二三四五六日]|(?<=周)[一二三四五六日]", each.text)))
        others = sorted({*("0123456789" if sign[0].isdigit() else "一二三四五六日")} - {sign[0]})
        text = each.text[: sign.start()] + chance.choice(others) + each.text[sign.end() :]
        try:
            notice = read(text, NO_YEAR.get(each.name))
        except BadValue:
            found["refused"] += 1
            continue
        is_right = days_of(notice) == each.days
        found["right" if is_right else "said"] += 1
        assert is_right or notice.alone, (each.name, text[max(0, sign.start() - 20) : sign.end() + 20])
    assert found["refused"] > found["right"] > found["said"] > 0


HEAD = "国务院办公厅关于2027年部分节假日安排的通知\n国办发明电〔2026〕9号\n"
SPRING = "二、春节：2月5日至12日放假调休，共8天。1月31日（星期日）、2月20日（星期六）上班。\n"
"""2027's days, invented, as it was not published when this was written; the Spring Festival is on 6 February."""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("一、元旦：1月1日放假。", "of which year"),
        ("2026年元旦放假，2027年春节放假。1月1日放假。", "it is of 2026, 2027"),
        (HEAD + "一、元旦：1月32日放假。", "there is no such day"),
        (HEAD + "一、元旦：101日放假。", "there is no such day"),
        (HEAD + "一、元旦：1日至3日放假。", "its month is missing"),
        (HEAD + "一、元旦：1月3日至1日放假。", "its days are not in order"),
        (HEAD + "一、元旦：1月1日（星期四）放假。", "2027-01-01 is another weekday"),
        (HEAD + "一、元旦：1月1日至3日放假，共4天。", "it names 3 days, not 4"),
        (HEAD + "一、元旦：1月2日放假。", "元旦 is not off on its day"),
        (HEAD + "一、元旦：1月1日放假。1月4日（星期一）上班。", "2027-01-04 is not a day of a weekend"),
        (HEAD + "一、元旦：1月1日至3日放假。1月2日（星期六）上班。", "2027-01-02 is both off and worked"),
        (HEAD + "一、元旦：1月1日至4日放假。", "as many days must be off"),
        (HEAD + "一、元旦：1月1日放假，具体办法由各单位在1月5日上班后酌定。", "it is not understood"),
        (HEAD + "一、元旦：将1月9日（星期六）、10日（星期日）公休日调至1月4日。", "it moves 2 days to 1"),
        (HEAD + "一、元旦：将1月9日（星期六）公休日调至1月10日。", "it gives back a day of a weekend"),
        (HEAD + "一、春节：2月12日（星期五）起正常上班，2月14日起正常上班。", "is no day of a working week"),
        (HEAD + "一、元旦：1月1日放假。过这一节日的群众1月4日放假。", "for some people only"),
        (HEAD + "一、延长2027年泼水节假期至4月20日。", "no holiday of this name"),
        (HEAD + "一、元旦：1月1日放假。二、新年：1月1日放假。", "two items rule 2027-01-01"),
        (HEAD + "一、开斋节：3月9日是开斋节，3月29日放假1天。", "the holiday lies elsewhere"),
        (HEAD + "一、藏历新年放假7天，2月8日至10日放假。", "no holiday has 7 days"),
        (HEAD + "一、元旦：1月1日不放假，共1天。", "it is not understood"),
        (HEAD + "一、元旦：1月1日，不放假。", "it is not understood"),
        (HEAD + SPRING.replace("2月20日（", "取消2月20日（"), "it is not understood"),
        (HEAD + SPRING.replace("上班。", "上班，现取消。"), "上班,现取消': it is not understood"),
        (HEAD + SPRING.replace("12日放假", "12日（2月9日除外）放假"), "it is not understood"),
        (HEAD + "一、元旦：9月1日上班调到9月4日，9月2日调到9月5日。", "it is not understood"),
        (HEAD + "一、元旦：1月1日放假。二、开斋节：3月9日是开斋节，3月日放假1天。", "there is no such day"),
        (
            HEAD + "一、元旦：将1月9日（星期六）公休日调至1月4日（星期一），1月1日至4日放假，1月9日（星期六）休息。",
            "it does not say that 2027-01-09 is worked",
        ),
        (HEAD + "一、元旦：1月1，日放假。\n" + SPRING, "it does not say when 元旦 is off"),
        (HEAD + "请各单位做好值班工作。", "sets no day"),
        (HEAD + "一、元旦：2026年1月1日放假。", "it rules 2026-01-01"),
        (HEAD + "国务院办公厅\n2024年11月3日", "the day below it is not"),
    ],
)
def test_what_is_wrong_is_named_with_its_clause(text: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        read(text)


def test_a_page_that_names_other_years_is_read_by_the_year_that_is_given() -> None:
    text = (OWN / "2016.txt").read_text(encoding="utf-8")
    page = f"国务院办公厅关于2014年部分节假日安排的通知\n{text}"
    with pytest.raises(BadValue, match="2014, 2016"):
        read(page)
    assert days_of(read(page, 2016)) == days_of(read(text))


def test_another_year_than_the_texts_own_is_refused() -> None:
    with pytest.raises(BadValue, match="it is of 2027"):
        read(HEAD + "一、元旦：1月1日放假。", 2026)


@pytest.mark.parametrize(
    ("text", "year", "alone"),
    [
        ("8月8日放假一天。", 2008, ["8月8日放假一天"]),
        # Both Sundays beside the holiday can be meant, and they are a digit apart.
        ((OWN / "2016.txt").read_text(encoding="utf-8"), None, ["9月18日(星期日)上班"]),
        ((OWN / "2025.txt").read_text(encoding="utf-8"), None, []),
    ],
)
def test_what_rests_on_one_statement_alone_is_said(text: str, year: int | None, alone: list[str]) -> None:
    assert list(read(text, year).alone) == alone


@pytest.mark.parametrize(
    "words",
    ["学校5月22日（星期六）上班", "原定5月22日（星期六）上班", "部分单位5月22日（星期六）上班", "女职工5月20日放假"],
)
def test_what_may_be_for_some_people_only_rests_on_one_statement_alone(words: str) -> None:
    known = "一、古尔邦节：5月17日（星期一）至18日（星期二）放假，共2天。5月22日（星期六）、5月23日（星期日）上班。"
    assert not read(known, 2027).alone
    clause = words.replace("（", "(").replace("）", ")")
    assert clause in read(known.replace("5月22日（星期六）、", "").replace("5月23日（星期日）上班", words), 2027).alone


def test_the_holidays_that_a_notice_announces_are_those_that_were_written_down_by_hand() -> None:
    """The shipped list of announced holidays; one of 2019 was announced anew, and one of 2020 is longer since."""
    with (data_folder() / "calendars" / "cn-spans.csv").open(encoding="utf-8") as file:
        shipped = {(row["first"], row["last"]) for row in csv.DictReader(file)}
    other = {("2019-05-01", "2019-05-01"), ("2020-01-31", "2020-02-02")}
    for known in _own():
        if known.days and known.name[:2] == "20":
            spans = {(str(first), str(last)) for first, last in read(known.text).spans}
            assert spans - other <= shipped, known.name


@pytest.mark.parametrize(
    "mark", ["一、", "（一）", "第一、", "1、", "1.", "1. ", "1) ", "（1）", "- 一、", "- ", "• ", ""]
)
def test_an_item_is_known_by_any_mark(mark: str) -> None:
    assert read(f"{HEAD}{mark}元旦：1月1日放假。\n{SPRING}").days[date(2027, 1, 1)] == (True, "元旦")


def test_who_issued_it_and_when_decides_whether_it_is_the_years_whole_word() -> None:
    whole = read((OWN / "2016.txt").read_text(encoding="utf-8"))
    assert whole.is_whole
    assert (whole.title, whole.issued, whole.scope) == (
        "国务院办公厅关于2016年部分节假日安排的通知 国办发明电〔2015〕18号",
        "2015-12-10",
        "",
    )
    body = re.search("一、.*上班。", (OWN / "2016.txt").read_text(encoding="utf-8"), re.DOTALL)
    assert body is not None
    assert not read(body[0], 2016).is_whole, "without its head"
    one = re.sub("五、.*", "", (OWN / "2016.txt").read_text(encoding="utf-8"))
    with pytest.raises(BadValue, match="端午节 is off"):
        read(one)
    assert not read(one.replace("端午节、", "")).is_whole, "without the Dragon Boat Festival"
    copied = (OWN / "2016.txt").read_text(encoding="utf-8").replace("国办发明电〔2015〕18号", "")
    assert not read(copied.replace("国务院办公厅\n2015年", "某学校办公室\n2015年")).is_whole, "another signed it"
    assert read(copied + "（此件公开发布）\n责任编辑：甲\n").issued == "2015-12-10"
    assert not read("根据上海市人民政府关于2027年放假的通知，\n一、元旦：1月1日放假。").scope, "it only cites a region"
    region = read((OWN / "lhasa-2023.txt").read_text(encoding="utf-8"))
    assert (region.is_whole, region.scope, region.issued) == (False, "拉萨市", "2023-02-14")

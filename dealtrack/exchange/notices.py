"""Official notices, as files: the text of one as it was published, tables of days, and the yearly JSON of projects."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from dealtrack.core.calendar_changes import Notice, day_in
from dealtrack.core.day_times import weekday_of
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR
from dealtrack.core.notice_text import HolidayEnd, read_notice_text
from dealtrack.core.vocabulary import longest
from dealtrack.errors import BadNoticeFile, CannotRead
from dealtrack.exchange import encodings
from dealtrack.exchange.headers import HeaderQuery
from dealtrack.exchange.raw import RawRow
from dealtrack.exchange.workbooks import open_sheet
from dealtrack.phrase import BadValue
from dealtrack.sources.countries import festivals

YES_OR_NO = {
    **dict.fromkeys(("true", "1", "yes", "是", "√"), True),
    **dict.fromkeys(("false", "0", "no", "否", "×"), False),
}
OFF_WORDS: dict[str, bool | None] = {
    **YES_OR_NO,
    **dict.fromkeys(("off", "休", "放假", "休息", "假", "节假日", "法定节假日"), True),
    **dict.fromkeys(("worked", "班", "上班", "补班", "调休上班", "工作日"), False),
    "plain": None,
}
DATE_COLUMNS = ("date", "day", "日期")
NAME_COLUMNS = ("name", "holiday", "名称", "节日", "节日名称", "节假日", "说明")
OFF_COLUMNS = ("isoffday", "off", "是否放假", "是否休息", "类型", "安排")
WORKED_COLUMNS = ("isworkday", "是否上班", "是否工作日")
WEEKDAY_COLUMNS = ("weekday", "星期", "周几", "星期几")
ANSWER_COLUMNS = (*OFF_COLUMNS, *WORKED_COLUMNS)
COLUMNS = frozenset((*DATE_COLUMNS, *NAME_COLUMNS, *ANSWER_COLUMNS))
MOST_ABOVE = 20
"""The lines within which the header of a table of days must stand: a title may stand above it."""
FESTIVALS = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明节": "Tomb-Sweeping Day",
    "劳动节": "Labor Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
}
"""The national festivals, as the shipped calendar names them; each language has its own words for these."""

SIZE_LIMIT = 5_000_000
HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|div|p|br|table)\b", re.IGNORECASE)
WRITTEN_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00(?::00)?)?")


class NoticeFile(NamedTuple):
    """A notice, the clauses of its text that nothing else in it confirms, and the year that it may be the whole of.

    `may_cover` is the year of most of its days, None where the file itself tells of which years it is the whole word.
    """

    notice: Notice
    alone: tuple[str, ...] = ()
    may_cover: int | None = None


def read_notice(path: str | Path, year: int | None, holiday_end: HolidayEnd, encoding: str = "") -> NoticeFile:
    """Return a notice read from its text, a web page, a table (CSV or a workbook) or JSON; `-` is standard input.

    JSON has `year` and `days` of `date`, `name`, `isOffDay`, a table such columns, in English or Chinese. Of a day to
    which the weekday rule applies again, a table says plain. `year` is the one that a table is the whole word of, and
    that of a text which bears none, `encoding` what a text is in where it is not detected. Raises BadNoticeFile, and
    UnknownWord for an unknown encoding.
    """
    choice = encodings.encoding_named(encoding) if encoding else ""
    name = "standard input" if str(path) == encodings.STANDARD_INPUT else str(path)
    try:
        with encodings.open_bytes(path, name) as binary, ExitStack() as stack:
            start = binary.read(len(max(encodings.WORKBOOKS, key=len)))
            if start.startswith(encodings.WORKBOOKS):
                sheet = open_sheet(binary, name, 0, stack, "", HeaderQuery(None, None))
                rows = (row.values for row in sheet.rows if isinstance(row, RawRow))
                return _of_table(rows, year, sheet.first_line)
            return _of_text(_text(binary, name, choice), year, holiday_end)
    except OSError as error:
        raise BadNoticeFile(path=name, reason=encodings.why_unreadable(error)) from None
    except (CannotRead, ValueError) as error:
        reason = error.values["reason"] if isinstance(error, CannotRead) else str(error)
        raise BadNoticeFile(path=name, reason=reason) from None


def _text(binary: BinaryIO, name: str, choice: str) -> str:
    binary.seek(0)
    if len(binary.read(SIZE_LIMIT + 1)) > SIZE_LIMIT:
        raise BadValue("it is too large for a calendar")
    binary.seek(0)
    encoding = encodings.encoding_of(binary, name, choice)
    binary.seek(0)
    return binary.read().decode(encoding).removeprefix("\ufeff")


def _of_text(text: str, year: int | None, holiday_end: HolidayEnd) -> NoticeFile:
    if text.lstrip().startswith("{"):
        return NoticeFile(_from_json(text, year))
    if HTML.search(text):
        page = _Page()
        page.feed(text)
        text = "".join(page.texts)
    lines = text.splitlines()
    for place, line in enumerate(lines[:MOST_ABOVE]):
        separator = max(",\t;", key=line.count)
        if len({*_cells(line, separator)} & COLUMNS) > 1:
            return _of_table(csv.DictReader(lines[place:], delimiter=separator), year, place + 2)
    # Some 30 ms, which no other kind of file needs.
    from opencc import OpenCC

    read = read_notice_text(OpenCC("t2s").convert(text), year, lambda year: festivals("CN", year), holiday_end)
    whole = frozenset({read.year} if read.is_whole else ())
    days: dict[date, tuple[bool | None, str]] = {
        day: (off, "; ".join(FESTIVALS.get(each, each) for each in name.split("; ")))
        for day, (off, name) in read.days.items()
    }
    return NoticeFile(Notice(days, whole, read.title, read.issued, read.scope, read.spans), read.alone)


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip(' "').lower() for cell in line.split(separator)]


class _Page(HTMLParser):
    """The text of a web page, a line for each block and a tab behind each cell, without what it does not show."""

    HIDDEN = frozenset({"script", "style", "head", "noscript", "template", "del", "s", "strike"})
    CLOSED = frozenset({"div", "span", "font", "section", "article", "table"})
    """Elements that always have an end, so that what one of them hides has one too."""
    HIDES = re.compile(r"display:none|visibility:hidden|font-size:0(?![.\d])")
    BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "section", "article"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where a block does."""
        if tag == "body":
            self._hidden.clear()
        style = re.sub(r"\s", "", dict(attrs).get("style") or "").lower()
        is_hidden = "hidden" in dict(attrs) or bool(self.HIDES.search(style))
        # Of what is hidden only its own end counts, and those of elements of its name within.
        if tag in self._hidden[:1] or (not self._hidden and (tag in self.HIDDEN or (is_hidden and tag in self.CLOSED))):
            self._hidden.append(tag)
        self.texts += ["\n"] * (tag in self.BLOCKS)

    def handle_endtag(self, tag: str) -> None:
        """End the line of a block."""
        if tag in self._hidden:
            self._hidden.pop()
        self.texts += ["\n"] * (tag in self.BLOCKS) + ["\t"] * (tag in ("td", "th"))

    def handle_data(self, data: str) -> None:
        """Take a text that is shown."""
        if not self._hidden:
            self.texts.append(data)


def _from_json(text: str, whole: int | None) -> Notice:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadValue("it is not JSON: {error}", error=error) from None
    items = data.get("days") if isinstance(data, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadValue("it has no list of days with date, name and isOffDay")
    year = data.get("year")
    if year is not None and (not isinstance(year, int) or not FIRST_YEAR <= year <= LAST_YEAR):
        raise BadValue("{year!r} is not a year from {first} to {last}", year=year, first=FIRST_YEAR, last=LAST_YEAR)
    papers = data.get("papers") or ()
    papers = ", ".join(map(str, papers)) if isinstance(papers, list) else str(papers or "")
    issued = day_in(str(data.get("issued") or papers))
    days = _days(({str(key).lower(): value for key, value in item.items()} for item in items), 1)
    return Notice(days, frozenset(each for each in (year, whole) if each), papers, issued)


def _of_table(rows: Iterable[Mapping[Any, Any]], year: int | None, first_line: int) -> NoticeFile:
    filled = (row for row in rows if any(str(value or "").strip() for value in row.values()))
    days = _days(({key.strip().lower(): value for key, value in row.items() if key} for row in filled), first_line)
    most = Counter(day.year for day in days).most_common(1)[0][0]
    return NoticeFile(Notice(days, frozenset([year] if year else [])), may_cover=None if year else most)


def _days(items: Iterable[Mapping[str, Any]], start: int) -> dict[date, tuple[bool | None, str]]:
    days: dict[date, tuple[bool | None, str]] = {}
    for place, item in enumerate(items, start):
        where = f"entry {place}"
        text = str(_first(item, DATE_COLUMNS)).strip()
        written = WRITTEN_DAY.fullmatch(text)
        try:
            day = date(*map(int, written.groups())) if written else date.fromisoformat(text)
        except ValueError:
            raise BadValue("{where}: {text!r} is not a date such as 2027-01-01", where=where, text=text) from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            span = {"first": FIRST_YEAR, "last": LAST_YEAR}
            raise BadValue("{where}: {day} is not from {first} to {last}", where=where, day=day, **span)
        weekday = weekday_of(str(_first(item, WEEKDAY_COLUMNS)).strip().lower())
        if weekday not in (None, day.weekday()):
            raise BadValue("{where}: {day} is another weekday", where=where, day=day)
        try:
            answers = {_is_off(item[name], name) for name in ANSWER_COLUMNS if item.get(name) is not None}
            off = answers.pop()
        except KeyError:
            raise BadValue(
                "{where}: it does not say whether {day} is off (isOffDay: true or false)", where=where, day=day
            ) from None
        if answers or days.get(day, (off,))[0] != off:
            raise BadValue("{where}: {day} is both off and worked", where=where, day=day)
        days[day] = (off, str(_first(item, NAME_COLUMNS) or "").strip()[: longest("holiday")])
    if not days:
        raise BadValue("it sets no day")
    return days


def _is_off(value: object, column: str) -> bool | None:
    """Return what a cell of a column says of its day, None that the weekday rule applies; raises KeyError."""
    word = str(value).strip().lower()
    return not YES_OR_NO[word] if column in WORKED_COLUMNS and word in YES_OR_NO else OFF_WORDS[word]


def _first(item: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)

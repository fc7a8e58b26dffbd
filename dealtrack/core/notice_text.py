"""The texts of notices: the days that they rule, each statement checked against the others and the festivals."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, ONE_DAY
from dealtrack.core.notice_words import (
    DAY,
    LONGEST_HOLIDAY,
    OFF,
    Fact,
    FactKind,
    Item,
    because,
    facts_of,
    items_of,
    plain_text,
)
from dealtrack.phrase import BadValue

NEAR_DAYS = 60
"""How far from a festival its holiday can lie."""
BESIDE_DAYS = 3
"""How far from its holiday a festival can lie that a notice moves to working days."""

NATIONAL = frozenset({"元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节"})
OTHER_NAMES = {"五一": "劳动节", "十一": "国庆节", "五一国际劳动节": "劳动节", "除夕": "春节", "农历除夕": "春节"}

Festivals = Mapping[date, frozenset[str]]
"""The days that the law makes holidays, each with the names of its festivals."""

FestivalsOf = Callable[[int], Festivals]
"""Gives the festivals of a year, with those of the year before and after."""

HolidayEnd = Callable[[date], date]
"""Gives the last day of the holiday that a day lies in."""


class NoticeText(NamedTuple):
    """What the text of a notice rules: days that are off (True) or worked (False), each with its holiday's name.

    Of several festivals in one holiday the names are joined by semicolons.
    `is_whole` tells that it bears its issuer with number or date, and rules every festival of its year. `issued` is the
    day below it, as YYYY-MM-DD, empty where there is none, `scope` the region whose government issued it, empty for the
    whole country. `spans` are the first and last days, both included, of its holidays, weekends among them. `alone` are
    the clauses that nothing else confirms.
    """

    days: dict[date, tuple[bool, str]]
    year: int
    is_whole: bool
    title: str
    issued: str
    scope: str
    spans: tuple[tuple[date, date], ...]
    alone: tuple[str, ...]


_NO_DAY = re.compile(r"\d{3}[月日]|(?<!\d)0+[月日]|\d月日")
_YEAR = re.compile(r"(?<!\d)(\d{4})年(?=[^\d]{0,14}(?:元旦|五一|十一|节|放假|假期|峰会|领导人))")
_RULED_YEAR = re.compile(rf"(?<!\d)(\d{{4}})年\d{{1,2}}月\d{{1,2}}日(?:\([^()]*\))?(?:至{DAY})?{OFF}")
_SIGNED = r"(?:国务院(?:办公厅)?|人民政府(?:办公[厅室])?)\s*"
_ISSUED = re.compile(rf"{_SIGNED}(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日|(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日\W*$")
_PAPER = re.compile(r"[^\n,。:;、知年\d]{2,8}〔\d{4}〕\d+号")
_TITLE = re.compile(r"[^\n。,:日电]{0,60}?关于.{1,60}?通知", re.DOTALL)
_TITLE_OF_STATE_COUNCIL = re.compile(r"(?:^|[\n。,电])国务院(?:办公厅)?关于")
_SIGNED_BY_STATE_COUNCIL = re.compile(r"国务院(?:办公厅)?\s*\d{4}年\d{1,2}月\d{1,2}日")
_FESTIVALS_NAMED = re.compile(r"现将(?:\d{4}年)?([^\d,。:]{2,60}?)放假")
_BY_REGION = re.compile(
    r"(?:^|[\n。,电])((?:(?!根据|依据|按照|转发)[一-鿿]){1,10}?(?:省|市|区|州|盟|地区))"
    r"人民政府(?:办公[厅室])?(?:关于|\s*(?:\d{4}年|$))"
)


def read_notice_text(text: str, year: int | None, festivals_of: FestivalsOf, holiday_end: HolidayEnd) -> NoticeText:
    """Return what the text of a notice rules, in simplified characters; `year` is its year where it bears none.

    Raises BadValue, which names the clause, for what is not understood or contradicts itself.
    """
    text = plain_text(text)
    if hit := _NO_DAY.search(text):
        raise because("there is no such day", text[max(0, hit.start() - 6) : hit.end() + 6])
    year = _year_of(text, year)
    festivals = {day: frozenset(map(_festival, names)) for day, names in festivals_of(year).items()}
    items = list(items_of(text))
    facts = [facts_of(item, year, is_head=len(items) > 1 and place == 0) for place, item in enumerate(items)]
    read = [(item, [*_with_extension(each, festivals, holiday_end)]) for item, each in zip(items, facts, strict=True)]
    every = [fact for _, each in read for fact in each]
    days: dict[date, tuple[bool, str]] = {}
    for item, each in read:
        name = "; ".join(_names(item.name))
        for day, is_off in _ruled_days(each).items():
            if day.year != year and (day.year, day.month) != (year - 1, 12):
                raise BadValue("it rules {day}, and is of {years}", day=day, years=year)
            if days.setdefault(day, (is_off, name)) != (is_off, name):
                clause = next(fact.clause for fact in each if day in fact.days)
                raise because("two items rule {day}", clause, day=day)
    if not days:
        raise BadValue("it sets no day")
    _check_festivals(read, festivals)
    _check_items(text, items)
    times_said = Counter(day for fact in every for day in set(fact.days))
    all_off = _days(every, FactKind.OFF)
    alone = [clause for item, own in read for clause in _unconfirmed(item, own, times_said, all_off, festivals)]
    lawful = [day for day, names in festivals.items() if day.year == year and names & NATIONAL]
    spans = tuple(span for _, own in read for span in _spans(own))
    issued, own = _issued(text), re.sub(r"《[^》]{0,80}》|\([^()]*\)|各[^,。:]{0,80}[:,]", "", text)
    has_head = _TITLE_OF_STATE_COUNCIL.search(own) and _PAPER.search(own)
    is_national = bool(has_head or _SIGNED_BY_STATE_COUNCIL.search(own))
    is_whole = is_national and all(days.get(day, (False,))[0] for day in lawful)
    scope = hit[1] if (hit := _BY_REGION.search(own)) else ""
    title = " ".join(hit[0].strip().replace("\n", "") for pattern in (_TITLE, _PAPER) if (hit := pattern.search(own)))
    return NoticeText(days, year, is_whole, title, issued, scope, spans, tuple(dict.fromkeys(alone)))


def _year_of(text: str, year: int | None) -> int:
    """Return the year of a notice: of its head, of the days that it rules, of the day below it, or as it was given."""
    words = re.sub(r"〔[^〕]{0,20}〕|\d{4}年\d{1,2}月", "", text)
    issued = _issued(text)
    written = _YEAR.findall(words) or _RULED_YEAR.findall(text) or ([issued[:4]] if issued else [])
    years = {int(each) for each in written}
    if year is not None and (not years or year in years):
        # A page may name the notices of other years too.
        years = {year}
    named = ", ".join(map(str, sorted(years)))
    if issued and not years <= {int(issued[:4]), int(issued[:4]) + 1}:
        raise BadValue("it is of {years}, but the day below it is not", years=named)
    if not years:
        raise BadValue("it does not say of which year it is; give --year")
    if years != {year} and (len(years) > 1 or year is not None):
        raise BadValue("it is of {years}", years=named)
    (year,) = years
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue("{year!r} is not a year from {first} to {last}", year=year, first=FIRST_YEAR, last=LAST_YEAR)
    return year


def _with_extension(facts: Sequence[Fact], festivals: Festivals, holiday_end: HolidayEnd) -> Iterator[Fact]:
    """Yield facts, and for a holiday that is extended the days that it is longer; raises BadValue."""
    for fact in facts:
        if fact.kind is not FactKind.UNTIL:
            yield fact
            continue
        (until,) = fact.days
        lawful = [day for day, names in festivals.items() if fact.name in names and day.year == until.year]
        end = holiday_end(max(lawful)) if lawful else until
        # A calendar that knows of the extension already has the last of its days too.
        first = min(end + ONE_DAY, until)
        if not lawful or until < max(lawful) or (until - first).days > LONGEST_HOLIDAY:
            raise because("no holiday of this name ends before", fact.clause)
        days = tuple(first + ONE_DAY * step for step in range((until - first).days + 1))
        yield fact._replace(kind=FactKind.OFF, days=days, has_weekdays=False)


def _days(facts: Sequence[Fact], kind: FactKind) -> dict[date, str]:
    """Return the days of which facts say something, each with the clause that does."""
    return {day: fact.clause for fact in facts if fact.kind is kind for day in fact.days}


def _ruled_days(facts: Sequence[Fact]) -> dict[date, bool]:
    """Return the days of an item that are off (True) or worked (False); raises BadValue where they contradict."""
    off, worked, moved = (_days(facts, kind) for kind in (FactKind.OFF, FactKind.WORKED, FactKind.MOVED))
    if not worked:
        worked = {day: clause for day, clause in moved.items() if day not in off}
    for day, clause in {**worked, **moved, **_days(facts, FactKind.REST)}.items():
        if day.weekday() < 5:
            raise because("{day} is not a day of a weekend", clause, day=day)
    for day, clause in {**_days(facts, FactKind.REST), **off}.items():
        if day in worked:
            raise because("{day} is both off and worked", clause, day=day)
    for day, clause in moved.items():
        of_day = [fact.days for fact in facts if fact.kind is FactKind.OFF and day in fact.days]
        if day not in worked and all(beside.weekday() > 4 for days in of_day for beside in days):
            raise because("it does not say that {day} is worked", clause, day=day)
    is_counted, lengths = any(fact.is_counted for fact in facts), {len(fact.days) for fact in facts}
    for fact in facts:
        if fact.kind is FactKind.LENGTH and not is_counted and fact.length not in lengths:
            raise because("no holiday has {count} days", fact.clause, count=fact.length)
        if fact.kind is FactKind.NAMED and off and not any(_is_near(day, off, BESIDE_DAYS) for day in fact.days):
            raise because("the holiday lies elsewhere", fact.clause)
    return dict.fromkeys(off, True) | dict.fromkeys(worked, False)


def _spans(facts: Sequence[Fact]) -> Iterator[tuple[date, date]]:
    """Yield the holidays of an item: their days off, the weekends between these, and one that is joined to them."""
    off, worked = _days(facts, FactKind.OFF), _days(facts, FactKind.WORKED)
    days = set(off)
    is_joined = any(fact.kind is FactKind.JOINED for fact in facts)
    for day in sorted(off):
        for step in (-ONE_DAY, ONE_DAY):
            beside = day + step
            while beside.weekday() > 4 and beside not in worked and beside not in off:
                beside += step
            if is_joined or beside in off:
                days.update(day + step * count for count in range(1, abs((beside - day).days)))
    return _runs(days)


def _is_near(day: date, days: Mapping[date, object], most: int) -> bool:
    return any(abs((day - other).days) <= most for other in days)


def _names(text: str) -> list[str]:
    """Return the names of the festivals that a text joins, the national ones by one name each."""
    return [_festival(name) for name in re.findall(r"[^、和及]+?节|[^、和及]+", text)]


def _festival(name: str) -> str:
    return OTHER_NAMES.get(name, name)


def _lawful(item: Item, facts: Sequence[Fact], festivals: Festivals) -> dict[date, int]:
    """Return the days that the law gives to the national festivals of an item, and how many each is given."""
    names, off = set(_names(item.name)), _days(facts, FactKind.OFF)
    if not names <= NATIONAL:
        return {}
    return {day: len(of & names) for day, of in festivals.items() if of & names and _is_near(day, off, NEAR_DAYS)}


def _check_festivals(read: Sequence[tuple[Item, Sequence[Fact]]], festivals: Festivals) -> None:
    """Check that the holidays are on their festivals, and as long as these and the days worked for them allow.

    A festival on a weekend may be given back beside another, so that all are counted together. Raises BadValue.
    """
    surplus, where = 0, ""
    for item, facts in read:
        off = _days(facts, FactKind.OFF)
        if not item.name or not NATIONAL.issuperset(_names(item.name)):
            continue
        if not off:
            raise because("it does not say when {name} is off", item.text.strip()[:40], name=item.name)
        lawful = _lawful(item, facts, festivals)
        missing = [day for day in lawful if day not in off]
        if missing or not lawful:
            clause = next(fact.clause for fact in facts if fact.kind is FactKind.OFF)
            raise because("{name} is not off on its day", clause, name=item.name)
        worked = sum(not is_off for is_off in _ruled_days(facts).values())
        more = sum(day.weekday() < 5 for day in off) - sum(lawful.values()) - worked
        surplus, where = surplus + more, where or (next(iter(off.values())) if more else "")
    if surplus:
        raise because("as many days must be off as are lawful or worked for them", where)


def _check_items(text: str, items: Sequence[Item]) -> None:
    """Check that each festival that the head names has its item, where there are items; raises BadValue."""
    hit = _FESTIVALS_NAMED.search(text)
    named = NATIONAL.intersection(_names(hit[1])) if hit else frozenset[str]()
    of_items = {name for item in items for name in _names(item.name)}
    if hit and of_items & NATIONAL and (missing := named - of_items):
        raise because("it does not say when {name} is off", hit[0], name="、".join(sorted(missing)))


def _unconfirmed(
    item: Item, facts: Sequence[Fact], times_said: Mapping[date, int], all_off: Collection[date], festivals: Festivals
) -> Iterator[str]:
    """Yield the clauses of an item whose days nothing else confirms: words, weekdays or the festivals.

    `times_said` tells how many clauses of all items name a day, `all_off` are the days off of all of them.
    """
    off = _days(facts, FactKind.OFF)
    worked, named = _days(facts, FactKind.WORKED), _days(facts, FactKind.NAMED)
    ranges = (fact.days for fact in facts if fact.is_counted and (fact.days[-1] - fact.days[0]).days < len(fact.days))
    counted = {day for days in ranges for day in days}
    lawful = _lawful(item, facts, festivals)

    def is_confirmed(fact: Fact) -> bool:
        if fact.kind is FactKind.WORKED:
            return fact.has_weekdays and all(_is_sole_make_up(day, off, all_off) for day in fact.days)
        if counted and not counted.issuperset(fact.days):
            return False
        if not lawful.keys().isdisjoint(fact.days) or _is_given_back(fact.days[0], lawful, off):
            return True
        is_beside = not named.keys().isdisjoint(fact.days)
        is_beside = is_beside or any(_is_make_up(day, fact.days, all_off) for day in worked)
        return (fact.is_counted or fact.has_weekdays) and is_beside

    for fact in facts:
        if fact.kind in (FactKind.OFF, FactKind.WORKED):
            is_said_twice = all(times_said[day] > 1 for day in fact.days)
            if not fact.is_plain or not (is_said_twice or is_confirmed(fact)):
                yield fact.clause


def _is_given_back(day: date, lawful: Collection[date], off: Collection[date]) -> bool:
    """Tell whether a day is off for a lawful one before it, with nothing but rest days between them."""
    day -= ONE_DAY
    while day not in lawful and (day.weekday() > 4 or day in off):
        day -= ONE_DAY
    return day in lawful


def _is_sole_make_up(day: date, off: Collection[date], all_off: Collection[date]) -> bool:
    """Tell whether a day can be worked for a holiday, and no day of the same weekday can that is a digit away."""
    digits = f"{day.month}.{day.day}"
    for other in (day - timedelta(days=7), day + timedelta(days=7)):
        of_other = f"{other.month}.{other.day}"
        is_slip = len(digits) == len(of_other) and sum(map(str.__ne__, digits, of_other)) == 1
        if is_slip and _is_make_up(other, off, all_off):
            return False
    return _is_make_up(day, off, all_off)


def _is_make_up(day: date, off: Collection[date], all_off: Collection[date]) -> bool:
    """Tell whether a day is of the last weekend before one of some holidays, or of the first after, that is not off."""
    for first, last in _runs(off):
        for start, step in ((first, -ONE_DAY), (last, ONE_DAY)):
            beside = start + step
            while beside.weekday() < 5 or beside in all_off:
                beside += step
            if day in (beside, beside + step) and day.weekday() > 4:
                return True
    return False


def _runs(days: Collection[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and last of each run of days that follow one another."""
    firsts = [day for day in sorted(days) if day - ONE_DAY not in days]
    lasts = [day for day in sorted(days) if day + ONE_DAY not in days]
    return zip(firsts, lasts, strict=True)


def _issued(text: str) -> str:
    """Return the day below a notice, beside who signed it or at its end, as YYYY-MM-DD; empty where there is none."""
    issued = [list(filter(None, each)) for each in _ISSUED.findall(text)]
    return "{}-{:0>2}-{:0>2}".format(*issued[-1]) if issued else ""

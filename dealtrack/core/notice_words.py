"""The words of a notice: its items, and what each clause of them says of days.

Source of the words: the notices of the General Office of the State Council from 2001 on, and those of regions.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from dealtrack.core.moments import ONE_DAY
from dealtrack.phrase import BadValue, Phrase

LONGEST_HOLIDAY = 20
LONGEST_CLAUSE = 400
NEW_YEAR = "元旦"


class FactKind(StrEnum):
    """What a clause says of its days."""

    OFF = "off"
    WORKED = "worked"
    REST = "rest"
    MOVED = "moved"
    NAMED = "named"
    MENTIONED = "mentioned"
    UNTIL = "until"
    JOINED = "joined"
    LENGTH = "length"


class Fact(NamedTuple):
    """What one clause says: its days are off, worked, a weekend, moved to others, a festival's, or only mentioned.

    A holiday is `joined` to the weekend beside it.
    `until` is the end to which the holiday of a name is extended, `length` the number of days of some holiday.
    `has_weekdays` tells that each day bears its weekday, `is_counted` that the text gives their number, `is_plain` that
    no word stands beside the days that may limit whom they are for.
    """

    kind: FactKind
    days: tuple[date, ...]
    clause: str
    has_weekdays: bool = False
    is_counted: bool = False
    name: str = ""
    length: int = 0
    is_plain: bool = True


class Item(NamedTuple):
    """One item of a notice: the name of its holiday, empty for the head and for what names none, and its text."""

    name: str
    text: str


DIGITS = {sign: number for number, sign in enumerate("零一二三四五六七八九十")} | {"两": 2}
WEEKDAYS = {sign: number for number, sign in enumerate("一二三四五六日")} | {"天": 6}

_NUMBER = r"(?:\d+|[一二两三四五六七八九十]+)"
DAY = r"(?<!\d)(?:(?:\d{4}年)?\d{1,2}月)?\d{1,2}日(?:\([^()]*\))?"
_DAYS = rf"{DAY}(?:(?:[至、和及与,]){DAY})*"
OFF = r"(?:全国|均|为|正常|调整为|改为|实际)*(?:放假|休假|补休|调休|公休|休息日|休息)+"
_WORKED = r"(?:均|为|正常|照常|调整为|改为)*(?:上班|工作日)"
_AND_OF = r"(?:及(?P<festivals>[^\d]+?))?"
_MOVED = rf"(?:分别)?[调改]整?[至到为](?P<to>{_DAYS})(?:休息)?"
_OTHERS = r"[^\d()]*?"
"""Whom or what a clause is about."""

FORMS = tuple(
    (form, re.compile(pattern))
    for form, pattern in (
        ("count", rf"(?:共|共计|合计|总共)(?:放假)?(?P<count>{_NUMBER})天"),
        ("move", rf"[将把]?{_OTHERS}(?P<days>{_DAYS})(?:(?P<count>{_NUMBER})个)?的?公休日?{_AND_OF}{_MOVED}"),
        ("exchange", rf"(?P<days>{_DAYS})上班调整?[至到](?P<to>{_DAYS})"),
        ("until", rf"(?:现?将)?延长(?:\d{{4}}年)?(?P<name>[^\d]+?)假期至(?P<days>{DAY})"),
        ("resume", rf"(?P<days>{DAY})起(?:正常|恢复)*上班"),
        ("rest", rf"(?P<days>{_DAYS})[照常仍为]*(?:公休日?|双休日|周末)"),
        ("off", rf"(?P<days>{_DAYS})(?:分别)?[为是][^\d]*法定节?假日"),
        ("off", rf"{_OTHERS}放假(?P<count>{_NUMBER})天\((?P<days>{_DAYS})\)"),
        ("off", rf"[^()]*?(?:放假|休假|调休)+时间(?:安排)?[为是从]?(?P<days>{_DAYS})"),
        ("worked", rf"{_OTHERS}(?P<days>{_DAYS}){_WORKED}"),
        ("off", rf"{_OTHERS}(?P<days>{_DAYS}){_OTHERS}{OFF}(?:(?P<count>{_NUMBER})天)?"),
        ("joined", r"与周[末一二三四五六日]连休"),
        ("heading", rf"{_NUMBER}天为(?P<name>双休日|调休|实际放假|放假)"),
        ("days", rf"{_OTHERS}(?P<days>{_DAYS})"),
        ("named", rf"(?P<days>{_DAYS})[是为][^\d]*"),
        ("named", rf"[^\d]*[是为](?P<days>{_DAYS})"),
        ("length", rf"[^\d]*{OFF}(?P<count>{_NUMBER})天"),
        ("verb", rf"[^\d]*{OFF}"),
    )
)
"""The forms of clauses that say something of days; the first that fits a clause is its form."""

_PARTS = re.compile(r"([至、和及与,])?(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:\(([^()]*)\))?")
_WEEKDAY = re.compile(r"(?:星期|周|礼拜)([一二三四五六日天])")
_CONNECTIVES = re.compile(r"^(?:其中|同时|这样|即|相应|而|并|另外|此外|按规定|一?(?=共))+")
_RULING = re.compile(r"放假|调休|公休|补休|休息|休假|上班|工作日|假期|开始工作|正常工作|[调改]整?[至到为]")
_RULES_NOTHING = re.compile("通知|作息时间|《[^》]*$")
_OF_SOME = re.compile(r"(?:过这一节日|其他|部分|信仰)[^,。;]{0,4}群众|半天")
_ONE_CLAUSE = str.maketrans(dict.fromkeys(",;:。!?\n", "、"))
_DENIES = re.compile("^不|不(?!调休)|勿|免于|无需|取消|撤销|停止|禁止|作废|暂缓|除外|例外")
_CALLED_OFF = re.compile(r"[^\d]{0,8}(?:取消|撤销|作废|停止执行)[^\d]{0,4}")
_PLAIN = re.compile(
    rf"{DAY}|\([^()]*\)|\d{{4}}年|{_NUMBER}[天个]|上班|工作日|放假|休假|补休|调休|公休日?|休息日?|双休日|法定|节?假日|假期|[调改]整?[至到为]"
    "|元旦|五一|十一|(?:春|清明|劳动|端午|中秋|国庆|古尔邦|肉孜|开斋|雪顿)节|藏历新年"
    "|全国|全疆各族人民群众|今年|仍按照国家规定|分别|正常|照常|时间|安排|[将把的均仍为是从自起至及和、,]"
)
"""What a clause may hold beside its days and rule them for everybody."""
_FROM_ON = re.compile("自.*起")
_WEEKENDS = ("双休日", "周末")
_ENCOURAGED = "鼓励"
_MARK = r"(?:•?(?:第?[一二三四五六七八九十]+、|\((?:[一二三四五六七八九十]+|\d{1,2})\)|\d+、)|•)"
_HEAD = re.compile(
    rf"(?:^|(?<=[\n。;:,]))(?:\d{{0,4}}{_MARK}\n?(?P<marked>[^\d,。;:()\n]{{1,20}}?(?=\n?:|\n?{DAY}))?\n?:?\n?"
    rf"|(?P<plain>[^\d,。;:()\n]{{1,15}}):(?={DAY}))"
)
_INTRODUCES = re.compile("[如以]下|其中|即$|规定|通知")
_IN_CHINESE = re.compile(r"([二零一三四五六七八九]{4})年([一二三四五六七八九十]+)月([一二三四五六七八九十]+)日")


def because(reason: str, clause: str, **values: object) -> BadValue:
    """Return the error about a clause for a reason, which is a template of the values."""
    return BadValue("{clause!r}: {reason}", clause=clause, reason=Phrase(reason, **values))


def plain_text(text: str) -> str:
    """Return a text in narrow signs, without letters, quotes, blanks and what else says nothing of days."""
    text = unicodedata.normalize("NFKC", text).translate(dict.fromkeys(map(ord, "〇○"), "零"))
    letters = r"[^\W\d_一-鿿]+"
    text = re.sub(rf"(?<=\d){letters}(?=\d)", " ", text)
    text = re.sub(letters, "", text).translate(str.maketrans("[【]】〜∼", "〔〔〕〕~~"))
    text = re.sub(r"(?<=月)(\d{1,2})号", r"\1日", text)
    text = re.sub(r"(?<=日)[ \t]*〔?((?:星期|周|礼拜)[一二三四五六日天])〕?(?![\d)])", r"(\1)", text)
    # 1. and 1) number an item as 1、 does.
    text = re.sub(r"(?m)^[ \t]*(\d{1,2})[.)][ \t]*(?=[一-鿿])", r"\1、", text)
    text = re.sub(r"通知[ \t]*\n", "通知。\n", text)
    # A line that was broken within a date or a list goes on.
    text = re.sub(
        r"(?<=[\d一-鿿、,(])[ \t]*\n[ \t]*(?=[\d、,()年月日至])(?!\(?[\d一二三四五六七八九十]{1,2}[、)][一-鿿])",
        "",
        text,
    )
    text = re.sub(r"(?m)^[ \t]*[-—–―─]+(?=[ ]*[一-鿿])", "•", text)
    text = re.sub(r"(?<=[\d日)]) *[-—–―─~到]+ *(?=\d)", "至", text)
    text = re.sub(r"[^\d一-鿿、。,;:()《》〈〉〔〕•!?\n \t]", "", text)
    text = re.sub(r"(?<=\d)[ \t]+(?=\d)", ",", text)
    text = re.sub(r"[ \t]+", "", text).replace("()", "")
    # A lone bracket is noise: those of a pair are set aside meanwhile, and what is in them is one clause.
    text = re.sub(r"\(([^()]{1,80})\)", lambda pair: f"\1{pair[1].translate(_ONE_CLAUSE)}\2", text)
    text = re.sub(r"[()]", "", text).translate({1: "(", 2: ")"})
    text = re.sub(r"[,、]{2,}", lambda signs: "、" if "、" in signs[0] else ",", text)
    text = re.sub(r",+(?=[,。;:])", "", text)
    # 1月24、25、26日 and (5月1、2、3)
    text = re.sub(r"(?<!\d)\d{1,2}(?:、\d{1,2}){1,30}(?=日|\))日?", _each_with_sign, text)
    text = re.sub(r"(?<!\d)(\d{1,2})至(?=(?:\d{1,2}月)?\d{1,2}日)", r"\1日至", text)
    return _IN_CHINESE.sub(_in_digits, text)


def _each_with_sign(numbers: re.Match[str]) -> str:
    return "、".join(f"{number}日" for number in numbers[0].removesuffix("日").split("、"))


def _in_digits(day: re.Match[str]) -> str:
    year, month, number = day.groups()
    return f"{''.join(str(DIGITS[sign]) for sign in year)}年{_number(month)}月{_number(number)}日"


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    tens, ten, units = text.rpartition("十")
    return (DIGITS.get(tens, 1) * 10 if ten else 0) + DIGITS.get(units, 0)


def items_of(text: str) -> Iterator[Item]:
    """Yield the head of a text, which has no name, and its items."""
    heads = [head for head in _HEAD.finditer(text) if not _INTRODUCES.search(head["plain"] or "")]
    ends = [*(head.start() for head in heads), len(text)]
    yield Item("", text[: ends[0]])
    for head, end in zip(heads, ends[1:], strict=True):
        name = (head["marked"] or head["plain"] or "").strip()
        is_name = not _RULING.search(name)
        yield Item(name if is_name else "", ("" if is_name else name) + text[head.end() : end])


def facts_of(item: Item, year: int, *, is_head: bool) -> list[Fact]:
    """Return what the clauses of an item say; `is_head` tells that others rule the days. Raises BadValue."""
    reader = _ItemReader(item, year, is_head)
    for sentence in re.split(r"[。!?]", item.text.replace("\n", "")):
        if not sentence.startswith(_ENCOURAGED):
            reader.read(sentence)
    return reader.facts


class _ItemReader:
    """Reads the clauses of an item one after another: a later one may go on with the days of the one before."""

    def __init__(self, item: Item, year: int, is_head: bool) -> None:
        self.facts: list[Fact] = []
        self._item, self._year, self._is_head = item, year, is_head

    def read(self, sentence: str) -> None:
        """Read a sentence; raises BadValue."""
        carried: Fact | None = None
        heading = ""
        for text in re.split(r"[,;:]", sentence):
            clause = _CONNECTIVES.sub("", text)
            form, words = _form_of(clause)
            if _OF_SOME.search(clause) and _RULING.search(clause):
                raise because("it rules days for some people only", clause)
            if self._is_head and (form in ("", "count", "length") or _FROM_ON.search(clause)):
                continue
            rules_days = form in ("off", "worked", "move", "exchange") or (carried and form in ("verb", "length"))
            if rules_days and _DENIES.search(clause):
                raise because("it is not understood", clause)
            is_plain = words is not None and not _PLAIN.sub("", clause.replace(self._item.name, ""))
            values = words.groupdict() if words else {}
            days, has_weekdays = self._days(values.get("days") or "", clause, carried)
            fact = Fact(FactKind.OFF, days, clause, has_weekdays, is_plain=is_plain)
            count = _number(values.get("count") or "0")
            if carried and form in ("count", "verb", "length"):
                # The clause before named the days, this one says what they are.
                both, is_plain = f"{carried.clause},{clause}", is_plain and carried.is_plain
                self.facts.append(carried._replace(kind=FactKind.OFF, clause=both, is_plain=is_plain))
                carried, form = None, "count" if count else "verb"
            match form:
                case "heading":
                    heading = values["name"]
                case "days" if heading:
                    self.facts.append(fact._replace(kind=FactKind.REST) if heading in _WEEKENDS else fact)
                case "days":
                    carried = fact._replace(kind=FactKind.MENTIONED, days=(carried.days if carried else ()) + days)
                case "count":
                    self.facts[-1:] = [_counted(self.facts[-1] if self.facts else fact, count, clause)]
                case "move" | "exchange":
                    self.facts += self._moved(fact, form, count, values)
                case "":
                    self._mention(clause)
                case "verb":
                    pass
                case _:
                    self._take(fact, form, count, values)
        if carried:
            if _RULING.search(sentence) and not self._is_head:
                raise because("it is not understood", carried.clause)
            self.facts.append(carried)

    def _take(self, fact: Fact, form: str, count: int, values: dict[str, Any]) -> None:
        """Add what a clause says by itself."""
        match form:
            case "off":
                self.facts.append(_counted(fact, count, fact.clause) if count else fact)
            case "until":
                self.facts.append(fact._replace(kind=FactKind.UNTIL, name=values["name"]))
            case "length":
                self.facts.append(fact._replace(kind=FactKind.LENGTH, length=count))
            case "resume":
                if fact.days[0].weekday() > 4:
                    raise because("{day} is no day of a working week", fact.clause, day=fact.days[0])
            case _:
                self.facts.append(fact._replace(kind=FactKind(form)))

    def _moved(self, fact: Fact, form: str, count: int, values: dict[str, Any]) -> list[Fact]:
        """Return what a clause says that gives back days of a weekend, or has days worked in place of others."""
        to, has_weekdays = self._days(values["to"], fact.clause, fact)
        moved = len(fact.days) + len(re.findall(r"[^、及和]+", values.get("festivals") or ""))
        if moved != len(to) or count not in (0, len(fact.days)):
            raise because("it moves {count} days to {others}", fact.clause, count=moved, others=len(to))
        after = fact._replace(days=to, has_weekdays=has_weekdays)
        if form == "exchange":
            return [fact, after._replace(kind=FactKind.WORKED)]
        if any(day.weekday() > 4 for day in to):
            raise because("it gives back a day of a weekend", fact.clause)
        return [fact._replace(kind=FactKind.MOVED), after]

    def _mention(self, clause: str) -> None:
        """Note the days of a clause that rules none; raises BadValue where it may."""
        texts = re.findall(DAY, clause)
        if not texts and self.facts and _CALLED_OFF.fullmatch(clause):
            raise because("it is not understood", f"{self.facts[-1].clause},{clause}")
        if texts and _RULING.search(re.sub(r"《[^》]{0,80}》", "", clause)) and not _RULES_NOTHING.search(clause):
            raise because("it is not understood", clause)
        for text in texts:
            self.facts.append(Fact(FactKind.MENTIONED, self._days(text, clause, None)[0], clause))

    def _days(self, text: str, clause: str, before: Fact | None) -> tuple[tuple[date, ...], bool]:
        """Return the days that a text lists; those named before give them their month."""
        last = before.days[-1] if before else next((fact.days[-1] for fact in reversed(self.facts) if fact.days), None)
        return _days_of(text, clause, self._item, self._year, last)


def _form_of(clause: str) -> tuple[str, re.Match[str] | None]:
    if len(clause) > LONGEST_CLAUSE:
        return "", None
    return next(((form, words) for form, pattern in FORMS if (words := pattern.fullmatch(clause))), ("", None))


def _counted(fact: Fact, count: int, clause: str) -> Fact:
    if fact.kind is not FactKind.OFF or len(fact.days) != count:
        where = clause if fact.clause == clause else f"{fact.clause},{clause}"
        raise because("it names {found} days, not {count}", where, found=len(fact.days), count=count)
    return fact._replace(is_counted=count > 1)


def _days_of(text: str, clause: str, item: Item, year: int, last: date | None) -> tuple[tuple[date, ...], bool]:
    """Return the days that a text lists, in order, and whether each bears its weekday.

    `last` is the day named before, of whose month a day without a month is. Raises BadValue.
    """
    days: list[date] = []
    has_weekdays = True
    for link, written_year, month, number, note in _PARTS.findall(text):
        before = days[-1] if days else last
        if not month and before is None:
            raise because("its month is missing", clause)
        of_month = int(month) if month else before.month if before else 0
        if written_year:
            of_year = int(written_year)
        elif days:
            of_year = days[-1].year + (days[-1].month == 12 and of_month == 1)
        else:
            of_year = year - (of_month == 12 and NEW_YEAR in item.name)
        try:
            day = date(of_year, of_month, int(number))
        except ValueError:
            raise because("there is no such day", clause) from None
        weekday = _WEEKDAY.search(note)
        if weekday and WEEKDAYS[weekday[1]] != day.weekday():
            raise because("{day} is another weekday", clause, day=day)
        has_weekdays = has_weekdays and weekday is not None
        length = (day - days[-1]).days if days else 1
        if length < 1 or (link == "至" and length > LONGEST_HOLIDAY):
            raise because("its days are not in order", clause)
        days += [day - ONE_DAY * step for step in range(length - 1 if link == "至" else 0, -1, -1)]
    return tuple(days), has_weekdays

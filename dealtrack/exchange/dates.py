"""The moments that the dates of one file mean, and what to do about a date that no form reads."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, ONE_DAY, Moment, day_start
from dealtrack.exchange.date_forms import AUTO, ISO, DayOrder, WrittenDate, compile_form, plain_text, readings
from dealtrack.phrase import BadValue, Phrase, either

_CACHE_SIZE = 100_000
_SHOWN = 60
_ISO_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")

_ADVICE = (
    (r"[0-9]{12,14}", Phrase("use --date-format epoch-ms for milliseconds since 1970")),
    (r"[0-9]{9,10}(?:\.[0-9]+)?", Phrase("use --date-format epoch-s for seconds since 1970")),
    (r"(?:19|20)[0-9]{6}", Phrase("use --date-format %Y%m%d")),
    (r"[0-9]{5}(?:\.[0-9]+)?", Phrase("use --date-format excel-1900 for day numbers of spreadsheets")),
    (
        r"(?:中華)?民[國国] ?[0-9]{2,3}.*|[0-9]{3} ?[-/.年] ?[0-9]{1,2} ?[-/.月] ?[0-9]{1,2}.*",
        Phrase("use --date-format roc for years of the Republic of China"),
    ),
    (
        r"(?:平成|令和|昭和|大正|明治) ?(?:元|[0-9]{1,2}) ?年.*|[mtshr][0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{1,2}.*",
        Phrase("era years are not supported; write common years, e.g. 2016"),
    ),
    (
        r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? .*[0-9].*|.*[0-9日] ?[(\[]\w{1,9}[)\]].*",
        Phrase("in --date-format, %a is the name of a weekday, e.g. %Y年%m月%d日（%a）"),
    ),
    (
        r".*[0-9] ?(?:[ap]\.?m\.? ?)?[a-z]{3,5}",
        Phrase(
            "time zone letters are ambiguous; copy them into --date-format, e.g. '%m/%d/%Y %I:%M:%S %p "
            "EST', and set timezone in a mapping"
        ),
    ),
    (r".*[^\W\d_]{3,}\.?[-/ .,]+[0-9]{2,4}(?:[ ,].*)?", Phrase("months must be English names or numbers")),
    (
        r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\W.*[^\W\d_].*",
        Phrase("the column has more than a date; move the rest into a column of its own"),
    ),
)
_GENERAL = Phrase("use --date-format to say how dates are written, e.g. %d/%m/%Y")


class DateReader:
    """Reads the dates of one file and remembers those it has read, as days repeat.

    A moment without an offset is local to `zone`, and so is a day alone; where the register has another zone,
    `register_zone`, the day begins with the first second that is of that day in both. A day in `sentinels` means
    none. With `midnight_is_day` a moment at 00:00:00 means the day alone. `guessed_order` tells that the order of day
    and month in the forms is a guess, as it always is in `auto`; `order` is what the dates say of it.
    """

    def __init__(
        self,
        forms: Iterable[str],
        zone: tzinfo,
        register_zone: tzinfo,
        sentinels: frozenset[date] = frozenset(),
        midnight_is_day: bool = False,
        guessed_order: bool = False,
    ) -> None:
        self.forms = tuple(forms)
        self.order = DayOrder()
        self._forms = tuple((form, compile_form(form), guessed_order or form == AUTO) for form in self.forms)
        # A workbook's dates proper are handed on as ISO writes them.
        self._is_workbook = ISO in self.forms
        self._guesses = guessed_order or AUTO in self.forms
        self._zone = zone
        self.register_zone = register_zone
        self._sentinels = sentinels
        self._midnight_is_day = midnight_is_day
        self._moment = lru_cache(_CACHE_SIZE)(self._read)
        self._offsets: dict[date, timedelta | None] = {}
        # For texts like 2016-11-11 13:30, which mean the sum of the two: a million have some thousand days and
        # minutes, and adding takes a fifth of the time of reading.
        self._midnights: dict[str, datetime] = {}
        self._hours: dict[str, timedelta] = {}

    def read(self, text: str) -> Moment | None:
        """Return the moment a text means, None for a sentinel; raises ValueError with the reason, after the text."""
        return self.known(text) or self._moment(text)

    def known(self, text: str) -> Moment | None:
        """Return the moment of a text whose day and whose hour were read before, None for any other text."""
        midnight, hours = self._midnights.get(text[:10]), self._hours.get(text[10:])
        if midnight is None or hours is None:
            return None
        exact = midnight + hours
        return Moment(exact, exact, False)

    def _learn(self, text: str, when: datetime) -> None:
        """Remember the halves of a text that was read as a moment of a day on which the offset does not change."""
        offset = self._offsets[when.date()]
        if offset is not None and self.forms == (AUTO,) and _ISO_MINUTE.fullmatch(text):
            if len(self._midnights) >= _CACHE_SIZE:
                self._midnights.clear()
            midnight = when.replace(hour=0, minute=0)
            self._midnights[text[:10]] = (midnight - offset).replace(tzinfo=UTC)
            self._hours[text[10:]] = when - midnight

    def _read(self, text: str) -> Moment | None:
        when, day_only, _, is_24 = self._match(text)
        if self._sentinels and when.date() in self._sentinels:
            return None
        if not FIRST_YEAR <= when.year <= LAST_YEAR:
            raise BadValue("is outside the calendar, {first} to {last}", first=FIRST_YEAR, last=LAST_YEAR)
        if day_only or (self._midnight_is_day and when.tzinfo is None and when.time() == time.min and not is_24):
            return self._day(when)
        if when.tzinfo is not None:
            exact = when.astimezone(UTC).replace(microsecond=0)
        elif is_24 and when.time() == time.min:
            exact = day_start(when.date(), self._zone)
        else:
            exact = self._to_utc(when.replace(microsecond=0) if when.microsecond else when)
            if not self._midnight_is_day and not is_24:
                self._learn(text, when)
        return Moment(exact, exact, False)

    def _day(self, when: datetime) -> Moment:
        """Return a day alone. It may bear an offset, as dates of XML do, where that is the zone's own."""
        day, zone = when.date(), self._zone
        start, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
        if start == end:
            raise BadValue("is not a valid time{reason}", reason=Phrase(" (that day was skipped in this time zone)"))
        offsets = {at.astimezone(zone).utcoffset() for at in (start, end)}
        if when.tzinfo is not None and when.utcoffset() not in offsets:
            raise BadValue("is a date without a time, in another time zone than that of the file ({zone})", zone=zone)
        own = day_start(day, self.register_zone)
        return Moment(own if start < own < end else start, end, True)

    def _match(self, text: str) -> WrittenDate:
        reason = ""
        for name, form, is_guessed in self._forms:
            try:
                written = form(text)
            except ValueError as error:
                reason = reason or str(error)
            else:
                if written is not None:
                    if self._is_workbook:
                        self.order.see_cell(text, name == ISO)
                    if is_guessed and written.fits_both is not None:
                        self.order.see(text, name, written.fits_both)
                    return written
        if self._guesses:
            self.order.see_unread(text)
        if self._is_workbook:
            self.order.see_cell(text, False)
        if reason:
            raise BadValue(reason)
        fault = Phrase("not a date of the form {names}", names=either(self.forms))
        if AUTO in self.forms:
            fault = Phrase("not a date in a known format")
        raise BadValue("is {fault}; {advice}", fault=fault, advice=_advice(text))

    def _to_utc(self, when: datetime) -> datetime:
        """Return a local moment in UTC: the first of two where clocks went back; ValueError where they skipped it."""
        day = when.date()
        if day not in self._offsets:
            first, last = (datetime.combine(day, at, self._zone) for at in (time.min, time.max))
            steady = first.utcoffset() == last.utcoffset() == last.replace(fold=1).utcoffset()
            self._offsets[day] = first.utcoffset() if steady else None
        offset = self._offsets[day]
        if offset is not None:
            return (when - offset).replace(tzinfo=UTC)
        exact = when.replace(tzinfo=self._zone).astimezone(UTC)
        if exact.astimezone(self._zone).replace(tzinfo=None) != when:
            raise BadValue("does not exist: the clocks went forward past it")
        return exact


def shown(text: str) -> str:
    """Return a value as messages quote it, cut where it is long."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _advice(text: str) -> Phrase:
    """Return what to do about a date that no form reads."""
    if forms := [f"'{each.form}'" if " " in each.form else each.form for each in readings(text)]:
        return Phrase("use --date-format to say how it is written: {forms}", forms=either(forms))
    plain = plain_text(text[:100])
    return next((way for pattern, way in _ADVICE if re.fullmatch(pattern, plain)), _GENERAL)

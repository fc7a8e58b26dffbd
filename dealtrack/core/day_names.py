"""The names of days in a calendar as phrases that can be translated: the festival, and the days in the name."""

import re

from dealtrack.phrase import Phrase, Word, in_order

_DAY = r"(?P<weekday>Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<day>\d{4}-\d\d-\d\d)"
_NAMED = (
    (rf"(?P<festival>.+) \(day off, made up on {_DAY}\)", "{festival} (day off, made up on {day})"),
    (rf"(?P<festival>.+) \(day off, moved from {_DAY}\)", "{festival} (day off, moved from {day})"),
    (r"(?P<festival>.+) \(observed\)", "{festival} (observed)"),
    (r"Closed each year by law", "Closed each year by law"),
    (rf"Day off, made up on {_DAY}", "Day off, made up on {day}"),
    (rf"Day off, moved from {_DAY}", "Day off, moved from {day}"),
    (rf"{_DAY} \((?P<festival>.+)\)", "{day} ({festival})"),
    (_DAY, "{day}"),
)
TEMPLATES = tuple(template for _, template in _NAMED)


def name_of_day(text: str) -> str:
    """Return a day's name in a calendar as a phrase that can be translated; its English text is the same."""
    if not text:
        return text
    festivals = text.split("; ")
    if len(festivals) > 1:
        return in_order(map(name_of_day, festivals))
    for pattern, template in _NAMED:
        if match := re.fullmatch(pattern, text):
            groups = match.groupdict()
            values: dict[str, object] = {}
            if "festival" in groups:
                values["festival"] = Word(groups["festival"])
            if "day" in groups:
                values["day"] = Phrase("{weekday} {day}", weekday=Word(groups["weekday"]), day=groups["day"])
            return Phrase(template, **values)
    return Word(text)

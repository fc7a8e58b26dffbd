"""What to do about a date that no form reads: the way for each kind that public files were seen to have."""

import re
from unicodedata import normalize

from dealtrack.exchange.day_orders import readings
from dealtrack.phrase import Phrase, either

_ADVICE = (
    (r"[0-9]{12,14}", Phrase("--date-format epoch-ms reads milliseconds since 1970")),
    (r"[0-9]{9,10}(?:\.[0-9]+)?", Phrase("--date-format epoch-s reads seconds since 1970")),
    (r"(?:19|20)[0-9]{6}", Phrase("--date-format %Y%m%d reads it")),
    (r"[0-9]{5}(?:\.[0-9]+)?", Phrase("--date-format excel-1900 reads the numbers that spreadsheets have for days")),
    (
        r"(?:中華)?民[國国] ?[0-9]{2,3}.*|[0-9]{3} ?[-/.年] ?[0-9]{1,2} ?[-/.月] ?[0-9]{1,2}.*",
        Phrase("--date-format roc reads years of the Republic of China"),
    ),
    (
        r"(?:平成|令和|昭和|大正|明治) ?(?:元|[0-9]{1,2}) ?年.*|[mtshr][0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{1,2}.*",
        Phrase("years of an era are not read: write those of the common calendar, as 2016"),
    ),
    (
        r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? .*[0-9].*|.*[0-9日] ?[(\[]\w{1,9}[)\]].*",
        Phrase("in --date-format %a stands for the name of a weekday, as in %Y年%m月%d日（%a）"),
    ),
    (
        r".*[0-9] ?(?:[ap]\.?m\.? ?)?[a-z]{3,5}",
        Phrase(
            "letters name no one time zone: write them into --date-format as they stand, as in "
            "'%m/%d/%Y %I:%M:%S %p EST', and the zone as timezone into a mapping"
        ),
    ),
    (
        r".*[^\W\d_]{3,}\.?[-/ .,]+[0-9]{2,4}(?:[ ,].*)?",
        Phrase("months are read by their English names, or as numbers"),
    ),
    (
        r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\W.*[^\W\d_].*",
        Phrase("the column holds more than a date: leave the date alone in it, the rest in a column of its own"),
    ),
)
_GENERAL = Phrase("--date-format says how dates are written, as %d/%m/%Y")


def advice(text: str) -> Phrase:
    """Return what to do about a date that no form reads."""
    if forms := [f"'{each.form}'" if " " in each.form else each.form for each in readings(text)]:
        return Phrase("--date-format says how it is written: {forms}", forms=either(forms))
    plain = " ".join(normalize("NFKC", text[:100]).lower().split())
    return next((said for pattern, said in _ADVICE if re.fullmatch(pattern, plain)), _GENERAL)

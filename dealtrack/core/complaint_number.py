"""The number that a complaint has elsewhere, and what a spreadsheet has made of it."""

import re
from unicodedata import normalize

from dealtrack.core.blanks import blank_kind
from dealtrack.errors import BadText
from dealtrack.phrase import Phrase

# 2.01611E+13, 2,01611e13, 2E+13: what stood behind the digits that are shown is lost.
_ROUNDED = re.compile(r"[+-]?(?:[0-9]{1,3}[.,][0-9]+ ?E ?[+-]? ?|[0-9]{1,3}E\+)[0-9]{1,3}", re.IGNORECASE)
# What a spreadsheet shows in the place of a value, as #REF! or ####.
_FAULT = re.compile(r"#{3,}|#(?:REF|VALUE|NAME|NUM|NULL|DIV/0|SPILL|CALC|FIELD|BLOCKED|CONNECT|BUSY|UNKNOWN)[!?]")
_TEXT_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')
_QUOTED_DIGITS = re.compile(r"['‘’`][0-9]+")


def number_fault(text: str) -> str | None:
    """Return why a text is no number that tells complaints apart, None where it may be one."""
    plain = text if text.isascii() else normalize("NFKC", text).replace("\u2212", "-")
    if _ROUNDED.fullmatch(plain):
        return Phrase(
            "{text} was rounded by a spreadsheet and has lost its last digits; format the column as text "
            "there, and save the file again",
            text=text,
        )
    return cell_fault(plain)


def cell_fault(text: str) -> str | None:
    """Return why a text is what a spreadsheet shows in the place of a value, None where it is something else."""
    if text[:1] in "#＃" and _FAULT.fullmatch(normalize("NFKC", text).upper()):
        return Phrase("{text} is what a spreadsheet shows instead of a value; save the file again", text=text)
    return None


def check_number(text: str) -> str:
    """Return a number that a person gave; raises BadText for what stands for none, or was rounded."""
    if text and blank_kind(text):
        raise BadText(
            what=Phrase("The complaint number"), reason=Phrase("cannot be {text}, which means none", text=text)
        )
    fault = number_fault(text)
    if fault:
        raise BadText(what=Phrase("The complaint number"), reason=fault)
    return text


def without_text_mark(text: str) -> str:
    """Return a number without the apostrophe by which a spreadsheet is told that its digits are text."""
    return text[1:] if text[0] in "'‘’`" and _QUOTED_DIGITS.fullmatch(text) else text


def text_of_formula(cell: str) -> str:
    """Return the text of a formula that is nothing but a text, as 0012 for ="0012"; any other cell as it is."""
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"') if formula else cell

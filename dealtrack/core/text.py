"""Text that people and files give: made clean when it comes in, and harmless when it goes out."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from unicodedata import category, east_asian_width, normalize

from dealtrack.errors import BadAmount, BadText
from dealtrack.phrase import Phrase

# Characters that reorder what is read: marks, embeddings, overrides and isolates of bidirectional text.
BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SURROGATES = range(0xD800, 0xE000)
_LINE_ENDS = (0x0A, 0x0D, 0x85, 0x2028, 0x2029)
_REPLACEMENT = "\ufffd"

_BACKSLASH, _RETURN = 0x5C, 0x0D
_LONE_RETURN = r"\r(?!\n)"
_ESCAPED = r"\\u([0-9a-f]{4})"

_FORMULA = "'*[=+\\-@\t\r\n＝＋－＠]"
_SURROGATE = "[\ud800-\udfff]"
_AMOUNT = r"0*([0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.([0-9]{1,2}))?"
_AMOUNT_ANYWHERE = (
    # Thousands by one sign, or as in India two digits a group but for the last; the cents come after another sign.
    r"([0-9]{1,12}|[0-9]{1,3}(?:(?P<mark>[ '’.,])[0-9]{3})(?:(?P=mark)[0-9]{3})*|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})"
    r"(?:(?P<point>[.,])(?P<cents>[0-9]{1,2}))?"
)
LONGEST_AMOUNT = 40
_AMOUNT_KEPT = r"(?:0|[1-9][0-9]{0,11})\.[0-9]{2}"
_CURRENCY_BEFORE = r"(?i)(?:¥|rmb|cny|人民币)\s*"
_CURRENCY_AFTER = r"(?i)(?<=[0-9 ])(?:元整?|圆|rmb|cny)$"


# Tables of two thousand characters, made when one is first needed: 1 ms.


@cache
def _cell_table() -> dict[int, str]:
    # C0 controls become their pictures (U+241B for ESC); what has no picture becomes the replacement character.
    return {
        **dict.fromkeys((*_SURROGATES, *range(0x80, 0xA0), *BIDI), _REPLACEMENT),
        **{code: chr(0x2400 + code) for code in range(0x20)},
        0x7F: "\u2421",
        **dict.fromkeys(_LINE_ENDS, " "),
        0x09: " ",
    }


@cache
def _lines_table() -> dict[int, str]:
    return {**_cell_table(), 0x0A: "\n"}


@cache
def _escapes() -> dict[int, str]:
    return {
        code: f"\\u{code:04x}"
        for code in (*range(0x20), *range(0x7F, 0xA0), *BIDI, 0x2028, 0x2029, *_SURROGATES)
        if code not in (0x09, 0x0A, _RETURN)
    }


def safe_text(text: str) -> str:
    """Return a text of one line that a terminal shows as it stands: no controls, escapes or reordering of characters.

    Line ends and tabs become spaces.
    """
    return text if text.isprintable() else text.translate(_cell_table())


def first_few(values: Sequence[object]) -> str:
    """Return values separated by commas; of more than eight the first eight, and that there are others."""
    return ", ".join(map(str, values[:8])) + (", ..." if len(values) > 8 else "")


def names_within(names: Iterable[str], width: int = 300) -> str:
    """Return names separated by commas, of very many the first that fit a width in characters, then dots."""
    line = ", ".join(names)
    return line if len(line) <= width else line[:width].rpartition(", ")[0] + ", ..."


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters; of a longer one its beginning, and an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def safe_lines(text: str) -> str:
    """Return what `safe_text` returns, with line feeds kept."""
    return text if text.isprintable() else text.translate(_lines_table())


def defuse_formula(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: one that would begin as such gets an apostrophe in front.

    So does one that begins with apostrophes before such a character, that `restore_formula` may undo all of it.
    """
    return "'" + text if re.match(_FORMULA, text) else text


def restore_formula(text: str) -> str:
    """Return the cell that `defuse_formula` was given."""
    return text[1:] if text.startswith("'") and re.match(_FORMULA, text) else text


def escape_controls(text: str) -> str:
    """Return a text in which what a terminal would obey, or what reorders characters, stands as JSON would escape it.

    Line ends and tabs stay. `unescape_controls` undoes all of it.
    """
    if text.isprintable() and "\\u" not in text:
        return text
    text = re.sub(_ESCAPED, lambda match: f"\\u005c{match[0][1:]}", text)
    return re.sub(_LONE_RETURN, r"\\u000d", text).translate(_escapes())


def unescape_controls(text: str) -> str:
    """Return the text that `escape_controls` was given."""
    return re.sub(_ESCAPED, _unescaped, text) if "\\u" in text else text


def _unescaped(match: "re.Match[str]") -> str:
    code = int(match[1], 16)
    return chr(code) if code in _escapes() or code in (_BACKSLASH, _RETURN) else match[0]


def clean_input(text: str, what: str, limit: int) -> str:
    """Return a text without white space around it, in Unicode's composed form; `limit` is in characters.

    Raises BadText, which begins with `what`, for NUL characters, lone surrogates and texts over the limit.
    """
    text = text.strip()
    if not text.isascii():
        # What can be printed holds no surrogate; that is found out in a tenth of the time.
        if not text.isprintable() and re.search(_SURROGATE, text):
            raise BadText(what=what, reason="contains bytes that are not UTF-8 text")
        text = normalize("NFC", text)
    if "\0" in text:
        raise BadText(what=what, reason="contains a NUL character")
    if len(text) > limit:
        reason = Phrase("has {count:,} characters; the maximum is {limit:,}", count=len(text), limit=limit)
        raise BadText(what=what, reason=reason)
    return text


def is_amount(text: str) -> bool:
    """Tell whether a text is an amount of money in its one form, as 1299.50."""
    return re.fullmatch(_AMOUNT_KEPT, text) is not None


def parse_amount(text: str) -> str:
    """Return an amount of money in its one form, as 1299.50.

    Thousands may be grouped by commas, and a sign or word for yuan may stand before or after.
    Raises BadAmount for what is negative, no number, finer than a cent or over twelve digits.
    """
    if is_amount(text):
        return text
    match = re.fullmatch(_AMOUNT, _without_yuan(_plain_amount(text)))
    if match is None:
        raise BadAmount(text=shortened(text, LONGEST_AMOUNT))
    return f"{int(match[1].replace(',', ''))}.{match[2] or '':0<2}"


def parse_amount_of(text: str, decimal: str, signs: Sequence[str]) -> str:
    """Return an amount of another country in the one form, given its decimal sign and the currency's signs or words.

    What both signs make clear is read whichever the decimal sign is, as 1.299,50 and 1,299.50. A point alone before
    three digits may be either, so that 99.999 is refused. Raises BadAmount.
    """
    plain = _plain_amount(text)
    words = "|".join(re.escape(normalize("NFKC", sign)) for sign in sorted(signs, key=len, reverse=True))
    if words:
        plain = re.sub(rf"(?i)^(?:{words})\s*|\s*(?:{words})$", "", plain)
    if not decimal:
        return parse_amount(plain)
    match = re.fullmatch(_AMOUNT_ANYWHERE, _without_yuan(plain))
    digits = re.sub(r"[^0-9]", "", match[1]) if match is not None else ""
    is_one_sign = match is not None and match["point"] is not None and match["point"] in match[1]
    if match is None or is_one_sign or len(digits) > 12 or not (match["point"] or _is_clear(match, decimal)):
        raise BadAmount(text=shortened(text, LONGEST_AMOUNT))
    return f"{int(digits)}.{match['cents'] or '':0<2}"


def _plain_amount(text: str) -> str:
    return normalize("NFKC", text).strip() if len(text) <= LONGEST_AMOUNT else ""


def _without_yuan(text: str) -> str:
    return re.sub(_CURRENCY_AFTER, "", re.sub(_CURRENCY_BEFORE, "", text, count=1)).strip()


def _is_clear(match: "re.Match[str]", decimal: str) -> bool:
    """Tell whether what parts the digits of an amount without cents cannot be its decimal sign."""
    marks = re.findall(r"[^0-9]", match[1])
    return len(marks) > 1 or (marks != ["."] and marks != [decimal])


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


def fit_text(text: str, width: int) -> str:
    """Return a text cut, with an ellipsis, to at most `width` columns of a terminal; whole where it fits."""
    if display_width(text) <= width:
        return text
    columns = 0
    for index, character in enumerate(text):
        columns += _character_width(character)
        if columns > width - 1:
            return text[:index].rstrip() + "…"
    return text


def pad_text(text: str, width: int) -> str:
    """Return a text filled with spaces to `width` columns of a terminal."""
    return text + " " * (width - display_width(text))


def _character_width(character: str) -> int:
    if character < "\x7f":
        return 1
    if east_asian_width(character) in "WF":
        return 2
    return 0 if category(character) in ("Mn", "Me", "Cf") else 1

"""A consumer's phone and e-mail, brought to one form, so that the same contact is known again however it was typed."""

import re
from unicodedata import normalize

from dealtrack.errors import BadEmail, BadPhone

_FIRST = re.compile(r"[/;,、；，|\n]|或")
_NO_DIGIT = re.compile(r"[^0-9]")
_COUNTRY = re.compile(r"(?:\+|00)86|86(?=1[3-9][0-9]{9}$)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MOBILE = re.compile(r"1[3-9][0-9]{8}[0-9]")
_WORDS_OF_NUMBERS = re.compile(r"(?i)\b(?:ext(?:ension)?|tel|phone|mobile|fax|x|or)\b\.?|(?<=[0-9])x(?=[0-9])")
_LATIN = re.compile(r"[A-Za-z@]")
_SHOWN = re.compile(r"[0-9*]")
_WHOLE_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>.]+(?:\.[^@\s<>.]+)+")
_BETWEEN_EMAILS = re.compile(r"[;,、；，\s]+")
LEAST_DIGITS = 6
LEAST_TYPED = 5
"""The fewest digits of a number that a person calls: those of some small islands."""


def phone_key(text: str | None) -> str | None:
    """Return the digits by which a phone number is known again, None for what is none.

    Spaces, dashes, China's country code and leading zeros make no difference; of several numbers the first counts.
    """
    if not text or "*" in text:
        # What is masked stands for many.
        return None
    if _MOBILE.fullmatch(text):
        # As nearly all are written; what follows would return the same, in three times the time.
        return text
    plain = normalize("NFKC", text)
    first = next((part for part in _FIRST.split(plain) if part.strip()), "")
    sign = "+" if first.strip().lstrip("(").startswith("+") else ""
    digits = _COUNTRY.sub("", sign + _NO_DIGIT.sub("", first), count=1).lstrip("+0")
    # Digits that are all the same stand where a number had to be typed.
    return digits if len(digits) >= LEAST_DIGITS and len(set(digits)) > 1 else None


def email_key(text: str | None) -> str | None:
    """Return the form by which an e-mail address is known again, None for what is none."""
    if not text or "*" in text:
        return None
    plain = normalize("NFKC", text).strip().casefold()
    return plain if _EMAIL.fullmatch(plain) else None


def is_phone(text: str) -> bool:
    """Tell whether a text is a phone number, or several: digits, those that are masked too, and few letters.

    What says whose it is or when to call may stand beside it in Chinese, an extension in any script.
    """
    if _MOBILE.fullmatch(text):
        return True
    plain = _WORDS_OF_NUMBERS.sub(" ", normalize("NFKC", text))
    return len(_SHOWN.findall(plain)) >= LEAST_TYPED and not _LATIN.search(plain)


def is_email(text: str) -> bool:
    """Tell whether a text is an e-mail address, or several."""
    parts = list(filter(None, _BETWEEN_EMAILS.split(normalize("NFKC", text))))
    return bool(parts) and all(map(_WHOLE_EMAIL.fullmatch, parts))


def check_contact(field: str, text: str) -> None:
    """Check a phone or an e-mail address that somebody typed; any other field may hold anything.

    Raises BadPhone and BadEmail.
    """
    if field == "phone" and not is_phone(text):
        raise BadPhone
    if field == "email" and not is_email(text):
        raise BadEmail

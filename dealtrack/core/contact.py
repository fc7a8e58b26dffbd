"""A consumer's phone and e-mail, brought to one form, so that the same contact is known again however it was typed."""

import re
from unicodedata import normalize

_FIRST = re.compile(r"[/;,、；，|\n]|或")
_NO_DIGIT = re.compile(r"[^0-9]")
_COUNTRY = re.compile(r"(?:\+|00)86|86(?=1[3-9][0-9]{9}$)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MOBILE = re.compile(r"1[3-9][0-9]{8}[0-9]")
LEAST_DIGITS = 6


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

"""A consumer's personal data: how much of it is shown, and the form by which a contact is known again.

What is masked already stays as it is, so that a masked value that was taken in is shown alike. A phone number or an
e-mail address is the same however it was typed.
"""

import re
from collections.abc import Callable, Mapping
from unicodedata import normalize

from dealtrack.errors import BadEmail, BadPhone

HIDDEN = "****"
PERSONAL = ("consumer", "phone", "email", "address")
"""The fields of personal data."""

_HIDDEN_PART = "***"
_MASKED_PHONE = r"[0-9]{0,3}\*{4}[0-9]{0,4}"
_NO_DIGIT = r"[^0-9]"
_PHONE_BREAK = r"\s*[/;,、；，|\n]\s*|\s*或\s*"
_COUNTRY = r"(?:00)?86(?=1[3-9][0-9]{9}$)"
_REGION = r"[^\s*]{1,14}[省市区县旗州盟]"


def mask(field: str, text: str | None) -> str | None:
    """Return a field of personal data as it is shown where the whole was not asked for; None where there is none."""
    return _MASKS[field](text.strip()) if text and text.strip() else None


def is_masked(field: str, text: str) -> bool:
    """Tell whether a text is what masking leaves of one, and so tells no more than that."""
    return "*" in text and mask(field, text) == text


def mask_all(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the fields of personal data masked."""
    return {field: mask(field, text) for field, text in values.items()}


def mask_name(name: str) -> str:
    """Return a name's first character and a star, as 张*."""
    return "*" if name.startswith("*") else f"{name[0]}*"


def mask_phone(phone: str) -> str:
    """Return the first three and the last four digits of a phone number, as 138****1234, of a shorter one fewer.

    Each of several numbers is masked; what holds no number is hidden whole.
    """
    return "/".join(_mask_number(part) for part in re.split(_PHONE_BREAK, phone) if part) or HIDDEN


def _mask_number(text: str) -> str:
    if re.fullmatch(_MASKED_PHONE, text):
        return text
    digits = re.sub(_COUNTRY, "", re.sub(_NO_DIGIT, "", normalize("NFKC", text)))
    if len(digits) >= 11:
        return f"{digits[:3]}{HIDDEN}{digits[-4:]}"
    if len(digits) >= 7:
        return f"{digits[:2]}{HIDDEN}{digits[-2:]}"
    return HIDDEN


def mask_email(email: str) -> str:
    """Return the first character of an e-mail address and its domain, as a***@example.com."""
    local, at, domain = email.rpartition("@")
    if not at:
        local, domain = email, ""
    if not local or not re.fullmatch(r"[^\s@*]*", domain):
        return _HIDDEN_PART
    return f"{'' if local[0] == '*' else local[0]}{_HIDDEN_PART}{at}{domain}"


def mask_address(address: str) -> str:
    """Return an address down to its district or county, as 北京市海淀区****; one that names none is hidden whole."""
    region = re.match(_REGION, address)
    return f"{region[0]}{HIDDEN}" if region else HIDDEN


_MASKS: Mapping[str, Callable[[str], str]] = {
    "consumer": mask_name,
    "phone": mask_phone,
    "email": mask_email,
    "address": mask_address,
}


_FIRST = r"[/;,、；，|\n]|或"
_COUNTRY_CODE = r"(?:\+|00)86|86(?=1[3-9][0-9]{9}$)"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MOBILE = re.compile(r"1[3-9][0-9]{8}[0-9]")
_WORDS_OF_NUMBERS = r"(?i)\b(?:ext(?:ension)?|tel|phone|mobile|fax|x|or)\b\.?|(?<=[0-9])x(?=[0-9])"
_LATIN = r"[A-Za-z@]"
_SHOWN = r"[0-9*]"
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
    first = next((part for part in re.split(_FIRST, plain) if part.strip()), "")
    sign = "+" if first.strip().lstrip("(").startswith("+") else ""
    digits = re.sub(_COUNTRY_CODE, "", sign + re.sub(_NO_DIGIT, "", first), count=1).lstrip("+0")
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
    plain = re.sub(_WORDS_OF_NUMBERS, " ", normalize("NFKC", text))
    return len(re.findall(_SHOWN, plain)) >= LEAST_TYPED and not re.search(_LATIN, plain)


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

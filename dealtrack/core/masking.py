"""Masking: how much of a consumer's personal data is shown where the whole was not asked for.

What is masked already stays as it is, so that a masked value that was taken in is shown alike.
"""

import re
from collections.abc import Callable, Mapping
from unicodedata import normalize

HIDDEN = "****"
PERSONAL = ("consumer", "phone", "email", "address")
"""The fields of personal data."""

_HIDDEN_PART = "***"
_MASKED_PHONE = re.compile(r"[0-9]{0,3}\*{4}[0-9]{0,4}")
_NO_DIGIT = re.compile(r"[^0-9]")
_PHONE_BREAK = re.compile(r"\s*[/;,、；，|\n]\s*|\s*或\s*")
_COUNTRY = re.compile(r"(?:00)?86(?=1[3-9][0-9]{9}$)")
_REGION = re.compile(r"[^\s*]{1,14}[省市区县旗州盟]")


def mask(field: str, text: str | None) -> str | None:
    """Return a field of personal data as it is shown where the whole was not asked for; None where there is none."""
    return _MASKS[field](text.strip()) if text and text.strip() else None


def is_masked(field: str, text: str) -> bool:
    """Tell whether a text is what masking leaves of one, and so tells no more than that."""
    return "*" in text and mask(field, text) == text


def masked(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the fields of personal data masked."""
    return {field: mask(field, text) for field, text in values.items()}


def mask_name(name: str) -> str:
    """Return a name's first character and a star, as 张*."""
    return "*" if name.startswith("*") else f"{name[0]}*"


def mask_phone(phone: str) -> str:
    """Return the first three and the last four digits of a phone number, as 138****1234, of a shorter one fewer.

    Each of several numbers is masked; what holds no number is hidden whole.
    """
    return "/".join(_mask_number(part) for part in _PHONE_BREAK.split(phone) if part) or HIDDEN


def _mask_number(text: str) -> str:
    if _MASKED_PHONE.fullmatch(text):
        return text
    digits = _COUNTRY.sub("", _NO_DIGIT.sub("", normalize("NFKC", text)))
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
    region = _REGION.match(address)
    return f"{region[0]}{HIDDEN}" if region else HIDDEN


_MASKS: Mapping[str, Callable[[str], str]] = {
    "consumer": mask_name,
    "phone": mask_phone,
    "email": mask_email,
    "address": mask_address,
}

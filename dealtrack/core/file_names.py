"""File names made of names that people give: safe on every system, and no two names the same file."""

import re
from collections.abc import Iterable
from hashlib import sha256
from unicodedata import category, normalize

from dealtrack.core.text import safe_text
from dealtrack.core.vocabulary import fold

LONGEST_BYTES = 120
MARK_DIGITS = 8
_MARKED = re.compile(rf".*-([0-9a-f]{{{MARK_DIGITS}}}|[0-9a-f]{{64}})", re.IGNORECASE)

# Separators, what Windows and shells read as something else, and the lone surrogates of names that are no text.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*%$`'&;!#~{}\[\]^\ud800-\udfff]")
# Names of devices, which Windows opens whatever the ending.
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")


def safe_file_name(name: str) -> str:
    """Return a name as a file may be called on any system, without an ending; one that had to change bears a mark.

    The mark is made of the name itself, so that a name gives the same file every day and two names that come to
    the same text stay two files.
    """
    plain = normalize("NFC", name)
    safe = "".join("_" if category(character) in ("Cc", "Cf", "Zl", "Zp") else character for character in plain)
    safe = _UNSAFE.sub("_", " ".join(safe.split())).strip(" .-")
    if _DEVICE.fullmatch(safe):
        safe = f"_{safe}"
    short = safe.encode()[:LONGEST_BYTES].decode(errors="ignore").rstrip(" .")
    # A name that looks as if it bore a mark gets one of its own, lest it be the file of another name.
    is_plain = short == name and short and not _MARKED.fullmatch(short)
    return short if is_plain else f"{short or '_'}-{_digest(name)[:MARK_DIGITS]}"


def lone_file_name(name: str, instead: str, for_windows: bool = False) -> str:
    """Return a name that stands for one file in whatever folder, `instead` where nothing is left of it.

    It leads nowhere, is of one line and not hidden by a dot; for Windows it names no drive, stream or device either.
    """
    text = safe_text(name.encode("utf-8", "replace").decode()).strip()
    text = re.sub(r"[/\\:]" if for_windows else r"[/\\]", "_", text).lstrip(".").strip() or instead
    return f"_{text}" if for_windows and _DEVICE.fullmatch(text) else text


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return for each name a file name that no other has, also where capitals and width make no difference."""
    safe = {name: safe_file_name(name) for name in names}
    by_fold: dict[str, list[str]] = {}
    for name, text in safe.items():
        by_fold.setdefault(fold(text), []).append(name)
    return {name: text if len(by_fold[fold(text)]) == 1 else f"{text}-{_digest(name)}" for name, text in safe.items()}


def _digest(name: str) -> str:
    return sha256(name.encode(errors="surrogatepass")).hexdigest()

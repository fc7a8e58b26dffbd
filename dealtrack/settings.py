"""Where things are, who acts, and what time it is: all that dealtrack takes from its surroundings."""

import os
from datetime import UTC, datetime
from pathlib import Path

from dealtrack.errors import BadMoment
from dealtrack.phrase import Phrase

DB_VARIABLE = "DEALTRACK_DB"
NOW_VARIABLE = "DEALTRACK_NOW"
ACTOR_VARIABLE = "DEALTRACK_ACTOR"
HOME_VARIABLE = "DEALTRACK_HOME"

REGISTER_NAME = "register.db"


def variable(name: str) -> str:
    """Return what an environment variable holds, without white space around it; empty counts as unset."""
    return os.environ.get(name, "").strip()


def data_folder() -> Path:
    """Return the folder of the shipped data: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "data"
    return installed if installed.is_dir() else package.parent / "data"


def user_folder() -> Path:
    """Return the folder of the user's own data: register, policies, calendars, mappings."""
    home = variable(HOME_VARIABLE)
    if home:
        return Path(home)
    from platformdirs import user_data_path

    return user_data_path("dealtrack", appauthor=False)


def mapping_folders() -> list[Path]:
    """Return where mappings stand, the user's own first, then those that are shipped."""
    return [user_folder() / "mappings", data_folder() / "mappings"]


def register_path(db: str = "") -> Path:
    """Return the register's file: the one that `--db` names, else the environment, else the user's own."""
    named = db or variable(DB_VARIABLE)
    return Path(named) if named else user_folder() / REGISTER_NAME


def now() -> datetime:
    """Return the present moment in UTC, to the second; DEALTRACK_NOW sets it for tests. Raises BadMoment."""
    text = variable(NOW_VARIABLE)
    if not text:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
        utc = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise BadMoment(text=text, reason=Phrase(" (in {name})", name=NOW_VARIABLE)) from None
    if moment.tzinfo is None:
        raise BadMoment(text=text, reason=Phrase(" (in {name}: an offset is needed, as in +08:00)", name=NOW_VARIABLE))
    return utc


def actor() -> str:
    """Return who acts: DEALTRACK_ACTOR, else the user's login name."""
    name = variable(ACTOR_VARIABLE)
    if name:
        return name
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        # Windows has neither a list of users nor user ids.
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"

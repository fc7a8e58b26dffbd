"""The command that prints the script by which a shell completes, or puts it where the shell reads it."""

import os
import sys
from pathlib import Path
from typing import Annotated

from dealtrack.cli.candidates import SHELLS
from dealtrack.cli.config import quoted_word, short_path
from dealtrack.cli.language import _
from dealtrack.cli.options import argument, flag
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import print_line
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import CannotWrite, HomeUnknown, MissingValue, UnknownWord, suggestion
from dealtrack.settings import variable

BASH_COMPLETION = ("/usr/share/bash-completion/bash_completion", "/usr/local/share/bash-completion/bash_completion")
"""Where the package is that lets bash read a folder of completions."""


def completion(
    session: Session,
    shell: Annotated[str, argument("[SHELL]", "Shell: bash, zsh or fish; with --install, that of SHELL by default.")],
    install: Annotated[bool, flag("Put the script where the shell reads it, instead of printing it.")],
) -> None:
    """Print the shell completion script; with --install, install it."""
    if not shell and install:
        shell = Path(variable("SHELL")).name
    if not shell:
        raise MissingValue(what="The shell", option="bash, zsh or fish")
    if shell not in SHELLS:
        near = suggestion(nearest_names(shell, SHELLS, 1))
        raise UnknownWord(what="The shell", value=shell, nearest=near, allowed=", ".join(SHELLS))
    script = Path(__file__).with_name(f"completion.{shell}").read_bytes()
    if not install:
        sys.stdout.write(script.decode())
        return
    place = _place(shell)
    if _write(place, script, shell):
        print_line(_("{shell} completion is installed: {path}", shell=shell, path=short_path(place)))
    else:
        print_line(_("{shell} completion is installed already: {path}", shell=shell, path=short_path(place)))
    if line := _line_to_add(shell, place):
        session.advise(_("Add this line to {file}, then open a new terminal:", file=line[0]))
        session.advise(f"  {line[1]}")
    else:
        session.advise(_("Open a new terminal to use it."))


def _place(shell: str) -> Path:
    """Return the file that a shell reads for the completion of dealtrack; raises HomeUnknown."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # there may be none
    if not home.is_absolute():
        raise HomeUnknown

    def folder(name: str, otherwise: Path) -> Path:
        named = Path(variable(name))
        return named if named.is_absolute() else otherwise

    data = folder("XDG_DATA_HOME", home / ".local" / "share")
    match shell:
        case "bash":
            return folder("BASH_COMPLETION_USER_DIR", data / "bash-completion") / "completions" / "dealtrack"
        case "zsh":
            return data / "zsh" / "site-functions" / "_dealtrack"
    return folder("XDG_CONFIG_HOME", home / ".config") / "fish" / "completions" / "dealtrack.fish"


def _write(place: Path, script: bytes, shell: str) -> bool:
    """Write the script in one step; False where it stands there already. Raises CannotWrite."""
    from dealtrack.register.drafts import disk_faults, make_folder, new_file, write_all

    if reason := make_folder(place.parent):
        raise CannotWrite(path=place, reason=reason)
    with disk_faults(CannotWrite, path=place):
        if os.path.lexists(place):
            found = place.read_bytes() if place.is_file() else b""
            if found == script:
                return False
            # Who installed it by hand, as earlier guides said, has it without the line that says whose it is.
            if f"_DEALTRACK_COMPLETE={shell} ".encode() not in found:
                raise CannotWrite.because("the file there is not dealtrack's; move it away first", place)
        # Where a link leads: the link itself stays.
        with new_file(Path(os.path.realpath(place))) as handle:
            write_all(handle, script)
    return True


def _line_to_add(shell: str, place: Path) -> tuple[str, str] | None:
    """Return the file of the shell's own settings and the line that it lacks to read the script; None for neither."""
    if shell == "bash":
        file, line = "~/.bashrc", f". {quoted_word(str(place))}"
        is_there = any(map(os.path.exists, BASH_COMPLETION))
        # Where the package is loaded, it reads the folder. A line that begins with # loads nothing.
        if is_there and any("bash_completion" in each for each in (*_lines(file), *_lines("/etc/bash.bashrc"))):
            return None
    elif shell == "zsh":
        file, line = "~/.zshrc", f"fpath=({quoted_word(str(place.parent))} $fpath); autoload -Uz compinit && compinit"
    else:
        return None
    return None if line in _lines(file) else (file, line)


def _lines(file: str) -> list[str]:
    try:
        text = Path(file).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.strip() for line in text.splitlines() if not line.lstrip().startswith("#")]

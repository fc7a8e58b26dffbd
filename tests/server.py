"""The server's first hour, as the guides `sharing` and `cron` describe it, in a fresh Debian.

`python -m tests.server` makes a Debian of its own with debootstrap, runs the blocks of each language's guide in it as
they are written, and then what the clerks and cron do there. Where the machine cannot (it takes the superuser, a Linux
with apt, and a mirror of Debian), it says so and ends with 0.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pages import PROJECT, guide, marked

RELEASE = "bookworm"
PACKAGES = "python3-venv,cron,ca-certificates"
"""What is put into the Debian at once, so that it need not be fetched in it."""
SOURCE, WHEELS = "usr/local/src/dealtrack", "usr/local/src/wheels"
BLOCKS = ("server-program", "server-register", "server-clerk")
WITHOUT = shutil.ignore_patterns(".git", ".venv", "*_cache", "__pycache__", ".hypothesis", "dist")


def why_not() -> str:
    """Return why this machine cannot make a Debian, empty where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "it takes the superuser of a Linux"
    if shutil.which("debootstrap") is None:
        if shutil.which("apt-get") is None:
            return "there is no debootstrap, and no apt-get to install it"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "debootstrap"]):
            if subprocess.run(["apt-get", *command], check=False, **quiet).returncode:  # type: ignore[call-overload]
                return "debootstrap cannot be installed"
    return ""


class Debian:
    """A Debian in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self) -> bool:
        """Make it, with this project and what it needs; return whether the mirror gave it."""
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, self.root],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if made.returncode:
            print(made.stdout[-2000:])
            return False
        shutil.copytree(PROJECT, self.root / SOURCE, ignore=WITHOUT)
        version = self.run("python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'").strip()
        project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
        extras = project["project"]["optional-dependencies"]
        needed = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
        needed += [each for name in ("board", "report") for each in extras[name]]
        choice = ["--python-version", version, "--only-binary", ":all:", "--dest", str(self.root / WHEELS)]
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *choice, *needed], check=True)
        return True

    def run(self, script: str, status: int = 0) -> str:
        """Run a script in the Debian as root, in the copy of the project, and return all that it printed."""
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": f"/{WHEELS}",
        }
        command = ["chroot", str(self.root), "sh", "-ec", f"cd /{SOURCE} 2>/dev/null || cd /\n{script}"]
        ran = subprocess.run(
            command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if ran.returncode != status:
            raise SystemExit(f"{script}\nended with {ran.returncode} instead of {status}:\n{ran.stdout}")
        return ran.stdout


def first_hour(debian: Debian, language: str) -> None:
    """Run what the guides say in one language, and check what the clerks and cron then have."""
    pages = [guide(topic, language) for topic in ("sharing", "cron")]
    for name in BLOCKS:
        print(debian.run(marked(name, pages))[-500:])
    say = 'runuser --login li --command "{}"'.format
    assert '"actor": "li"' in debian.run(say("dealtrack show 1 --format json"))
    # A second clerk goes on where the first stopped, and cron's user after both.
    debian.run("useradd --create-home --shell /bin/bash --groups clerks wang")
    debian.run('runuser --login wang --command "dealtrack forward 1"')
    debian.run("cat > /tmp/jobs <<'END'\n" + marked("cron", pages) + "END\ncrontab -u dealtrack /tmp/jobs")
    lines = debian.run("crontab -u dealtrack -l").splitlines()
    settings = [line for line in lines if re.match(r"[A-Z_]+=", line)]
    jobs = [line.split(None, 5)[5] for line in lines if re.match(r"\d", line)]
    assert len(jobs) >= 7, lines
    environment = " ".join(f"'{line}'" for line in ("PATH=/usr/bin:/bin", "HOME=/srv/dealtrack", *settings))
    for job in jobs:
        words = job.replace("'", "'\\''")
        printed = debian.run(f"runuser --user dealtrack -- env --ignore-environment {environment} /bin/sh -c '{words}'")
        assert not printed or "digest" in job, (job, printed)
    debian.run(say("dealtrack note 1 --note called"))
    debian.run(say("dealtrack doctor --format csv") + " | grep -E 'rights-|backup-'", status=1)
    # What a job writes by the shell's ">" has the shell's rights, in a folder that others cannot enter.
    modes = debian.run("find /srv/dealtrack ! -name overdue.csv -printf '%m %g %P\\n'")
    assert {line.split()[0] for line in modes.splitlines()} == {"660", "2770"}
    assert {line.split()[1] for line in modes.splitlines()} == {"clerks"}
    debian.run("runuser --login nobody --shell /bin/sh --command 'cat /srv/dealtrack/register.db'", status=1)


def main() -> int:
    """Try the first hour in each language; the second begins from the Debian as it was."""
    if reason := why_not():
        print(f"the server's first hour is not tried: {reason}")
        return 0
    with TemporaryDirectory(prefix="debian") as place:
        debian = Debian(Path(place, "root"))
        if not debian.make():
            print("the server's first hour is not tried: no mirror gives a Debian")
            return 0
        for language in ("en", "zh"):
            first_hour(debian, language)
            debian.run(CLEAN)
    print("the server's first hour: 2 passed, 0 failed")
    return 0


CLEAN = """
crontab -u dealtrack -r
for user in li wang dealtrack; do userdel --remove --force $user 2>/dev/null || true; done
groupdel clerks
rm -rf /opt/dealtrack /usr/local/bin/dealtrack /srv/dealtrack /etc/profile.d/dealtrack.sh
"""
"""Takes away what the first hour made."""

if __name__ == "__main__":
    sys.exit(main())

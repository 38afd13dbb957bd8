"""The peers' environments: each library with its own dependencies, so that none has to take another's redis-py."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
ROOT: Final = FOLDER.parents[1]
HOME: Final = ROOT / ".venv" / "peers"
PEERS: Final = {
    "arq": ("arq==0.28.0", "uvloop"),
    "saq": ("saq[redis]==0.26.4", "typing-extensions", "uvloop"),
    "streaq": ("streaq==7.2.0",),
    "taskiq": ("taskiq-redis==1.2.4", "taskiq==0.13.0", "uvloop"),
    "pydocket": ("pydocket==0.27.0", "uvloop"),
    "dramatiq": ("dramatiq[redis]==2.2.1",),
    "celery": ("celery[redis]==5.7.0",),
    "rq": ("rq==3.0.0",),
}
"""What is installed for each; every version that matters is said."""
DBOS: Final = "dbos"
DBOS_PACKAGES: Final = ("dbos==3.4.0", "psycopg[binary]==3.3.9")
OURS: Final = "streamforge"
LEAN: Final = "streamforge-lean"
"""Ours without its archive of ended jobs, which no peer has."""
BARE: Final = ("bare-plain", "bare-state")
"""Redis itself, without a queue: the ceilings."""
BULLMQ: Final = "bullmq"
BULLMQ_VERSION: Final = "5.63.0"


def command(name: str) -> list[str]:
    """What starts a contestant's script, its environment made where it is not there yet."""
    scripts = FOLDER / "contestants"
    if name == OURS:
        return [sys.executable, str(scripts / "streamforge_jobs.py")]
    if name == LEAN:
        return ["env", "PEER_ARCHIVE=off", *command(OURS)]
    if name in BARE:
        return ["env", f"PEER_BARE={name.removeprefix('bare-')}", sys.executable, str(scripts / "bare_jobs.py")]
    if name == BULLMQ:
        return ["node", str(_bullmq() / "bullmq_jobs.mjs")]
    packages = DBOS_PACKAGES if name == DBOS else PEERS[name]
    return [str(_environment(name, packages)), str(scripts / f"{name}_jobs.py")]


def available() -> list[str]:
    """Every contestant that can be made here; BullMQ needs Node."""
    return [OURS, *PEERS, *([BULLMQ] if shutil.which("npm") else [])]


def versions() -> dict[str, str]:
    """What is measured, by name, as it is installed; ours by its package."""
    told = {name: packages[0].partition("==")[2] for name, packages in {**PEERS, DBOS: DBOS_PACKAGES}.items()}
    return {OURS: version(OURS), **told, BULLMQ: BULLMQ_VERSION}


def _environment(name: str, packages: tuple[str, ...]) -> Path:
    python = HOME / name / "bin" / "python"
    stamp = HOME / name / "installed"
    wanted = "\n".join(packages)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        _tell(f"installing {name}")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", HOME / name], check=True)
        pip = [shutil.which("python3") or sys.executable, "-m", "pip", "--python", str(python)]
        options = ["--disable-pip-version-check", "--quiet", "install", *packages]
        subprocess.run([*pip, *options], check=True, stderr=subprocess.DEVNULL)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _bullmq() -> Path:
    home = HOME / BULLMQ
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "node_modules" / BULLMQ).exists():
        _tell("installing bullmq")
        subprocess.run(["npm", "install", "--silent", f"bullmq@{BULLMQ_VERSION}"], cwd=home, check=True)
    shutil.copy(FOLDER / "contestants" / "bullmq_jobs.mjs", home)
    return home


def _tell(text: str) -> None:
    sys.stderr.write(f"{text} …\n")

"""What the bench ran on and with, for the results page."""

import datetime
import os
import platform
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Where and when."""

    at: str
    cores: int
    processor: str
    memory_gb: float
    python: str
    system: str
    sqlite: str
    disk: str
    load: float
    commit: str


def look(folder: Path) -> Machine:
    """Return what this machine is, with the disk that holds ``folder``."""
    return Machine(
        at=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        cores=len(os.sched_getaffinity(0)),
        processor=_field("/proc/cpuinfo", "model name"),
        memory_gb=int(_field("/proc/meminfo", "MemTotal").split()[0]) / 1024**2,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()}",
        sqlite=sqlite3.sqlite_version,
        disk=_disk(folder),
        load=os.getloadavg()[0],
        commit=_commit(folder),
    )


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "0 unknown"


def _disk(folder: Path) -> str:
    best = ("", "", "")
    real = str(folder.resolve())
    for line in Path("/proc/mounts").read_text().splitlines():
        device, point, kind, *_ = line.split()
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[1]):
            best = (device, point, kind)
    return f"{best[2]} on {best[0]}"


def _commit(folder: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"

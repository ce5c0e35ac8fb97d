"""DBOS: a worker process of its own, taking workflows from a queue at its fastest polling.

Usage: dbos_worker.py --at ADDRESS --stamps FILE --polling SECONDS

It stamps the first step of every workflow and every message a workflow received.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from dbos import DBOS, DBOSConfig

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measuring import Stamps

POOL = 20
stamps: Stamps


@DBOS.step()
def first(name: str) -> str:
    """Tell that the first step of a workflow runs."""
    stamps.add(f"first:{name}")
    return name


@DBOS.workflow()
def begin(name: str) -> str:
    """Take one step."""
    return first(name)


@DBOS.step()
def heard(name: str) -> str:
    """Tell that a message was received; DBOS made it durable before it gave it to us."""
    stamps.add(f"heard:{name}")
    return name


@DBOS.workflow()
def listen(count: int) -> int:
    """Receive messages one after another."""
    for _ in range(count):
        heard(DBOS.recv("go", timeout_seconds=60))
    return count


def main() -> None:
    """Work until told to stop."""
    global stamps
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--stamps", type=Path, required=True)
    parser.add_argument("--polling", type=float, required=True)
    asked = parser.parse_args()
    stamps = Stamps(asked.stamps)
    config: DBOSConfig = {
        "name": "bench",
        "application_version": "bench",
        "log_level": "ERROR",
        "system_database_url": asked.at,
        "sys_db_pool_size": POOL,
        "notification_listener_polling_interval_sec": 0.001,
        "notification_coalesce_sec": 0.001,
    }
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue("work", polling_interval_sec=asked.polling)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    stamps.add("ready")
    ended.wait()
    DBOS.destroy()


if __name__ == "__main__":
    main()

"""DBOS: from enqueueing to the first step on a separate worker; from a message to who awaits it.

Usage: dbos_queue.py --at ADDRESS --folder FOLDER --variant POLLING_MS [--count N]
"""

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

from dbos import DBOSClient

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measuring import Stamps, sample, setting, stamp


def enqueue(client: DBOSClient, name: str, workflow: str, argument: object) -> None:
    """Put a workflow into the queue."""
    options = {
        "queue_name": "work",
        "workflow_name": workflow,
        "workflow_id": name,
        "app_version": "bench",
    }
    client.enqueue(options, argument)


def measure(client: DBOSClient, stamps: Stamps, count: int) -> None:
    """Enqueue at random moments, one at a time, on an otherwise idle worker."""
    chance = random.Random(7)  # noqa: S311 - no secret
    for number in range(-5, count):
        time.sleep(chance.uniform(0.02, 0.06))
        begun = stamp()
        enqueue(client, f"begin-{number}", "begin", f"{number}")
        at = stamps.wait(f"first:{number}", 30)
        if number >= 0:
            sample("first_step_ms", (at - begun) * 1000)
    enqueue(client, "listener", "listen", count)
    time.sleep(1)
    for number in range(count):
        time.sleep(chance.uniform(0.02, 0.06))
        begun = stamp()
        client.send("listener", f"m{number}", "go")
        sample("command_ms", (stamps.wait(f"heard:m{number}", 30) - begun) * 1000)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--count", type=int, default=150)
    asked = parser.parse_args()
    path = asked.folder / "stamps"
    stamps = Stamps(path)
    polling = float(asked.variant.removesuffix("ms")) / 1000
    setting("polling_interval_sec", polling)
    script = Path(__file__).with_name("dbos_worker.py")
    arguments = ["--at", asked.at, "--stamps", str(path), "--polling", str(polling)]
    worker = subprocess.Popen([sys.executable, str(script), *arguments])
    try:
        stamps.wait("ready", 60, pause=0.05)
        time.sleep(2)  # its manager looks for new queues once a second
        client = DBOSClient(system_database_url=asked.at)
        try:
            measure(client, stamps, asked.count)
        finally:
            client.destroy()
    finally:
        worker.terminate()
        try:
            worker.wait(15)
        except subprocess.TimeoutExpired:
            worker.kill()


if __name__ == "__main__":
    main()

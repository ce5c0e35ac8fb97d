"""Names are drawn apart in every process."""

import os

from kapell.adapters.system.clock import random_bits


def test_a_forked_process_draws_other_names() -> None:
    here, there = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(there, str(random_bits()).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    drawn = int(os.read(here, 64))
    os.close(here)
    os.close(there)
    assert drawn != random_bits()

"""What a process does for itself that is there to work and for nothing else."""

import gc

_YOUNG = 5_000
_SELDOM = 20


def settle_memory() -> None:
    """Let Python look for garbage in circles among what comes and goes, not among what stays.

    Modules, settings and definitions stay until the process ends; walking through all of them
    again and again takes a tenth of the time of a step. For programs of our own: whoever embeds
    Kapell decides for the whole process.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _SELDOM, _SELDOM)

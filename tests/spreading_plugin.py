"""Hands the tests of one file to one worker, where ``--dist loadgroup`` hands out each by itself.

What a file prepares for its tests is prepared once so, and a controller with thousands of single
tests to hand out takes seconds for that. Only files of quick tests stay together: one of slow
tests would keep its worker busy when the others are through.
"""

from typing import cast

import pytest
from xdist.scheduler import LoadGroupScheduling

TOGETHER = ("tests/unit/", "tests/contract/stores/", "tests/docs/test_agreement.py")


class Spreading(LoadGroupScheduling):  # type: ignore[misc]  # xdist ships no types
    """Keeps groups together as their marks say, and files of quick tests as well."""

    def _split_scope(self, nodeid: str) -> str:
        group = cast(str, super()._split_scope(nodeid))
        if group == nodeid and nodeid.startswith(TOGETHER):
            return nodeid.partition("::")[0]
        return group


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spreading | None:
    """Return who hands out the tests; None: whoever ``--dist`` names."""
    if config.getoption("dist") != "loadgroup":
        return None
    return Spreading(config, log)

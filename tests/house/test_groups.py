"""What must run in one worker of xdist does: a group that is lost is lost silently."""

import os

import pytest

from tests.traceability_plugin import function_id

pytestmark = pytest.mark.xdist_group("alone")


def test_a_group_of_tests_reaches_the_scheduler(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process runs all tests: nothing to divide")
    if not request.config.getoption("loadgroup"):
        pytest.skip("begun without --dist loadgroup")
    assert request.node.nodeid == f"{function_id(request.node.nodeid)}@alone"

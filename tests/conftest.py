"""What holds for every test: no network beyond loopback, fixtures, traceability marks."""

import pytest

from tests.fixtures import network

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.sqlite",
    "tests.traceability_plugin",
]

network.install()
network.guard_children()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that the fast suite leaves it out."""
    for item in items:
        if "postgres_dsn" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)

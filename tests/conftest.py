"""What holds for every test: no network, no call around the guards, fixtures, marks."""

import gc

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.fixtures import network, pipeline

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.redis",
    "tests.fixtures.sqlite",
    "tests.spreading_plugin",
    "tests.traceability_plugin",
    "tests.pipeline_plugin",
]

# No deadlines: a busy machine is no failure. The fast suite draws fewer examples (`make fast`).
# Shrinking a workflow takes minutes: ask for it when hunting, with `--hypothesis-profile=shrink`.
settings.register_profile(
    "shrink", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "house",
    settings.get_profile("shrink"),
    phases=[phase for phase in Phase if phase not in {Phase.shrink, Phase.explain}],
)
settings.register_profile("fast", settings.get_profile("house"), max_examples=25)
settings.load_profile("house")

# Thousands of tests stay in memory; going through them again and again finds no garbage.
gc.set_threshold(20_000, 50, 20)

network.install()
network.guard_children()
pipeline.install()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that the fast suite leaves it out."""
    for item in items:
        if "postgres_dsn" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)

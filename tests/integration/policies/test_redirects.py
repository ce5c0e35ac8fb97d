"""The policies' allow-list holds wherever an answer sends a call on, not only where it begins."""

import pytest

from tests.integration.cli.desk import Desk
from tests.integration.tools.server import serving

SETTINGS = """\
model: offline
policies: {domains: [127.0.0.1]}
tools:
  http: {allow: [127.0.0.1, localhost]}
  web: {allow: [127.0.0.1, localhost], robots: false}
"""


@pytest.mark.requirement("GR-04", "TL-06")
@pytest.mark.parametrize("tool", ["http.request", "web.fetch"])
def test_a_listed_host_sends_no_call_on_to_one_that_is_not(desk: Desk, tool: str) -> None:
    with serving() as listed, serving() as other:
        listed.elsewhere = other.url("/echo?stolen=words", "localhost")
        desk.write("kapell.yaml", SETTINGS)
        step = f"{{id: ask, tool: {tool}, with: {{url: '{listed.url('/away')}'}}}}"
        desk.write("workflows/ask.yaml", f"name: ask\nsteps:\n  - {step}\n")
        ended = desk.call("run", "ask", "--json")
    failure = ended.document()["failure"]
    assert (ended.code, failure["code"]) == (1, "http_host_denied"), failure
    assert "policies.domains" in failure["advice"]
    assert len(listed.asked) == 1
    assert not other.asked

"""Every run has a trace: whole, nested, with the conventions' attributes, always the same."""

import re

import pytest

from kapell.projections.traces.spans import TraceView, otlp, trace
from tests.unit.projections.histories import until_asked, whole


@pytest.fixture(scope="module")
def view() -> TraceView:
    return trace(whole())


@pytest.mark.requirement("OB-01")
def test_spans_form_one_tree_within_each_other(view: TraceView) -> None:
    by_id = {span.span_id: span for span in view.spans.values()}
    assert len(by_id) == len(view.spans)
    roots = [span for span in view.spans.values() if not span.parent_id]
    assert [span.name for span in roots] == ["run everything"]
    for span in view.spans.values():
        assert span.ended_at is not None
        above = by_id.get(span.parent_id)
        if above is not None:
            assert above.started_at <= span.started_at
            assert above.ended_at is not None
            assert span.ended_at <= above.ended_at


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("classify[0]", "classify"),
        ("classify[0]#1/1", "classify[0]"),
        ("classify[1]#2/1", "classify[1]#2"),
        ("replies[2]/draft", "replies[2]"),
        ("sides.b/y", "sides"),
        ("again@2/p", "again"),
        ("way:one/z", "way"),
        ("load", ""),
    ],
)
def test_parents(view: TraceView, inner: str, outer: str) -> None:
    assert view.spans[inner].parent_id == view.spans[outer].span_id


@pytest.mark.requirement("OB-01")
def test_calls_carry_the_conventions_attributes(view: TraceView) -> None:
    call = view.spans["classify[0]#1/1"]
    assert call.name == "chat gpt-x"
    assert call.kind == "client"
    assert call.attributes["gen_ai.operation.name"] == "chat"
    assert call.attributes["gen_ai.provider.name"] == "openai"
    assert call.attributes["gen_ai.request.model"] == "gpt-x"
    assert call.attributes["gen_ai.usage.input_tokens"] == 10
    assert call.attributes["gen_ai.usage.output_tokens"] == 5
    assert call.attributes["kapell.cost.usd"] == pytest.approx(0.00002)
    assert view.spans["replies[0]/draft#1/1"].attributes["gen_ai.agent.name"] == "writer"
    tool = view.spans["load#1/1"]
    assert tool.attributes["gen_ai.operation.name"] == "execute_tool"
    assert tool.attributes["gen_ai.tool.name"] == "table.read"


def test_failures_are_told(view: TraceView) -> None:
    failed = view.spans["classify[1]#1/1"]
    assert failed.outcome == "error"
    assert failed.attributes["error.type"] == "model_unavailable"
    assert view.spans[""].outcome == "ok"
    assert trace(whole(broken=("last",))).spans[""].outcome == "error"


def test_the_same_log_gives_the_same_trace(view: TraceView) -> None:
    assert trace(whole()) == view
    assert re.fullmatch(r"[0-9a-f]{32}", view.trace_id)
    assert re.fullmatch(r"[0-9a-f]{16}", view.spans["load"].span_id)


def test_otlp_holds_what_has_ended() -> None:
    view = trace(until_asked().events)
    open_spans = [span for span in view.spans.values() if span.ended_at is None]
    assert open_spans
    document = otlp(view)
    resources = document["resourceSpans"]
    assert isinstance(resources, list)
    (scope,) = resources[0]["scopeSpans"]
    assert len(scope["spans"]) == len(view.spans) - len(open_spans)
    first = scope["spans"][0]
    assert first["traceId"] == view.trace_id
    assert int(first["endTimeUnixNano"]) >= int(first["startTimeUnixNano"]) > 10**14
    assert {"key": "gen_ai.tool.name", "value": {"stringValue": "table.read"}} in [
        attribute for span in scope["spans"] for attribute in span["attributes"]
    ]

"""Issues on a loopback GitHub: once per key, allowed repositories only, the token never seen."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kapell.adapters.tools.options import GithubOptions, ToolOptions
from kapell.kit.errors import KapellError
from kapell.kit.json import Json
from kapell.services.tools.ports import UnknownOutcome
from kapell.testing.github.server import TOKEN, Fault, LoopbackGithub
from tests.integration.tools.world import World


@pytest.fixture
async def hub() -> AsyncIterator[LoopbackGithub]:
    async with LoopbackGithub(("acme/shop", "acme/site", "other/thing")) as running:
        yield running


def working(tmp_path: Path, hub: LoopbackGithub, *allowed: str, token: str = TOKEN) -> World:
    github = GithubOptions(url=hub.url, repositories=allowed or ("acme/*",), timeout=2.0)
    secrets = {"github_token": token} if token else {}
    return World(tmp_path, tmp_path / "run", ToolOptions(github=github), secrets=secrets)


async def unknown(world: World, tool: str, **args: Json) -> KapellError:
    """Call, expect an unknown outcome, return its cause."""
    with pytest.raises(UnknownOutcome) as caught:
        await world.call(tool, **args)
    cause = caught.value.__cause__
    assert isinstance(cause, KapellError)
    return cause


@pytest.mark.requirement("TL-08", "WF-12")
async def test_an_issue_is_opened_once_per_key(tmp_path: Path, hub: LoopbackGithub) -> None:
    world = working(tmp_path, hub)
    args: dict[str, Json] = {
        "repository": "acme/shop",
        "title": "It breaks",
        "body": "Press **it**.",
        "labels": ["bug"],
        "assignees": ["ann"],
    }
    first = await world.call("github.create_issue", **args)
    assert first == {
        "repository": "acme/shop",
        "number": 1,
        "title": "It breaks",
        "state": "open",
        "url": "https://github.com/acme/shop/issues/1",
        "created": True,
    }
    (issue,) = hub.issues["acme/shop"]
    assert re.fullmatch(r"Press \*\*it\*\*\.\n\n<!-- kapell:[0-9a-f]{32} -->", issue["body"])
    assert (issue["labels"], issue["assignees"]) == ([{"name": "bug"}], [{"login": "ann"}])
    assert "key-1" not in issue["body"]
    again = await world.call("github.create_issue", **args)
    assert again == {**first, "created": False}
    assert len(hub.issues["acme/shop"]) == 1
    asked = hub.asked[0]
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["accept"] == "application/vnd.github+json"


@pytest.mark.requirement("TL-08")
async def test_the_mark_is_found_below_many_newer_issues(
    tmp_path: Path, hub: LoopbackGithub
) -> None:
    world = working(tmp_path, hub)
    await world.call("github.create_issue", repository="acme/shop", title="t")
    for number in range(250):
        hub.add_issue("acme/shop", f"later {number}")
    again = await world.call("github.create_issue", repository="acme/shop", title="t")
    assert (again["created"], again["number"]) == (False, 1)


@pytest.mark.requirement("TL-08")
@pytest.mark.parametrize(
    ("fault", "made"), [("silent after", True), ("silent", False), ("broken", False)]
)
async def test_an_answer_that_got_lost_is_looked_for(
    tmp_path: Path, hub: LoopbackGithub, fault: Fault, made: bool
) -> None:
    world = working(tmp_path, hub)
    hub.faults.append(fault)
    args: dict[str, Json] = {"repository": "acme/shop", "title": "t"}
    if made:
        assert (await world.call("github.create_issue", **args))["created"] is True
    else:
        cause = await unknown(world, "github.create_issue", **args)
        assert cause.retryable
        assert (await world.call("github.create_issue", **args))["created"] is True
    assert len(hub.issues["acme/shop"]) == 1


async def test_an_issue_is_changed_and_keeps_its_mark(tmp_path: Path, hub: LoopbackGithub) -> None:
    world = working(tmp_path, hub)
    await world.call("github.create_issue", repository="acme/shop", title="t", body="old")
    changed = await world.call(
        "github.update_issue",
        repository="acme/shop",
        number=1,
        body="new",
        labels=["later"],
        state="closed",
        comment="Looked at.",
    )
    assert (changed["state"], changed["commented"]) == ("closed", True)
    (issue,) = hub.issues["acme/shop"]
    assert issue["body"].startswith("new\n\n<!-- kapell:")
    assert issue["labels"] == [{"name": "later"}]
    again = await world.call(
        "github.update_issue", repository="acme/shop", number=1, comment="Looked at."
    )
    assert again["commented"] is False
    (comment,) = hub.comments["acme/shop", 1]
    assert comment.startswith("Looked at.\n\n<!-- kapell:")
    assert (await world.call("github.create_issue", repository="acme/shop", title="t"))[
        "created"
    ] is False


@pytest.mark.requirement("TL-08")
async def test_an_issue_is_closed_with_a_reason(tmp_path: Path, hub: LoopbackGithub) -> None:
    hub.add_issue("acme/shop", "old")
    world = working(tmp_path, hub)
    args: dict[str, Json] = {"repository": "acme/shop", "number": 1, "reason": "not_planned"}
    closed = await world.call("github.close_issue", comment="No.", **args)
    assert (closed["state"], closed["commented"]) == ("closed", True)
    assert hub.issues["acme/shop"][0]["state_reason"] == "not_planned"
    hub.faults.append("silent after")
    error = await world.refused("github.close_issue", **args)
    assert (error.code, error.retryable) == ("tool_unavailable", True)


async def test_a_comment_that_got_lost_is_looked_for(tmp_path: Path, hub: LoopbackGithub) -> None:
    hub.add_issue("acme/shop", "old")
    world = working(tmp_path, hub)
    args: dict[str, Json] = {"repository": "acme/shop", "number": 1, "comment": "Hello."}
    hub.faults.append("silent after")
    assert (await world.call("github.update_issue", **args))["commented"] is True
    assert len(hub.comments["acme/shop", 1]) == 1
    hub.comments.clear()
    hub.faults.append("silent")
    assert (await unknown(world, "github.update_issue", **args)).code == "tool_unavailable"


@pytest.mark.requirement("TL-08")
async def test_assigned_issues_are_listed(tmp_path: Path, hub: LoopbackGithub) -> None:
    hub.add_issue("acme/shop", "mine", assignees=["kapell-bot"], labels=["bug"], body="Why?")
    hub.add_issue("acme/shop", "hers", assignees=["ann"])
    hub.add_issue("acme/site", "a pull", assignees=["kapell-bot"], pull_request={"url": "x"})
    hub.add_issue("acme/site", "mine too", assignees=["kapell-bot"])
    hub.add_issue("other/thing", "not allowed", assignees=["kapell-bot"])
    world = working(tmp_path, hub)
    everywhere = await world.call("github.list_assigned")
    assert _titles(everywhere) == ["mine too", "mine"]
    here = await world.call("github.list_assigned", repository="acme/shop")
    assert here["issues"] == [
        {
            "repository": "acme/shop",
            "number": 1,
            "title": "mine",
            "state": "open",
            "url": "https://github.com/acme/shop/issues/1",
            "text": "Why?",
            "labels": ["bug"],
            "assignees": ["kapell-bot"],
            "updated": "2026-01-01T00:00:01Z",
        }
    ]
    hers = await world.call("github.list_assigned", repository="acme/shop", assignee="ann")
    assert _titles(hers) == ["hers"]
    labelled = await world.call("github.list_assigned", repository="acme/shop", labels=["none"])
    assert labelled == {"issues": [], "count": 0, "more": False}
    one = await world.call("github.list_assigned", limit=1)
    assert (one["count"], one["more"]) == (1, True)
    error = await world.refused("github.list_assigned", assignee="ann")
    assert error.code == "tool_arguments"


@pytest.mark.requirement("TL-06", "TL-08")
async def test_repositories_are_allowed_one_by_one(tmp_path: Path, hub: LoopbackGithub) -> None:
    for allowed, code in (("", "github_off"), ("acme/site", "github_repository_denied")):
        github = GithubOptions(url=hub.url, repositories=(allowed,) if allowed else ())
        world = World(
            tmp_path,
            tmp_path / "run",
            ToolOptions(github=github),
            secrets={"github_token": TOKEN},
        )
        error = await world.refused("github.create_issue", repository="acme/shop", title="t")
        assert (error.code, "tools.github.repositories" in error.advice) == (code, True)
    assert hub.asked == []
    upper = working(tmp_path, hub, "ACME/Shop")
    assert (await upper.call("github.create_issue", repository="acme/shop", title="t"))["created"]


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    "args",
    [
        {"repository": "acme/..", "title": "t"},
        {"repository": "../../user", "title": "t"},
        {"repository": "acme/shop/issues/1", "title": "t"},
        {"repository": "acme/shop?x=1", "title": "t"},
        {"repository": "acme", "title": "t"},
        {"repository": "acme/shop", "title": ""},
        {"repository": "acme/shop", "title": "  "},
        {"repository": "acme/shop", "title": "t" * 257},
        {"repository": "acme/shop", "title": "t", "assignees": ["a b"]},
        {"repository": "acme/shop", "title": "t", "state": "closed"},
    ],
)
async def test_arguments_are_held_against_their_schema(
    tmp_path: Path, hub: LoopbackGithub, args: dict[str, Json]
) -> None:
    world = working(tmp_path, hub, "*")
    assert (await world.refused("github.create_issue", **args)).code == "tool_arguments"
    assert hub.asked == []


async def test_a_change_needs_something_to_change(tmp_path: Path, hub: LoopbackGithub) -> None:
    world = working(tmp_path, hub)
    error = await world.refused("github.update_issue", repository="acme/shop", number=1)
    assert error.code == "tool_arguments"


@pytest.mark.requirement("TL-08")
async def test_every_refusal_says_what_to_do_and_no_token(
    tmp_path: Path, hub: LoopbackGithub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    world = working(tmp_path, hub)
    args: dict[str, Json] = {"repository": "acme/shop", "title": "t"}
    faults: list[tuple[Fault, str, float | None]] = [
        ("limited", "github_limited", 3600.0),
        ("secondary", "github_limited", 60.0),
        ("forbidden", "github_forbidden", None),
    ]
    errors = []
    for fault, code, pause in faults:
        hub.faults.append(fault)
        errors.append(await world.refused("github.create_issue", **args))
        assert (errors[-1].code, errors[-1].retry_after) == (code, pause)
    nobody = await world.refused("github.create_issue", assignees=["nobody"], **args)
    assert (nobody.code, "assignees invalid" in nobody.message) == ("github_invalid", True)
    gone = await world.refused("github.close_issue", repository="acme/shop", number=99)
    assert gone.code == "github_missing"
    for token, code in (
        ("ghp_wrong00000000000000000000000000000000", "github_token"),
        ("two words", "github_token"),
        ("line\nbreak: x", "github_token"),
        ("", "secret_missing"),
    ):
        wrong = working(tmp_path, hub, token=token)
        errors.append(await wrong.refused("github.create_issue", **args))
        assert errors[-1].code == code
        assert not token or token not in str(errors[-1])
    await hub.close()
    errors.append(await world.refused("github.list_assigned"))
    assert errors[-1].code == "tool_unavailable"
    for error in [nobody, gone, *errors]:
        assert TOKEN not in f"{error!r} {error} {error.__cause__!r}"
    assert TOKEN not in caplog.text


async def test_an_answer_that_is_not_github_s_is_refused(
    tmp_path: Path, hub: LoopbackGithub
) -> None:
    hub.issues["acme/shop"] = "nonsense"  # type: ignore[assignment]  # what no GitHub has
    world = working(tmp_path, hub)
    error = await world.refused("github.close_issue", repository="acme/shop", number=1)
    assert error.code in {"github_answer", "tool_unavailable"}


def _titles(answer: dict[str, Json]) -> list[str]:
    issues = json.loads(json.dumps(answer["issues"]))
    return [issue["title"] for issue in issues]

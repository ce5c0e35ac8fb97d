"""Answers given again by a whole program: a split stays a split."""

from pathlib import Path

import pytest

from kapell.bootstrap.app import open_app
from kapell.core.gateway.calls import Message, ModelRequest

SETTINGS = """\
routes:
  sides:
    choose: split
    deployments:
      - {model: "scripted:a.yaml", name: A}
      - {model: "scripted:b.yaml", name: B}
  nested: [sides]
prices: {"scripted:*": {input: 1, output: 1}}
"""


@pytest.mark.requirement("LG-10")
@pytest.mark.parametrize("model", ["sides", "nested"])
async def test_an_answer_is_given_again_on_its_own_side_of_a_split_only(
    tmp_path: Path, model: str
) -> None:
    (tmp_path / "kapell.yaml").write_text(SETTINGS, "utf-8")
    for side in "ab":
        text = f'answers: [{{label: "*", text: "side {side}"}}]\n'
        (tmp_path / f"{side}.yaml").write_text(text, "utf-8")
    async with open_app(tmp_path) as app:

        async def asked(subject: int, cache: float) -> tuple[str, bool]:
            request = ModelRequest(
                model=model,
                messages=(Message("user", "What is it?"),),
                tenant=app.tenant,
                subject=f"user:{subject}",
                cache=cache,
            )
            answer = await app.gateway.complete(request)
            return answer.text, answer.cached

        fresh = [(await asked(subject, 0.0))[0] for subject in range(12)]
        kept = [await asked(subject, 60.0) for subject in range(12)]
    assert set(fresh) == {"side a", "side b"}
    assert [text for text, _ in kept] == fresh
    assert sum(not again for _, again in kept) == 2

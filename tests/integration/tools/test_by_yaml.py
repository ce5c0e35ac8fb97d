"""A workflow and settings in YAML, secrets in the environment, and nothing else: the tools work."""

import json
from pathlib import Path

import pytest

from kapell.bootstrap.app import open_app
from kapell.testing.github.server import TOKEN, LoopbackGithub
from kapell.testing.mail.server import LoopbackMail
from kapell.testing.web.site import KEY, LoopbackSite, SitePage
from tests.integration.tools.mail.certificates import server_context

PASSWORD = "correct-horse-9"  # noqa: S105 - opens a loopback server only
WORKFLOW = """\
name: desk
steps:
  - {id: found, tool: web.search, with: {query: bees, count: 1}}
  - {id: page, tool: web.fetch, with: {url: "{{ steps.found.output.results[0].url }}"}}
  - id: words
    tool: text.extract
    with: {text: "{{ steps.page.output.text }}", pattern: "[A-Z][a-z]+"}
  - id: rows
    tool: table.write
    with: {path: words.csv, rows: "{{ steps.words.output.matches }}", columns: [text, start]}
  - id: longest
    tool: sql.query
    with:
      query: SELECT text FROM words ORDER BY length(text) DESC, text LIMIT 1
      tables: {words: words.csv}
  - {id: files, tool: file.search, with: {find: Bees, pattern: "*.csv"}}
  - id: issue
    tool: github.create_issue
    with:
      repository: acme/shop
      title: "About {{ steps.longest.output.rows[0].text }}"
      body: "{{ steps.page.output.citation.url }}"
  - id: mail
    tool: mail.send
    with:
      to: [ann@example.com]
      subject: "{{ steps.issue.output.title }}"
      text: "{{ steps.issue.output.url }}"
      attachments: [words.csv]
  - {id: told, tool: notify, with: {channel: ops, text: "{{ steps.mail.output.message_id }}"}}
  - {id: now, tool: time.now, with: {zone: Europe/Rome}}
outputs:
  issue: "{{ steps.issue.output.number }}"
  found: "{{ steps.files.output.count }}"
  zone: "{{ steps.now.output.zone }}"
"""


def settings(site: LoopbackSite, hub: LoopbackGithub, mail: LoopbackMail, ca_file: Path) -> str:
    return json.dumps(
        {
            "model": "offline",
            "tools": {
                "search": {"provider": "brave", "url": site.url("/res/v1")},
                "web": {"allow": ["127.0.0.1"], "timeout": "5s"},
                "sql": {"timeout": "20s"},
                "github": {"url": hub.url, "repositories": ["acme/*"]},
                "mail": {
                    "host": "127.0.0.1",
                    "port": mail.port,
                    "user": "kapell",
                    "sender": "Kapell <kapell@example.org>",
                    "recipients": ["*@example.com"],
                    "ca_file": str(ca_file),
                },
                "notify": {"channels": {"ops": {"url": "https://replaced.example/"}}},
            },
        }
    )


POLICY = """
package kapell.tool

import rego.v1

allow contains {"rule": "desk", "reason": "pages may be told of", "untrusted": true} if {
	input.tool.name in {"mail.send", "notify", "github.create_issue", "github.update_issue"}
}
"""


@pytest.mark.slow
@pytest.mark.requirement("TL-03", "TL-08", "WF-12")
async def test_a_workflow_uses_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "desk.yaml").write_text(WORKFLOW)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "desk.rego").write_text(POLICY)
    pages = {
        "/bees": SitePage(b"<title>Bees</title><p>Bees dance; Flowers do not."),
        "/hook": SitePage(b"ok"),
    }
    secrets = {
        "KAPELL_SECRET_SEARCH_KEY": KEY,
        "GITHUB_TOKEN": TOKEN,
        "KAPELL_SECRET_MAIL_PASSWORD": PASSWORD,
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    context = server_context(tmp_path)
    async with (
        LoopbackSite(pages) as site,
        LoopbackGithub() as hub,
        LoopbackMail(context, users={"kapell": PASSWORD}) as mail,
    ):
        monkeypatch.setenv("KAPELL_TOOLS__NOTIFY__CHANNELS__OPS__URL", site.url("/hook"))
        text = settings(site, hub, mail, tmp_path / "ca.pem")
        (tmp_path / "kapell.yaml").write_text(text)
        async with open_app(tmp_path) as app:
            started = await app.starter.start("desk", {})
            await app.run_until_idle(started.run_id)
            summary = await app.reader.run(app.tenant, started.run_id)
            events = await app.histories.events(started.run_id)
            log = "\n".join(map(repr, events))
        assert summary.status == "succeeded", summary
        (issue,) = hub.issues["acme/shop"]
        assert issue["title"] == "About Flowers"
        assert site.url("/bees") in issue["body"]
        (taken,) = mail.delivered
        assert taken.safe
        assert taken.message["subject"] == "About Flowers"
        assert json.loads(site.asked[-1].body)["text"] == taken.message["message-id"]
    assert not [name for name, value in secrets.items() if value in log]

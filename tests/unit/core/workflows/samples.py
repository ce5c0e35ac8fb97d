"""Workflows the documents promise, word for word."""
# ruff: noqa: E501 - the samples stand here as they are documented

SUPPORT = """\
name: support-triage
description: Sort tickets, draft replies, let a person release the urgent ones.
inputs:
  tickets: {type: file, description: "CSV with columns id, text, email"}
  tone:    {type: string, enum: [formal, friendly], default: friendly}
model: offline                       # this one line switches the provider: openai:… anthropic:… google:… ollama:… azure:… or a route such as `cheap`
budget: {usd: 0.50, tokens: 200000, time: 10m}
defaults:
  timeout: 60s
  retry: {attempts: 3, backoff: 1s, max: 30s, jitter: true, on: [unavailable, limited]}
steps:
  - id: load
    tool: table.read
    with: {path: "{{ inputs.tickets }}"}

  - id: classify
    for_each: "{{ steps.load.output.rows }}"
    as: ticket
    concurrency: 8
    agent: triager
    prompt: "Classify this ticket: {{ ticket.text }}"
    output: {type: object, required: [urgency, topic], properties: {urgency: {enum: [low, high]}, topic: {type: string}}}

  - id: replies
    for_each: "{{ steps.classify.output }}"
    as: c
    where: c.output.urgency == 'high'
    concurrency: 4
    steps:                            # a block: its own little sequence and scope
      - {id: draft, agent: writer, prompt: "Answer this in a {{ inputs.tone }} tone: {{ c.item.text }}"}
      - id: release
        approval:
          title: "Send to {{ c.item.email }}?"
          data: {text: "{{ steps.draft.output }}"}
          edit: [text]
          expires: 2d
          on_expiry: reject
      - id: send
        when: steps.release.output.approved
        tool: file.write
        with: {path: "outbox/{{ c.item.id }}.txt", text: "{{ steps.release.output.data.text }}"}
        compensate: {tool: file.delete, with: {path: "outbox/{{ c.item.id }}.txt"}}
    result: steps.send.status
outputs:
  answered: "{{ steps.replies.output | selectattr('output', 'eq', 'succeeded') | length }}"
"""

DEPLOY = """\
# workflows/deploy_app.yaml
name: "Deploy Full Application"
steps:
  - id: test
    agent: testing
    action: "run_tests"

  - id: build
    agent: backend-api
    action: "build_docker"
    depends_on: [test]

  - id: deploy
    agent: deployment
    action: "deploy_k8s"
    depends_on: [build]
"""

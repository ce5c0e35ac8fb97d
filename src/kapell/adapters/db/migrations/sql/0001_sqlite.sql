CREATE TABLE approvals (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    path TEXT NOT NULL,
    at DOUBLE NOT NULL,
    title TEXT NOT NULL,
    data TEXT NOT NULL,
    edit TEXT NOT NULL,
    expires DOUBLE,
    answer TEXT,
    answered_by TEXT NOT NULL,
    closed_at DOUBLE,
    step TEXT NOT NULL,
    details TEXT NOT NULL,
    standing TEXT NOT NULL,
    PRIMARY KEY (tenant_id, run_id, path, at)
)
-- next
CREATE INDEX approvals_open ON approvals (tenant_id, at) WHERE closed_at IS NULL
-- next
CREATE TABLE artifacts (
    tenant_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    body BLOB NOT NULL,
    created_at DOUBLE NOT NULL,
    PRIMARY KEY (tenant_id, digest)
)
-- next
CREATE TABLE cursors (
    subscriber TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (subscriber)
)
-- next
CREATE TABLE dead_letters (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    path TEXT NOT NULL,
    at DOUBLE NOT NULL,
    stage TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    failure TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    closed_at DOUBLE,
    PRIMARY KEY (tenant_id, run_id, path, at)
)
-- next
CREATE INDEX dead_letters_open ON dead_letters (tenant_id, at) WHERE closed_at IS NULL
-- next
CREATE TABLE deployment_minutes (
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    minute BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    limited BIGINT NOT NULL,
    seconds DOUBLE NOT NULL,
    slowest DOUBLE NOT NULL,
    PRIMARY KEY (tenant_id, name, minute)
)
-- next
CREATE TABLE deployments (
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    updated_at DOUBLE NOT NULL,
    PRIMARY KEY (tenant_id, name)
)
-- next
CREATE TABLE events (
    position INTEGER NOT NULL,
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    version BIGINT NOT NULL,
    at DOUBLE NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (position)
)
-- next
CREATE UNIQUE INDEX events_run ON events (tenant_id, run_id, seq)
-- next
CREATE TABLE inbox (
    number INTEGER NOT NULL,
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    command TEXT NOT NULL,
    actor TEXT NOT NULL,
    at DOUBLE NOT NULL,
    consumed BIGINT,
    PRIMARY KEY (number)
)
-- next
CREATE UNIQUE INDEX inbox_key ON inbox (tenant_id, run_id, "key")
-- next
CREATE INDEX inbox_open ON inbox (tenant_id, run_id, number) WHERE consumed IS NULL
-- next
CREATE TABLE keys (
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    master TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    PRIMARY KEY (tenant_id, name, version)
)
-- next
CREATE TABLE key_uses (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at DOUBLE NOT NULL,
    PRIMARY KEY (tenant_id, id)
)
-- next
CREATE TABLE pseudonyms (
    tenant_id TEXT NOT NULL,
    conversation TEXT NOT NULL,
    kind TEXT NOT NULL,
    number BIGINT NOT NULL,
    mark TEXT NOT NULL,
    body TEXT NOT NULL,
    master TEXT NOT NULL,
    expires_at DOUBLE NOT NULL,
    PRIMARY KEY (tenant_id, conversation, kind, number)
)
-- next
CREATE UNIQUE INDEX pseudonyms_mark ON pseudonyms (tenant_id, conversation, mark)
-- next
CREATE INDEX pseudonyms_expires ON pseudonyms (expires_at)
-- next
CREATE TABLE audit (
    tenant_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at DOUBLE NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    verdict TEXT NOT NULL,
    subject TEXT NOT NULL,
    whence TEXT NOT NULL,
    run_id TEXT NOT NULL,
    path TEXT NOT NULL,
    details TEXT NOT NULL,
    number BIGINT NOT NULL,
    event TEXT NOT NULL,
    position BIGINT NOT NULL,
    log TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant_id, seq)
)
-- next
CREATE INDEX audit_run ON audit (tenant_id, run_id, seq)
-- next
CREATE INDEX audit_action ON audit (tenant_id, action, seq)
-- next
CREATE TABLE counts (
    tenant_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    lasts DOUBLE NOT NULL,
    begins DOUBLE NOT NULL,
    calls BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    usd BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, scope, lasts, begins)
)
-- next
CREATE TABLE ledger (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    call TEXT NOT NULL,
    path TEXT NOT NULL,
    step TEXT NOT NULL,
    agent TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL,
    reserved BIGINT NOT NULL,
    reserved_tokens BIGINT NOT NULL,
    usd BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    size BIGINT NOT NULL,
    predicted BIGINT NOT NULL,
    predicted_input BIGINT NOT NULL,
    predicted_output BIGINT NOT NULL,
    answered_by TEXT,
    at DOUBLE NOT NULL,
    settled_at DOUBLE,
    PRIMARY KEY (tenant_id, run_id, call)
)
-- next
CREATE INDEX ledger_at ON ledger (tenant_id, at)
-- next
CREATE TABLE results (
    tenant_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    body BLOB NOT NULL,
    expires_at DOUBLE NOT NULL,
    PRIMARY KEY (tenant_id, "key")
)
-- next
CREATE TABLE runs (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    workflow TEXT NOT NULL,
    version TEXT NOT NULL,
    status TEXT NOT NULL,
    seq BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    claims BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    log_format BIGINT NOT NULL,
    owner TEXT,
    claimed_at DOUBLE,
    wake_at DOUBLE,
    created_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    ended_at DOUBLE,
    usd BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    error_code TEXT NOT NULL,
    "key" TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    parent_run TEXT,
    parent_path TEXT NOT NULL,
    forked_from TEXT,
    guards TEXT NOT NULL,
    PRIMARY KEY (tenant_id, run_id)
)
-- next
CREATE INDEX runs_due ON runs (tenant_id, workflow, priority, wake_at) WHERE owner IS NULL AND wake_at IS NOT NULL
-- next
CREATE UNIQUE INDEX runs_key ON runs (tenant_id, "key") WHERE key <> ''
-- next
CREATE INDEX runs_owned ON runs (owner, workflow) WHERE owner IS NOT NULL
-- next
CREATE INDEX runs_status ON runs (tenant_id, status, run_id)
-- next
CREATE INDEX runs_wake ON runs (wake_at) WHERE owner IS NULL AND wake_at IS NOT NULL
-- next
CREATE TABLE snapshots (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    fold TEXT NOT NULL,
    seq BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (tenant_id, run_id, fold)
)
-- next
CREATE TABLE versions (
    tenant_id TEXT NOT NULL,
    version TEXT NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    created_at DOUBLE NOT NULL,
    PRIMARY KEY (tenant_id, version)
)
-- next
CREATE TABLE workers (
    worker_id TEXT NOT NULL,
    lease_until DOUBLE NOT NULL,
    since DOUBLE NOT NULL,
    PRIMARY KEY (worker_id)
)
-- next
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit record is never changed'); END
-- next
CREATE TRIGGER audit_undeleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit record is never changed'); END

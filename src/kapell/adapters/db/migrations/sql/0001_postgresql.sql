CREATE TABLE approvals (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    path TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    title TEXT NOT NULL,
    data TEXT NOT NULL,
    edit TEXT NOT NULL,
    expires DOUBLE PRECISION,
    answer TEXT,
    answered_by TEXT NOT NULL,
    closed_at DOUBLE PRECISION,
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
    body BYTEA NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
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
    at DOUBLE PRECISION NOT NULL,
    stage TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    failure TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    closed_at DOUBLE PRECISION,
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
    seconds DOUBLE PRECISION NOT NULL,
    slowest DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (tenant_id, name, minute)
)
-- next
CREATE TABLE deployments (
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (tenant_id, name)
)
-- next
CREATE TABLE events (
    position BIGINT NOT NULL,
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    version BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (tenant_id, run_id, seq)
)
-- next
CREATE UNIQUE INDEX events_position ON events (position)
-- next
CREATE TABLE inbox (
    number BIGINT GENERATED ALWAYS AS IDENTITY,
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    command TEXT NOT NULL,
    actor TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    consumed BIGINT,
    PRIMARY KEY (tenant_id, run_id, key)
)
-- next
CREATE INDEX inbox_open ON inbox (tenant_id, run_id, number) WHERE consumed IS NULL
-- next
CREATE TABLE keys (
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    master TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
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
    at DOUBLE PRECISION NOT NULL,
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
    expires_at DOUBLE PRECISION NOT NULL,
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
    at DOUBLE PRECISION NOT NULL,
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
    lasts DOUBLE PRECISION NOT NULL,
    begins DOUBLE PRECISION NOT NULL,
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
    at DOUBLE PRECISION NOT NULL,
    settled_at DOUBLE PRECISION,
    PRIMARY KEY (tenant_id, run_id, call)
)
-- next
CREATE INDEX ledger_at ON ledger (tenant_id, at)
-- next
CREATE TABLE results (
    tenant_id TEXT NOT NULL,
    key TEXT NOT NULL,
    body BYTEA NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (tenant_id, key)
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
    claimed_at DOUBLE PRECISION,
    wake_at DOUBLE PRECISION,
    created_at DOUBLE PRECISION NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL,
    ended_at DOUBLE PRECISION,
    usd BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    error_code TEXT NOT NULL,
    key TEXT NOT NULL,
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
CREATE UNIQUE INDEX runs_key ON runs (tenant_id, key) WHERE key <> ''
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
    body BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, run_id, fold)
)
-- next
CREATE TABLE versions (
    tenant_id TEXT NOT NULL,
    version TEXT NOT NULL,
    name TEXT NOT NULL,
    body BYTEA NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (tenant_id, version)
)
-- next
CREATE TABLE workers (
    worker_id TEXT NOT NULL,
    lease_until DOUBLE PRECISION NOT NULL,
    since DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (worker_id)
)
-- next
CREATE FUNCTION kapell_now() RETURNS double precision LANGUAGE sql VOLATILE AS
'SELECT extract(epoch FROM clock_timestamp())::double precision'
-- next
CREATE FUNCTION kapell_people(tenant text, kind text, part json) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    run text := part->>1;
    place text := part->>2;
BEGIN
    IF kind = 'opened' THEN
        INSERT INTO approvals (tenant_id, run_id, path, at, title, data, edit, expires, step,
            details, standing, answered_by)
        VALUES (tenant, run, place, (part->>3)::float8, part->>4, part->>5, part->>6,
            (part->>7)::float8, part->>8, part->>9, part->>10, '')
        ON CONFLICT (tenant_id, run_id, path, at) DO UPDATE SET title = excluded.title,
            data = excluded.data, edit = excluded.edit, expires = excluded.expires,
            step = excluded.step, details = excluded.details, standing = excluded.standing,
            answer = NULL, answered_by = '', closed_at = NULL;
    ELSIF kind = 'changed' THEN
        UPDATE approvals SET data = part->>3, standing = part->>4
        WHERE tenant_id = tenant AND run_id = run AND path = place AND closed_at IS NULL;
    ELSIF kind = 'void' THEN
        UPDATE approvals SET answer = 'void', answered_by = part->>3,
            closed_at = (part->>4)::float8
        WHERE tenant_id = tenant AND run_id = run AND step = place AND closed_at IS NULL;
    ELSIF kind = 'closed' THEN
        UPDATE approvals SET answer = part->>3, answered_by = part->>4,
            closed_at = (part->>5)::float8
        WHERE tenant_id = tenant AND run_id = run AND path = place AND closed_at IS NULL;
    ELSIF kind = 'dead' THEN
        INSERT INTO dead_letters
            (tenant_id, run_id, path, at, stage, code, message, failure, attempts)
        VALUES (tenant, run, place, (part->>3)::float8, part->>4, part->>5, part->>6, part->>7,
            (part->>8)::bigint)
        ON CONFLICT (tenant_id, run_id, path, at) DO UPDATE SET stage = excluded.stage,
            code = excluded.code, message = excluded.message, failure = excluded.failure,
            attempts = excluded.attempts, closed_at = NULL;
    ELSE
        UPDATE dead_letters SET closed_at = (part->>3)::float8
        WHERE tenant_id = tenant AND run_id = run AND closed_at IS NULL
            AND (place = '' OR path = place OR (left(path, length(place)) = place
                AND strpos('/[@.:#!', substr(path, length(place) + 1, 1)) > 0));
    END IF;
END
$$
-- next
CREATE FUNCTION kapell_rest(rest json, now float8) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one json;
BEGIN
    IF rest->'births' IS NOT NULL THEN
        INSERT INTO runs (tenant_id, run_id, workflow, version, status, seq, generation, priority,
            log_format, wake_at, created_at, updated_at, ended_at, usd, tokens, error_code, key,
            fingerprint, parent_run, parent_path, forked_from, owner, claimed_at, epoch, claims,
            guards)
        SELECT b->>0, b->>1, b->>2, b->>3, b->>4, (b->>5)::bigint, (b->>6)::bigint,
            (b->>7)::bigint, (b->>8)::bigint,
            CASE WHEN b->>12 IS NULL THEN coalesce((b->>9)::float8, now) END,
            coalesce((b->>10)::float8, now), coalesce((b->>11)::float8, now),
            (b->>12)::float8, (b->>13)::bigint, (b->>14)::bigint, b->>15, b->>16, b->>17, b->>18,
            b->>19, b->>20, b->>21, now, (b->>23)::bigint, 0, b->>25
        FROM json_array_elements(rest->'births') AS b;
    END IF;
    IF rest->'reserved' IS NOT NULL THEN
        INSERT INTO ledger (tenant_id, run_id, call, path, step, agent, provider, model, reserved,
            reserved_tokens, at, size, predicted, predicted_input, predicted_output, usd,
            input_tokens, output_tokens, state)
        SELECT b->>0, b->>1, b->>2, b->>3, b->>4, b->>5, b->>6, b->>7, (b->>8)::bigint,
            (b->>9)::bigint, (b->>10)::float8, (b->>11)::bigint, (b->>12)::bigint,
            (b->>13)::bigint, (b->>14)::bigint, 0, 0, 0, 'reserved'
        FROM json_array_elements(rest->'reserved') AS b
        ON CONFLICT (tenant_id, run_id, call) DO UPDATE SET reserved = excluded.reserved,
            reserved_tokens = excluded.reserved_tokens, state = 'reserved', settled_at = NULL,
            usd = 0, input_tokens = 0, output_tokens = 0, at = excluded.at,
            model = excluded.model, answered_by = NULL, provider = excluded.provider, size = excluded.size,
            predicted = excluded.predicted, predicted_input = excluded.predicted_input,
            predicted_output = excluded.predicted_output;
    END IF;
    IF rest->'settled' IS NOT NULL THEN
        UPDATE ledger AS l SET reserved = 0, reserved_tokens = 0, usd = (b->>3)::bigint,
            input_tokens = (b->>4)::bigint, output_tokens = (b->>5)::bigint, state = b->>6,
            settled_at = (b->>7)::float8,
            answered_by = coalesce(b->>8, l.answered_by),
            provider = coalesce(b->>9, l.provider)
        FROM json_array_elements(rest->'settled') AS b
        WHERE l.tenant_id = b->>0 AND l.run_id = b->>1 AND l.call = b->>2;
    END IF;
    IF rest->'people' IS NOT NULL THEN
        FOR one IN SELECT * FROM json_array_elements(rest->'people') LOOP
            PERFORM kapell_people(one->1->>0, one->>0, one->1);
        END LOOP;
    END IF;
    IF rest->'posts' IS NOT NULL THEN
        UPDATE runs AS r SET wake_at = least(coalesce(r.wake_at, now), now)
        FROM (SELECT DISTINCT b->>1 AS tenant, b->>2 AS run
            FROM json_array_elements(rest->'posts') AS b) AS p
        WHERE r.tenant_id = p.tenant AND r.run_id = p.run;
        INSERT INTO inbox (tenant_id, run_id, key, command, actor, at)
        SELECT b->>1, b->>2, b->>3, b->>4, b->>5, now FROM json_array_elements(rest->'posts') AS b
        ON CONFLICT (tenant_id, run_id, key) DO NOTHING;
    END IF;
END
$$
-- next
CREATE FUNCTION kapell_commit(
    a_tenant text[], a_run text[], a_worker text[], a_epoch bigint[], a_expected bigint[],
    a_seq bigint[], a_status text[], a_generation bigint[], a_wake float8[], a_ended float8[],
    a_usd bigint[], a_tokens bigint[], a_error text[], a_free boolean[],
    new_events json,
    b_tenant text[], b_digest text[], b_body bytea[], rest json,
    OUT stored boolean, OUT outcomes int[], OUT freed boolean[], OUT existing text
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    now float8 := kapell_now();
    places tid[];
    first bigint;
BEGIN
    stored := false;
    -- The run rows first. What another transaction holds is left for the next batch (3); what no
    -- longer belongs to the appender is lost (2).
    SELECT array_agg(l.ctid ORDER BY a.n), array_agg(CASE
        WHEN l.ctid IS NULL AND EXISTS (SELECT 1 FROM runs AS r
            WHERE r.tenant_id = a.tenant AND r.run_id = a.run) THEN 3
        WHEN l.owner = a.worker AND l.epoch = a.epoch AND l.seq = a.expected THEN 0
        ELSE 2 END ORDER BY a.n)
    INTO places, outcomes
    FROM unnest(a_tenant, a_run, a_worker, a_epoch, a_expected) WITH ORDINALITY
        AS a(tenant, run, worker, epoch, expected, n)
    LEFT JOIN LATERAL (SELECT r.ctid, r.owner, r.epoch, r.seq FROM runs AS r
        WHERE r.tenant_id = a.tenant AND r.run_id = a.run FOR UPDATE SKIP LOCKED) AS l ON true;
    IF rest->'posts' IS NOT NULL THEN
        -- Runs that get a message are locked along, so that no two batches wait for each other.
        SELECT array_agg(coalesce(p.worst, o.outcome) ORDER BY o.n) INTO outcomes
        FROM unnest(outcomes) WITH ORDINALITY AS o(outcome, n)
        LEFT JOIN (SELECT (b->>0)::bigint AS n, max(CASE WHEN l.run_id IS NOT NULL THEN NULL
                WHEN EXISTS (SELECT 1 FROM runs AS r
                    WHERE r.tenant_id = b->>1 AND r.run_id = b->>2) THEN 3
                ELSE 4 END) AS worst
            FROM json_array_elements(rest->'posts') AS b
            LEFT JOIN LATERAL (SELECT r.run_id FROM runs AS r WHERE r.tenant_id = b->>1
                AND r.run_id = b->>2 FOR UPDATE SKIP LOCKED) AS l ON true
            GROUP BY 1) AS p ON p.n = o.n AND o.outcome = 0;
    END IF;
    IF 2 = ANY (outcomes) OR 3 = ANY (outcomes) OR 4 = ANY (outcomes) THEN
        RETURN;
    END IF;
    IF rest->'births' IS NOT NULL THEN
        SELECT json_agg(json_build_array(b.n - 1, f.run_id, f.fingerprint = b.b->>17))::text
        INTO existing FROM json_array_elements(rest->'births') WITH ORDINALITY AS b(b, n)
        JOIN LATERAL (
            SELECT r.run_id, r.fingerprint FROM runs AS r WHERE b.b->>16 <> '' AND r.key <> ''
                AND r.tenant_id = b.b->>0 AND r.key = b.b->>16
            UNION ALL
            SELECT r.run_id, r.fingerprint FROM runs AS r WHERE b.b->>16 = ''
                AND r.tenant_id = b.b->>0 AND r.run_id = b.b->>1
        ) AS f ON true;
        IF existing IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    IF rest->'consumed' IS NOT NULL THEN
        UPDATE inbox AS i SET consumed = (b->>3)::bigint
        FROM json_array_elements(rest->'consumed') AS b
        WHERE i.tenant_id = b->>0 AND i.run_id = b->>1 AND i.number = (b->>2)::bigint
            AND i.consumed IS NULL;
    END IF;
    IF true = ANY (a_free) THEN
        SELECT array_agg(a.free AND NOT EXISTS (SELECT 1 FROM inbox AS i
            WHERE i.tenant_id = a.tenant AND i.run_id = a.run AND i.consumed IS NULL) ORDER BY a.n)
        INTO a_free
        FROM unnest(a_tenant, a_run, a_free) WITH ORDINALITY AS a(tenant, run, free, n);
    END IF;
    IF places IS NOT NULL THEN
        UPDATE runs AS r SET seq = a.seq, status = a.status, generation = a.generation,
            wake_at = a.wake, ended_at = a.ended, usd = a.usd, tokens = a.tokens,
            error_code = a.error, owner = CASE WHEN a.free THEN NULL ELSE r.owner END,
            updated_at = now, claims = 0
        FROM unnest(places, a_seq, a_status, a_generation, a_wake, a_ended, a_usd, a_tokens,
                a_error, a_free)
            AS a(place, seq, status, generation, wake, ended, usd, tokens, error, free)
        WHERE r.ctid = a.place;
    END IF;
    IF rest->'claims' IS NOT NULL THEN
        UPDATE runs AS r SET claims = (b->>1)::bigint
        FROM json_array_elements(rest->'claims') AS b
        WHERE r.tenant_id = a_tenant[(b->>0)::int] AND r.run_id = a_run[(b->>0)::int];
    END IF;
    IF cardinality(b_digest) > 0 THEN
        INSERT INTO artifacts (tenant_id, digest, size, body, created_at)
        SELECT b.tenant, b.digest, length(b.body), b.body, now
        FROM unnest(b_tenant, b_digest, b_body) AS b(tenant, digest, body)
        ORDER BY b.tenant, b.digest ON CONFLICT (tenant_id, digest) DO NOTHING;
    END IF;
    IF rest IS NOT NULL THEN
        PERFORM kapell_rest(rest, now);
    END IF;
    -- The position last: whoever holds this lock commits next, so no reader sees a gap.
    PERFORM pg_advisory_xact_lock(7205, 1);
    first := coalesce((SELECT max(position) FROM events), 0);
    INSERT INTO events (position, tenant_id, run_id, seq, id, type, version, at, correlation_id,
        causation_id, actor, payload)
    SELECT first + e.n, e.tenant, e.run, e.seq, e.id, e.type, e.version, e.at, e.correlation,
        e.causation, e.actor, e.payload
    FROM ROWS FROM (json_to_recordset(new_events) AS (tenant text, run text, seq bigint, id text,
            type text, version bigint, at float8, correlation text, causation text, actor text,
            payload text)) WITH ORDINALITY
        AS e(tenant, run, seq, id, type, version, at, correlation, causation, actor, payload, n);
    stored := true;
    freed := a_free;
END
$$
-- next
CREATE FUNCTION kapell_claim(me text, wanted bigint, caps json, format bigint, lease float8,
    suspect_at bigint, suspects boolean)
RETURNS TABLE (tenant_id text, run_id text, workflow text, version text, epoch bigint, seq bigint,
    takeovers bigint, status text, now float8, next_due float8) LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    t float8 := kapell_now();
BEGIN
    -- A claim that the server forgets in a crash is no harm: whoever appends by it waits for the
    -- disk, and what was written before is on it by then. Worker and sequence fence the others.
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO workers AS w (worker_id, lease_until, since) VALUES (me, t + lease, t)
    ON CONFLICT (worker_id) DO UPDATE SET lease_until = t + lease WHERE w.lease_until < t;
    IF caps IS NOT NULL THEN
        -- Counting and owning must not overlap with another worker's.
        PERFORM pg_advisory_xact_lock(7205, 2);
    END IF;
    RETURN QUERY
    WITH RECURSIVE lanes(tenant, flow, prio) AS (
        (SELECT r.tenant_id, r.workflow, r.priority FROM runs AS r
            WHERE r.owner IS NULL AND r.wake_at IS NOT NULL
            ORDER BY r.tenant_id, r.workflow, r.priority LIMIT 1)
        UNION ALL
        SELECT n.tenant_id, n.workflow, n.priority FROM lanes AS l, LATERAL (
            SELECT r.tenant_id, r.workflow, r.priority FROM runs AS r
            WHERE r.owner IS NULL AND r.wake_at IS NOT NULL
                AND (r.tenant_id, r.workflow, r.priority) > (l.tenant, l.flow, l.prio)
            ORDER BY r.tenant_id, r.workflow, r.priority LIMIT 1) AS n
    ), capped AS MATERIALIZED (
        SELECT c.key AS flow, c.value::bigint - (SELECT count(*) FROM runs AS r
            WHERE r.owner IS NOT NULL AND r.workflow = c.key) AS room
        FROM json_each_text(coalesce(caps, '{}'::json)) AS c
    ), due AS MATERIALIZED (
        SELECT d.place, l.tenant, l.flow, d.id, c.room, d.wake_at - 10.0 * l.prio AS rank
        FROM lanes AS l LEFT JOIN capped AS c ON c.flow = l.flow
        CROSS JOIN LATERAL (SELECT r.ctid AS place, r.run_id AS id, r.wake_at FROM runs AS r
            WHERE r.owner IS NULL AND r.wake_at IS NOT NULL AND r.wake_at <= t
                AND r.tenant_id = l.tenant AND r.workflow = l.flow AND r.priority = l.prio
                AND r.log_format <= format AND (r.claims >= suspect_at) = suspects
            ORDER BY r.wake_at LIMIT CASE WHEN c.room IS NULL THEN wanted
                ELSE greatest(least(c.room, wanted), 0) END FOR UPDATE SKIP LOCKED) AS d
    ), turns AS (
        SELECT *, row_number() OVER (PARTITION BY tenant ORDER BY rank, id) AS turn FROM due
    ), chosen AS (
        SELECT *, row_number() OVER (PARTITION BY flow ORDER BY turn, rank, id) AS nth FROM turns
    ), mine AS (
        SELECT place, rank, id FROM chosen WHERE room IS NULL OR nth <= room
        ORDER BY turn, rank, id LIMIT wanted
    ), owned AS (
        UPDATE runs AS r SET owner = me, epoch = r.epoch + 1, claims = r.claims + 1,
            claimed_at = t, updated_at = t
        FROM mine AS m WHERE r.ctid = m.place
        RETURNING r.tenant_id, r.run_id, r.workflow, r.version, r.epoch, r.seq, r.claims,
            r.status, m.rank
    )
    SELECT o.tenant_id, o.run_id, o.workflow, o.version, o.epoch, o.seq, o.claims - 1, o.status, t,
        NULL::float8
    FROM owned AS o ORDER BY o.rank, o.run_id;
    RETURN QUERY SELECT NULL, NULL, NULL, NULL, NULL::bigint, NULL::bigint, NULL::bigint, NULL, t,
        -- For the few suspects all that sleep would be looked through.
        CASE WHEN NOT suspects THEN (SELECT min(r.wake_at) FROM runs AS r
            WHERE r.owner IS NULL AND r.wake_at IS NOT NULL AND r.log_format <= format
                AND r.claims < suspect_at) END;
END
$$
-- next
CREATE FUNCTION kapell_release(tenant text, run text, me text, mine bigint, wake float8)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM runs WHERE tenant_id = tenant AND run_id = run AND owner = me AND epoch = mine
        FOR UPDATE;
    IF NOT FOUND THEN
        RETURN true;
    END IF;
    -- Looked at under the lock: a sender takes the same lock before it puts a message in.
    IF EXISTS (SELECT 1 FROM inbox
            WHERE tenant_id = tenant AND run_id = run AND consumed IS NULL) THEN
        RETURN false;
    END IF;
    UPDATE runs SET owner = NULL, wake_at = wake, claims = 0, updated_at = kapell_now()
    WHERE tenant_id = tenant AND run_id = run;
    RETURN true;
END
$$
-- next
CREATE FUNCTION kapell_beat(me text, held json, lease float8, OUT lost text[], OUT freed bigint,
    OUT now float8) LANGUAGE plpgsql AS $$
DECLARE
    count_freed bigint;
    far float8;
BEGIN
    -- A forgotten beat is repeated by the next.
    PERFORM set_config('synchronous_commit', 'off', true);
    now := kapell_now();
    INSERT INTO workers (worker_id, lease_until, since) VALUES (me, now + lease, now)
    ON CONFLICT (worker_id) DO UPDATE SET lease_until = excluded.lease_until;
    SELECT array_agg(h.key) INTO lost FROM json_each_text(held) AS h WHERE NOT EXISTS (
        SELECT 1 FROM runs AS r WHERE r.owner = me AND r.run_id = h.key
            AND r.epoch = h.value::bigint);
    -- A fresh claim may be on its way to the worker: only what it has not taken up for a whole
    -- lease is surplus.
    UPDATE runs AS r SET owner = NULL, wake_at = now, claims = greatest(r.claims - 1, 0),
        updated_at = now
    FROM (SELECT s.ctid AS place FROM runs AS s WHERE s.owner = me AND s.claimed_at <= now - lease
        AND coalesce((held->>s.run_id)::bigint, -1) <> s.epoch FOR UPDATE SKIP LOCKED) AS f
    WHERE r.ctid = f.place;
    GET DIAGNOSTICS freed = ROW_COUNT;
    -- A lease that ends so late was written before the clock was set back: it has ended.
    far := now + greatest(600, 10 * lease);
    UPDATE runs AS r SET owner = NULL, wake_at = now, updated_at = now
    FROM (SELECT s.ctid AS place FROM runs AS s WHERE s.owner IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM workers AS w WHERE w.worker_id = s.owner AND w.lease_until > now
            AND w.lease_until <= far)
        FOR UPDATE OF s SKIP LOCKED) AS f
    WHERE r.ctid = f.place;
    GET DIAGNOSTICS count_freed = ROW_COUNT;
    freed := freed + count_freed;
    DELETE FROM workers WHERE worker_id IN (SELECT w.worker_id FROM workers AS w
        WHERE w.lease_until <= now OR w.lease_until > far FOR UPDATE SKIP LOCKED);
END
$$
-- next
CREATE FUNCTION kapell_take(tenant text, scopes text[], every float8[], most_calls bigint[],
    most_tokens bigint[], most_usd bigint[], more bigint[], forget boolean, day float8,
    day_kept float8, lasting boolean, OUT now float8, OUT room boolean, OUT calls bigint[], OUT tokens bigint[],
    OUT usd bigint[]) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    one counts%ROWTYPE;
BEGIN
    IF NOT lasting THEN
        -- What a crash of the server may undo is what calls under way took.
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    now := kapell_now();
    room := true;
    -- Everyone locks the windows in the order they are given in; one without room undoes them all.
    BEGIN
        FOR n IN 1 .. cardinality(scopes) LOOP
            INSERT INTO counts AS c VALUES (tenant, scopes[n], every[n],
                floor(now / every[n]) * every[n], more[1], more[2], more[3])
            ON CONFLICT ON CONSTRAINT counts_pkey DO UPDATE SET
                calls = c.calls + excluded.calls, tokens = c.tokens + excluded.tokens,
                usd = c.usd + excluded.usd
            RETURNING * INTO one;
            calls[n] := one.calls;
            tokens[n] := one.tokens;
            usd[n] := one.usd;
            room := room AND one.calls <= coalesce(most_calls[n], one.calls)
                AND one.tokens <= coalesce(most_tokens[n], one.tokens)
                AND one.usd <= coalesce(most_usd[n], one.usd);
        END LOOP;
        IF NOT room THEN
            RAISE EXCEPTION USING ERRCODE = 'KP001';
        END IF;
    EXCEPTION WHEN SQLSTATE 'KP001' THEN
        RETURN;
    END;
    IF forget THEN
        DELETE FROM counts AS c WHERE c.ctid IN (SELECT o.ctid FROM counts AS o
            WHERE o.begins + CASE o.lasts WHEN day THEN day_kept ELSE 2 * o.lasts END < now
            FOR UPDATE SKIP LOCKED);
    END IF;
END
$$
-- next
CREATE FUNCTION kapell_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit record is never changed';
END
$$
-- next
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION kapell_kept()

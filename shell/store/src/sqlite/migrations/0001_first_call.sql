-- Ids are TEXT under the BINARY collation: compared byte for byte, never folded.
CREATE TABLE apps (
    app_id            TEXT PRIMARY KEY,
    name              TEXT NOT NULL,
    token_required    INTEGER NOT NULL,
    api_token_hash    BLOB NOT NULL UNIQUE,
    session_token_key BLOB NOT NULL,
    created_at_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    app_id               TEXT NOT NULL REFERENCES apps (app_id),
    user_id              TEXT NOT NULL,
    nickname             TEXT NOT NULL,
    profile_url          TEXT NOT NULL,
    metadata_json        TEXT NOT NULL,
    is_active            INTEGER NOT NULL,
    access_token_hash    BLOB,
    has_token_ever       INTEGER NOT NULL,
    has_ever_logged_in   INTEGER NOT NULL,
    tokens_valid_from_ms INTEGER NOT NULL,
    created_at_ms        INTEGER NOT NULL,
    last_seen_at_ms      INTEGER NOT NULL,
    PRIMARY KEY (app_id, user_id)
) STRICT;
CREATE INDEX users_by_age ON users (app_id, created_at_ms, user_id);

CREATE TABLE sessions (
    app_id        TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    device_id     TEXT NOT NULL,
    key_hash      BLOB NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (app_id, user_id, device_id),
    FOREIGN KEY (app_id, user_id) REFERENCES users (app_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- No reference to users: the log of calls outlives them.
CREATE TABLE calls (
    call_id       TEXT PRIMARY KEY,
    app_id        TEXT NOT NULL,
    caller_id     TEXT NOT NULL,
    callee_id     TEXT NOT NULL,
    dial_key      TEXT NOT NULL,
    is_video_call INTEGER NOT NULL,
    machine_json  TEXT NOT NULL,
    version       INTEGER NOT NULL,
    deadline_ms   INTEGER,
    ended         INTEGER NOT NULL,
    end_result    TEXT,
    ended_by      TEXT,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms   INTEGER,
    duration_ms   INTEGER NOT NULL,
    UNIQUE (app_id, caller_id, dial_key)
) STRICT;
CREATE INDEX calls_by_start ON calls (app_id, started_at_ms, call_id);
-- Only live calls are in it: a sweep costs the same however long the log is.
CREATE INDEX calls_live ON calls (deadline_ms, call_id) WHERE ended = 0;

-- AUTOINCREMENT: an id is never used twice, even after its row was pruned.
CREATE TABLE outbox (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id        TEXT NOT NULL,
    call_id       TEXT NOT NULL,
    kind          TEXT NOT NULL,
    body          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_age ON outbox (created_at_ms);

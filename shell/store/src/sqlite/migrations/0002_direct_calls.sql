-- Glare (rule 4) and the log of one user. A release that knows 0001 only can go on working on
-- this layout: it leaves the new columns at their defaults.
ALTER TABLE apps ADD COLUMN glare_answers INTEGER NOT NULL DEFAULT 1;
ALTER TABLE apps ADD COLUMN early_candidates INTEGER NOT NULL DEFAULT 1;

-- A call that rings while the layout changes counts as not ringing until its next step: nobody
-- can answer it by dialling back, and nothing else depends on it.
ALTER TABLE calls ADD COLUMN ringing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN answer_key TEXT;

-- Only ringing calls are in it: a dial looks at a handful of rows.
CREATE INDEX calls_ringing ON calls (app_id, caller_id, callee_id, started_at_ms, call_id)
    WHERE ringing = 1;
CREATE UNIQUE INDEX calls_by_answer_key ON calls (app_id, callee_id, answer_key)
    WHERE answer_key IS NOT NULL;
CREATE INDEX calls_by_caller ON calls (app_id, caller_id, started_at_ms, call_id);
CREATE INDEX calls_by_callee ON calls (app_id, callee_id, started_at_ms, call_id);

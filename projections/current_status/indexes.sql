CREATE UNIQUE INDEX enrollment_by_name ON enrollment (program, subject, exercise);
-- Where each enrollment stands by spans of days, as known now.
CREATE VIEW current_status AS
SELECT e.program, e.subject, e.exercise, h.valid_from, h.valid_to, h.stands_at, h.phase,
       h.phase_since, h.node_since, h.category, h.round, h.batch, h.title, h.title_from,
       h.title_until, h.term_from, h.term_until, h.place_category, h.place_from, h.place_attested,
       h.provenance, h.attempt, h.last_evidenced_on, h.kept_since, h.waiting, h.unsupported,
       h.met_outside, e.stream, e.revision, e.sequence, e.recorded_at
FROM status_history h JOIN enrollment e ON e.id = h.enrollment
WHERE h.known_to IS NULL AND e.subject IS NOT NULL;

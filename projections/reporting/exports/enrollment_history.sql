-- The rectangles of days and sequences of each enrollment that had begun to be known by :known. A row
-- that was completed later is two of them: up to the event that completed it without an end, from
-- then on with one.
SELECT e.stream AS enrollment, e.program, e.subject, e.exercise, r.valid_from, r.valid_to,
       r.known_from, CASE WHEN r.known_to > :known THEN NULL ELSE r.known_to END AS known_to,
       a.known_at AS known_from_at, r.stands_at, r.phase, r.phase_since, r.node_since, r.category,
       r.title, r.title_from, r.title_until, r.term_from, r.term_until, r.place_category,
       r.place_from, r.place_attested, r.attempt, r.last_evidenced_on, r.kept_since, r.waiting,
       r.unsupported, r.provenance, r.known_from AS source_sequence, a.recorded_at,
       a.event_id AS source_event_id
FROM (SELECT h.enrollment, h.valid_from, NULL AS valid_to, h.known_from,
             h.valid_to_known AS known_to, h.stands_at, h.phase, h.phase_since, h.node_since, h.category,
             h.title, h.title_from, h.title_until, h.term_from, h.term_until, h.place_category,
             h.place_from, h.place_attested, h.attempt, h.last_evidenced_on, h.kept_since,
             h.waiting, h.unsupported, h.provenance
      FROM status_history h
      WHERE h.valid_to_known > h.known_from
      UNION ALL
      SELECT h.enrollment, h.valid_from, h.valid_to,
             CASE WHEN h.valid_to_known > h.known_from THEN h.valid_to_known ELSE h.known_from END,
             h.known_to, h.stands_at, h.phase, h.phase_since, h.node_since, h.category,
             h.title, h.title_from, h.title_until, h.term_from, h.term_until, h.place_category,
             h.place_from, h.place_attested, h.attempt, h.last_evidenced_on, h.kept_since,
             h.waiting, h.unsupported, h.provenance
      FROM status_history h
      WHERE h.known_to IS NULL
         OR (h.known_to > h.known_from
             AND (h.valid_to_known IS NULL OR h.known_to > h.valid_to_known))) r
JOIN enrollment e ON e.id = r.enrollment
JOIN audit_trail a ON a.sequence = r.known_from
WHERE r.known_from <= :known
ORDER BY e.program, e.subject, r.valid_from, r.known_from

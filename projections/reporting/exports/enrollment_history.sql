-- The rectangles of days and sequences of each enrollment that had begun to be known by :known. A row
-- that was completed later is two of them: up to the event that completed it without an end (0), from
-- then on with one (1).
SELECT e.stream AS enrollment, e.program, e.subject, e.exercise, h.valid_from,
       CASE WHEN k.half = 0 THEN NULL ELSE h.valid_to END AS valid_to, a.sequence AS known_from,
       CASE WHEN k.half = 0 AND h.valid_to_known <= :known THEN h.valid_to_known
            WHEN k.half = 1 AND h.known_to <= :known THEN h.known_to END AS known_to,
       a.known_at AS known_from_at, h.stands_at, h.phase, h.phase_since, h.node_since, h.category,
       h.title, h.title_from, h.title_until, h.term_from, h.term_until, h.place_category,
       h.place_from, h.place_attested, h.attempt, h.last_evidenced_on, h.kept_since, h.waiting,
       h.unsupported, h.provenance, a.sequence AS source_sequence, a.recorded_at,
       h.round, h.batch, a.event_id AS source_event_id
FROM enrollment e
CROSS JOIN status_history h
CROSS JOIN (SELECT 0 AS half UNION ALL SELECT 1 AS half) k
JOIN event_fact a ON a.sequence =
     CASE WHEN k.half = 1 AND h.valid_to_known > h.known_from
          THEN h.valid_to_known ELSE h.known_from END
WHERE e.exercise = :exercise AND e.subject IS NOT NULL AND h.enrollment = e.id AND a.sequence <= :known
  AND ((k.half = 0 AND h.valid_to_known > h.known_from)
    OR (k.half = 1 AND (h.known_to IS NULL
      OR (h.known_to > h.known_from
        AND (h.valid_to_known IS NULL OR h.known_to > h.valid_to_known)))))
ORDER BY e.program, e.subject, h.valid_from, a.sequence

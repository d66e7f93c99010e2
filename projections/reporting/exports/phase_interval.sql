-- The phases of each enrollment by days, as known at :known.
SELECT e.stream AS enrollment, e.program, e.subject, e.exercise, p.valid_from,
       CASE WHEN p.valid_to_known > :known THEN NULL ELSE p.valid_to END AS valid_to, p.phase,
       p.since, p.planned_until, p.article, a.provenance, a.sequence AS source_sequence,
       a.recorded_at, a.event_id AS source_event_id
FROM enrollment e
CROSS JOIN timeline_phase p
JOIN event_fact a ON a.sequence =
     CASE WHEN p.valid_to_known > p.known_from AND p.valid_to_known <= :known
          THEN p.valid_to_known ELSE p.known_from END
WHERE e.exercise = :exercise AND p.enrollment = e.id
  AND p.known_from <= :known AND (p.known_to IS NULL OR p.known_to > :known)
ORDER BY e.program, e.subject, p.valid_from, p.id

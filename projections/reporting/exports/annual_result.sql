-- The results of years that stood, as known at :known: acts that state a result for a year, of a
-- corrected one the correction that stood in its place.
SELECT a.stream AS enrollment, e.program, e.subject, a.exercise, a.year, a.result, a.revision,
       a.event_id, a.provenance, a.sequence AS source_sequence, a.recorded_at,
       a.event_id AS source_event_id
FROM audit_trail a
LEFT JOIN audit_trail_before b ON b.sequence = a.sequence AND b.known_to =
     (SELECT min(c.known_to) FROM audit_trail_before c
      WHERE c.sequence = a.sequence AND c.known_to > :known)
JOIN enrollment e ON e.id = a.enrollment
WHERE a.exercise = :exercise AND a.year IS NOT NULL AND a.result IS NOT NULL AND a.sequence <= :known
  AND CASE WHEN b.sequence IS NULL THEN a.fate ELSE b.fate END = 'stands'
ORDER BY e.program, e.subject, a.year, a.sequence

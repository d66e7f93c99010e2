-- The events of the log up to :known, with what had become of each.
SELECT a.sequence, a.stream, a.revision, a.event_id, a.event_type, a.act, e.program, e.subject,
       a.exercise, a.effective_on, a.effective_latest, a.known_at, a.corrects, a.rests_on,
       CASE WHEN b.sequence IS NULL THEN a.fate ELSE b.fate END AS fate,
       CASE WHEN b.sequence IS NULL THEN a.corrected_by ELSE b.corrected_by END AS corrected_by,
       a.provenance, a.sequence AS source_sequence, a.recorded_at, a.event_id AS source_event_id
FROM audit_trail a
LEFT JOIN audit_trail_before b ON b.sequence = a.sequence AND b.known_to =
     (SELECT min(c.known_to) FROM audit_trail_before c
      WHERE c.sequence = a.sequence AND c.known_to > :known)
LEFT JOIN enrollment e ON e.id = a.enrollment
WHERE a.sequence <= :known AND a.exercise = :exercise
ORDER BY a.sequence

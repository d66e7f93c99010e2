-- The acts of offices, of real programs or of exercises, with what had become of each by :known.
SELECT a.stream AS enrollment, e.program, e.subject, a.exercise, a.revision, a.event_id, a.act,
       a.event_type, a.effective_on, a.effective_latest,
       CASE WHEN b.sequence IS NULL THEN a.fold_day ELSE b.fold_day END AS fold_day,
       a.decided_on, a.received_on, o.office, o.office_id, o.office_name_en, o.office_name_zh,
       o.role, l.measure, l.edition, l.article, a.document_number, a.document_title,
       CASE WHEN b.sequence IS NULL THEN a.fate ELSE b.fate END AS fate,
       CASE WHEN b.sequence IS NULL THEN a.corrected_by ELSE b.corrected_by END AS corrected_by,
       a.corrects, a.rests_on, a.archive, a.provenance, a.sequence AS source_sequence,
       a.recorded_at, a.year, a.result, a.round, a.batch, a.event_id AS source_event_id
FROM audit_trail a
LEFT JOIN audit_trail_before b ON b.sequence = a.sequence AND b.known_to =
     (SELECT min(c.known_to) FROM audit_trail_before c
      WHERE c.sequence = a.sequence AND c.known_to > :known)
JOIN enrollment e ON e.id = a.enrollment
JOIN recorded_by o ON o.id = a.recorded_by
LEFT JOIN law l ON l.id = a.law
WHERE a.act IS NOT NULL AND a.sequence <= :known AND a.exercise = :exercise
ORDER BY a.sequence

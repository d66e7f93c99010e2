-- The duties that bound or had bound, as known at :known; one that recurs has a row for each year
-- in which it was met.
SELECT e.stream AS enrollment, e.program, e.subject, e.exercise, o.obligation, o.opened_by, o.owes,
       o.owed_with, o.receivers, o.uncertain, o.article, o.opened_on, o.open_from, o.due_on,
       o.due_earliest, o.due_latest, o.rule, o.arithmetic, o.first_due, o.every, o.during,
       o.kept_since, o.ended_by, o.ended_from, o.ended_waived, m.due_year AS met_due_year,
       m.met_by, m.met_on, m.received_on AS met_received_on, m.receipts AS met_receipts,
       a.provenance, a.sequence AS source_sequence, a.recorded_at, a.event_id AS source_event_id
FROM obligation o
JOIN enrollment e ON e.id = o.enrollment
LEFT JOIN obligation_met m ON m.enrollment = o.enrollment AND m.opened_by = o.opened_by
  AND m.obligation = o.obligation AND m.known_from <= :known AND (m.known_to IS NULL OR m.known_to > :known)
  AND (m.valid_to IS NULL OR m.valid_to_known > :known)
JOIN event_fact a ON a.sequence =
     CASE WHEN m.known_from > o.known_from THEN m.known_from ELSE o.known_from END
WHERE e.exercise = :exercise AND o.known_from <= :known AND (o.known_to IS NULL OR o.known_to > :known)
  AND (o.valid_to IS NULL OR o.valid_to_known > :known)
ORDER BY e.program, coalesce(e.subject, ''), o.opened_by, o.obligation, coalesce(m.due_year, -1), o.id

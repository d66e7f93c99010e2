-- The places of quotas held or reserved, by days, as known at :known.
SELECT p.program, p.category, p.enrollment, e.subject, p.exercise, p.from_day, p.until_day,
       p.attested, p.reserved_at, p.over_limit, a.provenance, p.known_from AS source_sequence,
       a.recorded_at, a.event_id AS source_event_id
FROM enrollment_place p
JOIN event_fact a ON a.sequence = p.known_from
LEFT JOIN enrollment e ON e.stream = p.enrollment AND e.id <= :known
WHERE p.exercise = :exercise AND p.known_from <= :known AND (p.known_to IS NULL OR p.known_to > :known)
ORDER BY p.program, p.category, p.enrollment, p.revision, p.from_day

-- Where each enrollment stood, as known at :known.
SELECT e.stream AS enrollment, e.program, e.subject,
       (SELECT n.name_en FROM subject_name n
        WHERE n.subject = e.subject AND n.known_from <= :known
          AND (n.known_to IS NULL OR n.known_to > :known)
        ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_en,
       (SELECT n.name_zh FROM subject_name n
        WHERE n.subject = e.subject AND n.known_from <= :known
          AND (n.known_to IS NULL OR n.known_to > :known)
        ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_zh,
       e.exercise, h.valid_from, h.stands_at, h.phase, h.phase_since, h.node_since, h.category,
       h.title, h.title_from, h.title_until, h.term_from, h.term_until, h.place_category,
       h.place_from, h.place_attested, h.attempt, h.last_evidenced_on, h.kept_since, h.waiting,
       h.unsupported, h.provenance, a.revision, a.sequence AS source_sequence, a.recorded_at,
       h.round, h.batch, a.event_id AS source_event_id
FROM enrollment e
JOIN status_history h ON h.enrollment = e.id
JOIN event_fact a ON a.sequence =
     (SELECT max(n.sequence) FROM event_fact n WHERE n.enrollment = e.id AND n.sequence <= :known)
WHERE e.exercise = :exercise AND e.subject IS NOT NULL AND h.known_from <= :known AND (h.known_to IS NULL OR h.known_to > :known)
  AND (h.valid_to IS NULL OR h.valid_to_known > :known)
ORDER BY e.program, e.subject

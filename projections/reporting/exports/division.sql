-- The subjects registered by :known, as was known of them then. The event is the newest: every one says a name.
SELECT s.subject, s.kind, s.code, s.code_revision, s.province,
       (SELECT n.name_en FROM subject_name n
        WHERE n.subject = s.subject AND n.known_from <= :known
          AND (n.known_to IS NULL OR n.known_to > :known)
        ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_en,
       (SELECT n.name_zh FROM subject_name n
        WHERE n.subject = s.subject AND n.known_from <= :known
          AND (n.known_to IS NULL OR n.known_to > :known)
        ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_zh,
       s.order_key, s.source, s.effective_on, s.invented AS exercise, a.provenance,
       a.sequence AS source_sequence, a.recorded_at, a.event_id AS source_event_id
FROM subject s
JOIN event_fact a ON a.sequence =
     (SELECT max(n.known_from) FROM subject_name n
      WHERE n.subject = s.subject AND n.known_from <= :known)
WHERE s.invented = :exercise
  AND s.known_from <= :known AND (s.known_to IS NULL OR s.known_to > :known)
ORDER BY s.order_key, s.subject

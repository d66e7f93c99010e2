-- Each read model, as far as :known.
SELECT m.name AS read_model, m.version, a.sequence AS position, a.known_at, a.provenance,
       a.sequence AS source_sequence, a.recorded_at, a.event_id AS source_event_id
FROM read_model m
JOIN event_fact a ON a.sequence = :known
ORDER BY m.name

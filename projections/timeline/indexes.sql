-- Acts as marks: what the audit trail has of each act that stands.
CREATE VIEW timeline_mark AS
SELECT program, subject, exercise, sequence, revision, event_type, act,
       effective_on, effective_earliest, effective_latest, place
FROM audit_trail
WHERE program IS NOT NULL AND act IS NOT NULL AND fate IN ('stands', 'corrected');

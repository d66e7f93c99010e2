CREATE INDEX timeline_phase_by_enrollment ON timeline_phase (enrollment, valid_from);
CREATE INDEX timeline_title_by_enrollment ON timeline_title (enrollment, valid_from);
CREATE INDEX timeline_term_by_enrollment ON timeline_term (enrollment, valid_from);
CREATE INDEX timeline_category_by_enrollment ON timeline_category (enrollment, valid_from);
-- Acts as marks: what the audit trail has of each act that stands.
CREATE VIEW timeline_mark AS
SELECT e.program, e.subject, e.exercise, a.sequence, a.revision, a.event_type, a.act,
       a.effective_on, a.effective_latest, a.fold_day
FROM audit_trail a JOIN enrollment e ON e.id = a.enrollment
WHERE e.subject IS NOT NULL AND a.act IS NOT NULL AND a.fate IN ('stands', 'corrected');

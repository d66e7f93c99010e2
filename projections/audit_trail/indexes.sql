CREATE INDEX audit_trail_by_enrollment ON audit_trail (enrollment, sequence);
CREATE INDEX audit_trail_by_event_id ON audit_trail (event_id);

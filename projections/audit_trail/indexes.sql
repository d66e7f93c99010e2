CREATE UNIQUE INDEX audit_trail_by_stream ON audit_trail (stream, revision);
CREATE INDEX audit_trail_by_event_id ON audit_trail (event_id);

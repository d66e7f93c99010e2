CREATE INDEX event_fact_by_enrollment ON event_fact (enrollment, sequence);
CREATE INDEX event_fact_by_event_id ON event_fact (event_id);
CREATE INDEX exception_by_kind ON exception (exercise, kind, sequence, number);
CREATE INDEX exception_in_order ON exception (exercise, sequence, number);
CREATE INDEX exception_by_enrollment ON exception (enrollment, sequence);

-- What was known later is passed over within the index.
CREATE INDEX status_history_by_enrollment ON status_history (enrollment, valid_from, known_from);

CREATE INDEX status_history_by_enrollment ON status_history (enrollment, valid_from);

CREATE INDEX obligation_by_enrollment ON obligation (enrollment, opened_by, known_from);
CREATE INDEX obligation_met_by_enrollment ON obligation_met (enrollment, opened_by, known_from);
CREATE INDEX obligation_met_late ON obligation_met (id) WHERE days_after IS NOT NULL;

CREATE INDEX timeline_phase_by_enrollment ON timeline_phase (enrollment, valid_from);
CREATE INDEX timeline_title_by_enrollment ON timeline_title (enrollment, valid_from);
CREATE INDEX timeline_term_by_enrollment ON timeline_term (enrollment, valid_from);

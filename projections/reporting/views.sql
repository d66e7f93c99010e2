-- What reporting reads, as views over the tables of the read models: one SQL for every engine. On
-- PostgreSQL docket_report.<name> shows docket_report_<name> of the copy that serves, with days,
-- instants and ids in types of their own.

CREATE VIEW docket_report_enrollment_current AS
SELECT e.stream AS enrollment, e.program, e.subject,
       (SELECT n.name_en FROM subject_name n
        WHERE n.subject = e.subject AND n.known_to IS NULL
        ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_en,
       (SELECT n.name_zh FROM subject_name n
        WHERE n.subject = e.subject AND n.known_to IS NULL
        ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_zh,
       e.exercise, h.valid_from, h.stands_at, h.phase, h.phase_since, h.node_since, h.category,
       h.title, h.title_from, h.title_until, h.term_from, h.term_until, h.place_category,
       h.place_from, h.place_attested, h.attempt, h.last_evidenced_on, h.kept_since, h.waiting,
       h.unsupported, h.provenance, e.revision, e.sequence AS source_sequence, e.recorded_at,
       h.round, h.batch
FROM enrollment e JOIN status_history h ON h.enrollment = e.id
WHERE e.subject IS NOT NULL AND h.known_to IS NULL AND h.valid_to IS NULL;

-- A row of status_history that was completed later says two things: up to the event that completed
-- it, that it held without an end; from then on, that it held to valid_to.
CREATE VIEW docket_report_enrollment_history AS
SELECT e.stream AS enrollment, e.program, e.subject, e.exercise, r.valid_from, r.valid_to,
       r.known_from, r.known_to, a.known_at AS known_from_at, r.stands_at, r.phase, r.phase_since,
       r.node_since, r.category, r.title, r.title_from, r.title_until, r.term_from, r.term_until,
       r.place_category, r.place_from, r.place_attested, r.attempt, r.last_evidenced_on,
       r.kept_since, r.waiting, r.unsupported, r.provenance, r.known_from AS source_sequence,
       a.recorded_at, r.round, r.batch
FROM (SELECT h.enrollment, h.valid_from, NULL AS valid_to, h.known_from,
             h.valid_to_known AS known_to, h.stands_at, h.phase, h.phase_since, h.node_since,
             h.category, h.title, h.title_from, h.title_until, h.term_from, h.term_until,
             h.place_category, h.place_from, h.place_attested, h.attempt, h.last_evidenced_on,
             h.kept_since, h.waiting, h.unsupported, h.provenance, h.round, h.batch
      FROM status_history h
      WHERE h.valid_to_known > h.known_from
      UNION ALL
      SELECT h.enrollment, h.valid_from, h.valid_to,
             CASE WHEN h.valid_to_known > h.known_from THEN h.valid_to_known ELSE h.known_from END,
             h.known_to, h.stands_at, h.phase, h.phase_since, h.node_since,
             h.category, h.title, h.title_from, h.title_until, h.term_from, h.term_until,
             h.place_category, h.place_from, h.place_attested, h.attempt, h.last_evidenced_on,
             h.kept_since, h.waiting, h.unsupported, h.provenance, h.round, h.batch
      FROM status_history h
      WHERE h.known_to IS NULL
         OR (h.known_to > h.known_from
             AND (h.valid_to_known IS NULL OR h.known_to > h.valid_to_known))) r
JOIN enrollment e ON e.id = r.enrollment
JOIN event_fact a ON a.sequence = r.known_from
WHERE e.subject IS NOT NULL;

CREATE VIEW docket_report_phase_interval AS
SELECT e.stream AS enrollment, e.program, e.subject, e.exercise, p.valid_from, p.valid_to, p.phase,
       p.since, p.planned_until, p.article, a.provenance, a.sequence AS source_sequence,
       a.recorded_at
FROM timeline_phase p
JOIN enrollment e ON e.id = p.enrollment
JOIN event_fact a ON a.sequence =
     CASE WHEN p.valid_to_known > p.known_from THEN p.valid_to_known ELSE p.known_from END
WHERE p.known_to IS NULL;

CREATE VIEW docket_report_act AS
SELECT a.stream AS enrollment, e.program, e.subject, a.exercise, a.revision, a.event_id, a.act,
       a.event_type, a.effective_on, a.effective_latest, a.fold_day, a.decided_on, a.received_on,
       o.office, o.office_id, o.office_name_en, o.office_name_zh, o.role, l.measure, l.edition,
       l.article, a.document_number, a.document_title, a.fate, a.corrected_by, a.corrects,
       a.rests_on, a.archive, a.provenance, a.sequence AS source_sequence, a.recorded_at, a.year,
       a.result, a.round, a.batch
FROM audit_trail a
JOIN enrollment e ON e.id = a.enrollment
JOIN recorded_by o ON o.id = a.recorded_by
LEFT JOIN law l ON l.id = a.law
WHERE a.act IS NOT NULL;

-- An act that states a result for a year; of a corrected one the correction that stands in its place.
CREATE VIEW docket_report_annual_result AS
SELECT a.stream AS enrollment, e.program, e.subject, a.exercise, a.year, a.result, a.revision,
       a.event_id, a.provenance, a.sequence AS source_sequence, a.recorded_at
FROM audit_trail a
JOIN enrollment e ON e.id = a.enrollment
WHERE a.year IS NOT NULL AND a.result IS NOT NULL AND a.fate = 'stands';

CREATE VIEW docket_report_event AS
SELECT a.sequence, a.stream, a.revision, a.event_id, a.event_type, a.act, e.program, e.subject,
       a.exercise, a.effective_on, a.effective_latest, a.known_at, a.corrects, a.rests_on, a.fate,
       a.corrected_by, a.provenance, a.sequence AS source_sequence, a.recorded_at
FROM audit_trail a
LEFT JOIN enrollment e ON e.id = a.enrollment;

CREATE VIEW docket_report_obligation AS
SELECT e.stream AS enrollment, e.program, e.subject, e.exercise, o.obligation, o.opened_by, o.owes,
       o.owed_with, o.receivers, o.uncertain, o.article, o.opened_on, o.open_from, o.due_on,
       o.due_earliest, o.due_latest, o.rule, o.arithmetic, o.first_due, o.every, o.during,
       o.kept_since, o.ended_by, o.ended_from, o.ended_waived, m.due_year AS met_due_year,
       m.met_by, m.met_on, m.received_on AS met_received_on, m.receipts AS met_receipts,
       a.provenance, a.sequence AS source_sequence, a.recorded_at
FROM obligation o
JOIN enrollment e ON e.id = o.enrollment
LEFT JOIN obligation_met m ON m.enrollment = o.enrollment AND m.opened_by = o.opened_by
     AND m.obligation = o.obligation AND m.known_to IS NULL AND m.valid_to IS NULL
JOIN event_fact a ON a.sequence =
     CASE WHEN m.known_from > o.known_from THEN m.known_from ELSE o.known_from END
WHERE o.known_to IS NULL AND o.valid_to IS NULL;

CREATE VIEW docket_report_division AS
SELECT s.subject, s.kind, s.code, s.code_revision, s.province,
       (SELECT n.name_en FROM subject_name n
        WHERE n.subject = s.subject AND n.known_to IS NULL
        ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_en,
       (SELECT n.name_zh FROM subject_name n
        WHERE n.subject = s.subject AND n.known_to IS NULL
        ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_zh,
       s.order_key, s.source, s.effective_on, s.invented AS exercise, a.provenance,
       s.sequence AS source_sequence, a.recorded_at
FROM subject s
JOIN event_fact a ON a.sequence = s.sequence
WHERE s.known_to IS NULL;

CREATE VIEW docket_report_place AS
SELECT p.program, p.category, p.enrollment, e.subject, p.exercise, p.from_day, p.until_day,
       p.attested, p.reserved_at, p.over_limit, a.provenance, p.known_from AS source_sequence,
       a.recorded_at
FROM enrollment_place p
JOIN event_fact a ON a.sequence = p.known_from
LEFT JOIN enrollment e ON e.stream = p.enrollment
WHERE p.known_to IS NULL;

CREATE VIEW docket_report_freshness AS
SELECT m.name AS read_model, m.version, c.position, c.known_at, a.provenance,
       c.position AS source_sequence, a.recorded_at
FROM read_model m CROSS JOIN checkpoint c
LEFT JOIN event_fact a ON a.sequence = c.position;

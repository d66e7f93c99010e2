-- What reporting reads, as views over the tables of the read models: one SQL for every engine. On
-- PostgreSQL docket_report.<name> shows docket_report_<name> of the copy that serves, with days,
-- instants and ids in types of their own. Generated.

-- One row per enrollment: where it stands after everything that is recorded, whatever day that counts from (`valid_from` can lie ahead).
CREATE VIEW docket_report_enrollment_current AS
SELECT e.stream AS enrollment,
       e.program AS program,
       e.subject AS subject,
       e.exercise AS exercise,
       (SELECT n.name_en FROM subject_name n WHERE n.subject = e.subject AND n.known_from <= 9223372036854775807 AND (n.known_to IS NULL OR n.known_to > 9223372036854775807) ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_en,
       (SELECT n.name_zh FROM subject_name n WHERE n.subject = e.subject AND n.known_from <= 9223372036854775807 AND (n.known_to IS NULL OR n.known_to > 9223372036854775807) ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_zh,
       h.valid_from AS valid_from,
       a.revision AS revision,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id,
       h.stands_at AS stands_at,
       h.phase AS phase,
       h.phase_since AS phase_since,
       h.node_since AS node_since,
       h.category AS category,
       h.round AS round,
       h.batch AS batch,
       h.title AS title,
       h.title_from AS title_from,
       h.title_until AS title_until,
       h.term_from AS term_from,
       h.term_until AS term_until,
       h.place_category AS place_category,
       h.place_from AS place_from,
       h.place_attested AS place_attested,
       h.provenance AS provenance,
       h.attempt AS attempt,
       h.last_evidenced_on AS last_evidenced_on,
       h.kept_since AS kept_since,
       h.waiting AS waiting,
       h.unsupported AS unsupported,
       h.met_outside AS met_outside
FROM enrollment e
JOIN status_history h ON h.enrollment = e.id
JOIN event_fact a ON a.sequence =
     (SELECT max(n.sequence) FROM event_fact n WHERE n.enrollment = e.id AND n.sequence <= 9223372036854775807)
WHERE e.subject IS NOT NULL AND h.known_from <= 9223372036854775807 AND (h.known_to IS NULL OR h.known_to > 9223372036854775807)
  AND (h.valid_to IS NULL OR h.valid_to_known > 9223372036854775807);

-- Where each enrollment stood on any day, as known at any event: rectangles of days × sequences, both half-open, that never overlap within an enrollment. What held on day D as known at sequence K is the one row with `valid_from <= D AND (valid_to IS NULL OR valid_to > D) AND known_from <= K AND (known_to IS NULL OR known_to > K)`.
CREATE VIEW docket_report_enrollment_history AS
SELECT e.stream AS enrollment,
       e.program AS program,
       e.subject AS subject,
       e.exercise AS exercise,
       h.valid_from AS valid_from,
       CASE WHEN k.half = 0 THEN NULL ELSE h.valid_to END AS valid_to,
       a.sequence AS known_from,
       CASE WHEN k.half = 0 AND h.valid_to_known <= 9223372036854775807 THEN h.valid_to_known WHEN k.half = 1 AND h.known_to <= 9223372036854775807 THEN h.known_to END AS known_to,
       a.known_at AS known_from_at,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id,
       h.stands_at AS stands_at,
       h.phase AS phase,
       h.phase_since AS phase_since,
       h.node_since AS node_since,
       h.category AS category,
       h.round AS round,
       h.batch AS batch,
       h.title AS title,
       h.title_from AS title_from,
       h.title_until AS title_until,
       h.term_from AS term_from,
       h.term_until AS term_until,
       h.place_category AS place_category,
       h.place_from AS place_from,
       h.place_attested AS place_attested,
       h.provenance AS provenance,
       h.attempt AS attempt,
       h.last_evidenced_on AS last_evidenced_on,
       h.kept_since AS kept_since,
       h.waiting AS waiting,
       h.unsupported AS unsupported,
       h.met_outside AS met_outside
FROM enrollment e
CROSS JOIN status_history h
CROSS JOIN (SELECT 0 AS half UNION ALL SELECT 1 AS half) k
JOIN event_fact a ON a.sequence =
     CASE WHEN k.half = 1 AND h.valid_to_known > h.known_from THEN h.valid_to_known ELSE h.known_from END
WHERE e.subject IS NOT NULL AND h.enrollment = e.id AND a.sequence <= 9223372036854775807
  AND ((k.half = 0 AND h.valid_to_known > h.known_from)
    OR (k.half = 1 AND (h.known_to IS NULL
      OR (h.known_to > h.known_from AND (h.valid_to_known IS NULL OR h.known_to > h.valid_to_known)))));

-- The phases of each enrollment by days, as known now.
CREATE VIEW docket_report_phase_interval AS
SELECT e.stream AS enrollment,
       e.program AS program,
       e.subject AS subject,
       e.exercise AS exercise,
       p.valid_from AS valid_from,
       CASE WHEN p.valid_to_known > 9223372036854775807 THEN NULL ELSE p.valid_to END AS valid_to,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id,
       p.phase AS phase,
       p.since AS since,
       p.planned_until AS planned_until,
       p.article AS article
FROM enrollment e
CROSS JOIN timeline_phase p
JOIN event_fact a ON a.sequence =
     CASE WHEN p.valid_to_known > p.known_from AND p.valid_to_known <= 9223372036854775807
          THEN p.valid_to_known ELSE p.known_from END
WHERE p.enrollment = e.id AND p.known_from <= 9223372036854775807 AND (p.known_to IS NULL OR p.known_to > 9223372036854775807);

-- One row per act of an office in an enrollment, corrections and what they corrected included (`fate`).
CREATE VIEW docket_report_act AS
SELECT e.stream AS enrollment,
       e.program AS program,
       e.subject AS subject,
       e.exercise AS exercise,
       a.revision AS revision,
       a.event_id AS event_id,
       a.act AS act,
       a.event_type AS event_type,
       a.effective_on AS effective_on,
       a.effective_latest AS effective_latest,
       CASE WHEN b.sequence IS NULL THEN a.fold_day ELSE b.fold_day END AS fold_day,
       a.decided_on AS decided_on,
       a.received_on AS received_on,
       o.office AS office,
       o.office_id AS office_id,
       o.office_name_en AS office_name_en,
       o.office_name_zh AS office_name_zh,
       o.role AS role,
       l.measure AS measure,
       l.edition AS edition,
       l.article AS article,
       a.document_number AS document_number,
       a.document_title AS document_title,
       CASE WHEN b.sequence IS NULL THEN a.fate ELSE b.fate END AS fate,
       CASE WHEN b.sequence IS NULL THEN a.corrected_by ELSE b.corrected_by END AS corrected_by,
       a.corrects AS corrects,
       a.rests_on AS rests_on,
       a.archive AS archive,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id,
       a.year AS year,
       a.result AS result,
       a.round AS round,
       a.batch AS batch
FROM audit_trail a
LEFT JOIN audit_trail_before b ON b.sequence = a.sequence
     AND b.known_to > 9223372036854775807 AND NOT EXISTS (SELECT 1 FROM audit_trail_before c
     WHERE c.sequence = b.sequence AND c.known_to > 9223372036854775807 AND c.known_to < b.known_to)
JOIN enrollment e ON e.id = a.enrollment
JOIN recorded_by o ON o.id = a.recorded_by
LEFT JOIN law l ON l.id = a.law
WHERE a.act IS NOT NULL AND a.sequence <= 9223372036854775807;

-- The results of years that stand, by subject and year; of a corrected one the event is the correction that stands in its place.
CREATE VIEW docket_report_annual_result AS
SELECT e.stream AS enrollment,
       e.program AS program,
       e.subject AS subject,
       e.exercise AS exercise,
       a.year AS year,
       a.result AS result,
       a.revision AS revision,
       a.event_id AS event_id,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id
FROM audit_trail a
LEFT JOIN audit_trail_before b ON b.sequence = a.sequence
     AND b.known_to > 9223372036854775807 AND NOT EXISTS (SELECT 1 FROM audit_trail_before c
     WHERE c.sequence = b.sequence AND c.known_to > 9223372036854775807 AND c.known_to < b.known_to)
JOIN enrollment e ON e.id = a.enrollment
WHERE a.year IS NOT NULL AND a.result IS NOT NULL AND a.sequence <= 9223372036854775807 AND CASE WHEN b.sequence IS NULL THEN a.fate ELSE b.fate END = 'stands';

-- The register of exceptions: one row for each thing for which an event is in it. What was late and met is in `obligation`, days over a quota follow from `place`.
CREATE VIEW docket_report_exception AS
SELECT e.stream AS enrollment,
       e.program AS program,
       e.subject AS subject,
       e.exercise AS exercise,
       x.number AS number,
       x.kind AS kind,
       x.code AS code,
       a.revision AS revision,
       a.event_type AS event_type,
       a.act AS act,
       a.effective_on AS effective_on,
       a.effective_latest AS effective_latest,
       o.office AS office,
       o.office_id AS office_id,
       l.measure AS measure,
       l.article AS article,
       CASE WHEN b.sequence IS NULL THEN a.fate ELSE b.fate END AS fate,
       CASE WHEN b.sequence IS NULL THEN a.corrected_by ELSE b.corrected_by END AS corrected_by,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id
FROM audit_trail a
LEFT JOIN audit_trail_before b ON b.sequence = a.sequence
     AND b.known_to > 9223372036854775807 AND NOT EXISTS (SELECT 1 FROM audit_trail_before c
     WHERE c.sequence = b.sequence AND c.known_to > 9223372036854775807 AND c.known_to < b.known_to)
JOIN exception x ON x.sequence = a.sequence
JOIN enrollment e ON e.id = a.enrollment
JOIN recorded_by o ON o.id = a.recorded_by
LEFT JOIN law l ON l.id = a.law
WHERE a.sequence <= 9223372036854775807;

-- One row per event of the log, Docket's own included.
CREATE VIEW docket_report_event AS
SELECT a.sequence AS sequence,
       a.stream AS stream,
       a.revision AS revision,
       a.event_id AS event_id,
       a.event_type AS event_type,
       a.act AS act,
       e.program AS program,
       e.subject AS subject,
       a.exercise AS exercise,
       a.effective_on AS effective_on,
       a.effective_latest AS effective_latest,
       a.known_at AS known_at,
       a.corrects AS corrects,
       a.rests_on AS rests_on,
       CASE WHEN b.sequence IS NULL THEN a.fate ELSE b.fate END AS fate,
       CASE WHEN b.sequence IS NULL THEN a.corrected_by ELSE b.corrected_by END AS corrected_by,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id
FROM audit_trail a
LEFT JOIN audit_trail_before b ON b.sequence = a.sequence
     AND b.known_to > 9223372036854775807 AND NOT EXISTS (SELECT 1 FROM audit_trail_before c
     WHERE c.sequence = b.sequence AND c.known_to > 9223372036854775807 AND c.known_to < b.known_to)
LEFT JOIN enrollment e ON e.id = a.enrollment
WHERE a.sequence <= 9223372036854775807;

-- One row per duty as known now, of subjects and of programs as a whole; one that recurs has a row for each year in which it was met. Whether it is late depends on the day asked about and on rest days: compare the days, or ask the API.
CREATE VIEW docket_report_obligation AS
SELECT e.stream AS enrollment,
       e.program AS program,
       e.subject AS subject,
       e.exercise AS exercise,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id,
       m.due_year AS met_due_year,
       m.met_by AS met_by,
       m.met_on AS met_on,
       m.received_on AS met_received_on,
       m.receipts AS met_receipts,
       o.opened_by AS opened_by,
       o.obligation AS obligation,
       o.kept_since AS kept_since,
       o.owes AS owes,
       o.article AS article,
       o.opened_on AS opened_on,
       o.open_from AS open_from,
       o.due_on AS due_on,
       o.due_earliest AS due_earliest,
       o.due_latest AS due_latest,
       o.start_event AS start_event,
       o.start_on AS start_on,
       o.rule AS rule,
       o.arithmetic AS arithmetic,
       o.first_due AS first_due,
       o.every AS every,
       o.during AS during,
       o.ended_by AS ended_by,
       o.ended_from AS ended_from,
       o.ended_waived AS ended_waived,
       o.after_end AS after_end,
       o.owed_with AS owed_with,
       o.receivers AS receivers,
       o.uncertain AS uncertain,
       o.certain_from AS certain_from
FROM obligation o
JOIN enrollment e ON e.id = o.enrollment
LEFT JOIN obligation_met m ON m.enrollment = o.enrollment AND m.opened_by = o.opened_by
     AND m.obligation = o.obligation AND m.known_from <= 9223372036854775807 AND (m.known_to IS NULL OR m.known_to > 9223372036854775807)
     AND (m.valid_to IS NULL OR m.valid_to_known > 9223372036854775807)
JOIN event_fact a ON a.sequence =
     CASE WHEN m.known_from > o.known_from THEN m.known_from ELSE o.known_from END
WHERE o.known_from <= 9223372036854775807 AND (o.known_to IS NULL OR o.known_to > 9223372036854775807)
  AND (o.valid_to IS NULL OR o.valid_to_known > 9223372036854775807);

-- One row per subject: provinces, cities, counties and the areas in them. Those without `code` are no division of GB/T 2260.
CREATE VIEW docket_report_division AS
SELECT s.subject AS subject,
       s.kind AS kind,
       s.code AS code,
       s.code_revision AS code_revision,
       s.province AS province,
       (SELECT n.name_en FROM subject_name n WHERE n.subject = s.subject AND n.known_from <= 9223372036854775807 AND (n.known_to IS NULL OR n.known_to > 9223372036854775807) ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_en,
       (SELECT n.name_zh FROM subject_name n WHERE n.subject = s.subject AND n.known_from <= 9223372036854775807 AND (n.known_to IS NULL OR n.known_to > 9223372036854775807) ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_zh,
       s.order_key AS order_key,
       s.source AS source,
       s.effective_on AS effective_on,
       s.invented AS exercise,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id
FROM subject s
JOIN event_fact a ON a.sequence =
     (SELECT max(n.known_from) FROM subject_name n WHERE n.subject = s.subject AND n.known_from <= 9223372036854775807)
WHERE s.known_from <= 9223372036854775807 AND (s.known_to IS NULL OR s.known_to > 9223372036854775807);

-- One row per figure of a division that stands, as printed: indicator, period, value, unit, source. Totals and divisions that take part in no program are among them.
CREATE VIEW docket_report_indicator_observation AS
SELECT o.division AS division,
       o.indicator AS indicator,
       o.period AS period,
       o.basis AS basis,
       o.coverage AS coverage,
       o.value AS value,
       o.bound AS bound,
       o.unit AS unit,
       (SELECT n.name_en FROM subject_name n WHERE n.subject = o.division AND n.known_from <= 9223372036854775807 AND (n.known_to IS NULL OR n.known_to > 9223372036854775807) ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_en,
       (SELECT n.name_zh FROM subject_name n WHERE n.subject = o.division AND n.known_from <= 9223372036854775807 AND (n.known_to IS NULL OR n.known_to > 9223372036854775807) ORDER BY n.from_day DESC, n.revision DESC LIMIT 1) AS name_zh,
       o.source AS source,
       o.confidence AS confidence,
       o.note AS note,
       o.observation AS observation,
       o.exercise AS exercise,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id
FROM indicator_observation o
JOIN event_fact a ON a.sequence = o.known_from
WHERE o.known_from <= 9223372036854775807 AND (o.known_to IS NULL OR o.known_to > 9223372036854775807);

-- Places of quotas that are held or reserved, as known now, by days.
CREATE VIEW docket_report_place AS
SELECT p.program AS program,
       p.category AS category,
       p.enrollment AS enrollment,
       e.subject AS subject,
       p.exercise AS exercise,
       p.from_day AS from_day,
       p.until_day AS until_day,
       p.attested AS attested,
       p.reserved_at AS reserved_at,
       p.over_limit AS over_limit,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id
FROM enrollment_place p
JOIN event_fact a ON a.sequence = p.known_from
LEFT JOIN enrollment e ON e.stream = p.enrollment AND e.id <= 9223372036854775807
WHERE p.known_from <= 9223372036854775807 AND (p.known_to IS NULL OR p.known_to > 9223372036854775807);

-- One row per read model: how far it has read. All of them move together.
CREATE VIEW docket_report_freshness AS
SELECT m.name AS read_model,
       m.version AS version,
       a.sequence AS position,
       a.known_at AS known_at,
       a.provenance AS provenance,
       a.sequence AS source_sequence,
       a.recorded_at AS recorded_at,
       a.event_id AS source_event_id
FROM read_model m
CROSS JOIN checkpoint c
LEFT JOIN event_fact a ON a.sequence =
     CASE WHEN c.position > 9223372036854775807 THEN 9223372036854775807 ELSE c.position END;

-- The views of docket_report, put over the copy that serves in the transaction that lets it serve;
-- {copy} is its schema. Their columns are those of docket_report_<name>, in types that tools know.

CREATE OR REPLACE VIEW docket_report.enrollment_current AS
SELECT enrollment, program, subject, name_en, name_zh, exercise <> 0 AS exercise,
       valid_from::date AS valid_from, stands_at, phase, phase_since, node_since, category, title,
       title_from, title_until, term_from, term_until, place_category,
       place_from::date AS place_from, place_attested <> 0 AS place_attested, attempt,
       last_evidenced_on, kept_since::date AS kept_since, waiting::jsonb AS waiting, unsupported,
       provenance, revision, source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at,
       round, batch
FROM {copy}.docket_report_enrollment_current;

CREATE OR REPLACE VIEW docket_report.enrollment_history AS
SELECT enrollment, program, subject, exercise <> 0 AS exercise, valid_from::date AS valid_from,
       valid_to::date AS valid_to, known_from, known_to,
       timestamptz 'epoch' + known_from_at * interval '1 microsecond' AS known_from_at, stands_at,
       phase, phase_since, node_since, category, title, title_from, title_until, term_from,
       term_until, place_category, place_from::date AS place_from,
       place_attested <> 0 AS place_attested, attempt, last_evidenced_on,
       kept_since::date AS kept_since, waiting::jsonb AS waiting, unsupported, provenance,
       source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at,
       round, batch
FROM {copy}.docket_report_enrollment_history;

CREATE OR REPLACE VIEW docket_report.phase_interval AS
SELECT enrollment, program, subject, exercise <> 0 AS exercise, valid_from::date AS valid_from,
       valid_to::date AS valid_to, phase, since, planned_until, article, provenance,
       source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at
FROM {copy}.docket_report_phase_interval;

CREATE OR REPLACE VIEW docket_report.act AS
SELECT enrollment, program, subject, exercise <> 0 AS exercise, revision,
       encode(event_id, 'hex')::uuid AS event_id, act, event_type, effective_on,
       effective_latest::date AS effective_latest, fold_day::date AS fold_day, decided_on,
       received_on::date AS received_on, office, office_id, office_name_en, office_name_zh, role,
       measure, edition, article, document_number, document_title, fate, corrected_by, corrects,
       rests_on, archive <> 0 AS archive, provenance, source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at,
       year, result, round, batch
FROM {copy}.docket_report_act;

CREATE OR REPLACE VIEW docket_report.annual_result AS
SELECT enrollment, program, subject, exercise <> 0 AS exercise, year, result, revision,
       encode(event_id, 'hex')::uuid AS event_id, provenance, source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at
FROM {copy}.docket_report_annual_result;

CREATE OR REPLACE VIEW docket_report.event AS
SELECT sequence, stream, revision, encode(event_id, 'hex')::uuid AS event_id, event_type, act,
       program, subject, exercise <> 0 AS exercise, effective_on,
       effective_latest::date AS effective_latest,
       timestamptz 'epoch' + known_at * interval '1 microsecond' AS known_at, corrects, rests_on,
       fate, corrected_by, provenance, source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at
FROM {copy}.docket_report_event;

CREATE OR REPLACE VIEW docket_report.obligation AS
SELECT enrollment, program, subject, exercise <> 0 AS exercise, obligation, opened_by, owes,
       owed_with, receivers, uncertain <> 0 AS uncertain, article, opened_on, open_from, due_on,
       due_earliest::date AS due_earliest, due_latest::date AS due_latest, rule, arithmetic, first_due::date AS first_due, every,
       during, kept_since::date AS kept_since, ended_by, ended_from::date AS ended_from,
       ended_waived <> 0 AS ended_waived, met_due_year, met_by, met_on,
       met_received_on::date AS met_received_on, met_receipts, provenance, source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at
FROM {copy}.docket_report_obligation;

CREATE OR REPLACE VIEW docket_report.division AS
SELECT subject, kind, code, code_revision, province, name_en, name_zh, order_key, source,
       effective_on, exercise <> 0 AS exercise, provenance, source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at
FROM {copy}.docket_report_division;

CREATE OR REPLACE VIEW docket_report.place AS
SELECT program, category, enrollment, subject, exercise <> 0 AS exercise,
       from_day::date AS from_day, until_day::date AS until_day, attested <> 0 AS attested,
       reserved_at, over_limit <> 0 AS over_limit, provenance, source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at
FROM {copy}.docket_report_place;

CREATE OR REPLACE VIEW docket_report.freshness AS
SELECT read_model, version, position,
       timestamptz 'epoch' + known_at * interval '1 microsecond' AS known_at, provenance,
       source_sequence,
       timestamptz 'epoch' + recorded_at * interval '1 microsecond' AS recorded_at
FROM {copy}.docket_report_freshness;

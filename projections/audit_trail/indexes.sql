-- Every event of the log: what it says, where it stands in the fold, and what became of it.
CREATE VIEW audit_trail AS
SELECT f.sequence, f.stream, f.revision, f.event_id, f.enrollment, f.exercise, f.event_type,
       f.act, f.year, f.result, f.round, f.batch, f.recorded_by, f.law, f.effective_on,
       f.effective_latest,
       CASE WHEN t.sequence IS NOT NULL THEN t.fold_day
            WHEN f.act IS NOT NULL THEN f.effective_latest END AS fold_day,
       f.decided_on, f.received_on, f.recorded_at, f.known_at, f.provenance, f.archive,
       f.corrects, f.rests_on, f.document_number, f.document_title,
       coalesce(t.fate, 'stands') AS fate, t.corrected_by
FROM event_fact f LEFT JOIN event_fate t ON t.sequence = f.sequence;

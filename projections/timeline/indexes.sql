CREATE INDEX timeline_phase_by_enrollment ON timeline_phase (enrollment, valid_from);
CREATE INDEX timeline_category_by_enrollment ON timeline_category (enrollment, valid_from);
-- Acts as marks: what the audit trail has of each act that stands.
CREATE VIEW timeline_mark AS
SELECT e.program, e.subject, e.exercise, a.sequence, a.revision, a.event_type, a.act,
       a.effective_on, a.effective_latest, a.fold_day
FROM audit_trail a JOIN enrollment e ON e.id = a.enrollment
WHERE e.subject IS NOT NULL AND a.act IS NOT NULL AND a.fate IN ('stands', 'corrected');
-- The titles held, as known now: rows of status_history that follow one another with the same.
CREATE VIEW timeline_title AS
SELECT enrollment, min(valid_from) AS valid_from,
       CASE WHEN count(valid_to) = count(*) THEN max(valid_to) END AS valid_to,
       title, title_from AS held_from, title_until AS held_until
FROM (SELECT enrollment, valid_from, valid_to, title, title_from, title_until,
             sum(begins) OVER (PARTITION BY enrollment ORDER BY valid_from) AS span
      FROM (SELECT enrollment, valid_from, valid_to, title, title_from, title_until,
                   CASE WHEN valid_from = lag(valid_to) OVER w
                         AND coalesce(title, '') = coalesce(lag(title) OVER w, '')
                         AND coalesce(title_from, '') = coalesce(lag(title_from) OVER w, '')
                         AND coalesce(title_until, '') = coalesce(lag(title_until) OVER w, '')
                        THEN 0 ELSE 1 END AS begins
            FROM status_history WHERE known_to IS NULL
            WINDOW w AS (PARTITION BY enrollment ORDER BY valid_from)) told) spans
WHERE title IS NOT NULL
GROUP BY enrollment, span, title, title_from, title_until;
-- The terms that run or ran, as known now: rows of status_history that follow one another with the same.
CREATE VIEW timeline_term AS
SELECT enrollment, min(valid_from) AS valid_from,
       CASE WHEN count(valid_to) = count(*) THEN max(valid_to) END AS valid_to,
       term_from, term_until
FROM (SELECT enrollment, valid_from, valid_to, term_from, term_until,
             sum(begins) OVER (PARTITION BY enrollment ORDER BY valid_from) AS span
      FROM (SELECT enrollment, valid_from, valid_to, term_from, term_until,
                   CASE WHEN valid_from = lag(valid_to) OVER w
                         AND coalesce(term_from, '') = coalesce(lag(term_from) OVER w, '')
                         AND coalesce(term_until, '') = coalesce(lag(term_until) OVER w, '')
                        THEN 0 ELSE 1 END AS begins
            FROM status_history WHERE known_to IS NULL
            WINDOW w AS (PARTITION BY enrollment ORDER BY valid_from)) told) spans
WHERE term_from IS NOT NULL
GROUP BY enrollment, span, term_from, term_until;

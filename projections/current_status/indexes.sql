CREATE VIEW current_status_with_revision AS
SELECT s.*, e.stream, e.revision, e.sequence, e.recorded_at
FROM current_status s JOIN enrollment e USING (program, subject);

CREATE UNIQUE INDEX subject_in_order ON subject (order_key, subject, known_from);

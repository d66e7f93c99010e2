CREATE INDEX indicator_by_name ON indicator_observation (indicator, division, period);

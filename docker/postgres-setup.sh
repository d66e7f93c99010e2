#!/bin/bash
# postgres-setup.sh: makes Docket's role and database and a role that only reads. The image of
# PostgreSQL runs it once, when the volume is empty.
set -euo pipefail
export SECRETS=${SECRETS:-/run/secrets}

# psql reads the passwords itself, so that none stands in a list of processes.
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set docket `cat "$SECRETS/postgres-docket"`
\set reader `cat "$SECRETS/postgres-reader"`
CREATE ROLE docket LOGIN PASSWORD :'docket';
CREATE ROLE docket_reader LOGIN PASSWORD :'reader';
CREATE DATABASE docket OWNER docket TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE docket FROM PUBLIC;
GRANT CONNECT ON DATABASE docket TO docket_reader;
SQL

#!/bin/sh
# make-secrets.sh [FOLDER]: makes the passwords of the compose files, once; what is there stays.
#
# The folder is closed to others; the files in it are readable, because the processes in the
# containers that read them have users of their own.
set -eu
folder=${1:-$(dirname "$0")/secrets}

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

mkdir -p "$folder"
chmod 0700 "$folder"
for name in kurrentdb-admin kurrentdb-ops kurrentdb-docket postgres-admin postgres-docket \
    postgres-reader; do
    [ -e "$folder/$name" ] || random > "$folder/$name"
    chmod 0444 "$folder/$name"
done
# Docket takes the address of the database with its password, from one file.
[ -e "$folder/read-model" ] ||
    printf 'postgres://docket:%s@postgres/docket?sslmode=disable' "$(cat "$folder/postgres-docket")" \
        > "$folder/read-model"
chmod 0444 "$folder/read-model"

# KurrentDB takes the first passwords of its own users from the environment alone.
umask 077
[ -e "$folder/kurrentdb.env" ] || {
    printf 'KURRENTDB_DEFAULT_ADMIN_PASSWORD=%s\n' "$(cat "$folder/kurrentdb-admin")"
    printf 'KURRENTDB_DEFAULT_OPS_PASSWORD=%s\n' "$(cat "$folder/kurrentdb-ops")"
} > "$folder/kurrentdb.env"

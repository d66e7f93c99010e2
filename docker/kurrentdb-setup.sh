#!/bin/sh
# kurrentdb-setup.sh: makes Docket's own user in KurrentDB and lets it, beside the administrators
# and nobody else, read and write streams and read $all. Runs in the image of curl; may be repeated.
#
#   KURRENTDB  the address of a node, https://…
set -eu
ca=${CA:-/certs/ca/ca.crt}
secrets=${SECRETS:-/run/secrets}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# In files, so that no password stands in a list of processes.
host=${KURRENTDB#https://}
printf 'machine %s login admin password %s\n' "${host%%:*}" "$(cat "$secrets/kurrentdb-admin")" > "$work/netrc"
password=$(cat "$secrets/kurrentdb-docket")
case $password in
    *[!A-Za-z0-9._~-]*) echo "kurrentdb-docket: use letters, digits, . _ ~ - only" >&2; exit 2 ;;
esac

# ask WANTED PATH [OPTION…]: says the status; fails unless it is one of WANTED (a pattern of `case`).
ask() {
    wanted=$1; path=$2; shift 2
    status=$(curl --silent --show-error --cacert "$ca" --netrc-file "$work/netrc" --location \
        --retry 30 --retry-delay 2 --retry-all-errors --max-time 60 \
        --output "$work/answer" --write-out '%{http_code}' "$@" "$KURRENTDB$path")
    for each in $wanted; do
        [ "$each" = "$status" ] && return 0
    done
    echo "$path answered $status: $(head -c 300 "$work/answer")" >&2
    exit 1
}

ask "200 404" /users/docket
if [ "$status" = 404 ]; then
    cat > "$work/user.json" <<JSON
{"loginName": "docket", "fullName": "Docket", "groups": [], "password": "$password"}
JSON
    # 409: a try that was not answered in time had made it.
    ask "200 201 409" /users/ --header 'Content-Type: application/json' --data-binary "@$work/user.json"
    echo "made the user docket"
fi

# $all is a system stream: without its entry under $systemStreamAcl Docket does not start.
cat > "$work/settings.json" <<'JSON'
[{
  "eventId": "5f0c5a3e-1d1c-4c39-9f0e-6b0a5b3f6a01",
  "eventType": "update-default-acl",
  "data": {
    "$userStreamAcl": {
      "$r": ["$admins", "docket"], "$w": ["$admins", "docket"],
      "$d": "$admins", "$mr": ["$admins", "docket"], "$mw": "$admins"
    },
    "$systemStreamAcl": {
      "$r": ["$admins", "docket"],
      "$w": "$admins", "$d": "$admins", "$mr": "$admins", "$mw": "$admins"
    }
  }
}]
JSON
# Only the first entry: an answer of 400 says that somebody has set one before, which stays. Up to
# 24.10 header and media type have older names: each server knows one of the headers, and one that does
# not know the newer media type says 415.
set_acl() { # set_acl WANTED MEDIA-TYPE
    ask "$1" /streams/%24settings --header 'Kurrent-ExpectedVersion: -1' \
        --header 'ES-ExpectedVersion: -1' --header "Content-Type: $2" \
        --data-binary "@$work/settings.json"
}
set_acl "200 201 400 415" application/vnd.kurrent.events+json
if [ "$status" = 415 ]; then
    set_acl "200 201 400" application/vnd.eventstore.events+json
fi
case $status in
    400) echo "\$settings is there already and was left as it is" ;;
    *) echo "set the ACL: docket reads \$all, reads and writes streams" ;;
esac

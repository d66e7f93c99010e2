#!/usr/bin/env bash
# Clients that others' generators make of the OpenAPI document do a full act: register, apply, approve, read.
# It needs node with npm, python3 with venv, and a network for their packages, so it is run by hand:
#   DOCKET=target/debug/docket PORT=8099 bash tests/clients/run.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
docket=$(realpath "${DOCKET:-target/debug/docket}")
export BASE=http://127.0.0.1:${PORT:-8099}
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

"$docket" serve --data-dir data --listen "127.0.0.1:${PORT:-8099}" >serve.log 2>&1 &
server=$!
for _ in $(seq 200); do curl -fs "$BASE/health/ready" >/dev/null && break; sleep 0.1; done
token() { "$docket" token --data-dir data --role "$1" --office "$2" ${3:+--division "$3"}; }
REGISTRAR=$(token registrar registry)
NATIONAL=$(token national_office cnipa)
AUDITOR=$(token auditor audit)
export REGISTRAR NATIONAL AUDITOR
curl -fs "$BASE/openapi.json" -o openapi.json

cp "$here"/act.ts "$here"/act.py .
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @redocly/cli@2 openapi-typescript@7 openapi-fetch@0.17 orval@7 zod@4 typescript@5 @types/node@20
npx redocly lint --skip-rule=no-unused-components openapi.json

npx openapi-typescript openapi.json -o api.ts >/dev/null
echo "module.exports = { docket: { input: './openapi.json', output: { client: 'zod', target: './forms.ts' } } };" >orval.config.cjs
npx orval --config orval.config.cjs >/dev/null
npx tsc --strict --skipLibCheck --target es2022 --module commonjs --moduleResolution node --esModuleInterop act.ts
PROVINCE=$(token province gov-ts typescript) SUBJECT=typescript node act.js

python3 -m venv venv
venv/bin/pip install --quiet openapi-python-client==0.29.1 ruff
PATH=$PWD/venv/bin:$PATH openapi-python-client generate --path openapi.json --output-path docket_client --meta none --fail-on-warning
PROVINCE=$(token province gov-py python) SUBJECT=python venv/bin/python act.py

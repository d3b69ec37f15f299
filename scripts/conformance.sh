#!/usr/bin/env bash
# Runs the public SCIM suites (scim2-tester and scim-sanity, from PyPI) against a fresh server, on the embedded database or on MONGODB_URI.
# Needs Python 3.10 or newer; says so and succeeds where there is none. SCIM_SUITES names a folder to keep their installation in.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(command -v python3 || true)
if [ -z "$python" ] || ! "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo 'conformance: no Python 3.10 with venv here, the public suites are skipped'
  exit 0
fi

work=$(mktemp -d)
suites=${SCIM_SUITES:-$work/suites}
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT

if [ ! -x "$suites/bin/scim-sanity" ]; then
  "$python" -m venv "$suites"
  "$suites/bin/pip" install --quiet --disable-pip-version-check 'scim2-cli==0.6.*' 'scim2-tester' 'scim-sanity==0.7.*'
fi

token="gh_scim_$(head -c 24 /dev/urandom | base64 | tr -d '/+=\n')"
cat >"$work/bootstrap.json" <<JSON
{ "tenants": [ { "slug": "conformance", "name": "Conformance",
  "directories": [ { "name": "Suites", "dialect": "${SCIM_DIALECT:-strict}", "tokens": [ { "name": "suites", "token": "$token" } ] } ] } ] }
JSON

port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
url="http://127.0.0.1:$port"
if [ -f dist/cli/main.js ] && [ -z "${SCIM_SOURCE:-}" ]; then run=(node dist/cli/main.js); else run=(node --import tsx src/cli/main.ts); fi
PORT=$port BASE_URL=$url DATA_DIR=$work/data BOOTSTRAP_FILE=$work/bootstrap.json LOG_LEVEL=error DRAIN_SECONDS=0 "${run[@]}" start &
server=$!
for _ in $(seq 100); do
  curl --silent --fail --output /dev/null "$url/readyz" && break
  kill -0 "$server" 2>/dev/null || { echo 'conformance: the server did not start' >&2; exit 1; }
  sleep 0.2
done

# What the suites find wrong and we hold to, each with its sentence of the RFC in docs/conformance.md. Anything else fails the run.
cat >"$work/known" <<'KNOWN'
tester: PATCH modify() returned unexpected value for 'urn:gatehouse:params:scim:schemas:extension:2.0:User:limitedProducts'.
tester: PATCH modify() returned unexpected value for 'urn:gatehouse:params:scim:schemas:extension:2.0:User:serviceAssignments'.
tester: Attribute 'urn:gatehouse:params:scim:schemas:extension:2.0:Group:administrators' was not added or has unexpected value
tester: Attribute 'urn:gatehouse:params:scim:schemas:extension:2.0:Group:roleIds' was not added or has unexpected value
tester: PATCH modify() did not remove attribute 'active'
sanity: PATCH /Groups/{id}
sanity: PATCH /Groups/{id} add member
sanity: PATCH /Groups/{id} remove members
KNOWN

echo "== scim2-tester"
SCIM_CLI_URL=$url/scim/v2 SCIM_CLI_HEADERS="Authorization: Bearer $token" "$suites/bin/scim" test >"$work/tester.txt" 2>&1 || true
grep -E '^[0-9]+ checks|checks succeeded|^  Successfully' "$work/tester.txt" | wc -l | sed 's/$/ checks passed/'
grep -A1 '^ERROR\|^CRITICAL' "$work/tester.txt" | grep '^  ' | sed 's/^  /tester: /' >"$work/found" || true

echo "== scim-sanity"
"$suites/bin/scim-sanity" probe "$url/scim/v2" --token "$token" --i-accept-side-effects >"$work/sanity.txt" 2>&1 || true
grep -E '^ *[0-9]+ passed' "$work/sanity.txt" || { cat "$work/sanity.txt"; exit 1; }
sed -n 's/^ *\[\(FAIL\|ERROR\)\] /sanity: /p' "$work/sanity.txt" >>"$work/found"

echo "== known disagreements (docs/conformance.md)"
grep -xFf "$work/known" "$work/found" || true
if grep -vxFf "$work/known" "$work/found" >"$work/new"; then
  echo "== findings" >&2
  cat "$work/new" >&2
  [ -z "${SCIM_VERBOSE:-}" ] || cat "$work/tester.txt" "$work/sanity.txt" >&2
  exit 1
fi
[ "$(grep -c '^  ' "$work/tester.txt")" -gt 100 ] || { echo 'conformance: scim2-tester did not run through' >&2; cat "$work/tester.txt" >&2; exit 1; }
echo 'conformance: no findings'

#!/bin/sh
# The docker stack on a real engine, as far as images can be had: builds the lab's images with the real Dockerfile, starts
# the shop, Prometheus, Alertmanager and the alert sink from the real docker-compose.yml, and checks that they become
# healthy, find each other, and that a fault becomes a page and resolves again.
#
#   tools/docker-test.sh            everything; cleans up after itself
#   KEEP=1 tools/docker-test.sh     leaves the containers running, to look at
#
# Where an image can neither be found nor pulled, tools/docker-standins.sh makes one. No port is published: the parts are
# asked at their addresses in the compose network, so the test disturbs no lab that runs on this machine.
set -eu
cd "$(dirname "$0")/.."

parts="catalog checkout gateway alert-sink alertmanager prometheus"
project=lab-docker-test-$$
work=$(mktemp -d)

say() { printf '%s\n' "docker-test: $*" >&2; }
fail() { say "FAILED: $*"; exit 1; }
skip() {
  [ "${REQUIRE_TOOLS:-}" != 1 ] || fail "$* (REQUIRE_TOOLS=1)"
  say "SKIPPED: $*"
  exit 0
}

for tool in docker curl jq awk; do
  command -v "$tool" >/dev/null 2>&1 || skip "$tool not found"
done
docker info >/dev/null 2>&1 || skip "no Docker engine answers"
if docker compose version >/dev/null 2>&1; then
  compose_command="docker compose"
elif command -v docker-compose >/dev/null 2>&1; then
  compose_command=docker-compose
else
  skip "neither 'docker compose' nor docker-compose was found"
fi

# The stack without its published ports; everything else as it stands.
$compose_command -f docker-compose.yml config |
  awk '/^    ports:/ { skip = 1; next } skip && /^    (-|  )/ { next } { skip = 0; print }' >"$work/compose.yml"
compose() { $compose_command -p "$project" --project-directory . -f "$work/compose.yml" "$@"; }

finish() {
  code=$?
  if [ "${KEEP:-}" = 1 ]; then
    say "left running as project $project"
  else
    [ "$code" = 0 ] || compose logs --tail 30 >&2 2>/dev/null || true
    compose down --volumes --remove-orphans >/dev/null 2>&1 || true
    rm -rf "$work"
  fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# until SECONDS WHAT COMMAND...: waits for a command to succeed.
until_ok() {
  limit=$1 what=$2
  shift 2
  begun=$(date +%s)
  until "$@" >/dev/null 2>&1; do
    [ $(($(date +%s) - begun)) -lt "$limit" ] || fail "$what: not within ${limit} s"
    sleep 1
  done
  say "$what after $(($(date +%s) - begun)) s"
}

container() { compose ps -q "$1"; }
address() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(container "$1")"; }
healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$(container "$1")")" = healthy ]; }
get() { curl -fsS --max-time 5 "$@"; }

# ---- images ---------------------------------------------------------------------------------------------------------
for image in $(awk '/^ARG [A-Z]*_IMAGE=/ { split($2, part, "="); print part[2] }' Dockerfile) prom/prometheus:v3.14.0 prom/alertmanager:v0.34.0; do
  docker image inspect "$image" >/dev/null 2>&1 || timeout 60 docker pull --quiet "$image" >/dev/null 2>&1 || tools/docker-standins.sh "$image"
done
begun=$(date +%s)
# BUILD_ARGS: for instance --network=host, where the engine's own network has no way out.
for target in gateway catalog checkout lab; do
  # shellcheck disable=SC2086 # several words on purpose
  docker build ${BUILD_ARGS:-} --quiet --target "$target" --tag "observability-lab/$target:local" . >/dev/null
done
say "images built in $(($(date +%s) - begun)) s"

# ---- start ----------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086 # a list of names
compose up -d --no-build $parts >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; fail "compose up"; }
for part in $parts; do
  until_ok 60 "$part healthy" healthy "$part"
  user=$(docker exec "$(container "$part")" id -u 2>/dev/null || echo unknown)
  [ "$user" != 0 ] || fail "$part runs as root"
done

gateway=http://$(address gateway):8000
prometheus=http://$(address prometheus):9090
alertmanager=http://$(address alertmanager):9093

# ---- the parts find each other --------------------------------------------------------------------------------------
get "$gateway/browse" | jq -e '.items | length >= 8' >/dev/null || fail "gateway does not reach catalog"
order='{"items":[{"id":"1","price":19.99,"quantity":1}]}'
get -X POST -H 'content-type: application/json' -d "$order" "$gateway/purchase" | jq -e .order_id >/dev/null || fail "gateway does not reach checkout"

# The lab's command inside the network, as `make load` and its like run it on a host that has nothing but Docker.
lab() { compose run --rm -T lab "$@" >"$work/lab.log" 2>&1 || { cat "$work/lab.log" >&2; return 1; }; }
lab load --requests 60 || fail "lab load"

query() { get --data-urlencode "query=$1" "$prometheus/api/v1/query"; }
has() { query "$1" | jq -e '.data.result | length > 0' >/dev/null; }
targets_up() { [ "$(query 'count(up{service=~"gateway|catalog|checkout"} == 1)' | jq -r '.data.result[0].value[1]')" = 3 ]; }
until_ok 30 "three targets up" targets_up
until_ok 30 "requests counted" has 'http_requests_total{service="gateway", route="/browse", status="200"} > 0'
docker logs "$(container gateway)" 2>&1 | tail -1 | jq -e 'has("trace_id") and has("latency_ms")' >/dev/null || fail "gateway's log line is not the flat JSON of the contract"

# Load that costs nothing but curl: about forty requests a second.
(
  while :; do
    i=0
    while [ $i -lt 20 ]; do
      curl -s -o /dev/null --max-time 5 "$gateway/browse" &
      i=$((i + 1))
    done
    wait
    sleep 0.5
  done
) &
load=$!
# The end of the load belongs to every way out of this script.
trap 'kill "$load" 2>/dev/null || true; finish' EXIT

end=$(date +%s)
exemplars() {
  get --data-urlencode 'query=http_request_duration_seconds_bucket{service="gateway"}' --data-urlencode "start=$((end - 600))" --data-urlencode "end=$(($(date +%s) + 10))" "$prometheus/api/v1/query_exemplars" |
    jq -e '.data[0].exemplars[0].labels.trace_id | test("^[0-9a-f]{32}$")'
}
until_ok 30 "exemplars with a trace id" exemplars
until_ok 60 "SLO records evaluated" has 'slo:sli_error:ratio_rate{service="gateway"}'

# ---- a fault becomes a page, and goes away --------------------------------------------------------------------------
paging() { get "$alertmanager/api/v2/alerts" | jq -e '[.[] | select(.labels.severity == "page" and .labels.service == "gateway")] | length > 0'; }
calm() { get "$alertmanager/api/v2/alerts" | jq -e '[.[] | select(.labels.severity == "page" and .labels.service == "gateway")] | length == 0'; }
received() { compose logs alert-sink 2>/dev/null | grep -q "$1"; }
lab chaos errors --service gateway --rate 0.5 || fail "lab chaos errors"
until_ok 30 "chaos 50 % on gateway paged" paging
until_ok 20 "the sink received it" received gateway
lab chaos reset || fail "lab chaos reset"
until_ok 190 "the page resolved" calm

say "all passed"

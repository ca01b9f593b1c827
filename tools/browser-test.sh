#!/bin/sh
# Runs the journeys of e2e/browser in Chromium against a lab of its own on free ports.
# Without Chromium it says so and succeeds, unless REQUIRE_TOOLS=1.
set -eu

cd "$(dirname "$0")/.."
chromium=
for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
        chromium=$(command -v "$candidate")
        break
    fi
done
if [ -z "$chromium" ]; then
    echo "SKIPPED: browser journeys: no Chromium found" >&2
    [ "${REQUIRE_TOOLS:-0}" = 1 ] && exit 1
    exit 0
fi

(cd e2e/browser && { [ -d node_modules ] || npm ci --no-fund --no-audit; })

LAB_DIR=$(mktemp -d)/lab
export LAB_DIR PORT_OFFSET=auto STACK=embedded
stop() {
    tools/stack.sh down >/dev/null 2>&1 || :
    rm -rf "$(dirname "$LAB_DIR")"
}
trap stop EXIT
trap 'exit 130' INT TERM
tools/stack.sh up
url() { "${CARGO_TARGET_DIR:-target}/release/lab" ps --json | node -e '
    const parts = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const find = (name) => JSON.stringify(parts).match(new RegExp("\"" + name + "\"[^}]*?\"(http://[^\"]+)\""))?.[1];
    console.log(find(process.argv[1]) ?? "");' "$1"; }
LAB_CONSOLE_URL=$(url grafana)
LAB_GATEWAY_URL=$(url gateway)
export LAB_CONSOLE_URL LAB_GATEWAY_URL CHROMIUM="$chromium"
cd e2e/browser && npm test

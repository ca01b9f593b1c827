#!/bin/sh
# Runs the journeys of e2e/browser in Chromium against a lab of its own on free ports (debug build).
# Without Chromium or Node it says so and succeeds, unless REQUIRE_TOOLS=1.
set -eu
cd "$(dirname "$0")/.."

skip() {
    printf 'SKIPPED: browser journeys: %s not found\n' "$1" >&2
    [ "${REQUIRE_TOOLS:-}" = 1 ] && exit 1
    exit 0
}

chromium=
for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
        chromium=$(command -v "$candidate")
        break
    fi
done
[ -n "$chromium" ] || skip Chromium
command -v node >/dev/null 2>&1 || skip Node

for folder in crates/console/web e2e/browser; do
    [ -f "$folder/node_modules/.installed" ] || {
        (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error) && touch "$folder/node_modules/.installed"
    }
done
(cd crates/console/web && npm run build --silent)
cargo build --locked -p lab -p gateway -p catalog -p checkout

folder=$(mktemp -d)
lab=${CARGO_TARGET_DIR:-target}/debug/lab
export LAB_DIR="$folder/lab"
stop() {
    "$lab" down >/dev/null 2>&1 || :
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM
"$lab" up --offset auto
address() { "$lab" ps 2>/dev/null | awk -v part="$1" '$1 == part' | grep -o 'http://[^ ]*'; }
LAB_CONSOLE_URL=$(address console)
LAB_GATEWAY_URL=$(address gateway)
export LAB_CONSOLE_URL LAB_GATEWAY_URL CHROMIUM="$chromium"
(cd e2e/browser && npm test --silent)

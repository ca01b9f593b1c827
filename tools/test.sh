#!/bin/sh
# All tests. Those of the shell and of the console come first, so that the last lines are cargo's own summary.
set -eu
cd "$(dirname "$0")/.."

for test in tools/tests/*.sh; do
    printf '== %s\n' "$test"
    sh "$test"
done

web=crates/console/web
if [ -f "$web/package.json" ]; then
    if command -v node >/dev/null 2>&1; then
        [ -f "$web/node_modules/.installed" ] || {
            (cd "$web" && npm ci --no-audit --no-fund --loglevel=error) && touch "$web/node_modules/.installed"
        }
        (cd "$web" && npm test --silent)
    elif [ "${REQUIRE_TOOLS:-}" = 1 ]; then
        printf 'error: node is missing and REQUIRE_TOOLS=1\n' >&2
        exit 1
    else
        printf 'SKIPPED: node not found, the tests of the console were not run\n' >&2
    fi
fi

sh tools/browser-test.sh

exec cargo test --workspace --locked

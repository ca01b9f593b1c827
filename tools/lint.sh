#!/bin/sh
# Format, lints, the rules of the house, the shell scripts.
set -eu
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- -D warnings
cargo xtask tidy
if command -v shellcheck >/dev/null 2>&1; then
    # -x: follow what a script sources.
    shellcheck -x tools/*.sh tools/tests/*.sh .ci/run
elif [ "${REQUIRE_TOOLS:-}" = 1 ]; then
    printf 'error: shellcheck is missing and REQUIRE_TOOLS=1\n' >&2
    exit 1
else
    printf 'SKIPPED: shellcheck not found\n' >&2
fi

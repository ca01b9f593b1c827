#!/bin/sh
# tools/stack.sh: variables are checked before anything starts, missing tools are named, the choice is recorded.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# check NAME EXPECTED-TEXT COMMAND...: the command must fail and say EXPECTED-TEXT.
check() {
    name=$1
    expected=$2
    shift 2
    if output=$("$@" 2>&1); then
        printf 'FAIL %s: succeeded: %s\n' "$name" "$output"
        failed=1
    elif ! printf '%s' "$output" | grep -qF -- "$expected"; then
        printf 'FAIL %s: expected %s, found: %s\n' "$name" "$expected" "$output"
        failed=1
    else
        printf 'ok   %s\n' "$name"
    fi
}

# A PATH with the tools of a bare machine: no docker, no cargo, no node.
mkdir "$folder/bin"
for tool in sh dirname cat mkdir sed grep awk find head tail cut wc date sleep rm touch env; do
    ln -s "$(command -v "$tool")" "$folder/bin/$tool"
done
bare() { env PATH="$folder/bin" LAB_DIR="$folder/lab" CARGO_TARGET_DIR="$folder/target" "$@"; }

check "unknown stack" "STACK is 'k8s', expected docker or embedded" bare STACK=k8s sh tools/stack.sh up
check "unknown collector" "COLLECTOR is 'x', expected promtail or alloy" bare COLLECTOR=x sh tools/stack.sh up
check "unknown windows" "SLO_WINDOWS is 'x', expected lab or production" bare SLO_WINDOWS=x sh tools/stack.sh up
check "offset" "PORT_OFFSET is '1x', expected a number or auto" bare PORT_OFFSET=1x sh tools/stack.sh up
check "unknown target" "usage: tools/stack.sh" bare sh tools/stack.sh fly
check "no docker" "no Docker engine answers" bare STACK=docker sh tools/stack.sh up
check "missing tools are named first" "cargo: install Rust" bare sh tools/stack.sh up
check "service is required" "SERVICE is missing, for example: make chaos-errors" bare RATE=0.5 sh tools/stack.sh chaos-errors
check "rate is required" "RATE is missing" bare SERVICE=gateway sh tools/stack.sh chaos-errors
check "not built" "'make up' builds and starts it" bare sh tools/stack.sh ps

if [ "$(cat "$folder/lab/stack")" = embedded ]; then
    printf 'ok   the choice is recorded\n'
else
    printf 'FAIL the choice is not recorded\n'
    failed=1
fi
if bare sh tools/stack.sh down 2>&1 | grep -qF 'nothing is running'; then
    printf 'ok   down without anything\n'
else
    printf 'FAIL down without anything\n'
    failed=1
fi
exit $failed

#!/bin/sh
# Chooses the stack and does on it what a make target asks for.
#
#   docker     the real engines under compose: when a Docker engine answers and its images are here or can be pulled
#   embedded   the same APIs from one process, `lab`: everywhere else
#
# STACK=docker|embedded overrides the choice. `up` records it in .lab/stack, and every other target reads it there.
# With docker nothing else is needed on the host than docker, make, sh and curl; embedded needs Rust and Node.
set -eu

cd "$(dirname "$0")/.."
LAB_DIR=${LAB_DIR:-.lab}
TARGET=${CARGO_TARGET_DIR:-target}/release
LAB=$TARGET/lab
SERVICES="gateway catalog checkout"

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

# ---- what the user asked for ---------------------------------------------------------------------------------------

check_variables() {
    case ${STACK:-} in '' | docker | embedded) ;; *) die "STACK is '$STACK', expected docker or embedded" ;; esac
    case ${COLLECTOR:-} in '' | promtail | alloy) ;; *) die "COLLECTOR is '$COLLECTOR', expected promtail or alloy" ;; esac
    case ${SLO_WINDOWS:-} in '' | lab | production) ;; *) die "SLO_WINDOWS is '$SLO_WINDOWS', expected lab or production" ;; esac
    case ${ONLY:-} in '' | stack) ;; *) die "ONLY is '$ONLY', expected stack" ;; esac
    case ${PORT_OFFSET:-} in '' | auto) ;; *[!0-9]*) die "PORT_OFFSET is '$PORT_OFFSET', expected a number or auto" ;; esac
}

# ---- the Docker side -----------------------------------------------------------------------------------------------

# Runs a command for at most $1 seconds; `timeout` is missing on macOS.
within() {
    limit=$1
    shift
    "$@" >/dev/null 2>&1 &
    pid=$!
    (
        sleep "$limit"
        kill "$pid" 2>/dev/null
    ) >/dev/null 2>&1 &
    guard=$!
    status=0
    wait "$pid" || status=$?
    kill "$guard" 2>/dev/null || :
    return $status
}

engine_answers() {
    command -v docker >/dev/null 2>&1 && within 3 docker version --format '{{.Server.Version}}'
}

compose() {
    files="-f docker-compose.yml"
    if [ "${COLLECTOR:-promtail}" = alloy ]; then files="$files -f docker-compose.alloy.yml"; fi
    if docker compose version >/dev/null 2>&1; then
        # shellcheck disable=SC2086 # a list of words
        docker compose $files "$@"
    elif command -v docker-compose >/dev/null 2>&1; then
        # shellcheck disable=SC2086
        docker-compose $files "$@"
    else
        die "neither 'docker compose' nor 'docker-compose' is installed"
    fi
}

# The images that come from a registry; the lab's own are built.
upstream_images() {
    if [ "${COLLECTOR:-promtail}" = alloy ]; then
        sed -n 's/^ *image: *//p' docker-compose.yml docker-compose.alloy.yml | grep -v -e '^observability-lab/' -e promtail
    else
        sed -n 's/^ *image: *//p' docker-compose.yml | grep -v '^observability-lab/'
    fi
}

missing_images() {
    for image in $(upstream_images); do
        docker image inspect "$image" >/dev/null 2>&1 || echo "$image"
    done
}

# Pulls one image; gives up when nothing has moved for 20 seconds.
pull() {
    mkdir -p "$LAB_DIR"
    progress=$LAB_DIR/pull.log
    : >"$progress"
    say "pulling $1 …"
    socket=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null | sed -n 's|^unix://||p')
    if [ -z "${DOCKER_HOST:-}" ] && [ -S "$socket" ] && command -v curl >/dev/null 2>&1; then
        # The engine's own API tells of every block that arrives; `docker pull` without a terminal only of whole layers.
        curl -sN --unix-socket "$socket" -X POST \
            "http://localhost/images/create?fromImage=${1%:*}&tag=${1##*:}" >"$progress" 2>&1 &
    else
        docker pull "$1" >"$progress" 2>&1 &
    fi
    puller=$!
    still=0
    size=0
    while kill -0 "$puller" 2>/dev/null; do
        sleep 1
        now=$(wc -c <"$progress")
        if [ "$now" -eq "$size" ]; then still=$((still + 1)); else still=0; fi
        size=$now
        if [ "$still" -ge 20 ]; then
            kill "$puller" 2>/dev/null || :
            say "no progress for 20 s"
            return 1
        fi
    done
    wait "$puller" 2>/dev/null || :
    docker image inspect "$1" >/dev/null 2>&1 || {
        say "cannot pull $1: $(tail -n 1 "$progress" | cut -c 1-300)"
        return 1
    }
}

docker_usable() {
    engine_answers || {
        say "no Docker engine answers"
        return 1
    }
    for image in $(missing_images); do
        pull "$image" || return 1
    done
}

# The names of the containers that should run, with their health.
container_health() {
    # shellcheck disable=SC2046 # a list of ids
    docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' \
        $(compose ps -q) 2>/dev/null
}

docker_up() {
    began=$(date +%s)
    trap 'trap - INT; say "interrupted, stopping what was started …"; compose down >/dev/null 2>&1; exit 130' INT
    if [ -n "${PORT_OFFSET:-}" ] && [ "$PORT_OFFSET" != 0 ]; then
        die "PORT_OFFSET works with the embedded stack only; docker-compose.yml publishes fixed ports"
    fi
    parts=
    if [ "${ONLY:-}" = stack ]; then
        parts="prometheus alertmanager alert-sink loki tempo grafana ${COLLECTOR:-promtail}"
    fi
    # shellcheck disable=SC2086 # a list of words
    compose up -d --build $parts
    while container_health | grep -qv ' running healthy$'; do
        bad=$(container_health | grep -e ' unhealthy$' -e ' exited ' -e ' dead ' || :)
        [ -z "$bad" ] || die "not healthy: $bad (see 'make logs')"
        [ $(($(date +%s) - began)) -lt 300 ] || die "not healthy after 300 s: $(container_health)"
        sleep 1
    done
    trap - INT
    container_health | awk '{ printf "%-14s %s\n", $1, $3 }'
    say "ready after $(($(date +%s) - began)) s"
    urls
}

urls() {
    cat <<'END'
Grafana        http://localhost:3000
gateway        http://localhost:8000
Prometheus     http://localhost:9090
Alertmanager   http://localhost:9093
Loki           http://localhost:3100
Tempo          http://localhost:3200
END
}

# The lab command inside the compose network: nothing of it is needed on the host.
lab_in_docker() {
    if [ -t 1 ]; then compose run --rm lab "$@"; else compose run --rm -T lab "$@"; fi
}

# ---- the embedded side ---------------------------------------------------------------------------------------------

web=crates/console/web

needs() {
    missing=
    command -v cargo >/dev/null 2>&1 || missing="$missing
  cargo: install Rust 1.95 or later from https://rustup.rs"
    if [ -f "$web/package.json" ]; then
        version=$(node --version 2>/dev/null || echo v0)
        major=${version#v}
        if [ "${major%%.*}" -lt 20 ]; then
            missing="$missing
  node: version 20 or later is needed, found ${version#v0}"
        fi
        command -v npm >/dev/null 2>&1 || missing="$missing
  npm: comes with node"
    fi
    [ -z "$missing" ] || die "missing for the embedded stack:$missing"
}

# Builds the console's page when a source is newer than the last build.
build_web() {
    [ -f "$web/package.json" ] || return 0
    installed=$web/node_modules/.installed
    if [ ! -f "$installed" ] || [ -n "$(find "$web/package-lock.json" -newer "$installed")" ]; then
        say "installing the console's libraries …"
        (cd "$web" && npm ci --no-audit --no-fund --loglevel=error) && touch "$installed"
    fi
    if [ ! -f "$web/dist/.built" ] || [ -n "$(find "$web" -name node_modules -prune -o -name dist -prune -o -type f -newer "$web/dist/.built" -print | head -n 1)" ]; then
        say "building the console …"
        (cd "$web" && npm run --silent build) && touch "$web/dist/.built"
    fi
}

embedded_up() {
    needs
    build_web
    quiet=--quiet
    [ -x "$LAB" ] || { quiet= && say "building; the first time takes some minutes …"; }
    # shellcheck disable=SC2086 # empty or one word
    cargo build $quiet --release --locked -p lab -p gateway -p catalog -p checkout
    # From here on the program answers: Ctrl-C stops what was started and its exit code is ours.
    exec "$LAB" up
}

lab() {
    [ -x "$LAB" ] || die "the lab is not built ($LAB); 'make up' builds and starts it"
    exec "$LAB" "$@"
}

# ---- the choice ----------------------------------------------------------------------------------------------------

recorded() { cat "$LAB_DIR/stack" 2>/dev/null || :; }

record() {
    mkdir -p "$LAB_DIR"
    printf '%s\n' "$1" >"$LAB_DIR/stack"
}

running() {
    case $(recorded) in
        docker) engine_answers && [ -n "$(compose ps -q 2>/dev/null)" ] ;;
        embedded) [ -f "$LAB_DIR/state.json" ] ;;
        *) return 1 ;;
    esac
}

# For `up`: the user's word, then what runs already, then what this machine can do.
choose() {
    if [ -n "${STACK:-}" ]; then
        if running && [ "$(recorded)" != "$STACK" ]; then
            die "the $(recorded) stack is running; 'make down' stops it"
        fi
        chosen=$STACK
        if [ "$chosen" = docker ]; then docker_usable || die "STACK=docker, but the images cannot be run here"; fi
    elif running; then
        chosen=$(recorded)
    elif docker_usable; then
        chosen=docker
    else
        say "using the embedded stack"
        chosen=embedded
    fi
    record "$chosen"
}

# For the other targets: the user's word, then what was recorded.
chosen() {
    if [ -n "${STACK:-}" ]; then echo "$STACK"; else
        found=$(recorded)
        echo "${found:-embedded}"
    fi
}

# Runs the lab command on the chosen stack.
on_stack() {
    if [ "$(chosen)" = docker ]; then lab_in_docker "$@"; else lab "$@"; fi
}

required() {
    [ -n "$2" ] || die "$1 is missing, for example: $3"
}

usage() { die "usage: tools/stack.sh up|down|ps|logs|restart|clean|load|load-quick|chaos-latency|chaos-errors|chaos-reset|verify"; }

[ $# -eq 1 ] || usage
check_variables
# ARGS holds further words for the lab command.
# shellcheck disable=SC2086
set -- "$1" ${ARGS:-}
target=$1
shift
docker=false
if [ "$target" != up ] && [ "$(chosen)" = docker ]; then docker=true; fi

case $target in
    up)
        choose
        if [ "$chosen" = docker ]; then docker_up; else embedded_up; fi
        ;;
    down | clean)
        if $docker; then
            if [ "$target" = clean ]; then compose down --volumes --remove-orphans; else compose down --remove-orphans; fi
            if [ "$target" = clean ]; then rm -rf "$LAB_DIR"; fi
        elif [ -x "$LAB" ]; then
            exec "$LAB" "$target"
        elif [ -d "$LAB_DIR" ] && [ -f "$LAB_DIR/state.json" ]; then
            die "a stack was started by $LAB, which is gone; 'make up' builds it again"
        else
            say "nothing is running"
        fi
        ;;
    ps) if $docker; then compose ps; else lab ps "$@"; fi ;;
    logs)
        if $docker; then
            # shellcheck disable=SC2086 # the services of the shop, or one
            compose logs -f --tail=50 ${SERVICE:-$SERVICES}
        elif [ -t 1 ]; then
            lab logs --follow ${SERVICE:+"$SERVICE"} "$@"
        else
            lab logs ${SERVICE:+"$SERVICE"} "$@"
        fi
        ;;
    restart)
        # shellcheck disable=SC2086
        if $docker; then compose restart ${SERVICE:-}; else lab restart ${SERVICE:+"$SERVICE"}; fi
        ;;
    load) on_stack load "$@" ;;
    load-quick) on_stack load --requests 300 "$@" ;;
    chaos-latency)
        required SERVICE "${SERVICE:-}" "make chaos-latency SERVICE=catalog LATENCY=500"
        required LATENCY "${LATENCY:-}" "make chaos-latency SERVICE=catalog LATENCY=500"
        on_stack chaos latency --service "$SERVICE" --latency "$LATENCY" "$@"
        ;;
    chaos-errors)
        required SERVICE "${SERVICE:-}" "make chaos-errors SERVICE=gateway RATE=0.5"
        required RATE "${RATE:-}" "make chaos-errors SERVICE=gateway RATE=0.5"
        on_stack chaos errors --service "$SERVICE" --rate "$RATE" "$@"
        ;;
    chaos-reset) on_stack chaos reset ${SERVICE:+--service "$SERVICE"} ;;
    verify) on_stack verify "$@" ;;
    *) usage ;;
esac

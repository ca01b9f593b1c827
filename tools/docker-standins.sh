#!/bin/sh
# Stand-ins for the images that a machine without a registry cannot pull, under the same tags, made of Debian's packages
# and of what is installed here. With them the real Dockerfile and the real docker-compose.yml are run where only a
# Docker engine is at hand.
#
#   tools/docker-standins.sh [IMAGE...]     without names: all of the list below
#
#   debian:bookworm-slim          debootstrap (a minimal Debian with ca-certificates and busybox)
#   rust:1.95-bookworm            the above, a C linker, the host's Rust toolchain and its crate cache
#   node:20-bookworm-slim         the above with the host's Node
#   prom/prometheus:v3.14.0       Debian's prometheus and promtool, and busybox for the health check's wget
#   prom/alertmanager:v0.34.0     Debian's prometheus-alertmanager, and busybox likewise
#
# There is no stand-in for Loki, Promtail, Alloy, Tempo or Grafana: Debian has no package of them. A tag that exists
# already is left alone, so that a pulled image is never replaced. Needs root for debootstrap.
set -eu

prometheus_image=prom/prometheus:v3.14.0
alertmanager_image=prom/alertmanager:v0.34.0
suite=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

say() { printf '%s\n' "docker-standins: $*" >&2; }
die() { say "$*"; exit 1; }
need() { command -v "$1" >/dev/null 2>&1 || die "$1 is needed for $2 and was not found"; }
exists() { docker image inspect "$1" >/dev/null 2>&1; }

# A context holds a Dockerfile and the files it copies; the classic builder is enough for all of them.
build() {
  DOCKER_BUILDKIT=0 docker build --quiet --network host --tag "$1" "$2" >/dev/null 2>"$work/build.log" || {
    cat "$work/build.log" >&2
    die "building $1 failed"
  }
}

make_debian() {
  need debootstrap debian:bookworm-slim
  [ "$(id -u)" = 0 ] || die "debootstrap needs root"
  if [ -n "${DEBIAN_ROOTFS:-}" ]; then
    rootfs=$DEBIAN_ROOTFS
  else
    rootfs=$work/rootfs
    debootstrap --variant=minbase --include=ca-certificates,busybox "$suite" "$rootfs" "$mirror" >"$work/debootstrap.log" 2>&1 || {
      tail -20 "$work/debootstrap.log" >&2
      die "debootstrap failed"
    }
  fi
  tar -C "$rootfs" --exclude=./var/cache/apt/archives/*.deb --exclude=./var/lib/apt/lists/* -c . |
    docker import - debian:bookworm-slim >/dev/null
}

make_rust() {
  need rustc rust:1.95-bookworm
  context=$work/rust
  mkdir -p "$context/cargo"
  sysroot=$(rustc --print sysroot)
  # Hard links where the file system allows them: the toolchain is over a gigabyte.
  mkdir "$context/toolchain"
  for part in bin lib libexec; do
    [ ! -d "$sysroot/$part" ] || cp -al "$sysroot/$part" "$context/toolchain/$part" 2>/dev/null || cp -a "$sysroot/$part" "$context/toolchain/$part"
  done
  # A company's proxy may sign with a certificate of its own, which the host trusts.
  cp /etc/ssl/certs/ca-certificates.crt "$context/"
  # The crates that were fetched for this checkout, so that the build asks the network for nothing.
  cp -a "${CARGO_HOME:-$HOME/.cargo}/registry" "$context/cargo/registry"
  rm -rf "$context/cargo/registry/src"
  cat >"$context/Dockerfile" <<'END'
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -qq --no-install-recommends gcc libc6-dev >/dev/null && rm -rf /var/lib/apt/lists/*
COPY toolchain /usr/local/rust
COPY cargo /usr/local/cargo
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV CARGO_HOME=/usr/local/cargo PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
END
  build rust:1.95-bookworm "$context"
}

make_node() {
  need node node:20-bookworm-slim
  context=$work/node
  mkdir -p "$context/bin" "$context/npm"
  cp "$(readlink -f "$(command -v node)")" "$context/bin/node"
  npm=$(readlink -f "$(command -v npm)")
  cp -a "${npm%/bin/*}/." "$context/npm/"
  cp /etc/ssl/certs/ca-certificates.crt "$context/"
  cat >"$context/Dockerfile" <<'END'
FROM debian:bookworm-slim
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
COPY bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
END
  build node:20-bookworm-slim "$context"
}

# The entry points, users and folders are those of the upstream images.
make_prometheus() {
  need prometheus "$prometheus_image"
  need promtool "$prometheus_image"
  context=$work/prometheus
  mkdir -p "$context"
  cp "$(command -v prometheus)" "$(command -v promtool)" "$context/"
  # Debian's package keeps the web pages beside the binary, not in it.
  mkdir -p "$context/share"
  [ ! -d /usr/share/prometheus/web ] || cp -a /usr/share/prometheus/web "$context/share/web"
  cat >"$context/Dockerfile" <<'END'
FROM debian:bookworm-slim
COPY prometheus promtool /bin/
COPY share /usr/share/prometheus
RUN ln -s /bin/busybox /bin/wget && mkdir -p /prometheus /etc/prometheus && chown nobody:nogroup /prometheus
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
ENTRYPOINT ["/bin/prometheus"]
END
  build "$prometheus_image" "$context"
}

make_alertmanager() {
  need prometheus-alertmanager "$alertmanager_image"
  context=$work/alertmanager
  mkdir -p "$context"
  cp "$(command -v prometheus-alertmanager)" "$context/alertmanager"
  # Debian's package keeps the default templates beside the binary, and does not start without them.
  mkdir -p "$context/share"
  [ ! -d /usr/share/prometheus/alertmanager ] || cp -a /usr/share/prometheus/alertmanager "$context/share/alertmanager"
  cat >"$context/Dockerfile" <<'END'
FROM debian:bookworm-slim
COPY alertmanager /bin/
COPY share /usr/share/prometheus
RUN ln -s /bin/busybox /bin/wget && mkdir -p /alertmanager /etc/alertmanager && chown nobody:nogroup /alertmanager
USER nobody
WORKDIR /alertmanager
VOLUME /alertmanager
ENTRYPOINT ["/bin/alertmanager"]
END
  build "$alertmanager_image" "$context"
}

docker info >/dev/null 2>&1 || die "no Docker engine answers (docker info failed)"
[ $# -gt 0 ] || set -- debian:bookworm-slim rust:1.95-bookworm node:20-bookworm-slim "$prometheus_image" "$alertmanager_image"
for image in "$@"; do
  if exists "$image"; then
    say "$image is here already"
    continue
  fi
  case $image in
    debian:bookworm-slim) make_debian ;;
    rust:1.95-bookworm) make_rust ;;
    node:20-bookworm-slim) make_node ;;
    "$prometheus_image") make_prometheus ;;
    "$alertmanager_image") make_alertmanager ;;
    *) die "there is no stand-in for $image" ;;
  esac
  say "$image made"
done

# The lab's own images: one target per binary.
#
#   docker build --target gateway .        also: catalog, checkout, lab
#
# Three ideas carry this file:
# 1. Dependencies are compiled in a layer of their own, from the manifests alone. A change to a source file costs the
#    compilation of the lab's own crates, not of the two hundred below them.
# 2. No list of crates stands here: the manifests stage makes itself from the tree, so a new crate changes nothing.
# 3. The stages are ordered so that the old builder, which runs every stage above the target, never installs Node for
#    a service that has no web page. No BuildKit feature is needed.
#
# The base images are arguments, so that a mirror, or a machine without the internet, can put its own in their place.
ARG RUST_IMAGE=rust:1.95-bookworm
ARG NODE_IMAGE=node:20-bookworm-slim
ARG RUNTIME_IMAGE=debian:bookworm-slim

# ---- manifests: the tree with every source file emptied -------------------------------------------------------------
FROM ${RUST_IMAGE} AS manifests
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY shared shared
COPY services services
COPY crates crates
COPY xtask xtask
# Programs keep an empty main, libraries an empty file; everything else goes. What remains changes only when a manifest
# does, so the next stage is taken from the cache whatever was edited.
RUN find shared services crates xtask -type f | while read -r file; do \
      case "$file" in \
        */Cargo.toml) ;; \
        */src/lib.rs) : > "$file" ;; \
        */src/main.rs|*/src/bin/*.rs|*/build.rs|*/benches/*.rs|*/examples/*.rs|*/tests/*.rs) echo 'fn main() {}' > "$file" ;; \
        *) rm -- "$file" ;; \
      esac; \
    done \
 && find shared services crates xtask -type d -empty -delete \
 && find . -exec touch -d @0 {} +

# ---- dependencies ---------------------------------------------------------------------------------------------------
FROM ${RUST_IMAGE} AS dependencies
WORKDIR /src
COPY --from=manifests /src ./
RUN cargo build --release --locked --package gateway --package catalog --package checkout --package lab

# ---- the shop -------------------------------------------------------------------------------------------------------
FROM dependencies AS build-shop
COPY shared shared
COPY services services
# Cargo goes by modification times, and a file from the context may be older than the empty one it replaces.
RUN find shared services -name '*.rs' -exec touch {} + \
 && cargo build --release --locked --package gateway --package catalog --package checkout

# A user that exists in no table: nothing in the images belongs to it, and nothing in them is writable to it.
FROM ${RUNTIME_IMAGE} AS gateway
COPY --from=build-shop /src/target/release/gateway /usr/local/bin/gateway
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=3s --timeout=3s --retries=20 CMD ["/usr/local/bin/gateway", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/gateway"]

FROM ${RUNTIME_IMAGE} AS catalog
COPY --from=build-shop /src/target/release/catalog /usr/local/bin/catalog
USER 10001:10001
EXPOSE 8001
HEALTHCHECK --interval=3s --timeout=3s --retries=20 CMD ["/usr/local/bin/catalog", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/catalog"]

FROM ${RUNTIME_IMAGE} AS checkout
COPY --from=build-shop /src/target/release/checkout /usr/local/bin/checkout
USER 10001:10001
EXPOSE 8002
HEALTHCHECK --interval=3s --timeout=3s --retries=20 CMD ["/usr/local/bin/checkout", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/checkout"]

# ---- the lab command ------------------------------------------------------------------------------------------------
# Its console is compiled into it. Under Docker Grafana takes the console's place, but the binary is the same one.
FROM ${NODE_IMAGE} AS web
WORKDIR /web
COPY crates/console/web/package.json crates/console/web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY crates/console/web ./
RUN npm run build

FROM dependencies AS build-lab
COPY shared shared
COPY crates crates
COPY --from=web /web/dist crates/console/web/dist
RUN find shared crates -name '*.rs' -exec touch {} + \
 && cargo build --release --locked --package lab

FROM ${RUNTIME_IMAGE} AS lab
COPY --from=build-lab /src/target/release/lab /usr/local/bin/lab
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/lab"]

# Sandbox image for Go, for machines that reach a registry and a Debian mirror.
#
#   docker build -f cluster/images/go.Dockerfile -t "$(python -m qlp.sandbox.images ref go)" qlp/sandbox/toolchains
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
# Debian ships the standard library compiled for cgo; without a C compiler every build would compile net/http anew.
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 tini golang-go \
    && CGO_ENABLED=0 GOCACHE=/tmp/go go install std \
    && rm -rf /tmp/go /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale \
        /usr/share/go-*/test /usr/share/go-*/api
LABEL qlp.profile=go

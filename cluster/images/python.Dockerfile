# Sandbox image for Python, for machines that reach a registry and a package index. Same layout as the image that
# `qlp sandbox build` makes without a registry: the toolchain is a virtual environment at /opt/qlp/python.
#
#   docker build -f cluster/images/python.Dockerfile -t "$(python -m qlp.sandbox.images ref python)" qlp/sandbox/toolchains
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv tini \
    && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale
COPY python.txt /tmp/python.txt
RUN python3 -m venv /opt/qlp/python \
    && /opt/qlp/python/bin/python3 -m pip install --no-cache-dir --no-deps --only-binary=:all: -r /tmp/python.txt \
    && rm /tmp/python.txt
LABEL qlp.profile=python

# Sandbox image for Python and for the analysis tools, for machines that reach a registry and a package index. Same layout
# as the image that `qlp sandbox build` makes without a registry: a virtual environment at /opt/qlp/<profile>.
#
#   for p in python analysis; do
#     docker build -f cluster/images/python.Dockerfile --build-arg PROFILE=$p \
#       -t "$(python -m qlp.sandbox.images ref $p)" qlp/sandbox/toolchains
#   done
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG PROFILE=python
ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv tini \
    && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale
COPY ${PROFILE}.txt /tmp/pins.txt
RUN python3 -m venv /opt/qlp/${PROFILE} \
    && /opt/qlp/${PROFILE}/bin/python3 -m pip install --no-cache-dir --no-deps --only-binary=:all: -r /tmp/pins.txt \
    && rm /tmp/pins.txt
LABEL qlp.profile=${PROFILE}

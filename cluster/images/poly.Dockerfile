# Sandbox image for java, rust, c, scripts and mono, for machines that reach a registry and a Debian mirror. One image
# with several names:
#
#   for p in java rust c scripts mono; do
#     docker build -f cluster/images/poly.Dockerfile --build-arg PROFILE=$p \
#       -t "$(python -m qlp.sandbox.images ref $p)" qlp/sandbox/toolchains
#   done
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
COPY poly/finish.sh /tmp/qlp-finish.sh
# The JDK wants the folder of manual pages to be there.
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 tini \
        gcc g++ libc6-dev make \
        cppcheck cmake \
        rustc cargo mold rustfmt rust-clippy \
        default-jdk-headless junit5 checkstyle \
        ruby rubocop ruby-rspec perl lua5.4 sqlite3 shellcheck bats \
        php-cli php-mbstring phpunit php-codesniffer \
        mono-mcs mono-runtime \
    && sh -e /tmp/qlp-finish.sh \
    && rm /tmp/qlp-finish.sh
ARG PROFILE=c
LABEL qlp.profile=${PROFILE}

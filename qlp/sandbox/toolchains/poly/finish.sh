#!/bin/sh
# Runs in the new root of the profiles java, rust, c, scripts and mono: compiles once what every compilation would
# compile again. What it saves is in docs/languages.md. Used by `qlp sandbox build` and by cluster/images/poly.Dockerfile.
set -eu

# C++: precompiled headers, found before the real ones if the flags are those of recipes.py, and ignored otherwise.
include=/opt/qlp/c/include
mkdir -p "$include/bits" /tmp/pch
for header in iostream bits/stdc++.h; do
  echo "#include_next <$header>" > /tmp/pch/header.h
  g++ -x c++-header -O2 -std=gnu++17 -pthread -o "$include/$header.gch" /tmp/pch/header.h
done

# Java: javac's own classes, parsed and verified; and JUnit's jars on a class path of their own.
mkdir -p /opt/qlp/java/junit /tmp/jsa
for jar in apiguardian-api opentest4j opentest4j-reporting-events opentest4j-reporting-schema picocli univocity-parsers \
  hamcrest junit4 junit-jupiter-api junit-jupiter-engine junit-jupiter-params junit-platform-commons \
  junit-platform-console junit-platform-engine junit-platform-launcher junit-platform-reporting junit-vintage-engine; do
  if [ -e "/usr/share/java/$jar.jar" ]; then ln -s "/usr/share/java/$jar.jar" "/opt/qlp/java/junit/$jar.jar"; fi
done
cat > /tmp/jsa/Main.java <<'JAVA'
import java.util.*;
import java.util.stream.*;

public class Main {
    record Pair(String key, int value) {}
    public static void main(String[] args) {
        Map<String, Integer> counts = new TreeMap<>();
        for (String word : "a b a".split(" ")) counts.merge(word, 1, Integer::sum);
        var pairs = counts.entrySet().stream().map(e -> new Pair(e.getKey(), e.getValue())).collect(Collectors.toList());
        System.out.println(pairs + String.format("%d", pairs.size()));
    }
}
JAVA
javac -J-XX:+UseSerialGC -J-XX:TieredStopAtLevel=1 -J-Xshare:auto -J-XX:ArchiveClassesAtExit=/opt/qlp/java/javac.jsa \
  -proc:none -nowarn -encoding UTF-8 -d /tmp/jsa /tmp/jsa/Main.java 2>/dev/null
test -s /opt/qlp/java/javac.jsa

# Rust: mold links in a tenth of the time.
mkdir -p /opt/qlp/rust/bin
printf '#!/bin/sh\nexec /usr/bin/cc -fuse-ld=mold "$@"\n' > /opt/qlp/rust/bin/cc
chmod 755 /opt/qlp/rust/bin/cc

rm -rf /tmp/pch /tmp/jsa /tmp/hsperfdata_* /usr/lib/jvm/*/jmods /usr/share/man /usr/share/doc /usr/share/info \
  /usr/share/locale /usr/share/javascript /usr/share/nodejs /var/cache/apt /var/lib/apt/lists

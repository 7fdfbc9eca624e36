#!/usr/bin/env bash
# Measures the operator: a real Kubernetes API server and etcd, a local SMTP server as the upstream, the operator as its
# own process, and many organizations applied at once. docs/performance.md says how to read the figures.
#
#   bench/operator.sh [ORGANIZATIONS [JVM-OPTION...]]
#   bench/operator.sh ORGANIZATIONS --peer
#   bench/operator.sh aot-cache
#
# ORGANIZATIONS is 1000 unless given; the options go to the operator's virtual machine, in place of the chart's and the
# AOT cache. "aot-cache" only makes that cache, target/postrider.aot. With --peer another operator, external-secrets, does
# as many ExternalSecrets on the same API server, and ratios to it are printed; it is built with Go once for a machine.
set -euo pipefail
cd "$(dirname "$0")/.."

program=OperatorBenchmark
organizations=${1:-1000}
if [[ $organizations == aot-cache ]]; then
  program=AotCache
elif [[ ! $organizations =~ ^[1-9][0-9]*$ ]]; then
  echo "ORGANIZATIONS: \"$organizations\" is not a number from 1" >&2
  exit 2
fi
if [[ ${2:-} == --peer ]]; then
  program=PeerBenchmark
  set -- "$1"
fi

echo "building ..." >&2
# The last goal runs in the same Maven: that is how it gets the JDK that the build has found.
# The manual of the commands is made by the same plugin, which would take the settings below for its own.
exec mvn -B -q -ntp package -DskipTests -Dmanual.phase=none exec:exec -Dexec.executable=java -Dexec.classpathScope=test \
  -Dexec.inheritIo=true -Dexec.args="-XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED \
-cp %classpath dev.postrider.bench.$program $organizations ${*:2}"

#!/usr/bin/env bash
# Measures the relay beside Postfix on the same machine. docs/performance.md says how to read the figures.
#
#   bench/relay.sh [--postgres | --tls | --crowded] [--messages N] [--rounds N] [JVM-OPTION...]
#   bench/relay.sh --routes N [--changes PER_MINUTE] [--messages N] [--rounds N] [JVM-OPTION...]
#
# Needs Postfix installed (its smtp-source and smtp-sink too) and root, since Postfix starts as root. --postgres adds
# Postrider with its queue in PostgreSQL. With --tls only Postrider runs, without and with TLS and logins; with
# --crowded only Postrider, with a million messages queued and with ten thousand routes. With --routes only
# Postrider, too, with one route and with those of N organizations in a real API server, of which so many change in a
# minute (1000).
#
# The options go to the relay's virtual machine, in place of the chart's and the AOT cache.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=plain messages=5000 rounds=3 routes= changes=1000
while [[ $# -gt 0 ]]; do
  case $1 in
    --tls | --postgres | --crowded) mode=${1#--}; shift ;;
    --routes) mode=routes routes=$2; shift 2 ;;
    --changes) changes=$2; shift 2 ;;
    --messages) messages=$2; shift 2 ;;
    --rounds) rounds=$2; shift 2 ;;
    *) break ;;
  esac
done
[[ $messages =~ ^[1-9][0-9]*$ && $rounds =~ ^[1-9][0-9]*$ ]] || { echo "--messages and --rounds are numbers from 1" >&2; exit 2; }
if [[ $mode == routes ]]; then
  [[ $routes =~ ^[1-9][0-9]*$ && $changes =~ ^[1-9][0-9]*$ ]] || { echo "--routes and --changes are numbers from 1" >&2; exit 2; }
  mode+=,$routes,$changes
fi
command -v smtp-source smtp-sink >/dev/null || { echo "smtp-source and smtp-sink are not there: apt-get install postfix" >&2; exit 2; }

echo "building ..." >&2
# The manual of the commands is made by the same plugin, which would take the settings below for its own.
exec mvn -B -q -ntp package -DskipTests -Dmanual.phase=none exec:exec -Dexec.executable=java -Dexec.classpathScope=test \
  -Dexec.inheritIo=true \
  -Dexec.args="--enable-native-access=ALL-UNNAMED -cp %classpath dev.postrider.bench.RelayBenchmark $messages $rounds $mode $*"

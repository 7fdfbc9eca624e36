#!/usr/bin/env bash
# Measures the relay beside Postfix on the same machine. docs/performance.md says how to read the figures.
#
#   bench/relay.sh [--way NAME] [--messages N] [--rounds N] [JVM-OPTION...]
#   bench/relay.sh --crowded [--messages N] [JVM-OPTION...]
#   bench/relay.sh --routes N [--changes PER_MINUTE] [--messages N] [--rounds N] [JVM-OPTION...]
#
# All ways take about half an hour; with --rounds 1 some ten minutes. --way chooses one of them: plain, large (100 KiB),
# tls (TLS and logins), dkim, deferring (a server that defers 10 % and refuses 1 %), kill (under load).
#
# Needs root, Postfix, which starts as root, and Go, which builds the program that brings and takes mail, once; for tls
# dovecot-pop3d, for dkim opendkim, and for a queue in PostgreSQL, which is part of plain, postgresql. A way whose
# packages are not there is left out, and that is said.
#
# With --crowded only Postrider runs, with a million messages queued and with ten thousand routes. With --routes only
# Postrider, too, with one route and with those of N organizations in a real API server, of which so many change in a
# minute (1000).
#
# The options go to the relay's virtual machine, in place of the chart's and the AOT cache.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=all messages=5000 rounds=3 routes= changes=1000
while [[ $# -gt 0 ]]; do
  case $1 in
    --way)
      case ${2:-} in
        all | plain | large | tls | dkim | deferring | kill) mode=$2; shift 2 ;;
        *) echo "--way \"${2:-}\" is not valid: use plain, large, tls, dkim, deferring or kill" >&2; exit 2 ;;
      esac ;;
    --crowded) mode=crowded; shift ;;
    --routes) mode=routes routes=$2; shift 2 ;;
    --changes) changes=$2; shift 2 ;;
    --messages) messages=$2; shift 2 ;;
    --rounds) rounds=$2; shift 2 ;;
    *) break ;;
  esac
done
[[ $messages =~ ^[1-9][0-9]*$ && $rounds =~ ^[1-9][0-9]*$ ]] || { echo "--messages and --rounds are numbers from 1" >&2; exit 2; }
if [[ $mode == all || $mode == kill ]] && ((messages < 2)); then
  echo "--messages 1 is not valid: use 2 or more, for kill comes when half of them are accepted" >&2; exit 2
fi
if [[ $mode == routes ]]; then
  [[ $routes =~ ^[1-9][0-9]*$ && $changes =~ ^[1-9][0-9]*$ ]] || { echo "--routes and --changes are numbers from 1" >&2; exit 2; }
  mode+=,$routes,$changes
fi
missing() { echo "$1 is not there: apt-get install $2" >&2; exit 2; }
command -v smtp-source smtp-sink >/dev/null || missing Postfix postfix
command -v go >/dev/null || compgen -G "${XDG_CACHE_HOME:-$HOME/.cache}/postrider/smtp-load/*/smtp-load" >/dev/null ||
  missing Go golang-go
[[ $(id -u) == 0 ]] || { echo "this is not root, as which Postfix starts" >&2; exit 2; }

echo "building ..." >&2
# The manual of the commands is made by the same plugin, which would take the settings below for its own.
exec mvn -B -q -ntp package -DskipTests -Dmanual.phase=none exec:exec -Dexec.executable=java -Dexec.classpathScope=test \
  -Dexec.inheritIo=true \
  -Dexec.args="--enable-native-access=ALL-UNNAMED -cp %classpath dev.postrider.bench.RelayBenchmark $messages $rounds $mode $*"

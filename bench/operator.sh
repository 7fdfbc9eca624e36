#!/usr/bin/env bash
# Measures the operator: a real Kubernetes API server and etcd, a local SMTP server as the upstream, the operator as its
# own process, and many organizations applied at once. docs/performance.md says how to read the figures.
#
#   bench/operator.sh [ORGANIZATIONS [JVM-OPTION...]]     default: 1000 and the options of the image
set -euo pipefail
cd "$(dirname "$0")/.."

organizations=${1:-1000}
[[ $organizations =~ ^[1-9][0-9]*$ ]] || { echo "ORGANIZATIONS: \"$organizations\" is not a number from 1" >&2; exit 2; }
shift || true

echo "building ..." >&2
mvn -B -q -ntp package -DskipTests
exec mvn -B -q -ntp -Pbench-operator exec:exec -Dbench.arguments="$organizations $*"

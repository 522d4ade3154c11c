# shellcheck shell=bash
# shellcheck disable=SC2034  # the variables are read by the files that source this one
# Versions, places and the few words that every other file uses.

KUBERNETES=1.36.4
ETCD=3.6.14
HELM=4.2.4
COREDNS=1.14.7
KAFKA=4.3.1
MINIO=v0.0.0-20260212201848-7aac2a2c5b7c # the module proxy has no release tags of it; this is the last commit
KIND=0.32.0

REPOSITORY=$(dirname "$HERE")
CACHE=${PERENNIAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/perennial}
BIN=$CACHE/bin       # links to the current version of every program
BUILT=$CACHE/built   # one folder per program and version
DATA=$CACHE/data     # everything that `down` deletes
LOGS=$CACHE/logs
CONFIG=$CACHE/config
TLS=$CACHE/tls # ca.crt; kafka, minio and client: .crt and .key; .pem is both in one file
export KUBECONFIG=$CACHE/kubeconfig PATH=$BIN:$PATH

S3_USER=minioadmin
S3_PASSWORD=minioadmin
KAFKA_USER=perennial # of the listeners that ask for one
KAFKA_PASSWORD=perennial
KAFKA_FOR_HOST=HOST://127.0.0.1:9092,HOST_SASL://127.0.0.1:9094,HOST_TLS://127.0.0.1:9095
KAFKA_SERVICE=kafka.default.svc.cluster.local
KAFKA_FOR_PODS=POD://$KAFKA_SERVICE:9092,POD_SASL://$KAFKA_SERVICE:9094,POD_TLS://$KAFKA_SERVICE:9095
MLFLOW_ADDRESS=http://127.0.0.1:5000
# MLflow answers to no other name, so that a page elsewhere cannot talk a browser into asking it.
MLFLOW_NAMES="127.0.0.1:*,localhost:*,mlflow:*,mlflow.default:*,mlflow.default.svc:*,mlflow.default.svc.cluster.local:*"

ENGINE=${PERENNIAL_ENGINE:-native}

say() { printf '%s\n' "$*" >&2; }
die() { say "cluster: $*"; exit 1; }

lock() { # lock NAME: two people may type the same command; the second waits for the first
  mkdir -p "$CACHE" "$BIN" "$BUILT" "$LOGS" "$CONFIG"
  command -v flock >/dev/null || return 0 # macOS has none; kind has locks of its own
  exec 9>"$CACHE/$1.lock"
  flock -n 9 && return
  say "another cluster command is running; waiting for it"
  flock 9
}

within() { # within SECONDS COMMAND...: try until it succeeds
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

in_folder() { cd "$1" || exit; shift; "$@"; }

logged() { # logged NAME COMMAND...: its output goes to a log; a line every 30 s shows that it lives, the log's end that it failed
  local log=$LOGS/$1.log what=$1 began=$SECONDS told=0 job; shift
  # In the background, because a function called on the left of || would run on after its first error;
  # in a process group of its own, so that Ctrl-C ends a compiler too and not this script alone.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  job=$!
  set +m
  trap 'kill -- "-$job" 2>/dev/null; say "interrupted"; exit 130' INT TERM
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.1
    if [ $((SECONDS - began - told)) -ge 30 ]; then
      told=$((SECONDS - began))
      say "  $what: $told s so far"
    fi
  done
  trap - INT TERM
  wait "$job" && return
  tail -n 15 "$log" >&2
  die "$what failed; all of its output is in $log"
}

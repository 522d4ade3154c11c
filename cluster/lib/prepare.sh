# shellcheck shell=bash
# What a pipeline expects to find: its topics, its buckets and the Secret with the keys of the S3 server.

prepare() { # prepare NAME|FILE [--namespace NS] [--partitions N]
  local name="" namespace=default partitions=2
  while [ $# -gt 0 ]; do
    case $1 in
      --namespace) namespace=${2:?"--namespace needs a name"}; shift 2 ;;
      --partitions) partitions=${2:?"--partitions needs a number"}; shift 2 ;;
      -*) die "prepare knows --namespace and --partitions, not $1" ;;
      *) [ -z "$name" ] || die "prepare takes one pipeline at a time"; name=$1; shift ;;
    esac
  done
  [ -n "$name" ] || die "name the pipeline, or its file: cluster/cluster prepare NAME"
  prepare_topics_and_buckets "$name" "$partitions"
  prepare_secret "$namespace"
}

prepare_topics_and_buckets() {
  local python=$REPOSITORY/.venv/bin/python
  [ -x "$python" ] || die "the workspace is not there yet; make it with: make sync"
  AWS_ACCESS_KEY_ID=$S3_USER AWS_SECRET_ACCESS_KEY=$S3_PASSWORD "$python" "$HERE/prepare.py" "$1" "$2"
}

prepare_secret() { # prepare_secret NAMESPACE
  if ! kubectl get namespace "$1" >/dev/null 2>&1; then
    kubectl create namespace "$1" >/dev/null || die "no API server answers; start it with: cluster/cluster up"
    echo "namespace $1: created"
  fi
  local said
  said=$(kubectl create secret generic s3-client --namespace "$1" --dry-run=client -o yaml \
    "--from-literal=AWS_ACCESS_KEY_ID=$S3_USER" "--from-literal=AWS_SECRET_ACCESS_KEY=$S3_PASSWORD" |
    kubectl apply --server-side --field-manager=perennial-cluster -f -)
  echo "secret $1/s3-client: ${said##* serverside-}"
}

# shellcheck shell=bash
# What a pipeline expects to find: its topics, its buckets and a Secret each for S3 and for Kafka.

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
  prepare_namespace "$namespace"
  prepare_secret "$namespace" s3-client "--from-literal=AWS_ACCESS_KEY_ID=$S3_USER" \
    "--from-literal=AWS_SECRET_ACCESS_KEY=$S3_PASSWORD" "--from-file=$TLS/ca.crt"
  prepare_secret "$namespace" kafka-client --from-literal=security.protocol=SASL_SSL \
    --from-literal=sasl.mechanism=SCRAM-SHA-512 "--from-literal=sasl.username=$KAFKA_USER" \
    "--from-literal=sasl.password=$KAFKA_PASSWORD" "--from-file=$TLS/ca.crt"
}

prepare_topics_and_buckets() {
  local python=$REPOSITORY/.venv/bin/python
  [ -x "$python" ] || die "the workspace is not there yet; make it with: make sync"
  AWS_ACCESS_KEY_ID=$S3_USER AWS_SECRET_ACCESS_KEY=$S3_PASSWORD "$python" "$HERE/prepare.py" "$1" "$2"
}

prepare_namespace() { # prepare_namespace NAMESPACE
  ! kubectl get namespace "$1" >/dev/null 2>&1 || return 0
  kubectl create namespace "$1" >/dev/null || die "no API server answers; start it with: cluster/cluster up"
  echo "namespace $1: created"
}

prepare_secret() { # prepare_secret NAMESPACE NAME CONTENT...
  local namespace=$1 name=$2 said; shift 2
  said=$(kubectl create secret generic "$name" --namespace "$namespace" --dry-run=client -o yaml "$@" |
    kubectl apply --server-side --field-manager=perennial-cluster -f -)
  echo "secret $namespace/$name: ${said##* serverside-}"
}

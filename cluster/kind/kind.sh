# shellcheck shell=bash
# The cluster where Docker runs: kind, with the servers inside it and their ports brought out to this machine.

MACHINE=perennial-control-plane # the container that kind makes for the node
API=/etc/kubernetes/manifests/kube-apiserver.yaml # in it; the kubelet runs what lies there

# shellcheck source=../lib/tls.sh
. "$HERE/lib/tls.sh"

engine_install() {
  need_program kind "GOBIN=$BIN go install sigs.k8s.io/kind@v$KIND"
  need_program helm "GOBIN=$BIN go install helm.sh/helm/v4/cmd/helm@v$HELM"
  need_program kubectl "curl -fLo $BIN/kubectl $(kubectl_address) && chmod +x $BIN/kubectl"
}

kubectl_address() {
  local system machine
  system=$(uname -s | tr '[:upper:]' '[:lower:]')
  case $(uname -m) in x86_64) machine=amd64 ;; *) machine=arm64 ;; esac
  echo "https://dl.k8s.io/release/v$KUBERNETES/bin/$system/$machine/kubectl"
}

need_program() { # need_program NAME COMMAND-THAT-INSTALLS-IT
  command -v "$1" >/dev/null || die "$1 is missing; install it with: $2"
}

engine_up() { # Kafka or the API server alone are not quicker here, so whatever is named, all comes up
  engine_install
  if ! exists; then
    say "creating the cluster (a few minutes when its image is not here yet)"
    kind create cluster --name perennial --config "$HERE/kind/cluster.yaml" --kubeconfig "$CONFIG/kind.kubeconfig" --wait 5m
  fi
  docker start "$MACHINE" >/dev/null # it may have been stopped, by hand or by a reboot
  docker exec "$MACHINE" sh -c "[ ! -f /etc/kubernetes/kube-apiserver.yaml ] || mv /etc/kubernetes/kube-apiserver.yaml $API"
  write_kubeconfig
  within 120 kubectl get --raw /readyz || die "the API server does not answer; see: docker logs $MACHINE"
  start_servers
  kubectl wait --for=condition=Ready node --all --timeout=120s >/dev/null
  say "the cluster is up; for kubectl and helm: eval \"\$(cluster/cluster env)\""
}

exists() { kind get clusters 2>/dev/null | grep -qx perennial; }

write_kubeconfig() { # with the name of the context that it has everywhere else
  kind get kubeconfig --name perennial >"$KUBECONFIG.part"
  kubectl --kubeconfig "$KUBECONFIG.part" config rename-context kind-perennial perennial >/dev/null
  mv "$KUBECONFIG.part" "$KUBECONFIG"
}

kafka_settings() { # pods reach the Service's port, this machine the one that kind brings out
  local listeners=HOST://:19092,HOST_SASL://:19094,HOST_TLS://:19095,POD://:9092,POD_SASL://:9094,POD_TLS://:9095
  sed -e "s|@LISTENERS@|$listeners|" -e "s|@ADVERTISED@|$KAFKA_FOR_HOST,$KAFKA_FOR_PODS|" -e 's|@DATA@|/data|' -e 's|@TLS@|/tls|' "$HERE/lib/kafka.properties"
}

given() { # given KIND NAME CONTENT...: an object made of files
  kubectl create "$@" --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts -f - >/dev/null
}

start_servers() {
  need_server_certificates
  kafka_settings | given configmap kafka --from-file=kafka.properties=/dev/stdin
  given secret generic kafka-tls "--from-file=$TLS/kafka.pem" "--from-file=$TLS/ca.crt"
  given secret generic minio-tls "--from-file=$TLS/minio.pem"
  given configmap mlflow "--from-file=$HERE/mlflow.lock" "--from-literal=names=$MLFLOW_NAMES"
  kubectl apply --server-side --force-conflicts -f "$HERE/kind/servers.yaml" >/dev/null
  kubectl rollout status --timeout=10m deployment/kafka deployment/minio deployment/mlflow
}

engine_apiserver() { die "an API server of another version is built natively: PERENNIAL_ENGINE=native"; }

engine_stop() {
  local name
  for name in "$@"; do
    if [ "$name" = api ]; then stop_api; continue; fi
    kubectl scale --replicas=0 "deployment/$name" >/dev/null
    kubectl wait --for=delete pod --selector "app=$name" --timeout=60s >/dev/null
    say "$name is stopped; its data is kept"
  done
}

stop_api() { # the kubelet looks there every 20 seconds
  docker exec "$MACHINE" mv "$API" /etc/kubernetes/
  within 60 api_is_gone || die "the API server still answers"
  say "api is stopped; its data is kept"
}

api_is_gone() { ! kubectl get --raw /livez; }

engine_down() {
  need_program kind "GOBIN=$BIN go install sigs.k8s.io/kind@v$KIND"
  kind delete cluster --name perennial --kubeconfig "$CONFIG/kind.kubeconfig"
  say "the cluster is down, its data deleted"
}

engine_status() {
  exists || { say "there is no cluster"; return; }
  kubectl get nodes,pods --all-namespaces
}

engine_ready_for_images() { exists || die "images need the cluster; start it with: cluster/cluster up"; }

engine_build_image() { docker build --tag "$1" --file "$2" "$3"; } # engine_build_image TAG DOCKERFILE CONTEXT

engine_ready_to_build() { docker info >/dev/null || die "Docker does not answer"; }

engine_push_image() { # engine_push_image TAG TARGET DIGEST-FILE
  docker tag "$1" "$2"
  docker push "$2"
  docker inspect --format '{{index .RepoDigests 0}}' "$2" | sed 's/.*@//' >"$3"
}

engine_load_image() { kind load docker-image "$1" --name perennial; } # kind itself skips an image that the node has

# shellcheck shell=bash
# The cluster without a container engine: every server is a plain process of this machine.

NODE=perennial
GATEWAY=10.244.0.1 # the bridge of the pods; node and servers answer there, whatever network the machine is in
BRIDGE=perennial0 # a name of our own: cni0 may be another cluster's
PODS=10.244.0.0/16
SERVICES=10.96.0.0/16
RUN=/run/perennial # sockets and mounts: their paths must be short, and must not outlive a reboot
SOCKET=$RUN/containerd.sock
PKI=$CACHE/pki
NATIVE=$HERE/native

# shellcheck source=../lib/process.sh
. "$HERE/lib/process.sh"
# shellcheck source=../lib/tls.sh
. "$HERE/lib/tls.sh"
# shellcheck source=packages.sh
. "$NATIVE/packages.sh"
# shellcheck source=programs.sh
. "$NATIVE/programs.sh"
# shellcheck source=certificates.sh
. "$NATIVE/certificates.sh"
# shellcheck source=settings.sh
. "$NATIVE/settings.sh"
# shellcheck source=network.sh
. "$NATIVE/network.sh"
# shellcheck source=kubernetes.sh
. "$NATIVE/kubernetes.sh"
# shellcheck source=servers.sh
. "$NATIVE/servers.sh"
# shellcheck source=clean.sh
. "$NATIVE/clean.sh"
# shellcheck source=images.sh
. "$NATIVE/images.sh"

ORDER=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy coredns minio minio-tls minio-tls-pods kafka mlflow mlflow-pods)

engine_up() {
  [ $# -gt 0 ] || set -- everything
  local component
  for component in "$@"; do need_packages "$component"; done
  need_programs "$@"
  write_settings
  for component in "$@"; do "up_$component"; done
}

up_everything() {
  need_network
  start_minio
  start_kafka # both take a few seconds, in which Kubernetes starts
  up_api
  start_mlflow
  start_node
  await_minio
  await_kafka
  await_node
  await_mlflow
  say "the cluster is up; for kubectl and helm: eval \"\$(cluster/cluster env)\""
}

up_api() { start_api; }

up_kafka() { need_network; start_kafka; await_kafka; say "Kafka answers at 127.0.0.1:9092, 9094 (SASL_SSL) and 9095 (SSL)"; }

up_minio() { need_network; start_minio; await_minio; say "MinIO answers at http://127.0.0.1:9000 and https://127.0.0.1:9443"; }

up_mlflow() { need_network; start_mlflow; await_mlflow; say "MLflow answers at $MLFLOW_ADDRESS"; }

engine_apiserver() { # engine_apiserver VERSION: prints the folder; what is on PATH stays as it is
  need_go
  compile apiserver "$1"
  echo "$BUILT/apiserver-$1"
}

engine_stop() {
  local name
  for name in "$@"; do
    stop_part "$name"
    say "$name is stopped; its data is kept"
  done
}

stop_part() { # stop_part PART: who answers goes before who does the work
  case $1 in
    api) kill_all kube-apiserver ;; # asked, it waits a minute for its watchers; etcd has what it knows
    minio) stop minio-tls; stop minio-tls-pods; stop minio ;;
    mlflow) stop mlflow-pods; stop mlflow ;;
    *) stop "$1" ;;
  esac
}

engine_status() {
  local name pid
  for name in "${ORDER[@]}"; do
    if pid=$(pid_of "$name"); then say "$name runs (pid $pid)"; else say "$name does not run"; fi
  done
  alive kube-apiserver || return 0
  kubectl get nodes,pods --all-namespaces
}

engine_install() {
  need_packages everything
  need_programs everything
  write_settings
  lock images # instead of the cluster's
  need_base_image
}

engine_ready_for_images() {
  alive containerd || die "images need the whole cluster; start it with: cluster/cluster up"
  need_base_image
}

engine_ready_to_build() {
  need_packages everything
  write_settings
  need_base_image
}

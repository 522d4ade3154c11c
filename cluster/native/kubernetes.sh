# shellcheck shell=bash
# Kubernetes itself, in the order in which its parts need each other.

ETCD_URL=http://127.0.0.1:2379

start_api() {
  start_etcd || start_over_etcd
  free_port kube-apiserver 6443
  start kube-apiserver kube-apiserver "--etcd-servers=$ETCD_URL" --secure-port=6443 "--advertise-address=$GATEWAY" \
    "--service-cluster-ip-range=$SERVICES" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --allow-privileged=true --profiling=false "--client-ca-file=$PKI/ca.crt" \
    "--tls-cert-file=$PKI/kube-apiserver.crt" "--tls-private-key-file=$PKI/kube-apiserver.key" \
    "--kubelet-certificate-authority=$PKI/ca.crt" "--kubelet-client-certificate=$PKI/kube-apiserver.crt" \
    "--kubelet-client-key=$PKI/kube-apiserver.key" --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc "--service-account-key-file=$PKI/accounts.pub" \
    "--service-account-signing-key-file=$PKI/accounts.key"
  await kube-apiserver 60 kubectl get --raw /readyz || die "the API server did not come up"
}

start_etcd() { # it may lose its last words at a power cut (no fsync): much faster, and `up` can start over
  free_port etcd 2379
  start etcd etcd "--data-dir=$DATA/etcd" "--listen-client-urls=$ETCD_URL" "--advertise-client-urls=$ETCD_URL" \
    --listen-peer-urls=http://127.0.0.1:2380 --unsafe-no-fsync --log-level=warn
  await etcd 20 curl -sf "$ETCD_URL/readyz"
}

start_over_etcd() {
  say "etcd cannot read its data any more: DELETING everything in Kubernetes (Kafka and MinIO keep theirs)"
  kill_all kube-apiserver etcd
  remove_node
  need_network
  rm -rf "$DATA/etcd"
  start_etcd || die "etcd does not start with an empty folder either"
}

start_node() { # expects an API server
  allow_way_out
  start_containerd || start_over_node
  need_pause
  start_controllers
  start kubelet kubelet "--config=$CONFIG/kubelet.yaml" "--kubeconfig=$CONFIG/kubelet.kubeconfig" \
    "--hostname-override=$NODE" "--node-ip=$GATEWAY" "--root-dir=$DATA/kubelet" "--cert-dir=$DATA/kubelet/pki"
  start kube-proxy kube-proxy "--config=$CONFIG/kube-proxy.yaml"
  kubectl apply --server-side --force-conflicts -f "$NATIVE/manifests" >/dev/null
  start coredns coredns -conf "$CONFIG/Corefile"
}

start_controllers() {
  local credentials=$CONFIG/kube-controller-manager.kubeconfig
  start kube-controller-manager kube-controller-manager "--kubeconfig=$credentials" \
    "--authentication-kubeconfig=$credentials" "--authorization-kubeconfig=$credentials" "--root-ca-file=$PKI/ca.crt" \
    "--service-account-private-key-file=$PKI/accounts.key" --use-service-account-credentials --leader-elect=false
  credentials=$CONFIG/kube-scheduler.kubeconfig
  start kube-scheduler kube-scheduler "--kubeconfig=$credentials" "--authentication-kubeconfig=$credentials" \
    "--authorization-kubeconfig=$credentials" --leader-elect=false
}

containers() { ctr --address "$SOCKET" --namespace k8s.io "$@"; }

start_containerd() {
  start containerd containerd --config "$CONFIG/containerd.toml" --log-level warn
  await containerd 20 containers images ls -q # it answers "version" even when its data is broken
}

need_pause() { # the sandbox image: one program
  local tag=localhost/perennial-pause:1
  [ -z "$(containers images ls -q "name==$tag")" ] || return 0
  buildah_here build -q --pull-never -t "$tag" -f "$NATIVE/pause/Dockerfile" "$BUILT/pause-1" >/dev/null
  import_image "$tag"
}

start_over_node() {
  say "containerd cannot read its data any more: DELETING all containers and loaded images"
  remove_node
  need_network
  start_containerd || die "containerd does not start with an empty folder either"
}

await_node() {
  local node_is_ready=(kubectl wait --for=condition=Ready "node/$NODE" --timeout=1s)
  await kubelet 60 curl -sf http://127.0.0.1:10248/healthz || die "the kubelet did not come up"
  await kubelet 60 "${node_is_ready[@]}" || die "the node did not become ready"
  await coredns 20 within 1 listens "$GATEWAY" 53 || die "the name server did not come up"
}

listens() { bash -c "exec 3<>/dev/tcp/$1/$2"; } # listens ADDRESS PORT

# shellcheck shell=bash
# Taking everything away again, whatever state it is in: no step asks a server for help, because it may be dead.

engine_down() {
  remove_node
  kill_all kafka minio minio-tls minio-tls-pods mlflow mlflow-pods kube-apiserver etcd
  delete_folder "$DATA"
  rm -rf "$PIDS"
  say "the cluster is down, its data deleted"
}

remove_node() { # ends with no container, no mount and no rule of ours; loaded images go as well
  # Nobody may start a pod again behind our back, so those who would are the first to go.
  kill_all kubelet kube-controller-manager kube-scheduler kube-proxy coredns containerd
  if ! is_root || [ "$(owner)" != "$CACHE" ]; then return 0; fi
  kill_pods
  remove_pod_namespaces
  delete_folder "$DATA/kubelet" "$DATA/containerd" "$DATA/containerd-opt" "$DATA/addresses" "$DATA/pod-logs" "$RUN"
  # The kubelet links its logs there, wherever they are.
  find /var/log/containers -lname "$DATA/*" -delete 2>/dev/null || true
  remove_network
}

kill_pods() { # each pod has a shim, known by the socket on its command line; the pod's processes are its children
  local shims=() shim
  mapfile -t shims < <(our_shims || true)
  for shim in "${shims[@]}"; do
    pkill -9 --parent "$shim" || true # a container's first process takes the others with it
    kill -9 "$shim" 2>/dev/null || true
  done
  [ ${#shims[@]} -eq 0 ] || within 5 no_shims || true
  find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true
}

our_shims() { pgrep -f "^[^ ]*containerd-shim-runc-v2 .*-address $SOCKET"; }

no_shims() { ! our_shims; }

delete_folder() { # delete_folder PATH...: what is mounted there is let go first, never deleted through
  local folder mounted
  for folder in "$@"; do
    while read -r mounted; do umount -l "$mounted"; done < <(mounts_at "$folder")
    rm -rf --one-file-system "$folder"
  done
}

mounts_at() { # and below it, innermost first; the kubelet, for one, mounts its folder upon itself
  awk -v at="$1" '$5 == at || index($5, at "/") == 1 {print $5}' /proc/self/mountinfo | sort -r
}

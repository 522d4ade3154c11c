# shellcheck shell=bash
# The servers' files, written anew at every `up` from the templates beside this file.

write_settings() {
  need_certificates
  mkdir -p "$CONFIG/cni" "$DATA" "$PIDS"
  local user
  for user in kube-controller-manager kube-scheduler kubelet kube-proxy coredns; do
    USER_NAME=$user render kubeconfig.yaml "$CONFIG/$user.kubeconfig"
  done
  USER_NAME="admin" render kubeconfig.yaml "$KUBECONFIG"
  render containerd.toml "$CONFIG/containerd.toml"
  render cni.conflist "$CONFIG/cni/10-perennial.conflist"
  render kubelet.yaml "$CONFIG/kubelet.yaml"
  render kube-proxy.yaml "$CONFIG/kube-proxy.yaml"
  render Corefile "$CONFIG/Corefile"
  LISTENERS="HOST://127.0.0.1:9092,POD://$GATEWAY:9094,CONTROLLER://127.0.0.1:9093" \
    render ../../lib/kafka.properties "$CONFIG/kafka.properties"
  render storage.conf "$CONFIG/storage.conf"
  cp "$NATIVE/templates/registries.conf" "$CONFIG/registries.conf"
}

render() { # render TEMPLATE FILE: @NAME@ becomes the value of NAME; a reader never sees half a file
  local text name
  text=$(<"$NATIVE/templates/$1")
  for name in BRIDGE CONFIG DATA GATEWAY NODE PKI PODS RUN SOCKET LISTENERS USER_NAME CACHE; do
    text=${text//@$name@/"${!name:-}"} # quoted, or bash 5.2 reads an & in a path as the text it replaces
  done
  printf '%s\n' "$text" >"$2.$$"
  chmod 600 "$2.$$"
  mv "$2.$$" "$2"
}

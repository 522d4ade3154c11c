# shellcheck shell=bash
# The servers' files, written anew at every `up` from the templates beside this file.

write_settings() {
  need_certificates
  need_server_certificates
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
  # No two listeners may have the same port, not even at different addresses.
  local listeners="HOST://127.0.0.1:9092,HOST_SASL://127.0.0.1:9094,HOST_TLS://127.0.0.1:9095" advertised=$KAFKA_FOR_HOST
  if is_root; then
    listeners+=",POD://$GATEWAY:19092,POD_SASL://$GATEWAY:19094,POD_TLS://$GATEWAY:19095"
    advertised+=",$KAFKA_FOR_PODS"
  fi
  LISTENERS=$listeners ADVERTISED=$advertised render ../../lib/kafka.properties "$CONFIG/kafka.properties"
  render storage.conf "$CONFIG/storage.conf"
  cp "$NATIVE/templates/registries.conf" "$CONFIG/registries.conf"
}

render() { # render TEMPLATE FILE: @NAME@ becomes the value of NAME; a reader never sees half a file
  local text name
  text=$(<"$NATIVE/templates/$1")
  for name in BRIDGE CONFIG DATA GATEWAY NODE PKI PODS RUN SOCKET TLS LISTENERS ADVERTISED USER_NAME CACHE; do
    text=${text//@$name@/"${!name:-}"} # quoted, or bash 5.2 reads an & in a path as the text it replaces
  done
  printf '%s\n' "$text" >"$2.$$"
  chmod 600 "$2.$$"
  mv "$2.$$" "$2"
}

# shellcheck shell=bash
# The pods' network: one bridge, one rule for the way out, and what CNI and kube-proxy add while pods run.

CNI_NOTES=/var/lib/cni/results # CNI writes there whatever its settings say
WAY_OUT=(POSTROUTING -s "$PODS" ! -d "$PODS" -m comment --comment perennial -j MASQUERADE)

owner() { cat "$RUN/owner" 2>/dev/null || echo "$CACHE"; } # the state folder whose cluster has the network; nobody: ours

claim_machine() { # a second cluster, with another state folder, would have the same addresses
  [ "$(owner)" = "$CACHE" ] || die "another cluster runs here; first: PERENNIAL_CACHE=$(owner) cluster/cluster down"
  mkdir -p "$RUN"
  echo "$CACHE" >"$RUN/owner"
}

need_network() { # the bridge exists before the first pod does: servers and name server listen on it; without root there are no pods
  is_root || return 0
  claim_machine
  if ! ip link show "$BRIDGE" >/dev/null 2>&1; then ip link add "$BRIDGE" type bridge; fi
  ip addr replace "$GATEWAY/24" dev "$BRIDGE"
  ip link set "$BRIDGE" up
  # Many pods watch many files. Where the kernel does not let us, its own limits have to do.
  sysctl -qw fs.inotify.max_user_instances=1024 net.ipv4.ip_forward=1 || true
}

allow_way_out() { # one rule for all pods, so that there is one to take away; CNI would make a chain for each
  iptables -t nat -C "${WAY_OUT[@]}" 2>/dev/null || iptables -t nat -A "${WAY_OUT[@]}"
}

remove_pod_namespaces() { # CNI notes each that it has made; the pods' ends of the devices vanish with them
  local note namespace pod
  for note in "$CNI_NOTES"/perennial-*-eth0; do
    [ -f "$note" ] || continue
    namespace=$(grep -o -m 1 '/var/run/netns/cni-[0-9a-f-]*' "$note" | head -n 1) || true
    if [ -e "$namespace" ]; then umount "$namespace" 2>/dev/null || true; rm -f "$namespace"; fi
    pod=${note#"$CNI_NOTES/perennial-"}
    rm -f "$note" "$CNI_NOTES/cni-loopback-${pod%-eth0}-lo"
  done
}

remove_network() {
  iptables -t nat -D "${WAY_OUT[@]}" 2>/dev/null || true
  ip link delete "$BRIDGE" 2>/dev/null || true
  [ -x "$BIN/kube-proxy" ] || return 0
  "$BIN/kube-proxy" --cleanup --config "$CONFIG/kube-proxy.yaml" >"$LOGS/kube-proxy-cleanup.log" 2>&1 || true
  local tables
  for tables in iptables ip6tables; do # the one chain that it makes and does not clean
    "$tables" -D INPUT -j KUBE-FIREWALL 2>/dev/null || true
    "$tables" -D OUTPUT -j KUBE-FIREWALL 2>/dev/null || true
    "$tables" -X KUBE-FIREWALL 2>/dev/null || true
  done
}

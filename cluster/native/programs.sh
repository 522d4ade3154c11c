# shellcheck shell=bash
# Programs built from the Go module proxy, Maven Central and the Python package index. Each lives in built/NAME-VERSION, a folder that gets
# this name only when it is complete: what an interrupted build leaves behind ends in .part and is never used.

need_programs() { # need_programs COMPONENT...: what only downloads goes on beside the compiler, of which there is one at a time
  local name version download
  DOWNLOADS=()
  trap 'kill "${DOWNLOADS[@]}" 2>/dev/null || true' EXIT
  while read -r name version; do compile "$name" "$version" & DOWNLOADS+=($!); done < <(programs_of "$@" | grep -E "$DOWNLOADED")
  while read -r name version; do compile "$name" "$version"; done < <(programs_of "$@" | grep -vE "$DOWNLOADED")
  for download in "${DOWNLOADS[@]}"; do wait "$download" || exit 1; done
  trap - EXIT
  while read -r name version; do put_on_path "$name" "$version"; done < <(programs_of "$@")
}

DOWNLOADED='^(kafka|mlflow) '

programs_of() { # programs_of COMPONENT...: lines "NAME VERSION"
  local component
  for component in "$@"; do
    case $component in
      api) printf '%s\n' "kubernetes-api $KUBERNETES" "etcd $ETCD" "helm $HELM" ;;
      kafka) echo "kafka $KAFKA" ;;
      minio) echo "minio $MINIO" ;;
      mlflow) echo "mlflow $(mlflow_version)" ;;
      everything)
        programs_of api kafka minio mlflow
        printf '%s\n' "kubernetes-node $KUBERNETES" "coredns $COREDNS" "pause 1" ;;
    esac
  done
}

put_on_path() { # put_on_path NAME VERSION
  local file
  for file in "$BUILT/$1-$2"/*; do
    if [ -f "$file" ] && [ -x "$file" ]; then ln -sfn "$file" "$BIN/${file##*/}"; fi
  done
}

compile() { # compile NAME VERSION
  local name=$1 folder=$BUILT/$1-$2 began=$SECONDS
  if [ ! -d "$folder" ]; then
    say "building $name $2 (its output: $LOGS/build-$name.log)"
    rm -rf "$folder.part"
    mkdir -p "$folder.part"
    logged "build-$name" in_folder "$folder.part" "build_${name//-/_}" "$2"
    mv "$folder.part" "$folder"
    say "  $name: $((SECONDS - began)) s"
  fi
}

go_build() { CGO_ENABLED=0 go build -trimpath -buildvcs=false "$@"; }

build_kubernetes() { # build_kubernetes VERSION PROGRAM...
  mkdir source
  cd source || exit
  kubernetes_module "$@"
  go_build -tags=notest,grpcnotrace,providerless -ldflags "$(kubernetes_version "$1")" -o .. tool
  cd .. || exit
  rm -r source
}

build_kubernetes_api() { build_kubernetes "$1" kube-apiserver kube-controller-manager kubectl; }

build_kubernetes_node() { build_kubernetes "$1" kube-scheduler kubelet kube-proxy; }

build_apiserver() { build_kubernetes "$1" kube-apiserver; } # of another version, for trying the operator on it

kubernetes_module() { # VERSION PROGRAM...: a module of our own, because Kubernetes points at folders of its repository: not installable as it is
  local manifest module program
  go mod init perennial.local/kubernetes
  go mod edit -go=1.26.0
  manifest=$(go mod download -json "k8s.io/kubernetes@v$1" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  sed -n 's|^\s*\(k8s.io/[a-z-]*\) => ./staging/.*|\1|p' "$manifest" >modules
  while read -r module; do # what lies in those folders is published as v0.36.4 where Kubernetes is v1.36.4
    go mod edit -replace="$module=$module@v0.${1#1.}"
  done <modules
  for program in "${@:2}"; do
    go get -tool "k8s.io/kubernetes/cmd/$program@v$1"
  done
}

kubernetes_version() { # the version that the server reports; Helm's kubeVersion check reads it
  local minor=${1#1.} package flags="-s -w"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=v$1 -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*} -X $package.gitTreeState=clean"
  done
  echo "$flags"
}

build_etcd() { # its go.mod has replace lines, which `go install` refuses
  mkdir source
  cd source || exit
  go mod init perennial.local/etcd
  go get -tool "go.etcd.io/etcd/server/v3@v$1"
  go_build -ldflags "-s -w" -o ../etcd go.etcd.io/etcd/server/v3
  cd .. || exit
  rm -r source
}

go_install() { CGO_ENABLED=0 GOBIN=$PWD go install -trimpath -ldflags "-s -w" "$@"; }

build_minio() { go_install "github.com/minio/minio@$1"; }

build_coredns() { go_install -tags grpcnotrace "github.com/coredns/coredns@v$1"; }

build_helm() { go_install "helm.sh/helm/v4/cmd/helm@v$1"; }

build_pause() { go_build -ldflags "-s -w" -o pause "$NATIVE/pause/main.go"; }

build_kafka() { # the jars alone; the scripts around them are not published
  sed "s/@VERSION@/$1/" "$NATIVE/templates/kafka-pom.xml" >pom.xml
  mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars
}

mlflow_version() { sha256sum <"$HERE/mlflow.lock" | cut -c 1-8; } # of all that it is made of

build_mlflow() { # compiled now: without that every start takes ten seconds, of both cores
  local uv
  uv=$(uv_program)
  "$uv" venv --allow-existing --relocatable --python 3.11 .
  "$uv" pip install --require-hashes --compile-bytecode --python bin/python -r "$HERE/mlflow.lock"
}

uv_program() { # the workspace's own, where the machine has none
  command -v uv && return
  make --silent -C "$REPOSITORY" "CACHE=$CACHE" "$CACHE/uv/bin/uv" >&2
  echo "$CACHE/uv/bin/uv"
}

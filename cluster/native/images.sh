# shellcheck shell=bash
# Images without an engine and without a registry: buildah builds them, containerd imports them.

BASE=localhost/debian:bookworm-slim # what `FROM debian:bookworm-slim` finds, by the alias in registries.conf
TRUSTED=/etc/ssl/certs/ca-certificates.crt

buildah_here() { # with a store and a list of names of our own
  CONTAINERS_STORAGE_CONF=$CONFIG/storage.conf CONTAINERS_REGISTRIES_CONF=$CONFIG/registries.conf \
    BUILDAH_ISOLATION=chroot buildah "$@"
}

need_base_image() { # a stand-in for the published image: the same Debian, put together here
  ! buildah_here inspect --type image "$BASE" >/dev/null 2>&1 || return 0
  say "building the base image (a minute, once)"
  local work=$CACHE/base.part
  delete_folder "$work"
  mkdir -p "$work"
  logged base-image in_folder "$work" make_base_image
  delete_folder "$work"
}

make_base_image() {
  debootstrap --variant=minbase --include=ca-certificates bookworm root
  rm -rf root/var/cache/apt/archives/*.deb root/var/lib/apt/lists/*
  tar -C root -cf root.tar .
  printf '%s\n' 'FROM scratch' 'ADD root.tar /' 'CMD ["bash"]' \
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' >Dockerfile
  buildah_here build --pull-never -t "$BASE" -f Dockerfile .
}

engine_build_image() { # engine_build_image TAG DOCKERFILE CONTEXT
  # Behind a proxy that signs for others, pip and apt in the build must trust what this machine trusts.
  buildah_here build --pull-never --layers --format docker --volume "$TRUSTED:$TRUSTED:ro" -t "$1" -f "$2" "$3"
}

engine_push_image() { # engine_push_image TAG TARGET DIGEST-FILE: with the credentials of `buildah login` or `docker login`
  local tls=true
  case ${2%%/*} in 127.0.0.1:* | localhost:*) tls=false ;; esac
  buildah_here push "--tls-verify=$tls" --digestfile "$3" "$1" "docker://$2"
}

engine_load_image() { # engine_load_image TAG
  local id began=$SECONDS
  id=$(buildah_here inspect --type image --format '{{.FromImageID}}' "$1")
  if is_loaded "$1" "$id"; then
    say "$1: was loaded already"
    return
  fi
  import_image "$1"
  # containerd notes the id by itself, but later, and not at all when the tag was there before.
  containers images tag --force "$1" "sha256:$id" >/dev/null
  say "$1: loaded in $((SECONDS - began)) s"
}

import_image() { # import_image TAG
  local archive=${1##*/}
  archive=$CACHE/${archive%:*}.part # a colon would end the path
  rm -f "$archive"
  logged push buildah_here push -q "$1" "docker-archive:$archive:$1"
  logged import containers images import "$archive"
  rm -f "$archive"
}

is_loaded() { # is_loaded TAG ID: the kubelet's own name for an image is its id; both must mean the same content
  containers images ls "name==$1" "name==sha256:$2" |
    awk -v tag="$1" -v id="sha256:$2" '{at[$1] = $3} END {exit !(at[tag] != "" && at[tag] == at[id])}'
}

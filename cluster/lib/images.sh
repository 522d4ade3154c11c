# shellcheck shell=bash
# The project's own images: built from the Dockerfiles in the tree, put where the node finds them.

IMAGES=(operator predictor recorder trainer)

image_tag() { echo "localhost/perennial-$1:dev"; }

dockerfile() { # dockerfile NAME
  if [ "$1" = operator ]; then echo "$REPOSITORY/operator/Dockerfile"; else echo "$REPOSITORY/images/$1/Dockerfile"; fi
}

images() { # images [NAME...]: all four by default
  local name
  [ $# -gt 0 ] || set -- "${IMAGES[@]}"
  engine_ready_for_images
  for name in "$@"; do
    build_image "$name"
    engine_load_image "$(image_tag "$name")"
  done
}

build_image() { # build_image NAME
  local began=$SECONDS
  logged "image-$1" engine_build_image "$(image_tag "$1")" "$(dockerfile "$1")" "$REPOSITORY"
  say "$(image_tag "$1"): built in $((SECONDS - began)) s"
}

push() { # push REGISTRY [TAG]: to REGISTRY/perennial-NAME:TAG; prints the chart's values that name what was pushed
  local name repository digest values=$CACHE/push.part
  engine_ready_to_build
  echo "images:" >"$values"
  for name in "${IMAGES[@]}"; do
    repository=${1%/}/perennial-$name
    build_image "$name"
    logged "push-$name" engine_push_image "$(image_tag "$name")" "$repository:${2:-dev}" "$values.digest"
    digest=$(<"$values.digest")
    say "$repository:${2:-dev}: pushed"
    printf '  %s:\n    repository: %s\n    digest: %s\n' "$name" "$repository" "$digest" >>"$values"
  done
  cat "$values"
  rm -f "$values" "$values.digest"
}

# shellcheck shell=bash
# The project's own images: built from the Dockerfiles in the tree, put where the node finds them.

IMAGES=(operator predictor recorder trainer)

image_tag() { echo "localhost/perennial-$1:dev"; }

dockerfile() { # dockerfile NAME
  if [ "$1" = operator ]; then echo "$REPOSITORY/operator/Dockerfile"; else echo "$REPOSITORY/images/$1/Dockerfile"; fi
}

images() { # images [NAME...]: all four by default
  local name began
  [ $# -gt 0 ] || set -- "${IMAGES[@]}"
  for name in "$@"; do
    [ -f "$(dockerfile "$name")" ] || die "$(dockerfile "$name") is not there"
  done
  engine_ready_for_images
  for name in "$@"; do
    began=$SECONDS
    logged "image-$name" engine_build_image "$(image_tag "$name")" "$(dockerfile "$name")" "$REPOSITORY"
    say "$(image_tag "$name"): built in $((SECONDS - began)) s"
    engine_load_image "$(image_tag "$name")"
  done
}

# shellcheck shell=bash
# Certificates. The servers that clients connect to by TLS have an authority of their own, apart from Kubernetes': whoever
# trusts it, or is signed by it, is nobody to the API server. It outlives `down`, and so do the Secrets that name it.

need_server_certificates() { certificates_in "$TLS" make_server_certificates; }

make_server_certificates() {
  make_authority "/CN=perennial servers"
  certificate kafka /CN=kafka "$(names_of kafka)"
  certificate minio /CN=minio "$(names_of minio)"
  certificate client /CN=perennial
  local name
  for name in kafka minio; do cat "$name.key" "$name.crt" >"$name.pem"; done
}

names_of() { # names_of SERVICE: what pods of any namespace and this machine call it
  echo "DNS:$1,DNS:$1.default,DNS:$1.default.svc,DNS:$1.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1"
}

certificates_in() { # certificates_in FOLDER COMMAND: COMMAND fills it; a folder of this name is always whole
  [ ! -d "$1" ] || return 0
  rm -rf "$1.part"
  mkdir -m 700 "$1.part"
  logged "certificates-${1##*/}" in_folder "$1.part" "$2"
  mv "$1.part" "$1"
}

make_authority() { # make_authority SUBJECT
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 3650 -subj "$1" \
    -addext keyUsage=critical,keyCertSign,cRLSign
}

certificate() { # certificate NAME SUBJECT [ALTERNATIVE-NAMES]
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
  {
    printf '%s\n' extendedKeyUsage=clientAuth,serverAuth subjectKeyIdentifier=hash authorityKeyIdentifier=keyid
    [ -z "${3:-}" ] || echo "subjectAltName=$3"
  } >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -out "$1.crt" -days 3650 -extfile "$1.ext"
  rm "$1.csr" "$1.ext"
}

# shellcheck shell=bash
# Kafka, MinIO and MLflow, as processes beside the node.

start_kafka() {
  free_port kafka 9092
  # Formatting writes several files; only the stamp says that it came to its end.
  if [ ! -f "$DATA/kafka.formatted" ]; then
    rm -rf "$DATA/kafka"
    logged kafka-format java -cp "$BUILT/kafka-$KAFKA/jars/*" kafka.tools.StorageTool format --standalone \
      --cluster-id "$(openssl rand 16 | base64 | tr '+/' '-_' | cut -c 1-22)" --config "$CONFIG/kafka.properties" \
      --add-scram "SCRAM-SHA-512=[name=$KAFKA_USER,password=$KAFKA_PASSWORD]"
    touch "$DATA/kafka.formatted"
  fi
  start kafka java -Xms128m -Xmx384m -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -cp "$BUILT/kafka-$KAFKA/jars/*" kafka.Kafka "$CONFIG/kafka.properties"
}

await_kafka() { await kafka 60 listens 127.0.0.1 9092 || die "Kafka did not come up"; }

start_minio() { # given the bridge's address it also listens on 127.0.0.1, and nowhere else
  local address=127.0.0.1
  if is_root; then address=$GATEWAY; fi
  free_port minio 9000
  start minio env "MINIO_ROOT_USER=$S3_USER" "MINIO_ROOT_PASSWORD=$S3_PASSWORD" MINIO_BROWSER=off \
    minio server "$DATA/minio" --address "$address:9000" --quiet
  alive minio-tls-pods || free_port minio-tls 9443
  start_minio_tls minio-tls 127.0.0.1
  ! is_root || start_minio_tls minio-tls-pods "$GATEWAY"
}

start_minio_tls() { # start_minio_tls NAME ADDRESS: MinIO speaks http or https; so that both reach the same data, this stands before it
  start "$1" socat "OPENSSL-LISTEN:9443,bind=$2,fork,reuseaddr,nodelay,cert=$TLS/minio.pem,verify=0" "TCP:$2:9000,nodelay"
}

await_minio() {
  await minio 30 curl -sf http://127.0.0.1:9000/minio/health/live || die "MinIO did not come up"
  await minio-tls 10 listens 127.0.0.1 9443 || die "MinIO's TLS did not come up"
}

start_mlflow() { # as `mlflow server` ends by doing: that takes twice the memory, and its child outlives a kill
  free_port mlflow 5000
  mkdir -p "$DATA/mlflow"
  start mlflow env MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
    "MLFLOW_SERVER_ALLOWED_HOSTS=$MLFLOW_NAMES" _MLFLOW_SGI_NAME=uvicorn \
    "_MLFLOW_SERVER_FILE_STORE=sqlite:///$DATA/mlflow/mlflow.db" _MLFLOW_SERVER_SERVE_ARTIFACTS=true \
    _MLFLOW_SERVER_ARTIFACT_ROOT=mlflow-artifacts:/ "_MLFLOW_SERVER_ARTIFACT_DESTINATION=$DATA/mlflow/artifacts" \
    "$BUILT/mlflow-$(mlflow_version)/bin/python" -m uvicorn --host 127.0.0.1 --port 5000 --no-access-log mlflow.server.fastapi_app:app
  ! is_root || start mlflow-pods socat "TCP-LISTEN:5000,bind=$GATEWAY,fork,reuseaddr,nodelay" TCP:127.0.0.1:5000,nodelay
}

await_mlflow() { await mlflow 60 curl -sf http://127.0.0.1:5000/health || die "MLflow did not come up"; }

# shellcheck shell=bash
# Kafka and MinIO, as processes beside the node.

start_kafka() {
  free_port kafka 9092
  # Formatting writes several files; only the stamp says that it came to its end.
  if [ ! -f "$DATA/kafka.formatted" ]; then
    rm -rf "$DATA/kafka"
    logged kafka-format java -cp "$BUILT/kafka-$KAFKA/jars/*" kafka.tools.StorageTool format --standalone \
      --cluster-id "$(openssl rand 16 | base64 | tr '+/' '-_' | cut -c 1-22)" --config "$CONFIG/kafka.properties"
    touch "$DATA/kafka.formatted"
  fi
  start kafka java -Xms128m -Xmx384m -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -cp "$BUILT/kafka-$KAFKA/jars/*" kafka.Kafka "$CONFIG/kafka.properties"
}

await_kafka() { await kafka 60 listens 127.0.0.1 9092 || die "Kafka did not come up"; }

start_minio() { # given the bridge's address it also listens on 127.0.0.1, and nowhere else
  free_port minio 9000
  start minio env "MINIO_ROOT_USER=$S3_USER" "MINIO_ROOT_PASSWORD=$S3_PASSWORD" MINIO_BROWSER=off \
    minio server "$DATA/minio" --address "$GATEWAY:9000" --quiet
}

await_minio() { await minio 30 curl -sf http://127.0.0.1:9000/minio/health/live || die "MinIO did not come up"; }

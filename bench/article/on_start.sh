#!/bin/bash
set -e
mkdir -p /home/ec2-user/.sparkmagic
cat >/home/ec2-user/.sparkmagic/config.json <<'JSON'
{
  "kernel_python_credentials": {"username": "", "password": "", "url": "http://EMR_MASTER_IP:8998", "auth": "None"},
  "kernel_scala_credentials": {"username": "", "password": "", "url": "http://EMR_MASTER_IP:8998", "auth": "None"},
  "kernel_r_credentials": {"username": "", "password": "", "url": "http://EMR_MASTER_IP:8998"},
  "session_configs": {"conf": {"spark.sql.shuffle.partitions": "4"}}
}
JSON
# As it is on SageMaker, where the folder is there before.
chown -R ec2-user /home/ec2-user/.sparkmagic
curl "EMR_MASTER_IP:8998/sessions"

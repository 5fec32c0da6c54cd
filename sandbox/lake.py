"""The data lake: S3 with the demo's data, and the cluster's own credentials for it."""

import json
from dataclasses import dataclass

from sandbox import trips
from sandbox.aws.launcher import RunningAws

BUCKET = "emr-notebooks-sandbox-data"
INPUT = "trips/"
OUTPUT = "results/"
USER = "emr-ec2-instance-profile"


@dataclass(frozen=True)
class Lake:
    """Where the data is, and who may read it: what an EMR cluster's instance profile is on AWS."""

    data: str
    output: str
    access_key: str
    secret_key: str


def make_lake(aws: RunningAws, rows: list[trips.Trip]) -> Lake:
    """Make the bucket with its data, and a principal that may use this bucket alone."""
    trips.upload(aws.client("s3"), BUCKET, INPUT, rows)
    iam = aws.client("iam")
    iam.create_user(UserName=USER)
    iam.put_user_policy(UserName=USER, PolicyName="lake", PolicyDocument=json.dumps(_policy()))
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    return Lake(
        data=f"s3://{BUCKET}/{INPUT}",
        output=f"s3://{BUCKET}/{OUTPUT}",
        access_key=key["AccessKeyId"],
        secret_key=key["SecretAccessKey"],
    )


def _policy() -> dict[str, object]:
    bucket = f"arn:aws:s3:::{BUCKET}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": f"{bucket}/*",
            },
        ],
    }

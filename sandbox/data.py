"""Makes the demo's data, its place in S3, and the cluster's own credentials for it."""

import csv
import io
import json
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sandbox.aws.launcher import RunningAws

BUCKET = "emr-notebooks-sandbox-data"
INPUT = "trips/"
OUTPUT = "results/"
USER = "emr-ec2-instance-profile"

ROWS = 20_000
FILES = 4
ZONES = ("airport", "harbour", "market", "museum", "old town", "station")
SEED = 8998


@dataclass(frozen=True)
class Trip:
    """One row of the data set."""

    zone: str
    hour: int
    distance_km: float
    fare_cents: int


@dataclass(frozen=True)
class Lake:
    """Where the data is, and who may read it: what an EMR cluster's instance profile is on AWS."""

    data: str
    output: str
    access_key: str
    secret_key: str


def make_trips() -> list[Trip]:
    """The rows, the same at every call."""
    chance = random.Random(SEED)  # noqa: S311 - nothing here is a secret
    return [
        Trip(
            zone=chance.choice(ZONES),
            hour=min(23, int(chance.triangular(0, 24, 18))),
            distance_km=round(chance.expovariate(1 / 6) + 0.5, 1),
            fare_cents=chance.randrange(350, 6_000, 5),
        )
        for _ in range(ROWS)
    ]


def expected_by_zone(trips: list[Trip]) -> dict[str, tuple[int, int]]:
    """Trips and fares in cents for each zone, added up here and not by Spark."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for trip in trips:
        count, cents = found[trip.zone]
        found[trip.zone] = (count + 1, cents + trip.fare_cents)
    return dict(found)


def make_lake(aws: RunningAws, trips: list[Trip]) -> Lake:
    """Make the bucket with its data, and a principal that may use this bucket alone."""
    _upload(aws.client("s3"), trips)
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


def _upload(s3: Any, trips: list[Trip]) -> None:
    """Make the bucket and put the rows into it as CSV files."""
    s3.create_bucket(
        Bucket=BUCKET,
        CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name},
    )
    size = -(-len(trips) // FILES)
    for number in range(FILES):
        body = _csv(trips[number * size : (number + 1) * size])
        s3.put_object(Bucket=BUCKET, Key=f"{INPUT}part-{number}.csv", Body=body.encode())


def _csv(trips: list[Trip]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["zone", "hour", "distance_km", "fare_cents"])
    writer.writerows((trip.zone, trip.hour, trip.distance_km, trip.fare_cents) for trip in trips)
    return text.getvalue()


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

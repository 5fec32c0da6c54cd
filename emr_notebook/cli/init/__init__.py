"""`emr-notebook init`: writes a stage's settings from what AWS says of a cluster."""

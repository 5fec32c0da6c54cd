"""SageMaker notebooks whose PySpark kernel already runs on Spark on EMR, as an AWS CDK app."""

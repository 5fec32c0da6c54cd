"""Adds SageMaker's API for notebook instances, which ministack has not."""

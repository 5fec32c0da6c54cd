"""Refuses an update in which CloudFormation would replace a notebook that nobody gave up."""

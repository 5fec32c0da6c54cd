"""Adds to ministack's CloudFormation the resource types and rules that it lacks."""

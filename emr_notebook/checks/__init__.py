"""Checks of what is synthesized: cdk-nag's packs, and CloudFormation's limits."""

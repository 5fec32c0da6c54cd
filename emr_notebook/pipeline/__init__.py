"""Deploys continuously: a CodePipeline, and CodeBuild's checks of pull requests."""

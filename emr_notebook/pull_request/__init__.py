"""Tells a pull request's reviewers what deploying it would do.

It needs nothing but Python: it runs where nothing is installed, and where nothing of the pull
request's code may run.
"""

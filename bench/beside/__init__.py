"""Runs this project and the article's method beside each other, in one sandbox."""

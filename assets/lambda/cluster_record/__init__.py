"""Keeps the DNS record that names a followed EMR cluster true."""

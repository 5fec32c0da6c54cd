"""Checks who reaches whom: subnets, routes, endpoints and security groups."""

"""Looks an EMR cluster's Livy endpoint up when a stack is deployed."""

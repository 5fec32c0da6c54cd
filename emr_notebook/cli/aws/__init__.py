"""Reads AWS: the commands' one seam, and what is read through it."""

"""Does what the Makefile calls that is more than a line; needs nothing but the standard library."""

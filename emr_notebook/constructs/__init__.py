"""The app's constructs, a file each."""

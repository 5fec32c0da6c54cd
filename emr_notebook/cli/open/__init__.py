"""`emr-notebook open`: opens a notebook in the browser, and starts it where it is asked to."""

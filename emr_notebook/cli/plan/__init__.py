"""Says what the next deploy does: `emr-notebook plan`."""

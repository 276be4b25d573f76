"""Images fitted for upload, and clips verified after download."""

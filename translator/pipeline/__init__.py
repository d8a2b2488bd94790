"""From the segments of files to what is put in their places; how the batch command works."""

"""The batch command on several machines: an input in parts, each of which stands alone."""

"""The HTML page that puts what was measured beside the published numbers."""

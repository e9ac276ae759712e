"""The built pages in a real browser: what a reader sees, hears and can do."""

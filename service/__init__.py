"""What serves people: settings, engines by name, the pipeline, pages and the API."""

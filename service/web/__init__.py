"""Pages and the API: validate, call the pipeline, serialise."""

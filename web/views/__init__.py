"""Results as HTML for the page: what a person sees, in their language. Everything that comes from a file is escaped."""

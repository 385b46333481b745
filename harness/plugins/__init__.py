"""Names and specifications to plugins, and what their results depend on."""

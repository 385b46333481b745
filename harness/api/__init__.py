"""What `import harness`, the command line and the pytest plugin do, each once."""

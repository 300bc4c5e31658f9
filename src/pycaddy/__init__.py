"""A Project is a folder, a Session is a run: nothing to host, nothing lost, nothing run twice."""

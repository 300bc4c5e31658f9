"""A Project is a folder, a Session is a run."""

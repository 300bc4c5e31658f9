"""The promises of a store by subject: a module each, with a class of tests."""

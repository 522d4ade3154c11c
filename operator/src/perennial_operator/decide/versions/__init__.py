"""Decisions about versions: which one serves, how it is rolled out, approved or taken back."""

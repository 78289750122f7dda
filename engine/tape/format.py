"""The version of a trace's JSON form, for those who read the form and no more."""

FORMAT = 1
"""It changes when a reader of the old form would misread the new one."""

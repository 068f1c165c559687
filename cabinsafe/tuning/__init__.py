"""Thresholds found on labelled rides, within a budget of false alarms."""

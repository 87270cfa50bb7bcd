"""Probes and error pages."""

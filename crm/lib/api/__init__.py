"""What every resource of the API shares, whatever it is about."""

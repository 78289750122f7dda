"""What every room stands on: files written whole or not at all, numbers as printed, addresses, mistakes."""

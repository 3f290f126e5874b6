"""What can be asked: a frozen model a route, and the windows and slices that they name."""

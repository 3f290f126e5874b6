"""From a row, under whatever names, to a listen or to the reason why it's none."""

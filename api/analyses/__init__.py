"""What is made of merged charts: ranks, pages, habits, comparisons, searches."""

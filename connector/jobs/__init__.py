"""Work that starts by itself: schedule files, the built-in scheduler, the distributed queue."""

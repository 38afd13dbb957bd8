"""Where results outlive Redis: objects by content."""

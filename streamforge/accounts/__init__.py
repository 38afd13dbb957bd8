"""Who may ask for what: API keys, and what is signed for those who hold one."""

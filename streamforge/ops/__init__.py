"""What operators see: logs, metrics, health, systemd notifications."""

"""Who runs jobs: worker, executor, context, process-pool rack, services and their supervisor."""

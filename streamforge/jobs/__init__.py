"""What a job is: its model, states, outcomes, events and how they are stored."""

"""What can be seen of a hub while it works: metrics, traces, objectives and alarms. No person appears in any of it."""

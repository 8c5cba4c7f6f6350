"""The trainer's side: client, session, ledger, tickets and the reward stream."""

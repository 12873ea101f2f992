"""What the doctor sees of a script that knows nothing of it: patches, a tape of calls, and the facts they leave."""

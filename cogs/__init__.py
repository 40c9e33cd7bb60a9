"""What a person may type or press: each command is parsed, handed to one service, and its answer shown."""

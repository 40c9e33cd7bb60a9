"""What happens: a command is admitted, sent, settled and delivered, each step a row before it and a row after it."""

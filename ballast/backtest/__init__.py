"""The one engine that plays a history to the keeper and the model, with nothing known before its time."""

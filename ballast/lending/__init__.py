"""Whether moving between lending markets pays: the allocator on published rates, chosen on the past only."""

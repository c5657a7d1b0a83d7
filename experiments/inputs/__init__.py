"""What studies read: scenarios, plans, designs, the posterior, municipalities and observed data."""

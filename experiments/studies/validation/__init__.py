"""The model beside data: the baseline, another trial, another country, a register extract."""

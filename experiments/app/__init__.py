"""The page of ``desist serve``: the trial, two lives, the coordinator and the whole country, in Danish and English."""

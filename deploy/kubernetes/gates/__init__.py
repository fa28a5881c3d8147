"""The gates of the chart: each takes what was rendered and says what is not as it should be, one finding a line."""

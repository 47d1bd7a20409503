"""An interface's excess over its bulk, and what is made of it: coarse laws, fits, error bars."""

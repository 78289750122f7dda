"""What a printed expression gives: its tree, worked out in 50-digit decimals or in intervals of them."""

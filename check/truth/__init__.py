"""What is right, by the trace alone: every step worked again to 50 digits, and what the symbols stand for."""

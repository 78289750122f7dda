"""Built pages as a reader sees them: HTML, and formulas from MathML or TeX through tokens into trees."""

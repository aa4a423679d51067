"""What customers can call: login, opening step by step, and what concerns their data."""

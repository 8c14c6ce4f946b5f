"""What a person takes away: tables and reports in xlsx, csv, html and json."""

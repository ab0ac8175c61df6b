"""What people read and type: options, tables, drawings, pages, cards."""

"""The book to take along: the notebooks in one archive, a PDF and an ePub, made of the built site."""

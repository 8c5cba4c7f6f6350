"""Labelled pairs written by program: equivalent forms by kind of the taxonomy, and wrong answers that are near."""

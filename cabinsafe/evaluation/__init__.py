"""How good the library is on labelled data: accuracy beside speed, as numbers and as pictures.

What is measured is the library as it runs: letterbox, engine, decoder. Matching and average precision are
pycocotools', which is imported when something is measured.
"""

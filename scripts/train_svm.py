#!/usr/bin/env python3
"""Train the unsafe-sitting classifier: the same as ``cabinsafe train svm``, with the same arguments."""

import sys

from cabinsafe.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["train", "svm"]
    main()

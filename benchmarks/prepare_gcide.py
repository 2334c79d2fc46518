#!/usr/bin/env python3
"""Makes the corpus of `words` (docs/word2vec.md) out of Debian's package dict-gcide, the GNU dictionary of English:
one paragraph a line, lower case, letters only; about 5.2 million words.

    apt-get install dict-gcide
    python3 benchmarks/prepare_gcide.py gcide.txt
"""
import gzip
import re
import sys

SOURCE = "/usr/share/dictd/gcide.dict.dz"

with gzip.open(SOURCE, "rt", encoding="utf-8", errors="replace") as dictionary:
    text = dictionary.read()
text = re.sub(r"\[(1913 Webster|PJC|WordNet 1\.5|GG)[^\]]*\]", " ", text)  # who wrote an entry
count = 0
with open(sys.argv[1], "w", encoding="utf-8") as out:
    for paragraph in re.split(r"\n\s*\n", text):
        words = re.findall(r"[a-z]+", paragraph.lower())
        if len(words) > 1:
            out.write(" ".join(words) + "\n")
            count += len(words)
print(count, "words")

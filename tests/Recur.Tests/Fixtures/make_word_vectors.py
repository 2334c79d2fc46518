"""Writes word_vectors.json: gensim's files and answers for a few vectors, and numpy's principal components.

/usr/bin/python3 make_word_vectors.py   (gensim 4)
"""

import base64
import json
import os
import tempfile

import gensim
import numpy as np
from gensim.models import KeyedVectors

words = ["the", "König", "queen", "Queen", "man", "woman", "Paris", "France", "Rome", "Italy", "東京", "naïve", "a-b",
         "x_y", "10", "0.5", "tiny", "huge", "one"]
size = 7
rng = np.random.default_rng(5)
vectors = rng.normal(0, 0.3, (len(words), size)).astype(np.float32)
vectors[words.index("queen")] = (vectors[1] - vectors[4] + vectors[5]) * np.float32(1.7)
vectors[words.index("Italy")] = vectors[7] - vectors[6] + vectors[8] + rng.normal(0, 0.02, size).astype(np.float32)
vectors[words.index("tiny")] = np.float32(1e-5) * np.array([1, -2, 3.3333333, 1e-3, 1e-30, 0.12345678, 9.999999], np.float32)
vectors[words.index("huge")] = np.array([1e15, 1e16, 1.5e17, -123456.789, 16777216, 0.00012345, 3e-39], np.float32)
kv = KeyedVectors(size)
kv.add_vectors(words, vectors)

pairs = "# a comment\n" + "".join(f"{a}\t{b}\t{s}\n" for a, b, s in [
    ("man", "woman", 8.5), ("KÖNIG", "Queen", 8.5), ("Paris", "France", 7.0), ("Rome", "one", 1.25), ("the", "x_y", 0.5),
    ("nobody", "man", 3.0), ("10", "one", 2.0)])
questions = """: family
man König woman queen
woman queen man König
man woman nobody König
: capitals
Paris France Rome Italy
france paris italy rome
Rome Italy 10 0.5
"""
with tempfile.TemporaryDirectory() as folder:
    def path(name):
        return os.path.join(folder, name)

    def content(name):
        with open(path(name), "rb") as f:
            return base64.b64encode(f.read()).decode()

    kv.save_word2vec_format(path("v.txt"), binary=False)
    kv.save_word2vec_format(path("v.bin"), binary=True)
    for name, text in ("pairs", pairs), ("questions", questions):
        with open(path(name), "w", encoding="utf8") as f:
            f.write(text)
    score = {}
    for dummy in False, True:
        pearson, spearman, unknown = kv.evaluate_word_pairs(path("pairs"), dummy4unknown=dummy)
        _, sections = kv.evaluate_word_analogies(path("questions"), dummy4unknown=dummy)
        score["dummy" if dummy else "usual"] = {
            "pearson": float(pearson[0]), "spearman": float(spearman[0]), "unknown": float(unknown) / 100,
            "sections": [[s["section"], len(s["correct"]), len(s["correct"]) + len(s["incorrect"])] for s in sections]}
    some = ["man", "woman", "Paris", "France", "Rome", "Italy", "queen", "one", "the"]
    x = np.array([kv[w] for w in some], np.float64)
    x -= x.mean(0)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    fixture = {
        "gensim": gensim.__version__, "words": words, "size": size, "values": vectors.ravel().tolist(),
        "text": content("v.txt"), "binary": content("v.bin"), "pairs": pairs, "questions": questions, "score": score,
        "similarity": [[a, b, float(kv.similarity(a, b))] for a, b in
                       [("man", "woman"), ("queen", "König"), ("huge", "one"), ("tiny", "10"), ("man", "man")]],
        "most_similar": [{"positive": p, "negative": n, "restrict": r,
                          "answer": [[w, float(f)] for w, f in kv.most_similar(p, n, topn=4, restrict_vocab=r)]}
                         for p, n, r in [(["man"], [], None), (["König", "woman"], ["man"], None),
                                         (["Rome", "France"], ["Paris"], None), ([], ["one", "the"], None),
                                         (["Paris"], [], 8)]],
        "doesnt_match": [[ws, kv.doesnt_match(ws)] for ws in
                         [["man", "woman", "queen", "Rome"], ["Paris", "Rome", "Italy", "France", "10"]]],
        "rank": [[a, b, int(kv.rank(a, b))] for a, b in [("man", "woman"), ("Paris", "Rome"), ("one", "the")]],
        "distances": kv.distances("Rome").tolist(),
        "pca_words": some, "pca": (u * s)[:, :2].tolist(), "pca_shares": (s ** 2 / (s ** 2).sum())[:2].tolist(),
    }
with open(os.path.join(os.path.dirname(__file__), "word_vectors.json"), "w") as f:
    json.dump(fixture, f)

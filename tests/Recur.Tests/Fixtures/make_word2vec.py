# gensim's phrases and sub-sampling: word2vec.json. Run with a Python that has gensim 4.
import json
import os
import random

from gensim.models import Word2Vec
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phrases

random.seed(7)
words = ["new", "york", "bank", "of", "america", "the", "and", "tree", "graph", "minor", "a", "user", "system"]
sentences = []
for i in range(120):
    s = []
    for _ in range(random.randint(1, 6)):
        s += random.choice([["new", "york"], ["bank", "of", "america"], ["bank", "of", "the", "america"], [random.choice(words)],
                            [random.choice(words), random.choice(words)]])
    sentences.append(s)

cases = []
for options in [dict(min_count=5, threshold=0.3), dict(min_count=1, threshold=0.1),
                dict(min_count=2, threshold=0.3, scoring="npmi"),
                dict(min_count=2, threshold=0.2, connector_words=ENGLISH_CONNECTOR_WORDS, delimiter="+"),
                dict(min_count=1, threshold=0.05, max_vocab_size=40)]:
    p = Phrases(sentences, **options)
    cases.append(dict(
        minCount=options["min_count"], threshold=options["threshold"], npmi=options.get("scoring") == "npmi",
        connectors=sorted(options.get("connector_words", [])), delimiter=options.get("delimiter", "_"),
        maxVocabSize=options.get("max_vocab_size", 40000000),
        count=len(p.vocab), found=p.find_phrases(sentences), applied=[" ".join(s) for s in p[sentences]]))

keep = []
counts = {"a": 100000, "b": 30000, "c": 5000, "d": 400, "e": 12, "f": 1}
for sample in [1e-3, 1e-5, 0.1, 0, 1, 300]:
    model = Word2Vec(vector_size=2, min_count=1, sample=sample)
    model.build_vocab_from_freq(counts)
    keep.append(dict(sample=sample, thresholds=[int(model.wv.get_vecattr(w, "sample_int")) for w in counts]))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "word2vec.json")
with open(path, "w") as out:
    json.dump(dict(sentences=[" ".join(s) for s in sentences], phrases=cases, counts=list(counts.values()), keep=keep), out,
              separators=(",", ":"))
    out.write("\n")

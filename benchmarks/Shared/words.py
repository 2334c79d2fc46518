#!/usr/bin/env python3
"""The gensim side of `words`: a child process that trains word vectors when it is told to, times itself, and scores vectors
of either side. One JSON object a line, both ways; an answer with "error" says what went wrong.

{"op": "hello"}                                     -> version, whether the compiled code is in use
{"op": "load", "corpus": FILE}                      -> words, sentences and seconds; the sentences stay in memory
{"op": "train", "options": {...}, "save": FILE}     -> seconds for vocabulary and training; options are Word2Vec's
{"op": "score", "vectors": FILE, "similar": [FILE, ...], "analogies": FILE, "restrict": N}
                                                    -> Spearman for each file of word pairs, percent of analogies solved
{"op": "ask", "vectors": FILE, "binary": B, "header": B, "rows": [N, ...]}
                                                    -> seconds to load, to find the nearest words once and for each row; the nearest
"""
import json
import struct
import sys
import time

import numpy
from gensim.models import KeyedVectors, Word2Vec, word2vec
from gensim import __version__

sentences = []


def hello(request):
    return {"version": __version__, "compiled": word2vec.FAST_VERSION >= 0}


def load(request):
    start = time.perf_counter()
    with open(request["corpus"], encoding="utf-8") as file:
        sentences[:] = [line.split() for line in file]
    seconds = time.perf_counter() - start
    return {"words": sum(map(len, sentences)), "sentences": len(sentences), "seconds": seconds}


def train(request):
    start = time.perf_counter()
    model = Word2Vec(**request["options"])
    model.build_vocab(sentences)
    built = time.perf_counter()
    model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
    done = time.perf_counter()
    if request.get("save"):
        model.wv.save_word2vec_format(request["save"], binary=True)
    return {"vocabulary": len(model.wv), "vocabulary_seconds": built - start, "seconds": done - built}


def read(path):
    """word2vec's binary format, or the file of a Recur model (safetensors)."""
    if not path.endswith(".safetensors"):
        return KeyedVectors.load_word2vec_format(path, binary=True)
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()

    def tensor(name, kind):
        begin, end = header[name]["data_offsets"]
        return numpy.frombuffer(data[begin:end], kind).reshape(header[name]["shape"])

    vectors = tensor("input", "<f4") if "input" in header else tensor("words", "<f4") + tensor("contexts", "<f4")
    result = KeyedVectors(vectors.shape[1])
    result.add_vectors(json.loads(tensor("vocabulary", "u1").tobytes())["tokens"], vectors)
    return result


def score(request):
    vectors = read(request["vectors"])
    similar = [float(vectors.evaluate_word_pairs(path)[1][0]) for path in request["similar"]]
    answer = {"similar": similar, "analogies": None}
    if request.get("analogies"):
        accuracy, _ = vectors.evaluate_word_analogies(request["analogies"], restrict_vocab=request["restrict"])
        answer["analogies"] = 100 * accuracy
    return answer


def ask(request):
    start = time.perf_counter()
    vectors = KeyedVectors.load_word2vec_format(
        request["vectors"], binary=request["binary"], no_header=not request["header"])
    loaded = time.perf_counter()
    vectors.most_similar(vectors.index_to_key[1])
    first = time.perf_counter()
    seconds, found = [], []
    for row in request["rows"]:
        begin = time.perf_counter()
        found.append(vectors.most_similar(vectors.index_to_key[row])[0][0])
        seconds.append(time.perf_counter() - begin)
    return {"load": loaded - start, "first": first - loaded, "seconds": seconds, "found": found}


OPERATIONS = {"ask": ask, "hello": hello, "load": load, "train": train, "score": score}

for line in sys.stdin:
    message = json.loads(line)
    try:
        reply = OPERATIONS[message["op"]](message)
    except Exception as e:  # the parent decides what an error means
        reply = {"error": f"{type(e).__name__}: {e}"}
    print(json.dumps(reply), flush=True)

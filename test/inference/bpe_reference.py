#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Byte-level BPE written a second time, plainly, as the reference of the tests.

    bpe_reference.py llama3|qwen2|gpt2 SEED FOLDER

trains a small vocabulary, writes it as FOLDER/tokenizer.json and, as FOLDER/cases.json, random
texts with the ids that they encode to. The patterns are matched by hand-written scanners (Python's
re knows no Unicode classes), the merging is the definition: the lowest rank first, leftmost first.
"""

import collections
import json
import pathlib
import random
import re
import sys
import unicodedata

CORPUS = """The quick brown fox jumps over the lazy dog. It's what they're used to; we'll see, I'd say.
In 1984 and 2023 there were 365 days, not 12345678 of them.  Two spaces, then\ttabs.
Über den Wolken muß die Freiheit wohl grenzenlos sein. Ça va? El niño. Привет, мир! 你好,世界。
日本語のテキスト。 안녕하세요 세계. مرحبا بالعالم. नमस्ते दुनिया. 😀😃 family: 👨‍👩‍👧.
for (int i = 0; i < n; ++i) {\r\n    sum += a[i] * b[i];\r\n}\r\n\r\n
THE END. The end of the ends; there then them these those.
""" * 2

# Pieces that are tokens although no merges lead to them: what ignore_merges is about.
UNREACHABLE = [" tokenizer", "Wolke", "zzz"]

PATTERNS = {
    "llama3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
              r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
             r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}


def letter(c):
    return unicodedata.category(c).startswith("L")


def number(c):
    return unicodedata.category(c).startswith("N")


def space(c):
    return unicodedata.category(c).startswith("Z") or c in "\t\n\v\f\r\x85"


def other(c):
    return not (space(c) or letter(c) or number(c))


def run(text, start, accepts, longest=None):
    """End of the longest run of accepted characters from `start`."""
    end = start
    while end < len(text) and accepts(text[end]) and (longest is None or end - start < longest):
        end += 1
    return end


def contraction(text, start, any_case):
    if text[start] != "'":
        return start
    for ending in ("s", "t", "re", "ve", "m", "ll", "d"):
        found = text[start + 1:start + 1 + len(ending)]
        if any_case:
            found = found.lower().replace("\u017f", "s")
        if found == ending:
            return start + 1 + len(ending)
    return start


def white(text, start):
    """A run of white space; its last character is left to what follows."""
    end = run(text, start, space)
    return end - 1 if end < len(text) and end - start > 1 else end


def next_modern(text, start, digits):
    """End of the next piece by the Llama 3 and Qwen2 patterns."""
    if (end := contraction(text, start, True)) > start:
        return end
    lead = text[start] not in "\r\n" and not letter(text[start]) and not number(text[start])
    if (end := run(text, start + lead, letter)) > start + lead:
        return end
    if (end := run(text, start, number, digits)) > start:
        return end
    begin = start + (text[start] == " ")
    if (end := run(text, begin, other)) > begin:
        return run(text, end, lambda c: c in "\r\n")
    end = run(text, start, space)
    if (newline := max(text.rfind("\r", start, end), text.rfind("\n", start, end))) >= 0:
        return newline + 1
    return white(text, start)


def next_gpt2(text, start):
    """End of the next piece by the GPT-2 pattern."""
    if (end := contraction(text, start, False)) > start:
        return end
    begin = start + (text[start] == " ")
    for accepts in (letter, number, other):
        if (end := run(text, begin, accepts)) > begin:
            return end
    return white(text, start)


def cut(text, kind):
    pieces, start = [], 0
    while start < len(text):
        end = (next_gpt2(text, start) if kind == "gpt2" else
               next_modern(text, start, 3 if kind == "llama3" else 1))
        pieces.append(text[start:end])
        start = end
    return pieces


def byte_alphabet():
    own = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in own]
    return {**{byte: chr(byte) for byte in own},
            **{byte: chr(256 + i) for i, byte in enumerate(rest)}}


ALPHABET = byte_alphabet()


def written(text):
    return "".join(ALPHABET[byte] for byte in text.encode())


def train(kind, count):
    """The `count` most frequent merges, each over what the earlier ones left."""
    words = collections.Counter(written(piece) for piece in cut(CORPUS, kind))
    words = {tuple(word): n for word, n in words.items()}
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = {tuple(replace(list(word), best)): n for word, n in words.items()}
    return merges


def replace(symbols, pair):
    i = 0
    while i + 1 < len(symbols):
        if (symbols[i], symbols[i + 1]) == pair:
            symbols[i:i + 2] = ["".join(pair)]
        i += 1
    return symbols


def merge(symbols, ranks):
    while True:
        found = [(ranks[pair], i) for i, pair in enumerate(zip(symbols, symbols[1:]))
                 if pair in ranks]
        if not found:
            return symbols
        i = min(found)[1]
        symbols[i:i + 2] = ["".join(symbols[i:i + 2])]


def tokenizer_json(kind, vocabulary, merges):
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    if kind == "gpt2":
        cutter = byte_level
    else:
        split = {"type": "Split", "pattern": {"Regex": PATTERNS[kind]}, "behavior": "Isolated",
                 "invert": False}
        cutter = {"type": "Sequence",
                  "pretokenizers": [split, {**byte_level, "use_regex": False}]}
    return {
        "version": "1.0",
        "added_tokens": [
            {"id": len(vocabulary), "content": "<|begin|>", "special": True,
             "normalized": False},
            {"id": len(vocabulary) + 2, "content": "<tool>", "special": False,
             "normalized": False},
        ],
        "normalizer": {"type": "NFC"} if kind == "qwen2" else None,
        "pre_tokenizer": cutter,
        "post_processor": None,
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "byte_fallback": False,
                  "ignore_merges": kind == "llama3", "vocab": vocabulary,
                  "merges": [list(pair) if kind == "llama3" else " ".join(pair)
                             for pair in merges]},
    }


def random_text(rng):
    fragments = ["'s", "'LL", "'\u017f", "It's", " the", "there", "Wolke", " tokenizer", "zzz", "1",
                 "22", "333", "4444", "55555", " ", "  ", "   ", "\n", "\r\n", "\r\n\r\n", "\t",
                 " \n ", "\u00a0", "\u3000", "\x85", "!", "...", " ?!", "e\u0301", "\u1100\u1161",
                 "\u212b", "日本", "안녕", "😀", "👨‍👩‍👧", "ß", "Ⅷ", "½", "٣", "<|begin|>", "<tool>",
                 "_", "\x00", "\x1c", "\u2581"]
    parts = []
    for _ in range(rng.randrange(12)):
        if rng.random() < 0.8:
            parts.append(rng.choice(fragments))
        else:
            code = rng.choice([rng.randrange(0x80), rng.randrange(0x3000), rng.randrange(0x110000)])
            if not 0xD800 <= code < 0xE000:
                parts.append(chr(code))
    return "".join(parts)


def main():
    kind, seed, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
    rng = random.Random(seed)
    merges = train(kind, 250)
    tokens = [*ALPHABET.values(), *("".join(pair) for pair in merges), *map(written, UNREACHABLE)]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    ranks = {pair: rank for rank, pair in enumerate(merges)}

    added = {"<|begin|>": len(vocabulary), "<tool>": len(vocabulary) + 2}
    cases = []
    for text in [CORPUS, "", *(random_text(rng) for _ in range(1000))]:
        ids, decoded = [], ""
        for part in re.split(r"(<\|begin\|>|<tool>)", text):
            if part in added:
                ids.append(added[part])
                decoded += "" if part == "<|begin|>" else part
                continue
            normal = unicodedata.normalize("NFC", part) if kind == "qwen2" else part
            decoded += normal
            for piece in map(written, cut(normal, kind)):
                whole = kind == "llama3" and piece in vocabulary
                ids += [vocabulary[s] for s in ([piece] if whole else merge(list(piece), ranks))]
        cases.append({"text": text, "decoded": decoded, "ids": ids})

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(kind, vocabulary, merges)))
    (folder / "cases.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares our ids with those of Hugging Face's tokenizers (PyPI: tokenizers 0.23).

    tokenizer_equality.py compare ENCODE_TEXTS [COUNT [TOKENIZER_JSON ...]]
    tokenizer_equality.py fixture tokenizer_cases.json

`compare` encodes COUNT random texts (10000 where not given) with every TOKENIZER_JSON and with small
tokenizers of all kinds that it trains itself. ENCODE_TEXTS is the program aircomp_encode_texts
(cmake --build BUILD --target aircomp_encode_texts). `fixture` writes what the tests read: the small
tokenizers, some texts, and their ids.
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

import tokenizers
from tokenizers import models, pre_tokenizers, trainers

CORPUS = """The quick brown fox jumps over the lazy dog. It's what they're used to; we'll see, I'd say.
In 1984 and 2023 there were 365 days, not 12345678 of them.  Two spaces, then\ttabs.
Über den Wolken muß die Freiheit wohl grenzenlos sein. Ça va? El niño. Привет, мир! 你好,世界。
日本語のテキスト。 안녕하세요 세계. مرحبا بالعالم. नमस्ते दुनिया. 😀😃 family: 👨‍👩‍👧. cafe\u0301
for (int i = 0; i < n; ++i) {\r\n    sum += a[i] * b[i];\r\n}\r\n\r\n
THE END. The end of the ends; there then them these those. SomeCamelCase and snake_case_names.
"""

SHORT = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = SHORT + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + REST
QWEN2 = SHORT + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + REST
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|"
          r"\s++$|\s*[\r\n]|\s+(?!\S)|\s")
CAPITALS = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
SMALL = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (CAPITALS + "*" + SMALL + "+" + SHORT + "?|" + CAPITALS + "+" + SMALL + "*" + SHORT +
         r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"
             r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"

ADDED = [
    # content, special, lstrip, rstrip, single_word, normalized
    ("<|begin|>", True, False, False, False, False),
    ("<|end|>", True, False, True, False, False),
    ("<tool>", False, False, False, False, False),
    ("<mask>", True, True, False, False, False),
    ("Wolke", False, False, False, True, True),
    ("  ", False, False, False, False, False),
    ("<|end|>x", False, False, False, False, True),
]


def split(pattern, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def byte_level(use_regex=False, add_prefix_space=False):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": True,
            "use_regex": use_regex}


def sequence(*steps, key="pretokenizers"):
    return {"type": "Sequence", key: list(steps)}


def metaspace(scheme, cuts):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cuts}


def normalizers(*steps):
    return sequence(*steps, key="normalizers")


def replaced(text, content, kind="String"):
    return {"type": "Replace", "pattern": {kind: text}, "content": content}


def bytewise(*steps, **other):
    return {"model": "bytes", "pre_tokenizer": sequence(*steps, byte_level()), **other}


DIGITS = {"type": "Digits", "individual_digits": True}

# Kinds of tokenizers: the model, and what stands around it.
KINDS = {
    "llama3": bytewise(split(LLAMA3), change={"ignore_merges": True}),
    "qwen2": bytewise(split(QWEN2), normalizer={"type": "NFC"}),
    "gpt2": {"model": "bytes", "pre_tokenizer": byte_level(True)},
    "gpt2 with a space": {"model": "bytes", "pre_tokenizer": byte_level(True, True)},
    "olmo": bytewise(split(LLAMA3, "Removed", True)),
    "phi4": bytewise(split(CL100K, "Removed", True)),
    "cl100k": bytewise(split(CL100K)),
    "o200k": bytewise(split(O200K)),
    "deepseek3": bytewise(split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK3)),
    "bloom": bytewise(split(BLOOM)),
    "smollm": {"model": "few bytes", "pre_tokenizer": sequence(DIGITS, byte_level(True))},
    "falcon": {"model": "bytes", "pre_tokenizer": sequence(
        {"type": "Punctuation", "behavior": "Contiguous"}, byte_level(True),
        {"type": "Digits", "individual_digits": False}, split("[0-9][0-9][0-9]"))},
    "merged with previous": bytewise(split(" ", "MergedWithPrevious", kind="String")),
    "merged with next": bytewise(split(r"\s", "MergedWithNext")),
    "contiguous": bytewise(split(r"\w|\b", "Contiguous")),
    "removed": bytewise(split(r"\W", "Removed")),
    "inverted": bytewise(split(r"\p{Lu}\p{Ll}*", "MergedWithNext", True)),
    "line ends": bytewise(split(r"^.|.$|\h{2}+|x{,2}y")),
    "white space": bytewise({"type": "WhitespaceSplit"}),
    "words": bytewise({"type": "Whitespace"}),
    "kc": bytewise(split(GPT2), normalizer=normalizers(
        {"type": "NFKC"}, {"type": "Lowercase"})),
    "kd": bytewise(split(GPT2), normalizer=normalizers(
        {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Strip", "strip_left": True,
                                                     "strip_right": True})),
    "d": bytewise(split(GPT2), normalizer=normalizers(
        {"type": "NFD"}, replaced(r"\s+", " ", "Regex"))),
    "llama2": {"model": "marked", "pre_tokenizer": None, "normalizer": normalizers(
        {"type": "Prepend", "prepend": "▁"}, replaced(" ", "▁"))},
    "mistral": {"model": "marked", "pre_tokenizer": metaspace("first", False)},
    "metaspace": {"model": "marked", "pre_tokenizer": metaspace("always", True)},
    "gemma": {"model": "marked", "normalizer": replaced(" ", "▁"),
              "pre_tokenizer": split(" ", "MergedWithPrevious", kind="String")},
    "unknown": {"model": "words", "pre_tokenizer": {"type": "WhitespaceSplit"}},
    "fused unknown": {"model": "words", "pre_tokenizer": {"type": "WhitespaceSplit"},
                      "change": {"fuse_unk": True}},
    "no unknown": {"model": "words", "pre_tokenizer": {"type": "WhitespaceSplit"},
                   "change": {"unk_token": None}},
    "unigram": {"model": "unigram", "pre_tokenizer": metaspace("always", True)},
    "unigram in bytes": {"model": "byte unigram", "pre_tokenizer": metaspace("never", False)},
}


def model_of(tokenizer):
    return json.loads(tokenizer.to_str())["model"]


def trained(model, pre_tokenizer, trainer):
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(CORPUS.splitlines(True) * 3, trainer)
    return model_of(tokenizer)


def with_bytes(model):
    """A model whose first tokens are the 256 bytes."""
    names = [f"<0x{byte:02X}>" for byte in range(256)]
    if isinstance(model["vocab"], list):
        model["vocab"] = [model["vocab"][0], *([name, 0.0] for name in names), *model["vocab"][1:]]
    else:
        rest = sorted(model["vocab"], key=model["vocab"].get)
        model["vocab"] = {name: i for i, name in enumerate([rest[0], *names, *rest[1:]])}
    return {**model, "byte_fallback": True}


def without_bytes(model, missing):
    """The model without some bytes and what is merged from them."""
    kept = [token for token in sorted(model["vocab"], key=model["vocab"].get)
            if not set(token) & set(missing)]
    merges = [pair for pair in model["merges"] if not set("".join(pair)) & set(missing)]
    return {**model, "vocab": {token: i for i, token in enumerate(kept)}, "merges": merges}


def train_models():
    small = {"show_progress": False}
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    in_bytes = trained(models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=False),
                       trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, **small))
    marked = trained(models.BPE(unk_token="<unk>"), pre_tokenizers.Metaspace(),
                     trainers.BpeTrainer(vocab_size=230, special_tokens=["<unk>"],
                                         limit_alphabet=70, **small))
    words = trained(models.BPE(unk_token="<unk>"), pre_tokenizers.WhitespaceSplit(),
                    trainers.BpeTrainer(vocab_size=150, special_tokens=["<unk>"],
                                        limit_alphabet=60, **small))
    unigram = trained(models.Unigram(), pre_tokenizers.Metaspace(),
                      trainers.UnigramTrainer(vocab_size=220, unk_token="<unk>",
                                              special_tokens=["<unk>"], **small))
    return {"bytes": in_bytes, "few bytes": without_bytes(in_bytes, "ĆĖÀÁõö"),
            "marked": with_bytes({**marked, "fuse_unk": True}), "words": words,
            "unigram": unigram, "byte unigram": with_bytes(json.loads(json.dumps(unigram)))}


def document(kind, trained_models):
    model = {**trained_models[kind["model"]], **kind.get("change", {})}
    next_id = len(model["vocab"])
    added = [{"id": next_id + i, "content": content, "special": special, "lstrip": lstrip,
              "rstrip": rstrip, "single_word": single_word, "normalized": normalized}
             for i, (content, special, lstrip, rstrip, single_word, normalized)
             in enumerate(ADDED)]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": kind.get("normalizer"), "pre_tokenizer": kind["pre_tokenizer"],
            "post_processor": None, "decoder": None, "model": model}


FRAGMENTS = [
    "'s", "'LL", "'\u017f", "It's", " the", "there", "Wolke", " Wolke ", "Wolken", "zzz", "1", "22",
    "333", "4444", "55555", " ", "  ", "   ", "\n", "\r\n", "\r\n\r\n", "\n\n", "\t", " \n ",
    "\u00a0", "\u3000", "\x85", "\u200b", "\u2028", "\u180e", "!", "...", " ?!", "e\u0301", "é",
    "\u1100\u1161", "\u212b", "\ufb01", "日本", "日本語の", "안녕", "😀", "👨‍👩‍👧", "ß", "İ", "Σ",
    "Ⅷ", "½", "٣", "²", "ⓐ", "_", "\x00", "\x1c", "\u2581", "▁the", "SomeCamelCase", "fooBar",
    "x += 1;", "    return a[i];", "/* c */", "//\n", "Привет", " мир", "مرحبا", "नमस्ते", "<0x41>",
    "<unk>", "THE", "ed\u0327", "xxy", "ab12", "\ufeff", "\u0e01\u0e33", "、", "।", "(", "[]", "|",
]


def random_text(rng, added):
    parts = []
    for _ in range(rng.randrange(14)):
        chance = rng.random()
        if chance < 0.7:
            parts.append(rng.choice(FRAGMENTS))
        elif chance < 0.82 and added:
            parts.append(rng.choice(added))
        elif chance < 0.9:
            parts.append(rng.choice(CORPUS.split(" ")))
        else:
            code = rng.choice([rng.randrange(0x80), rng.randrange(0x3000),
                               rng.randrange(0x20000)])
            # Of characters that are newer than a library's tables each knows something else.
            if unicodedata.category(chr(code)) not in ("Cn", "Cs"):
                parts.append(chr(code))
    return "".join(parts)


def reference(path_or_text, texts):
    """The ids of the texts. `tokenizers` leaves the post-processor out."""
    tokenizer = tokenizers.Tokenizer.from_str(path_or_text)
    return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def compare(program, name, contents, count):
    added = [token["content"] for token in json.loads(contents).get("added_tokens", [])]
    rng = random.Random(1)
    texts = [CORPUS, "", *(random_text(rng, added[:40]) for _ in range(count))]
    expected = reference(contents, texts)
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "tokenizer.json").write_text(contents)
        answer = subprocess.run([program, folder], input=json.dumps(texts), capture_output=True,
                                text=True, check=False)
    if answer.returncode != 0:
        print(f"{name}: {answer.stderr.strip()}")
        return False
    wrong = [case for case in zip(texts, json.loads(answer.stdout), expected)
             if case[1] != case[2]]
    print(f"{name}: {len(wrong)} of {len(texts)} texts differ", flush=True)
    for text, ours, theirs in sorted(wrong, key=lambda case: len(case[0]))[:3]:
        print(f"  {text!r}\n    ours   {ours}\n    theirs {theirs}")
    return not wrong


def main():
    if sys.argv[1:2] == ["fixture"]:
        return write_fixture(pathlib.Path(sys.argv[2]))
    program = sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    trained_models = train_models()
    jobs = {name: json.dumps(document(kind, trained_models)) for name, kind in KINDS.items()}
    for path in sys.argv[4:]:
        jobs[path] = pathlib.Path(path).read_text()
    equal = sum([compare(program, name, contents, count) for name, contents in jobs.items()])
    print(f"{equal} of {len(jobs)} tokenizers agree on all texts")
    return 0 if equal == len(jobs) else 1


def write_fixture(path):
    trained_models = train_models()
    rng = random.Random(2)
    texts = [CORPUS, *(random_text(rng, [token[0] for token in ADDED]) for _ in range(24))]
    cases = []
    for name, kind in KINDS.items():
        whole = document(kind, trained_models)
        ids = reference(json.dumps(whole), texts)
        cases.append({"name": name, "model": kind["model"], "change": kind.get("change", {}),
                      "normalizer": whole["normalizer"], "pre_tokenizer": whole["pre_tokenizer"],
                      "ids": ids})
    # The ids of added tokens follow those of the case's model.
    added = [{**token, "id": i} for i, token in enumerate(whole["added_tokens"])]
    path.write_text(json.dumps({"models": trained_models, "added_tokens": added, "texts": texts,
                                "cases": cases}, separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

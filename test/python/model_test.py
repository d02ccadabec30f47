#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models of the Python package beside an independent decoder in NumPy, and beside the program."""

import json
import unittest

import numpy as np

import aircomp
import support
from support import MODEL, program, reference_model


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = aircomp.Model.load(MODEL)

    def test_tell_their_sizes(self):
        config = json.loads((MODEL / "config.json").read_text(encoding="utf-8"))
        sizes = self.model.sizes
        self.assertEqual([sizes.architecture, sizes.layers, sizes.hidden_size, sizes.ffn_size, sizes.heads, sizes.kv_heads,
                          sizes.vocabulary_size, sizes.context],
                         [config["architectures"][0], *(config[key] for key in [
                             "num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads",
                             "num_key_value_heads", "vocab_size", "max_position_embeddings"])])
        self.assertEqual(sizes.sums_per_token, 2 * sizes.layers)
        self.assertEqual(self.model.path, str(MODEL))

    def test_have_the_logits_of_an_independent_decoder(self):
        ids = self.model.tokens(support.text()[:120], bos=True)
        expected = reference_model.logits(MODEL, ids.tolist())
        found = self.model.logits(ids)
        self.assertEqual(found.dtype, np.float32)
        np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())

    def test_have_the_logits_of_some_tokens_as_of_all(self):
        ids = self.model.tokens(support.text()[:200])
        all_of_them = self.model.logits(ids)
        # One row is multiplied by another kernel than many: they differ by float32's rounding.
        np.testing.assert_allclose(self.model.logits(ids, first=-1), all_of_them[-1:], atol=1e-4)
        np.testing.assert_allclose(self.model.logits(ids, first=7), all_of_them[7:], atol=1e-4)
        self.assertFalse(all_of_them.flags.owndata)

    def test_take_ids_of_any_integer_type(self):
        ids = self.model.tokens("The server")
        expected = self.model.logits(ids)
        for same in [ids.tolist(), tuple(ids.tolist()), ids.astype(np.int64), ids.astype(np.uint16),
                     np.repeat(ids, 2)[::2]]:
            np.testing.assert_array_equal(self.model.logits(same), expected)

    def test_have_the_tokens_that_the_program_has(self):
        sentence = "When a message arrives, the naïve server — 42 times — answers."
        expected = program("tokens", "--model", MODEL, "--prompt", sentence, "--bos")["tokens"]
        found = self.model.tokens(sentence, bos=True)
        self.assertEqual(found.tolist(), expected)
        self.assertEqual(self.model.text(found), sentence)
        bos = [] if self.model.bos is None else [self.model.bos]
        self.assertEqual(bos + self.model.tokens(sentence).tolist(), expected)

    def test_continue_texts_as_the_program_does(self):
        for temperature in [0.0, 0.8]:
            expected = program("generate", "--model", MODEL, "--scheme", "centralized", "--prompt", "The captain",
                               "--tokens", 12, "--temperature", temperature, "--seed", 5)
            found = self.model.generate("The captain", 12, temperature=temperature, seed=5)
            self.assertEqual(found.text, expected["text"])
            self.assertEqual(found.tokens.tolist(), expected["tokens"])
            self.assertEqual(found.new_tokens, expected["new_tokens"])

    def test_take_the_likeliest_token_each_time(self):
        found = self.model.generate("The captain", 6)
        prompt_size = len(found.tokens) - found.new_tokens
        following = self.model.logits(found.tokens)[prompt_size - 1:-1]
        self.assertEqual(following.argmax(axis=1).tolist(), found.tokens[prompt_size:].tolist())

    def test_take_ids_for_a_prompt_and_tell_each_token(self):
        told = []
        expected = self.model.generate("The captain", 6)
        prompt = expected.tokens[:len(expected.tokens) - expected.new_tokens]
        found = self.model.generate(prompt, 6, on_token=told.append)
        np.testing.assert_array_equal(found.tokens, expected.tokens)
        self.assertEqual(told, found.tokens[len(prompt):].tolist())

    def test_do_not_give_up_the_exception_of_a_callback(self):
        class Enough(Exception):
            pass

        def stop(_):
            raise Enough

        before = self.model.generate("The captain", 3)
        with self.assertRaises(Enough):
            self.model.generate("The captain", 3, on_token=stop)
        np.testing.assert_array_equal(self.model.generate("The captain", 3).tokens, before.tokens)


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = aircomp.Model.load(MODEL)

    def expect(self, message, call):
        with self.assertRaises(ValueError) as caught:
            call()
        self.assertEqual(str(caught.exception), message)

    def test_say_what_was_expected_and_found(self):
        largest = self.model.sizes.vocabulary_size - 1
        context = self.model.sizes.context
        ids = "ids: expected token ids, whole numbers in one dimension, found "
        self.expect("ids: expected at least one token id, found none", lambda: self.model.logits([]))
        self.expect(ids + "elements of float64", lambda: self.model.logits([0.5]))
        self.expect(ids + "1 x 2", lambda: self.model.logits([[1, 2]]))
        self.expect(ids + "-1", lambda: self.model.logits([1, -1]))
        self.expect(f"ids: expected token ids from 0 to {largest}, found {largest + 1}",
                    lambda: self.model.logits([largest + 1]))
        self.expect(f"ids: expected token ids from 0 to {largest}, found {largest + 1}",
                    lambda: self.model.text([largest + 1]))
        self.expect("first: expected from -2 to 1 for so many ids, found 2", lambda: self.model.logits([1, 2], first=2))
        self.expect(f"the sequence needs {context + 1} tokens, the context holds {context}",
                    lambda: self.model.logits([1] * (context + 1)))
        self.expect("max_tokens: expected at least 1, found 0", lambda: self.model.generate("The", 0))
        self.expect(f"max_tokens: expected at most {context}, the context of {context} holds no more after a prompt of 1 "
                    f"tokens, found {context + 1}", lambda: self.model.generate([1], context + 1))
        self.expect("prompt: expected at least one token id, found none", lambda: self.model.generate([]))

    def test_of_options_and_files_are_the_librarys(self):
        for call in [lambda: self.model.generate("The", temperature=-1.0), lambda: self.model.generate("The", top_p=2.0),
                     lambda: aircomp.Model.load("nowhere/at/all"), lambda: aircomp.Model.load(MODEL, threads=-1)]:
            with self.assertRaises(ValueError):
                call()


if __name__ == "__main__":
    unittest.main()

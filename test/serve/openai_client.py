#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenAI's own client against aircomp serve: openai_client.py AIRCOMP FOLDER.

Makes a virtual environment in FOLDER with the package `openai` from PyPI, once. Exits with 77, which ctest calls skipped,
where PyPI cannot be reached.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

VERSION = "3.57.0"
DEMO = pathlib.Path(__file__).resolve().parents[2] / "inference" / "models" / "demo"
TEMPLATE = ("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
            "{% if add_generation_prompt %}assistant:{% endif %}")


def environment(folder):
    """A Python that has the package; none where PyPI cannot be reached."""
    python = folder / "bin" / "python3"
    has_it = [python, "-c", f"import openai; assert openai.__version__ == '{VERSION}'"]
    if python.exists() and subprocess.run(has_it, check=False, stderr=subprocess.DEVNULL).returncode == 0:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "--timeout", "20", "--retries", "0",
           "install", f"openai=={VERSION}"]
    installed = subprocess.run(pip, check=False, capture_output=True, text=True)
    if installed.returncode == 0:
        return python
    print(f"skipped: openai {VERSION} from PyPI cannot be installed here: {installed.stderr.strip()[-300:]}")
    return None


def make_model(folder):
    """The demo model with a chat template."""
    for name in ("config.json", "model.safetensors"):
        (folder / name).symlink_to(DEMO / name)
    tokenizer = json.loads((DEMO / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["post_processor"] = None
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"bos_token": None, "eos_token": "<|end_of_text|>", "chat_template": TEMPLATE}), encoding="utf-8")


def talk(address, token):
    import openai  # of the virtual environment

    client = openai.OpenAI(base_url=f"http://{address}/v1", api_key=token, max_retries=0)
    assert [model.id for model in client.models.list()] == ["small"]

    # ---- completions ----
    ask = {"model": "small", "prompt": "The server", "max_tokens": 8, "temperature": 0}
    whole = client.completions.create(**ask, logprobs=2)
    text = whole.choices[0].text
    assert text and whole.choices[0].finish_reason == "length"
    assert whole.usage.completion_tokens == 8 and whole.usage.total_tokens == whole.usage.prompt_tokens + 8
    logprobs = whole.choices[0].logprobs
    assert "".join(logprobs.tokens) == text and len(logprobs.top_logprobs[0]) == 2
    assert all(max(top.values()) == one for top, one in zip(logprobs.top_logprobs, logprobs.token_logprobs))
    assert [text[at:at + len(token)] for at, token in zip(logprobs.text_offset, logprobs.tokens)] == logprobs.tokens
    chunks = list(client.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == text
    assert chunks[-1].usage.completion_tokens == 8 and len(chunks) > 5
    words = text.split()
    stopped = client.completions.create(**ask, stop=[" " + words[2]])
    assert stopped.choices[0].text == text[:text.index(" " + words[2])] and stopped.choices[0].finish_reason == "stop"
    assert stopped.usage.prompt_tokens_details.cached_tokens == stopped.usage.prompt_tokens - 1

    # ---- sampling ----
    def sampled(seed):
        return client.completions.create(model="small", prompt="The server", max_tokens=12, temperature=1.5,
                                         top_p=0.95, seed=seed).choices[0].text

    assert sampled(7) == sampled(7)
    assert len({sampled(seed) for seed in range(4)}) > 1

    # ---- chat ----
    messages = [{"role": "system", "content": "Brief"}, {"role": "user", "content": "What is it"}]
    ask = {"model": "small", "messages": messages, "max_tokens": 6, "temperature": 0}
    answer = client.chat.completions.create(**ask, logprobs=True, top_logprobs=3)
    content = answer.choices[0].message.content
    assert content and answer.choices[0].message.role == "assistant"
    tokens = answer.choices[0].logprobs.content
    assert b"".join(bytes(token.bytes) for token in tokens).decode() == content
    assert len(tokens[0].top_logprobs) == 3 and tokens[0].top_logprobs[0].logprob == tokens[0].logprob
    deltas = [chunk.choices[0].delta for chunk in client.chat.completions.create(**ask, stream=True)]
    assert deltas[0].role == "assistant" and "".join(delta.content or "" for delta in deltas) == content
    # The next turn begins where this one ended.
    messages += [{"role": "assistant", "content": content}, {"role": "user", "content": "And then"}]
    second = client.chat.completions.create(**ask)
    assert second.usage.prompt_tokens_details.cached_tokens >= answer.usage.prompt_tokens

    # ---- a stream that is left ----
    with client.completions.create(model="small", prompt="The", max_tokens=200, temperature=0, stream=True) as stream:
        next(iter(stream))
    assert client.completions.create(model="small", prompt="The", max_tokens=1).usage.completion_tokens == 1

    # ---- errors ----
    def refused(kind, call, **wrong):
        try:
            call(**wrong)
        except kind as error:
            return error
        raise AssertionError(f"expected {kind.__name__} for {wrong}")

    complete = client.completions.create
    error = refused(openai.BadRequestError, complete, model="small", prompt="a", temperature=3)
    assert error.param == "temperature" and error.type == "invalid_request_error" and "2.0" in error.message
    error = refused(openai.BadRequestError, complete, model="small", prompt="a", max_tokens=100000)
    assert error.code == "context_length_exceeded"
    refused(openai.NotFoundError, complete, model="large", prompt="a")
    refused(openai.BadRequestError, complete, model="small", prompt="a", extra_body={"temprature": 1})
    stranger = openai.OpenAI(base_url=client.base_url, api_key="another token", max_retries=0)
    refused(openai.AuthenticationError, stranger.completions.create, model="small", prompt="a")


def serve(aircomp, python):
    with tempfile.TemporaryDirectory(prefix="aircomp-openai-") as name:
        folder = pathlib.Path(name)
        make_model(folder)
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text("a-token-for-this-test\n", encoding="utf-8")
        address = folder / "address"
        with subprocess.Popen([aircomp, "serve", "--model", folder, "--name", "small", "--scheme", "exact", "--devices",
                               "2", "--threads", "1", "--listen", "127.0.0.1:0", "--token-file", token, "--port-file",
                               address], stderr=subprocess.PIPE, text=True) as server:
            try:
                # Its first line comes once it listens.
                line = server.stderr.readline()
                assert "serving" in line, line
                while not address.exists():
                    assert server.poll() is None
                subprocess.run([python, __file__, "--talk", address.read_text(encoding="utf-8").strip(),
                                "a-token-for-this-test"], check=True, timeout=300)
                server.terminate()
                assert server.wait(timeout=60) == 0
            finally:
                server.kill()


def main():
    python = environment(pathlib.Path(sys.argv[2]).resolve())
    if python is None:
        sys.exit(77)
    serve(sys.argv[1], python)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--talk":
        talk(*sys.argv[2:])
    elif len(sys.argv) == 3:
        main()
    else:
        sys.exit(__doc__)

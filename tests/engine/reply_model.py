"""A model that says what it is told to: each of its tokens has one successor, whatever came before.

Real weight files for a real engine. Attention and feed-forward add nothing, so the next token follows from the last one
alone; the last token of a prompt chooses which reply is written.
"""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

REPLIES = {
    "[think]": ["<think>", "false", "</think>", "True"],
    "[reason]": ["so it is true", "\nAnswer: ", "False"],
    "[negated]": ["not", " true"],
    "[endless]": ["hm ", "hm "],
    "[plain]": ["True"],
    "[general]": ["They are the same.", "\nFinal Decision: ", "Yes"],
    "[cot]": ["At first B.", "\nFinal Judgment: ", "\\boxed{A}", " - CORRECT"],
    "[judge]": ["Yes, it is close.", "\n\nFinal Judgment: ", "No"],
    "[stopped]": ["Equal", "END", "Not equal"],
}
"""Opener, and the reply to it; one that ends in a repetition goes on for ever."""


def build_reply_model(path: Path) -> Path:
    """Write the model to `path` and return it."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = _tokenizer()
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        tie_word_embeddings=False,
    )
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        seen, said = model.model.embed_tokens.weight.normal_(), model.lm_head.weight.zero_()
        for last, following in sorted(_successors()):
            ids = tokenizer.convert_tokens_to_ids([last, following])
            said[ids[1]] += seen[ids[0]]
    model.to(torch.bfloat16).save_pretrained(path)
    return path


def _successors() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for opener, reply in REPLIES.items():
        found.update(pairwise([opener, *reply]))
        if reply[-2:-1] != reply[-1:]:
            found.add((reply[-1], "<eos>"))
    assert len({last for last, _ in found}) == len(found), "a token with two successors"
    return found


def _tokenizer() -> "PreTrainedTokenizerFast":
    """Bytes, and the words of the replies: no part of a word is learnt."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={char: n for n, char in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<eos>", pad_token="<pad>")
    words = dict.fromkeys([*REPLIES, *(word for reply in REPLIES.values() for word in reply)])
    tokenizer.add_tokens([AddedToken(word, normalized=False) for word in words])
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    return tokenizer

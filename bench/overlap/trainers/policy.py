# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false
# transformers and tokenizers of the trainers' environments are only partly typed.
"""Policy model for the trainers: a tokenizer for the workload's texts and, for TRL, a random model of one layer.

Completions are replayed, so the model never writes a word; the tokenizer is used as a trainer uses its own.
"""

from pathlib import Path
from typing import Any, Final

from bench.workload import bundled, make

_TOKENS: Final = 4096
_CHAT: Final = "{% for m in messages %}<|im_start|>{{m['role']}}\n{{m['content']}}<|im_end|>\n{% endfor %}"


def make_tokenizer(path: Path) -> Any:  # noqa: ANN401 as above
    """Write a byte-level tokenizer to `path`, and return it; its text comes back as it was."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<pad>", "<eos>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = [line.rollout.completion for line in make(bundled(16, 0), 2, wall_s=1, seed=0).lines]
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=_TOKENS, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<eos>", pad_token="<pad>")  # noqa: S106
    tokenizer.chat_template = _CHAT
    tokenizer.save_pretrained(path)
    return tokenizer


def save_model(path: Path, tokenizer: Any) -> None:  # noqa: ANN401 as above
    """Write a random model for `tokenizer` beside it."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        max_position_embeddings=256,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    Qwen2ForCausalLM(config).save_pretrained(path)

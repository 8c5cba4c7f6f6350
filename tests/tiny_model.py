"""A random two-layer Qwen2 with its own tokenizer: real weights files, built offline in seconds.

Its verdicts mean nothing; that they are the same ones everywhere is what tests check. `True` and `False` (or other
verdict words) are single tokens, unless the test wants a model where they are not. The vocabulary is of the kind that
Qwen's models have: bytes, merged by frequency, and ChatML's special tokens.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast, Qwen2ForCausalLM

CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_LEAD = 12.0
"""In logits: well above the largest of 512 random ones."""
_TEXT = [
    'Return "True" if the model\'s answer is correct, otherwise return "False".',
    "<question>What is 1/2 + 1/2?</question> <ground_truth_answer>1</ground_truth_answer>",
    "<model_answer>\\frac{2}{2}</model_answer> True False The answer is \\boxed{1}.",
]


def build_tiny_model(
    path: Path, *, has_words: bool = True, seed: int = 0, words: tuple[str, ...] = ("True", "False")
) -> Path:
    """Write model and tokenizer to `path` and return it; `words` are what it likes to say."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = _tokenizer(words, has_words=has_words)
    tokenizer.save_pretrained(path)
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.2,  # the default of 0.02 gives nearly equal logits, and equal verdicts prove nothing
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        tie_word_embeddings=False,
    )
    model = Qwen2ForCausalLM(config)
    if has_words:
        _prefer_the_words(model, tokenizer, words)
    model.to(torch.bfloat16).save_pretrained(path)
    return path


def _prefer_the_words(model: "Qwen2ForCausalLM", tokenizer: "PreTrainedTokenizerFast", words: tuple[str, ...]) -> None:
    """Make the words the likeliest replies, as training does; which of the two stays the prompt's doing."""
    import torch

    turns = [[{"role": "user", "content": text}] for text in _TEXT]
    with torch.no_grad():
        ends = []
        for turn in turns:
            ids = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_tensors="pt", return_dict=True)
            ends.append(model.model(**ids).last_hidden_state[0, -1])
        common = torch.stack(ends).mean(0)
        for word in words:
            row = model.lm_head.weight[tokenizer.convert_tokens_to_ids(word)]
            row += common * (_LEAD / common.dot(common))


def _tokenizer(words: tuple[str, ...], *, has_words: bool) -> "PreTrainedTokenizerFast":
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE(unk_token=None))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    others = [word for word in words if word not in " ".join(_TEXT)]
    text = [*_TEXT, *others] if has_words else [t.replace("True", "").replace("False", "") for t in _TEXT]
    core.train_from_iterator(
        text * 50,
        trainers.BpeTrainer(
            vocab_size=512,
            special_tokens=["<pad>", "<eos>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<eos>",
        pad_token="<pad>",
        additional_special_tokens=["<|im_start|>", "<|im_end|>"],
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    singles = [len(tokenizer.encode(w, add_special_tokens=False)) == 1 for w in words]
    assert all(singles) if has_words else not any(singles)
    return tokenizer

#!/usr/bin/env bash
# TinyV's GRPO recipe on verl 0.9, with rewards from a tinyv-stream pool.
#
#   BASE_MODEL=Qwen/Qwen2.5-7B VERIFIER_MODEL=zhangchenxu/TinyV-1.5B VERIFIER_SETUP=addon ./run_grpo_tinyv.sh
#
# What is given after it goes to verl: `./run_grpo_tinyv.sh trainer.total_epochs=1`, or `--cfg job` to see the whole
# configuration and start nothing. With TINYV_REDIS_URL set it uses that pool; otherwise it starts one on this machine.
set -euo pipefail

BASE_MODEL=${BASE_MODEL:-Qwen/Qwen2.5-7B}
DATASET=${DATASET:-bigmath_rl_tinyv}        # `_tinyv` in a row's data_source sends it on to TinyV
VERIFIER_MODEL=${VERIFIER_MODEL:-zhangchenxu/TinyV-1.5B}
VERIFIER_SETUP=${VERIFIER_SETUP:-addon}     # addon | tinyv_only | mixed
VERIFIER_WEIGHT=${VERIFIER_WEIGHT:-1.0}
RULE_WORKERS=${RULE_WORKERS:-4}
GPUS=${GPUS:-8}
PYTHON=${PYTHON:-python3}                   # verl's
TINYV_STREAM=${TINYV_STREAM:-tinyv-stream}  # of the workers' own environment

MAX_PROMPT=1024
MAX_RESPONSE=4096
RUN_NAME=$(basename "$BASE_MODEL")-$DATASET-$(basename "$VERIFIER_MODEL")-$VERIFIER_SETUP

if [[ -z "${TINYV_REDIS_URL:-}" ]]; then
  "$TINYV_STREAM" up --model "$VERIFIER_MODEL" --setup "$VERIFIER_SETUP" --weight "$VERIFIER_WEIGHT" \
    --rule-workers "$RULE_WORKERS" > "$RUN_NAME.pool.log" 2>&1 &
  trap 'kill %1 2>/dev/null; wait' EXIT
  until "$TINYV_STREAM" status > /dev/null 2>&1; do
    kill -0 %1 || { tail "$RUN_NAME.pool.log"; exit 1; }
    sleep 2
  done
fi

"$PYTHON" -m verl.trainer.main_ppo \
  algorithm.adv_estimator=grpo \
  algorithm.use_kl_in_reward=True \
  algorithm.kl_ctrl.kl_coef=0.001 \
  data.train_files="./data/$DATASET/train.parquet" \
  data.val_files="[./data/math_eval/math_benchmarks_aammo.parquet,./data/hardverify_math/test.parquet]" \
  data.train_batch_size=128 \
  data.max_prompt_length=$MAX_PROMPT \
  data.max_response_length=$MAX_RESPONSE \
  data.filter_overlong_prompts=True \
  data.truncation=error \
  actor_rollout_ref.model.path="$BASE_MODEL" \
  actor_rollout_ref.model.use_remove_padding=True \
  actor_rollout_ref.model.enable_gradient_checkpointing=True \
  actor_rollout_ref.actor.optim.lr=1e-6 \
  actor_rollout_ref.actor.ppo_mini_batch_size=64 \
  actor_rollout_ref.actor.use_dynamic_bsz=True \
  actor_rollout_ref.actor.ppo_max_token_len_per_gpu=$((3 * (MAX_PROMPT + MAX_RESPONSE))) \
  actor_rollout_ref.actor.use_kl_loss=True \
  actor_rollout_ref.actor.kl_loss_coef=0.001 \
  actor_rollout_ref.actor.kl_loss_type=low_var_kl \
  actor_rollout_ref.rollout.name=vllm \
  actor_rollout_ref.rollout.n=8 \
  actor_rollout_ref.rollout.gpu_memory_utilization=0.5 \
  actor_rollout_ref.rollout.max_num_batched_tokens=$((MAX_PROMPT + MAX_RESPONSE)) \
  reward.num_workers=8 \
  reward.reward_manager.source=importlib \
  reward.reward_manager.module.path=pkg://trainer_adapters.verl_reward \
  reward.reward_manager.name=TinyVRewardManager \
  +reward.tinyv.run_id="${RUN_NAME:0:64}" \
  trainer.critic_warmup=0 \
  trainer.logger="[console]" \
  trainer.project_name=tinyv \
  trainer.experiment_name="$RUN_NAME" \
  trainer.nnodes=1 \
  trainer.n_gpus_per_node="$GPUS" \
  trainer.default_local_dir="./models_rl/$RUN_NAME" \
  trainer.save_freq=64 \
  trainer.test_freq=8 \
  trainer.total_epochs=12 \
  "$@"

"""Engines that answer TinyV prompts: vLLM in this process, an OpenAI server, a scripted one for tests."""

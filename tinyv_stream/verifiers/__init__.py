"""What verifiers know, and no process: answers, graders, prompts and how a reply is read. Pure, but for math-verify."""

"""What a visitor is told whose input is refused: one sentence, of which the log has a line."""

import logging

import gradio as gr

FOREIGN = "Only a file that was sent is looked at, and this is a path on the server."
_log = logging.getLogger("demo")


def refuse(sentence: str) -> gr.Error:
    """An error that the visitor sees, and of which the log has a line."""
    _log.warning("refused: %s", sentence)
    return gr.Error(sentence, print_exception=False, title="That did not work")

"""The demo: see a network of 1998 think. `python app.py`, or a Space on Hugging Face."""

import os
from importlib.util import find_spec

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported

import torch

from demo.page import build
from demo.theme import appearance

if __name__ == "__main__":
    torch.set_num_threads(1)  # for one digit more of them only wait for each other
    page = build()
    page.queue(max_size=256).launch(
        **appearance(),
        footer_links=["api"],
        max_file_size="5mb",
        mcp_server=find_spec("mcp") is not None,
        run_history=False,
        share=False,
        ssr_mode=False,
        state_session_capacity=1000,
    )

"""How the page of figures looks: colours, letters and style, as arguments of launch()."""

import gradio as gr

from .static import text

SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def appearance() -> dict[str, object]:
    """Fonts are the reader's own: nothing is fetched from elsewhere."""
    theme = gr.themes.Base(font=SANS, font_mono=MONO).set(
        body_background_fill="#faf9f6",
        body_background_fill_dark="#171614",
        body_text_color="#1f1d1a",
        body_text_color_dark="#ece9e2",
    )
    # The style goes into the head as well: the argument css would put a prefix before each selector.
    return {"theme": theme, "head": f"<style>{text('colours.css')}{text('figures.css')}</style>"}

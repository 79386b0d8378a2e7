"""How Sphinx makes a site of these pages; `site_build/docs.py` calls it."""

from pathlib import Path

import tinygrad_edu

project = "tinygrad_edu"
version = release = tinygrad_edu.__version__
html_title = project
extensions = ["myst_parser", "sphinx.ext.viewcode", "site_build.references"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
highlight_language = "none"
smartquotes = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
templates_path, html_static_path = ["_templates"], ["_static"]
html_sidebars = {
    "**": [
        f"sidebar/{part}.html" for part in ("brand", "search", "playground", "scroll-start", "navigation", "scroll-end")
    ]
}
html_css_files, html_js_files = ["site.css"], ["copy.js"]
html_favicon = "_static/icon.svg"
html_search_scorer = str(Path(__file__).parent / "_templates" / "scorer.js")
html_copy_source = html_show_sphinx = html_show_copyright = False
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"
# The colours of the step page (webpage/page.css): blue forward, orange backward.
html_theme_options = {
    "light_css_variables": {
        "color-foreground-primary": "#1b2430", "color-foreground-secondary": "#5c6773",
        "color-background-primary": "#fafaf9", "color-background-secondary": "#f2f3f4",
        "color-background-border": "#d5dae0", "color-sidebar-caption-text": "#5c6773",
        "color-brand-primary": "#1a65a8", "color-brand-content": "#1a65a8",
        "color-brand-visited": "#1a65a8", "color-api-name": "#ad450b", "color-api-pre-name": "#5c6773",
        "color-problematic": "#ad450b",
    },
    "dark_css_variables": {
        "color-foreground-primary": "#e8ecf1", "color-foreground-secondary": "#a3aebb",
        "color-background-primary": "#14181d", "color-background-secondary": "#1d232b",
        "color-background-border": "#3b4550", "color-sidebar-caption-text": "#a3aebb",
        "color-brand-primary": "#86c0f2", "color-brand-content": "#86c0f2",
        "color-brand-visited": "#86c0f2", "color-api-name": "#f8a46c", "color-api-pre-name": "#a3aebb",
        "color-problematic": "#f8a46c",
    },
}  # fmt: skip

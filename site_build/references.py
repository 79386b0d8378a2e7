"""An extension of Sphinx: code that is a public name, such as `nn.MLP(2, [8, 1])`, leads to its entry in the API."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

CALL = re.compile(r"(?:from )?(?:tinygrad_edu\.)?(\w+(?:\.\w+)*)(\(.*)?$", re.S)
ROOMS = ("", "nn.", "losses.", "optim.", "errors.", "extras.")  # where a class is looked for by its bare name


class Names(SphinxPostTransform):
    """Turns code in running text into references."""

    default_priority = 20

    def run(self, **given: Any) -> None:
        known = self.env.domains["py"].objects  # type: ignore[attr-defined]
        for node in list(self.document.findall(nodes.literal)):
            kin = (nodes.reference, nodes.title, nodes.term)
            if any(isinstance(up, kin) for up in self.parents(node)):
                continue
            found = CALL.match(node.astext())
            if not found or not (found[2] or "." in found[1] or found[1][0].isupper()):
                continue
            rooms = ROOMS if found[1][0].isupper() else ("",)
            name = next((n for r in rooms if (n := f"tinygrad_edu.{r}{found[1]}") in known), None)
            if name and known[name].docname != self.env.current_document.docname:
                entry = known[name]
                link = make_refnode(self.app.builder, self.env.current_document.docname, entry.docname, entry.node_id,
                                    node.deepcopy(), name)  # fmt: skip
                node.replace_self(link)

    @staticmethod
    def parents(node: nodes.Node) -> list[nodes.Node]:
        found = []
        while node.parent is not None:
            node = node.parent
            found.append(node)
        return found


def accessible(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """What screen readers and keyboards ask for, and the theme leaves out: how deep a heading is, code that scrolls.

    Back from a listing leads nowhere in particular, for a name may be told where it is imported from.
    """
    if "furo_navigation_tree" in context:
        tree = context["furo_navigation_tree"]
        context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')
    if body := context.get("body"):
        body = re.sub(r'<a class="viewcode-back".*?</a>', "", body)
        context["body"] = body.replace('<div class="highlight"><pre>', '<div class="highlight"><pre tabindex="0">')


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_post_transform(Names)
    app.connect("html-page-context", accessible, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

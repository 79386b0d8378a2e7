"""An explanation in HTML says what it says as text: every word and every number, and nothing that is markup."""

import html
import re
from xml.etree import ElementTree

import pytest

from tinygrad_edu import Value, explain, nn, order_lab
from tinygrad_edu.blocks import Code, Matrix, Terms, hypertext, plain_text


def neuron(name="w"):
    w, x, b = Value(-0.5, label=name), Value(2.0, label="x"), Value(0.8, label="b")
    L = ((w * x + b).tanh() - 1) ** 2 + 0.1 * w**2
    L.label = "L"
    L.backward()
    return L, w


def words(text):
    return re.findall(r"[^\s]+", text)


TOLD = {
    "whole": lambda: explain(neuron()[0]),
    "one": lambda: explain(*neuron()[:1], of="w"),
    "markup in a label": lambda: explain(neuron("<b>&w")[0], of="<b>&w"),
    "not finite": lambda: explain(Value(-1.0, label="a").log() * 2),
    "orders": lambda: order_lab(neuron()[0]),
    "a layer": lambda: explain(nn.MLP(2, [2, 1])([1.0, 2.0]) ** 2),
}


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_html_has_every_word_of_the_text_and_is_well_formed(told):
    blocks = list(told().blocks())
    page = "<p>".join(hypertext(blocks))
    root = ElementTree.fromstring(f"<div>{''.join(hypertext(blocks)).replace('<br>', '<br/>')}</div>")
    seen = words(" ".join(root.itertext()))
    joined = "".join(seen)
    missing = [w for w in words("\n".join(plain_text(blocks))) if w not in joined]
    assert not missing, (missing, page)
    assert {e.tag for e in root.iter()} <= {*"div p strong code table thead tbody tr th td br pre dl dt dd".split()}


def test_code_matrices_and_terms_are_html_too():
    said = hypertext([Code("a < b"), Matrix([[1.0, -0.5], [10.0, 2.0]]), Terms([("why", "because"), ("", "so")])])
    assert said[0] == "<pre><code>a &lt; b</code></pre>"
    assert html.unescape(said[1]) == "<pre>[[   1, -0.5],\n [  10,    2]]</pre>"
    assert said[2] == "<dl><dt>why</dt><dd>because</dd><dt></dt><dd>so</dd></dl>"

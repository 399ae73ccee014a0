import base64
import re

from trainer.report.page import Figure, Section, Table, page_html


def test_page_needs_nothing_beside_it_and_escapes_what_it_says():
    figure = Figure("x", 'a "b" < c', "5 < 6", {"light": b"light file", "dark": b"dark file"})
    table = Table("counts & shares", ("digit", "times"), [("<1>", "2"), ("3", "4")])
    page = page_html("One & only", ["it < that"], [Section("Each digit", ["some text", figure, table])])

    assert "<title>One &amp; only</title>" in page
    assert "it &lt; that" in page
    assert 'alt="a &quot;b&quot; &lt; c"' in page
    assert '<th scope="row">&lt;1&gt;</th><td>2</td>' in page
    assert page.count('<th scope="col">') == 2
    files = re.findall(r'(?:src|srcset)="data:image/png;base64,([^"]*)"', page)
    assert [base64.b64decode(file) for file in files] == [b"dark file", b"light file"]
    assert re.findall(r'(?:src|href|srcset)="(?!data:|#)', page) == []
    assert 'href="#each-digit"' in page
    assert 'id="each-digit"' in page

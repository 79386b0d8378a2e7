"""The site: a playground that runs this package in the browser, the documentation, and notebooks.

    python -m site_build -o build/site              all of it
    python -m site_build -o build/site --only play  the playground alone, which takes seconds
    python -m site_build -o build/site --serve      and then serve it on this machine

Static files that work in any folder of any server and ask nothing of another one.  The sources of the playground are in
`site/`; what it takes from npm, Python for the browser above all, is named in `site/package.json`.
"""

"""Open the built book in a browser, served on the loopback interface only."""

import webbrowser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = Path(__file__).resolve().parent.parent / "_build" / "html"

if __name__ == "__main__":
    handler = partial(SimpleHTTPRequestHandler, directory=str(HTML))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:  # 0: any free port
        url = f"http://127.0.0.1:{server.server_port}/book/index.html"
        print(f"The book is at {url}  (Ctrl-C stops)")
        webbrowser.open(url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()

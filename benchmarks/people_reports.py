"""The pages of all kinds of studies and of sweeps, as a reader sees them on a telephone and on a desk.

Run as `python -m benchmarks.people_reports [--json] [--pages FOLDER] [NAME ...]`; some minutes on two CPU cores.
Each page is made by a small run (`benchmarks.report_cases`) and opened in headless Chromium 390 and 1300 pixels wide: no
element outside the page or its picture, no script error, no missing file, no empty cell, all links lead to a file.
`python -m tools.pictures` writes those of them that the documents show. Chromium: `apt-get install chromium`.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from benchmarks.output import report
from benchmarks.report_cases import KINDS, page

WIDTHS = (390, 1300)
_HEIGHT, _NARROWEST = 900, 1300
"""Of a window; a frame in it may be as narrow as a telephone."""
_FRAME = """<!DOCTYPE html><body style="margin: 0"><script>
addEventListener("message", event => {{
  const found = document.createElement("script");
  [found.id, found.type, found.textContent] = ["found", "application/json", event.data];
  document.body.append(found);
}});
</script><iframe src="{file}" style="border: 0; width: {width}px; height: {height}px"></iframe></body>"""
_FOUND = re.compile(r'<script id="found" type="application/json">(.*?)</script>', re.DOTALL)


def chromium() -> str:
    """The browser.

    Raises:
        SystemExit: there is none.
    """
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    raise SystemExit(
        "The pages are looked at in Chromium, which is not here; install it with: apt-get install chromium"
    )


def faults(path: Path, width: int) -> list[str]:
    """What is wrong with a page in a window of this width.

    Args:
        path: The HTML file.
        width: In pixels.
    """
    probe = (Path(__file__).parent / "report_probe.js").read_text(encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    probed, frame = (path.with_name(f".{name}.html") for name in ("probed", "frame"))
    probed.write_text(text.replace("<head>", f"<head>\n<script>{probe}</script>", 1), encoding="utf-8")
    frame.write_text(_FRAME.format(file=probed.name, width=width, height=_HEIGHT), encoding="utf-8")
    try:
        dom = _browse(frame, max(width, _NARROWEST), "--virtual-time-budget=4000", "--dump-dom")
    finally:
        probed.unlink()
        frame.unlink()
    match = _FOUND.search(dom)
    if match is None:
        return ["the page's scripts did not end"]
    found = json.loads(match[1])
    wrong = list(found["faults"])
    if found["width"] != width:
        wrong.append(f"the window is {found['width']} wide, not {width}")
    return wrong + broken_links(path, found["links"])


def broken_links(path: Path, links: Iterable[str]) -> list[str]:
    """Links of a page that lead to no file."""
    wrong = []
    for link in links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not (path.parent / unquote(parts.path)).is_file():
            wrong.append(f"broken link: {link}")
    return wrong


def figures(names: Iterable[str], folder: Path) -> dict[str, int]:
    """Run the cases and look at their pages; what is wrong is printed.

    Args:
        names: Of `benchmarks.report_cases.KINDS`.
        folder: Takes the runs.
    """
    count = pages = 0
    for name in names:
        path = folder / name / "report.html"
        if not path.is_file():
            path = page(name, folder)
        pages += 1
        for width in WIDTHS:
            for fault in faults(path, width):
                sys.stdout.write(f"{name}, {width} px: {fault}\n")
                count += 1
    return {"report_faults": count, "report_pages": pages}


def photograph(page: Path, target: Path, height: int, colours: str = "light", alone: str = "") -> None:
    """Write a picture of a page as Chromium shows it.

    Args:
        page: The HTML file.
        target: The PNG file.
        height: In pixels.
        colours: light or dark.
        alone: The identifier of the one element that is seen; "" for all.
    """
    dark = ["--blink-settings=preferredColorScheme=0"] if colours == "dark" else []
    seen = page.with_name(".seen.html")
    text = page.read_text(encoding="utf-8")
    hidden = f"<style>body > :not(#{alone}) {{ display: none; }}</style></head>" if alone else "</head>"
    seen.write_text(text.replace("</head>", hidden, 1), encoding="utf-8")
    still = ("--force-prefers-reduced-motion", "--virtual-time-budget=4000")
    try:
        _browse(seen, _NARROWEST, *still, *dark, f"--screenshot={target}", height=height)
    finally:
        seen.unlink()
    _smaller(target)


def _smaller(path: Path) -> None:
    """A picture in 200 colours: a page has few, and the file is a third."""
    from PIL import Image

    with Image.open(path) as whole:
        whole.convert("RGB").quantize(200, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            path, optimize=True
        )


def _browse(path: Path, width: int, *options: str, height: int = _HEIGHT) -> str:
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
                f"--window-size={width},{height}", *options, path.resolve().as_uri(),
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    return done.stdout


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"pages: {', '.join(KINDS)}; by default all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pages", type=Path, help="keep the runs in this folder, and take those that it has")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(KINDS):
        parser.error(f"unknown page {', '.join(sorted(unknown))}; valid: {', '.join(KINDS)}")
    chromium()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.pages or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = figures(chosen.names or KINDS, folder)
    report(found, chosen.json)


if __name__ == "__main__":
    main()
